package session

import (
	"encoding/binary"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply"
)

// What a brief says of a refusal, and of the transaction that it came in, stays
// in its words until the session is over: a state is made of it then, which
// judges as states do. The brief goes on meanwhile.

// The kinds of a brief's words, in the upper bits of the length that stands
// before each.
const (
	saidArgument = iota << 14 // of MAIL, or of RCPT in a transaction
	saidRefusal               // see keepRefusal
	saidEnd                   // see keepEnd
	saidName                  // the name of a command that is not known, of which one waits at most

	maxSaid = 1<<14 - 1
)

// A refusal's fixed part is this long; its text stands behind it.
const refusalWidth = 8 + 8 + 2 + 5 + 1 + 1 + 1 + 1 + 4

// The length of what is kept of a transaction's end: how it ended, whether it was
// accepted, and how many before it are counted alone.
const endWidth = 1 + 1 + 4

// The bits of a refusal's flags.
const (
	refusedReply       = 1 << iota // a reply refused, else something failed without one
	refusedTransaction             // it belongs to the transaction
)

// refuse takes in a reply of one line that fails and gives it to the command that
// it answers. It reports false, with nothing changed, where answer would, and
// for a 421, which may end the session, and for briefs that take no refusals.
func (br *brief) refuse(b *Builder, rec *logparse.Record) bool {
	rec.Fill()
	class := rec.Code.Class()
	i := br.refused(uint16(rec.Code))
	if !class.Failed() || rec.Code == 421 || rec.More || !br.refusals || i >= br.waiting {
		return false
	}
	command := uint8(br.queue >> (8 * i))
	verb := logparse.Verb(command & verbBits)
	// IIS logs DATA of a client once, with the reply to the end of the message, as
	// in dataAnswered.
	if verb == logparse.VerbDATA && rec.Kind == logparse.KindCommand && holdsMessage(rec) {
		verb = logparse.VerbEOM
	}
	through := verb == logparse.VerbEOM || verb == logparse.VerbDATA || verb == logparse.VerbBDAT
	if through && br.queue>>(8*(i+1))&allOfTransaction != 0 {
		return false
	}
	recipient := int32(-1)
	if verb == logparse.VerbRCPT {
		recipient = int32(br.recipients) - br.rcpts(i) // those that wait are the last of the transaction
	}
	flags := uint8(refusedReply)
	if command&ofTransaction != 0 {
		flags |= refusedTransaction
	}
	if !br.keepRefusal(b, rec, verb, class, flags, recipient, rec.Text) {
		return false
	}
	br.drop(i)
	br.challenge = false
	switch {
	case through:
		br.settle(b, endData, false)
	case verb == logparse.VerbConnect:
		br.begun = true
	case verb == logparse.VerbAUTH || verb == logparse.VerbXEXPS:
		b.newNotes(br).loginAnswered(false)
	}
	return true
}

// keepFailure keeps what the server notes of a failure that no reply stands for.
// It reports false, with nothing changed, if there is no room.
func (br *brief) keepFailure(b *Builder, rec *logparse.Record, verb logparse.Verb, class reply.Class, note []byte) bool {
	return br.keepRefusal(b, rec, verb, class, 0, -1, note)
}

// hasRoom reports whether a refusal with a text of that length can be kept.
func (br *brief) hasRoom(text int) bool {
	return len(br.words)+refusalWidth+text <= maxBriefWords
}

// keepRefusal keeps a refusal, or a failure, and the transaction under way, and
// counts it as a step. It reports false if there is no room.
func (br *brief) keepRefusal(b *Builder, rec *logparse.Record, verb logparse.Verb, class reply.Class, flags uint8, recipient int32, text []byte) bool {
	if !br.hasRoom(len(text)) {
		return false
	}
	n := refusalWidth + len(text)
	at := instantOf(rec.Time)
	br.makeRoom(b, 2+n)
	w := binary.LittleEndian.AppendUint16(br.words, saidRefusal|uint16(n))
	w = binary.LittleEndian.AppendUint64(w, uint64(at.ns))
	w = binary.LittleEndian.AppendUint64(w, uint64(rec.Pos.Line))
	w = binary.LittleEndian.AppendUint16(w, uint16(rec.Code))
	w = append(w, rec.Enhanced.Major)
	w = binary.LittleEndian.AppendUint16(w, rec.Enhanced.Subject)
	w = binary.LittleEndian.AppendUint16(w, rec.Enhanced.Detail)
	w = append(w, at.digits, uint8(verb), uint8(class), flags)
	w = binary.LittleEndian.AppendUint32(w, uint32(recipient))
	br.words = append(w, text...)
	br.hold(b, 2+n)
	br.steps++
	br.failures = true
	if br.keeps = br.current != noTransaction; !br.keeps {
		br.kept = uint16(len(br.words)) - br.ends
	}
	return true
}

// keepEnd keeps how the transaction ended, which stays.
func (br *brief) keepEnd(b *Builder, end transactionEnd, accepted bool) {
	a := byte(0)
	if accepted {
		a = 1
	}
	br.makeRoom(b, 2+endWidth)
	w := binary.LittleEndian.AppendUint16(br.words, saidEnd|endWidth)
	w = append(w, byte(end), a)
	br.words = binary.LittleEndian.AppendUint32(w, uint32(br.settled.transactions()))
	br.hold(b, 2+endWidth)
	br.kept = uint16(len(br.words)) - br.ends
	br.keeps = false
}

// keepName keeps the name of a command that is not known. It reports false, with
// nothing changed, in a transaction, while another such command waits, for briefs
// that take no refusals, and if there is no room.
func (br *brief) keepName(b *Builder, name []byte) bool {
	name = name[:min(len(name), maxTextLength)]
	if br.current != noTransaction || !br.refusals || len(br.words)+len(name) > maxBriefWords {
		return false
	}
	for i := range br.waiting {
		if logparse.Verb(br.queue>>(8*i)&verbBits) == logparse.VerbOther {
			return false
		}
	}
	n := 2 + len(name)
	br.makeRoom(b, n)
	br.words = append(binary.LittleEndian.AppendUint16(br.words, saidName|uint16(len(name))), name...)
	br.kept = uint16(len(br.words)) - br.ends
	br.hold(b, n)
	return true
}

// expandWords gives st the transactions that are kept, the one under way, and
// what was refused. It returns the last name of a command that is not known.
func (br *brief) expandWords(st *state) (name text) {
	var t *transaction
	for words := br.words[br.ends:]; len(words) > 0; {
		head := binary.LittleEndian.Uint16(words)
		end := 2 + int(head&maxSaid)
		said := words[2:end]
		words = words[end:]
		switch {
		case head&^maxSaid == saidRefusal:
			st.expandRefusal(t, said, name)
		case head&^maxSaid == saidEnd:
			t.end = transactionEnd(said[0])
			if said[1] != 0 {
				t.endOfData = verdict{class: reply.OK, seen: true}
			}
			t.settled = binary.LittleEndian.Uint32(said[2:])
			t = nil
		case head&^maxSaid == saidName:
			name = st.words.add(said)
		case t == nil:
			st.transactions = append(st.transactions, transaction{hasFrom: true, inside: -1, first: int32(len(st.recipients))})
			t = &st.transactions[len(st.transactions)-1]
			t.from = st.words.add(addressOf(said, "FROM:"))
		default:
			st.recipients = append(st.recipients, recipient{to: st.words.add(addressOf(said, "TO:"))})
			t.count++
		}
	}
	if t == nil {
		return name
	}
	t.settled = uint32(st.settled.transactions())
	if st.current = int32(len(st.transactions) - 1); br.current == endedUnanswered {
		st.current, t.end = -1, endByPeer
	}
	return name
}

// expandRefusal gives st a refusal, of the transaction t where it is of one, and
// of a command of that name where it is not known.
func (st *state) expandRefusal(t *transaction, said []byte, name text) {
	word := binary.LittleEndian
	v := verdict{
		at: int64(word.Uint64(said)), line: int64(word.Uint64(said[8:])), code: reply.Code(word.Uint16(said[16:])),
		enhanced: reply.Enhanced{Major: said[18], Subject: word.Uint16(said[19:]), Detail: word.Uint16(said[21:])},
		digits:   said[23], class: reply.Class(said[25]), text: st.words.add(said[refusalWidth:]),
	}
	verb, flags, recipient := logparse.Verb(said[24]), said[26], int32(word.Uint32(said[27:]))
	r := refusal{verb: verb, isReply: flags&refusedReply != 0, transaction: -1, recipient: recipient}
	v.seen = r.isReply
	switch {
	case !r.isReply:
	case v.class == reply.Transient:
		st.replied = true
		st.deferring++
	default:
		st.replied = true
		st.refusing++
	}
	if flags&refusedTransaction != 0 {
		r.transaction = int32(len(st.transactions) - 1)
		t.failed = true
		switch verb {
		case logparse.VerbMAIL:
			t.mail = v
		case logparse.VerbRCPT:
			st.recipients[t.first+recipient].verdict = v
		case logparse.VerbEOM:
			t.endOfData = v
		case logparse.VerbDATA, logparse.VerbBDAT:
			t.data = v
		}
	}
	switch {
	case verb == logparse.VerbOther:
		r.name = name
	case verb == logparse.VerbConnect && !r.isReply:
		r.domain = st.words.add(destinationOf(said[refusalWidth:]))
	}
	r.verdict = v
	st.refusals = append(st.refusals, r)
}

// destinationOf returns the domain that a note of a failed connection names.
func destinationOf(note []byte) []byte { return between(note, "Destination domain: ", ",") }

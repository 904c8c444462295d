package session

import (
	"encoding/binary"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply"
)

// expand makes a state of a brief, which takes its place. What the state would
// know beside, were it made at the session's beginning, does not count any more
// or is left out of terse sessions.
func (b *Builder) expand(h handle) *state {
	br := b.briefs.at(h)
	st := b.asState(br)
	st.key = br.key
	var local string
	st.id, st.remote, local = br.texts(b)
	b.setEndsOf(st, br, local)
	b.place(st)
	b.index.replace(b.seeds.ofKey(&st.key), h, st.handle())
	b.opened++ // which freeBrief undoes
	st.hold(b, stateSize+len(st.id)+2*len(st.remote)+stepSize*len(st.recipients)+len(st.words))
	if br.notes > 0 {
		b.freeNotes(br.notes)
	}
	b.freeBrief(h, br)
	return st
}

// asState returns a state that knows of the conversation what the brief knows.
func (b *Builder) asState(br *brief) *state {
	st := b.newState()
	st.course, st.settled, st.notes = br.course, br.settled, *b.notesOf(br)
	st.replied = br.accepting > 0
	if br.partial != 0 {
		st.partial = takeLast(&b.partials)
		*st.partial = verdict{code: reply.Code(br.partial), class: reply.OK, text: st.words.add(nil)}
	}
	br.expandTransaction(st)
	br.expandQueue(st)
	return st
}

// setEndsOf gives st the ends of the brief.
func (b *Builder) setEndsOf(st *state, br *brief, local string) {
	e := ends{b.names[br.names].server, b.names[br.names].connector, local}
	if *b.ends != e {
		b.ends = &e
	}
	st.ends = b.ends
}

// expandTransaction gives st the transaction, if there is one.
func (br *brief) expandTransaction(st *state) {
	if br.current == noTransaction {
		return
	}
	words := br.words[br.ends:]
	next := func() (arg []byte) {
		n := binary.LittleEndian.Uint16(words)
		arg, words = words[2:2+n], words[2+n:]
		return arg
	}
	st.transactions = append(st.transactions, transaction{hasFrom: true, inside: -1, count: int32(br.recipients)})
	t := &st.transactions[0]
	if st.current = 0; br.current == endedUnanswered {
		st.current, t.end = -1, endByPeer
	}
	t.from = st.words.add(addressOf(next(), "FROM:"))
	for range br.recipients {
		st.recipients = append(st.recipients, recipient{to: st.words.add(addressOf(next(), "TO:"))})
	}
}

// expandQueue gives st the commands that wait. The RCPTs among them are the last
// of the transaction.
func (br *brief) expandQueue(st *state) {
	recipient := int32(br.recipients)
	for i := range br.waiting {
		if logparse.Verb(br.queue>>(8*i)&verbBits) == logparse.VerbRCPT {
			recipient--
		}
	}
	for i := range br.waiting {
		command := uint8(br.queue >> (8 * i))
		p := pending{verb: logparse.Verb(command & verbBits), transaction: -1, recipient: -1, last: command&lastChunk != 0}
		if command&ofTransaction != 0 {
			p.transaction = 0
		}
		if p.verb == logparse.VerbRCPT {
			p.recipient = recipient
			recipient++
		}
		st.queue.add(p)
	}
}

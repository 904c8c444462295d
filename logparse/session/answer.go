package session

import (
	"bytes"
	"math"
	"slices"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply"
)

// replyLine takes in one line of a reply; the reply counts when its last line
// is there.
func (b *Builder) replyLine(st *state, rec *logparse.Record) {
	if rec.Code == 0 && st.partial == nil {
		return // no reply: text that belongs to none
	}
	if st.partial != nil && rec.Code != 0 && rec.Code != st.partial.code {
		st.endPartial(b) // the last line of the reply before was not logged
	}
	if !rec.More && st.partial == nil {
		v := st.replyAt(rec)
		v.text = st.keepOf(b, v.class, rec.Text)
		b.reply(st, v)
		return
	}
	p := st.partial
	if p == nil {
		p = takeLast(&b.partials)
		st.partial = p
		*p = st.replyAt(rec)
		p.text, p.enhanced = st.words.add(nil), reply.Enhanced{}
	} else if p.text.n < maxReplyText {
		p.text = st.extend(b, p.text, []byte{'\n'})
	}
	if p.enhanced.IsZero() {
		p.enhanced = rec.Enhanced
	}
	if int(p.text.n)+len(rec.Text) <= maxReplyText {
		p.text = st.extend(b, p.text, rec.Text)
	}
	if !rec.More && rec.Code != 0 {
		st.endPartial(b)
	}
}

// takeLast takes the last of what is there to be used again, or makes a new one:
// few sessions are in the middle of a reply of several lines, or have a raw line
// that waits.
func takeLast[T any](free *[]*T) *T {
	n := len(*free) - 1
	if n < 0 {
		return new(T)
	}
	last := (*free)[n]
	*free = (*free)[:n]
	return last
}

// endPartial counts a reply of several lines with the lines that are there.
func (st *state) endPartial(b *Builder) {
	if st.partial == nil {
		return
	}
	v := *st.partial
	b.partials = append(b.partials, st.partial)
	st.partial = nil
	if b.opt.Terse && !v.class.Failed() {
		v.text = st.words.drop(v.text)
	}
	st.hold(b, int(v.text.n))
	b.reply(st, v)
}

// reply pairs a whole reply with the oldest command that waits for one. A code
// that only one command gets skips those before, whose replies were not logged.
func (b *Builder) reply(st *state, v verdict) {
	i := st.answered(v.code)
	if i >= len(st.queue.waiting()) {
		p := pending{transaction: -1, recipient: -1}
		switch {
		case v.code == 235 || v.code == 334 || v.code == 535:
			p.verb = logparse.VerbAUTH
		case st.couldGreet(&v):
			p.verb = logparse.VerbConnect
		case !st.begun:
			st.used = true // the log begins in the middle
		}
		b.answer(st, p, v)
		return
	}
	b.answer(st, st.queue.take(i), v)
}

// answered returns the index of the command that a reply with the code answers,
// the number of those that wait when there is none.
func (st *state) answered(code reply.Code) int {
	waiting := st.queue.waiting()
	first := 0
	if len(waiting) > 0 && waiting[0].verb == logparse.VerbConnect && code != 220 && !code.Class().Failed() {
		first = 1 // the greeting was not logged
	}
	for i := first; i < len(waiting); i++ {
		switch p := &waiting[i]; code {
		case 354:
			if p.verb == logparse.VerbDATA || p.verb == logparse.VerbXEXCH50 && !p.last {
				return i
			}
		case 221:
			if p.verb == logparse.VerbQUIT {
				return i
			}
		case 235, 334, 535:
			if p.verb == logparse.VerbAUTH || p.verb == logparse.VerbXEXPS {
				return i
			}
		default:
			return first
		}
	}
	return first
}

// couldGreet reports whether a reply to no command that was seen is the
// greeting. Exchange logs that a connection was made, so where it did not, the
// log begins in the middle.
func (st *state) couldGreet(v *verdict) bool {
	if st.replied || st.named || st.used {
		return false
	}
	return v.code == 220 && v.enhanced.IsZero() || v.class.Failed() && !st.format.HasSessionID()
}

// answer counts a reply and gives it to the command that it answers.
func (b *Builder) answer(st *state, p pending, v verdict) {
	st.replied = true
	v.seen = true
	switch v.class {
	case reply.OK:
		st.accepting++
	case reply.Transient:
		st.deferring++
	case reply.Permanent:
		st.refusing++
	}
	st.refused = v.code == 421
	st.timedOut = st.refused && st.saysTimeout(&v)
	st.challenge = v.code == 334
	ok := v.class == reply.OK
	verb := p.verb
	switch verb {
	case logparse.VerbQUIT:
		st.over = true
	case logparse.VerbConnect:
		st.begun = true
		if ok {
			st.greeting = v.text
		}
	case logparse.VerbHELO, logparse.VerbEHLO, logparse.VerbLHLO:
		if ok {
			st.ehlo = v.text
		}
	case logparse.VerbAUTH, logparse.VerbXEXPS:
		if v.code == 334 {
			st.queue.addFirst(p)
		} else {
			st.loginAnswered(ok)
		}
	case logparse.VerbXEXCH50:
		if v.code == 354 {
			p.last = true // what it announced follows
			st.queue.addFirst(p)
		}
	case logparse.VerbMAIL:
		st.mailAnswered(p.transaction, v)
	case logparse.VerbRCPT:
		if p.transaction >= 0 {
			st.recipientsOf(&st.transactions[p.transaction])[p.recipient].verdict = v
		}
	case logparse.VerbDATA, logparse.VerbBDAT, logparse.VerbEOM:
		verb = b.dataAnswered(st, p, v)
	}
	if v.class.Failed() {
		if p.transaction >= 0 {
			st.transactions[p.transaction].failed = true
		}
		st.step(b)
		st.refusals = append(st.refusals, refusal{verdict: v, verb: verb, name: p.name, transaction: p.transaction, recipient: p.recipient, isReply: true})
	}
}

// mailAnswered gives a transaction the reply to its MAIL. A MAIL inside a
// transaction that is refused as out of order changes nothing (RFC 5321 section
// 4.1.4): what follows belongs to the transaction before it.
func (st *state) mailAnswered(transaction int32, v verdict) {
	if transaction < 0 {
		return
	}
	t := &st.transactions[transaction]
	t.mail = v
	if v.code != 503 || t.inside < 0 || transaction != st.current {
		return
	}
	before := &st.transactions[t.inside]
	if before.end != endByMail || before.mail.class.Failed() || before.first+before.count != t.first {
		return
	}
	// Where rows hold command and reply, its recipients may have been answered
	// before it was: they stay with it, as what was said to them does.
	if slices.ContainsFunc(st.recipientsOf(t), func(r recipient) bool { return r.seen }) {
		return
	}
	before.end = endNone
	st.current = t.inside
	for i, waiting := 0, st.queue.waiting(); i < len(waiting); i++ {
		if p := &waiting[i]; p.transaction == transaction {
			p.transaction = st.current
			if p.recipient >= 0 {
				p.recipient += before.count
			}
		}
	}
	before.count += t.count // theirs follow its own
	t.first, t.count = t.first+t.count, 0
}

// dataAnswered gives a transaction the reply to DATA, BDAT or the end of the
// data, and returns which of them it answered.
func (b *Builder) dataAnswered(st *state, p pending, v verdict) logparse.Verb {
	if v.code == 354 && p.verb == logparse.VerbDATA {
		if p.transaction < 0 {
			// Only a transaction gets the go-ahead: its beginning is not in the log.
			st.newTransaction(b, v.time())
			p.transaction = st.current
		}
		st.transactions[p.transaction].data = v
		st.queue.addFirst(pending{verb: logparse.VerbEOM, transaction: p.transaction, recipient: -1})
		return p.verb
	}
	verb := p.verb
	ok := v.class == reply.OK
	if verb == logparse.VerbDATA && (ok || p.last) {
		verb = logparse.VerbEOM // IIS logs DATA once, with the reply to the end of the data
	}
	if p.transaction < 0 {
		return verb
	}
	t := &st.transactions[p.transaction]
	switch {
	case verb == logparse.VerbEOM, verb == logparse.VerbBDAT && ok && p.last:
		t.endOfData = v
	case verb == logparse.VerbBDAT && ok:
		return verb // a chunk
	case !t.data.class.Failed(): // chunks behind a refused one are refused for that
		t.data = v
	}
	st.endData(p.transaction)
	return verb
}

// saysTimeout reports whether a 421 closes the connection because one side
// waited too long: "421 4.4.1 Connection timed out", "421 4.4.2 example.com
// Error: timeout exceeded".
func (st *state) saysTimeout(v *verdict) bool {
	if v.enhanced.Subject != 4 || v.enhanced.Detail != 1 && v.enhanced.Detail != 2 {
		return false
	}
	// Exchange gives 4.4.2 for connections that broke, too.
	said := st.words.bytes(v.text)
	return !bytes.Contains(said, []byte("ConnectionReset")) && !bytes.Contains(said, []byte("SocketError"))
}

// endData ends a transaction with the reply to its data.
func (st *state) endData(transaction int32) {
	st.transactions[transaction].end = endData
	if st.current == transaction {
		st.current = -1
	}
}

// milliseconds as a time.Duration must not run over.
const maxMilliseconds = math.MaxInt64 / 1_000_000

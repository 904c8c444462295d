package session

import (
	"math"
	"strings"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// replyLine takes in one line of a reply; the reply counts when its last line
// is there.
func (b *Builder) replyLine(st *state, rec *logparse.Record) {
	if rec.Code == 0 && !st.hasPartial {
		return // no reply: text that belongs to none
	}
	if st.hasPartial && rec.Code != 0 && rec.Code != st.partialLine.Code {
		st.endPartial(b) // the last line of the reply before was not logged
	}
	if !rec.More && !st.hasPartial {
		b.reply(st, Verdict{Class: rec.Code.Class(), Code: rec.Code, Enhanced: rec.Enhanced, Time: rec.Time, Pos: rec.Pos}, rec.Text)
		return
	}
	if !st.hasPartial {
		st.hasPartial = true
		st.partialLine = Verdict{Class: rec.Code.Class(), Code: rec.Code, Time: rec.Time, Pos: rec.Pos}
	} else if len(st.partial) < maxReplyText {
		st.partial = append(st.partial, '\n')
	}
	if st.partialLine.Enhanced.IsZero() {
		st.partialLine.Enhanced = rec.Enhanced
	}
	if len(st.partial)+len(rec.Text) <= maxReplyText {
		st.partial = append(st.partial, rec.Text...)
	}
	if !rec.More && rec.Code != 0 {
		st.endPartial(b)
	}
}

// endPartial counts a reply of several lines with the lines that are there.
func (st *state) endPartial(b *Builder) {
	if st.hasPartial {
		st.hasPartial = false
		b.reply(st, st.partialLine, st.partial)
		st.partial = st.partial[:0]
	}
}

// reply pairs a whole reply with the oldest command that waits for one. A code
// that only one command gets skips those before, whose replies were not logged.
func (b *Builder) reply(st *state, v Verdict, text []byte) {
	v.Text = st.keep(b, text[:min(len(text), maxReplyText)])
	i := st.answered(v.Code)
	if i >= len(st.queue.waiting()) {
		p := pending{transaction: -1, recipient: -1}
		switch {
		case v.Code == 235 || v.Code == 334 || v.Code == 535:
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
func (st *state) couldGreet(v *Verdict) bool {
	if st.numbered > 0 || st.Helo != "" || st.used {
		return false
	}
	return v.Code == 220 && v.Enhanced.IsZero() || v.Class.Failed() && !st.Format.HasSessionID()
}

// answer counts a reply and gives it to the command that it answers.
func (b *Builder) answer(st *state, p pending, v Verdict) {
	st.numbered++
	v.number = st.numbered
	switch v.Class {
	case reply.OK:
		st.Replies.OK++
	case reply.Transient:
		st.Replies.Transient++
	case reply.Permanent:
		st.Replies.Permanent++
	}
	st.refused = v.Code == 421
	st.timedOut = st.refused && saysTimeout(&v)
	st.challenge = v.Code == 334
	ok := v.Class == reply.OK
	verb := p.verb
	switch verb {
	case logparse.VerbQUIT:
		st.over = true
	case logparse.VerbConnect:
		st.begun = true
		if ok {
			st.Greeting = v.Text
		}
	case logparse.VerbHELO, logparse.VerbEHLO, logparse.VerbLHLO:
		if ok {
			st.ehlo = v.Text
		}
	case logparse.VerbAUTH, logparse.VerbXEXPS:
		if v.Code == 334 {
			st.queue.addFirst(p)
		} else {
			st.login(ok)
		}
	case logparse.VerbXEXCH50:
		if v.Code == 354 {
			p.last = true // what it announced follows
			st.queue.addFirst(p)
		}
	case logparse.VerbMAIL:
		st.mailAnswered(p.transaction, v)
	case logparse.VerbRCPT:
		if p.transaction >= 0 {
			st.Transactions[p.transaction].Recipients[p.recipient].Verdict = v
		}
	case logparse.VerbDATA, logparse.VerbBDAT, logparse.VerbEOM:
		verb = b.dataAnswered(st, p, v)
	}
	if v.Class.Failed() {
		name := verb.String()
		if verb == logparse.VerbOther {
			name = p.name
		}
		st.step(b)
		st.refusals = append(st.refusals, refusal{Verdict: v, verb: name, transaction: p.transaction, recipient: p.recipient, isReply: true})
	}
}

// mailAnswered gives a transaction the reply to its MAIL. A MAIL inside a
// transaction that is refused as out of order changes nothing (RFC 5321 section
// 4.1.4): what follows belongs to the transaction before it.
func (st *state) mailAnswered(transaction int, v Verdict) {
	if transaction < 0 {
		return
	}
	t := &st.Transactions[transaction]
	t.Mail = v
	if v.Code != 503 || transaction == 0 || transaction != st.current {
		return
	}
	before := &st.Transactions[transaction-1]
	if before.end != endByMail || before.Mail.Class.Failed() {
		return
	}
	before.end = endNone
	st.current = transaction - 1
	for i, waiting := 0, st.queue.waiting(); i < len(waiting); i++ {
		if p := &waiting[i]; p.transaction == transaction {
			p.transaction = st.current
			if p.recipient >= 0 {
				p.recipient += len(before.Recipients)
			}
		}
	}
	before.Recipients = append(before.Recipients, t.Recipients...)
	t.Recipients = t.Recipients[:0]
}

// dataAnswered gives a transaction the reply to DATA, BDAT or the end of the
// data, and returns which of them it answered.
func (b *Builder) dataAnswered(st *state, p pending, v Verdict) logparse.Verb {
	if v.Code == 354 && p.verb == logparse.VerbDATA {
		if p.transaction < 0 {
			// Only a transaction gets the go-ahead: its beginning is not in the log.
			st.newTransaction(b, v.Time)
			p.transaction = st.current
		}
		st.Transactions[p.transaction].Data = v
		st.queue.addFirst(pending{verb: logparse.VerbEOM, transaction: p.transaction, recipient: -1})
		return p.verb
	}
	verb := p.verb
	ok := v.Class == reply.OK
	if verb == logparse.VerbDATA && (ok || p.last) {
		verb = logparse.VerbEOM // IIS logs DATA once, with the reply to the end of the data
	}
	if p.transaction < 0 {
		return verb
	}
	t := &st.Transactions[p.transaction]
	switch {
	case verb == logparse.VerbEOM, verb == logparse.VerbBDAT && ok && p.last:
		st.endOfData(t, v)
	case verb == logparse.VerbBDAT && ok:
		return verb // a chunk
	case !t.Data.Class.Failed(): // chunks behind a refused one are refused for that
		t.Data = v
	}
	st.endData(p.transaction)
	return verb
}

// saysTimeout reports whether a 421 closes the connection because one side
// waited too long: "421 4.4.1 Connection timed out", "421 4.4.2 example.com
// Error: timeout exceeded".
func saysTimeout(v *Verdict) bool {
	if v.Enhanced.Subject != 4 || v.Enhanced.Detail != 1 && v.Enhanced.Detail != 2 {
		return false
	}
	// Exchange gives 4.4.2 for connections that broke, too.
	return !strings.Contains(v.Text, "ConnectionReset") && !strings.Contains(v.Text, "SocketError")
}

// endData ends a transaction with the reply to its data.
func (st *state) endData(transaction int) {
	st.Transactions[transaction].end = endData
	if st.current == transaction {
		st.current = -1
	}
}

// endOfData keeps the reply to the end of the data and what Exchange says in
// it: "250 2.6.0 <id> [InternalId=110, Hostname=ex2.example.com] 11511 bytes in
// 0.102, 109,173 KB/sec Queued mail for delivery".
func (st *state) endOfData(t *Transaction, v Verdict) {
	t.EndOfData = v
	q := parseQueued(v.Text)
	if t.MessageID == "" {
		t.MessageID = q.messageID
	}
	if q.bytes > 0 {
		t.Size = q.bytes
	}
	if q.internalID == "" {
		return
	}
	if st.Direction == outcome.Outbound {
		t.RemoteInternalID, t.RemoteServer = q.internalID, q.hostname
	} else {
		t.InternalID = q.internalID
	}
}

// login takes in whether the server accepted the login. A refusal of one more
// AUTH does not undo a login.
func (st *state) login(ok bool) {
	a := st.auth()
	if a.OK = ok || st.loggedIn; ok {
		a.Error = ""
	}
}

// milliseconds as a time.Duration must not run over.
const maxMilliseconds = math.MaxInt64 / 1_000_000

package tables

import (
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/reply/outcome"
	"github.com/smtplog/smtplog/track"
)

// Rows takes sessions and messages apart into rows. Each row is good until the
// next one of its table. The zero Rows is ready.
type Rows struct {
	session     Session
	transaction Transaction
	recipient   Recipient
	reply       Reply
	message     Message
	hop         Hop

	// Of the session that was looked at last.
	begun    *session.Session
	failures map[outcome.Position]int // the failure that stands there
	refused  map[outcome.Position]int // the transaction whose refusal stands there
}

// Session returns the row of a session.
func (x *Rows) Session(s *session.Session) *Session { return x.session.of(s) }

// Transactions yields the rows of a session's transactions.
func (x *Rows) Transactions(s *session.Session, yield func(*Transaction)) {
	for i := range s.Transactions {
		x.transaction.Transaction, x.transaction.Session, x.transaction.Number = &s.Transactions[i], s, i+1
		yield(&x.transaction)
	}
}

// Recipients yields the rows of a session's recipients.
func (x *Rows) Recipients(s *session.Session, yield func(*Recipient)) {
	x.begun = nil // Sessions are reused
	x.recipient.rows, x.recipient.Session = x, s
	for i := range s.Transactions {
		t := &s.Transactions[i]
		for j := range t.Recipients {
			x.recipient.Recipient, x.recipient.Transaction, x.recipient.Number = &t.Recipients[j], t, i+1
			yield(&x.recipient)
		}
	}
}

// failure returns the failure of the session that stands at a position, nil for
// none.
func (x *Rows) failure(s *session.Session, at outcome.Position) *outcome.Outcome {
	if x.begun != s {
		x.begun = s
		x.failures = remade(x.failures)
		for i := range s.Failures {
			if _, known := x.failures[s.Failures[i].Pos]; !known {
				x.failures[s.Failures[i].Pos] = i
			}
		}
	}
	if i, ok := x.failures[at]; ok {
		return &s.Failures[i]
	}
	return nil
}

// Replies yields the rows of a session's refusals and failures.
func (x *Rows) Replies(s *session.Session, yield func(*Reply)) {
	if len(s.Failures) == 0 {
		return
	}
	x.refused = remade(x.refused)
	for i := range s.Transactions {
		t := &s.Transactions[i]
		for _, v := range []*session.Verdict{&t.Mail, &t.Data, &t.EndOfData} {
			x.refusal(v, i)
		}
		for j := range t.Recipients {
			x.refusal(&t.Recipients[j].Verdict, i)
		}
	}
	var last uint32
	for o := range s.Outcomes {
		x.reply.Outcome, x.reply.Session = o, s
		x.reply.first = o.IsReply && o.Reply != last
		if o.IsReply {
			last = o.Reply
		}
		x.reply.transaction = -1
		if i, ok := x.refused[o.Pos]; ok {
			x.reply.transaction = i
		}
		yield(&x.reply)
	}
}

func (x *Rows) refusal(v *session.Verdict, transaction int) {
	if v.Class.Failed() {
		x.refused[v.Pos] = transaction
	}
}

// remade returns m without what it holds, or a new map: those that once were
// large are not kept.
func remade(m map[outcome.Position]int) map[outcome.Position]int {
	if m == nil || len(m) > 1000 {
		return map[outcome.Position]int{}
	}
	clear(m)
	return m
}

// Message returns the row of a message.
func (x *Rows) Message(m *track.Message) *Message {
	x.message.Message = m
	return &x.message
}

// Hops yields the rows of a message's hops.
func (x *Rows) Hops(m *track.Message, yield func(*Hop)) {
	for i := range m.Hops {
		x.hop.Hop, x.hop.Message, x.hop.Step = &m.Hops[i], m, i+1
		yield(&x.hop)
	}
}

// LogOf returns the file that a row belongs to: that of a record or hop, else
// the one in which its session or message begins.
func LogOf(row any) string {
	switch r := row.(type) {
	case *Record:
		return r.rec.Pos.File
	case *Session:
		return beginning(r.Session).File
	case *Transaction:
		return beginning(r.Session).File
	case *Recipient:
		return beginning(r.Session).File
	case *Reply:
		return beginning(r.Session).File
	case *Message:
		return r.position().File
	case *Hop:
		return r.Pos.File
	}
	return ""
}

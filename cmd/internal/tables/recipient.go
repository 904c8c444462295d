package tables

import (
	"github.com/smtplog/smtplog/logparse/query"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/reply/outcome"
)

// A Recipient is a row of the table recipients.
type Recipient struct {
	*session.Recipient
	Transaction *session.Transaction
	Session     *session.Session
	Number      int // of the transaction in the session, from 1
	rows        *Rows
	scratch     [16]byte
}

// failure returns the failure that decided, nil for none.
func (r *Recipient) failure() *outcome.Outcome {
	if !r.Class.Failed() {
		return nil
	}
	return r.rows.failure(r.Session, r.Pos)
}

func (r *Recipient) position() outcome.Position {
	switch {
	case r.Seen():
		return r.Pos
	case r.Transaction.Mail.Seen():
		return r.Transaction.Mail.Pos
	}
	return beginning(r.Session)
}

func (r *Recipient) when() outcome.Time {
	if !r.Time.IsZero() {
		return r.Time
	}
	return began(r.Session, r.Transaction)
}

func recipientColumns() []query.Column {
	type R = Recipient
	columns := []query.Column{
		moment("time", "when the verdict came, else when the transaction began", (*R).when),
		col("from", query.String, "the sender; \"\" is the null sender, null where no MAIL was seen", func(r *R) query.Value { return sender(r.Transaction) }),
		text("to", "the address as logged, without <>", func(r *R) string { return r.To }),
		word("result", "accepted, deferred, rejected or unknown", verdicts, func(r *R) string { return string(r.Result) }),
		positive("code", "its three-digit code", func(r *R) int64 { return int64(r.Code) }),
		text("enhanced", "its enhanced code: 5.1.1", func(r *R) string { return lent(r.Enhanced.Append(r.scratch[:0])) }),
		word("reason", "user_unknown, greylisted, … (smtplog explain --list); null where accepted", reasons, func(r *R) string {
			if o := r.failure(); o != nil {
				return o.Reason.String()
			}
			return ""
		}),
		text("text", "the reply as logged", func(r *R) string { return r.Text }),
		word("class", "class of the reply that decided: ok, transient or permanent", classes, func(r *R) string { return r.Class.String() }),
		word("actor", "who has to act: sender, recipient, ours, remote or none; null where accepted", actors, func(r *R) string {
			if o := r.failure(); o != nil && o.Reason != 0 {
				return o.Actor.String()
			}
			return ""
		}),
		text("domain", "its domain, lower case", func(r *R) string { return session.Domain(r.To) }),
		text("from_domain", "the sender's domain", func(r *R) string { return session.Domain(r.Transaction.From) }),
		text("message_id", "with its <>", func(r *R) string { return r.Transaction.MessageID }),
		positive("size", "octets of the message", func(r *R) int64 { return r.Transaction.Size }),
		col("delay", query.TimeSpan, "from the beginning of the transaction to the verdict", func(r *R) query.Value {
			if r.Time.IsZero() || r.Transaction.Start.IsZero() {
				return query.Null
			}
			return query.SpanOf(r.Time.Sub(r.Transaction.Start))
		}),
		number("transaction", "number of its transaction in the session, from 1", func(r *R) int64 { return int64(r.Number) }),
	}
	columns = append(columns, connection(func(r *R) *session.Session { return r.Session })...)
	return append(columns, at(func(r *R) outcome.Position { return r.position() })...)
}

package tables

import (
	"github.com/smtplog/smtplog/logparse/query"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/reply/outcome"
)

// A Reply is a row of the table replies: a refusal or failure as it concerns
// one recipient, or one domain, or the host. These are the outcomes that analyze
// counts.
type Reply struct {
	*outcome.Outcome
	Session     *session.Session
	transaction int  // index in the session's, -1 for none
	first       bool // of the rows of one reply
	scratch     [16]byte
}

// of returns the transaction that the reply belongs to, nil for none.
func (r *Reply) of() *session.Transaction {
	if r.transaction < 0 {
		return nil
	}
	return &r.Session.Transactions[r.transaction]
}

func replyColumns() []query.Column {
	type R = Reply
	columns := []query.Column{
		col("time", query.DateTime, "when it was logged", func(r *R) query.Value {
			if r.Time.IsZero() {
				return query.TimeOf(r.Session.Start)
			}
			return query.TimeOf(r.Time)
		}),
		text("verb", "command that was answered: CONNECT, MAIL, RCPT, EOM (the end of the data), …", func(r *R) string { return r.Verb }),
		text("to", "recipient that it concerns, where it concerns one", func(r *R) string { return r.Recipient }),
		text("domain", "the recipient's domain; for a refused MAIL the sender's (inbound) or the recipients'", func(r *R) string { return r.Domain }),
		positive("code", "three-digit code; null for a failure without a reply", func(r *R) int64 { return int64(r.Code) }),
		text("enhanced", "enhanced code: 5.1.1", func(r *R) string { return lent(r.Enhanced.Append(r.scratch[:0])) }),
		word("reason", "user_unknown, greylisted, … (smtplog explain --list)", reasons, func(r *R) string { return r.Reason.String() }),
		text("text", "the reply as logged", func(r *R) string { return r.Text }),
		word("class", "transient or permanent", failures, func(r *R) string { return r.Class.String() }),
		word("actor", "who has to act: sender, recipient, ours, remote or none", actors, func(r *R) string {
			if r.Reason == 0 {
				return ""
			}
			return r.Actor.String()
		}),
		col("from", query.String, "the sender; \"\" is the null sender, null where there was no MAIL", func(r *R) query.Value { return sender(r.of()) }),
		col("message_id", query.String, "with its <>", func(r *R) query.Value {
			if t := r.of(); t != nil {
				return known(t.MessageID)
			}
			return query.Null
		}),
		col("reply", query.Int, "number of the reply in its session; null for a failure without a reply", func(r *R) query.Value {
			if !r.IsReply {
				return query.Null
			}
			return query.IntOf(int64(r.Reply))
		}),
		flag("first", "the first row of its reply: countif(first) counts each reply once", func(r *R) bool { return r.first }),
		col("transaction", query.Int, "number of its transaction in the session, from 1", func(r *R) query.Value {
			if r.transaction < 0 {
				return query.Null
			}
			return query.IntOf(int64(r.transaction) + 1)
		}),
	}
	columns = append(columns, connection(func(r *R) *session.Session { return r.Session })...)
	return append(columns, at(func(r *R) outcome.Position { return r.Pos })...)
}

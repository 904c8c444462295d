package tables

import (
	"github.com/smtplog/smtplog/logparse/query"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/reply/outcome"
)

// A Transaction is a row of the table transactions.
type Transaction struct {
	*session.Transaction
	Session *session.Session
	Number  int // in the session, from 1
	scratch [16]byte
	to      []string // memory of the list
}

// results counts the recipients with that result.
func (r *Transaction) results(result session.Result) int64 {
	n := int64(0)
	for i := range r.Recipients {
		if r.Recipients[i].Result == result {
			n++
		}
	}
	return n
}

// verdict returns the reply that decided for all recipients: the refusal of
// MAIL or DATA, else that to the end of the data.
func (r *Transaction) verdict() *session.Verdict {
	for _, v := range []*session.Verdict{&r.Mail, &r.Data} {
		if v.Class.Failed() {
			return v
		}
	}
	return &r.EndOfData
}

// position returns where it stands: the reply that decided, else the one to
// MAIL, else where the session begins.
func (r *Transaction) position() outcome.Position {
	for _, v := range []*session.Verdict{r.verdict(), &r.Mail} {
		if v.Seen() {
			return v.Pos
		}
	}
	return beginning(r.Session)
}

// began returns when a transaction began.
func began(s *session.Session, t *session.Transaction) outcome.Time {
	if t == nil || t.Start.IsZero() {
		return s.Start
	}
	return t.Start
}

// sender returns the sender of a transaction: "" is the null sender, null means
// that no MAIL was seen.
func sender(t *session.Transaction) query.Value {
	if t == nil || !t.HasFrom {
		return query.Null
	}
	return stringOf(t.From)
}

// connection describes the columns that say of which session a row is.
func connection[R any](of func(*R) *session.Session) []query.Column {
	return []query.Column{
		text("session", "id of its session", func(r *R) string { return of(r).ID }),
		word("format", "exchange-receive, exchange-send, iis-w3c, … (smtplog formats)", formats, func(r *R) string { return of(r).Format.String() }),
		word("direction", "inbound: the logging server was the SMTP server; outbound: it was the client", directions, func(r *R) string { return of(r).Direction.String() }),
		text("server", "the server that wrote the log", func(r *R) string { return of(r).Server }),
		text("connector", "connector, or IIS's virtual server", func(r *R) string { return of(r).Connector }),
		text("remote", "the peer's end: address, with port where logged", func(r *R) string { return of(r).Remote }),
		text("host", "the peer's end without the port", func(r *R) string { return session.Host(of(r).Remote) }),
		text("helo", "name in the last HELO or EHLO", func(r *R) string { return of(r).Helo }),
	}
}

func transactionColumns() []query.Column {
	type R = Transaction
	columns := []query.Column{
		moment("time", "when it began", func(r *R) outcome.Time { return began(r.Session, r.Transaction) }),
		col("from", query.String, "the sender; \"\" is the null sender, null where no MAIL was seen", func(r *R) query.Value { return sender(r.Transaction) }),
		list("to", "all recipients", func(r *R) []string {
			r.to = appendRecipients(r.to[:0], r.Transaction)
			return r.to
		}),
		word("result", "accepted, partial, deferred, rejected, aborted or unknown", results, func(r *R) string { return string(r.Result) }),
		word("class", "class of the reply for all: MAIL's or DATA's refusal, else the end of the data's", classes, func(r *R) string { return r.verdict().Class.String() }),
		positive("code", "its three-digit code", func(r *R) int64 { return int64(r.verdict().Code) }),
		text("enhanced", "its enhanced code: 2.6.0", func(r *R) string { return lent(r.verdict().Enhanced.Append(r.scratch[:0])) }),
		text("text", "its text as logged", func(r *R) string { return r.verdict().Text }),
		number("recipients", "how many there were", func(r *R) int64 { return int64(len(r.Recipients)) }),
		number("accepted", "recipients that were accepted", func(r *R) int64 { return r.results(session.Accepted) }),
		number("deferred", "recipients that may be tried again", func(r *R) int64 { return r.results(session.Deferred) }),
		number("rejected", "recipients refused for good", func(r *R) int64 { return r.results(session.Rejected) }),
		number("unknown", "recipients without a verdict", func(r *R) int64 { return r.results(session.Unknown) }),
		positive("size", "octets of the message as logged, else as declared", func(r *R) int64 { return r.Size }),
		text("message_id", "with its <>", func(r *R) string { return r.MessageID }),
		text("from_domain", "the sender's domain", func(r *R) string { return session.Domain(r.From) }),
		text("internal_id", "internal message id on the logging server", func(r *R) string { return r.InternalID }),
		text("remote_internal_id", "internal message id on the next Exchange server", func(r *R) string { return r.RemoteInternalID }),
		text("remote_server", "host that the reply names", func(r *R) string { return r.RemoteServer }),
		text("source_context", "what joins it with the tracking log", func(r *R) string { return r.SourceContext }),
		number("transaction", "number in its session, from 1", func(r *R) int64 { return int64(r.Number) }),
	}
	columns = append(columns, connection(func(r *R) *session.Session { return r.Session })...)
	return append(columns, at(func(r *R) outcome.Position { return r.position() })...)
}

// at describes the columns that say where a row stands.
func at[R any](position func(*R) outcome.Position) []query.Column {
	return []query.Column{
		text("file", "the log's path", func(r *R) string { return position(r).File }),
		positive("line", "the line there that shows it", func(r *R) int64 { return position(r).Line }),
	}
}

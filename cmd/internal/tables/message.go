package tables

import (
	"github.com/smtplog/smtplog/logparse/query"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/reply/outcome"
	"github.com/smtplog/smtplog/track"
)

// A Message is a row of the table messages.
type Message struct {
	*track.Message
	scratch [16]byte
}

// count counts the recipients with that status.
func (r *Message) count(status track.Status) int64 {
	n := int64(0)
	for i := range r.Recipients {
		if r.Recipients[i].Status == status {
			n++
		}
	}
	return n
}

// failure returns the first recipient that failed or was put off.
func (r *Message) failure() *track.RecipientVerdict {
	for i := range r.Recipients {
		if s := r.Recipients[i].Status; s == track.Failed || s == track.Deferred {
			return &r.Recipients[i]
		}
	}
	return &track.RecipientVerdict{}
}

// each makes a list of the elements of another.
func each[T any](list []T, text func(*T) string) []string {
	texts := make([]string, len(list))
	for i := range list {
		texts[i] = text(&list[i])
	}
	return texts
}

func (r *Message) position() outcome.Position {
	if len(r.Hops) == 0 {
		return outcome.Position{}
	}
	return r.Hops[0].Pos
}

// trackedSender returns the sender of a message: "" is the null sender, null
// means that no row has one.
func trackedSender(m *track.Message) query.Value {
	if !m.HasSender {
		return query.Null
	}
	return stringOf(m.Sender)
}

func messageColumns() []query.Column {
	type R = Message
	columns := []query.Column{
		moment("time", "of the first row", func(r *R) outcome.Time { return r.First }),
		col("sender", query.String, "the sender; \"\" is the null sender, null where no row has one", func(r *R) query.Value { return trackedSender(r.Message) }),
		list("recipients", "all recipients", func(r *R) []string {
			return each(r.Recipients, func(v *track.RecipientVerdict) string { return v.Address })
		}),
		word("status", "delivered, failed, partial, deferred, pending, expanded, redirected, quarantined or dropped", statuses, func(r *R) string { return string(r.Status) }),
		text("subject", "the subject", func(r *R) string { return r.Subject }),
		col("latency_ms", query.Int, "from the origination to the last delivery, in milliseconds; null where nothing was delivered", func(r *R) query.Value {
			if !r.HasLatency {
				return query.Null
			}
			return query.IntOf(r.Latency.Milliseconds())
		}),
		text("message_id", "with its <> where logged so", func(r *R) string { return r.MessageID }),
		number("delivered", "recipients that it was delivered to", func(r *R) int64 { return r.count(track.Delivered) }),
		number("failed", "recipients that were given up", func(r *R) int64 { return r.count(track.Failed) }),
		number("deferred", "recipients that were put off and not heard of since", func(r *R) int64 { return r.count(track.Deferred) }),
		number("pending", "recipients without a verdict in the logs", func(r *R) int64 { return r.count(track.Pending) }),
		text("failure_to", "first recipient that failed or was put off", func(r *R) string { return r.failure().Address }),
		positive("failure_code", "code of its reply", func(r *R) int64 { return int64(r.failure().Code) }),
		text("failure_enhanced", "enhanced code of its reply", func(r *R) string { return lent(r.failure().Enhanced.Append(r.scratch[:0])) }),
		word("failure_class", "class of its reply: transient or permanent", failures, func(r *R) string { return r.failure().Class.String() }),
		word("failure_reason", "its reason: user_unknown, … (smtplog explain --list)", reasons, func(r *R) string { return r.failure().Reason.String() }),
		text("failure_text", "the reply or error as logged", func(r *R) string { return r.failure().Text }),
		positive("bytes", "the largest size that was logged", func(r *R) int64 { return r.Bytes }),
		moment("first", "of the first row", func(r *R) outcome.Time { return r.First }),
		moment("last", "of the last row", func(r *R) outcome.Time { return r.Last }),
		text("network_message_id", "network message id, lower case", func(r *R) string { return r.NetworkID }),
		text("sender_domain", "the sender's domain", func(r *R) string { return session.Domain(r.Sender) }),
		text("directionality", "as logged: Originating, Incoming", func(r *R) string { return r.Directionality }),
		moment("origination", "when it was submitted, as logged", func(r *R) outcome.Time { return r.Origination }),
		list("servers", "that wrote the rows", func(r *R) []string { return r.Servers }),
		number("hops", "rows of the tracking logs", func(r *R) int64 { return int64(len(r.Hops)) }),
		list(MessageSessions, "ids of the sessions of the protocol logs that carried it", func(r *R) []string {
			return each(r.Sessions, func(l *track.Link) string { return l.Session })
		}),
		list("missing", "what must exist and is in no log", func(r *R) []string {
			return each(r.Holes, func(h *track.Hole) string { return h.Text })
		}),
		list("related", "Message-IDs of reports and moderation requests about it, or that it is about", func(r *R) []string {
			return each(r.Related, func(m *track.Related) string { return m.MessageID })
		}),
		flag("inferred", "rows were joined by Message-ID, sender and time only", func(r *R) bool { return r.Inferred }),
		word("ended", "why it is listed: complete, open, cut or capped", messageEnds, func(r *R) string { return string(r.Ended) }),
	}
	return append(columns, at(func(r *R) outcome.Position { return r.position() })...)
}

// MessageSessions is the column of messages that takes the protocol logs to
// know.
const MessageSessions = "sessions"

// A Hop is a row of the table hops.
type Hop struct {
	*track.Hop
	Message *track.Message
	Step    int // from 1
}

func hopColumns() []query.Column {
	type R = Hop
	columns := []query.Column{
		moment("time", "when it was logged", func(r *R) outcome.Time { return r.Time }),
		text("server", "that wrote the row", func(r *R) string { return r.Server }),
		text("source", "SMTP, STOREDRIVER, …", func(r *R) string { return r.Source }),
		text("event", "RECEIVE, SEND, DELIVER, …", func(r *R) string { return r.EventID }),
		list("recipients", "that the row names", func(r *R) []string { return r.Recipients }),
		text("detail", "what happened, in a line", func(r *R) string { return r.Detail }),
		text("message_id", "of its message, with its <>", func(r *R) string { return r.Message.MessageID }),
		text("network_message_id", "of its message", func(r *R) string { return r.Message.NetworkID }),
		number("step", "number in its message, from 1", func(r *R) int64 { return int64(r.Step) }),
		col("number", query.Int, "number of the event in the logs of Exchange 5.5, 2000 and 2003", func(r *R) query.Value {
			if r.Number < 0 {
				return query.Null
			}
			return query.IntOf(int64(r.Number))
		}),
		text("internal_id", "internal message id on the server", func(r *R) string { return r.InternalID }),
		text("connector", "connector that was used", func(r *R) string { return r.Connector }),
		number("elapsed_ms", "since the step before, in milliseconds", func(r *R) int64 { return r.Elapsed.Milliseconds() }),
		word("format", "tracking, tracking-2000, message-trace, … (smtplog formats)", formats, func(r *R) string { return r.Format.String() }),
		col("sender", query.String, "of its message; \"\" is the null sender", func(r *R) query.Value { return trackedSender(r.Message) }),
		text("subject", "of its message", func(r *R) string { return r.Message.Subject }),
		word("status", "of its message: delivered, failed, …", statuses, func(r *R) string { return string(r.Message.Status) }),
	}
	return append(columns, at(func(r *R) outcome.Position { return r.Pos })...)
}

package tables

import (
	"github.com/smtplog/smtplog/logparse/query"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/reply/outcome"
)

// A Session is a row of the table sessions.
type Session struct {
	*session.Session
	scratch       [16]byte
	from, to, ids []string // memory of the lists
}

// of makes r the row of a session.
func (r *Session) of(s *session.Session) *Session {
	r.Session = s
	return r
}

// failure returns the first failure.
func (r *Session) failure() *outcome.Outcome {
	if len(r.Failures) == 0 {
		return &outcome.Outcome{}
	}
	return &r.Failures[0]
}

func (r *Session) lines() int64 {
	n := int64(0)
	for i := range r.Sources {
		n += r.Sources[i].Lines
	}
	return n
}

// collect gathers a list from the transactions in the memory of one before.
func (r *Session) collect(list *[]string, add func(list []string, t *session.Transaction) []string) []string {
	*list = (*list)[:0]
	for i := range r.Transactions {
		*list = add(*list, &r.Transactions[i])
	}
	return *list
}

// beginning returns where a session begins.
func beginning(s *session.Session) outcome.Position {
	if len(s.Sources) == 0 {
		return outcome.Position{}
	}
	return outcome.Position{File: s.Sources[0].File, Line: s.Sources[0].FirstLine}
}

func sessionColumns() []query.Column {
	type R = Session
	proxied := func(get func(*session.Proxied) string) func(*R) string {
		return func(r *R) string {
			if r.Proxied == nil {
				return ""
			}
			return get(r.Proxied)
		}
	}
	tls := func(get func(*session.TLS) string) func(*R) string {
		return func(r *R) string {
			if r.TLS == nil {
				return ""
			}
			return get(r.TLS)
		}
	}
	auth := func(get func(*session.Auth) string) func(*R) string {
		return func(r *R) string {
			if r.Auth == nil {
				return ""
			}
			return get(r.Auth)
		}
	}
	return []query.Column{
		moment("time", "when it began", func(r *R) outcome.Time { return r.Start }),
		word("direction", "inbound: the logging server was the SMTP server; outbound: it was the client", directions, func(r *R) string { return r.Direction.String() }),
		text("remote", "the peer's end: address, with port where logged", func(r *R) string { return r.Remote }),
		list("from", "the transactions' senders", func(r *R) []string {
			return r.collect(&r.from, func(l []string, t *session.Transaction) []string {
				if !t.HasFrom {
					return l
				}
				return append(l, t.From)
			})
		}),
		list("to", "all recipients", func(r *R) []string { return r.collect(&r.to, appendRecipients) }),
		number("recipients", "how many there were", func(r *R) int64 { return r.Results.Recipients.Total }),
		positive("failure_code", "code of the first failure", func(r *R) int64 { return int64(r.failure().Code) }),
		text("failure_text", "text of the first failure", func(r *R) string { return r.failure().Text }),
		word("ended", "quit, remote, local, reset, timeout, failed, cut or open", sessionEnds, func(r *R) string { return string(r.Ended) }),
		text("server", "the server that wrote the log", func(r *R) string { return r.Server }),
		text("connector", "connector, or IIS's virtual server", func(r *R) string { return r.Connector }),
		text("id", "the log's own, or file:line of the first record", func(r *R) string { return r.ID }),
		word("format", "exchange-receive, exchange-send, iis-w3c, … (smtplog formats)", formats, func(r *R) string { return r.Format.String() }),
		moment("start", "when it began", func(r *R) outcome.Time { return r.Start }),
		moment("end", "when it ended", func(r *R) outcome.Time { return r.End }),
		col("duration_ms", query.Int, "how long it lasted, in milliseconds", func(r *R) query.Value {
			if r.Start.IsZero() {
				return query.Null
			}
			return query.IntOf(r.Duration.Milliseconds())
		}),
		text("local", "our end: address, with port where logged", func(r *R) string { return r.Local }),
		text("host", "the peer's end without the port", func(r *R) string { return session.Host(r.Remote) }),
		text("helo", "name in the last HELO or EHLO", func(r *R) string { return r.Helo }),
		text("tls_version", "TLS1.2, …; null without TLS", tls(func(t *session.TLS) string { return t.Version })),
		text("tls_cipher", "cipher as logged", tls(func(t *session.TLS) string { return t.Cipher })),
		positive("tls_bits", "strength of the cipher", func(r *R) int64 {
			if r.TLS == nil {
				return 0
			}
			return int64(r.TLS.Bits)
		}),
		text("tls_error", "why the handshake failed", tls(func(t *session.TLS) string { return t.Error })),
		text("auth_mechanism", "how the client logged in", auth(func(a *session.Auth) string { return a.Mechanism })),
		text("auth_user", "who logged in", auth(func(a *session.Auth) string { return a.User })),
		col("auth_ok", query.Bool, "whether the login was accepted; null where there was none", func(r *R) query.Value {
			if r.Auth == nil {
				return query.Null
			}
			return query.BoolOf(r.Auth.OK)
		}),
		text("auth_error", "why the login failed", auth(func(a *session.Auth) string { return a.Error })),
		number("transactions", "how many there were", func(r *R) int64 { return r.Results.Transactions.Total }),
		number("accepted", "recipients that were accepted", func(r *R) int64 { return r.Results.Recipients.Accepted }),
		number("deferred", "recipients that may be tried again", func(r *R) int64 { return r.Results.Recipients.Deferred }),
		number("rejected", "recipients refused for good", func(r *R) int64 { return r.Results.Recipients.Rejected }),
		number("unknown", "recipients without a verdict", func(r *R) int64 { return r.Results.Recipients.Unknown }),
		list("message_ids", "the transactions' Message-IDs", func(r *R) []string {
			return r.collect(&r.ids, func(l []string, t *session.Transaction) []string {
				if t.MessageID == "" {
					return l
				}
				return append(l, t.MessageID)
			})
		}),
		number("replies_ok", "replies of class ok: 2xx and 3xx", func(r *R) int64 { return r.Replies.OK }),
		number("replies_transient", "replies of class transient: 4xx", func(r *R) int64 { return r.Replies.Transient }),
		number("replies_permanent", "replies of class permanent: 5xx", func(r *R) int64 { return r.Replies.Permanent }),
		number("failures", "refusals and failures", func(r *R) int64 { return int64(len(r.Failures)) }),
		text("failure_verb", "command that failed first", func(r *R) string { return r.failure().Verb }),
		word("failure_class", "class of the first failure: transient or permanent", failures, func(r *R) string { return r.failure().Class.String() }),
		text("failure_enhanced", "enhanced code of the first failure", func(r *R) string { return lent(r.failure().Enhanced.Append(r.scratch[:0])) }),
		word("failure_reason", "reason of the first failure: user_unknown, … (smtplog explain --list)", reasons, func(r *R) string { return r.failure().Reason.String() }),
		word("confidence", "how sure the rows belong together: exact, inferred or ambiguous", confidences, func(r *R) string { return string(r.Confidence) }),
		flag("unused", "connected, but never got past EHLO", func(r *R) bool { return r.Unused }),
		text("greeting", "the server's greeting", func(r *R) string { return r.Greeting }),
		list("capabilities", "what EHLO was answered with", func(r *R) []string { return r.Capabilities() }),
		text("proxied_client", "true client behind a front end", proxied(func(p *session.Proxied) string { return p.Client })),
		text("proxied_session", "id of the session on the front end", proxied(func(p *session.Proxied) string { return p.Session })),
		text("proxied_helo", "name that the true client gave", proxied(func(p *session.Proxied) string { return p.Helo })),
		positive("tarpits", "how often Exchange made the peer wait", func(r *R) int64 { return int64(r.Tarpits) }),
		positive("tarpitted_ms", "for how long in all, in milliseconds", func(r *R) int64 { return r.Tarpitted.Milliseconds() }),
		number("lines", "physical lines that it takes in the logs", (*R).lines),
		text("file", "log in which it begins", func(r *R) string { return beginning(r.Session).File }),
		positive("line", "its first line there", func(r *R) int64 { return beginning(r.Session).Line }),
	}
}

func appendRecipients(list []string, t *session.Transaction) []string {
	for i := range t.Recipients {
		list = append(list, t.Recipients[i].To)
	}
	return list
}

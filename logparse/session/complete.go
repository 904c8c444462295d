package session

import (
	"strings"
	"time"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// complete works out what can be said only when the session is over.
func (b *Builder) complete(st *state) {
	st.Ended = st.end()
	st.Duration = st.End.Sub(st.Start)
	if st.quitMS >= 0 {
		st.Duration = time.Duration(st.quitMS) * time.Millisecond
	}
	st.Unused = st.connected && st.begun && !st.used
	st.Capabilities = append(st.Capabilities[:0], capabilities(st.ehlo)...)
	for i := range st.Transactions {
		st.judge(&st.Transactions[i])
	}
	b.failures(st)
}

func (st *state) end() Ended {
	switch {
	case st.lost && !st.connected:
		return EndedFailed
	case st.quit && !st.dropped:
		return EndedQuit
	case st.timedOut:
		return EndedTimeout
	case st.lost:
		return st.closedBy()
	case st.dropped || st.superseded:
		return EndedRemote
	case st.refused && st.Direction == outcome.Outbound:
		return EndedRemote
	case st.refused:
		return EndedLocal
	case st.silent() || st.cutOff:
		return EndedCut
	}
	return EndedOpen
}

// closedBy reads the context of Exchange's disconnect row: "Local", "Remote",
// "Remote(ConnectionReset)", "Remote(SocketError)".
func (st *state) closedBy() Ended {
	cause := strings.ToLower(st.closing)
	switch {
	case strings.Contains(cause, "reset"):
		return EndedReset
	case strings.Contains(cause, "timedout"), strings.Contains(cause, "timeout"):
		return EndedTimeout
	case strings.HasPrefix(cause, "local"):
		return EndedLocal
	}
	return EndedRemote
}

// judge gives the transaction and its recipients their results.
func (st *state) judge(t *Transaction) {
	var accepted, deferred, rejected int
	for i := range t.Recipients {
		r := &t.Recipients[i]
		switch {
		case r.Class.Failed():
		case t.Mail.Class.Failed() && t.EndOfData.Class != reply.OK:
			r.Verdict = t.Mail
		case t.Data.Class.Failed():
			r.Verdict = t.Data
		default:
			r.Verdict = t.EndOfData
		}
		switch r.Class {
		case reply.OK:
			r.Result = Accepted
			accepted++
		case reply.Transient:
			r.Result = Deferred
			deferred++
		case reply.Permanent:
			r.Result = Rejected
			rejected++
		default:
			r.Result = Unknown
			r.Verdict = Verdict{}
		}
	}
	switch n := len(t.Recipients); {
	case t.Mail.Class.Failed() && accepted == 0:
		t.Result = resultOf(t.Mail.Class) // whatever was said to the RCPTs behind it
	case n > 0 && accepted == n:
		t.Result = Accepted
	case accepted > 0:
		t.Result = Partial
	case n > 0 && deferred+rejected == n && deferred > 0:
		t.Result = Deferred
	case n > 0 && rejected == n:
		t.Result = Rejected
	case n == 0 && t.end == endData && !t.EndOfData.Class.Failed() && !t.Data.Class.Failed():
		t.Result = Unknown // its recipients are not in the log
	case n == 0 && t.EndOfData.Class.Failed():
		t.Result = resultOf(t.EndOfData.Class)
	case n == 0 && t.Data.Class.Failed():
		t.Result = resultOf(t.Data.Class)
	case t.end == endByPeer || t.end == endByMail:
		t.Result = Aborted
	case st.Ended == EndedCut || st.Ended == EndedOpen:
		t.Result = Unknown
	default:
		t.Result = Aborted
	}
}

func resultOf(c reply.Class) Result {
	switch c {
	case reply.OK:
		return Accepted
	case reply.Transient:
		return Deferred
	case reply.Permanent:
		return Rejected
	}
	return Unknown
}

// capabilities takes the keywords of the reply to EHLO apart, a line each or
// folded to one line as Exchange 2016 and later log it.
func capabilities(ehlo string) []string {
	var list []string
	lines := strings.Split(ehlo, "\n")
	for i, line := range lines {
		l, ok := reply.ParseLine([]byte(line))
		text := string(l.Text)
		if !ok {
			text = line
		}
		if i > 0 {
			list = append(list, text)
			continue
		}
		// The first line greets: "host Hello [192.0.2.7]", and in the folded form
		// the keywords follow it.
		if _, folded, found := strings.Cut(text, "] "); found && len(lines) == 1 && !l.More {
			list = append(list, foldedCapabilities(strings.Fields(folded))...)
		}
	}
	return list
}

// foldedCapabilities joins keywords with their parameters: "SIZE 37748736",
// "AUTH NTLM LOGIN", "X-EXPS GSSAPI NTLM".
func foldedCapabilities(words []string) []string {
	var list []string
	takes := false
	for _, w := range words {
		if takes && (w == "GSSAPI" || w == "NTLM" || w == "LOGIN" || w == "PLAIN" || w == "CRAM-MD5" || w == "EXCHANGEAUTH" || w == "SHA256" || number([]byte(w)) > 0 || w == "0") {
			list[len(list)-1] += " " + w
			continue
		}
		list = append(list, w)
		takes = w == "SIZE" || w == "AUTH" || w == "X-EXPS"
	}
	return list
}

// failures turns the session's refusals into its Failures.
func (b *Builder) failures(st *state) {
	var login, tls bool // a reply says that it failed
	for i := range st.refusals {
		if r := &st.refusals[i]; r.isReply {
			login = login || r.verb == "AUTH" || r.verb == "X-EXPS"
			tls = tls || r.verb == "STARTTLS"
		}
	}
	for i := range st.refusals {
		r := &st.refusals[i]
		if !r.isReply && (r.verb == "AUTH" && login || r.verb == "STARTTLS" && tls) {
			continue
		}
		o := outcome.Outcome{
			Class: r.Class, Code: r.Code, Enhanced: r.Enhanced,
			Direction: st.Direction, Verb: r.verb, Domain: r.domain, Host: Host(st.Remote),
			Server: st.Server, Connector: st.Connector, Format: st.Format.String(), Text: r.Text,
			Time: r.Time, Pos: r.Pos, IsReply: r.isReply, Session: st.number, Reply: uint32(i + 1),
		}
		b.classify(&o)
		if r.transaction >= 0 && r.recipient >= 0 {
			o.Recipient = recipientOf(&st.Transactions[r.transaction].Recipients[r.recipient])
			o.Domain = Domain(o.Recipient)
		}
		st.Failures = append(st.Failures, o)
		st.refusedIn = append(st.refusedIn, r.transaction)
	}
}

// classify gives the outcome its reason and its actor.
func (b *Builder) classify(o *outcome.Outcome) {
	text := o.Text
	if text == "" {
		text = o.Code.String()
		if !o.Enhanced.IsZero() {
			text += " " + o.Enhanced.String()
		}
	}
	var c reply.Classification
	if b.opt.Classifier != nil {
		c = b.opt.Classifier.Classify(text, o.Direction)
	} else {
		c = reply.Classify(text, o.Direction)
	}
	o.Reason, o.Actor = c.Reason, c.Actor
}

// recipientOf returns the recipient's address, "<>" for an empty one.
func recipientOf(r *Recipient) string {
	if r.To == "" {
		return "<>"
	}
	return r.To
}

// Outcomes yields the failed outcomes of the session, those of one reply one
// after the other: one for each recipient that the reply refused; for a refused
// MAIL without recipients one for the sender's domain (inbound); for one whose
// recipients were refused for themselves one for the sender's domain (inbound)
// or for each of theirs (outbound); else one for the host. One Outcome is
// reused.
func (s *Session) Outcomes(yield func(*outcome.Outcome) bool) {
	for i := range s.Failures {
		o := s.Failures[i]
		if !s.spread(&o, s.refusedIn[i], yield) {
			return
		}
	}
}

// spread yields o for everything that it concerns.
func (s *Session) spread(o *outcome.Outcome, transaction int, yield func(*outcome.Outcome) bool) bool {
	if o.Recipient != "" || o.Domain != "" || !o.IsReply || transaction < 0 {
		return yield(o)
	}
	t := &s.Transactions[transaction]
	any := false
	for i := range t.Recipients {
		r := &t.Recipients[i]
		if !r.Class.Failed() || r.Pos != o.Pos {
			continue
		}
		any = true
		o.Recipient = recipientOf(r)
		o.Domain = Domain(o.Recipient)
		if !yield(o) {
			return false
		}
	}
	if any {
		return true
	}
	if o.Verb != logparse.VerbMAIL.String() {
		return yield(o)
	}
	if s.Direction == outcome.Inbound {
		o.Domain = Domain(t.From)
		return yield(o)
	}
	seen := map[string]bool{"": true}
	for i := range t.Recipients {
		if d := Domain(t.Recipients[i].To); !seen[d] {
			seen[d] = true
			if o.Domain = d; !yield(o) {
				return false
			}
		}
	}
	return len(seen) > 1 || yield(o)
}

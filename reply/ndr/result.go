package ndr

import (
	"strings"

	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// settle decides on the codes, the action and the reason of every recipient,
// and on the kind.
func (r *Report) settle(m *message, text string) {
	delayed := m.isDelay(text)
	whole := squeeze(strings.Join(m.lines, "\n"))
	one := len(r.Recipients) == 1
	var failed, late int
	for i := range r.Recipients {
		rec := &r.Recipients[i]
		rec.settleCodes(whole, one)
		if rec.Action == "" {
			rec.Action = "failed"
			switch {
			case rec.Code.Class() == reply.OK || rec.Code == 0 && rec.Enhanced.Class() == reply.OK:
				rec.Action = "delivered"
			case delayed:
				rec.Action = "delayed"
			}
		}
		rec.settleReason(whole, m.subject)
		switch rec.Action {
		case "failed":
			failed++
		case "delayed":
			late++
		}
	}
	switch {
	case failed > 0:
		r.Kind = Bounce
	case late > 0 || len(r.Recipients) == 0 && delayed:
		r.Kind = Delay
	case len(r.Recipients) > 0:
		r.Kind = Delivered
	default:
		r.Kind = Bounce
		r.problem("no recipient is named")
	}
}

// isDelay tells whether a text without an Action field is a warning.
func (m *message) isDelay(text string) bool {
	subject := strings.ToLower(m.subject)
	if containsOneOf(subject, delayWords) {
		return true
	}
	return containsOneOf(text, delayWords) && !containsOneOf(text, finalWords)
}

// settleCodes takes the codes from the diagnostic and, where it has none, from
// the text for people. A Status field goes before them unless it says nothing
// more than the class, as 5.0.0 does.
func (rec *Recipient) settleCodes(whole string, one bool) {
	status := rec.Enhanced
	texts := []string{rec.Text, rec.said}
	if one {
		texts = append(texts, whole)
	}
	for _, t := range texts {
		code, enhanced := codesIn(t)
		if rec.Code == 0 {
			rec.Code = code
		}
		if vague(rec.Enhanced) && !enhanced.IsZero() && (rec.Enhanced.IsZero() || !vague(enhanced)) {
			rec.Enhanced = enhanced
		}
		if rec.Code != 0 && !vague(rec.Enhanced) {
			break
		}
	}
	if rec.Text == "" && one {
		rec.Text = whole
	}
	rec.Class = rec.Code.Class()
	if rec.Class == reply.ClassNone {
		rec.Class = rec.Enhanced.Class()
	}
	if rec.Class == reply.ClassNone {
		rec.Class = status.Class()
	}
}

// vague tells whether e says nothing but the class (RFC 3463 section 3.1).
func vague(e reply.Enhanced) bool { return e.Subject == 0 && e.Detail == 0 }

// settleReason classifies the diagnostic, and when that does not say why, what
// the text for people says, and at last the bare code.
func (rec *Recipient) settleReason(whole, subject string) {
	switch rec.Action {
	case "delivered", "relayed", "expanded":
		rec.Class, rec.Reason = reply.OK, reply.ReasonAccepted
		rec.Actor, rec.Remedy = rec.Reason.Actor(reply.Outbound), rec.Reason.Remedy(reply.Outbound)
		return
	}
	if !rec.Class.Failed() {
		rec.Class = reply.Permanent
		if rec.Action == "delayed" {
			rec.Class = reply.Transient
		}
	}
	var best reply.Classification
	for _, t := range []string{rec.Text, rec.said, whole, subject} {
		if t == "" {
			continue
		}
		c := reply.Classify(rec.withStatus(t), reply.Outbound)
		if better(c, best) {
			best = c
		}
		if strong(c) {
			break
		}
	}
	if !strong(best) && !rec.Enhanced.IsZero() {
		if c := reply.Classify(rec.Enhanced.String(), reply.Outbound); better(c, best) {
			best = c
		}
	}
	rec.Reason, rec.Actor, rec.Remedy = best.Reason, best.Actor, best.Remedy
	if rec.Reason == reply.ReasonNone || rec.Reason == reply.ReasonAccepted {
		rec.Reason = reply.ReasonUnknown
		rec.Actor, rec.Remedy = rec.Reason.Actor(reply.Outbound), rec.Reason.Remedy(reply.Outbound)
	}
}

// withStatus puts the codes in front of a text that has none.
func (rec *Recipient) withStatus(text string) string {
	if code, enhanced := codesIn(clip(text, 64)); code != 0 || !enhanced.IsZero() {
		return text
	}
	prefix := ""
	if rec.Code != 0 {
		prefix = rec.Code.String() + " "
	}
	if !vague(rec.Enhanced) {
		prefix += rec.Enhanced.String() + " "
	}
	return prefix + text
}

// strong tells whether a text, and not only its codes, said why.
func strong(c reply.Classification) bool {
	return c.Reason != reply.ReasonNone && c.Reason != reply.ReasonUnknown
}

func better(c, best reply.Classification) bool {
	return best.Reason == reply.ReasonNone || !strong(best) && strong(c)
}

// Outcomes returns the verdicts about the recipients. A report that is no
// bounce, delay or receipt has none.
func (r *Report) Outcomes() []outcome.Outcome {
	all := make([]outcome.Outcome, 0, len(r.Recipients))
	for i := range r.Recipients {
		rec := &r.Recipients[i]
		o := outcome.Outcome{
			Class: rec.Class, Code: rec.Code, Enhanced: rec.Enhanced, Reason: rec.Reason, Actor: rec.Actor,
			Direction: outcome.Outbound, Verb: verb(rec.Text), Domain: domainOf(rec.Address),
			Host: rec.RemoteMTA, Server: r.ReportingMTA, Format: "ndr", Text: rec.Text,
			Time: rec.Attempt, Pos: r.Pos, Recipient: rec.Address, IsReply: rec.Code != 0,
			Session: r.session, Reply: uint32(i),
		}
		if o.Recipient == "" {
			o.Recipient = rec.Name
		}
		if o.Time.IsZero() {
			o.Time = r.Date
		}
		if o.Time.IsZero() {
			o.Time = r.Arrived
		}
		all = append(all, o)
	}
	return all
}

// domainOf returns the domain of an address in lower case, "" for no address.
func domainOf(addr string) string {
	at := strings.LastIndexByte(addr, '@')
	if at < 0 {
		return ""
	}
	return strings.ToLower(addr[at+1:])
}

// verb returns the command that a reply answered, where the text names it.
func verb(text string) string {
	low := strings.ToLower(text)
	for _, v := range []struct{ phrase, verb string }{
		{"in reply to rcpt to", "RCPT"}, {"in reply to mail from", "MAIL"}, {"in reply to end of data", "EOM"},
		{"in reply to data", "DATA"}, {"in reply to helo", "HELO"}, {"in reply to ehlo", "EHLO"}, {"in reply to starttls", "STARTTLS"},
		{"after rcpt to", "RCPT"}, {"after mail from", "MAIL"}, {"after end of data", "EOM"}, {"after data", "DATA"},
		{"for rcpt command", "RCPT"}, {"for mail command", "MAIL"}, {"for text command", "EOM"}, {"after rcpt command", "RCPT"},
		{"[rcpt_to]", "RCPT"}, {"[mail_from]", "MAIL"}, {"[data]", "DATA"},
	} {
		if strings.Contains(low, v.phrase) {
			return v.verb
		}
	}
	return ""
}

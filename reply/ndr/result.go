package ndr

import (
	"slices"
	"strings"

	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// settle decides on the codes, the action and the reason of every recipient,
// and on the kind.
func (r *Report) settle(m *message, text string) {
	delayed := m.isDelay(text)
	whole := clip(strings.Join(m.lines, "\n"), maxText)
	one := len(r.Recipients) == 1
	if one {
		r.Recipients[0].takeReply(whole)
	}
	told := slices.ContainsFunc(r.Recipients, func(rec Recipient) bool { return rec.hasCodes() })
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
		if one || !told || rec.Text == "" && rec.said == "" {
			rec.settleReason(whole, m.subject)
		} else {
			rec.settleReason("", "") // the whole is about the others too
		}
		if rec.Text == "" && one {
			rec.Text = squeeze(whole)
		}
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

// hasCodes tells whether a code stands in what is said about the recipient.
func (rec *Recipient) hasCodes() bool {
	for _, t := range []string{rec.Text, rec.said} {
		if code, enhanced := codesIn(t); code != 0 || !enhanced.IsZero() {
			return true
		}
	}
	return false
}

// takeReply makes the reply that stands elsewhere in a text the diagnostic of
// its only recipient, when none is known.
func (rec *Recipient) takeReply(whole string) {
	if rec.hasCodes() {
		return
	}
	_, _, at := findCodes(whole)
	if at < 0 {
		return
	}
	reply, _, _ := strings.Cut(whole[at:], "\n\n")
	if rec.Text = squeeze(reply); rec.said == "" {
		rec.said = whole
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
// the text for people. A Status field goes before them unless it says less.
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
	rec.Class = rec.Code.Class()
	if rec.Class == reply.ClassNone {
		rec.Class = rec.Enhanced.Class()
	}
	if rec.Class == reply.ClassNone {
		rec.Class = status.Class()
	}
}

// vague tells whether e says nothing but the class (RFC 3463 section 3.1), or
// that time ran out (X.4.7), which is the reporting server's own verdict and
// hides the last reply.
func vague(e reply.Enhanced) bool {
	return e.Subject == 0 && e.Detail == 0 || e.Subject == 4 && e.Detail == 7
}

// settleReason classifies the diagnostic, and when that does not say why, what
// the text for people says. A code that is specific goes before the text as a
// whole, which speaks of much else.
func (rec *Recipient) settleReason(whole, subject string) {
	switch rec.Action {
	case "delivered", "relayed", "expanded":
		rec.Class = reply.OK
		rec.setReason(reply.ReasonAccepted)
		return
	}
	if !rec.Class.Failed() {
		rec.Class = reply.Permanent
		if rec.Action == "delayed" {
			rec.Class = reply.Transient
		}
	}
	var byCode reply.Reason
	decide := func(text string) bool {
		c := reply.Classify(text, reply.Outbound)
		if c.Reason == reply.ReasonNone || c.Reason == reply.ReasonUnknown || c.Reason == reply.ReasonAccepted {
			return false
		}
		if strings.HasPrefix(c.Rule, "code-") {
			if byCode == reply.ReasonNone {
				byCode = c.Reason
			}
			return false
		}
		if rec.Action == "failed" && rec.gaveUp(c.Reason) {
			rec.setReason(reply.ReasonExpired)
			return true
		}
		rec.Reason, rec.Actor, rec.Remedy = c.Reason, c.Actor, c.Remedy
		return true
	}
	for _, t := range []string{rec.Text, rec.said} {
		t = withoutGivingUp(t)
		if t == "" {
			continue
		}
		_, _, at := findCodes(t)
		if at > 0 && wrapped(t[:at]) && decide(t[at:]) {
			return
		}
		if decide(rec.withStatus(t)) || at > 0 && decide(t[at:]) {
			return
		}
	}
	if !rec.Enhanced.IsZero() {
		decide(rec.Enhanced.String())
	}
	if byCode != reply.ReasonNone && specific(rec.Enhanced) {
		rec.setReason(byCode)
		return
	}
	if decide(whole) || decide(subjectReason(subject)) {
		return
	}
	switch {
	case byCode != reply.ReasonNone:
		rec.setReason(byCode)
	case rec.Action == "delayed":
		// No reason is told but that it takes long: what Exchange calls 4.4.7.
		rec.setReason(reply.ReasonExpired)
	default:
		rec.setReason(reply.ReasonUnknown)
	}
}

// gaveUp tells whether a final report quotes of a connection that it was to be
// tried again: sendmail writes "Deferred" of nothing else, so the time is over.
func (rec *Recipient) gaveUp(r reply.Reason) bool {
	switch r {
	case reply.ReasonConnectionTimeout, reply.ReasonConnectionRefused, reply.ReasonConnectionDropped:
		return strings.Contains(rec.said, "Deferred:") && strings.Contains(rec.said, "unrecoverable")
	}
	return false
}

// subjectReason returns what sendmail and Domino say in the subject, after
// words of their own. Others quote the subject of the original there.
func subjectReason(subject string) string {
	before, after, _ := strings.Cut(subject, ":")
	switch strings.ToLower(before) {
	case "returned mail", "delivery failure":
		return after
	}
	return ""
}

func (rec *Recipient) setReason(reason reply.Reason) {
	rec.Reason, rec.Actor, rec.Remedy = reason, reason.Actor(reply.Outbound), reason.Remedy(reply.Outbound)
}

// specific tells whether an enhanced code alone gives the reason away. Those
// of "other or undefined" and 5.7.1 are sent for everything.
func specific(e reply.Enhanced) bool {
	return !e.IsZero() && e.Detail != 0 && !(e.Subject == 7 && e.Detail == 1)
}

// wrapped tells whether what stands before a reply only says whose it is: Exim
// and Postfix put the command and the host there, whose names mislead. What
// qmail puts there ("but sender was rejected. Remote host said:") is the reason.
func wrapped(before string) bool {
	return strings.HasPrefix(before, "SMTP error from remote") ||
		strings.HasPrefix(before, "host ") && strings.HasSuffix(strings.TrimSpace(before), " said:")
}

// withoutGivingUp drops qmail's last sentence, which is the same whatever the
// reason was, unless it is all there is.
func withoutGivingUp(text string) string {
	if before, _, ok := strings.Cut(text, "I'm not going to try again"); ok && len(before) > 20 {
		return before
	}
	return text
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

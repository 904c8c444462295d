package ndr

import (
	"net/mail"
	"strconv"
	"strings"
	"time"

	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// fieldGroups reads the groups of fields of a delivery status (RFC 3464
// section 2.1). A line that is no field continues the one before, since some
// servers wrap without a blank in front.
func fieldGroups(lines []string) []header {
	var groups []header
	var group header
	var value strings.Builder // of the last field
	flush := func() {
		if value.Len() > 0 {
			group[len(group)-1].value = strings.TrimSpace(value.String())
			value.Reset()
		}
	}
	end := func() {
		flush()
		if len(group) > 0 {
			groups = append(groups, group)
		}
		group = nil
	}
	for _, line := range lines {
		trimmed := strings.TrimSpace(line)
		n := statusFieldName(line)
		switch {
		case trimmed == "":
			end()
		case n == 0:
			if len(group) > 0 && value.Len() < maxText {
				value.WriteByte(' ')
				value.WriteString(trimmed)
			}
		default:
			name := strings.ToLower(strings.TrimSpace(line[:n]))
			flush()
			if name == "final-recipient" && group.has(name) || len(group) >= maxFields {
				end() // the blank line between two recipients is missing
			}
			group = append(group, field{name: name})
			value.WriteString(line[n+1:])
		}
	}
	end()
	return groups
}

// statusFieldName is fieldName for names of letters, digits and hyphens.
func statusFieldName(line string) int {
	for i := range len(line) {
		switch c := line[i]; {
		case c == ':':
			return i
		case !alnum(c) && c != '-' && !(c == ' ' && i > 0 && i+1 < len(line) && line[i+1] == ':'):
			return 0
		}
	}
	return 0
}

// isStatus tells whether a group speaks of a recipient.
func (h header) isStatus() bool {
	return (h.has("final-recipient") || h.has("original-recipient")) &&
		(h.has("action") || h.has("status") || h.has("diagnostic-code"))
}

// readStatus reads delivery status fields into r and reports whether there
// were any recipients.
func (r *Report) readStatus(lines []string) bool {
	before := len(r.Recipients)
	for _, g := range fieldGroups(lines) {
		r.readMessageFields(g)
		if !g.isStatus() && !(g.has("final-recipient") && before == len(r.Recipients)) {
			continue
		}
		if len(r.Recipients) == MaxRecipients {
			r.problem("too many recipients")
			break
		}
		r.Recipients = append(r.Recipients, statusRecipient(g))
	}
	return len(r.Recipients) > before
}

// statusStart returns where a text that lost its MIME boundaries, or whose
// writer knew none, goes on with delivery status fields, -1 when it does not.
func statusStart(lines []string) int {
	for i, line := range lines {
		n := statusFieldName(line)
		if n == 0 {
			continue
		}
		switch strings.ToLower(strings.TrimSpace(line[:n])) {
		case "reporting-mta", "final-recipient", "original-recipient", "original-envelope-id":
			for i > 0 && statusFieldName(lines[i-1]) > 0 {
				i-- // "Action: failed" may come before
			}
			return i
		}
	}
	return -1
}

// readMessageFields reads the fields about the message as a whole (RFC 3464
// section 2.2) and the extensions that name a queue id.
func (r *Report) readMessageFields(g header) {
	for _, f := range g {
		switch {
		case f.name == "reporting-mta" && r.ReportingMTA == "":
			r.ReportingMTA = hostOf(f.value)
		case f.name == "original-envelope-id" && r.EnvelopeID == "":
			r.EnvelopeID = f.value
		case f.name == "arrival-date" && r.Arrived.IsZero():
			r.Arrived = dateOf(f.value)
		case (strings.HasPrefix(f.name, "x-") && strings.HasSuffix(f.name, "queue-id") || f.name == "final-log-id") && r.QueueID == "":
			r.QueueID = f.value
		case f.name == "x-original-message-id" && r.MessageID == "":
			r.MessageID = f.value
		}
	}
}

// statusRecipient reads the fields about one recipient (RFC 3464 section 2.3).
func statusRecipient(g header) Recipient {
	rec := Recipient{
		Address:   statusAddress(g.get("final-recipient")),
		Original:  statusAddress(g.get("original-recipient")),
		Action:    action(g.get("action")),
		RemoteMTA: hostOf(g.get("remote-mta")),
		Text:      diagnostic(g.get("diagnostic-code")),
		Attempt:   dateOf(g.get("last-attempt-date")),
		Retry:     dateOf(g.get("will-retry-until")),
	}
	if !strings.Contains(rec.Address, "@") && rec.Original != "" {
		// A local user, a file or a pipe: what the sender wrote says more.
		rec.Address = rec.Original
	}
	if strings.EqualFold(rec.Address, rec.Original) {
		rec.Original = ""
	}
	// QUIRK: Exchange 2000 and later name the mailbox in X-Display-Name.
	if !strings.Contains(rec.Address, "@") {
		rec.Name = decodeWords(g.get("x-display-name"))
	}
	rec.Enhanced, _ = reply.ParseEnhanced([]byte(strings.TrimSpace(g.get("status"))))
	return rec
}

// statusAddress reads "rfc822; a@example.com" and "utf-8; …" (RFC 6533
// section 3), with or without the type, angle brackets and a comment.
func statusAddress(value string) string {
	value = decodeWords(value)
	kind, addr, typed := strings.Cut(value, ";")
	if !typed || strings.Contains(kind, "@") {
		addr = value
	}
	if strings.EqualFold(strings.TrimSpace(kind), "utf-8") {
		addr = decodeUTF8Addr(addr)
	}
	if inner := strings.Trim(strings.TrimSpace(addr), "<>"); internationalAddress(inner) {
		return inner
	}
	if a := firstAddress(addr); a != "" {
		return a
	}
	addr = strings.TrimSpace(addr)
	if i := strings.Index(addr, " ("); i > 0 {
		addr = addr[:i]
	}
	return strings.Trim(addr, `<>"`)
}

// decodeUTF8Addr decodes the "\x{HEX}" of utf-8-addr-xtext (RFC 6533
// section 3).
func decodeUTF8Addr(s string) string {
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(s, `\x{`)
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		digits, rest, ok := strings.Cut(after, "}")
		n, err := strconv.ParseUint(digits, 16, 21)
		if !ok || err != nil {
			b.WriteString(`\x{`)
			s = after
			continue
		}
		b.WriteRune(rune(n))
		s = rest
	}
}

// action returns one of the five actions of RFC 3464 section 2.3.3, "" for
// none and for what is unknown.
func action(value string) string {
	value, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(value)), " ")
	switch value {
	case "failed", "delayed", "delivered", "relayed", "expanded":
		return value
	case "expired", "failure", "undeliverable", "error":
		return "failed" // QUIRK: SendGrid writes "expired" when its queue gave up
	case "deliverable":
		return "delivered" // QUIRK: Postfix "sendmail -bv" reports write "deliverable"
	case "delay":
		return "delayed"
	}
	return ""
}

// diagnostic returns the text of a Diagnostic-Code without its type.
func diagnostic(value string) string {
	value = decodeWords(value)
	kind, text, ok := strings.Cut(value, ";")
	if ok && len(kind) <= 20 && !strings.ContainsAny(strings.TrimSpace(kind), " <(:") {
		value = text
	}
	return clip(strings.Join(strings.Fields(value), " "), maxText)
}

// hostOf returns the host of "dns; mail.example.com (192.0.2.1)".
func hostOf(value string) string {
	if _, host, ok := strings.Cut(value, ";"); ok {
		value = host
	}
	fields := strings.Fields(value)
	if len(fields) == 0 {
		return ""
	}
	return clip(strings.TrimSuffix(fields[0], "."), 255)
}

// dateOf reads a date (RFC 5322 section 3.3), no time when it is none.
func dateOf(value string) outcome.Time {
	if value == "" || len(value) > 128 {
		return outcome.Time{}
	}
	t, err := mail.ParseDate(value)
	if err != nil {
		if t, err = time.Parse(time.RFC3339, value); err != nil {
			return outcome.Time{}
		}
	}
	if t.Year() < 1970 || t.Year() > 2200 {
		return outcome.Time{} // beyond what outcome.Time holds
	}
	return outcome.At(t, 0)
}

// clip returns s cut to at most n bytes, at a character's beginning.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}

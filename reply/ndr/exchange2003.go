package ndr

import "strings"

// Exchange 4.0 to 2003 name each recipient, by address or display name, on a
// line that ends with a date, and indent under it what happened:
//
//	Doe, Jane on 4/29/2005 11:34 PM
//	      The e-mail account does not exist at the organization this message was sent to.
//	      <ex1.example.com #5.1.1>
//
// Up to 5.5 the last line is "MSEXCH:IMS:ORG:SITE:SERVER 0 (000C05A6) Unknown
// Recipient", where a number above 3000 is 3000 and the SMTP reply code.

func isExchange55(m *message, text string) bool {
	mailer := strings.ToLower(m.header.get("x-mailer"))
	return strings.HasPrefix(mailer, "internet mail service") || strings.Contains(mailer, "internet mail connector") ||
		strings.Contains(text, "msexch:im")
}

func isExchange2003(m *message, text string) bool {
	if m.header.has("x-dsncontext") || strings.Contains(strings.ToLower(m.header.get("x-mimeole")), "exchange v6") {
		return true
	}
	for _, line := range m.lines {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "<") && strings.Contains(line, " #") {
			if _, after, _ := strings.Cut(line, " #"); startsReply(after) && strings.Contains(text, "\t") || startsReply(after) && strings.HasSuffix(line, ">") {
				return true
			}
		}
	}
	return false
}

func readExchange2003(m *message) []block {
	var blocks []block
	for i := 0; i < len(m.lines) && len(blocks) < 2*MaxRecipients; i++ {
		b, ok := datedLead(m.lines[i])
		if !ok || i+1 >= len(m.lines) {
			continue
		}
		end := i + 1
		for ; end < len(m.lines); end++ {
			if _, next := datedLead(m.lines[end]); next {
				break
			}
		}
		b.text = blockText(&b, "", m.lines[i+1:end])
		if b.text == "" {
			continue
		}
		if b.Address == "" {
			// The quoted reply may bear the address.
			b.Address = firstAddress(b.text)
		}
		b.Text, b.reporting = exchange2003Text(b.text)
		blocks = append(blocks, b)
		i = end - 1
	}
	return blocks
}

// datedLead reads "a@example.com on DATE" and "Doe, Jane on DATE".
func datedLead(line string) (b block, ok bool) {
	if l, ok := leadAddress(line); ok {
		b.Address = l.addr
		return b, l.strict && l.rest == "" && !strings.HasSuffix(strings.TrimSpace(line), l.addr)
	}
	s := strings.TrimSpace(line)
	if len(s) > 300 || strings.Contains(s, "@") {
		return b, false
	}
	// The date begins at the first digit that follows a short word.
	for i := 1; i < len(s); i++ {
		if !digit(s[i]) && !capitalAfterBlank(s, i) || s[i-1] != ' ' {
			continue
		}
		name := strings.TrimSpace(s[:i])
		space := strings.LastIndexByte(name, ' ')
		if space <= 0 || len(name)-space > 8 || !onDate(name[space+1:]+" "+s[i:]) {
			continue
		}
		if strings.HasSuffix(name[:space], ":") || strings.Contains(name[:space], ": ") {
			return b, false // "Sent: …"
		}
		b.Name = strings.Trim(name[:space], " '\"")
		return b, true
	}
	return b, false
}

// capitalAfterBlank: the date may begin with a weekday.
func capitalAfterBlank(s string, i int) bool {
	return s[i] >= 'A' && s[i] <= 'Z' && i+4 < len(s) && (s[i+3] == ',' || s[i+3] == ' ') && dayNames[s[i:i+3]]
}

var dayNames = map[string]bool{"Mon": true, "Tue": true, "Wed": true, "Thu": true, "Fri": true, "Sat": true, "Sun": true}

// exchange2003Text returns the reply within "<server #5.5.0 smtp;550 …>" with
// the sentence before it, and the server; "" when there is no such thing.
func exchange2003Text(text string) (reply, server string) {
	open := strings.LastIndexByte(text, '<')
	for open >= 0 {
		inner := text[open+1:]
		if _, after, ok := strings.Cut(clip(inner, 300), "#"); ok && startsReply(after) {
			hash := strings.IndexByte(inner, '#')
			if host := strings.TrimSpace(inner[:hash]); isHost(host) {
				server = host
			}
			reply = strings.TrimSuffix(strings.TrimSpace(inner[hash+1:]), ">")
			return squeeze(reply + " " + text[:open]), server
		}
		open = strings.LastIndexByte(text[:open], '<')
	}
	return "", ""
}

package ndr

import (
	"slices"
	"strings"
)

// readBlocks reads texts that name a recipient at the beginning of a line and
// then say what happened, as nearly all do.
func readBlocks(m *message) []block {
	if strict := scanBlocks(m, m.lines, true); len(strict) > 0 {
		return strict
	}
	return scanBlocks(m, m.lines, false)
}

// scanBlocks reads the blocks whose addresses are set off from what follows,
// or if not strict, those that words follow; then the reader's own address,
// with which a letter may begin, is none.
func scanBlocks(m *message, lines []string, strict bool) []block {
	var blocks []block
	for i := 0; i < len(lines) && len(blocks) < 2*MaxRecipients; {
		l, ok := leadAddress(lines[i])
		if !ok || strict && !l.strict || !strict && (l.rest == "" || m.own[strings.ToLower(l.addr)]) {
			i++
			continue
		}
		end := blockEnd(lines, i, l, strict)
		b := block{Recipient: Recipient{Address: l.addr}}
		b.text = blockText(&b, l.rest, lines[i+1:end])
		blocks = append(blocks, b)
		i = end
	}
	return blocks
}

// blockEnd returns the line after those about the recipient at line i.
func blockEnd(lines []string, i int, l lead, strict bool) int {
	indent := indentOf(lines[i])
	j := i + 1
	if j < len(lines) && strings.TrimSpace(lines[j]) != "" && indentOf(lines[j]) > indent {
		// The text is indented under the address.
		for ; j < len(lines); j++ {
			if strings.TrimSpace(lines[j]) == "" || indentOf(lines[j]) > indent {
				continue
			}
			if !strings.HasPrefix(lines[j], ">>> ") && !strings.HasPrefix(lines[j], "<<< ") { // Courier
				break
			}
		}
		return j
	}
	said := l.rest != ""
	for ; j < len(lines); j++ {
		if strings.TrimSpace(lines[j]) == "" {
			if said && (l.rest != "" || !strict || strings.HasSuffix(strings.TrimSpace(lines[i]), ":")) {
				return j // the paragraph that began with the address is over
			}
			continue
		}
		if next, ok := leadAddress(lines[j]); ok && (next.strict || !strict) {
			return j
		}
		said = true
	}
	return j
}

func indentOf(line string) int {
	n := 0
	for _, c := range []byte(line) {
		switch c {
		case ' ':
			n++
		case '\t':
			n += 8
		default:
			return n
		}
	}
	return n
}

// blockText joins the lines of a block and takes out what is no part of the
// reason.
func blockText(b *block, rest string, lines []string) string {
	var s strings.Builder
	s.WriteString(rest)
	for _, line := range lines {
		if s.Len() > maxText {
			break
		}
		trimmed := strings.TrimSpace(line)
		if inner, ok := strings.CutPrefix(trimmed, "(ultimately generated from "); ok {
			// Exim: the address before its aliases were expanded.
			b.Original = firstAddress(inner)
			continue
		}
		if strings.HasPrefix(trimmed, "The MTS-ID of the original message") || strings.HasPrefix(trimmed, ";l=") {
			continue // Exchange 5.5: an X.400 id, which may be wrapped
		}
		s.WriteByte('\n')
		s.WriteString(trimmed)
	}
	return strings.TrimSpace(s.String())
}

// labels that stand before addresses which are not the recipient's.
var otherLabels = map[string]bool{
	"from": true, "to": true, "cc": true, "bcc": true, "sender": true, "return-path": true, "reply-to": true, "von": true, "an": true, "de": true,
	"da": true, "a": true, "van": true, "aan": true, "para": true, "à": true, "envelope-from": true, "mail from": true, "return path": true,
	"absender": true, "expéditeur": true, "mittente": true, "remitente": true, "afzender": true, "original sender": true, "message-id": true,
	"contact": true, "email": true, "e-mail": true, "errors-to": true, "delivered-to": true, "original-recipient": true,
}

// senderWords stand in labels of the sender's address.
var senderWords = []string{"sender", "absender", "expéditeur", "mittente", "remitente", "afzender", "remetente", "avsändare", "nadawc", "отправител", "送信者", "发件人"}

// readLabels reads "Recipient address: a@example.com" and the lines under it,
// of which "Diagnostic code:" and "Reason:" tell the reason.
func readLabels(m *message) []block {
	var blocks []block
	for i := 0; i < len(m.lines) && len(blocks) < 2*MaxRecipients; i++ {
		addr, ok := labelled(m.lines[i])
		if !ok {
			continue
		}
		b := block{Recipient: Recipient{Address: addr}}
		j := i + 1
		for ; j < len(m.lines); j++ {
			if _, next := labelled(m.lines[j]); next || len(b.text) > maxText {
				break
			}
			label, value, _ := strings.Cut(strings.TrimSpace(m.lines[j]), ":")
			switch strings.ToLower(label) {
			case "diagnostic code", "diagnostic-code", "reported error":
				b.Text = diagnostic(strings.TrimSpace(value))
			case "remote system", "remote-mta":
				b.RemoteMTA = hostOf(value)
			case "original address":
				b.Original = firstAddress(value)
			default:
				b.text += strings.TrimSpace(m.lines[j]) + "\n"
			}
		}
		if strings.TrimSpace(b.text) == "" && i > 0 {
			// "User mailbox exceeds allowed size: a@example.com"
			b.text = strings.TrimSpace(m.lines[i])
		}
		blocks = append(blocks, b)
		i = j - 1
	}
	return blocks
}

// labelled reads a line of a label and an address and nothing else.
func labelled(line string) (addr string, ok bool) {
	s := strings.TrimSpace(line)
	colon := strings.IndexByte(s, ':')
	if colon <= 0 || colon > 80 || len(s) > 80+maxAddress {
		return "", false
	}
	label := strings.ToLower(strings.TrimSpace(s[:colon]))
	if otherLabels[label] || containsOneOf(label, senderWords) {
		return "", false
	}
	start, end, found := nextAddress(s, colon+1)
	if !found || strings.Trim(s[colon+1:start], " <\"'") != "" || strings.Trim(s[end:], " >\"'.") != "" {
		return "", false
	}
	return s[start:end], true
}

// readSentence reads texts that name the recipient amid a sentence. Of several
// addresses those count that the original message was written to, else the
// first that is not the sender's or the mail system's.
func readSentence(m *message) []block {
	wanted := map[string]bool{}
	for _, a := range m.recipientsOfOriginal() {
		wanted[strings.ToLower(a)] = true
	}
	var found, first []block
	for i, line := range m.lines {
		if i == 2000 || len(found) == MaxRecipients {
			break
		}
		for _, a := range addresses(clip(line, 4*maxText), 100) {
			key := strings.ToLower(a)
			b := block{Recipient: Recipient{Address: a}, text: paragraph(m.lines, i)}
			switch {
			case wanted[key]:
				found = append(found, b)
			case first == nil && !m.own[key] && !systemAddress(key):
				first = append(first, b)
			}
		}
	}
	if len(found) == 0 {
		found = first
	}
	if len(found) == 1 {
		// All that follows is about the one.
		at := slices.IndexFunc(m.lines, func(l string) bool { return strings.Contains(l, found[0].Address) })
		found[0].text = clip(strings.Join(m.lines[at:], "\n"), maxText)
	}
	return found
}

// systemAddress tells whether a is where people are told to write to.
func systemAddress(a string) bool {
	local, _, _ := strings.Cut(a, "@")
	switch local {
	case "postmaster", "mailer-daemon", "abuse", "support", "help", "helpdesk", "hostmaster", "webmaster", "noreply", "no-reply", "info", "admin", "delist", "removals":
		return true
	}
	return false
}

// paragraph returns the lines from line i to the next blank line, and when
// the last of them ends in a colon the ones after that too.
func paragraph(lines []string, i int) string {
	var b strings.Builder
	for colon := false; i < len(lines) && b.Len() < maxText; i++ {
		line := strings.TrimSpace(lines[i])
		if line == "" && !colon && b.Len() > 0 {
			break
		}
		if line != "" {
			colon = strings.HasSuffix(line, ":")
		}
		b.WriteString(line)
		b.WriteByte('\n')
	}
	return b.String()
}

package ndr

import "strings"

// Exchange 2007 and later, and Exchange Online, write a block for
// administrators under the text for people. Its words are translated, its
// form is not:
//
//	Generating server: host
//
//	recipient@example.com
//	remote.example.com #550 5.1.1 User unknown ##rfc822;original@example.com
//
// and since 2013
//
//	recipient@example.com
//	remote.example.com
//	Remote Server returned '550 5.1.1 User unknown'

func isExchange(m *message, text string) bool {
	return m.header.has("x-ms-exchange-message-is-ndr") || strings.Contains(text, "\ngenerating server: ") ||
		generatingServer(m.lines) != ""
}

func isExchangeOnline(m *message, text string) bool {
	return isExchange(m, text) && (strings.Contains(text, ".prod.outlook.com") || strings.Contains(text, ".protection.outlook.com"))
}

// generatingServer returns the host of the line above the first recipient.
func generatingServer(lines []string) string {
	for i := range lines {
		if _, ok := diagnosticStart(lines[i]); !ok {
			continue
		}
		at := recipientLine(lines, i)
		if at < 0 {
			continue
		}
		for j := at - 1; j >= 0 && j > at-200; j-- {
			line := strings.TrimSpace(lines[j])
			if line == "" {
				continue
			}
			_, host, ok := strings.Cut(strings.ReplaceAll(line, "：", ":"), ":")
			host = strings.TrimSpace(host)
			if ok && isHost(host) {
				return host
			}
			if strings.HasPrefix(line, "#") || strings.Contains(line, "returned '") || isHost(line) || strings.Contains(line, "@") {
				continue // the recipient before
			}
			break
		}
		return ""
	}
	return ""
}

// isHost tells whether s is a host name, a single label too.
func isHost(s string) bool {
	if s == "" || len(s) > 255 {
		return false
	}
	for i := range len(s) {
		if !alnum(s[i]) && strings.IndexByte(".-_", s[i]) < 0 {
			return false
		}
	}
	return true
}

func readExchange(m *message) []block {
	var blocks []block
	for i := 0; i < len(m.lines) && len(blocks) < 2*MaxRecipients; i++ {
		if _, ok := diagnosticStart(m.lines[i]); !ok {
			continue
		}
		at := recipientLine(m.lines, i)
		if at < 0 {
			continue
		}
		text, remote, end := exchangeDiagnostic(m.lines, i)
		l, _ := leadAddress(m.lines[at])
		b := block{Recipient: Recipient{Address: l.addr, RemoteMTA: remote}}
		if b.Address == "" {
			b.Name = clip(strings.TrimSpace(m.lines[at]), 256)
		}
		if b.RemoteMTA == "" && at+1 < i && isHost(strings.TrimSpace(m.lines[at+1])) {
			b.RemoteMTA = strings.TrimSpace(m.lines[at+1])
		}
		if before, orig, cut := strings.Cut(text, "##"); cut {
			text = before
			if o := statusAddress(orig); strings.Contains(o, "@") && !strings.EqualFold(o, b.Address) {
				b.Original = o
			}
		}
		text = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text), "#SMTP#"))
		b.Text = squeeze(strings.TrimPrefix(text, "smtp;"))
		blocks = append(blocks, b)
		i = end - 1
	}
	return blocks
}

// recipientLine returns the line of the recipient whose diagnostic begins at
// line i, or -1: the nearest above that is an address, no further than the
// line of a remote host between the two.
func recipientLine(lines []string, i int) int {
	for j := i - 1; j >= 0 && j >= i-3; j-- {
		line := strings.TrimSpace(lines[j])
		if line == "" {
			if j == i-1 {
				continue
			}
			return -1
		}
		if l, ok := leadAddress(line); ok && l.strict && l.rest == "" {
			return j
		}
		// An X.500 address, encapsulated (IMCEAEX-_O=…) or as it stands.
		if strings.HasPrefix(line, "IMCEA") && !strings.Contains(line, " ") || len(line) > 3 && strings.EqualFold(line[:3], "/o=") {
			return j
		}
	}
	return -1
}

// diagnosticStart tells whether a diagnostic begins on the line, and returns
// where its "#" or opening quote stands: "#550 …", "host #550 …",
// "#< #5.1.1 smtp;550 …>" or "… returned '550 …'".
func diagnosticStart(line string) (at int, ok bool) {
	line = strings.TrimSpace(line)
	if hash := strings.IndexByte(line, '#'); hash >= 0 && hash < 256 && startsReply(line[hash+1:]) {
		if before := strings.TrimSpace(line[:hash]); before == "" || isHost(before) {
			return hash, true
		}
	}
	quote := strings.Index(line, " '")
	if quote < 0 || quote > 300 || !startsReply(strings.TrimLeft(line[quote+2:], "[{<")) {
		return 0, false
	}
	return quote + 1, true
}

// exchangeDiagnostic reads the diagnostic that begins at line i.
func exchangeDiagnostic(lines []string, i int) (text, remote string, end int) {
	start, _ := diagnosticStart(lines[i])
	text, end = joinParagraph(lines, i)
	before, quoted := strings.TrimSpace(text[:start]), text[start] == '\''
	text = strings.TrimSpace(text[start+1:])
	if !quoted {
		return text, before, end
	}
	if next := strings.Index(text, "returned '"); next > 0 { // the attempts before it
		text = text[:next]
	}
	if last := strings.LastIndexByte(text, '\''); last > 0 {
		text = text[:last]
	}
	if open := strings.LastIndex(before, " ("); open > 0 { // "Server at HOST (IP) returned"
		if fields := strings.Fields(before[:open]); len(fields) > 0 && strings.Contains(fields[len(fields)-1], ".") {
			remote = fields[len(fields)-1]
		}
	}
	return text, remote, end
}

// startsReply tells whether s begins with a reply code, an enhanced code, or
// either in what Exchange wraps replies in.
func startsReply(s string) bool {
	s = strings.TrimLeft(s, "< #")
	if len(s) < 5 || s[0] != '4' && s[0] != '5' && s[0] != '2' {
		return false
	}
	return digit(s[1]) && digit(s[2]) && (s[3] == ' ' || s[3] == '-') || s[1] == '.' && digit(s[2]) && strings.IndexByte(s[2:], '.') > 0
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// joinParagraph joins the lines from line i to the next blank one.
func joinParagraph(lines []string, i int) (text string, end int) {
	var b strings.Builder
	for end = i; end < len(lines); end++ {
		line := strings.TrimSpace(lines[end])
		if line == "" {
			break
		}
		if end > i {
			if l, ok := leadAddress(line); ok && l.strict && l.rest == "" {
				break // the next recipient
			}
			b.WriteByte(' ')
		}
		if b.Len() < 4*maxText {
			b.WriteString(line)
		}
	}
	return b.String(), end
}

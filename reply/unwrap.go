package reply

import "strings"

// A dissection is a logged text taken apart: its codes, and the reply inside.
type dissection struct {
	code     Code // of the outer reply
	enhanced Enhanced

	body         string // the innermost reply, the whole text when none is quoted
	quoted       bool   // body is only a part of the text
	bodyCode     Code
	bodyEnhanced Enhanced

	verb  uint8 // the command answered, as far as the text says; see verbNumber
	win32 int64 // a Win32 or Winsock error number, 0 when there is none
}

// The ways in which mail servers quote the reply of another one. What follows
// the opening words is the quoted reply, up to the closing ones where there
// are any. With code set, the reply has to begin with a code.
var wrappers = []struct {
	open, close string
	code        bool
}{
	// QUIRK: Exchange 2013 and later put the reply, the host and the time of
	// the last attempt into one field of the tracking log.
	{open: "{LED=", close: "}"},
	{open: "responded with: \"", close: "\""}, // Exchange 2007 and later
	{open: "responded with \"", close: "\""},
	{open: "responded with: ", code: true},
	{open: "target IP address: \"", close: "\""},
	{open: "on Frontend with '", close: "'"}, // Exchange 2013 and later, front end to back end
	{open: "returned '", close: "'"},         // Exchange 2013 and later, in bounce messages
	{open: " -> ", code: true},               // Exchange Online
	{open: " smtp;", close: ">", code: true}, // Exchange 2000 and 2003
	{open: " smtp; ", close: ">", code: true},
	{open: " said: "},                  // Postfix, qmail
	{open: " refused to talk to me: "}, // Postfix
	{open: "from MTA("},                // amavisd-new, see unwrap
	{open: " did not like our "},       // dma, see unwrap
	{open: "with failure: ", code: true},
	{open: "<<< "}, // sendmail
	{open: "The response was: "},
	{open: "response from the remote server was: "},
	{open: "that the other server returned was: "},
	{open: "address error '", close: "'"}, // Oracle and Amazon, around a reply without a code
}

// maxDepth is how many replies may be quoted inside each other.
const maxDepth = 6

// What mail servers put behind a quoted reply.
var trailers = []string{
	" (in reply to ", " Attempted failover to alternate host", " Giving up on ",
	"I'm not going to try again", "};{", " [LastAttemptedServer",
}

// dissect takes a text apart.
func dissect(text string) dissection {
	if len(text) > maxText {
		text = text[:maxText]
	}
	text = strings.TrimSpace(text)
	var d dissection
	lead := skipLead(text)
	d.code, d.enhanced = leadingCodes(lead)
	marks := marksIn(text)
	d.verb = answered(marks)
	d.body = text
	// A go-ahead, or the first line of a reply of several, may have a failure
	// behind it.
	if d.code.Class() == OK && d.code != 354 && !(len(lead) > 3 && lead[3] == '-') {
		d.bodyCode, d.bodyEnhanced = d.code, d.enhanced
		return d
	}
	for range maxDepth {
		inner, ok := unwrap(d.body, marks)
		if !ok {
			break
		}
		d.body, d.quoted = inner, true
	}
	body := skipLead(d.body)
	d.bodyCode, d.bodyEnhanced = leadingCodes(body)
	if d.bodyCode == 0 || d.bodyCode.Class() == OK {
		if i := embeddedCode(d.body); i >= 0 {
			d.body, d.quoted = d.body[i:], true
			code, enhanced := leadingCodes(d.body)
			d.bodyCode = code
			if d.bodyEnhanced.IsZero() || !enhanced.IsZero() {
				d.bodyEnhanced = enhanced
			}
		}
	}
	d.body = trimTrailer(d.body, marks)
	if d.code == 0 || d.code.Class() == OK {
		if d.bodyCode != 0 {
			d.code = d.bodyCode
		}
		if d.enhanced.IsZero() {
			d.enhanced = d.bodyEnhanced
		}
	}
	if d.enhanced.IsZero() {
		d.enhanced = hashedCode(text)
	}
	if marks.has(len(wrappers) + len(trailers) + len(verbMarks)) {
		d.win32 = errorNumber(d.body)
	}
	if d.bodyCode == 0 {
		d.bodyCode = d.code
	}
	if d.bodyEnhanced.IsZero() {
		d.bodyEnhanced = d.enhanced
	}
	return d
}

// skipLead drops what logs and bounce messages put before a reply.
func skipLead(s string) string {
	for {
		t := strings.TrimLeft(s, " \t\r\n#<>[]{}\"'")
		for _, p := range [...]string{"LED=", "smtp;", "SMTP;", "lmtp;", "x-unix;", "SMTP:", "smtp:"} {
			t = strings.TrimPrefix(t, p)
		}
		if len(t) == len(s) {
			return s
		}
		s = t
	}
}

// leadingCodes reads the codes that s begins with: "550 5.1.1", "550-5.1.1",
// "550 #5.1.1", "5.1.1".
func leadingCodes(s string) (Code, Enhanced) {
	if len(s) > 16 {
		s = s[:16]
	}
	code, ok := ParseCode([]byte(s))
	if ok {
		s = s[3:]
		if len(s) > 0 && letterOrDigit(s[0]) || strings.HasPrefix(s, ".") {
			return 0, Enhanced{}
		}
		s = strings.TrimLeft(s, " -#:(['")
	}
	var buf [17]byte
	// The cut must not turn "5.1.100 x" into another code.
	e, n := ParseEnhanced(append(buf[:0], s...))
	if n == 0 {
		return code, Enhanced{}
	}
	return code, e
}

// unwrap returns the reply that s quotes, if it does.
func unwrap(s string, marks markSet) (string, bool) {
	best, at := -1, len(s)
	for i := range wrappers {
		if !marks.has(i) {
			continue
		}
		w := &wrappers[i]
		j := strings.Index(s[:at], w.open)
		for from := 0; j >= 0 && w.code; {
			if code, _ := leadingCodes(s[j+len(w.open):]); code != 0 {
				break
			}
			from = j + 1
			k := strings.Index(s[from:at], w.open)
			if k < 0 {
				j = -1
				break
			}
			j = from + k
		}
		if j >= 0 {
			best, at = i, j
		}
	}
	if best < 0 {
		return "", false
	}
	w := &wrappers[best]
	inner := s[at+len(w.open):]
	switch w.open {
	case "from MTA(":
		_, rest, ok := strings.Cut(inner, "): ")
		if !ok {
			return "", false
		}
		inner = rest
	case " did not like our ":
		_, rest, ok := strings.Cut(inner, ":")
		if !ok {
			return "", false
		}
		inner = rest
	case "<<< ":
		if code, _ := leadingCodes(inner); !code.Class().Failed() {
			return "", false
		}
	}
	if w.close != "" {
		inner = inner[:closing(inner, w.close)]
	}
	inner = strings.TrimSpace(inner)
	return inner, len(inner) > 2
}

// closing returns where the quotation ends: at the closing sign that no letter
// or digit follows, else at the end.
func closing(s, sign string) int {
	for from := 0; ; {
		i := strings.Index(s[from:], sign)
		if i < 0 {
			return len(s)
		}
		end := from + i + len(sign)
		if end == len(s) || !letterOrDigit(s[end]) {
			return from + i
		}
		from = end
	}
}

func trimTrailer(s string, marks markSet) string {
	for n, t := range trailers {
		if !marks.has(len(wrappers) + n) {
			continue
		}
		if i := strings.Index(s, t); i > 0 {
			s = s[:i]
		}
	}
	return strings.TrimSpace(s)
}

// embeddedCode returns where in s, which does not begin with a failure code, a
// reply with one begins, or -1.
func embeddedCode(s string) int {
	weak := -1
	for i := 1; i+4 < len(s); i++ {
		if s[i] != '4' && s[i] != '5' || !digit(s[i+1]) || !digit(s[i+2]) || s[i+3] != ' ' && s[i+3] != '-' {
			continue
		}
		before, rest := s[i-1], s[i+4:]
		if letterOrDigit(before) || before == '.' || before == '-' || before == '@' || before == '=' {
			continue
		}
		if e := strings.TrimLeft(rest, "#"); enhancedStart(e) {
			if _, e := leadingCodes(s[i:]); !e.IsZero() {
				return i
			}
		}
		opened := before != ' ' || i > 1 && strings.IndexByte(":;'\">", s[i-2]) >= 0
		next := rest[0]
		switch {
		case opened && (letterOrDigit(next) || next == '<' || next == '\'' || next == '"' || next == '-'):
			return i
		case weak >= 0 || sizeUnit(rest):
		case next >= 'A' && next <= 'Z' || strings.IndexByte("<:'\"", next) >= 0 || s[i+1] == '5' || s[i] == '4' && s[i+1] == '2':
			weak = i
		}
	}
	return weak
}

func sizeUnit(s string) bool {
	for _, u := range [...]string{"KB", "MB", "GB", "Bytes", "Kb", "Mb", "bytes", "kb", "mb", "messages", "recipients", "for "} {
		if strings.HasPrefix(s, u) {
			return true
		}
	}
	return false
}

// hashedCode returns an enhanced code that stands behind "#" somewhere in s,
// the way of qmail and Exchange 2000: "(#5.1.1)".
func hashedCode(s string) Enhanced {
	for {
		i := strings.IndexByte(s, '#')
		if i < 0 {
			return Enhanced{}
		}
		s = s[i+1:]
		if _, e := leadingCodes(s); !e.IsZero() {
			return e
		}
	}
}

// Package reply says what an SMTP reply means: its three-digit code, its
// enhanced status code, its class, the reason for a refusal and who has to act.
//
// The package does no I/O and depends on nothing else in this module, so that
// a mail server, a log shipper or a queue viewer can use it alone. What runs
// for every line of a log ([ParseLine], [ParseCode], [ParseEnhanced]) does not
// allocate.
package reply

import "strings"

// Direction says on which side of the SMTP connection the reply was logged.
type Direction uint8

// The directions.
const (
	DirectionUnknown Direction = iota
	Inbound                    // the logging server was the SMTP server: it gave the reply
	Outbound                   // the logging server was the client: it was given the reply
)

var directionNames = [...]string{"", "inbound", "outbound"}

// String returns "inbound", "outbound" or "".
func (d Direction) String() string {
	if int(d) < len(directionNames) {
		return directionNames[d]
	}
	return ""
}

// A Line is one line of a reply (RFC 5321 section 4.2), split into its parts.
// Text is a part of the bytes that were parsed.
type Line struct {
	Code     Code
	More     bool     // "250-": another line of the same reply follows
	Enhanced Enhanced // zero when there is none
	Text     []byte   // what stands behind the codes
}

// ParseLine splits one line of a reply. It fails when the line does not begin
// with a code that the end, a blank or a hyphen follows.
func ParseLine(b []byte) (Line, bool) {
	code, more, enhanced := ParseCodes(b)
	if code == 0 || len(b) == 3 {
		return Line{Code: code}, code != 0
	}
	text := skipBlanks(b[4:])
	if !enhanced.IsZero() {
		_, n := ParseEnhanced(text)
		text = skipBlanks(text[n:])
	}
	return Line{code, more, enhanced, text}, true
}

// ParseCodes is ParseLine for the codes alone, which costs less. code is 0 where
// ParseLine fails.
func ParseCodes(b []byte) (code Code, more bool, enhanced Enhanced) {
	if len(b) < 4 {
		code, _ = ParseCode(b)
		return code, false, Enhanced{}
	}
	first, second, third := b[0]-'2', b[1]-'0', b[2]-'0'
	more = b[3] == '-'
	if first > 3 || second > 9 || third > 9 || !more && b[3] != ' ' && b[3] != '\t' {
		return 0, false, Enhanced{}
	}
	code = 200 + 100*Code(first) + 10*Code(second) + Code(third)
	// RFC 2034 section 3: an enhanced code of another class than the reply's is
	// an error, but servers do send it ("550 4.4.7"), so it is kept.
	if b = skipBlanks(b[4:]); len(b) > 1 && b[1] == '.' {
		enhanced, _ = ParseEnhanced(b)
	}
	return code, more, enhanced
}

func skipBlanks(b []byte) []byte {
	for len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	return b
}

// A Reply is one whole reply, of one line or several.
type Reply struct {
	Code     Code
	Enhanced Enhanced
	Text     string // the lines' texts without the codes, joined with "\n"
}

// Parse reads one reply, of several lines when text has several. The code is
// that of the last line, the enhanced code the first that a line bears. A line
// without a code continues the text of the one before, as in the logs that
// fold them. A text that does not begin with a code is a Reply without one.
func Parse(text string) Reply {
	var r Reply
	var texts []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		l, ok := ParseLine([]byte(line))
		if !ok {
			b := []byte(line)
			e, n := ParseEnhanced(b)
			if n > 0 && r.Code == 0 && r.Enhanced.IsZero() {
				r.Enhanced = e
				line = strings.TrimLeft(line[n:], " ")
			}
			texts = append(texts, line)
			continue
		}
		r.Code = l.Code
		if r.Enhanced.IsZero() {
			r.Enhanced = l.Enhanced
		}
		texts = append(texts, string(l.Text))
	}
	r.Text = strings.Join(texts, "\n")
	return r
}

// Class returns the class of the code, or where there is no code that of the
// enhanced code. The two disagree now and then; the three-digit code is what
// mail servers act on.
func (r Reply) Class() Class {
	if r.Code != 0 {
		return r.Code.Class()
	}
	return r.Enhanced.Class()
}

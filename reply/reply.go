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
	code, more, enhanced, text := split(b)
	return Line{code, more, enhanced, text}, code != 0
}

// ParseCodes is ParseLine for the codes alone, which costs less. code is 0 where
// ParseLine fails.
func ParseCodes(b []byte) (code Code, more bool, enhanced Enhanced) {
	code, more, enhanced, _ = split(b)
	return code, more, enhanced
}

func split(b []byte) (code Code, more bool, enhanced Enhanced, text []byte) {
	code, ok := ParseCode(b)
	if !ok || len(b) > 3 && b[3] != ' ' && b[3] != '-' && b[3] != '\t' {
		return 0, false, Enhanced{}, nil
	}
	if len(b) == 3 {
		return code, false, Enhanced{}, nil
	}
	more = b[3] == '-'
	text = skipBlanks(b[4:])
	// RFC 2034 section 3: an enhanced code of another class than the reply's is
	// an error, but servers do send it ("550 4.4.7"), so it is kept.
	enhanced, n := ParseEnhanced(text)
	if n > 0 {
		text = skipBlanks(text[n:])
	}
	return code, more, enhanced, text
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

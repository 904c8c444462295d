package logparse

import (
	"bytes"

	"github.com/smtplog/smtplog/reply"
)

// maxRecordText bounds what is kept of a record that goes over several lines.
// The Internet Mail Service logs whole messages; their lines are counted, but
// those beyond the bound are not kept.
const maxRecordText = 64 << 10

// A textRecord collects the lines of a record in logs that are plain text: it
// goes on until a line begins a new one or is blank.
type textRecord struct {
	lines *lineScanner
	text  []byte // the lines joined with "\n"
	first int    // length of the first
}

// begin makes line the first of the record and takes the lines that go on with
// it. line need not outlive the call.
func (t *textRecord) begin(line []byte, starts func(line []byte) bool) {
	// Peeking moves the scanner's buffer, so even a single line is copied.
	t.text = append(t.text[:0], line...)
	t.first = len(line)
	full := false
	for {
		line, ok := t.lines.peek()
		if !ok || allBlanks(line) || starts(line) {
			return
		}
		t.lines.next()
		if full = full || len(t.text)+1+len(line) > maxRecordText; !full {
			t.text = append(append(t.text, '\n'), line...)
		}
	}
}

func allBlanks(b []byte) bool { return skipBlanks(b, 0) == len(b) }

// setCommand makes e the command that line is.
func (e *Event) setCommand(line []byte) {
	e.Kind = KindCommand
	e.Verb, e.VerbText, e.Arg = SplitCommand(line)
	if len(e.VerbText) == 0 {
		e.VerbText = nil
	}
	if len(e.Arg) == 0 {
		e.Arg = nil
	}
}

// setReply makes e the reply that text is, one line or all of them joined with
// "\n". Lines behind the reply's last are text that was folded.
func (e *Event) setReply(text []byte) {
	e.Kind = KindReply
	e.Text = text
	for rest := text; ; {
		line, more := rest, false
		if i := bytes.IndexByte(rest, '\n'); i >= 0 {
			line, rest, more = rest[:i], rest[i+1:], true
		}
		if code, another, enhanced := reply.ParseCodes(line); code != 0 && (e.Code == 0 || e.Code == code) {
			e.Code, e.More = code, another
			if e.Enhanced.IsZero() {
				e.Enhanced = enhanced
			}
		} else if e.Code == 0 {
			return
		}
		if !more || !e.More {
			return
		}
	}
}

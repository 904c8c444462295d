package logparse

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/smtplog/smtplog/reply/outcome"
)

// outlookRows reads the Smtp.log of Outlook Express and Internet Mail and News
// (KB Q155455): a mail client's sessions, one after the other, in local time
// without a date on the lines.
type outlookRows struct {
	lines  *lineScanner
	opt    *Options
	record textRecord
	began  bool // there was a line with text

	day    int64 // midnight of the day that the rows are of, in seconds of civil time
	dated  bool  // a header line gave the day
	last   int64 // seconds since midnight of the row before
	remote []byte
}

func newOutlookSMTP(lines *lineScanner, opt *Options, found Detection) rowReader {
	return &outlookRows{lines: lines, opt: opt, record: textRecord{lines: lines}}
}

// outlookLayout names the parts of a line.
var outlookLayout = &layout{
	names: []string{"time", "type", "text"},
	split: func(row []byte, yield func(value []byte) bool) {
		_, _, text := parseOutlookRow(row)
		const clock, tag = len(outlookPrefix), len(outlookPrefix) + len("00:00:00 ")
		if yield(row[clock:tag-1]) && yield(row[tag:tag+4]) {
			yield(row[text:])
		}
	},
}

const outlookPrefix = "SMTP: "

// parseOutlookRow reads "SMTP: 11:20:01 [rx] " and returns the seconds since
// midnight, the tag and where the text begins, 0 for another line.
func parseOutlookRow(line []byte) (second int64, tag string, text int) {
	const clock = len(outlookPrefix)
	if len(line) < clock+len("00:00:00 [rx]") || line[clock+8] != ' ' ||
		string(line[:clock]) != outlookPrefix && !hasPrefixFold(line, outlookPrefix) {
		return 0, "", 0
	}
	t, ok := plainClock(line[clock : clock+8])
	if !ok {
		n := 0
		if t, n = imsClock(line[clock : clock+8]); n != 8 {
			return 0, "", 0
		}
	}
	text = clock + len("00:00:00 [rx]")
	for _, tag = range [...]string{"[rx]", "[tx]", "[db]"} {
		if string(line[clock+9:text]) == tag {
			if text < len(line) && line[text] == ' ' {
				text++
			}
			return int64(t), tag, text
		}
	}
	return 0, "", 0
}

// plainClock reads "11:44:31" as seconds since midnight. ok is false for any
// other time of day.
func plainClock(b []byte) (second int, ok bool) {
	if b[2] != ':' || b[5] != ':' {
		return 0, false
	}
	for i := 0; i < 8; i += 3 {
		tens, ones := b[i]-'0', b[i+1]-'0'
		if tens > 5 || ones > 9 {
			return 0, false
		}
		second = second*60 + int(tens)*10 + int(ones)
	}
	return second, second < 24*3600
}

// outlookPrograms begin the line that names the program.
var outlookPrograms = [...]string{"OUTLOOK EXPRESS", "MICROSOFT OUTLOOK", "INTERNET MAIL", "MICROSOFT INTERNET MAIL",
	"WINDOWS MAIL", "WINDOWS LIVE MAIL", "MICROSOFT WINDOWS MAIL"}

const (
	outlookStarted   = "SMTP LOG STARTED AT "
	outlookConnected = "Connecting to '"
)

// outlookHeader reports whether a line is a header: it names the program, or
// says when the log was started.
func outlookHeader(line []byte) bool {
	if hasPrefixFold(line, outlookStarted) {
		return true
	}
	for _, p := range outlookPrograms {
		if hasPrefixFold(line, p) {
			return true
		}
	}
	return false
}

// outlookStranger names the protocol of a line of the same client's other
// logs, "" for any other line.
func outlookStranger(line []byte) string {
	for _, p := range [...]string{"POP3: ", "IMAP4: ", "IMAP: ", "NNTP: ", "HTTP: "} {
		if hasPrefixFold(line, p) {
			return strings.TrimRight(p, ": ")
		}
	}
	return ""
}

func outlookStarts(line []byte) bool {
	_, _, text := parseOutlookRow(line)
	return text > 0 || outlookHeader(line) || outlookStranger(line) != ""
}

func (r *outlookRows) next(rec *Record) (lineClass, string) {
	line, ok := r.lines.next()
	switch {
	case !ok:
		return lineEnd, ""
	case allBlanks(line):
		return lineBlank, ""
	case r.lines.tooLong:
		return lineMalformed, fmt.Sprintf("line longer than %d bytes", r.lines.max)
	}
	second, tag, text := parseOutlookRow(line)
	first := !r.began
	r.began = true
	switch {
	case text > 0:
	case outlookHeader(line):
		r.start(line)
		return lineHeader, ""
	case first: // the name of a program not known here
		return lineHeader, ""
	case outlookStranger(line) != "":
		return lineMalformed, "a line of " + outlookStranger(line)
	case len(r.record.text) > 0:
		return lineContinuation, ""
	default:
		return lineMalformed, "line without a time before the first record"
	}
	r.record.begin(line, outlookStarts)
	rec.raw = r.record.text
	rec.layout = outlookLayout
	rec.Time = r.time(second)
	r.event(&rec.Event, tag, text)
	return lineRecord, ""
}

// start reads a header line, "SMTP Log started at 07/09/2005 11:20:01": there
// the rows' date comes from.
func (r *outlookRows) start(line []byte) {
	if !hasPrefixFold(line, outlookStarted) {
		return
	}
	r.remote = r.remote[:0]
	r.dated = false
	stamp, end := parseStamp(line[len(outlookStarted):])
	if end == 0 {
		return
	}
	order := r.opt.DateOrder
	if order == AnyOrder {
		order = MDY // whatever the locale
	}
	r.day, r.dated = stamp.day(order)
	r.last = int64(stamp.second)
}

// time returns the moment of a row. A clock that goes back by more than half a
// day has passed midnight.
func (r *outlookRows) time(second int64) outcome.Time {
	if !r.dated {
		return outcome.Time{}
	}
	if second+12*3600 < r.last {
		r.day += 24 * 3600
	}
	r.last = second
	return outcome.Unix(localToUTC(r.day+second, r.opt.Location)*1e9, 0)
}

func (r *outlookRows) event(e *Event, tag string, text int) {
	first := trimBlanksBehind(r.record.text[text:r.record.first])
	whole := r.record.text[text:]
	switch tag {
	case "[rx]":
		e.setReply(whole)
	case "[tx]":
		e.setCommand(first)
	default:
		e.Kind = KindInfo
		if r.connecting(first) {
			e.Kind = KindConnect
		}
		e.Text = whole
	}
	e.Direction = outcome.Outbound
	if len(r.remote) > 0 {
		e.Remote = r.remote
	}
}

// connecting reads "Connecting to 'smtp.example.net' on port 25." and keeps
// the peer for the rows that follow.
func (r *outlookRows) connecting(text []byte) bool {
	rest, ok := bytes.CutPrefix(text, []byte(outlookConnected))
	if !ok {
		return false
	}
	host, rest, ok := bytes.Cut(rest, []byte{'\''})
	if !ok {
		return false
	}
	r.remote = append(r.remote[:0], host...)
	if _, port, ok := bytes.Cut(rest, []byte("on port ")); ok {
		if port = bytes.TrimRight(port, ". "); digitsOnly(port) {
			r.remote = append(append(r.remote, ':'), port...)
		}
	}
	return true
}

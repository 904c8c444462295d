package logparse

import (
	"bytes"
	"fmt"

	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// imsRows reads the "SMTP Protocol Log" of the Internet Mail Connector and
// Service of Exchange 4.0 to 5.5 (KB Q154505, Q193534): dated lines of text,
// the connections of one worker thread one after the other. At the level
// Maximum the text of incoming messages follows DATA, as lines without a date.
type imsRows struct {
	lines  *lineScanner
	clock  imsClockReader
	record textRecord
	begun  bool // there was a record, so that lines without a date go on with it
	starts func(line []byte) bool

	// The connection that the lines are of.
	direction outcome.Direction
	remote    []byte
	data      bool // the go-ahead was given: what comes in is the message

	short  imsStampText
	raw    []byte // of a raw line whose parsed twin is likely to come next, the same text without "IO: |", where it stands in the scanner's buffer; nil for none
	sparse bool   // Options.Sparse
}

func newIMS(lines *lineScanner, opt *Options, found Detection) rowReader {
	order := opt.DateOrder
	if order == AnyOrder {
		order = found.Order
	}
	if order == AnyOrder {
		order = MDY
	}
	r := &imsRows{lines: lines, record: textRecord{lines: lines}, clock: imsClockReader{order: order, loc: opt.Location}, sparse: opt.Sparse}
	r.starts = func(line []byte) bool {
		_, text := r.clock.read(line)
		return text > 0
	}
	return r
}

// imsLayout names the two parts of a line.
var imsLayout = &layout{
	names: []string{"date-time", "text"},
	split: func(row []byte, yield func(value []byte) bool) {
		text := imsText(row)
		stamp := row[:text]
		for len(stamp) > 0 && isStampEnd(stamp[len(stamp)-1]) {
			stamp = stamp[:len(stamp)-1]
		}
		for len(stamp) > 0 && isStampEnd(stamp[0]) {
			stamp = stamp[1:]
		}
		if yield(stamp) {
			yield(row[text:])
		}
	},
}

// isStampEnd reports whether c may stand around a stamp.
func isStampEnd(c byte) bool { return c == ' ' || c == ':' || c == '"' }

// imsText returns where the text of a record begins: behind the first colon that
// follows a blank, for no stamp has another, and one blank more.
func imsText(row []byte) int {
	for i := len("1/2/3 4:5:6"); i < len(row); i++ {
		if row[i] == ':' && (row[i-1] == ' ' || row[i-1] == '\t') {
			if i++; i < len(row) && row[i] == ' ' {
				i++
			}
			return i
		}
	}
	return 0
}

func (r *imsRows) next(rec *Record) (lineClass, string) {
	r.short.ahead = false
	line, ok := r.lines.next()
	switch {
	case !ok:
		return lineEnd, ""
	case allBlanks(line):
		return lineBlank, ""
	case r.lines.tooLong:
		return lineMalformed, fmt.Sprintf("line longer than %d bytes", r.lines.max)
	}
	at, text := r.clock.read(line)
	if text == 0 {
		// Paragraphs of a message stand behind blank lines, which ended the
		// record before.
		if r.begun {
			return lineContinuation, ""
		}
		return lineMalformed, "line without a date before the first record"
	}
	r.begun = true
	r.record.begin(line, r.starts)
	rec.raw = r.record.text
	rec.layout = imsLayout
	rec.Time = at
	r.event(&rec.Event, r.record.text, r.record.first, text)
	return lineRecord, ""
}

// event fills e from a record, of which the first line ends and the text begins
// at the given places.
func (r *imsRows) event(e *Event, record []byte, end, text int) {
	first := record[text:end]
	whole := record[text:]
	if c := skipBlanks(record, 0); record[c] == '"' {
		// QUIRK: KB Q239816 prints a line with quotes round the whole of it.
		whole = bytes.TrimSuffix(whole, []byte{'"'})
		first = first[:min(len(first), len(whole))]
	}
	entry := parseIMSEntry(first)
	whole = whole[len(first)-len(entry.text):]
	switch {
	case entry.connection != imsNoConnection:
		r.connect(e, &entry)
	case entry.arrow == imsNoArrow && postponed(whole):
		r.postpone(e, whole)
	default:
		r.step(e, &entry, whole)
	}
}

func (r *imsRows) connect(e *Event, entry *imsEntry) {
	r.direction = outcome.Inbound
	if entry.connection == imsEstablished {
		r.direction = outcome.Outbound
	}
	r.remote = append(r.remote[:0], entry.host...)
	r.data = false
	e.Kind = KindConnect
	r.place(e)
}

// place says on whose connection e is; only its first line names the peer.
func (r *imsRows) place(e *Event) {
	e.Direction = r.direction
	if len(r.remote) > 0 {
		e.Remote = r.remote
	}
}

// postpone is for the line that tells of a delivery that failed before or
// without a reply: the IMS logs it with the code 499 of its own (KB Q228725)
// or the error that it had (KB Q146669).
func (r *imsRows) postpone(e *Event, text []byte) {
	e.Kind = KindInfo
	e.Text = text
	e.Code = 499
	if line, ok := reply.ParseLine(text); ok {
		e.Code, e.Enhanced = line.Code, line.Enhanced
	}
	if r.direction == outcome.Outbound {
		r.place(e)
	}
	e.Direction = outcome.Outbound
}

// step is for a line of the conversation.
func (r *imsRows) step(e *Event, entry *imsEntry, whole []byte) {
	line := entry.text
	if n := len(line); n > 0 && (line[n-1] == ' ' || line[n-1] == '\t') {
		line = trimBlanksBehind(line)
	}
	code, more, enhanced := reply.ParseCodes(line)
	looksLikeReply := code != 0
	if r.direction == reply.DirectionUnknown {
		r.infer(entry, line, looksLikeReply)
	}
	isReply := looksLikeReply
	if r.direction != reply.DirectionUnknown && entry.arrow != imsNoArrow {
		isReply = (r.direction == outcome.Inbound) == (entry.arrow == imsSent)
	}
	switch {
	case isReply && code == 354:
		// What follows without a date is the message.
		e.setReply(line)
		r.data = r.direction == outcome.Inbound
	case isReply && looksLikeReply && len(line) == len(whole):
		// One line, and it was read already.
		e.Kind, e.Text = KindReply, whole
		e.Code, e.Enhanced, e.More = code, enhanced, more
		r.data = false
	case isReply:
		e.setReply(whole)
		r.data = false
	case r.data && !endsData(line):
		e.Kind = KindInfo
		e.Text = whole
	default:
		e.setCommand(line)
	}
	if entry.raw {
		e.Kind = KindRaw
	}
	r.place(e)
}

// infer finds the direction where the log begins in the middle of a
// connection.
func (r *imsRows) infer(entry *imsEntry, line []byte, looksLikeReply bool) {
	verb, _, _ := SplitCommand(line)
	if !looksLikeReply && (verb == VerbNone || verb == VerbOther) {
		return
	}
	switch received := entry.arrow == imsReceived; {
	case entry.arrow == imsNoArrow:
	case received == looksLikeReply:
		r.direction = outcome.Outbound
	default:
		r.direction = outcome.Inbound
	}
}

// endsData reports whether a line received after the go-ahead is a command
// that cannot be part of the message: the log does not show its end when it
// does not hold the message.
func endsData(line []byte) bool {
	return equalFoldASCII(line, "QUIT") || equalFoldASCII(line, "RSET") ||
		hasPrefixFold(line, "MAIL FROM:") || hasPrefixFold(line, "RCPT TO:")
}

func trimBlanksBehind(b []byte) []byte { return bytes.TrimRight(b, " \t") }

// postponed reports whether a line, folded or not, tells of a delivery that is
// tried again later.
func postponed(text []byte) bool {
	// A subject is no longer than this, and message text may follow.
	text = text[:min(len(text), 4<<10)]
	return bytes.HasPrefix(text, []byte("499 ")) || indexFolded(text, "Rescheduling delivery for later") >= 0
}

// NoRouteDomain returns the domain that could not be reached, from the text of
// an IMS record "499 No routing hosts are reachable for DOMAIN. …"; nil when
// it names none. It is a part of text.
func NoRouteDomain(text []byte) []byte {
	const before = "are reachable for "
	i := indexFolded(text[:min(len(text), 4<<10)], before)
	if i < 0 {
		return nil
	}
	domain := text[i+len(before):]
	if end := bytes.IndexAny(domain, " \t\n"); end >= 0 {
		domain = domain[:end]
	}
	if domain = trimHost(domain); len(domain) == 0 {
		return nil
	}
	return domain
}

// indexFolded returns where s begins in b, -1 if nowhere. A line break in b is
// as good as a blank.
func indexFolded(b []byte, s string) int {
	for i := 0; i+len(s) <= len(b); i++ {
		n := 0
		for n < len(s) && (b[i+n] == s[n] || s[n] == ' ' && b[i+n] == '\n') {
			n++
		}
		if n == len(s) {
			return i
		}
	}
	return -1
}

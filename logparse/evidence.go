package logparse

import "bytes"

// The weight of what speaks for a format, in rows of it.
const (
	headerWeight = 40 // a header where headers stand
	quotedWeight = 5  // a header further down, which may be quoted text
	headerPlace  = 6  // lines that are not blank, at which a header may begin
	// proseRatio is how many lines that nothing is known about one row may
	// have beside it: text that quotes a row of a log is no log.
	proseRatio = 8
)

// evidence is what the lines of a log's beginning speak for.
type evidence struct {
	formats  [formatCount]int
	services []serviceVotes
	strange  int  // lines that speak for nothing
	place    int  // lines seen
	headed   bool // there was a list of columns

	exchange exchangeLook
	w3c      w3cLook
	ims      imsLook
	widths   map[int]int // rows of tracking logs by their number of columns
	mail     int         // header fields of a mail message
}

type serviceVotes struct {
	name string
	n    int
}

func newEvidence(lines [][]byte) *evidence {
	e := &evidence{widths: map[int]int{}}
	for _, line := range lines {
		e.place++
		e.line(line)
	}
	return e
}

func (e *evidence) vote(f Format, n int) { e.formats[f] += n }

func (e *evidence) voteService(name string, n int) {
	for i := range e.services {
		if e.services[i].name == name {
			e.services[i].n += n
			return
		}
	}
	// A bound on what a hostile file can make of it: its own log types.
	if len(e.services) < 32 {
		e.services = append(e.services, serviceVotes{name, n})
	}
}

// line lets one line vote. The shapes are so different that the first that
// fits is the right one.
func (e *evidence) line(line []byte) {
	switch {
	case e.header(line):
	case e.dated(line):
	case e.mailClient(line):
	case e.tabbed(line):
	case e.ncsaRow(line):
	case e.csvRow(line):
	case e.w3cRow(line):
	case e.json(line):
	case e.mailField(line):
	default:
		e.strange++
	}
}

// verdict returns what most speaks for, a format or another service.
func (e *evidence) verdict() (Format, string) {
	e.w3c.decide(e)
	e.ims.decide(e)
	if e.mail >= 3 {
		e.voteService(serviceMail, e.mail)
	}
	var format Format
	for f, n := range e.formats {
		if n > e.formats[format] {
			format = Format(f)
		}
	}
	var service serviceVotes
	for _, s := range e.services {
		if s.n > service.n {
			service = s
		}
	}
	votes := e.formats[format]
	switch {
	case votes == 0 && service.n == 0:
		return FormatUnknown, ""
	case service.n > votes:
		if service.n*proseRatio < e.strange {
			return FormatUnknown, ""
		}
		return FormatUnknown, service.name
	case format != IMS && format != OutlookSMTP && format != Tracking5 && votes*proseRatio < e.strange:
		// The rows of those three may go over many lines.
		return FormatUnknown, ""
	}
	if format == ExchangeReceive {
		format = e.exchange.format()
	}
	return format, ""
}

// trackingGeneration names the products whose tracking log has as many
// columns as most of the rows.
func (e *evidence) trackingGeneration() string {
	best := 0
	for width, n := range e.widths {
		if n > e.widths[best] || n == e.widths[best] && width > best {
			best = width
		}
	}
	switch {
	case best <= 21:
		return "Exchange 2007 tracking"
	case best <= 26:
		return "Exchange 2010 tracking"
	case best == 27:
		return "Exchange 2013 tracking"
	}
	return "Exchange 2016 tracking"
}

// columns cuts a row at sep, as many columns as fit into the buffer. Values in
// quotes may hold sep; a quote that is not closed takes the rest.
func columns(buf [][]byte, row []byte, sep byte) [][]byte {
	for len(buf) < cap(buf) {
		end := bytes.IndexByte(row, sep)
		if len(row) > 0 && row[0] == '"' {
			if end = quotedEnd(row); end < len(row) && row[end] != sep {
				// The quote is closed, but text follows: the value goes on to the next separator.
				if i := bytes.IndexByte(row[end:], sep); i >= 0 {
					end += i
				} else {
					end = len(row)
				}
			}
			if end == len(row) {
				end = -1
			}
		}
		if end < 0 {
			return append(buf, row)
		}
		buf = append(buf, row[:end])
		row = row[end+1:]
	}
	return buf
}

// quotedEnd returns where the quoted value that row begins with ends, behind
// its closing quote.
func quotedEnd(row []byte) int {
	for i := 1; i < len(row); i++ {
		if row[i] != '"' {
			continue
		}
		if i+1 == len(row) || row[i+1] != '"' {
			return i + 1
		}
		i++
	}
	return len(row)
}

// unquoted drops the blanks and quotes round a value.
func unquoted(b []byte) []byte { return bytes.Trim(b, "\" \t") }

func contains(b []byte, s string) bool { return bytes.Contains(b, []byte(s)) }

// hasPrefixFold reports whether b begins with upper, an ASCII text in upper
// case, in any case.
func hasPrefixFold(b []byte, upper string) bool {
	return len(b) >= len(upper) && equalFoldASCII(b[:len(upper)], upper)
}

func digitsOnly(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) > 0
}

package logparse

import (
	"bytes"
	"strings"
)

// A Detection says what a log was recognised as.
type Detection struct {
	Format  Format
	Service string // what else it is, when it is a log of another service
	Empty   bool   // there is nothing in it but blank lines
	Assumed string // what could not be told from the content and was assumed, in words; "" for nothing
	Order   DateOrder
	Fields  []string // columns of a log without a header
}

// detectLines is the number of lines that have a say in what a log is.
// [lineScanner.head] gives at least as many, where there are as many, so the
// outcome does not hang on how the stream comes in.
const detectLines = 200

// Detect recognises a log by its beginning, some kilobytes of decoded text.
func Detect(head []byte) Detection { return detect(head, &Options{}) }

// detect lets the lines of the head vote, for the first ones may be torn, or
// be comments that somebody pasted in. It looks at content only: the names of
// log files say little once they were copied and renamed.
func detect(head []byte, opt *Options) Detection {
	lines := textLines(head, detectLines)
	var d Detection
	if len(lines) == 0 {
		d.Empty = true
		return d
	}
	if opt.Format != FormatUnknown {
		// The caller knows better; what follows from the format is still found.
		d.Format = opt.Format
		d.settle(newEvidence(lines), lines, opt)
		return d
	}
	if binaryLines(lines) {
		return d
	}
	e := newEvidence(lines)
	if len(opt.Fields) > 0 {
		e.names(opt.Fields, headerWeight)
	}
	d.Format, d.Service = e.verdict()
	d.settle(e, lines, opt)
	return d
}

// settle finds what the format still needs: the order of the dates, and what
// had to be assumed.
func (d *Detection) settle(e *evidence, lines [][]byte, opt *Options) {
	var assumed []string
	switch d.Format {
	case IMS, IISMSIIS:
		d.Order = dateOrderOf(lines, d.Format)
		if d.Order == AnyOrder && opt.DateOrder == AnyOrder {
			assumed = append(assumed, "dates read as month/day/year")
		}
	case ExchangeReceive, ExchangeSend:
		if !e.headed && len(opt.Fields) == 0 {
			assumed = append(assumed, "no header: columns of the protocol log assumed")
		}
		if opt.Format == FormatUnknown && !e.exchange.proven() {
			assumed = append(assumed, "direction unknown: read as "+d.Format.String())
		}
	case Tracking:
		if !e.headed && len(opt.Fields) == 0 {
			assumed = append(assumed, "no header: columns of "+e.trackingGeneration()+" assumed")
		}
	case IISW3C:
		switch {
		case !e.headed && len(opt.Fields) == 0:
			assumed = append(assumed, "no header: columns named by their look")
		case opt.Format == FormatUnknown && e.w3c.smtp == 0:
			assumed = append(assumed, "no row proves the service: read as that of SMTP")
		}
	case Tracking2000, Connectivity, Agent:
		if !e.headed && len(opt.Fields) == 0 {
			assumed = append(assumed, "no header: usual columns assumed")
		}
	}
	d.Assumed = strings.Join(assumed, "; ")
}

// textLines returns the first lines of head that are not blank, without the
// padding and blanks round them, a byte order mark, and what lies behind the
// first n lines.
func textLines(head []byte, n int) [][]byte {
	var lines [][]byte
	head = bytes.TrimPrefix(head, []byte("\ufeff"))
	for ; n > 0 && len(head) > 0; n-- {
		// NUL padding belongs to no line.
		head = bytes.TrimLeft(head, "\x00")
		var line []byte
		line, head, _ = bytes.Cut(head, []byte{'\n'})
		if line = bytes.Trim(line, "\x00\r \t"); len(line) == 0 {
			continue
		}
		// Tabs behind the last column are columns; other formats do not mind.
		lines = append(lines, line)
	}
	return lines
}

// binaryLines reports whether the lines are no text: logs hold no control
// characters but tabs, and those that a client sent are few.
func binaryLines(lines [][]byte) bool {
	const sample = 4096
	seen, control := 0, 0
	for _, line := range lines {
		for _, c := range line[:min(len(line), sample)] {
			seen++
			if c < ' ' && c != '\t' && c != '\f' && c != 0x1a || c == 0x7f {
				control++
			}
		}
		if seen >= sample {
			break
		}
	}
	return control*20 > seen
}

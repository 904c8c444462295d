package logparse

import (
	"bytes"
	"math/bits"
)

// w3cShort is how a row is read the short way: what its columns say, and what
// earlier rows had in them. It follows from the columns and holds nothing that a
// row depends on.
type w3cShort struct {
	count   int // of the columns; 0: all rows go the long way
	columns [w3cMaxColumns]iisColumn
	dated   bool // there is a date
	timed   bool // and a time of day

	date  dateClock
	clock minuteClock

	isUsual bool // the columns are the usual ones
	usual   w3cUsualRows
}

// w3cMaxColumns bounds the columns of the rows that go the short way.
const w3cMaxColumns = 64

// newW3CShort returns how rows with these columns are read the short way.
func newW3CShort(columns []iisColumn) w3cShort {
	var s w3cShort
	var has [iisColumns]bool
	for _, c := range columns {
		has[c] = true
	}
	// Without cs-username, what the columns look like counts.
	if len(columns) <= w3cMaxColumns && has[iisUser] {
		s.count = copy(s.columns[:], columns)
		s.dated, s.timed = has[iisDate], has[iisTime]
		s.isUsual = isW3CUsual(columns)
	}
	return s
}

// quick implements quickRowReader: for rows with all columns that the last
// #Fields line names. It assumes that no value has a byte below the blank, that
// dates and times have their usual length, and that the last column is not empty.
// It leaves what could be a header or a blank line to the long way too.
func (w *w3cReader) quick(rec *Record) bool {
	s, lines := &w.short, w.lines
	if s.isUsual && w.quickUsual(rec) {
		return true
	}
	b, start := lines.buf[:lines.end], lines.start
	if s.count == 0 || start == len(b) || b[start]-'0' > 9 && !w3cRowAnyway(b[start:]) {
		return false
	}
	end, size := w.quickSplit(b, start)
	if size == 0 || size > lines.max {
		return false
	}
	var day, sec int64
	ok := true
	if at := w.row.spans[iisDate]; s.dated {
		if at.end-at.begin != len("2006-10-09") {
			return false
		}
		if day, ok = s.date.seconds(b[at.begin:at.end]); !ok {
			return false
		}
	}
	if at := w.row.spans[iisTime]; s.timed {
		if at.end-at.begin != len("05:00:15") {
			return false
		}
		if sec, ok = s.clock.seconds(b[at.begin:at.end]); !ok {
			return false
		}
	}
	lines.take(size)
	rec.Format, rec.Time = IISW3C, w.moment(s.dated, day, s.timed, sec)
	rec.raw, rec.layout, rec.connector = b[start:end], w.layout, 0
	w.row.quickEvent(&rec.Event, b)
	if s.isUsual {
		s.usual.meet(rec, b, start, size, &w.row.spans)
	}
	return true
}

// w3cRowAnyway reports whether the line that b begins with, which does not begin
// with a digit, is a row for certain, and neither blank nor what header takes in.
func w3cRowAnyway(b []byte) bool {
	switch b[0] {
	case 'D', 'F', 'S', 'V', 'd', 'f', 's', 'v':
	default:
		return b[0] > ' ' && b[0] != '#' && b[0] < 0x80
	}
	line, _, _ := bytes.Cut(b, []byte{'\n'})
	key, _, found := bytes.Cut(line, []byte{':'})
	if !found {
		return true
	}
	key = trimBlanks(key)
	return !equalFoldASCII(key, "FIELDS") && !equalFoldASCII(key, "DATE") &&
		!equalFoldASCII(key, "SOFTWARE") && !equalFoldASCII(key, "VERSION")
}

// quickSplit finds the columns of the row that begins at start. It returns where
// the row ends and how many bytes the line takes, 0 if there are not as many
// columns as there should be, and for the last row of a block.
func (w *w3cReader) quickSplit(b []byte, start int) (end, size int) {
	const column, place = w3cMaxColumns - 1, iisColumns - 1 // bits of them
	s, spans := &w.short, &w.row.spans
	n, begin := 0, start
	for i := start; i+64 <= len(b); i += 64 {
		next := (*[64]byte)(b[i : i+64])
		for set := blanksOf(next); set != 0; set &= set - 1 {
			at := bits.TrailingZeros64(set) & 63
			end = i + at
			// If they are too many, some are taken for others first.
			spans[s.columns[n&column]&place] = iisSpan{begin, end}
			n++
			if next[at] != ' ' {
				if n != s.count || begin == end {
					return 0, 0 // the blanks at the end of a row are no part of it
				}
				if width := lineEndAt(b, end); width > 0 {
					return end, end + width - start
				}
				return 0, 0
			}
			begin = end + 1
		}
	}
	return 0, 0
}

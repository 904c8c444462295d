package logparse

import (
	"math/bits"
	"time"

	"github.com/smtplog/smtplog/reply/outcome"
)

// quick implements quickRowReader. It assumes that one blank stands behind each
// comma in front of the last column, and no other one nor a byte below it in the
// row; and that a comma ends the row.
func (m *msiisReader) quick(rec *Record) bool {
	if m.quickKnown(rec) {
		return true
	}
	lines, spans := m.lines, &m.row.spans
	b, start := lines.buf[:lines.end], lines.start
	if start == len(b) || b[start] <= ' ' || b[start] >= 0x80 {
		return false // a blank line or a byte order mark
	}
	query := m.quickSplit(b, start)
	if query < 0 {
		return false
	}
	end := valueEnd(b, query)
	width := lineEndAt(b, end)
	if size := end + width - start; width == 0 || size > lines.max || end-query < 2 || b[end-1] != ',' {
		return false
	}
	spans[iisQuery] = iisSpan{query, end - 1}
	at, ok := m.quickTime(spans[iisDate].in(b), spans[iisTime].in(b))
	if !ok {
		return false
	}
	lines.take(end + width - start)
	rec.Format, rec.Time = IISMSIIS, at
	rec.raw, rec.layout, rec.connector = b[start:end], msiisLayout, 0
	m.row.quickEvent(&rec.Event, b)
	if m.clock.utc() {
		m.known.meet(at, b, spans)
	}
	return true
}

// quickSplit finds the columns of the row that begins at start. It returns where
// the last one begins, -1 if it cannot.
func (m *msiisReader) quickSplit(b []byte, start int) int {
	spans := &m.row.spans
	k, begin := uint(0), start
	behind := uint64(0) // the first byte of the next 64 stands behind a comma
	for i := start; i+64 <= len(b); i += 64 {
		next := (*[64]byte)(b[i : i+64])
		commas := bytesOf(next, ','*each)
		// What is a blank but not behind a comma, or behind one but no blank.
		wrong := blanksOf(next) ^ (commas<<1 | behind)
		behind = commas >> 63
		for ; commas != 0; commas &= commas - 1 {
			end := i + bits.TrailingZeros64(commas)
			if end+1 >= len(b) || b[end+1] != ' ' {
				return -1
			}
			spans[msiisOrder[k]&(iisColumns-1)] = iisSpan{begin, end}
			begin = end + len(", ")
			if k++; k == msiisCommas {
				if upTo := commas ^ (commas - 1); wrong&upTo != 0 {
					return -1
				}
				return begin
			}
		}
		if wrong != 0 {
			return -1
		}
	}
	return -1
}

// msiisCommas is how many commas stand in front of the last column.
const msiisCommas = uint(len(msiisOrder) - 1)

// quickTime returns the moment of a date and a time. It keeps the last minute
// of a log whose times are UTC or taken for it.
func (m *msiisReader) quickTime(date, clock []byte) (outcome.Time, bool) {
	c := m.clock
	if len(clock) == len("13:17:37") && c.utc() {
		day, ok1 := c.day.seconds(date, c.parse)
		sec, ok2 := m.short.seconds(clock)
		return outcome.Unix((day+sec)*1e9, 0), ok1 && ok2
	}
	at, msg := c.read(date, clock)
	return at, msg == ""
}

// utc reports whether the times are UTC or taken for it.
func (c *localeClock) utc() bool { return c.loc == nil || c.loc == time.UTC }

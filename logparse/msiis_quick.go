package logparse

import (
	"time"

	"github.com/smtplog/smtplog/reply/outcome"
)

// quick implements quickRowReader.
func (m *msiisReader) quick(rec *Record) bool {
	block, n, size := m.lines.whole()
	if n == 0 || !m.quickRow(rec, block[:n]) {
		return false
	}
	m.lines.take(size)
	return true
}

// quickRow fills in rec from a row. It assumes that there is at most one blank
// behind a comma and none in front of it, that counters are numbers or "-", and
// that a comma ends the row.
func (m *msiisReader) quickRow(rec *Record, line []byte) bool {
	if line[0] <= ' ' || line[0] >= 0x80 {
		return false // a blank line or a byte order mark
	}
	val, counts := &m.row.val, noCounts
	i := 0
	for k, column := range msiisOrder[:len(msiisOrder)-1] {
		if k > 0 && i < len(line) && line[i] == ' ' {
			i++
		}
		start := i
		switch column {
		case iisElapsed, iisReceived, iisSent, iisStatus, iisWin32:
			var ok bool
			if counts[column], i, ok = quickNumber(line, i); !ok || i == len(line) || line[i] != ',' {
				return false
			}
		default:
			i = indexFrom(line, i, ',')
			if i == len(line) || i > start && (line[start] <= ' ' || line[i-1] <= ' ') {
				return false
			}
			val[column] = line[start:i]
		}
		i++
	}
	if i < len(line) && line[i] == ' ' {
		i++
	}
	end := len(line) - 1
	if end <= i || line[end] != ',' || line[i] <= ' ' || line[end-1] <= ' ' {
		return false
	}
	val[iisQuery] = line[i:end]
	at, ok := m.quickTime(val[iisDate], val[iisTime])
	if !ok {
		return false
	}
	rec.Format, rec.Time = IISMSIIS, at
	rec.raw, rec.layout = line, msiisLayout
	m.row.quickEvent(&rec.Event, &counts)
	return true
}

// quickTime returns the moment of a date and a time. It keeps the last minute
// of a log whose times are UTC or taken for it.
func (m *msiisReader) quickTime(date, clock []byte) (outcome.Time, bool) {
	c := m.clock
	if len(clock) == len("13:17:37") && (c.loc == nil || c.loc == time.UTC) {
		day, ok1 := c.day.seconds(date, c.parse)
		sec, ok2 := m.short.seconds(clock)
		return outcome.Unix((day+sec)*1e9, 0), ok1 && ok2
	}
	at, msg := c.read(date, clock)
	return at, msg == ""
}

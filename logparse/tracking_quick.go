package logparse

import (
	"bytes"

	"github.com/smtplog/smtplog/reply/outcome"
)

// quickTracking fills in rec from a row of a tracking, connectivity or agent
// log, of which all but a few columns need only be counted. It assumes that the
// four columns behind the time are not the last and do not begin with a quote,
// and that the row has as many columns as its list. A row that is not so is
// left to the long way, and some fields of rec are then set.
func (r *exchangeRows) quickTracking(rec *Record, block []byte, n int) bool {
	s := &r.short
	line := block[:n]
	at, ok := s.clock.read(line)
	if !ok {
		return false
	}
	const from = isoLen + 1
	end1, end2, end3, end4 := fourValues(block, from, n)
	if end4 < 0 || line[from] == '"' || line[end1+1] == '"' || line[end2+1] == '"' || line[end3+1] == '"' {
		return false
	}
	first, second, third, fourth := line[from:end1], line[end1+1:end2], line[end2+1:end3], line[end3+1:end4]
	count, i := 5, end4+1

	rec.reset(outcome.Position{}, s.format)
	switch s.format {
	case Connectivity:
		rec.Session = present(first)
	case Agent:
		rec.Session, rec.Local, rec.Remote = present(first), present(second), present(third)
	default:
		// client-hostname, server-hostname and, four columns on, event-id.
		var event []byte
		var escaped bool
		for ; count < 9; count++ {
			if i < 0 {
				return false
			}
			event, escaped, i = csvNext(line, i)
		}
		if escaped {
			return false
		}
		rec.Server = trackingServer(event, some(second), some(fourth))
	}

	if i == csvOpen {
		return false
	}
	if i >= 0 {
		more := countValues(line, i)
		if more == 0 {
			return false
		}
		count += more
	}
	if !r.usualColumns(s, count) {
		return false
	}
	rec.Kind, rec.Time, rec.raw, rec.layout = KindTracking, at, line, &s.columns.layout
	return true
}

// countValues returns how many values of a CSV row there are from the one on
// that begins at i, 0 if the row ends inside quotes.
func countValues(row []byte, i int) int {
	count := 1
	for {
		quote := bytes.IndexByte(row[i:], '"')
		if quote < 0 {
			return count + bytes.Count(row[i:], []byte{','})
		}
		count += bytes.Count(row[i:i+quote], []byte{','})
		i += quote
		if i > 0 && row[i-1] != ',' {
			i++ // in the middle of a value it is a part of it
			continue
		}
		switch _, _, next := csvQuoted(row, i); next {
		case csvOpen:
			return 0
		case csvEnd:
			return count
		default:
			count, i = count+1, next
		}
	}
}

// Ends sets ends to where values of a CSV row end, each at a comma, the first of
// which begins at from. They have the quotes that are around some of them: such a
// value begins and ends with one, and those inside are doubled. It fails if the
// row has no more values than that, or if a quote that one of them begins with
// does not close at its end.
func (r *Record) Ends(from int, ends []int) bool {
	row, i := r.raw, from
	for k := range ends {
		if i >= len(row) {
			return false
		}
		switch row[i] {
		case ',': // very many values are empty
		case '"':
			from, to, _, next := csvQuotedAt(row, i)
			if next < 0 || from != i+1 || to != next-2 {
				return false
			}
			i = next - 1
		default:
			width := bytes.IndexByte(row[i:], ',')
			if width < 0 {
				return false
			}
			i += width
		}
		ends[k] = i
		i++
	}
	return true
}

package logparse

import (
	"bytes"

	"github.com/smtplog/smtplog/reply/outcome"
)

// trackingFront is how many columns of a tracking log are looked at: up to the
// event-id.
const trackingFront = 9

// quickTracking fills in rec from a row of a tracking, connectivity or agent
// log, of which all but the first columns need only be counted. It assumes that
// the four columns behind the time, and the event-id, do not begin with a quote,
// that quotes are around whole values, and that the row has as many columns as
// its list. A row that is not so is left to the long way, and some fields of rec
// are then set.
func (r *exchangeRows) quickTracking(rec *Record, block []byte, n int) bool {
	s := &r.short
	line := block[:n]
	at, ok := s.clock.read(line)
	if !ok {
		return false
	}
	if s.format == Tracking && r.knownTracking(rec, line) {
		rec.Time, rec.raw = at, line
		return true
	}
	front := trackingFront
	if s.format != Tracking {
		front = 5
	}
	var ends [trackingFront]int
	ends[0] = isoLen
	for i := 1; i < front; i++ {
		if ends[i] = quickEnd(line, ends[i-1]+1); ends[i] < 0 || ends[i] == n {
			return false
		}
	}
	value := func(i int) []byte { return line[ends[i-1]+1 : ends[i]] }
	first, second, third, fourth := value(1), value(2), value(3), value(4)
	if begins(first, '"') || begins(second, '"') || begins(third, '"') || begins(fourth, '"') {
		return false
	}
	count, ok := countValues(line, ends[front-1]+1)
	if !ok || !r.usualColumns(s, front+count) {
		return false
	}
	rec.reset(outcome.Position{}, s.format)
	switch s.format {
	case Connectivity:
		rec.Session = present(first)
	case Agent:
		rec.Session, rec.Local, rec.Remote = present(first), present(second), present(third)
	default:
		event := value(8)
		if begins(event, '"') {
			return false
		}
		rec.Server = trackingServer(event, some(second), some(fourth))
		if !begins(value(6), '"') && !begins(value(7), '"') {
			rec.conversation = r.meetTracking(line, ends[4]+1, ends[5]+1, ends[8]+1, rec.Server)
		}
	}
	rec.Kind, rec.Time, rec.raw, rec.layout = KindTracking, at, line, &s.columns.layout
	return true
}

// begins reports whether the value begins with c.
func begins(value []byte, c byte) bool { return len(value) > 0 && value[0] == c }

var comma = []byte{','}

// quickEnd returns where the value of a CSV row ends that begins at from: at a
// comma, or where the row does. It returns -1 if the value begins with a quote and
// does not end with it.
func quickEnd(row []byte, from int) int {
	if from < len(row) && row[from] == '"' {
		start, to, _, next := csvQuotedAt(row, from)
		end := len(row)
		if next >= 0 {
			end = next - 1
		}
		if next == csvOpen || start != from+1 || to != end-1 {
			return -1
		}
		return end
	}
	if i := bytes.IndexByte(row[from:], ','); i >= 0 {
		return from + i
	}
	return len(row)
}

// countValues returns how many values of a CSV row there are from the one on that
// begins at from. It fails if one of them begins with a quote and does not end
// with it.
func countValues(row []byte, from int) (count int, ok bool) {
	begin := from // of the value that holds from
	for {
		width := bytes.IndexByte(row[from:], '"')
		if width < 0 {
			return count + 1 + bytes.Count(row[from:], comma), true
		}
		quote := from + width
		count += bytes.Count(row[from:quote], comma)
		if quote != begin && row[quote-1] != ',' { // in the middle of a value it is a part of it
			from = quote + 1
			begin = -1
			continue
		}
		end := quickEnd(row, quote)
		if end < 0 {
			return 0, false
		}
		count++
		if end == len(row) {
			return count, true
		}
		from = end + 1
		begin = from
	}
}

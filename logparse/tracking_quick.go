package logparse

import (
	"bytes"
	"math/bits"

	"github.com/smtplog/smtplog/reply/outcome"
)

// quickTracking fills in rec from a row of a tracking, connectivity or agent
// log, of which all but a few columns need only be counted; where each ends is
// kept for [Record.Ends]. It assumes that the four columns behind the time do not
// begin with a quote, that quotes are around whole values, and that the row has
// as many columns as its list. A row that is not so is left to the long way, and
// some fields of rec are then set.
func (r *exchangeRows) quickTracking(rec *Record, block []byte, n int) bool {
	s := &r.short
	line := block[:n]
	at, ok := s.clock.read(line)
	if !ok {
		return false
	}
	count := valueEnds(&s.ends, block, isoLen+1, n)
	if count < 5 {
		return false
	}
	ends := &s.ends
	value := func(i int) []byte { return line[ends[i-1]+1 : ends[i]] }
	ends[0] = isoLen
	first, second, third, fourth := value(1), value(2), value(3), value(4)
	if begins(first, '"') || begins(second, '"') || begins(third, '"') || begins(fourth, '"') {
		return false
	}
	rec.reset(outcome.Position{}, s.format)
	switch s.format {
	case Connectivity:
		rec.Session = present(first)
	case Agent:
		rec.Session, rec.Local, rec.Remote = present(first), present(second), present(third)
	default:
		// client-hostname, server-hostname and, four columns on, event-id.
		if count <= 8 {
			return false
		}
		event := value(8)
		if begins(event, '"') {
			return false
		}
		rec.Server = trackingServer(event, some(second), some(fourth))
	}
	if !r.usualColumns(s, count) {
		return false
	}
	rec.Kind, rec.Time, rec.raw, rec.layout, rec.ends = KindTracking, at, line, &s.columns.layout, ends[:count]
	return true
}

// begins reports whether the value begins with c.
func begins(value []byte, c byte) bool { return len(value) > 0 && value[0] == c }

// MaxEnds is how many values a row has at most of which [Record.Ends] tells
// something.
const MaxEnds = 64

// valueEnds finds where the values of a CSV row end, the n bytes that the block
// begins with: each but the last at a comma. It begins with the second value,
// which is at from. It returns how many values there are, 0 if there are too
// many or a quote that one of them begins with does not close at its end.
func valueEnds(ends *[MaxEnds]int, block []byte, from, n int) int {
	count := 1
	quote := nextQuote(block, from, n)
	for base := from; ; base += 64 {
		var set uint64 // the commas of 64 bytes
		if base+64 <= len(block) {
			set = bytesOf((*[64]byte)(block[base:]), ','*each)
		} else {
			set = lastCommas(block[base:])
		}
		if left := quote - base; left < 64 {
			set &= 1<<left - 1
		}
		if count+bits.OnesCount64(set) >= MaxEnds {
			return 0
		}
		for ; set != 0; set &= set - 1 {
			from = base + bits.TrailingZeros64(set) + 1
			ends[count&(MaxEnds-1)] = from - 1
			count++
		}
		switch {
		case quote >= base+64:
		case quote == n:
			ends[count] = n
			return count + 1
		case from < quote: // in the middle of a value it is a part of it
			base = quote + 1 - 64
			quote = nextQuote(block, quote+1, n)
		default:
			start, to, _, next := csvQuotedAt(block[:n], from)
			end := n
			if next >= 0 {
				end = next - 1
			}
			if next == csvOpen || start != from+1 || to != end-1 {
				return 0
			}
			ends[count] = end
			count++
			if end == n {
				return count
			}
			from = end + 1
			quote = nextQuote(block, from, n)
			base = from - 64
		}
	}
}

// nextQuote returns where the next quote is, n if there is none.
func nextQuote(block []byte, from, n int) int {
	if i := bytes.IndexByte(block[from:n], '"'); i >= 0 {
		return from + i
	}
	return n
}

// lastCommas returns the set of the commas among fewer than 64 bytes.
func lastCommas(b []byte) (set uint64) {
	for i, c := range b {
		if c == ',' {
			set |= 1 << i
		}
	}
	return set
}

// Ends returns where the values of a CSV row end, each but the last at a comma.
// They have the quotes that are around some of them: such a value begins and ends
// with one, and those inside are doubled. It returns nil if there are more
// than [MaxEnds] values or one only, or a quote that one of them begins with does not close at its end; else
// what it returns is good as long as the record, or is in the room that it is
// given.
func (r *Record) Ends(room *[MaxEnds]int) []int {
	if r.ends != nil {
		return r.ends
	}
	i := bytes.IndexByte(r.raw, ',')
	if i < 0 || r.raw[0] == '"' {
		return nil
	}
	room[0] = i
	if n := valueEnds(room, r.raw, i+1, len(r.raw)); n > 0 {
		return room[:n]
	}
	return nil
}

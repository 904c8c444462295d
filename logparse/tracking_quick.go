package logparse

import (
	"bytes"
	"encoding/binary"
	"math/bits"

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

// Ends sets ends to where the first values of a CSV row end, each at a comma,
// with the quotes that are around some of them: such a value begins and ends with
// one, and those inside are doubled. It fails if the row has no more values than
// that, or if a quote that one of them begins with does not close at its end.
func (r *Record) Ends(ends []int) bool {
	row, i, k := r.raw, 0, 0
	for k < len(ends) {
		if i >= len(row) {
			return false
		}
		if row[i] == '"' {
			from, to, _, next := csvQuotedAt(row, i)
			if next < 0 || from != i+1 || to != next-2 {
				return false
			}
			ends[k], i = next-1, next
			k++
			continue
		}
		n := plainEnds(row, i, ends[k:])
		if n == 0 {
			return false
		}
		i = ends[k+n-1] + 1
		k += n
	}
	return true
}

// plainEnds is Ends for the values from i on up to one that begins with a
// quote. It returns how many there are, 0 if the row ends before a comma.
func plainEnds(row []byte, i int, ends []int) (n int) {
	const each, top = 0x0101_0101_0101_0101, 0x8080_8080_8080_8080
	for ; i+8 <= len(row); i += 8 {
		x := binary.LittleEndian.Uint64(row[i:]) ^ ','*each
		// The top bit of each byte that was a comma.
		x = ^(x&^top + ^uint64(top) | x) & top
		for ; x != 0; x &= x - 1 {
			at := i + bits.TrailingZeros64(x)/8
			ends[n] = at
			if n++; n == len(ends) || at+1 < len(row) && row[at+1] == '"' {
				return n
			}
		}
	}
	for ; i < len(row); i++ {
		if row[i] != ',' {
			continue
		}
		ends[n] = i
		if n++; n == len(ends) || i+1 < len(row) && row[i+1] == '"' {
			return n
		}
	}
	return n
}

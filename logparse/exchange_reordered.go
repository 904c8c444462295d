package logparse

import (
	"bytes"
	"math/bits"
	"unicode/utf8"

	"github.com/smtplog/smtplog/reply/outcome"
)

// reorderedMax is how many columns the rows have at most that quickReordered
// reads.
const reorderedMax = 32

// reordered reports whether the rows have the columns of a protocol log, each
// once but in any order, and maybe more, and keeps their list.
func (r *exchangeRows) reordered(s *shortRows) bool {
	c := r.columns
	if c == nil || len(c.names) > reorderedMax {
		return false
	}
	for _, at := range c.at[:len(protocolWanted)] {
		if at < 0 {
			return false
		}
	}
	s.columns = c
	return true
}

// quickReordered is quickProtocol for rows with the columns in any order, or
// with values in quotes. It assumes that no value has quotes inside its quotes
// or text behind them, that the row has as many columns as its list, and that
// the time has the usual form and the event nothing around it.
func (r *exchangeRows) quickReordered(rec *Record, block []byte, n int) bool {
	s := &r.short
	line := block[:n]
	count := len(s.columns.names)
	if line[0] == '#' || line[0] == 0xEF || !splitQuoted(block, n, &r.places, count) && !splitQuick(line, r.places[:2*count]) {
		return false
	}
	at, ok := s.clock.value(r.quickColumn(line, atTime))
	event := r.quickColumn(line, atEvent)
	if !ok || len(event) != 1 || s.kinds[event[0]] == KindNone {
		return false
	}
	connector := present(r.quickColumn(line, atConnector))
	var server []byte
	if s.direction == outcome.Inbound {
		if i := bytes.IndexByte(connector, '\\'); i > 0 {
			server = connector[:i]
			if server[0] <= ' ' || server[i-1] <= ' ' || server[i-1] >= utf8.RuneSelf || server[0] >= utf8.RuneSelf {
				server = bytes.TrimSpace(server)
			}
			server = present(server)
		}
	}
	rec.connector, rec.conversation, rec.shared = 0, 0, 0
	rec.Format, rec.Direction, rec.layout = s.format, s.direction, &s.columns.layout
	rec.Time, rec.Connector, rec.Server = at, connector, server
	rec.Session = present(r.quickColumn(line, atSession))
	rec.Sequence = sequence(r.quickColumn(line, atSequence))
	rec.Local, rec.Remote = present(r.quickColumn(line, atLocal)), present(r.quickColumn(line, atRemote))
	rec.Helo = nil
	rec.Elapsed, rec.Win32, rec.BytesIn, rec.BytesOut = -1, -1, -1, -1
	rec.Context, rec.raw, rec.Kind = trimContext(r.quickColumn(line, atContext)), line, s.kinds[event[0]]
	rec.says(some(r.quickColumn(line, atData)))
	return true
}

// quickColumn returns the value of one of the columns that the reader uses.
func (r *exchangeRows) quickColumn(line []byte, column int) []byte {
	j := 2 * r.short.columns.at[column] & (len(r.places) - 1)
	return line[r.places[j]:r.places[j|1]]
}

// valuePlaces are where the values of a row begin and end, one after the other.
type valuePlaces [2 * reorderedMax]int

// splitQuoted finds the places of the values of the row of n bytes that block
// begins with. It reports whether they are so many and all in quotes.
func splitQuoted(block []byte, n int, places *valuePlaces, count int) bool {
	found := 0
	for base := 0; base < n && found <= len(places); base += 64 {
		quotes := bytesAt(block, base, '"'*each)
		if n-base < 64 {
			quotes &= 1<<(n-base) - 1
		}
		for ; quotes != 0; quotes &= quotes - 1 {
			places[found&(len(places)-1)] = base + bits.TrailingZeros64(quotes)
			found++
		}
	}
	if found != 2*count || places[found-1] != n-1 {
		return false
	}
	next := 0
	for j := 0; j+1 < found; j += 2 {
		end := places[(j+1)&(len(places)-1)]
		// Behind the last value is the line's end.
		if places[j&(len(places)-1)] != next || block[end+1] != ',' && end != n-1 {
			return false
		}
		places[j&(len(places)-1)] = next + 1
		next = end + 2
	}
	return true
}

// splitQuick is splitQuoted for a row of which only some values are in quotes,
// or none.
func splitQuick(line []byte, places []int) bool {
	i, n := 0, len(line)
	for j := 0; j+1 < len(places); j += 2 {
		if i > n {
			return false
		}
		from, to := i, n
		if i < n && line[i] == '"' {
			from++
			if to = from + bytes.IndexByte(line[from:], '"'); to < from || to+1 < n && line[to+1] != ',' {
				return false
			}
			i = to + 2
		} else {
			if k := bytes.IndexByte(line[from:], ','); k >= 0 {
				to = from + k
			}
			i = to + 1
		}
		places[j], places[j+1] = from, to
	}
	return i == n+1
}

// bytesAt returns the set of those of 64 bytes of block from base on that each
// byte of the word is.
func bytesAt(block []byte, base int, word uint64) uint64 {
	if base+64 <= len(block) {
		return bytesOf((*[64]byte)(block[base:]), word)
	}
	var b [64]byte
	copy(b[:], block[base:])
	return bytesOf(&b, word)
}

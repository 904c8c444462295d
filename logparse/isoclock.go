package logparse

import (
	"encoding/binary"

	"github.com/smtplog/smtplog/reply/outcome"
)

// isoLen is the length of a time as Exchange 2007 and later write it,
// "2026-11-29T10:42:15.123Z".
const isoLen = 24

// An isoClock reads the time that a row of Exchange begins with. It keeps the
// minute of the last one, of which log rows have many.
type isoClock struct {
	first, last uint64 // the bytes "2026-11-" and "29T10:42"; nothing is kept while they are zero
	ns          int64  // when the minute begins
}

const (
	// "00.000Z,": what it leaves of "15.123Z," is the values of the digits.
	secondShape  = '0' | '0'<<8 | '.'<<16 | '0'<<24 | '0'<<32 | '0'<<40 | 'Z'<<48 | ','<<56
	secondDigits = 0x0000_0101_0100_0101 // times a byte: that byte for each digit
)

// notSecond is not 0 unless x is secondShape XOR "15.123Z," or the like.
func notSecond(x uint64) uint64 {
	// 0x76 carries what is over 9 into the top bit.
	return x&^(0xff*secondDigits) | (x|(x+0x76*secondDigits))&(0x80*secondDigits)
}

// secondOf returns the second and the milliseconds of such an x.
func secondOf(x uint64) (second, ms int64) {
	pairs := x*10 + x>>8
	return int64(pairs & 0xff), int64(pairs>>24&0xff*10 + x>>40&0xff)
}

// read reads the time of a line that begins with one of exactly that form and
// a comma behind it. It fails for all else, whether parseISO can read it or not.
func (c *isoClock) read(line []byte) (outcome.Time, bool) {
	if len(line) <= isoLen || line[isoLen] != ',' {
		return outcome.Time{}, false
	}
	return c.value(line[:isoLen])
}

// value is read for the time alone.
func (c *isoClock) value(b []byte) (outcome.Time, bool) {
	if len(b) != isoLen || b[16] != ':' {
		return outcome.Time{}, false
	}
	x := binary.LittleEndian.Uint64(b[16:])>>8 ^ secondShape&^(0xff<<56)
	second, ms := secondOf(x)
	if notSecond(x) != 0 || second > 60 {
		return outcome.Time{}, false
	}
	ns := (second*1000 + ms) * 1e6
	first, last := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
	if first != c.first || last != c.last {
		at, ok := strictISO(b)
		if !ok {
			return outcome.Time{}, false
		}
		c.first, c.last, c.ns = first, last, at.UnixNano()-ns
	}
	return outcome.Unix(c.ns+ns, 3), true
}

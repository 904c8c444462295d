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
	text [2]uint64 // "2026-11-2", "9T10:42" and so on: the bytes before the second colon
	ns   int64     // when the minute begins; nothing is kept while text is zero
}

// read reads the time of a line that begins with one of exactly that form and
// a comma behind it. It fails for all else, whether parseISO can read it or not.
func (c *isoClock) read(line []byte) (outcome.Time, bool) {
	if len(line) <= isoLen || line[16] != ':' {
		return outcome.Time{}, false
	}
	second, ms, ok := isoSecond(binary.LittleEndian.Uint64(line[17:]))
	if !ok {
		return outcome.Time{}, false
	}
	ns := (second*1000 + ms) * 1e6
	text := [2]uint64{binary.LittleEndian.Uint64(line), binary.LittleEndian.Uint64(line[8:])}
	if text != c.text {
		at, ok := strictISO(line[:isoLen])
		if !ok {
			return outcome.Time{}, false
		}
		c.text, c.ns = text, at.UnixNano()-ns
	}
	return outcome.Unix(c.ns+ns, 3), true
}

// isoSecond reads "15.123Z,", given as eight bytes in little-endian order.
func isoSecond(text uint64) (second, ms int64, ok bool) {
	const (
		// "00.000Z,": what is left of the text is the values of the digits.
		shape  = '0' | '0'<<8 | '.'<<16 | '0'<<24 | '0'<<32 | '0'<<40 | 'Z'<<48 | ','<<56
		digits = 0x0000_0101_0100_0101 // times a byte: that byte for each digit
	)
	x := text ^ shape
	// 0x76 carries what is over 9 into the top bit.
	if x&^(0xff*digits)|(x|(x+0x76*digits))&(0x80*digits) != 0 {
		return 0, 0, false
	}
	digit := func(i int) int64 { return int64(x >> (8 * i) & 0xff) }
	second = digit(0)*10 + digit(1)
	return second, digit(3)*100 + digit(4)*10 + digit(5), second <= 60
}

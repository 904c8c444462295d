package logparse

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// What the short ways of the IIS formats find the values of a row with. They are
// given the buffer, not the line: no value goes over a byte below the blank, so
// none goes over the end of the line, which need not be looked for.

// firstBelow returns where the first byte of b is, at i or behind it, that is
// less than limit, which is at most 0x80; len(b) if there is none.
func firstBelow(b []byte, i int, limit byte) int {
	least := uint64(limit) * each
	for i+32 <= len(b) {
		next := (*[32]byte)(b[i : i+32])
		if less := lessThan(next[0:8], least); less != 0 {
			return i + bits.TrailingZeros64(less)/8
		}
		if less := lessThan(next[8:16], least); less != 0 {
			return i + 8 + bits.TrailingZeros64(less)/8
		}
		if less := lessThan(next[16:24], least); less != 0 {
			return i + 16 + bits.TrailingZeros64(less)/8
		}
		if less := lessThan(next[24:32], least); less != 0 {
			return i + 24 + bits.TrailingZeros64(less)/8
		}
		i += 32
	}
	for i < len(b) && b[i] >= limit {
		i++
	}
	return i
}

// lessThan tells which of eight bytes is the first that is less than that of
// least: it is the lowest whose top bit is set in what is returned.
func lessThan(b []byte, least uint64) uint64 {
	x := binary.LittleEndian.Uint64(b)
	return (x - least) &^ x & (0x80 * each)
}

// valueEnd returns where the value ends that begins at i: at the first byte that
// is a blank or less, or where b ends.
func valueEnd(b []byte, i int) int { return firstBelow(b, i, '!') }

// commaFrom returns where the first comma, blank or byte below it is, at i or
// behind it; len(b) if there is none.
func commaFrom(b []byte, i int) int {
	i = firstBelow(b, i, ','+1)
	for i < len(b) && b[i] > ' ' && b[i] != ',' {
		i = firstBelow(b, i+1, ','+1)
	}
	return i
}

// blanksOf returns the set of those bytes that are a blank or less.
func blanksOf(b *[64]byte) uint64 {
	return blanksOf8(b[0:8]) | blanksOf8(b[8:16])<<8 | blanksOf8(b[16:24])<<16 | blanksOf8(b[24:32])<<24 |
		blanksOf8(b[32:40])<<32 | blanksOf8(b[40:48])<<40 | blanksOf8(b[48:56])<<48 | blanksOf8(b[56:64])<<56
}

// blanksOf8 is blanksOf for eight bytes.
func blanksOf8(b []byte) uint64 {
	x := binary.LittleEndian.Uint64(b)
	// The top bit of each byte that is more than a blank, then of each that is not.
	x |= x&(0x7f*each) + (0x7f-' ')*each
	x = ^x & (0x80 * each)
	// The product brings the eight bits together in the top byte.
	return x * 0x0002_0408_1020_4081 >> 56
}

// lineEndAt returns how many bytes the end of a line takes that stands at i, 0 if
// none does. One that has padding in front of it is none.
func lineEndAt(b []byte, i int) int {
	switch {
	case i < len(b) && b[i] == '\n':
		return 1
	case i+1 < len(b) && b[i] == '\r' && b[i+1] == '\n':
		return 2
	}
	return 0
}

// said returns what cs-uri-query, which begins at i, says in a row of that kind,
// nil for nothing, and where it ends: it is argument, or blanks for a reply.
func (r *iisRow) said(b []byte, i int, kind Kind) (text []byte, end int) {
	start := i
	if kind != KindReply && i < len(b) && b[i] == '+' {
		start++
	}
	end = firstBelow(b, start, '+'+1)
	for end < len(b) && b[end] > ' ' {
		if plus := end; b[end] == '+' {
			end = valueEnd(b, end)
			return r.withoutPluses(b[start:end], plus-start), end
		}
		end = firstBelow(b, end+1, '+'+1)
	}
	if text = b[start:end]; start > i {
		return some(text), end
	}
	return present(text), end
}

// blanks returns s with blanks for its "+", in a buffer that the next call
// reuses. IIS writes "+" for a blank and does not escape a "+" that was there
// before, so the two cannot be told apart for certain. In what looks like an
// address or a message id, "<a+b@example.com>", a plus sign is the likelier and
// is kept.
func (r *iisRow) blanks(s []byte) []byte {
	plus := bytes.IndexByte(s, '+')
	if plus < 0 {
		return s
	}
	return r.withoutPluses(s, plus)
}

// withoutPluses is blanks for s whose first "+" is known.
func (r *iisRow) withoutPluses(s []byte, plus int) []byte {
	r.plain = append(r.plain[:0], s...)
	blankPluses(r.plain[plus:])
	if bytes.IndexByte(s[plus:], '>') >= 0 {
		r.keepAddresses(s)
	}
	return r.plain
}

// keepAddresses puts back what is in brackets and has an "@".
func (r *iisRow) keepAddresses(s []byte) {
	open, address := -1, false
	for i, c := range s {
		switch c {
		case '<':
			open, address = i, false
		case '@':
			address = true
		case '>':
			if open >= 0 && address {
				copy(r.plain[open:i], s[open:i])
			}
			open = -1
		}
	}
}

// blankPluses makes each "+" of b a blank.
func blankPluses(b []byte) {
	for ; len(b) >= 8; b = b[8:] {
		x := binary.LittleEndian.Uint64(b)
		y := x ^ '+'*each
		// The top bit of each byte of y that is zero.
		plus := ^((y&(0x7f*each) + 0x7f*each) | y) & (0x80 * each)
		binary.LittleEndian.PutUint64(b, x^plus>>7*('+'^' '))
	}
	for i, c := range b {
		if c == '+' {
			b[i] = ' '
		}
	}
}

// countAt reads the number that begins at i, or "-" as -1, and returns where it
// ends. It is -1 for anything else, and for numbers so long that they are none.
func countAt(b []byte, i int) (n int64, end int) {
	end = i
	for end < len(b) && b[end]-'0' <= 9 {
		n = n*10 + int64(b[end]-'0')
		end++
	}
	switch {
	case end-i > 18:
		return 0, -1
	case end > i:
		return n, end
	case end < len(b) && b[end] == '-':
		return -1, end + 1
	}
	return 0, -1
}

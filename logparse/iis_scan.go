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

// indexFrom returns where c comes next in row, at i or behind it, len(row) if
// it does not.
func indexFrom(row []byte, i int, c byte) int {
	wanted := uint64(c) * each
	for ; i+8 <= len(row); i += 8 {
		x := binary.LittleEndian.Uint64(row[i:]) ^ wanted
		// The lowest byte of x that is zero has its top bit set here.
		if zero := (x - each) &^ x & (0x80 * each); zero != 0 {
			return i + bits.TrailingZeros64(zero)/8
		}
	}
	for i < len(row) && row[i] != c {
		i++
	}
	return i
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

// An iisWindow is what the short ways look at of the buffer, from where a row
// begins: any place in a row of less than iisLongest bytes, and what may be looked
// at behind it.
type iisWindow [iisLongest + iisFrontMax]byte

const iisLongest = 512

// said returns what cs-uri-query, which begins at i, says in a row of that kind,
// nil for nothing, and where it ends: in front of the first blank or byte below it,
// or behind iisLongest. It is argument, or blanks for a reply.
func (r *iisRow) said(b *iisWindow, i int, kind Kind) (text []byte, end int) {
	const mask = iisLongest - 1
	begin := i
	if kind != KindReply && b[i&mask] == '+' {
		begin++
	}
	end = begin
	for uint(end) < iisLongest {
		x := word(b[end:])
		less := (x - ('+'+1)*each) &^ x & (0x80 * each)
		if less == 0 {
			end += 8
			continue
		}
		end += bits.TrailingZeros64(less) / 8
		if b[end] <= ' ' {
			break
		}
		if b[end] == '+' {
			return r.withBlanks(b, begin, end)
		}
		end++
	}
	if end-begin <= 1 && (end == begin || begin == i && b[i&mask] == '-') {
		return nil, end
	}
	return b[begin:end], end
}

// withBlanks returns what begins at the place, has its first "+" at plus and ends
// in front of a blank or a byte below it, as blanks does, and where it ends.
func (r *iisRow) withBlanks(b *iisWindow, begin, plus int) (text []byte, end int) {
	const mask = iisLongest - 1
	if len(r.plain) < len(b) {
		r.plain = make([]byte, len(b))
	}
	to := (*iisWindow)(r.plain)
	i := begin
	for ; i+8 <= plus; i += 8 {
		binary.LittleEndian.PutUint64(to[(i-begin)&mask:], word(b[i&mask:]))
	}
	closing, less := uint64(0), uint64(0)
	for ; less == 0 && uint(i) < iisLongest; i += 8 {
		x := word(b[i:])
		less = (x - '!'*each) &^ x & (0x80 * each)
		y := x ^ '+'*each
		// The top bit of each byte of y that is zero.
		pluses := ^((y&(0x7f*each) + 0x7f*each) | y) & (0x80 * each)
		binary.LittleEndian.PutUint64(to[(i-begin)&mask:], x^pluses>>7*('+'^' '))
		y = x ^ '>'*each
		closing |= (y - each) &^ y
	}
	if end = i; less != 0 {
		end = i - 8 + bits.TrailingZeros64(less)/8
	}
	text = to[:end-begin]
	if closing&(0x80*each) != 0 {
		keepAddresses(text, b, begin)
	}
	return text, end
}

// keepAddresses puts back what is in brackets and has an "@" in a text that begins
// at the place.
func keepAddresses(text []byte, b *iisWindow, begin int) {
	open, address := -1, false
	for i := begin; i < begin+len(text) && uint(i) < iisLongest; i += 8 {
		x := word(b[i:])
		// The top bit of each byte from '<' to '@'.
		y := x & (0x7f * each)
		for set := (y + (0x80-'<')*each) &^ (y + (0x7f-'@')*each) &^ x & (0x80 * each); set != 0; set &= set - 1 {
			at := i + bits.TrailingZeros64(set)/8
			switch c := b[at]; {
			case at-begin >= len(text):
				return
			case c == '<':
				open, address = at, false
			case c == '@':
				address = true
			case c == '>':
				if open >= 0 && address {
					copy(text[open-begin:], b[open:at])
				}
				open = -1
			}
		}
	}
}

// blanks returns s with blanks for its "+", in a buffer that the next call
// reuses. IIS writes "+" for a blank and does not escape a "+" that was there
// before, so the two cannot be told apart for certain. In what looks like an
// address or a message id, "<a+b@example.com>", a plus sign is the likelier and
// is kept.
func (r *iisRow) blanks(s []byte) []byte {
	if bytes.IndexByte(s, '+') < 0 {
		return s
	}
	r.plain = append(r.plain[:0], s...)
	open, address := -1, false
	for i, c := range s {
		switch c {
		case '+':
			r.plain[i] = ' '
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
	return r.plain
}

// countsAt reads n numbers, or "-" as -1, with a blank in front of each but the
// first, which begins at i, and returns where the last number ends; iisLongest for
// anything else, and for numbers so long that they are none.
//
// A place behind iisLongest may be taken for another one.
func countsAt(b *iisWindow, i, n int, to *[iisCounts]int64) int {
	const mask = iisLongest - 1
	for k := 0; ; {
		count, end := int64(b[i&mask]-'0'), i+1
		if count > 9 {
			if b[i&mask] != '-' {
				return iisLongest
			}
			count = -1
		} else {
			for end-i <= 18 {
				c := b[end&mask] - '0'
				if c > 9 {
					break
				}
				count = count*10 + int64(c)
				end++
			}
			if end-i > 18 {
				return iisLongest
			}
		}
		to[k&(iisCounts-1)] = count
		if k++; k >= n {
			return end
		}
		if b[end&mask] != ' ' {
			return iisLongest
		}
		i = end + 1
	}
}

// commaCountsAt is countsAt with a comma and a blank behind each number, of which
// the first begins at i, behind something that is no number. It returns what is
// behind the last blank.
func commaCountsAt(b *iisWindow, i, n int, to *[iisCounts]int64) int {
	const mask = iisLongest - 1
	for k := range n {
		count := int64(b[i&mask] - '0')
		begin := i
		i++
		if count > 9 {
			return iisLongest
		}
		for {
			c := b[i&mask] - '0'
			if c > 9 {
				break
			}
			count = count*10 + int64(c)
			i++
		}
		if i-begin > 18 || b[i&mask] != ',' || b[(i+1)&mask] != ' ' {
			return iisLongest
		}
		i += len(", ")
		to[k&(iisCounts-1)] = count
	}
	return i
}

// wordEnd returns where what begins at i ends in front of stop or a blank.
func wordEnd(b *iisWindow, i int, stop byte) int {
	if stop == ',' {
		return commaFrom(b[:], i)
	}
	return valueEnd(b[:], i)
}

// methodAt reads cs-method, which begins at i, and returns the verb and where it
// ends: in front of stop or a blank.
func methodAt(b *iisWindow, i int, stop byte) (Verb, int) {
	end := i + 4
	if verb := verbOfFour(b[i:end]); verb != VerbNone && b[end] == stop {
		return verb, end
	}
	if b[i] == '-' && b[i+1] == stop {
		return VerbNone, i + 1
	}
	end = wordEnd(b, i, stop)
	return iisVerb(present(b[i:end])), end
}

// iisCounts is room for all numbers of a row, a power of two.
const iisCounts = 8

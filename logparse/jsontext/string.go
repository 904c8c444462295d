package jsontext

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf8"

	"github.com/smtplog/smtplog/logparse/input"
)

const (
	ones = 0x0101_0101_0101_0101 // a one in each byte
	high = 0x80 * ones           // the highest bit of each byte
)

// AppendString appends s as a JSON string. HTML's characters stay as they are;
// characters that end lines or turn the order of text are escaped, for the JSON
// may be cut into lines or shown on a terminal.
func AppendString[T string | []byte](dst []byte, s T) []byte {
	n, at := len(s), len(dst)
	dst = slices.Grow(dst, n+2)
	out := dst[at : at+n+2]
	out[0], out[n+1] = '"', '"'
	var escapes uint64
	switch text := out[1 : n+1]; {
	case n >= 8:
		// The last eight bytes may have been written already.
		for i := 0; i < n-8 && escapes == 0; i += 8 {
			w := word(s[i:])
			escapes = special(w)
			putWord(text[i:], w)
		}
		w := word(s[n-8:])
		escapes |= special(w)
		putWord(text[n-8:], w)
	case n > 0:
		for i := range n {
			text[i] = s[i]
			if !plain[s[i]] {
				escapes = 1
			}
		}
	}
	if escapes != 0 {
		return appendEscaped(dst, s)
	}
	return dst[:at+n+2]
}

// Stops finds the bytes of a row that end a value, or that AppendString does not
// leave as they are.
type Stops struct {
	row        []byte
	separators uint64 // eight of them
	at         int    // where the word stands that found belongs to
	found      uint64 // the highest bits of its bytes that may be stops and were not returned yet
}

// StopsOf returns the stops of a row whose values end at separator.
func StopsOf(row []byte, separator byte) Stops {
	return Stops{row: row, separators: uint64(separator) * ones, at: -8}
}

// Seek has Next go on with the i-th byte.
func (s *Stops) Seek(i int) { s.at, s.found = i-8, 0 }

// Next returns where the next one stands, the length of the row if there is none.
func (s *Stops) Next() int {
	at, found := s.at, s.found
	for {
		for found == 0 {
			at += 8
			w, left := s.separators, len(s.row)-at
			switch {
			case left >= 8:
				w = word(s.row[at:])
			case left > 0:
				for i, c := range s.row[at:] {
					w ^= (uint64(c) ^ w>>(8*i)&0xff) << (8 * i)
				}
			}
			found = special(w) | ((w^s.separators)-ones)&high
		}
		i := at + bits.TrailingZeros64(found)/8
		found &= found - 1
		if i >= len(s.row) {
			s.at, s.found = at, found
			return len(s.row)
		}
		if c := s.row[i]; !plain[c] || c == byte(s.separators) {
			s.at, s.found = at, found
			return i
		}
	}
}

// special marks the bytes of w that do not stand for themselves in a JSON
// string, by their highest bits. Those behind the first may be marked wrongly.
func special(w uint64) uint64 {
	return (w | (w - ' '*ones) | ((w ^ '"'*ones) - ones) | ((w ^ '\\'*ones) - ones) | (w + ones)) & high
}

// plain marks the bytes that stand for themselves.
var plain = func() (t [256]bool) {
	for c := ' '; c < 0x7f; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// word returns the first eight bytes of s in one.
func word[T string | []byte](s T) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// putWord writes w as the first eight bytes of b.
func putWord(b []byte, w uint64) { binary.LittleEndian.PutUint64(b, w) }

// appendEscaped is AppendString for any s.
func appendEscaped[T string | []byte](dst []byte, s T) []byte {
	before := len(dst)
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		for i+8 <= len(s) && special(word(s[i:])) == 0 {
			i += 8
		}
		for i < len(s) && plain[s[i]] {
			i++
		}
		if i == len(s) {
			break
		}
		c := s[i]
		if c < utf8.RuneSelf {
			dst = append(dst, s[start:i]...)
			switch c {
			case '"', '\\':
				dst = append(dst, '\\', c)
			case '\n':
				dst = append(dst, '\\', 'n')
			case '\r':
				dst = append(dst, '\\', 'r')
			case '\t':
				dst = append(dst, '\\', 't')
			default:
				dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			}
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(string(s[i:min(len(s), i+utf8.UTFMax)]))
		if r == utf8.RuneError && size == 1 {
			return AppendString(dst[:before], input.Text([]byte(s)))
		}
		if invisible(r) {
			dst = append(dst, s[start:i]...)
			dst = appendEscape(dst, r)
			start = i + size
		}
		i += size
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

const hex = "0123456789abcdef"

func appendEscape(dst []byte, r rune) []byte {
	return append(dst, '\\', 'u', hex[r>>12], hex[r>>8&15], hex[r>>4&15], hex[r&15])
}

// invisible reports whether r, which is no control character below the blank, is
// another control character, a line or paragraph separator, or a character that
// changes the direction of text.
func invisible(r rune) bool {
	switch {
	case r < 0x7f:
		return false
	case r < 0xa0:
		return true
	case r < 0x200e:
		return r == 0x61c
	}
	return r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

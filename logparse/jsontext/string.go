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
			escapes = Special(w)
			putWord(text[i:], w)
		}
		w := word(s[n-8:])
		escapes |= Special(w)
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

// AppendPlain appends s, without quotes, up to the first byte that AppendString
// may not leave as it is, and returns how many bytes there were.
func AppendPlain(dst, s []byte) (_ []byte, n int) {
	at := len(dst)
	dst = slices.Grow(dst, len(s))
	out := dst[at : at+len(s)]
	for len(s)-n >= 8 {
		w := word(s[n:])
		putWord(out[n:], w)
		if stops := Special(w); stops != 0 {
			n += bits.TrailingZeros64(stops) / 8
			return dst[:at+n], n
		}
		n += 8
	}
	for n < len(s) && plain[s[n]] {
		out[n] = s[n]
		n++
	}
	return dst[:at+n], n
}

// Special marks the bytes of w that do not stand for themselves in a JSON
// string, by their highest bits. Those behind the first may be marked wrongly.
func Special(w uint64) uint64 {
	return ((w - ' '*ones) | (w + ones) | ((w ^ '"'*ones) - ones) | ((w ^ '\\'*ones) - ones)) & high
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
		for i+8 <= len(s) && Special(word(s[i:])) == 0 {
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

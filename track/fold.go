package track

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/smtplog/smtplog/logparse/input"
)

// lower returns s in lower case. Unlike strings.ToLower it makes no ASCII
// letter of any other, so that a search for ASCII text finds what it compares
// equal.
func lower(s string) string {
	if isLower(s) {
		return s
	}
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return strings.Map(lowerRune, s)
		}
	}
	return strings.ToLower(s)
}

// appendLower appends lower(s).
func appendLower[T string | []byte](b []byte, s T) []byte {
	from := len(b)
	if isLower(s) {
		return append(b, s...)
	}
	for i := range len(s) {
		c := s[i]
		if c >= utf8.RuneSelf {
			return append(b[:from], lower(string(s))...)
		}
		b = append(b, lowerByte(c))
	}
	return b
}

// isLower reports whether s is ASCII without upper-case letters: lower(s) is s.
func isLower[T string | []byte](s T) bool {
	const each, top = 0x0101010101010101, 0x8080808080808080
	var found uint64
	i := 0
	for ; i+8 <= len(s); i += 8 {
		w := uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
			uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
		// The top bit of each byte is set by what is no ASCII, and by the first sum
		// from 'A' on, but for the bytes behind 'Z', of which the second has it too.
		a := w &^ top
		found |= w | (a+(0x80-'A')*each)&^(a+(0x80-'Z'-1)*each)
	}
	for ; i < len(s); i++ {
		if c := s[i]; c >= utf8.RuneSelf || c >= 'A' && c <= 'Z' {
			return false
		}
	}
	return found&top == 0
}

// equalLower reports whether lower(a) and lower(b) are equal.
func equalLower(a, b string) bool {
	if a == b {
		return true
	}
	for i := range min(len(a), len(b)) {
		c, d := a[i], b[i]
		if c >= utf8.RuneSelf || d >= utf8.RuneSelf {
			return lower(a) == lower(b)
		}
		if c != d && lowerByte(c) != lowerByte(d) {
			return false
		}
	}
	return len(a) == len(b)
}

func lowerRune(r rune) rune {
	if r < utf8.RuneSelf {
		return rune(lowerByte(byte(r)))
	}
	if l := unicode.ToLower(r); l >= utf8.RuneSelf {
		return l
	}
	return r
}

func lowerByte(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c | 0x20
	}
	return c
}

// text returns what a log has as text: see [input.Text].
func text(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return input.Text([]byte(s))
}

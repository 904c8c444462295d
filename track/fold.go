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
	ascii, upper := true, false
	for i := range len(s) {
		c := s[i]
		ascii = ascii && c < utf8.RuneSelf
		upper = upper || c >= 'A' && c <= 'Z'
	}
	switch {
	case !ascii:
		return strings.Map(lowerRune, s)
	case upper:
		return strings.ToLower(s)
	}
	return s
}

// appendLower appends lower(s).
func appendLower[T string | []byte](b []byte, s T) []byte {
	from := len(b)
	for i := range len(s) {
		c := s[i]
		if c >= utf8.RuneSelf {
			return append(b[:from], lower(string(s))...)
		}
		b = append(b, lowerByte(c))
	}
	return b
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

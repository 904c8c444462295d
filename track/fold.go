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
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= utf8.RuneSelf || c >= 'A' && c <= 'Z' {
			return strings.Map(lowerRune, s)
		}
	}
	return s
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

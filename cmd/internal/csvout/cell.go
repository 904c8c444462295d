package csvout

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/smtplog/smtplog/cmd/internal/term"
)

// Cell returns text as a cell may hold it. It is made safe as for a terminal
// ([term.Safe]: control characters, line breaks and invisible characters become
// escapes, bytes that are not UTF-8 are decoded), and where a spreadsheet would
// read a formula an apostrophe is put before it: the marks =, +, - and @, full
// width too, at the start, after leading blanks, or after a semicolon.
// Plain numbers (-5, +1.5e3) and a lone "-" stay as they are.
//
// The semicolon is the separator where the comma is the decimal mark: there,
// spreadsheets split a line at its semicolons, within cells too.
func Cell(s string) string {
	s = term.Safe(s)
	if !strings.ContainsAny(s, formulaMarks) || s == "-" || isSignedNumber(s) {
		return s
	}
	return neutralise(s)
}

// firstCell is [Cell] for the first cell of a row. It has no exceptions: where a
// line is split at semicolons, the number and what follows it are one cell.
func firstCell(s string) string { return neutralise(term.Safe(s)) }

const formulaMarks = "=+-@＝＋－＠"

func neutralise(s string) string {
	if !strings.ContainsAny(s, formulaMarks) {
		return s
	}
	var b strings.Builder
	for {
		part, rest, found := strings.Cut(s, ";")
		mark, _ := utf8.DecodeRuneInString(strings.TrimLeftFunc(part, unicode.IsSpace))
		if strings.ContainsRune(formulaMarks, mark) {
			b.WriteByte('\'')
		}
		b.WriteString(part)
		if !found {
			return b.String()
		}
		b.WriteByte(';')
		s = rest
	}
}

// isSignedNumber reports whether s is a number with a sign.
func isSignedNumber(s string) bool {
	return s != "" && (s[0] == '+' || s[0] == '-') && isNumber(s[1:])
}

// isNumber reports whether s is digits, with a fraction and an exponent at
// most.
func isNumber(s string) bool {
	s, ok := cutDigits(s)
	if !ok {
		return false
	}
	if s != "" && (s[0] == '.' || s[0] == ',') {
		if s, ok = cutDigits(s[1:]); !ok {
			return false
		}
	}
	if s != "" && (s[0] == 'e' || s[0] == 'E') {
		s = s[1:]
		if s != "" && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		if s, ok = cutDigits(s); !ok {
			return false
		}
	}
	return s == ""
}

// cutDigits returns s without its leading digits, and whether it has any.
func cutDigits(s string) (rest string, ok bool) {
	i := 0
	for i < len(s) && '0' <= s[i] && s[i] <= '9' {
		i++
	}
	return s[i:], i > 0
}

package query

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// text scans "…" or '…'.
func (s *scanner) text(rest string) *Error {
	for i := 1; i < len(rest); i++ {
		switch rest[i] {
		case '\\':
			i++
		case '\n':
			return s.openText(rest)
		case rest[0]:
			if at, msg := badEscape(rest[:i+1]); msg != "" {
				_, n := utf8.DecodeRuneInString(rest[at+1:])
				return errorAt(s.src, s.pos+at, s.pos+at+1+n, msg, "write `\\\\` for one backslash, or `@` before the quotation mark")
			}
			return s.add(kindText, i+1)
		}
	}
	return s.openText(rest)
}

func (s *scanner) openText(rest string) *Error {
	return s.fail(1, "this text is never closed", "it ends with `"+rest[:1]+"` on the same line")
}

// verbatim scans @"…", where two quotation marks stand for one.
func (s *scanner) verbatim(rest string) *Error {
	for i := 2; i < len(rest); i++ {
		if rest[i] == '\n' {
			break
		}
		if rest[i] == rest[1] {
			if i+1 < len(rest) && rest[i+1] == rest[1] {
				i++
				continue
			}
			return s.add(kindText, i+1)
		}
	}
	return s.openText(rest[1:])
}

// quotedName scans ['a name'].
func (s *scanner) quotedName(rest string) *Error {
	end := strings.IndexByte(rest[2:], rest[1])
	if end < 0 {
		return s.fail(2, "this name is never closed", "names in quotation marks look like `['a name']`")
	}
	if !strings.HasPrefix(rest[2+end+1:], "]") {
		return s.fail(2+end+1, "`]` is missing after this name", "names in quotation marks look like `['a name']`")
	}
	return s.add(kindQuoted, 2+end+2)
}

// escapes are what may follow a backslash, with what it stands for.
var escapes = map[byte]byte{'"': '"', '\'': '\'', '\\': '\\', 'n': '\n', 't': '\t', 'r': '\r', '0': 0}

// badEscape finds what unquote cannot read.
func badEscape(quoted string) (at int, msg string) {
	for i := 1; i < len(quoted)-1; i++ {
		if quoted[i] != '\\' {
			continue
		}
		c := quoted[i+1]
		if c == 'u' && i+6 < len(quoted) {
			if n, err := strconv.ParseUint(quoted[i+2:i+6], 16, 16); err == nil && utf8.ValidRune(rune(n)) {
				i += 5
				continue
			}
		}
		if _, ok := escapes[c]; !ok {
			return i, "a backslash before this character has no meaning"
		}
		i++
	}
	return 0, ""
}

// unquote returns what a token of text stands for.
func unquote(token string) string {
	if token[0] == '@' {
		q := token[1:2]
		return strings.ReplaceAll(token[2:len(token)-1], q+q, q)
	}
	inner := token[1 : len(token)-1]
	if !strings.Contains(inner, `\`) {
		return inner
	}
	var b strings.Builder
	for i := 0; i < len(inner); i++ {
		if inner[i] != '\\' {
			b.WriteByte(inner[i])
			continue
		}
		i++
		if inner[i] == 'u' {
			n, _ := strconv.ParseUint(inner[i+1:i+5], 16, 16)
			b.WriteRune(rune(n))
			i += 4
			continue
		}
		b.WriteByte(escapes[inner[i]])
	}
	return b.String()
}

// unquoteName returns the name in ['a name'].
func unquoteName(token string) string { return token[2 : len(token)-2] }

func digitsLen(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// number scans a number or a time span, and tells what only looks like one.
func (s *scanner) number(rest string) *Error {
	n := digitsLen(rest)
	kind := kindInt
	if m := dottedLen(rest); m > 0 {
		return s.fail(m, quoted(rest[:m])+" is no number", "put it in quotation marks: "+quoted(`"`+rest[:m]+`"`))
	}
	if m := dateLen(rest); m > 0 {
		return s.fail(m, "a date is written "+quoted("datetime("+rest[:m]+")"), "")
	}
	if n+1 < len(rest) && rest[n] == '.' && digitsLen(rest[n+1:]) > 0 {
		n += 1 + digitsLen(rest[n+1:])
		kind = kindReal
	}
	if m := exponentLen(rest[n:]); m > 0 {
		n += m
		kind = kindReal
	}
	unit := nameLen(rest[n:])
	if unit == 0 {
		return s.add(kind, n)
	}
	if _, ok := spanUnits[strings.ToLower(rest[n:n+unit])]; ok {
		return s.add(kindSpan, n+unit)
	}
	hint := "units are `d`, `h`, `m`, `s` and `ms`, as in `30m`; add them up: `1h + 30m`"
	if strings.EqualFold(rest[n:n+unit], "xx") && n == 1 {
		hint = "write `between (" + rest[:1] + "00 .. " + rest[:1] + "99)`"
	}
	return s.fail(n+unit, quoted(rest[:n+unit])+" is neither a number nor a time span", hint)
}

// exponentLen returns the length of e3, e+3 or e-3.
func exponentLen(s string) int {
	if s == "" || s[0] != 'e' && s[0] != 'E' {
		return 0
	}
	n := 1
	if n < len(s) && (s[n] == '+' || s[n] == '-') {
		n++
	}
	m := digitsLen(s[n:])
	if m == 0 || nameLen(s[n+m:]) > 0 {
		return 0
	}
	return n + m
}

// dottedLen returns the length of an enhanced code or an address, such as 5.7.1
// or 10.0.0.0/8.
func dottedLen(s string) int {
	n := digitsLen(s)
	dots := 0
	for n+1 < len(s) && s[n] == '.' && digitsLen(s[n+1:]) > 0 {
		n += 1 + digitsLen(s[n+1:])
		dots++
	}
	if dots < 2 {
		return 0
	}
	if n < len(s) && s[n] == '/' && digitsLen(s[n+1:]) > 0 {
		n += 1 + digitsLen(s[n+1:])
	}
	return n
}

// dateLen returns the length of a date such as 2026-11-01.
func dateLen(s string) int {
	const shape = "dddd-dd-dd"
	if len(s) < len(shape) {
		return 0
	}
	for i := range len(shape) {
		if digit := s[i] >= '0' && s[i] <= '9'; shape[i] == 'd' && !digit || shape[i] == '-' && s[i] != '-' {
			return 0
		}
	}
	return len(shape)
}

var spanUnits = map[string]time.Duration{
	"d": 24 * time.Hour, "day": 24 * time.Hour, "days": 24 * time.Hour,
	"h": time.Hour, "hour": time.Hour, "hours": time.Hour,
	"m": time.Minute, "min": time.Minute, "minute": time.Minute, "minutes": time.Minute,
	"s": time.Second, "sec": time.Second, "second": time.Second, "seconds": time.Second,
	"ms": time.Millisecond, "us": time.Microsecond,
}

// parseSpan reads a time span as number scans it.
func parseSpan(s string) (Value, bool) {
	n := len(s)
	for n > 0 && (s[n-1] < '0' || s[n-1] > '9') {
		n--
	}
	unit := spanUnits[strings.ToLower(s[n:])]
	if whole, err := strconv.ParseInt(s[:n], 10, 64); err == nil {
		return multiplySpan(whole, int64(unit))
	}
	f, err := strconv.ParseFloat(s[:n], 64)
	if err != nil {
		return Null, false
	}
	return spanOfReal(f * float64(unit))
}

func multiplySpan(a, b int64) (Value, bool) {
	n, ok := multiply(a, b)
	return SpanOf(time.Duration(n)), ok
}

func spanOfReal(f float64) (Value, bool) {
	n, ok := wholeOf(f)
	return SpanOf(time.Duration(n)), ok
}

// timeLayouts are the forms of a date and a time in a query, with "T" or a
// space between them. A fraction of a second may follow the seconds.
var timeLayouts = []string{
	"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04",
	"2006-01-02", "2006-01-02Z07:00", "2006-01",
}

// parseTime reads a date, with a time or without. What names no zone is in loc.
func parseTime(s string, loc *time.Location) (Value, bool) {
	s = strings.ToUpper(strings.TrimSpace(s))
	if len(s) > len("2006-01-02") && s[len("2006-01-02")] == ' ' {
		s = s[:10] + "T" + strings.TrimSpace(s[11:])
	}
	for _, layout := range timeLayouts {
		t, err := time.ParseInLocation(layout, s, loc)
		if err != nil {
			continue
		}
		if y := t.Year(); y < 1700 || y > 2200 {
			return Null, false
		}
		digits := 0
		if dot := strings.IndexByte(s, '.'); dot >= 0 {
			digits = min(digitsLen(s[dot+1:]), 9)
		}
		return Value{kind: DateTime, num: t.UnixNano(), digits: uint8(digits)}, true
	}
	return Null, false
}

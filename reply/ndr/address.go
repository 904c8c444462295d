package ndr

import (
	"strings"
	"unicode/utf8"
)

const maxAddress = 320 // RFC 5321 section 4.5.3.1: 64 + 1 + 255

// nextAddress finds the first mail address of s at or after from. Start and
// end are those of the address without angle brackets.
func nextAddress(s string, from int) (start, end int, ok bool) {
	for at := from; ; at++ {
		n := strings.IndexByte(s[at:], '@')
		if n < 0 {
			return 0, 0, false
		}
		at += n
		if start, end, ok = bracketed(s, from, at); ok {
			return start, end, true
		}
		start = localStart(s, from, at)
		end = domainEnd(s, at+1)
		if start < at && strings.IndexByte(s[at+1:end], '.') > 0 {
			return start, end, true
		}
		if start < at && end < len(s) && s[at+1] == '[' && s[end-1] == ']' {
			return start, end, true
		}
	}
}

// bracketed tells whether the "@" at s[at] stands in angle brackets that hold
// nothing but an address. Inside them it may be of any script (RFC 6531), and
// its domain without a dot.
func bracketed(s string, from, at int) (start, end int, ok bool) {
	low := max(from, at-maxAddress)
	open := strings.LastIndexByte(s[low:at], '<')
	if open < 0 {
		return 0, 0, false
	}
	start = low + open + 1
	high := min(len(s), at+maxAddress)
	n := strings.IndexByte(s[at:high], '>')
	if n < 0 || at+n == at+1 || start == at {
		return 0, 0, false
	}
	end = at + n
	inner := s[start:end]
	if i := strings.LastIndexByte(inner, ':'); i >= 0 { // mailto:, smtp:, a source route
		if start += i + 1; start >= at {
			return 0, 0, false
		}
		inner = s[start:end]
	}
	if inner[0] != '"' && strings.ContainsAny(inner, " \t\r\n<>,;()[]") || strings.Count(inner, "@") != 1 {
		return 0, 0, false
	}
	return start, end, true
}

func localStart(s string, from, at int) int {
	i := at
	if i > from && s[i-1] == '"' {
		low := max(from, at-maxAddress)
		if q := strings.LastIndexByte(s[low:at-1], '"'); q >= 0 && low+q+1 < at-1 {
			return low + q
		}
		return at
	}
	for i > from && atext(s[i-1]) {
		i--
	}
	for i < at && strings.IndexByte("'`*.|=", s[i]) >= 0 {
		i++
	}
	return i
}

func domainEnd(s string, i int) int {
	if i < len(s) && s[i] == '[' {
		if n := strings.IndexByte(s[i:min(len(s), i+48)], ']'); n > 0 {
			return i + n + 1
		}
	}
	end := i
	for end < len(s) && (alnum(s[end]) || s[end] == '.' || s[end] == '-' || s[end] == '_') {
		end++
	}
	for end > i && !alnum(s[end-1]) {
		end--
	}
	return end
}

func alnum(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// atext is that of RFC 5322 section 3.2.3, and the dot.
func atext(c byte) bool {
	return alnum(c) || strings.IndexByte("!#$%&'*+-/=?^_`{|}~.", c) >= 0
}

// addresses returns the addresses of s, at most n.
func addresses(s string, n int) []string {
	var all []string
	for from := 0; len(all) < n; {
		start, end, ok := nextAddress(s, from)
		if !ok {
			break
		}
		all = append(all, s[start:end])
		from = end
	}
	return all
}

// firstAddress returns the first address of s, "" when there is none.
func firstAddress(s string) string {
	if start, end, ok := nextAddress(s, 0); ok {
		return s[start:end]
	}
	return ""
}

// A lead is a line that begins with the address of a recipient.
type lead struct {
	addr   string
	rest   string // what follows on the line
	strict bool   // what follows is nothing, or set off by punctuation
}

// leadAddress reads a line such as "<a@example.com>: text", "  a@example.com",
// " * a@example.com", "a@example.com<mailto:a@example.com>" or
// "a@example.com on 4/29/2001 11:34 PM".
func leadAddress(line string) (l lead, ok bool) {
	s := strings.TrimSpace(line)
	for _, bullet := range []string{"->", ">>>", "*", "-", "•", "·", "=>"} {
		if rest, cut := strings.CutPrefix(s, bullet); cut {
			s = strings.TrimLeft(rest, " \t")
			break
		}
	}
	if len(s) == 0 || len(s) > maxText {
		return l, false
	}
	if at := strings.IndexByte(s, '@'); at <= 0 || at > maxAddress {
		return l, false
	}
	begin := 0
	if strings.IndexByte("<\"'(", s[0]) >= 0 {
		begin = 1
		if rest, cut := strings.CutPrefix(s[1:], "mailto:"); cut {
			s = s[:1] + rest
		}
	}
	start, end, found := nextAddress(s, 0)
	if begin == 0 && start > 0 && internationalAddress(s) {
		return lead{addr: s, strict: true}, true
	}
	if !found || start != begin && start != 0 {
		return l, false
	}
	l.addr = s[start:end]
	s = s[end:]
	if begin == 1 && len(s) > 0 && strings.IndexByte(">\"')", s[0]) >= 0 {
		s = s[1:]
	}
	if len(s) > 0 && s[0] == '(' || strings.HasPrefix(s, "<") || strings.HasPrefix(s, " <") {
		// The same address again, as in "a@b<mailto:a@b>" or "a@b <a@b>".
		t := strings.TrimPrefix(s, " ")
		if i := strings.IndexAny(t, ">)"); i > 0 && strings.Contains(t[:i], "@") && i < maxAddress+8 {
			s = t[i+1:]
		}
	}
	rest := strings.TrimSpace(s)
	switch {
	case rest == "" || rest == ";" || rest == ",":
		l.strict = true
	case rest[0] == ':':
		l.rest, l.strict = strings.TrimSpace(rest[1:]), true
	case rest[0] == '(' || rest[0] == '[' || strings.HasPrefix(rest, "...") || strings.HasPrefix(rest, "- "):
		l.rest, l.strict = rest, true
	case onDate(rest):
		l.strict = true
	case s[0] == ' ' || s[0] == '\t' || s[0] == ',':
		l.rest = rest
	default:
		return l, false
	}
	return l, true
}

// internationalAddress tells whether s is nothing but an address with letters
// beyond ASCII (RFC 6531).
func internationalAddress(s string) bool {
	at := strings.IndexByte(s, '@')
	if at <= 0 || len(s) > maxAddress || strings.Count(s, "@") != 1 || strings.ContainsAny(s, " \t<>()[],;:\"") {
		return false
	}
	ascii := true
	for i := range len(s) {
		ascii = ascii && s[i] < utf8.RuneSelf
	}
	return !ascii && strings.Contains(s[at:], ".")
}

// onDate tells whether s is "on" or its like in another language and a date
// and time, in whatever form: the end of the line where Exchange names a
// recipient.
func onDate(s string) bool {
	word, rest, ok := strings.Cut(s, " ")
	if !ok || len(word) > 12 || len(rest) > 60 {
		return false
	}
	digits := 0
	for i := range len(rest) {
		if rest[i] >= '0' && rest[i] <= '9' {
			digits++
		}
	}
	return digits >= 6 && strings.ContainsAny(rest, "/.-:") && !strings.Contains(rest, "@")
}

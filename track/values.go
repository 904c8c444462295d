package track

import (
	"strconv"
	"strings"

	"github.com/smtplog/smtplog/logparse"
)

// upper is strings.ToUpper without blanks around.
func upper(s string) string {
	for i := range len(s) {
		if s[i] < 'A' || s[i] > 'Z' {
			return strings.ToUpper(strings.TrimSpace(s))
		}
	}
	return s
}

// number returns the number that s is, -1 if it is none or below 0.
func number(s string) int64 {
	if n, ok := digits(s); ok {
		return n
	}
	s = strings.TrimSpace(s)
	if s == "" || s[0] != '+' && (s[0] < '0' || s[0] > '9') {
		return -1
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// digits reads up to 18 digits.
func digits(s string) (n int64, ok bool) {
	if len(s) == 0 || len(s) > 18 {
		return 0, false
	}
	for i := range len(s) {
		c := s[i] - '0'
		if c > 9 {
			return 0, false
		}
		n = 10*n + int64(c)
	}
	return n, true
}

// networkID returns a network message id in lower case, "" for the empty GUID.
func networkID(s string) string {
	if plainID(s) {
		return s
	}
	s = lower(strings.Trim(s, " {}"))
	if strings.Trim(s, "0-") == "" {
		return ""
	}
	return s
}

// plainID reports whether s is a network message id as Exchange writes it, in
// lower case, and not one of zeros only.
func plainID[T string | []byte](s T) bool {
	if len(s) != len("00000000-0000-0000-0000-000000000000") {
		return false
	}
	seen := byte(0)
	for i := range len(s) {
		seen |= idBytes[s[i]]
	}
	return seen == idDigit || seen == idDigit|idNothing
}

// What idBytes says of a byte.
const (
	idDigit   = 1 << iota
	idNothing // a zero or a hyphen
	idStrange // nothing that a plain id has
)

var idBytes = func() (table [256]byte) {
	for c := range table {
		switch {
		case c == '0' || c == '-':
			table[c] = idNothing
		case c >= '1' && c <= '9' || c >= 'a' && c <= 'f':
			table[c] = idDigit
		default:
			table[c] = idStrange
		}
	}
	return table
}()

// notExported is what Export-Csv writes in place of a list.
const notExported = "System.String[]"

// appendList appends the values of a list with semicolons, in PowerShell's
// form "{a, b}".
func appendList(list []string, s string) []string {
	if s == "" || s == notExported {
		return list
	}
	s, powerShell := unbraced(s)
	for part := range strings.SplitSeq(s, ";") {
		if powerShell {
			for p := range strings.SplitSeq(part, ", ") {
				list = appendValue(list, p)
			}
			continue
		}
		list = appendValue(list, part)
	}
	return list
}

func appendValue(list []string, s string) []string {
	if s = strings.TrimSpace(s); s != "" {
		list = append(list, s)
	}
	return list
}

// unbraced returns what stands in the braces in which PowerShell shows a list.
func unbraced(s string) (inside string, ok bool) {
	if len(s) >= 2 && s[0] == '{' && s[len(s)-1] == '}' {
		return s[1 : len(s)-1], true
	}
	return s, false
}

// appendRecipients appends the addresses of a recipient list. Semicolons part
// them; where PowerShell joined them, commas or blanks do as well.
//
// QUIRK: Export-Csv writes "System.String[]" for the list unless the
// administrator had it joined: the addresses are lost.
func appendRecipients(list []Recipient, s string, powerShell bool) []Recipient {
	if s == "" || s == notExported {
		return list
	}
	for len(s) > 0 {
		i := listEnd(s, powerShell)
		if a := strings.Trim(s[:i], " \t{}"); a != "" {
			list = append(list, Recipient{Address: a})
		}
		s = s[min(len(s), i+1):]
	}
	return list
}

func listEnd(s string, powerShell bool) int {
	if !powerShell && strings.IndexByte(s, '"') < 0 {
		if i := strings.IndexByte(s, ';'); i >= 0 {
			return i
		}
		return len(s)
	}
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			quoted = !quoted
		case quoted && strings.IndexByte(s[i:], '"') > 0:
		case c == ';', powerShell && (c == ',' || c == ' ' || c == '\n'):
			return i
		}
	}
	return len(s)
}

// alignStatuses gives each recipient its status, where the status column can
// be told apart: texts of statuses have semicolons too.
func (e *Event) alignStatuses() {
	n := len(e.Recipients)
	if n == 0 || e.RawStatus == "" || e.RawStatus == notExported {
		return
	}
	if n == 1 {
		e.Recipients[0].Status = strings.TrimSpace(e.RawStatus)
		return
	}
	for _, how := range [...]statusList{{';', true}, {';', false}, {',', true}} {
		if how.separator == ',' && e.Format != logparse.TrackingPS || how.count(e.RawStatus) != n {
			continue
		}
		s := e.RawStatus
		for i := range e.Recipients {
			end := how.end(s)
			e.Recipients[i].Status = strings.TrimSpace(s[:end])
			s = s[min(len(s), end+1):]
		}
		return
	}
}

// statusList says how a list of statuses is written; separators in brackets do
// not count if nested: "[{LED=550 5.1.1 …};{FQDN=mx.example.net}]".
type statusList struct {
	separator byte
	nested    bool
}

func (l statusList) count(s string) int {
	n := 1
	for {
		i := l.end(s)
		if i == len(s) {
			return n
		}
		n++
		s = s[i+1:]
	}
}

// end returns where the first status of the list ends.
func (l statusList) end(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		case l.separator:
			if !l.nested || depth <= 0 {
				return i
			}
		}
	}
	return len(s)
}

// statusText returns the reply in a status and the host that gave it. Exchange
// 2013 and later wrap it: "[{LED=550 5.1.1 User unknown};{MSG=};{FQDN=…};{IP=…};{LRT=…}]".
func statusText(s string) (text, host string) {
	if !strings.HasPrefix(s, "[{") {
		return s, ""
	}
	for part := range strings.SplitSeq(strings.Trim(s, "[]"), "};{") {
		part = strings.Trim(part, "{}")
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "LED":
			text = value
		case "MSG":
			if text == "" {
				text = value
			}
		case "FQDN":
			host = value
		}
	}
	if text == "" {
		text = s
	}
	return text, host
}

// appendCustom appends the pairs of custom-data, "S:Key=Value" with semicolons
// between; a value in single quotes may hold some itself.
func appendCustom(list []KeyValue, s string) []KeyValue {
	for len(s) > 0 {
		end := strings.IndexByte(s, ';')
		if q := strings.Index(s, "='"); q >= 0 && (end < 0 || q < end) {
			if closing := strings.Index(s[q+2:], "';"); closing >= 0 {
				end = q + 2 + closing + 1
			} else if strings.HasSuffix(s, "'") {
				end = -1
			}
		}
		part := s
		if end >= 0 {
			part, s = s[:end], s[end+1:]
		} else {
			s = ""
		}
		if part == "" {
			continue
		}
		key, value, _ := strings.Cut(part, "=")
		// "S:", "I32:", "F:" and "Dbl:" are types.
		if kind, name, typed := strings.Cut(key, ":"); typed && len(kind) <= 3 {
			key = name
		}
		list = append(list, KeyValue{key, value})
	}
	return list
}

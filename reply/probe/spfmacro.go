package probe

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// A macro is one %{…} (RFC 7208 section 7.1).
type macro struct {
	letter    byte // lower case
	escape    bool // the letter was upper case: percent-encode
	keep      int  // parts to keep from the right, 0 for all
	reverse   bool
	delimiter string
}

var errMacro = errors.New("a macro is malformed")

// eachMacro walks over a macro string: literal is called for text, expand for
// macros.
func eachMacro(text string, literal func(string), expand func(macro) error) error {
	for text != "" {
		at := strings.IndexByte(text, '%')
		if at < 0 {
			literal(text)
			return nil
		}
		literal(text[:at])
		text = text[at+1:]
		if text == "" {
			return errMacro
		}
		c := text[0]
		text = text[1:]
		switch c {
		case '%':
			literal("%")
		case '_':
			literal(" ")
		case '-':
			literal("%20")
		case '{':
			inner, rest, ok := strings.Cut(text, "}")
			if !ok {
				return errMacro
			}
			m, err := parseMacro(inner)
			if err != nil {
				return err
			}
			if err := expand(m); err != nil {
				return err
			}
			text = rest
		default:
			return errMacro
		}
	}
	return nil
}

func parseMacro(inner string) (m macro, err error) {
	if inner == "" {
		return m, errMacro
	}
	m.letter = inner[0] | 0x20
	m.escape = inner[0]&0x20 == 0
	if !strings.ContainsRune("slodiphcrtv", rune(m.letter)) {
		return m, errMacro
	}
	rest := inner[1:]
	digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
	if digits > 0 {
		if m.keep, err = strconv.Atoi(rest[:digits]); err != nil || m.keep == 0 {
			return m, errMacro
		}
	}
	rest = rest[digits:]
	if rest != "" && rest[0]|0x20 == 'r' {
		m.reverse, rest = true, rest[1:]
	}
	if strings.Trim(rest, ".-+,/_=") != "" {
		return m, errMacro
	}
	m.delimiter = rest
	return m, nil
}

// checkMacros checks a macro string; in a domain-spec the letters c, r and t
// are not allowed.
func checkMacros(text string, domain bool) error {
	for _, c := range []byte(text) {
		if c <= ' ' || c >= 0x7F {
			return errors.New("it holds a character that is not allowed")
		}
	}
	return eachMacro(text, func(string) {}, func(m macro) error {
		if domain && strings.ContainsRune("crt", rune(m.letter)) {
			return fmt.Errorf("the macro %%{%c} is allowed in explanations only", m.letter)
		}
		return nil
	})
}

// expand returns a domain-spec with its macros replaced; the leftmost labels of
// what is longer than a name may be are dropped (section 7.3).
func (e *spfCheck) expand(spec, domain string) (string, error) {
	var b strings.Builder
	err := eachMacro(spec, func(s string) { b.WriteString(s) }, func(m macro) error {
		b.WriteString(m.apply(e.value(m.letter, domain)))
		if b.Len() > 4096 {
			return errors.New("it expands to too long a name")
		}
		return nil
	})
	out := strings.TrimSuffix(b.String(), ".")
	for len(out) > 253 {
		_, rest, ok := strings.Cut(out, ".")
		if !ok {
			return "", errors.New("it expands to too long a name")
		}
		out = rest
	}
	return out, err
}

func (e *spfCheck) value(letter byte, domain string) string {
	switch letter {
	case 's':
		return e.local + "@" + e.domain
	case 'l':
		return e.local
	case 'o':
		return e.domain
	case 'd':
		return domain
	case 'h':
		return e.helo
	case 'v':
		if e.ip.Is4() {
			return "in-addr"
		}
		return "ip6"
	case 'p':
		names := e.validated(domain)
		if len(names) == 0 {
			return "unknown"
		}
		for _, n := range names {
			if n == domain || strings.HasSuffix(n, "."+domain) {
				return n
			}
		}
		return names[0]
	}
	return dotted(e.ip)
}

// dotted writes an IPv6 address as 32 digits with dots, as SPF has it.
func dotted(ip netip.Addr) string {
	if ip.Is4() {
		return ip.String()
	}
	var parts []string
	for _, b := range ip.As16() {
		parts = append(parts, fmt.Sprintf("%x.%x", b>>4, b&15))
	}
	return strings.Join(parts, ".")
}

func (m *macro) apply(value string) string {
	if m.reverse || m.keep > 0 || m.delimiter != "" {
		delimiters := m.delimiter
		if delimiters == "" {
			delimiters = "."
		}
		parts := strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(delimiters, r) })
		if m.reverse {
			slices.Reverse(parts)
		}
		if m.keep > 0 && m.keep < len(parts) {
			parts = parts[len(parts)-m.keep:]
		}
		value = strings.Join(parts, ".")
	}
	if !m.escape {
		return value
	}
	var b strings.Builder
	for _, c := range []byte(value) {
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

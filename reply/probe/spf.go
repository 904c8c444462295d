package probe

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// An spfRecord is a parsed SPF record (RFC 7208 section 4.6).
type spfRecord struct {
	mechanisms []spfMechanism
	redirect   string // domain-spec, "" where there is none
}

// An spfMechanism is one term of a record.
type spfMechanism struct {
	text    string // as written
	result  spfResult
	name    string // "all", "include", "a", "mx", "ptr", "ip4", "ip6" or "exists"
	domain  string // domain-spec, "" for the current domain
	network netip.Prefix
	bits4   int // prefix lengths of a and mx
	bits6   int
}

// An spfResult is what an SPF record says of an address (RFC 7208 section 2.6).
type spfResult string

const (
	spfNone      spfResult = "none"
	spfNeutral   spfResult = "neutral"
	spfPass      spfResult = "pass"
	spfFail      spfResult = "fail"
	spfSoftfail  spfResult = "softfail"
	spfTempError spfResult = "temperror"
	spfPermError spfResult = "permerror"
)

// isSPF reports whether a TXT record is an SPF record.
func isSPF(text string) bool {
	return len(text) >= 6 && strings.EqualFold(text[:6], "v=spf1") && (len(text) == 6 || text[6] == ' ')
}

// parseSPF reads a record. An error means permerror.
func parseSPF(text string) (*spfRecord, error) {
	if !isSPF(text) {
		return nil, errors.New("it does not begin with v=spf1")
	}
	rec := &spfRecord{}
	seen := map[string]bool{}
	for term := range strings.FieldsFuncSeq(text[6:], func(r rune) bool { return r == ' ' }) {
		if name, value, ok := strings.Cut(term, "="); ok && isModifierName(name) {
			name = strings.ToLower(name)
			if err := checkMacros(value, name == "redirect"); err != nil {
				return nil, fmt.Errorf("%s: %w", term, err)
			}
			if name != "redirect" && name != "exp" {
				continue // unknown modifiers are passed over (section 6)
			}
			if seen[name] {
				return nil, fmt.Errorf("%s= stands twice", name)
			}
			seen[name] = true
			if value == "" {
				return nil, fmt.Errorf("%s= is empty", name)
			}
			if name == "redirect" {
				rec.redirect = value
			}
			continue
		}
		m, err := parseMechanism(term)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", term, err)
		}
		rec.mechanisms = append(rec.mechanisms, m)
	}
	return rec, nil
}

func isModifierName(name string) bool {
	for i, c := range []byte(name) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || (c < '0' || c > '9') && c != '-' && c != '_' && c != '.') {
			return false
		}
	}
	return name != ""
}

func parseMechanism(term string) (spfMechanism, error) {
	m := spfMechanism{text: term, result: spfPass, bits4: 32, bits6: 128}
	rest := term
	switch rest[0] {
	case '+':
		rest = rest[1:]
	case '-':
		m.result, rest = spfFail, rest[1:]
	case '~':
		m.result, rest = spfSoftfail, rest[1:]
	case '?':
		m.result, rest = spfNeutral, rest[1:]
	}
	end := strings.IndexAny(rest, ":/")
	if end < 0 {
		end = len(rest)
	}
	m.name = strings.ToLower(rest[:end])
	arg := rest[end:]
	hasArg := strings.HasPrefix(arg, ":")
	if hasArg {
		arg = arg[1:]
		if arg == "" {
			return m, errors.New("nothing stands behind the colon")
		}
	}
	switch m.name {
	case "all":
		if hasArg || arg != "" {
			return m, errors.New("all takes no argument")
		}
	case "include", "exists":
		if !hasArg {
			return m, errors.New("a domain is missing")
		}
		m.domain = arg
		return m, checkMacros(arg, true)
	case "ptr":
		if !hasArg && arg != "" {
			return m, errors.New("ptr takes no prefix length")
		}
		m.domain = arg
		return m, checkMacros(arg, true)
	case "a", "mx":
		var err error
		if arg, err = m.prefixLengths(arg); err != nil {
			return m, err
		}
		if hasArg && arg == "" {
			return m, errors.New("a domain is missing")
		}
		m.domain = arg
		return m, checkMacros(arg, true)
	case "ip4", "ip6":
		if !hasArg {
			return m, errors.New("an address is missing")
		}
		var err error
		m.network, err = parseNetwork(arg, m.name == "ip6")
		return m, err
	default:
		return m, errors.New("an unknown mechanism")
	}
	return m, nil
}

// prefixLengths takes "/24", "//64" or "/24//64" off the end.
func (m *spfMechanism) prefixLengths(arg string) (rest string, err error) {
	// A macro such as %{d/} may hold a slash too.
	from := strings.LastIndexByte(arg, '}') + 1
	slash := strings.IndexByte(arg[from:], '/')
	if slash < 0 {
		return arg, nil
	}
	slash += from
	v4, v6, both := strings.Cut(arg[slash:], "//")
	if v4 != "" {
		if m.bits4, err = prefixLength(v4[1:], 32); err != nil {
			return "", err
		}
	}
	if both {
		if m.bits6, err = prefixLength(v6, 128); err != nil {
			return "", err
		}
	}
	return arg[:slash], nil
}

func prefixLength(s string, most int) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > most || len(s) > 1 && s[0] == '0' || s[0] == '+' || s[0] == '-' {
		return 0, fmt.Errorf("%q is no prefix length from 0 to %d", s, most)
	}
	return n, nil
}

func parseNetwork(arg string, v6 bool) (netip.Prefix, error) {
	text, length, cut := strings.Cut(arg, "/")
	addr, err := netip.ParseAddr(text)
	if err != nil || addr.Zone() != "" || addr.Is6() != v6 {
		return netip.Prefix{}, fmt.Errorf("%q is no address of that family", text)
	}
	bits := addr.BitLen()
	if cut {
		if bits, err = prefixLength(length, addr.BitLen()); err != nil {
			return netip.Prefix{}, err
		}
	}
	return netip.PrefixFrom(addr, bits).Masked(), nil
}

package probe

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// An Address is a mailbox as RFC 5321 section 4.1.2 has it, with the letters
// that RFC 6531 adds.
type Address struct {
	Local   string     // as given, with its quotes
	Domain  string     // as given
	ASCII   string     // the domain in lower case with A-labels; "" for an address literal
	Literal netip.Addr // of "user@[192.0.2.1]"
	UTF8    bool       // the local part needs SMTPUTF8
	IDN     bool       // the domain has letters beyond ASCII
}

// String returns the address as it stands in a command: with A-labels unless
// the local part needs SMTPUTF8 anyway. The null address is "".
func (a Address) String() string {
	if a.Local == "" {
		return ""
	}
	domain := a.Domain
	if a.IDN && !a.UTF8 {
		domain = a.ASCII
	}
	return a.Local + "@" + domain
}

// ParseAddress reads one mailbox. Angle brackets around it are dropped. It
// says what is wrong with one that RFC 5321 does not allow.
func ParseAddress(text string) (Address, error) {
	var a Address
	text = strings.TrimSpace(text)
	if inner, ok := strings.CutPrefix(text, "<"); ok {
		text = strings.TrimSuffix(inner, ">")
	}
	if !utf8.ValidString(text) {
		return a, errors.New("the address is not UTF-8")
	}
	at, err := localEnd(text)
	if err != nil {
		return a, err
	}
	a.Local, a.Domain = text[:at], text[at+1:]
	if len(a.Local) > 64 {
		return a, fmt.Errorf("the part before the @ has %d octets, at most 64 are allowed (RFC 5321 section 4.5.3.1)", len(a.Local))
	}
	a.UTF8 = !ascii(a.Local)
	if strings.HasPrefix(a.Domain, "[") {
		a.Literal, err = parseLiteral(a.Domain)
		return a, err
	}
	a.IDN = !ascii(a.Domain)
	a.ASCII, err = asciiDomain(a.Domain)
	if err == nil && len(a.Local)+1+len(a.ASCII) > 254 {
		err = fmt.Errorf("the address is longer than 254 octets (RFC 5321 section 4.5.3.1)")
	}
	return a, err
}

// localEnd returns the position of the @ behind the local part.
func localEnd(text string) (int, error) {
	if strings.HasPrefix(text, `"`) {
		for i := 1; i < len(text); i++ {
			switch c := text[i]; {
			case c == '\\' && i+1 < len(text) && text[i+1] >= ' ' && text[i+1] != 0x7F:
				i++
			case c < ' ' || c == 0x7F || c == '\\':
				return 0, errors.New("a control character stands between the quotes")
			case c == '"':
				if i+1 < len(text) && text[i+1] == '@' {
					return i + 1, nil
				}
				return 0, errors.New("behind the closing quote there must be an @")
			}
		}
		return 0, errors.New("the closing quote is missing")
	}
	at := strings.LastIndexByte(text, '@')
	if at < 0 {
		return 0, errors.New("there is no @")
	}
	if at == 0 {
		return 0, errors.New("there is nothing before the @")
	}
	for atom := range strings.SplitSeq(text[:at], ".") {
		if atom == "" {
			return 0, errors.New("a dot stands at the start, at the end or beside another dot")
		}
		for _, c := range atom {
			if !isAtext(c) {
				return 0, fmt.Errorf("%q is not allowed before the @ without quotes", c)
			}
		}
	}
	return at, nil
}

func isAtext(c rune) bool {
	return c >= 0xA0 || c > ' ' && c < 0x7F && !strings.ContainsRune(`"(),:;<>@[\]`, c)
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func parseLiteral(text string) (netip.Addr, error) {
	inner, ok := strings.CutSuffix(text[1:], "]")
	if !ok {
		return netip.Addr{}, errors.New("the closing bracket of the address literal is missing")
	}
	v6 := len(inner) > 5 && strings.EqualFold(inner[:5], "IPv6:")
	if v6 {
		inner = inner[5:]
	}
	addr, err := netip.ParseAddr(inner)
	if err != nil || addr.Zone() != "" || addr.Is6() != v6 {
		return netip.Addr{}, fmt.Errorf("%s is no address literal such as [192.0.2.1] or [IPv6:2001:db8::1]", text)
	}
	return addr, nil
}

// asciiDomain returns a domain with A-labels, checked by RFC 5891 where it has
// any and by the rules of host names.
func asciiDomain(domain string) (string, error) {
	if domain == "" {
		return "", errors.New("there is nothing behind the @")
	}
	out := strings.ToLower(domain)
	if !ascii(domain) {
		var err error
		if out, err = idna.Lookup.ToASCII(domain); err != nil {
			return "", fmt.Errorf("the domain is no valid international name: %w", err)
		}
	}
	if len(out) > 253 {
		return "", errors.New("the domain is longer than 253 octets")
	}
	for label := range strings.SplitSeq(out, ".") {
		switch {
		case label == "":
			return "", errors.New("the domain has a dot at the start, at the end or beside another dot")
		case len(label) > 63:
			return "", errors.New("a part of the domain is longer than 63 octets")
		case label[0] == '-' || label[len(label)-1] == '-':
			return "", errors.New("a part of the domain begins or ends with a hyphen")
		}
		for _, c := range []byte(label) {
			// QUIRK: underscores are no host names, but domains inside
			// Exchange organizations have them.
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
				return "", fmt.Errorf("%q is not allowed in a domain", rune(c))
			}
		}
	}
	return out, nil
}

// checkSyntax checks both addresses and reports whether the rest can go on.
func (p *prober) checkSyntax() bool {
	ok := true
	check := func(who, text string, into *Address) {
		p.step(StepSyntax, text, who+" "+text, func(s *Step) {
			a, err := ParseAddress(text)
			if err != nil {
				ok = false
				s.fail(BadSyntax, "the %s address is malformed: %v", who, err)
				s.Classification = because(reasonBadAddress)
				return
			}
			*into = a
			s.say("the %s address is well formed", who)
			if a.IDN {
				s.info(Internationalized, "an international domain: %s in DNS", a.ASCII)
			}
			if a.UTF8 {
				s.info(NeedsSMTPUTF8, "the part before the @ has letters beyond ASCII: every server on the way must support SMTPUTF8 (RFC 6531)")
			}
		})
	}
	if sender := strings.TrimSpace(p.opt.Sender); sender == "" || sender == "<>" {
		p.step(StepSyntax, "<>", "sender <>", func(s *Step) { s.say("the null sender, as of bounces") })
	} else {
		check("sender", sender, &p.sender)
	}
	check("recipient", p.opt.Recipient, &p.recipient)
	if to := p.opt.AcceptTo; to != "" && to != p.opt.Recipient {
		var a Address
		check("test message's", to, &a)
		if ok && (a.ASCII != p.recipient.ASCII || a.Literal != p.recipient.Literal) {
			ok = false
			p.step(StepSyntax, to, "domain of "+to, func(s *Step) {
				s.fail(BadSyntax, "the test message goes to an address of the recipient's domain only")
			})
		}
	}
	return ok
}

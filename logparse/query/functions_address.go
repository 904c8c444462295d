package query

import (
	"net/netip"
	"strings"
)

var addressFunctions = map[string]*function{
	"domain":     {params: []Type{String}, result: String, build: plain1(domainOf)},
	"localpart":  {params: []Type{String}, result: String, build: plain1(localPartOf)},
	"ip":         {params: []Type{String}, result: String, build: plain1(ipOf)},
	"is_private": {params: []Type{String}, result: Bool, build: buildIsPrivate},
	"in_cidr":    {params: []Type{String, String}, more: true, result: Bool, build: buildInCIDR},
}

// mailbox returns an address without <>, and where its last @ is.
func mailbox(s string) (string, int) {
	s = strings.TrimSpace(s)
	if len(s) >= 2 && s[0] == '<' && s[len(s)-1] == '>' {
		s = s[1 : len(s)-1]
	}
	return s, strings.LastIndexByte(s, '@')
}

// domainOf returns what is after the last @, in lower case; null without one.
func domainOf(v Value) Value {
	s, at := mailbox(v.text)
	if at < 0 {
		return Null
	}
	return StringOf(strings.ToLower(s[at+1:]))
}

// localPartOf returns what is before the last @; null without one.
func localPartOf(v Value) Value {
	s, at := mailbox(v.text)
	if at < 0 {
		return Null
	}
	return StringOf(s[:at])
}

// parseIP reads an address as logs have them: 192.0.2.7, 192.0.2.7:25,
// [2001:db8::7]:25, [192.0.2.7]. An IPv4 address in IPv6 form is the IPv4 one.
func parseIP(s string) (netip.Addr, bool) {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return netip.Addr{}, false
		}
		s = s[1:end]
		if len(s) > 5 && strings.EqualFold(s[:5], "IPv6:") {
			s = s[5:]
		}
	} else if colon := strings.IndexByte(s, ':'); colon >= 0 && strings.IndexByte(s[colon+1:], ':') < 0 {
		s = s[:colon]
	}
	if s == "" || strings.IndexByte(s, '.') < 0 && strings.IndexByte(s, ':') < 0 {
		return netip.Addr{}, false
	}
	// A zone names an interface of the machine that wrote the log. It is cut before
	// the address is read, which keeps it from being remembered for ever.
	if zone := strings.IndexByte(s, '%'); zone >= 0 {
		s = s[:zone]
	}
	addr, err := netip.ParseAddr(s)
	return addr.Unmap(), err == nil
}

func ipOf(v Value) Value {
	addr, ok := parseIP(v.text)
	if !ok {
		return Null
	}
	return StringOf(addr.String())
}

// ipTest compiles a test of an address, null for what is none.
func ipTest(n *node, holds func(netip.Addr) bool) *node {
	eval := n.eval
	return testNode(func(row any, s []Value) truth {
		v := eval(row, s)
		if v.kind == 0 {
			return unknown
		}
		addr, ok := parseIP(v.text)
		if !ok {
			return unknown
		}
		return truthOf(holds(addr))
	})
}

func buildIsPrivate(c *call) *node {
	return ipTest(c.args[0], func(a netip.Addr) bool {
		return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast()
	})
}

func buildInCIDR(c *call) *node {
	var networks []netip.Prefix
	for i := 1; i < len(c.args); i++ {
		text := strings.TrimSpace(c.constantText(i, "a network"))
		p, err := netip.ParsePrefix(text)
		if err != nil {
			addr, ok := parseIP(text)
			if !ok {
				c.fail(c.args[i], c.text(c.args[i])+" is no network", "write one such as `\"10.0.0.0/8\"` or `\"2001:db8::/32\"`")
			}
			p = netip.PrefixFrom(addr, addr.BitLen())
		}
		if p.Addr().Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		networks = append(networks, p.Masked())
	}
	return ipTest(c.args[0], func(a netip.Addr) bool {
		for _, n := range networks {
			if n.Contains(a) {
				return true
			}
		}
		return false
	})
}

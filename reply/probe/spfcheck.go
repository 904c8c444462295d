package probe

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/miekg/dns"
)

// The limits of RFC 7208 section 4.6.4.
const (
	spfMaxLookups = 10 // terms that need DNS
	spfMaxVoid    = 2  // lookups without an answer
	spfMaxNames   = 10 // hosts of one mx, names of one ptr
)

// An spfCheck evaluates the SPF record of a domain for one address (RFC 7208
// section 4).
type spfCheck struct {
	lookup func(name string, qtype uint16) found
	ip     netip.Addr
	local  string // of the sender, "postmaster" for the null sender
	domain string // of the sender, the HELO name for the null sender
	helo   string

	named bool     // names were looked up
	names []string // of the client, those that lead back to it

	lookups int
	voids   int
	trail   []string // what was looked at, a term a line
}

// An spfVerdict is the result and the term that decided.
type spfVerdict struct {
	result spfResult
	term   string // "-all", "include:example.net"
	why    string // of an error
}

// errTemporary is a lookup that failed: temperror.
var errTemporary = errors.New("a lookup failed")

// run evaluates the record of the domain.
func (e *spfCheck) run() spfVerdict { return e.check(e.domain) }

// texts returns the TXT records of a name.
func texts(f found) []string {
	var out []string
	for _, rr := range f.rrs {
		if t, ok := rr.(*dns.TXT); ok {
			out = append(out, unescape(strings.Join(t.Txt, "")))
		}
	}
	return out
}

// unescape undoes the escapes of the presentation format, in which package dns
// keeps texts: \DDD and a backslash before a character.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		if i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 10, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		i++
		b.WriteByte(s[i])
	}
	return b.String()
}

func (e *spfCheck) check(domain string) spfVerdict {
	f := e.lookup(domain, dns.TypeTXT)
	if f.err != nil || f.loop {
		return spfVerdict{result: spfTempError, why: "the record of " + domain + " cannot be had"}
	}
	var records []string
	for _, t := range texts(f) {
		if isSPF(t) {
			records = append(records, t)
		}
	}
	switch len(records) {
	case 0:
		return spfVerdict{result: spfNone, why: domain + " has no SPF record"}
	case 1:
	default:
		return spfVerdict{result: spfPermError, why: fmt.Sprintf("%s has %d SPF records", domain, len(records))}
	}
	e.trail = append(e.trail, domain+": "+records[0])
	rec, err := parseSPF(records[0])
	if err != nil {
		return spfVerdict{result: spfPermError, why: fmt.Sprintf("the record of %s: %v", domain, err)}
	}
	for i := range rec.mechanisms {
		m := &rec.mechanisms[i]
		match, err := e.match(m, domain)
		if err != nil {
			return e.failed(m.text, domain, err)
		}
		if match {
			return spfVerdict{result: m.result, term: m.text}
		}
	}
	if rec.redirect == "" {
		return spfVerdict{result: spfNeutral, term: "nothing matches"}
	}
	to, err := e.expand(rec.redirect, domain)
	if err == nil {
		err = e.count()
	}
	if err != nil {
		return e.failed("redirect="+rec.redirect, domain, err)
	}
	v := e.check(to)
	if v.result == spfNone {
		return spfVerdict{result: spfPermError, why: "redirect leads to " + to + ", which has no SPF record"}
	}
	return v
}

func (e *spfCheck) failed(term, domain string, err error) spfVerdict {
	result := spfPermError
	if errors.Is(err, errTemporary) {
		result = spfTempError
	}
	return spfVerdict{result: result, term: term, why: fmt.Sprintf("%s in the record of %s: %v", term, domain, err)}
}

// count counts a term that needs DNS.
func (e *spfCheck) count() error {
	if e.lookups++; e.lookups > spfMaxLookups {
		return fmt.Errorf("the record needs more than %d lookups", spfMaxLookups)
	}
	return nil
}

// ask looks up and counts lookups that find nothing.
func (e *spfCheck) ask(name string, qtype uint16) ([]dns.RR, error) {
	f := e.lookup(name, qtype)
	if f.err != nil || f.loop {
		return nil, errTemporary
	}
	if len(f.rrs) == 0 {
		if e.voids++; e.voids > spfMaxVoid {
			return nil, fmt.Errorf("more than %d lookups find nothing", spfMaxVoid)
		}
	}
	return f.rrs, nil
}

func (e *spfCheck) match(m *spfMechanism, domain string) (bool, error) {
	switch m.name {
	case "all":
		return true, nil
	case "ip4", "ip6":
		return m.network.Contains(e.ip), nil
	}
	if err := e.count(); err != nil {
		return false, err
	}
	name := domain
	if m.domain != "" {
		var err error
		if name, err = e.expand(m.domain, domain); err != nil {
			return false, err
		}
	}
	switch m.name {
	case "include":
		v := e.check(name)
		switch v.result {
		case spfPass:
			return true, nil
		case spfTempError:
			return false, fmt.Errorf("%w: %s", errTemporary, v.why)
		case spfPermError, spfNone:
			return false, errors.New(v.why)
		}
		return false, nil
	case "a":
		return e.hostMatches(m, name)
	case "mx":
		rrs, err := e.ask(name, dns.TypeMX)
		if err != nil {
			return false, err
		}
		if len(rrs) > spfMaxNames {
			return false, fmt.Errorf("%s has more than %d MX hosts", name, spfMaxNames)
		}
		for _, rr := range rrs {
			if ok, err := e.hostMatches(m, rr.(*dns.MX).Mx); ok || err != nil {
				return ok, err
			}
		}
		return false, nil
	case "exists":
		rrs, err := e.ask(name, dns.TypeA)
		return len(rrs) > 0, err
	}
	for _, n := range e.validated(name) {
		if n == name || strings.HasSuffix(n, "."+strings.ToLower(name)) {
			return true, nil
		}
	}
	return false, nil
}

// hostMatches reports whether one of the host's addresses, shortened to the
// mechanism's prefix, is that of the client.
func (e *spfCheck) hostMatches(m *spfMechanism, host string) (bool, error) {
	qtype, bits := dns.TypeA, m.bits4
	if !e.ip.Is4() {
		qtype, bits = dns.TypeAAAA, m.bits6
	}
	rrs, err := e.ask(host, qtype)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(rrs, func(rr dns.RR) bool {
		addr, ok := addressOf(rr)
		if !ok || addr.BitLen() != e.ip.BitLen() {
			return false
		}
		return netip.PrefixFrom(addr, bits).Masked().Contains(e.ip)
	}), nil
}

// addressOf returns the address of an A or AAAA record. An AAAA record of an
// IPv4-mapped address stays IPv6.
func addressOf(rr dns.RR) (netip.Addr, bool) {
	switch rr := rr.(type) {
	case *dns.A:
		a, ok := netip.AddrFromSlice(rr.A)
		return a.Unmap(), ok
	case *dns.AAAA:
		return netip.AddrFromSlice(rr.AAAA.To16())
	}
	return netip.Addr{}, false
}

// validated returns the client's names that lead back to it (section 5.5),
// those below domain first. They are looked up once.
func (e *spfCheck) validated(domain string) []string {
	if !e.named {
		e.named = true
		e.names = e.lookupNames()
	}
	domain = strings.ToLower(domain)
	names := slices.Clone(e.names)
	slices.SortStableFunc(names, func(a, b string) int {
		return below(b, domain) - below(a, domain)
	})
	return names
}

// lookupNames finds the names; errors count as no name.
func (e *spfCheck) lookupNames() []string {
	reverse, err := dns.ReverseAddr(e.ip.String())
	if err != nil {
		return nil
	}
	ptrs, err := e.ask(reverse, dns.TypePTR)
	if err != nil {
		return nil
	}
	var names []string
	for _, rr := range ptrs[:min(len(ptrs), spfMaxNames)] {
		name := rr.(*dns.PTR).Ptr
		qtype := dns.TypeA
		if !e.ip.Is4() {
			qtype = dns.TypeAAAA
		}
		f := e.lookup(name, qtype)
		if slices.ContainsFunc(f.rrs, func(rr dns.RR) bool { a, ok := addressOf(rr); return ok && a == e.ip }) {
			names = append(names, strings.ToLower(hostText(name)))
		}
	}
	return names
}

func below(name, domain string) int {
	if name == domain {
		return 2
	}
	if strings.HasSuffix(name, "."+domain) {
		return 1
	}
	return 0
}

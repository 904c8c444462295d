package probe

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// checkSOA asks each DNS server for the SOA of the domain, over UDP and TCP,
// and compares the serials.
func (p *prober) checkSOA(domain string) {
	serials := map[uint32][]string{}
	zone := ""
	for _, server := range p.opt.DNS {
		reached := false
		for _, network := range []string{udp, tcp} {
			p.stepVia(network, StepSOA, server, "SOA "+domain, func(s *Step) {
				a := p.dns.ask(server, network, domain, dns.TypeSOA)
				switch {
				case !a.usable() && network == tcp && reached && a.err != nil:
					s.warn(TCPBlocked, "DNS over TCP: %s, though UDP works; does a firewall block TCP port 53?", netProblem(a.err))
					return
				case !a.usable():
					s.fail(a.issue(), "the DNS server gives no answer: %s", a.problem())
					s.Classification = because(reasonDNSFailure)
					return
				}
				reached = true
				soa := soaOf(a.msg)
				switch {
				case a.msg.Rcode == dns.RcodeNameError:
					s.fail(NoSuchDomain, "%s does not exist", domain)
					s.Classification = because(reasonDomainUnknown)
				case soa == nil && a.msg.Truncated:
					s.info(Truncated, "the answer was truncated")
				case soa == nil:
					s.warn(NoRecord, "no SOA record for %s", domain)
				default:
					zone = strings.TrimSuffix(soa.Hdr.Name, ".")
					serials[soa.Serial] = append(serials[soa.Serial], network+" "+server)
					s.Answered = soa.String()
					s.say("zone %s, serial %d", zone, soa.Serial)
				}
			})
		}
	}
	p.step(StepSOASerials, domain, "SOA serials of "+domain, func(s *Step) {
		switch len(serials) {
		case 0:
			s.skip(NoRecord, "there is no serial to compare")
		case 1:
			for serial, from := range serials {
				s.say("%d of %d answers have serial %d", len(from), 2*len(p.opt.DNS), serial)
			}
		default:
			for serial, from := range serials {
				s.detail("serial %d: %s", serial, strings.Join(from, ", "))
			}
			slices.Sort(s.Details)
			s.warn(DifferingSerials, "the servers have different versions of zone %s: a change is still on its way, or a transfer fails", zone)
		}
	})
}

// soaOf returns the SOA that an answer holds, as its subject or as the zone
// that the name lies in.
func soaOf(m *dns.Msg) *dns.SOA {
	for _, rr := range slices.Concat(m.Answer, m.Ns) {
		if soa, ok := rr.(*dns.SOA); ok {
			return soa
		}
	}
	return nil
}

// A transported remembers how asking over one transport went.
type transported struct {
	answered  int
	truncated bool
	records   []string // what was answered, each once
}

// poll asks every server over one transport and notes what goes wrong there;
// before is what came of UDP when this is TCP.
func (p *prober) poll(s *Step, network, name string, before *transported, qtypes ...uint16) *transported {
	t := &transported{}
	type trouble struct {
		issue Issue
		text  string
	}
	var troubles []trouble
	for _, server := range p.opt.DNS {
		for _, qtype := range qtypes {
			a := p.dns.ask(server, network, name, qtype)
			what := dns.TypeToString[qtype]
			if !a.usable() {
				s.detail("%s %s: %s", server, what, a.problem())
				troubles = append(troubles, trouble{a.issue(), server + ": " + a.problem()})
				continue
			}
			t.answered++
			t.truncated = t.truncated || a.msg.Truncated
			records := recordsText(a.msg)
			s.detail("%s %s: %s (%d ms)", server, what, records, a.took.Milliseconds())
			if len(qtypes) > 1 {
				records = what + " " + records
			}
			if !slices.Contains(t.records, records) {
				t.records = append(t.records, records)
			}
		}
	}
	s.Answered = strings.Join(s.Details, "\n")
	switch {
	case t.answered == 0 && before != nil && before.answered > 0 && before.truncated:
		s.fail(TCPBlocked, "no answer over TCP, and that over UDP is truncated: the records cannot be had. Does a firewall block TCP port 53?")
		s.Classification = because(reasonDNSFailure)
	case t.answered == 0 && before != nil && before.answered > 0:
		s.warn(TCPBlocked, "no answer over TCP, though UDP works: does a firewall block TCP port 53?")
	case t.answered == 0:
		for _, tr := range troubles {
			s.fail(tr.issue, "no answer from %s", tr.text)
		}
		s.Classification = because(reasonDNSFailure)
	default:
		for _, tr := range troubles {
			s.warn(tr.issue, "no answer from %s", tr.text)
		}
	}
	if t.answered > 0 && before != nil && before.answered == 0 {
		s.warn(UDPBlocked, "TCP works, UDP does not: does a firewall block UDP port 53?")
	}
	if t.truncated {
		s.info(Truncated, "the answer does not fit into %s; it must be asked for over TCP", strings.ToUpper(network))
	}
	return t
}

// recordsText shows the answer section in a line.
func recordsText(m *dns.Msg) string {
	if m.Rcode == dns.RcodeNameError {
		return "no such name"
	}
	var out []string
	for i, rr := range m.Answer {
		if i == maxHosts {
			out = append(out, fmt.Sprintf("and %d more", len(m.Answer)-i))
			break
		}
		out = append(out, recordText(rr))
	}
	if m.Truncated {
		out = append(out, "truncated")
	}
	if len(out) == 0 {
		return "none"
	}
	return strings.Join(out, ", ")
}

func recordText(rr dns.RR) string {
	switch rr := rr.(type) {
	case *dns.MX:
		return fmt.Sprintf("%d %s", rr.Preference, hostText(rr.Mx))
	case *dns.A:
		return rr.A.String()
	case *dns.AAAA:
		return rr.AAAA.String()
	case *dns.CNAME:
		return "CNAME " + hostText(rr.Target)
	}
	return strings.TrimSpace(strings.TrimPrefix(rr.String(), rr.Header().String()))
}

// hostText is a name without its final dot, but for the root.
func hostText(name string) string {
	if name == "." {
		return name
	}
	return strings.TrimSuffix(name, ".")
}

// addresses returns the addresses of a host, IPv4 first, and how they were
// found; the error that counts is that of the second when both failed.
func (r *resolver) addresses(host string) (addrs []netip.Addr, f found) {
	f4, f6 := r.lookup(host, dns.TypeA), r.lookup(host, dns.TypeAAAA)
	f = f4
	if len(f4.rrs) == 0 && (len(f6.rrs) > 0 || f4.err == nil && f6.err != nil) {
		f = f6
	}
	f.ad = f4.ad && f6.ad
	for _, rr := range f4.rrs {
		if a, ok := netip.AddrFromSlice(rr.(*dns.A).A); ok {
			addrs = append(addrs, a.Unmap())
		}
	}
	for _, rr := range f6.rrs {
		if a, ok := netip.AddrFromSlice(rr.(*dns.AAAA).AAAA); ok {
			addrs = append(addrs, a)
		}
	}
	slices.SortFunc(addrs, func(a, b netip.Addr) int { return a.Compare(b) })
	return slices.Compact(addrs), f
}

// private says what kind of address nobody outside can reach, "" for others.
func private(a netip.Addr) string {
	a = a.Unmap()
	switch {
	case a.IsUnspecified():
		return "no address"
	case a.IsLoopback():
		return "a loopback address"
	case a.IsPrivate():
		return "a private address (RFC 1918, RFC 4193)"
	case a.IsLinkLocalUnicast():
		return "a link-local address"
	case a.IsMulticast():
		return "a multicast address"
	case netip.MustParsePrefix("100.64.0.0/10").Contains(a):
		return "a carrier's private address (RFC 6598)"
	}
	return ""
}

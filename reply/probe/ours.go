package probe

import (
	"net"
	"net/netip"
	"regexp"
	"strings"

	"github.com/miekg/dns"
)

// ourAddress returns the address that others see us under: the one given, else
// the one that the system would connect from. It is not known when that is a
// private one; then a mail server may tell in its reply to EHLO.
func (p *prober) ourAddress(targets []target) netip.Addr {
	if p.opt.Source.IsValid() {
		return p.opt.Source
	}
	var ways []string
	for _, t := range targets {
		for _, a := range t.addrs {
			ways = append(ways, netip.AddrPortFrom(a, uint16(p.opt.Port)).String())
		}
	}
	for _, to := range ways[:min(len(ways), maxAddresses)] {
		// Connecting over UDP sends nothing: it only has the system choose.
		conn, err := p.dial(p.ctx, udp, to, false)
		if err != nil {
			continue
		}
		local, ok := conn.LocalAddr().(*net.UDPAddr)
		conn.Close()
		if !ok {
			continue
		}
		if a := local.AddrPort().Addr().Unmap(); private(a) == "" {
			return a
		}
	}
	return netip.Addr{}
}

// greeted finds the client's address in a reply to EHLO, where most servers
// put it in brackets or parentheses.
var greeted = regexp.MustCompile(`[\[(](?:IPv6:)?([0-9A-Fa-f:.]{7,45})[\])]`)

func addressIn(greeting string) netip.Addr {
	for _, m := range greeted.FindAllStringSubmatch(greeting, 4) {
		if a, err := netip.ParseAddr(m[1]); err == nil && private(a) == "" {
			return a.Unmap()
		}
	}
	return netip.Addr{}
}

// checkOurs checks what others look up about us: PTR, the HELO name and, when
// asked to, SPF.
func (p *prober) checkOurs() {
	ours := p.report.Address
	target := "our address"
	if ours.IsValid() {
		target = ours.String()
	}
	unknown := func(s *Step) bool {
		if !ours.IsValid() {
			s.skip(UnknownAddress, "the address that others see us under is not known: this host has a private one. Name it with a source address, or run this on the mail server")
		}
		return !ours.IsValid()
	}
	confirmed := map[string]bool{}
	p.step(StepPTR, target, "PTR "+target, func(s *Step) {
		if unknown(s) {
			return
		}
		p.checkPTR(s, ours, confirmed)
	})
	p.step(StepHelo, p.opt.Helo, "HELO name "+p.opt.Helo, func(s *Step) {
		name := strings.ToLower(strings.TrimSuffix(p.opt.Helo, "."))
		if strings.HasPrefix(name, "[") {
			s.info(HeloNotFQDN, "an address literal: some servers refuse those")
			return
		}
		if !strings.Contains(name, ".") {
			s.warn(HeloNotFQDN, "%q is no full host name; many servers refuse such a HELO", name)
			return
		}
		if unknown(s) {
			return
		}
		if confirmed[name] {
			s.say("the HELO name is the name of our address")
			return
		}
		addrs, f := p.dns.addresses(name)
		for _, a := range addrs {
			if a == ours {
				s.warn(HeloMismatch, "%s leads to our address, but the PTR record has another name", name)
				return
			}
		}
		switch {
		case f.err != nil:
			s.warn(DNSError, "the address of %s cannot be had: %v", name, f.err)
		case len(addrs) == 0:
			s.warn(HeloMismatch, "%s has no address: many servers refuse such a HELO", name)
		default:
			s.warn(HeloMismatch, "%s is not the name of our address %s", name, ours)
		}
	})
	if p.opt.Policy {
		p.checkSPF(ours)
	}
}

// checkPTR looks up the names of our address and whether they lead back to it;
// those that do go into confirmed.
func (p *prober) checkPTR(s *Step, ours netip.Addr, confirmed map[string]bool) {
	reverse, err := dns.ReverseAddr(ours.String())
	if err != nil {
		s.fail(DNSError, "%v", err)
		return
	}
	s.Asked = "PTR " + strings.TrimSuffix(reverse, ".")
	f := p.dns.lookup(reverse, dns.TypePTR)
	if f.err != nil {
		s.warn(DNSError, "the name of %s cannot be had: %v", ours, f.err)
		return
	}
	if len(f.rrs) == 0 {
		s.warn(NoPTR, "%s has no PTR record; many servers refuse mail from such an address", ours)
		return
	}
	var names, back []string
	for _, rr := range f.rrs[:min(len(f.rrs), maxAddresses)] {
		name := strings.ToLower(hostText(rr.(*dns.PTR).Ptr))
		names = append(names, name)
		addrs, _ := p.dns.addresses(name)
		for _, a := range addrs {
			if a == ours {
				confirmed[name] = true
				back = append(back, name)
			}
		}
	}
	s.Answered = strings.Join(names, "\n")
	if len(back) == 0 {
		s.warn(PTRNotConfirmed, "%s is named %s, but that name does not lead back to it; many servers refuse mail from such an address", ours, strings.Join(names, ", "))
		return
	}
	s.say("%s is %s, and that leads back", ours, strings.Join(back, ", "))
	if p.anyHelo && strings.Contains(back[0], ".") {
		p.opt.Helo = back[0]
		p.report.Helo = back[0]
	}
}

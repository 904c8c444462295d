package probe

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"github.com/smtplog/smtplog/reply"
)

const (
	reasonBadAddress    = reply.ReasonBadAddress
	reasonDNSFailure    = reply.ReasonDNSFailure
	reasonDomainUnknown = reply.ReasonDomainUnknown
)

// A target is a mail server of the recipient's domain.
type target struct {
	preference uint16
	host       string
	addrs      []netip.Addr
	secure     bool // its addresses were validated (DNSSEC), as DANE wants it
	tlsa       []*dns.TLSA
}

// checkDomain checks MX, A and AAAA of a domain over both transports, and its
// mail servers' addresses. It returns the servers in order of preference.
func (p *prober) checkDomain(domain string, sender bool) []target {
	p.pollBoth(StepMX, domain, "MX "+domain, dns.TypeMX)
	p.pollBoth(StepAddress, domain, "A, AAAA "+domain, dns.TypeA, dns.TypeAAAA)
	var targets []target
	list := p.step(StepMXList, domain, "mail servers of "+domain, func(s *Step) { targets = p.mxList(s, domain, sender) })
	if !sender && len(targets) == 0 {
		p.impossible = list
	}
	var usable []target
	for _, t := range targets {
		host := p.step(StepMXHost, t.host, "A, AAAA "+t.host, func(s *Step) { p.mxHost(s, &t) })
		if len(t.addrs) > 0 {
			usable = append(usable, t)
		} else if !sender && p.impossible == nil {
			p.impossible = host
		}
	}
	if len(usable) > 0 && !sender {
		p.impossible = nil
	}
	return usable
}

func (p *prober) pollBoth(name Name, domain, asked string, qtypes ...uint16) {
	var over *transported
	p.stepVia(udp, name, domain, asked, func(s *Step) {
		over = p.poll(s, udp, domain, nil, qtypes...)
		sayAnswers(s, over)
	})
	p.stepVia(tcp, name, domain, asked, func(s *Step) {
		t := p.poll(s, tcp, domain, over, qtypes...)
		sayAnswers(s, t)
	})
}

func sayAnswers(s *Step, t *transported) {
	if s.Result == Passed {
		s.say("%s", clip(strings.Join(t.records, "; ")))
	}
}

// mxList works out which servers take the domain's mail (RFC 5321 section 5.1).
func (p *prober) mxList(s *Step, domain string, sender bool) []target {
	giveUp := func(issue Issue, reason reply.Reason, format string, args ...any) []target {
		text := fmt.Sprintf(format, args...)
		if sender {
			text += "; answers and bounces cannot come back, and many servers refuse such a sender"
		}
		s.fail(issue, "%s", text)
		s.Classification = because(reason)
		return nil
	}
	f := p.dns.lookup(domain, dns.TypeMX)
	switch {
	case f.err != nil:
		return giveUp(DNSError, reasonDNSFailure, "the MX records of %s cannot be had: %v", domain, f.err)
	case f.loop:
		return giveUp(CNAMELoop, reasonDNSFailure, "%s leads into a loop of CNAME records: %s", domain, strings.Join(f.chain, " → "))
	case f.none:
		return giveUp(NoSuchDomain, reasonDomainUnknown, "the domain %s does not exist", domain)
	}
	if len(f.chain) > 0 {
		s.info(CNAMEAtDomain, "%s is an alias of %s, whose MX records count", domain, f.chain[len(f.chain)-1])
	}
	p.compare(s, domain, dns.TypeMX)
	if len(f.rrs) == 0 {
		addrs, af := p.dns.addresses(domain)
		switch {
		case len(addrs) > 0:
			s.warn(ImplicitMX, "%s has no MX record: mail goes to the address of the domain itself (RFC 5321 section 5.1)", domain)
			return []target{{host: domain}}
		case af.err != nil:
			return giveUp(DNSError, reasonDNSFailure, "%s has no MX record, and its address cannot be had: %v", domain, af.err)
		case af.loop:
			return giveUp(CNAMELoop, reasonDNSFailure, "%s leads into a loop of CNAME records: %s", domain, strings.Join(af.chain, " → "))
		}
		return giveUp(NoMailServer, reasonDomainUnknown, "%s has neither an MX record nor an address: it takes no mail", domain)
	}
	var targets []target
	null := false
	for _, rr := range f.rrs {
		mx := rr.(*dns.MX)
		host := strings.ToLower(hostText(mx.Mx))
		if host == "." {
			null = true
			continue
		}
		s.detail("%d %s", mx.Preference, host)
		if _, err := netip.ParseAddr(host); err == nil {
			s.warn(MXIsAddress, "an MX record names the address %s where a host name must stand; mail servers pass over it", host)
			continue
		}
		if !slices.ContainsFunc(targets, func(t target) bool { return t.host == host }) {
			targets = append(targets, target{preference: mx.Preference, host: host})
		}
	}
	switch {
	case null && len(f.rrs) == 1:
		return giveUp(NullMX, reasonDomainUnknown, "%s says with a null MX (RFC 7505) that it takes no mail", domain)
	case null:
		s.warn(NullMXMixed, "%s has a null MX beside others, which RFC 7505 forbids", domain)
	}
	if len(targets) == 0 {
		return giveUp(NoMailServer, reasonDomainUnknown, "no MX record of %s names a host", domain)
	}
	slices.SortStableFunc(targets, func(a, b target) int {
		return cmp.Or(cmp.Compare(a.preference, b.preference), strings.Compare(a.host, b.host))
	})
	if len(targets) > maxHosts {
		s.warn(TooMany, "%d mail servers; only the first %d are looked at", len(targets), maxHosts)
		targets = targets[:maxHosts]
	}
	var names []string
	for _, t := range targets {
		names = append(names, fmt.Sprintf("%s (%d)", t.host, t.preference))
	}
	s.Answered = strings.Join(s.Details, "\n")
	if s.Result == Passed {
		s.say("%s", strings.Join(names, ", "))
	}
	return targets
}

// mxHost finds the addresses of a mail server.
func (p *prober) mxHost(s *Step, t *target) {
	over := p.poll(s, udp, t.host, nil, dns.TypeA, dns.TypeAAAA)
	p.poll(s, tcp, t.host, over, dns.TypeA, dns.TypeAAAA)
	addrs, f := p.dns.addresses(t.host)
	if len(f.chain) > 0 && !f.loop {
		s.warn(CNAMEBehindMX, "the MX record names an alias of %s, which RFC 2181 section 10.3 forbids; some servers do not deliver there", f.chain[len(f.chain)-1])
	}
	p.compare(s, t.host, dns.TypeA)
	p.compare(s, t.host, dns.TypeAAAA)
	if len(addrs) == 0 {
		switch {
		case f.loop:
			s.fail(CNAMELoop, "%s leads into a loop of CNAME records: %s", t.host, strings.Join(f.chain, " → "))
		case f.err != nil:
			s.fail(UnresolvableMX, "the address of %s cannot be had: %v", t.host, f.err)
		case f.none:
			s.fail(UnresolvableMX, "the mail server %s does not exist", t.host)
		default:
			s.fail(UnresolvableMX, "the mail server %s has no address", t.host)
		}
		s.Classification = because(reasonDNSFailure)
		return
	}
	var names []string
	for _, a := range addrs {
		if p.opt.Family == IPv4 && !a.Is4() || p.opt.Family == IPv6 && a.Is4() {
			continue
		}
		names = append(names, a.String())
		t.addrs = append(t.addrs, a)
		if kind := private(a); kind != "" {
			s.warn(PrivateAddress, "%s is %s: it cannot be reached from elsewhere", a, kind)
		}
	}
	t.secure = f.ad
	switch {
	case len(t.addrs) == 0:
		s.skip(NotAsked, "%s has no address of the family that was asked for", t.host)
	case len(t.addrs) > maxAddresses:
		s.warn(TooMany, "%s has %d addresses; only the first %d are looked at", t.host, len(t.addrs), maxAddresses)
		t.addrs = t.addrs[:maxAddresses]
	case s.Result == Passed:
		s.say("%s", strings.Join(names, ", "))
	}
}

// compare notes when servers or transports gave different records.
func (p *prober) compare(s *Step, name string, qtype uint16) {
	answers := map[string][]string{}
	for _, server := range p.opt.DNS {
		for _, network := range []string{udp, tcp} {
			a := p.dns.ask(server, network, name, qtype)
			if !a.usable() || a.msg.Truncated {
				continue
			}
			var rrs []string
			for _, rr := range a.msg.Answer {
				if rr.Header().Rrtype == qtype {
					rrs = append(rrs, strings.ToLower(recordText(rr)))
				}
			}
			slices.Sort(rrs)
			key := strings.Join(rrs, ", ")
			if key == "" {
				key = "none"
			}
			answers[key] = append(answers[key], network+" "+server)
		}
	}
	if len(answers) < 2 {
		return
	}
	var texts []string
	for records, from := range answers {
		texts = append(texts, records+" from "+strings.Join(from, ", "))
	}
	slices.Sort(texts)
	s.warn(DifferingAnswers, "the answers about %s %s differ: %s", name, dns.TypeToString[qtype], strings.Join(texts, "; "))
}

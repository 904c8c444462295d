package probe

import (
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/miekg/dns"

	"github.com/smtplog/smtplog/reply"
)

// checkPolicies looks at what the two domains publish: DMARC and DKIM of the
// sender's, MTA-STS and TLSA of the recipient's. SPF comes with our address.
func (p *prober) checkPolicies(targets []target) {
	if d := p.sender.ASCII; d != "" {
		p.step(StepDMARC, d, "TXT _dmarc."+d, func(s *Step) { p.checkDMARC(s, d) })
		for _, selector := range p.opt.DKIMSelectors {
			name := selector + "._domainkey." + d
			p.step(StepDKIM, name, "TXT "+name, func(s *Step) { p.checkDKIM(s, name) })
		}
	}
	if d := p.recipient.ASCII; d != "" {
		p.step(StepMTASTS, d, "TXT _mta-sts."+d, func(s *Step) { p.checkMTASTS(s, d, targets) })
	}
	for i := range targets {
		t := &targets[i]
		if p.recipient.Literal.IsValid() {
			continue
		}
		name := p.tlsaName(t.host)
		p.step(StepTLSA, name, "TLSA "+name, func(s *Step) {
			f := p.dns.lookup(name, dns.TypeTLSA)
			for _, rr := range f.rrs {
				s.detail("%s", recordText(rr))
			}
			s.Answered = strings.Join(s.Details, "\n")
			switch {
			case f.err != nil:
				s.warn(DNSError, "the TLSA records cannot be had: %v; servers that support DANE put mail off for this", f.err)
			case len(f.rrs) == 0:
				s.info(NoRecord, "no TLSA record: no DANE")
			case !f.ad || !t.secure:
				s.warn(NotDNSSEC, "TLSA records, but the DNS server does not vouch for them or for the address (no DNSSEC): senders pass over them")
			default:
				s.say("TLSA records, validated: servers that support DANE demand a matching certificate")
			}
		})
	}
}

func (p *prober) tlsaName(host string) string { return fmt.Sprintf("_%d._tcp.%s", p.opt.Port, host) }

// checkSPF shows the sender's SPF record and what it says of our address.
func (p *prober) checkSPF(ours netip.Addr) {
	e := &spfCheck{lookup: p.dns.lookup, ip: ours, local: p.sender.Local, domain: p.sender.ASCII, helo: p.opt.Helo}
	if e.domain == "" {
		e.local, e.domain = "postmaster", strings.ToLower(p.opt.Helo)
	}
	p.step(StepSPF, e.domain, "TXT "+e.domain, func(s *Step) {
		if !ours.IsValid() {
			// The record can be shown, though not evaluated.
			f := p.dns.lookup(e.domain, dns.TypeTXT)
			for _, t := range texts(f) {
				if isSPF(t) {
					s.Answered = t
				}
			}
			s.skip(UnknownAddress, "the record is not evaluated: the address that others see us under is not known")
			return
		}
		v := e.run()
		s.Details = e.trail
		s.Answered = strings.Join(e.trail, "\n")
		because := v.term
		if v.why != "" {
			because = v.why
		}
		switch v.result {
		case spfPass:
			s.say("%s may send for %s (%s)", ours, e.domain, because)
		case spfNone:
			s.warn(NoRecord, "%s", because)
		case spfNeutral, spfSoftfail:
			s.warn(SPFNotPass, "SPF %s for %s (%s): it is not among the addresses that may send for %s", v.result, ours, because, e.domain)
		case spfFail:
			s.fail(SPFNotPass, "SPF fail for %s (%s): %s says that it must not send for it", ours, because, e.domain)
			s.Classification = becauseOurs(reply.ReasonSenderAuth)
		default:
			s.fail(BadRecord, "SPF %s: %s", v.result, because)
			s.Classification = becauseOurs(reply.ReasonSenderAuth)
		}
	})
}

func becauseOurs(r reply.Reason) *reply.Classification {
	c := because(r)
	c.Actor = reply.ActorOurs
	return c
}

// tags reads "v=DMARC1; p=none" into a map with keys in lower case; the first
// of several counts.
func tags(text string) map[string]string {
	out := map[string]string{}
	for part := range strings.SplitSeq(text, ";") {
		key, value, ok := strings.Cut(part, "=")
		key = strings.ToLower(strings.TrimSpace(key))
		if _, twice := out[key]; ok && !twice {
			out[key] = strings.TrimSpace(value)
		}
	}
	return out
}

// checkDMARC finds the DMARC record of a domain or of one above it, one label
// at a time.
func (p *prober) checkDMARC(s *Step, domain string) {
	const maxWalk = 8
	labels := strings.Split(domain, ".")
	if len(labels) > maxWalk {
		labels = labels[len(labels)-maxWalk:]
	}
	for at := range labels {
		name := strings.Join(labels[at:], ".")
		if at == 0 {
			name = domain
		}
		f := p.dns.lookup("_dmarc."+name, dns.TypeTXT)
		if f.err != nil {
			s.warn(DNSError, "the DMARC record of %s cannot be had: %v", name, f.err)
			return
		}
		var records []string
		for _, t := range texts(f) {
			if strings.HasPrefix(strings.ReplaceAll(t, " ", ""), "v=DMARC1") {
				records = append(records, t)
			}
		}
		if len(records) == 0 {
			continue
		}
		s.Answered = strings.Join(records, "\n")
		policy := strings.ToLower(tags(records[0])["p"])
		switch {
		case len(records) > 1:
			s.warn(BadRecord, "%s has %d DMARC records: all of them are passed over", name, len(records))
		case policy != "none" && policy != "quarantine" && policy != "reject":
			s.warn(BadRecord, "the DMARC record of %s has no policy p=none, quarantine or reject", name)
		default:
			s.say("DMARC policy %s, from %s", policy, name)
		}
		return
	}
	s.warn(NoRecord, "%s has no DMARC record", domain)
}

// checkDKIM shows the key behind a selector.
func (p *prober) checkDKIM(s *Step, name string) {
	f := p.dns.lookup(name, dns.TypeTXT)
	all := texts(f)
	if f.err != nil {
		s.warn(DNSError, "the key cannot be had: %v", f.err)
		return
	}
	if len(all) == 0 {
		s.fail(NoRecord, "there is no key under this selector: signatures made with it do not verify")
		s.Classification = becauseOurs(reply.ReasonSenderAuth)
		return
	}
	s.Answered = strings.Join(all, "\n")
	t := tags(all[0])
	key := strings.Join(strings.Fields(t["p"]), "")
	if key == "" {
		s.fail(BadRecord, "the key was withdrawn (p= is empty): signatures made with it do not verify")
		s.Classification = becauseOurs(reply.ReasonSenderAuth)
		return
	}
	raw, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		s.fail(BadRecord, "the key is no base64: %v", err)
		return
	}
	if t["k"] == "ed25519" {
		if len(raw) != ed25519.PublicKeySize {
			s.fail(BadRecord, "the Ed25519 key has %d octets, not %d", len(raw), ed25519.PublicKeySize)
			return
		}
		s.say("an Ed25519 key")
		return
	}
	pub, err := x509.ParsePKIXPublicKey(raw)
	rsaKey, ok := pub.(*rsa.PublicKey)
	switch {
	case err != nil || !ok:
		s.fail(BadRecord, "the key is no RSA key")
	case rsaKey.N.BitLen() < 1024:
		s.fail(BadRecord, "an RSA key of %d bits: too short, it does not verify (RFC 8301)", rsaKey.N.BitLen())
	case rsaKey.N.BitLen() < 2048:
		s.warn(BadRecord, "an RSA key of %d bits; 2048 are advised (RFC 8301)", rsaKey.N.BitLen())
	default:
		s.say("an RSA key of %s bits", strconv.Itoa(rsaKey.N.BitLen()))
	}
}

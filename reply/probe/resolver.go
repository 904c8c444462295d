package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/miekg/dns"
)

const (
	udp = "udp"
	tcp = "tcp"
)

// maxQuestions bounds the packets of one run, whatever records lead to.
const maxQuestions = 2000

// udpSize is the size of an answer that we announce (EDNS0): what passes
// through every network without fragments.
const udpSize = 1232

var errTooManyQuestions = errors.New("too many DNS questions")

// An answer is what one server said to one question over one transport.
type answer struct {
	server, network string
	msg             *dns.Msg // nil where there was no answer
	err             error
	took            time.Duration
}

// usable reports whether the answer says what there is, or that there is
// nothing.
func (a *answer) usable() bool {
	return a.msg != nil && (a.msg.Rcode == dns.RcodeSuccess && !lame(a.msg) || a.msg.Rcode == dns.RcodeNameError)
}

// lame reports whether a server does not answer for a name and does not ask
// others: it refuses, or points to where it should be asked.
func lame(m *dns.Msg) bool {
	if m.Rcode == dns.RcodeRefused || m.Rcode == dns.RcodeNotAuth {
		return true
	}
	if m.Rcode != dns.RcodeSuccess || m.Authoritative || len(m.Answer) > 0 {
		return false
	}
	referral := false
	for _, rr := range m.Ns {
		switch rr.(type) {
		case *dns.SOA:
			return false
		case *dns.NS:
			referral = true
		}
	}
	return referral
}

type question struct {
	server, network, name string
	qtype                 uint16
}

// A resolver asks the run's DNS servers and remembers what they said.
type resolver struct {
	p     *prober
	cache map[question]answer
	dead  map[string]error // why a server is not asked any more over a transport: it timed out or refused
	asked int
}

func newResolver(p *prober) *resolver {
	return &resolver{p: p, cache: map[question]answer{}, dead: map[string]error{}}
}

// ask puts one question to one server over one transport: over UDP twice, as
// packets get lost. An answer to the same question is not asked for again.
func (r *resolver) ask(server, network, name string, qtype uint16) answer {
	key := question{server, network, strings.ToLower(dns.Fqdn(name)), qtype}
	if a, ok := r.cache[key]; ok {
		return a
	}
	a := answer{server: server, network: network}
	if a.err = r.dead[network+" "+server]; a.err != nil {
		return a
	}
	started := r.p.opt.Now()
	tries := 1
	if network == udp {
		tries = 2
	}
	for edns := true; tries > 0; tries-- {
		a.msg, a.err = r.exchange(server, network, key.name, qtype, edns)
		if a.msg != nil && edns && (a.msg.Rcode == dns.RcodeFormatError || a.msg.Rcode == dns.RcodeNotImplemented || a.msg.Rcode == dns.RcodeBadVers) {
			// Servers from before EDNS0 (RFC 6891) refuse the additional record.
			edns, tries = false, tries+1
			continue
		}
		if a.err == nil || !isTimeout(a.err) {
			break
		}
	}
	a.took = max(r.p.opt.Now().Sub(started), 0)
	if a.err != nil && r.p.ctx.Err() == nil && (isTimeout(a.err) || isRefused(a.err)) {
		r.dead[network+" "+server] = a.err
	}
	r.cache[key] = a
	return a
}

func (r *resolver) exchange(server, network, name string, qtype uint16, edns bool) (*dns.Msg, error) {
	if r.asked++; r.asked > maxQuestions {
		return nil, errTooManyQuestions
	}
	m := new(dns.Msg)
	m.SetQuestion(name, qtype)
	m.AuthenticatedData = true // have the answer say whether it was validated (RFC 6840 section 5.7)
	if edns {
		m.SetEdns0(udpSize, false)
	}
	timeout := min(r.p.opt.Timeout, maxDNSTimeout)
	ctx, stop := context.WithTimeout(r.p.ctx, timeout)
	defer stop()
	conn, err := r.p.dial(ctx, network, server, false)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(past) })()
	via := network + " " + server
	r.p.trace(true, via, m.String())
	client := &dns.Client{Net: network, Timeout: timeout, UDPSize: udpSize}
	got, _, err := client.ExchangeWithConnContext(ctx, m, &dns.Conn{Conn: conn, UDPSize: udpSize})
	if err != nil {
		return nil, err
	}
	r.p.trace(false, via, got.String())
	return got, nil
}

func (p *prober) trace(sent bool, via, text string) {
	if p.opt.Trace != nil {
		p.opt.Trace(Trace{sent, via, text})
	}
}

// A found is what all servers together say about a name and type.
type found struct {
	rrs   []dns.RR
	chain []string // the names that CNAME records led to
	loop  bool     // they lead back, or on and on
	none  bool     // the name does not exist
	ad    bool     // the server validated the answer (DNSSEC)
	err   error    // nobody could say
}

// lookup asks the servers in turn until one can say, over UDP, and over TCP
// where UDP failed or the answer was truncated; it follows CNAME records.
func (r *resolver) lookup(name string, qtype uint16) found {
	const maxChain = 16
	f := found{ad: true}
	seen := map[string]bool{}
	name = strings.ToLower(dns.Fqdn(name))
	for range maxChain {
		if seen[name] {
			f.loop = true
			return f
		}
		seen[name] = true
		m, err := r.best(name, qtype)
		if err != nil {
			f.err = err
			return f
		}
		f.ad = f.ad && m.AuthenticatedData
		next := name
		for {
			if f.rrs = ofType(m, next, qtype); len(f.rrs) > 0 {
				return f
			}
			target := cname(m, next)
			if target == "" {
				break
			}
			f.chain = append(f.chain, strings.TrimSuffix(target, "."))
			if seen[target] || len(f.chain) > maxChain {
				f.loop = true
				return f
			}
			seen[target] = true
			next = target
		}
		if next == name || m.Rcode == dns.RcodeNameError {
			f.none = m.Rcode == dns.RcodeNameError
			return f
		}
		delete(seen, next)
		name = next
	}
	f.loop = true
	return f
}

// best returns the first usable answer; a truncated one only when TCP has none.
func (r *resolver) best(name string, qtype uint16) (*dns.Msg, error) {
	var truncated *dns.Msg
	var problems []string
	for _, server := range r.p.opt.DNS {
		a := r.ask(server, udp, name, qtype)
		if a.usable() && !a.msg.Truncated {
			return a.msg, nil
		}
		if a.usable() && truncated == nil {
			truncated = a.msg
		}
		if a.msg != nil && !a.msg.Truncated {
			problems = append(problems, server+": "+a.problem())
			continue
		}
		t := r.ask(server, tcp, name, qtype)
		if t.usable() {
			return t.msg, nil
		}
		problems = append(problems, server+": "+t.problem())
	}
	if truncated != nil {
		return truncated, nil
	}
	return nil, errors.New(strings.Join(problems, "; "))
}

func ofType(m *dns.Msg, name string, qtype uint16) []dns.RR {
	var rrs []dns.RR
	for _, rr := range m.Answer {
		if rr.Header().Rrtype == qtype && strings.EqualFold(rr.Header().Name, name) {
			rrs = append(rrs, rr)
		}
	}
	return rrs
}

func cname(m *dns.Msg, name string) string {
	for _, rr := range m.Answer {
		if c, ok := rr.(*dns.CNAME); ok && strings.EqualFold(c.Hdr.Name, name) {
			return strings.ToLower(c.Target)
		}
	}
	return ""
}

// problem says why the answer is no use.
func (a *answer) problem() string {
	switch {
	case a.err != nil:
		return netProblem(a.err)
	case lame(a.msg) && a.msg.Rcode == dns.RcodeSuccess:
		return "lame: it points elsewhere instead of answering"
	case lame(a.msg):
		return "lame: it refuses to answer (" + rcode(a.msg) + ")"
	}
	return "error " + rcode(a.msg)
}

// issue names the same.
func (a *answer) issue() Issue {
	switch {
	case a.err == nil && lame(a.msg):
		return LameServer
	case a.err == nil:
		return DNSError
	case isTimeout(a.err):
		return DNSTimeout
	case isRefused(a.err):
		return DNSRefused
	}
	return DNSError
}

func rcode(m *dns.Msg) string {
	if s, ok := dns.RcodeToString[m.Rcode]; ok {
		return s
	}
	return strconv.Itoa(m.Rcode)
}

// serverAddress returns a DNS server with its port.
func serverAddress(text string) (string, error) {
	if a, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
		return netip.AddrPortFrom(a, 53).String(), nil
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		host, port = text, "53"
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 || !plainName(host) {
		return "", fmt.Errorf("%q is no DNS server such as 192.0.2.53 or 192.0.2.53:5353", text)
	}
	return net.JoinHostPort(host, port), nil
}

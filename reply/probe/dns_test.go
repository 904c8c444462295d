package probe

import (
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/smtplog/smtplog/reply"
)

// What the recipient's domain says about its servers.
func TestDomains(t *testing.T) {
	for name, c := range map[string]struct {
		set, add string // records
		drop     []string
		change   func(*dnsServer)
		routes   map[string]string
		step     Name
		target   string
		result   Result
		issue    Issue
		verdict  string
	}{
		"null MX":           {set: "example.net. 300 IN MX 0 .", step: StepMXList, result: Failed, issue: NullMX, verdict: "it takes no mail"},
		"null MX and other": {add: "example.net. 300 IN MX 0 .", step: StepMXList, result: Warning, issue: NullMXMixed},
		"no such domain": {drop: []string{"example.net. MX", "mx1.example.net. A", "example.net. SOA"}, step: StepMXList, result: Failed, issue: NoSuchDomain,
			verdict: "the domain example.net does not exist"},
		"no such domain, SOA": {drop: []string{"example.net. MX", "mx1.example.net. A", "example.net. SOA"}, step: StepSOA, target: "192.0.2.53", result: Failed, issue: NoSuchDomain},
		"implicit MX":         {drop: []string{"example.net. MX"}, add: "example.net. 300 IN A 192.0.2.25", step: StepMXList, result: Warning, issue: ImplicitMX},
		"no mail server":      {drop: []string{"example.net. MX"}, step: StepMXList, result: Failed, issue: NoMailServer, verdict: "it takes no mail"},
		"MX is an address":    {set: "example.net. 300 IN MX 10 192.0.2.25.", step: StepMXList, result: Failed, issue: MXIsAddress, verdict: "no MX record"},
		"MX does not exist":   {set: "example.net. 300 IN MX 10 gone.example.com.", step: StepMXHost, target: "gone", result: Failed, issue: UnresolvableMX, verdict: "does not exist"},
		"MX without address":  {drop: []string{"mx1.example.net. A"}, add: "mx1.example.net. 300 IN TXT x", step: StepMXHost, target: "mx1", result: Failed, issue: UnresolvableMX, verdict: "has no address"},
		"CNAME behind MX": {set: "mx1.example.net. 300 IN CNAME real.example.net.\nreal.example.net. 300 IN A 192.0.2.25", drop: []string{"mx1.example.net. A"},
			step: StepMXHost, target: "mx1", result: Warning, issue: CNAMEBehindMX},
		"CNAME loop behind MX": {set: "mx1.example.net. 300 IN CNAME a.example.net.\na.example.net. 300 IN CNAME mx1.example.net.", drop: []string{"mx1.example.net. A"},
			step: StepMXHost, target: "mx1", result: Failed, issue: CNAMELoop, verdict: "loop of CNAME"},
		"CNAME loop": {set: "example.net. 300 IN CNAME a.example.net.\na.example.net. 300 IN CNAME example.net.", drop: []string{"example.net. MX"},
			step: StepMXList, result: Failed, issue: CNAMELoop, verdict: "loop of CNAME"},
		"CNAME to itself": {set: "example.net. 300 IN CNAME example.net.", drop: []string{"example.net. MX"}, step: StepMXList, result: Failed, issue: CNAMELoop},
		"endless CNAMEs":  {set: manyAliases(40), drop: []string{"example.net. MX"}, step: StepMXList, result: Failed, issue: CNAMELoop},
		"alias of a domain": {set: "example.net. 300 IN CNAME other.example.com.\nother.example.com. 300 IN MX 10 mx1.example.net.", drop: []string{"example.net. MX"},
			step: StepMXList, result: Passed, issue: CNAMEAtDomain},
		"private":                {set: "mx1.example.net. 300 IN A 10.1.2.3", step: StepMXHost, target: "mx1", result: Warning, issue: PrivateAddress, verdict: "connection was refused"},
		"loopback":               {set: "mx1.example.net. 300 IN A 127.0.0.1", step: StepMXHost, target: "mx1", result: Warning, issue: PrivateAddress},
		"truncated":              {change: func(d *dnsServer) { d.truncate["example.net."] = true }, step: StepMX, target: "example.net", result: Passed, issue: Truncated},
		"truncated, TCP blocked": {change: func(d *dnsServer) { d.truncate["example.net."] = true }, routes: map[string]string{tcp: "timeout"}, step: StepMX, target: "example.net", result: Failed, issue: TCPBlocked},
		"TCP blocked":            {routes: map[string]string{tcp: "timeout"}, step: StepMX, target: "example.net", result: Warning, issue: TCPBlocked},
		"TCP blocked, SOA":       {routes: map[string]string{tcp: "timeout"}, step: StepSOA, target: "192.0.2.53", result: Warning, issue: TCPBlocked},
		"UDP blocked":            {routes: map[string]string{udp: "timeout"}, step: StepMX, target: "example.net", result: Failed, issue: DNSTimeout},
		"UDP blocked, TCP not":   {routes: map[string]string{udp: "timeout"}, step: StepMX, target: "example.net", result: Warning, issue: UDPBlocked},
		"deaf":                   {routes: map[string]string{udp: "hang", tcp: "timeout"}, step: StepMXList, result: Failed, issue: DNSError, verdict: "no answer in time"},
		"lame, refuses":          {change: func(d *dnsServer) { d.rcode["*"] = dns.RcodeRefused }, step: StepMX, target: "example.net", result: Failed, issue: LameServer, verdict: "lame"},
		"lame, points away":      {change: func(d *dnsServer) { d.referral = true }, step: StepMX, target: "example.net", result: Failed, issue: LameServer, verdict: "lame"},
		"server failure":         {change: func(d *dnsServer) { d.rcode["example.net."] = dns.RcodeServerFailure }, step: StepMXList, result: Failed, issue: DNSError, verdict: "SERVFAIL"},
		"address failure":        {change: func(d *dnsServer) { d.rcode["mx1.example.net."] = dns.RcodeServerFailure }, step: StepMXHost, target: "mx1", result: Failed, issue: UnresolvableMX, verdict: "SERVFAIL"},
		"no EDNS":                {change: func(d *dnsServer) { d.noEDNS = true }, step: StepMXList, result: Passed},
		"a packet is lost":       {change: func(d *dnsServer) { d.loseUDP = 1 }, step: StepMXList, result: Passed},
		"too many servers":       {set: many(30, "example.net. 300 IN MX 10 m%[1]d.example.net.\nm%[1]d.example.net. 300 IN A 192.0.2.25"), step: StepMXList, result: Warning, issue: TooMany},
		"too many addresses":     {set: many(30, "mx1.example.net. 300 IN A 192.0.2.%d"), step: StepMXHost, target: "mx1", result: Warning, issue: TooMany},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			d := w.standard()
			d.set(t, c.set)
			d.add(t, c.add)
			for _, what := range c.drop {
				host, qtype, _ := strings.Cut(what, " ")
				d.drop(host, dns.StringToType[qtype])
			}
			if c.change != nil {
				d.mu.Lock()
				c.change(d)
				d.mu.Unlock()
			}
			opt := w.options()
			for network, to := range c.routes {
				w.route(network, resolverAddress, to)
				opt.Timeout = time.Second
			}
			if name == "a packet is lost" {
				opt.Timeout = time.Second
			}
			r := w.run(opt)
			target := c.target
			if target == "" {
				target = "example.net"
			}
			s := expect(t, r, c.step, target, c.result, c.issue)
			if s.Result == Failed && s.Classification == nil {
				t.Error("no classification")
			}
			if c.verdict != "" {
				expectVerdict(t, r, Failed, c.verdict)
			}
			if n := len(find(r, StepConnect, "")); n > maxHosts*maxAddresses {
				t.Errorf("%d connections", n)
			}
		})
	}
}

func manyAliases(n int) string {
	return "example.net. 300 IN CNAME c0.example.net.\n" + many(n, "c%[1]d.example.net. 300 IN CNAME c%[1]dx.example.net.\nc%[1]dx.example.net. 300 IN CNAME d%[1]d.example.net.") +
		strings.ReplaceAll(many(n, "d%[1]d.example.net. 300 IN CNAME c%[1]d+1.example.net."), "+1", "")
}

// The sender's domain must take answers.
func TestSenderDomain(t *testing.T) {
	w := newWorld(t)
	w.standard().set(t, "example.org. 300 IN MX 0 .")
	r := w.run(w.options())
	s := expect(t, r, StepMXList, "example.org", Failed, NullMX)
	if !strings.Contains(s.Text, "bounces cannot come back") {
		t.Errorf("says %q", s.Text)
	}
	// The mail itself gets through.
	expect(t, r, StepRcpt, "mx1", Passed, "")
	expectVerdict(t, r, Failed, "is accepted", "1 other step failed")
}

func TestSeveralDNSServers(t *testing.T) {
	const second = "192.0.2.54:53"
	two := func(t *testing.T, change func(*dnsServer)) *Report {
		w := newWorld(t)
		w.standard()
		d := w.dns(second)
		change(d)
		opt := w.options()
		opt.DNS = []string{"192.0.2.53", second}
		opt.Timeout = time.Second
		return w.run(opt)
	}
	t.Run("the same", func(t *testing.T) {
		r := two(t, func(*dnsServer) {})
		if s := expect(t, r, StepSOASerials, "example.net", Passed, ""); !strings.Contains(s.Text, "4 of 4 answers have serial 7") {
			t.Errorf("says %q", s.Text)
		}
	})
	t.Run("differing serials", func(t *testing.T) {
		r := two(t, func(d *dnsServer) {
			d.set(t, "example.net. 300 IN SOA ns.example.net. root.example.net. 6 3600 600 86400 300")
		})
		expect(t, r, StepSOASerials, "example.net", Warning, DifferingSerials)
	})
	t.Run("differing MX", func(t *testing.T) {
		r := two(t, func(d *dnsServer) { d.set(t, "example.net. 300 IN MX 20 mx1.example.net.") })
		s := expect(t, r, StepMXList, "example.net", Warning, DifferingAnswers)
		if !strings.Contains(s.Text, "20 mx1.example.net from udp 192.0.2.54:53, tcp 192.0.2.54:53") {
			t.Errorf("says %q", s.Text)
		}
	})
	t.Run("differing addresses", func(t *testing.T) {
		r := two(t, func(d *dnsServer) { d.set(t, "mx1.example.net. 300 IN A 192.0.2.99") })
		expect(t, r, StepMXHost, "mx1", Warning, DifferingAnswers)
	})
	t.Run("one lame", func(t *testing.T) {
		r := two(t, func(d *dnsServer) { d.fail("*", dns.RcodeRefused) })
		expect(t, r, StepSOA, second, Failed, LameServer)
		expect(t, r, StepMX, "example.net", Warning, LameServer)
		expect(t, r, StepRcpt, "mx1", Passed, "")
	})
	t.Run("first deaf", func(t *testing.T) {
		w := newWorld(t)
		w.standard()
		w.route(udp, second, "timeout")
		opt := w.options()
		opt.DNS = []string{second, "192.0.2.53"}
		opt.Timeout = time.Second
		r := w.run(opt)
		expect(t, r, StepSOA, second, Failed, DNSTimeout)
		expect(t, r, StepSOA, second, Failed, DNSRefused)
		expect(t, r, StepRcpt, "mx1", Passed, "")
		if n := w.dials("udp " + second); n != 2 {
			t.Errorf("a server that does not answer was asked %d times", n)
		}
	})
	t.Run("at most so many", func(t *testing.T) {
		w := newWorld(t)
		w.standard()
		opt := w.options()
		opt.DNS = nil
		for range 50 {
			opt.DNS = append(opt.DNS, "192.0.2.53")
		}
		if r := w.run(opt); len(r.Servers) != maxServers {
			t.Errorf("%d servers", len(r.Servers))
		}
	})
}

func TestDNSReason(t *testing.T) {
	w := newWorld(t)
	w.smtp(mx1, &mailServer{})
	r := w.run(w.options()) // nothing listens on port 53
	expectVerdict(t, r, Failed, "connection refused")
	if c := r.Verdict.Classification; c == nil || c.Reason != reply.ReasonDNSFailure {
		t.Errorf("classification %+v", c)
	}
}

func TestServerAddress(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.53": "192.0.2.53:53", "192.0.2.53:5353": "192.0.2.53:5353", "2001:db8::53": "[2001:db8::53]:53",
		"[2001:db8::53]": "[2001:db8::53]:53", "[2001:db8::53]:54": "[2001:db8::53]:54", "ns.example.net": "ns.example.net:53",
		"": "", "a:b": "", "a b": "", "192.0.2.53:0": "", "192.0.2.53:99999": "",
	} {
		got, err := serverAddress(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v; want %q", in, got, err, want)
		}
	}
}

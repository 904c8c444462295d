package probe

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// spfZone answers lookups from zone lines; a name "fail.…" cannot be had.
func spfZone(t testing.TB, zone string) func(string, uint16) found {
	rrs := map[string][]dns.RR{}
	for line := range strings.SplitSeq(zone, "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		rr, err := dns.NewRR(line)
		if err != nil {
			t.Fatal(err)
		}
		k := key(rr.Header().Name, rr.Header().Rrtype)
		rrs[k] = append(rrs[k], rr)
	}
	return func(name string, qtype uint16) found {
		if strings.HasPrefix(name, "fail.") {
			return found{err: errors.New("SERVFAIL")}
		}
		return found{rrs: rrs[key(dns.Fqdn(name), qtype)]}
	}
}

func TestSPF(t *testing.T) {
	const zone = `
a.test. 1 IN A 192.0.2.1
a.test. 1 IN AAAA 2001:db8::1
mx.test. 1 IN MX 10 a.test.
pass.test. 1 IN TXT "v=spf1 ip4:192.0.2.0/24 -all"
soft.test. 1 IN TXT "v=spf1 ~all"
fail2.test. 1 IN TXT "v=spf1 -all"
neutral.test. 1 IN TXT "v=spf1 ?all"
two.test. 1 IN TXT "v=spf1 -all"
two.test. 1 IN TXT "v=spf1 +all"
other.test. 1 IN TXT "v=spf10 -all"
split.test. 1 IN TXT "v=spf1 ip4:192.0.2.1" " -all"
broken.test. 1 IN TXT "v=spf1 foo -all"
loop.test. 1 IN TXT "v=spf1 include:loop.test -all"
redirectloop.test. 1 IN TXT "v=spf1 redirect=redirectloop.test"
1.2.0.192.in-addr.arpa. 1 IN PTR a.test.
1.2.0.192.in-addr.arpa. 1 IN PTR liar.test.
alice._spf.macro.test. 1 IN A 127.0.0.2
192.0.2.1.org.example.pass.test. 1 IN A 127.0.0.2
1.2.0.192.in-addr._x.test. 1 IN A 127.0.0.2
a.test.p.test. 1 IN A 127.0.0.2
`
	many := strings.Repeat("a:a.test ", 11)
	for record, want := range map[string]spfResult{
		"":                                                            spfNone,
		"v=spf1":                                                      spfNeutral,
		"V=SPF1 -ALL":                                                 spfFail,
		"v=spf1 ip4:192.0.2.1 -all":                                   spfPass,
		"v=spf1 ip4:192.0.2.0/30 -all":                                spfPass,
		"v=spf1 ip4:192.0.2.2 -all":                                   spfFail,
		"v=spf1 ip4:192.0.2.2/0 -all":                                 spfPass,
		"v=spf1 ip6:2001:db8::/32 -all":                               spfFail,
		"v=spf1 -ip4:192.0.2.1 +all":                                  spfFail,
		"v=spf1 ip4:192.0.2.2 ~all":                                   spfSoftfail,
		"v=spf1 ip4:192.0.2.2 ?all":                                   spfNeutral,
		"v=spf1 a:a.test -all":                                        spfPass,
		"v=spf1 a:a.test/24 -all":                                     spfPass,
		"v=spf1 a:a.test//64 -all":                                    spfPass,
		"v=spf1 mx:mx.test -all":                                      spfPass,
		"v=spf1 mx:mx.test/24//64 -all":                               spfPass,
		"v=spf1 a -all":                                               spfFail,
		"v=spf1 mx -all":                                              spfFail,
		"v=spf1 include:pass.test -all":                               spfPass,
		"v=spf1 include:fail2.test -all":                              spfFail,
		"v=spf1 include:fail2.test ~all":                              spfSoftfail,
		"v=spf1 include:soft.test ?all":                               spfNeutral,
		"v=spf1 include:none.test -all":                               spfPermError,
		"v=spf1 include:broken.test -all":                             spfPermError,
		"v=spf1 include:two.test -all":                                spfPermError,
		"v=spf1 include:fail.test -all":                               spfTempError,
		"v=spf1 include:split.test -all":                              spfPass,
		"v=spf1 include:loop.test -all":                               spfPermError,
		"v=spf1 redirect=pass.test":                                   spfPass,
		"v=spf1 redirect=fail2.test":                                  spfFail,
		"v=spf1 redirect=none.test":                                   spfPermError,
		"v=spf1 redirect=other.test":                                  spfPermError,
		"v=spf1 redirect=redirectloop.test":                           spfPermError,
		"v=spf1 ?all redirect=fail2.test":                             spfNeutral,
		"v=spf1 a:fail.test -all":                                     spfTempError,
		"v=spf1 mx:fail.test -all":                                    spfTempError,
		"v=spf1 exists:fail.test -all":                                spfTempError,
		"v=spf1 ptr -all":                                             spfFail,
		"v=spf1 ptr:test -all":                                        spfPass,
		"v=spf1 ptr:a.test -all":                                      spfPass,
		"v=spf1 ptr:liar.test -all":                                   spfFail,
		"v=spf1 exists:%{l}._spf.macro.test -all":                     spfPass,
		"v=spf1 exists:%{i}.%{or}.pass.test -all":                     spfPass,
		"v=spf1 exists:%{ir}.%{v}._x.test -all":                       spfPass,
		"v=spf1 exists:%{p}.p.test -all":                              spfPass,
		"v=spf1 exists:%{s}.none.test -all":                           spfFail,
		"v=spf1 exists:%{c}.test -all":                                spfPermError,
		"v=spf1 exists:%{x}.test -all":                                spfPermError,
		"v=spf1 exists:%{d -all":                                      spfPermError,
		"v=spf1 exists:%{d0} -all":                                    spfPermError,
		"v=spf1 exists:%q -all":                                       spfPermError,
		"v=spf1 exists -all":                                          spfPermError,
		"v=spf1 include: -all":                                        spfPermError,
		"v=spf1 all:x":                                                spfPermError,
		"v=spf1 ip4 -all":                                             spfPermError,
		"v=spf1 ip4:192.0.2.1/33 -all":                                spfPermError,
		"v=spf1 ip4:192.0.2.1/01 -all":                                spfPermError,
		"v=spf1 ip4:2001:db8::1 -all":                                 spfPermError,
		"v=spf1 ip6:192.0.2.1 -all":                                   spfPermError,
		"v=spf1 a/99 -all":                                            spfPermError,
		"v=spf1 a:a.test//129 -all":                                   spfPermError,
		"v=spf1 a:/24 -all":                                           spfPermError,
		"v=spf1 ptr/24 -all":                                          spfPermError,
		"v=spf1 foo -all":                                             spfPermError,
		"v=spf1 redirect=a.test redirect=b.test":                      spfPermError,
		"v=spf1 redirect=":                                            spfPermError,
		"v=spf1 exp=x.test -all":                                      spfFail,
		"v=spf1 exp=%{c}.test -all":                                   spfFail,
		"v=spf1 unknown=%{l} x-y.z=1 -all":                            spfFail,
		"v=spf1 unknown=%{ -all":                                      spfPermError,
		"v=spf1 a:n1.test a:n2.test -all":                             spfFail,
		"v=spf1 a:n1.test a:n2.test a:n3.test all":                    spfPermError, // void lookups
		"v=spf1 " + many + "-all":                                     spfPass,
		"v=spf1 " + strings.Repeat("-exists:a.test ", 1) + "all":      spfFail,
		"v=spf1 " + strings.Repeat("include:fail2.test ", 11) + "all": spfPermError,
		"v=spf1 " + strings.Repeat("include:fail2.test ", 10) + "all": spfPass,
		"v=spf1 a:\xffb.test -all":                                    spfPermError,
	} {
		lines := zone
		if record != "" {
			lines += "sender.test. 1 IN TXT " + quoteTXT(record) + "\n"
		}
		e := &spfCheck{
			lookup: spfZone(t, lines), ip: netip.MustParseAddr("192.0.2.1"), local: "alice", domain: "sender.test", helo: "client.test",
		}
		if strings.Contains(record, "%{or}") {
			e.domain = "example.org"
			e.lookup = spfZone(t, strings.ReplaceAll(lines, "sender.test.", "example.org."))
		}
		v := e.run()
		if v.result != want {
			t.Errorf("%q: %s (%s %s), want %s", record, v.result, v.term, v.why, want)
		}
		if (v.result == spfPermError || v.result == spfTempError || v.result == spfNone) != (v.why != "") {
			t.Errorf("%q: %s, why %q", record, v.result, v.why)
		}
		if e.lookups > spfMaxLookups+1 || e.voids > spfMaxVoid+1 {
			t.Errorf("%q: %d lookups, %d of them void", record, e.lookups, e.voids)
		}
	}
}

func quoteTXT(s string) string {
	s = strings.ReplaceAll(s, "\xff", `\255`)
	return `"` + s + `"`
}

func TestSPFIPv6(t *testing.T) {
	lookup := spfZone(t, `
sender.test. 1 IN TXT "v=spf1 a:a.test//64 exists:%{ir}.%{v}.x.test ~all"
a.test. 1 IN AAAA 2001:db8::1
a.test. 1 IN A 192.0.2.1
far.test. 1 IN TXT "v=spf1 exists:%{ir}.%{v}.x.test -all"
1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.9.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.x.test. 1 IN A 127.0.0.1
`)
	for domain, want := range map[string]map[string]spfResult{
		"sender.test": {"2001:db8::ffff": spfPass, "2001:db8:1::1": spfSoftfail},
		"far.test":    {"2001:db8:0:9::1": spfPass, "2001:db8::2": spfFail},
	} {
		for ip, result := range want {
			e := &spfCheck{lookup: lookup, ip: netip.MustParseAddr(ip), local: "x", domain: domain}
			if v := e.run(); v.result != result {
				t.Errorf("%s for %s: %s %s, want %s", domain, ip, v.result, v.why, result)
			}
		}
	}
}

// The examples of RFC 7208 section 7.4.
func TestSPFMacros(t *testing.T) {
	e := &spfCheck{
		lookup: spfZone(t, ""), ip: netip.MustParseAddr("192.0.2.3"), local: "strong-bad", domain: "email.example.com", helo: "mx.example.com",
	}
	six := *e
	six.ip = netip.MustParseAddr("2001:db8::cb01")
	for spec, want := range map[string]string{
		"%{s}": "strong-bad@email.example.com", "%{o}": "email.example.com", "%{d}": "email.example.com",
		"%{d4}": "email.example.com", "%{d3}": "email.example.com", "%{d2}": "example.com", "%{d1}": "com",
		"%{dr}": "com.example.email", "%{d2r}": "example.email", "%{l}": "strong-bad", "%{l-}": "strong.bad",
		"%{lr}": "strong-bad", "%{lr-}": "bad.strong", "%{l1r-}": "strong", "%{h}": "mx.example.com",
		"%{ir}.%{v}._spf.%{d2}": "3.2.0.192.in-addr._spf.example.com", "%{lr-}.lp._spf.%{d2}": "bad.strong.lp._spf.example.com",
		"%{lr-}.lp.%{ir}.%{v}._spf.%{d2}":   "bad.strong.lp.3.2.0.192.in-addr._spf.example.com",
		"%{d2}.trusted-domains.example.net": "example.com.trusted-domains.example.net",
		"%{S}":                              "strong-bad%40email.example.com", "%%%_%-x": "% %20x", "%{p}": "unknown",
	} {
		if got, err := e.expand(spec, e.domain); got != want || err != nil {
			t.Errorf("%s: %q, %v; want %q", spec, got, err, want)
		}
	}
	got, _ := six.expand("%{ir}.%{v}._spf.%{d2}", six.domain)
	if want := "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	long, err := e.expand(strings.Repeat("%{d}.", 40)+"x", e.domain)
	if err != nil || len(long) > 253 || !strings.HasSuffix(long, ".com.x") {
		t.Errorf("%d octets, %v", len(long), err)
	}
	if _, err := e.expand(strings.Repeat("x", 300), e.domain); err == nil {
		t.Error("a label of 300 octets passes")
	}
}

func TestValidated(t *testing.T) {
	e := &spfCheck{lookup: spfZone(t, `
1.2.0.192.in-addr.arpa. 1 IN PTR other.test.
1.2.0.192.in-addr.arpa. 1 IN PTR sub.d.test.
1.2.0.192.in-addr.arpa. 1 IN PTR liar.test.
1.2.0.192.in-addr.arpa. 1 IN PTR D.test.
other.test. 1 IN A 192.0.2.1
sub.d.test. 1 IN A 192.0.2.1
d.test. 1 IN A 192.0.2.1
liar.test. 1 IN A 192.0.2.2
`), ip: netip.MustParseAddr("192.0.2.1")}
	if got := strings.Join(e.validated("d.test"), " "); got != "d.test sub.d.test other.test" {
		t.Errorf("names %s", got)
	}
}

func TestUnescape(t *testing.T) {
	for in, want := range map[string]string{"plain": "plain", `a\"b\\c`: `a"b\c`, `\255\065x`: "\xffAx", `\`: `\`, `\12`: "12", `\999`: "999"} {
		if got := unescape(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzSPF(f *testing.F) {
	for _, s := range []string{"v=spf1 a mx ptr include:x ip4:1.2.3.4/8 ip6:::1/64 exists:%{ir}.%{d2r-}x redirect=y ~all", "v=spf1 a:%{s/}/24//64", "v=spf1 %", "v=spf1 exp=%{", "v=spf1 -"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rec, err := parseSPF(text)
		if (rec == nil) == (err == nil) {
			t.Fatalf("%v, %v", rec, err)
		}
		lookups := 0
		e := &spfCheck{ip: netip.MustParseAddr("192.0.2.1"), local: "l", domain: "d.test", helo: "h.test"}
		e.lookup = func(name string, qtype uint16) found {
			if lookups++; lookups > 200 {
				t.Fatal("too many lookups")
			}
			if qtype == dns.TypeTXT {
				return found{rrs: []dns.RR{&dns.TXT{Txt: []string{strings.ReplaceAll(text, `\`, `\\`)}}}}
			}
			return found{}
		}
		if v := e.run(); v.result == "" || err != nil && isSPF(text) && v.result != spfPermError {
			t.Fatalf("%v: %+v", err, v)
		}
	})
}

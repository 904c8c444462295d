package probe

import (
	"bufio"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

func TestPolicies(t *testing.T) {
	rsaKey := func(bits int) string {
		n := big.NewInt(1)
		der, err := x509.MarshalPKIXPublicKey(&rsa.PublicKey{N: n.SetBit(n, bits-1, 1), E: 65537})
		if err != nil {
			t.Fatal(err)
		}
		return base64.StdEncoding.EncodeToString(der)
	}
	txt := func(name, text string) string {
		parts := ""
		for len(text) > 200 {
			parts += `"` + text[:200] + `" `
			text = text[200:]
		}
		return name + ` 300 IN TXT ` + parts + `"` + text + `"` + "\n"
	}
	const selector = "s1._domainkey.example.org."
	for name, c := range map[string]struct {
		zone   string
		fail   string // a name that cannot be looked up
		sender string
		step   Name
		result Result
		issue  Issue
		text   string
	}{
		"SPF pass":        {zone: txt("example.org.", "v=spf1 ip4:198.51.100.7 -all"), step: StepSPF, result: Passed, text: "may send"},
		"SPF fail":        {zone: txt("example.org.", "v=spf1 -all"), step: StepSPF, result: Failed, issue: SPFNotPass, text: "-all"},
		"SPF softfail":    {zone: txt("example.org.", "v=spf1 ~all"), step: StepSPF, result: Warning, issue: SPFNotPass},
		"SPF neutral":     {zone: txt("example.org.", "v=spf1"), step: StepSPF, result: Warning, issue: SPFNotPass},
		"SPF none":        {step: StepSPF, result: Warning, issue: NoRecord},
		"SPF broken":      {zone: txt("example.org.", "v=spf1 what"), step: StepSPF, result: Failed, issue: BadRecord, text: "unknown mechanism"},
		"SPF not had":     {zone: txt("example.org.", "v=spf1 a:f.example.org -all"), fail: "f.example.org.", step: StepSPF, result: Failed, issue: BadRecord, text: "temperror"},
		"SPF of HELO":     {zone: txt("client.example.org.", "v=spf1 a -all"), sender: "<>", step: StepSPF, result: Passed, text: "may send for client.example.org"},
		"DMARC none":      {step: StepDMARC, result: Warning, issue: NoRecord},
		"DMARC":           {zone: txt("_dmarc.example.org.", "v=DMARC1; p=reject"), step: StepDMARC, result: Passed, text: "policy reject, from example.org"},
		"DMARC above":     {zone: txt("_dmarc.example.org.", "v=DMARC1; p=quarantine"), sender: "a@sub.example.org", step: StepDMARC, result: Passed, text: "from example.org"},
		"DMARC twice":     {zone: txt("_dmarc.example.org.", "v=DMARC1; p=none") + txt("_dmarc.example.org.", "v=DMARC1; p=reject"), step: StepDMARC, result: Warning, issue: BadRecord},
		"DMARC broken":    {zone: txt("_dmarc.example.org.", "v=DMARC1; p=maybe"), step: StepDMARC, result: Warning, issue: BadRecord},
		"DMARC not had":   {fail: "_dmarc.example.org.", step: StepDMARC, result: Warning, issue: DNSError},
		"DKIM none":       {step: StepDKIM, result: Failed, issue: NoRecord},
		"DKIM not had":    {fail: selector, step: StepDKIM, result: Warning, issue: DNSError},
		"DKIM withdrawn":  {zone: txt(selector, "v=DKIM1; p="), step: StepDKIM, result: Failed, issue: BadRecord, text: "withdrawn"},
		"DKIM no base64":  {zone: txt(selector, "v=DKIM1; p=!!!"), step: StepDKIM, result: Failed, issue: BadRecord, text: "base64"},
		"DKIM no key":     {zone: txt(selector, "v=DKIM1; p=AAAA"), step: StepDKIM, result: Failed, issue: BadRecord, text: "no RSA key"},
		"DKIM 2048":       {zone: txt(selector, "v=DKIM1; k=rsa; p="+rsaKey(2048)), step: StepDKIM, result: Passed, text: "2048 bits"},
		"DKIM 1024":       {zone: txt(selector, "p="+rsaKey(1024)), step: StepDKIM, result: Warning, issue: BadRecord, text: "1024 bits"},
		"DKIM 512":        {zone: txt(selector, "p="+rsaKey(512)), step: StepDKIM, result: Failed, issue: BadRecord, text: "too short"},
		"DKIM Ed25519":    {zone: txt(selector, "k=ed25519; p="+base64.StdEncoding.EncodeToString(make([]byte, 32))), step: StepDKIM, result: Passed, text: "Ed25519"},
		"DKIM Ed25519 no": {zone: txt(selector, "k=ed25519; p=AAAA"), step: StepDKIM, result: Failed, issue: BadRecord, text: "3 octets"},
		"MTA-STS none":    {step: StepMTASTS, result: Passed, issue: NoRecord},
		"MTA-STS twice":   {zone: txt("_mta-sts.example.net.", "v=STSv1; id=1") + txt("_mta-sts.example.net.", "v=STSv1; id=2"), step: StepMTASTS, result: Warning, issue: BadRecord},
		"MTA-STS not had": {fail: "_mta-sts.example.net.", step: StepMTASTS, result: Warning, issue: DNSError},
		"MTA-STS no host": {zone: txt("_mta-sts.example.net.", "v=STSv1; id=1"), step: StepMTASTS, result: Warning, issue: NotFetched, text: "has no address"},
		"TLSA none":       {step: StepTLSA, result: Passed, issue: NoRecord},
		"TLSA not had":    {fail: "_25._tcp.mx1.example.net.", step: StepTLSA, result: Warning, issue: DNSError},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			d := w.standard()
			d.add(t, c.zone)
			if c.fail != "" {
				d.fail(c.fail, dns.RcodeServerFailure)
			}
			opt := w.options()
			opt.Policy, opt.DKIMSelectors = true, []string{"s1"}
			if c.sender != "" {
				opt.Sender = c.sender
			}
			s := expect(t, w.run(opt), c.step, "", c.result, c.issue)
			if !strings.Contains(s.Text, c.text) {
				t.Errorf("says %q, want %q in it", s.Text, c.text)
			}
		})
	}
}

func TestMTASTS(t *testing.T) {
	const policy = "version: STSv1\r\nmode: enforce\r\nmx: mx1.example.net\r\nmax_age: 604800\r\n"
	ok := func(body string) string { return "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + body }
	for name, c := range map[string]struct {
		web     string
		host    string // of the web server's certificate
		mx      string // of the mail server's
		noTLS   bool
		result  Result
		issue   Issue
		text    string
		verdict Result
		step    Name
	}{
		"good":               {web: ok(policy), result: Passed, text: "mode enforce", verdict: Passed},
		"wildcard":           {web: ok(strings.ReplaceAll(policy, "mx1.", "*.")), result: Passed, verdict: Passed},
		"other server":       {web: ok(strings.ReplaceAll(policy, "mx1.", "mx9.")), result: Failed, issue: STSMismatch, verdict: Failed},
		"testing":            {web: ok(strings.ReplaceAll(strings.ReplaceAll(policy, "mx1.", "mx9."), "enforce", "testing")), result: Warning, issue: STSMismatch, verdict: Warning},
		"none":               {web: ok("version: STSv1\nmode: none\nmax_age: 1\n"), result: Passed, verdict: Passed},
		"not found":          {web: "HTTP/1.1 404 Not Found\r\n\r\nno", result: Warning, issue: NotFetched, text: "404", verdict: Warning},
		"redirect":           {web: "HTTP/1.1 301 Moved\r\nLocation: https://x/\r\n\r\n", result: Warning, issue: NotFetched, text: "301", verdict: Warning},
		"no HTTP":            {web: "220 what\r\n", result: Warning, issue: NotFetched, verdict: Warning},
		"endless":            {web: ok(strings.Repeat("mx: x\n", 1<<20)), result: Warning, issue: BadRecord, verdict: Warning},
		"endless head":       {web: "HTTP/1.1 200 OK\r\n" + strings.Repeat("A: b\r\n", 1<<20), result: Warning, issue: NotFetched, verdict: Warning},
		"no version":         {web: ok("mode: enforce\nmx: a\n"), result: Warning, issue: BadRecord, verdict: Warning},
		"no mode":            {web: ok("version: STSv1\nmx: a\n"), result: Warning, issue: BadRecord, verdict: Warning},
		"no server":          {web: ok("version: STSv1\nmode: enforce\n"), result: Warning, issue: BadRecord, verdict: Warning},
		"bad certificate":    {web: ok(policy), host: "www.example.net", result: Warning, issue: NotFetched, text: "certificate", verdict: Warning},
		"MX certificate":     {web: ok(policy), mx: "www.example.net", result: Failed, issue: CertName, verdict: Failed, step: StepCertificate},
		"MX has no STARTTLS": {web: ok(policy), noTLS: true, result: Failed, issue: NoStartTLS, verdict: Failed, step: StepStartTLS},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			d := w.dns(resolverAddress)
			d.add(t, `
_mta-sts.example.net. 300 IN TXT "v=STSv1; id=20261101"
mta-sts.example.net. 300 IN A 192.0.2.80
example.org. 300 IN TXT "v=spf1 +all"
_dmarc.example.org. 300 IN TXT "v=DMARC1; p=none"`)
			host, mx := "mta-sts.example.net", "mx1.example.net"
			if c.host != "" {
				host = c.host
			}
			if c.mx != "" {
				mx = c.mx
			}
			certificate := func(name string) *tls.Config {
				return w.ca.server(name, now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0), false)
			}
			web := certificate(host)
			w.raw("192.0.2.80:443", func(conn net.Conn) {
				secure := tls.Server(conn, web)
				defer secure.Close()
				r := bufio.NewReader(secure)
				for {
					line, err := r.ReadString('\n')
					if err != nil {
						return
					}
					if line == "\r\n" {
						break
					}
				}
				io.WriteString(secure, c.web)
			})
			m := &mailServer{tls: certificate(mx)}
			if c.noTLS {
				m.tls = nil
			}
			w.smtp(mx1, m)
			opt := w.options()
			opt.Policy = true
			r := w.run(opt)
			step := c.step
			if step == "" {
				step = StepMTASTS
			}
			s := expect(t, r, step, "example.net", c.result, c.issue)
			if !strings.Contains(s.Text, c.text) {
				t.Errorf("says %q, want %q in it", s.Text, c.text)
			}
			expectVerdict(t, r, c.verdict)
		})
	}
}

func TestSTSMatches(t *testing.T) {
	for _, c := range []struct {
		pattern, host string
		want          bool
	}{
		{"mx.example.net", "mx.example.net", true}, {"mx.example.net", "mx2.example.net", false},
		{"*.example.net", "mx.example.net", true}, {"*.example.net", "a.mx.example.net", false}, {"*.example.net", "example.net", false}, {"*.", "net", false},
	} {
		if got := stsMatches(c.pattern, c.host); got != c.want {
			t.Errorf("%s %s: %v", c.pattern, c.host, got)
		}
	}
}

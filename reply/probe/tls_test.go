package probe

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/smtplog/smtplog/reply"
)

func TestCertificates(t *testing.T) {
	for name, c := range map[string]struct {
		config func(a *authority) *tls.Config
		issue  Issue
		only   bool // no other issue
	}{
		"expired": {func(a *authority) *tls.Config {
			return a.server("mx1.example.net", now.AddDate(-1, 0, 0), now.AddDate(0, 0, -1), false)
		}, CertExpired, true},
		"not yet": {func(a *authority) *tls.Config {
			return a.server("mx1.example.net", now.AddDate(0, 1, 0), now.AddDate(1, 0, 0), false)
		}, CertNotYetValid, true},
		"soon": {func(a *authority) *tls.Config {
			return a.server("mx1.example.net", now.AddDate(-1, 0, 0), now.AddDate(0, 0, 5), false)
		}, CertExpiresSoon, true},
		"wrong name": {func(a *authority) *tls.Config {
			return a.server("www.example.net", now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0), false)
		}, CertName, true},
		"self-signed": {func(a *authority) *tls.Config {
			return a.server("mx1.example.net", now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0), true)
		}, CertSelfSigned, true},
		"all of these": {func(a *authority) *tls.Config {
			return a.server("localhost", now.AddDate(-1, 0, 0), now.AddDate(0, 0, -1), true)
		}, CertExpired, false},
		"not trusted": {func(a *authority) *tls.Config {
			return newAuthority(a.t).server("mx1.example.net", now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0), false)
		}, CertUntrusted, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.dns(resolverAddress)
			w.smtp(mx1, &mailServer{tls: c.config(w.ca)})
			r := w.run(w.options())
			s := expect(t, r, StepCertificate, "mx1", Warning, c.issue)
			if c.only && len(s.Notes) != 1 {
				t.Errorf("notes %v", s.Notes)
			}
			if !c.only && len(s.Notes) != 3 {
				t.Errorf("notes %v", s.Notes)
			}
			expectVerdict(t, r, Warning, "is accepted", "1 warning to look at")
		})
	}
}

func TestTLSVersions(t *testing.T) {
	for version, text := range map[uint16]string{tls.VersionTLS10: "TLS 1.0", tls.VersionTLS11: "TLS 1.1", tls.VersionTLS12: "TLS 1.2"} {
		t.Run(text, func(t *testing.T) {
			w := newWorld(t)
			w.dns(resolverAddress)
			config := w.ca.good()
			config.MinVersion, config.MaxVersion = version, version
			w.smtp(mx1, &mailServer{tls: config})
			r := w.run(w.options())
			if version == tls.VersionTLS12 {
				expect(t, r, StepStartTLS, "mx1", Passed, "")
				return
			}
			s := expect(t, r, StepStartTLS, "mx1", Warning, OldTLS)
			if !strings.Contains(s.Answered, text) {
				t.Errorf("answered %q", s.Answered)
			}
		})
	}
	t.Run("weak cipher", func(t *testing.T) {
		w := newWorld(t)
		w.dns(resolverAddress)
		config := w.ca.good()
		config.MaxVersion = tls.VersionTLS12
		config.CipherSuites = []uint16{tls.TLS_ECDHE_ECDSA_WITH_RC4_128_SHA}
		w.smtp(mx1, &mailServer{tls: config})
		expect(t, w.run(w.options()), StepStartTLS, "mx1", Warning, WeakCipher)
	})
}

func TestStartTLSFailures(t *testing.T) {
	const offer = "250-mx1\r\n250 STARTTLS"
	t.Run("not offered", func(t *testing.T) {
		w := newWorld(t)
		w.standard()
		r := w.run(w.options())
		expect(t, r, StepStartTLS, "mx1", Warning, NoStartTLS)
	})
	t.Run("left out", func(t *testing.T) {
		w := newWorld(t)
		w.dns(resolverAddress)
		w.smtp(mx1, &mailServer{tls: w.ca.good()})
		opt := w.options()
		opt.NoTLS = true
		r := w.run(opt)
		expect(t, r, StepStartTLS, "mx1", Skipped, NotAsked)
		expectVerdict(t, r, Passed)
	})
	t.Run("refused", func(t *testing.T) {
		w := newWorld(t)
		w.dns(resolverAddress)
		w.raw(mx1, script(map[string]string{"EHLO": offer, "STARTTLS": "454 4.7.0 TLS not available due to temporary reason"}))
		r := w.run(w.options())
		s := expect(t, r, StepStartTLS, "mx1", Failed, Refused)
		if s.Classification == nil || s.Classification.Class != reply.Transient {
			t.Errorf("classification %+v", s.Classification)
		}
		// The conversation goes on in plain text, as a sender's would.
		expect(t, r, StepRcpt, "mx1", Passed, "")
		expectVerdict(t, r, Failed, "is accepted", "1 other step failed")
	})
	for name, garbage := range map[string]string{"no TLS": "what is this\r\n", "drop": "drop", "hang": "hang"} {
		t.Run("handshake: "+name, func(t *testing.T) {
			w := newWorld(t)
			w.dns(resolverAddress)
			plain := script(map[string]string{"EHLO": offer})
			w.raw(mx1, func(c net.Conn) {
				if w.dials("tcp "+mx1) > 1 {
					plain(c)
					return
				}
				io.WriteString(c, "220 mx1\r\n")
				buf := make([]byte, 4096)
				c.Read(buf)
				io.WriteString(c, offer+"\r\n")
				c.Read(buf)
				io.WriteString(c, "220 go\r\n")
				c.Read(buf) // the beginning of the handshake
				switch garbage {
				case "hang":
					io.Copy(io.Discard, c)
				case "drop":
				default:
					io.WriteString(c, garbage)
				}
			})
			opt := w.options()
			opt.Timeout = time.Second
			r := w.run(opt)
			s := expect(t, r, StepStartTLS, "mx1", Failed, HandshakeFailed)
			if s.Classification == nil || s.Classification.Reason != reply.ReasonTLSFailed {
				t.Errorf("classification %+v", s.Classification)
			}
			// Asked again without TLS.
			expect(t, r, StepStartTLS, "mx1", Skipped, HandshakeFailed)
			expect(t, r, StepRcpt, "mx1", Skipped, NotReached)
			expect(t, r, StepRcpt, "mx1", Passed, "")
			expectVerdict(t, r, Failed, "is accepted", "1 other step failed")
		})
	}
	t.Run("no common version", func(t *testing.T) {
		w := newWorld(t)
		w.dns(resolverAddress)
		config := w.ca.good()
		config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
			return &tls.Config{Certificates: config.Certificates, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}, MaxVersion: tls.VersionTLS12}, nil
		}
		w.smtp(mx1, &mailServer{tls: config})
		s := expect(t, w.run(w.options()), StepStartTLS, "mx1", Failed, HandshakeFailed)
		if !strings.Contains(s.Text, "the server says handshake failure") {
			t.Errorf("says %q", s.Text)
		}
	})
	t.Run("plain text injected", func(t *testing.T) {
		w := newWorld(t)
		w.dns(resolverAddress)
		w.raw(mx1, script(map[string]string{"EHLO": offer, "STARTTLS": "220 go\r\n250 injected"}))
		expect(t, w.run(w.options()), StepStartTLS, "mx1", Failed, BadReply)
	})
}

func TestDANE(t *testing.T) {
	record := func(t *testing.T, usage, selector, matching uint8, cert *x509.Certificate) string {
		data, err := dns.CertificateToDANE(selector, matching, cert)
		if err != nil {
			t.Fatal(err)
		}
		rr := &dns.TLSA{Hdr: dns.RR_Header{Name: "_25._tcp.mx1.example.net.", Rrtype: dns.TypeTLSA, Class: dns.ClassINET, Ttl: 300}, Usage: usage, Selector: selector, MatchingType: matching, Certificate: data}
		return rr.String()
	}
	for name, c := range map[string]struct {
		usage, selector, matching uint8
		wrong, unvouched, noTLS   bool
		wrongName                 bool
		result                    Result
		issue                     Issue
	}{
		"the certificate's key":   {usage: 3, selector: 1, matching: 1, result: Passed},
		"the certificate":         {usage: 3, selector: 0, matching: 2, result: Passed},
		"in full":                 {usage: 3, selector: 0, matching: 0, result: Passed},
		"the authority":           {usage: 2, selector: 0, matching: 1, result: Passed},
		"the authority, not name": {usage: 2, selector: 0, matching: 1, wrongName: true, result: Failed, issue: DANEMismatch},
		"another key":             {usage: 3, selector: 1, matching: 1, wrong: true, result: Failed, issue: DANEMismatch},
		"another authority":       {usage: 2, selector: 1, matching: 1, wrong: true, result: Failed, issue: DANEMismatch},
		"of no use":               {usage: 1, selector: 1, matching: 1, result: Warning, issue: BadRecord},
		"not validated":           {usage: 3, selector: 1, matching: 1, wrong: true, unvouched: true},
		"no TLS at all":           {usage: 3, selector: 1, matching: 1, noTLS: true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			d := w.dns(resolverAddress)
			config := w.ca.good()
			if c.wrongName {
				config = w.ca.server("other.example.net", now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0), false)
			}
			cert := config.Certificates[0].Leaf
			if c.usage == 2 {
				cert = w.ca.cert
			}
			if c.wrong {
				cert = newAuthority(t).cert
			}
			d.add(t, record(t, c.usage, c.selector, c.matching, cert))
			d.mu.Lock()
			d.unvouch["_25._tcp.mx1.example.net."] = c.unvouched
			d.mu.Unlock()
			m := &mailServer{tls: config}
			if c.noTLS {
				m.tls = nil
			}
			w.smtp(mx1, m)
			opt := w.options()
			opt.Policy = true
			r := w.run(opt)
			switch {
			case c.unvouched:
				if all := find(r, StepDANE, ""); len(all) > 0 {
					t.Errorf("records that nobody vouches for were used: %+v", all[0])
				}
				expect(t, r, StepTLSA, "mx1", Warning, NotDNSSEC)
			case c.noTLS:
				expect(t, r, StepStartTLS, "mx1", Failed, NoStartTLS)
				expect(t, r, StepTLSA, "mx1", Passed, "")
			default:
				expect(t, r, StepDANE, "mx1", c.result, c.issue)
			}
		})
	}
}

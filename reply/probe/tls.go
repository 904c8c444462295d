package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/smtplog/smtplog/reply"
)

// soon is how long before its end a certificate is warned of.
const soon = 14 * 24 * time.Hour

// startTLS asks for STARTTLS, does the handshake and looks at the certificate.
// It reports whether a handshake was begun; the conversation is over when it
// failed.
func (c *conversation) startTLS(with bool) bool {
	required := c.tlsRequired()
	if !with || !c.offers("STARTTLS") {
		c.p.step(StepStartTLS, c.name, "", func(s *Step) {
			switch {
			case c.p.opt.NoTLS:
				s.skip(NotAsked, "left out as asked for")
			case !with:
				s.skip(HandshakeFailed, "left out: the handshake failed before; most senders fall back to plain text, too")
			case required != "":
				s.fail(NoStartTLS, "the server does not offer STARTTLS, though %s demands it", required)
				s.Classification = because(reply.ReasonTLSFailed)
			default:
				s.warn(NoStartTLS, "the server does not offer STARTTLS: the mail goes in plain text")
			}
		})
		return false
	}
	begun := false
	var state tls.ConnectionState
	c.p.step(StepStartTLS, c.name, "STARTTLS", func(s *Step) {
		got := c.exchange(s, "STARTTLS")
		if got == nil {
			return
		}
		if got.code != 220 {
			c.refused(s, got, 220)
			return
		}
		begun = true
		// What was sent before the handshake is not protected: a server that
		// sends more than its reply may be attacked through (RFC 3207 section 6).
		if c.r.Buffered() > 0 {
			c.over = true
			s.fail(BadReply, "the server goes on in plain text behind its reply to STARTTLS")
			s.Classification = because(reply.ReasonTLSFailed)
			return
		}
		c.handshake(s, &state)
	})
	if c.secure {
		c.checkCertificate(&state)
		c.checkDANE(&state)
	}
	return begun
}

// tlsRequired names what demands TLS of this server, "" when nothing does.
func (c *conversation) tlsRequired() string {
	switch {
	case len(c.target.tlsa) > 0:
		return "DANE"
	case c.p.mtaSTS != nil && c.p.mtaSTS.mode == "enforce":
		return "MTA-STS"
	}
	return ""
}

func (c *conversation) handshake(s *Step, state *tls.ConnectionState) {
	// Old versions and ciphers are let in to be named; the certificate is
	// checked afterwards, for the same reason.
	suites := slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites())
	config := &tls.Config{
		ServerName: c.target.host, InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, Time: c.p.opt.Now,
	}
	if c.p.recipient.Literal.IsValid() {
		config.ServerName = c.addr.String()
	}
	for _, suite := range suites {
		config.CipherSuites = append(config.CipherSuites, suite.ID)
	}
	ctx, stop := context.WithTimeout(c.p.ctx, c.p.opt.Timeout)
	defer stop()
	c.deadline()
	secure := tls.Client(c.conn, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		c.over = true
		s.fail(HandshakeFailed, "the TLS handshake failed: %s", handshakeProblem(err))
		s.Classification = because(reply.ReasonTLSFailed)
		return
	}
	*state = secure.ConnectionState()
	c.attach(secure)
	c.secure = true
	version, cipher := tls.VersionName(state.Version), tls.CipherSuiteName(state.CipherSuite)
	s.Answered += "\n" + version + ", " + cipher
	s.say("%s, %s", version, cipher)
	if state.Version < tls.VersionTLS12 {
		s.warn(OldTLS, "%s only: deprecated (RFC 8996); more and more servers refuse it", version)
	}
	if slices.ContainsFunc(tls.InsecureCipherSuites(), func(i *tls.CipherSuite) bool { return i.ID == state.CipherSuite }) {
		s.warn(WeakCipher, "%s is a weak cipher", cipher)
	}
}

func handshakeProblem(err error) string {
	var op *net.OpError
	var header tls.RecordHeaderError
	switch {
	case isTimeout(err):
		return "no answer in time"
	case errors.As(err, &op) && op.Op == "remote error": // an alert
		return "the server says " + strings.TrimPrefix(op.Err.Error(), "tls: ")
	case errors.As(err, &header):
		return "what the server sends is not TLS"
	}
	return strings.TrimPrefix(netProblem(err), "tls: ")
}

// checkCertificate checks chain, name and time. A fault is a warning, since most
// servers deliver all the same, unless MTA-STS demands a good one.
func (c *conversation) checkCertificate(state *tls.ConnectionState) {
	c.p.step(StepCertificate, c.name, "certificate for "+c.target.host, func(s *Step) {
		fault := s.warn
		if c.tlsRequired() == "MTA-STS" {
			fault = s.fail
			defer func() {
				if s.Result == Failed {
					s.Classification = because(reply.ReasonTLSFailed)
				}
			}()
		}
		certs := state.PeerCertificates
		for _, cert := range certs[:min(len(certs), maxAddresses)] {
			s.detail("%s, issued by %s, %s to %s", clip(subject(cert)), clip(cert.Issuer.String()),
				cert.NotBefore.UTC().Format(time.DateOnly), cert.NotAfter.UTC().Format(time.DateOnly))
		}
		s.Answered = strings.Join(s.Details, "\n")
		leaf, now := certs[0], c.p.opt.Now()
		switch {
		case now.After(leaf.NotAfter):
			fault(CertExpired, "the certificate expired on %s", leaf.NotAfter.UTC().Format(time.DateOnly))
		case now.Before(leaf.NotBefore):
			fault(CertNotYetValid, "the certificate is not valid before %s", leaf.NotBefore.UTC().Format(time.DateOnly))
		case now.Add(soon).After(leaf.NotAfter):
			s.warn(CertExpiresSoon, "the certificate expires on %s", leaf.NotAfter.UTC().Format(time.DateOnly))
		}
		if err := leaf.VerifyHostname(c.certName()); err != nil {
			fault(CertName, "the certificate is not for %s but for %s", c.target.host, clip(namesOf(leaf)))
		}
		if err := c.chain(certs, leaf); err != nil {
			if leaf.CheckSignature(leaf.SignatureAlgorithm, leaf.RawTBSCertificate, leaf.Signature) == nil {
				fault(CertSelfSigned, "the certificate is self-signed")
			} else {
				fault(CertUntrusted, "no chain to a trusted authority: %s", clip(err.Error()))
			}
		}
		if s.Result == Passed {
			s.say("trusted, for %s, until %s", c.target.host, leaf.NotAfter.UTC().Format(time.DateOnly))
		}
	})
}

func (c *conversation) certName() string {
	if c.p.recipient.Literal.IsValid() {
		return c.addr.String()
	}
	return c.target.host
}

// chain verifies the chain alone: at a time at which the leaf is valid, so that
// an expired certificate is not called untrusted, too.
func (c *conversation) chain(certs []*x509.Certificate, leaf *x509.Certificate) error {
	at := c.p.opt.Now()
	if at.After(leaf.NotAfter) {
		at = leaf.NotAfter
	}
	if at.Before(leaf.NotBefore) {
		at = leaf.NotBefore
	}
	pool := x509.NewCertPool()
	for _, cert := range certs[1:min(len(certs), maxAddresses+1)] {
		pool.AddCert(cert)
	}
	_, err := leaf.Verify(x509.VerifyOptions{Roots: c.p.opt.Roots, Intermediates: pool, CurrentTime: at})
	return err
}

func subject(cert *x509.Certificate) string {
	if s := cert.Subject.String(); s != "" {
		return s
	}
	return namesOf(cert)
}

func namesOf(cert *x509.Certificate) string {
	names := slices.Clone(cert.DNSNames)
	for _, ip := range cert.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return cert.Subject.String() + " (no alternative names)"
	}
	return strings.Join(names, ", ")
}

// checkDANE compares the certificate with the TLSA records (RFC 7672).
func (c *conversation) checkDANE(state *tls.ConnectionState) {
	if len(c.target.tlsa) == 0 {
		return
	}
	c.p.step(StepDANE, c.name, "TLSA "+c.p.tlsaName(c.target.host), func(s *Step) {
		usable := 0
		for _, rr := range c.target.tlsa {
			s.detail("%s", recordText(rr))
			// RFC 7672 section 3.1.3: usages 0 and 1 are of no use for SMTP.
			if rr.Usage != 2 && rr.Usage != 3 || rr.Selector > 1 || rr.MatchingType > 2 {
				continue
			}
			usable++
			if c.daneMatches(rr, state) {
				s.say("the certificate matches a TLSA record")
				return
			}
		}
		if usable == 0 {
			s.warn(BadRecord, "none of the TLSA records can be used for SMTP (only usages 2 and 3 can)")
			return
		}
		s.fail(DANEMismatch, "the certificate matches none of the TLSA records: servers that support DANE do not deliver")
		s.Classification = because(reply.ReasonTLSFailed)
	})
}

func (c *conversation) daneMatches(rr *dns.TLSA, state *tls.ConnectionState) bool {
	certs := state.PeerCertificates
	if rr.Usage == 3 {
		return matchesTLSA(rr, certs[0])
	}
	// Usage 2: an authority in the chain, which must lead to it, and the name.
	for _, anchor := range certs[1:] {
		if !matchesTLSA(rr, anchor) {
			continue
		}
		roots, between := x509.NewCertPool(), x509.NewCertPool()
		roots.AddCert(anchor)
		for _, cert := range certs[1:] {
			between.AddCert(cert)
		}
		_, err := certs[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: c.p.opt.Now(), DNSName: c.target.host})
		if err == nil {
			return true
		}
	}
	return false
}

func matchesTLSA(rr *dns.TLSA, cert *x509.Certificate) bool {
	got, err := dns.CertificateToDANE(rr.Selector, rr.MatchingType, cert)
	return err == nil && strings.EqualFold(got, rr.Certificate)
}

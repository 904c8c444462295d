package probe

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/smtplog/smtplog/reply"
)

// An mtaSTS is a policy of RFC 8461.
type mtaSTS struct {
	mode string // "enforce", "testing" or "none"
	mx   []string
}

// maxPolicy bounds what is read of a policy (RFC 8461 section 3.2 suggests
// 64 kB).
const maxPolicy = 64 << 10

// checkMTASTS looks for the record, fetches the policy and compares it with the
// MX hosts.
func (p *prober) checkMTASTS(s *Step, domain string, targets []target) {
	f := p.dns.lookup("_mta-sts."+domain, dns.TypeTXT)
	if f.err != nil {
		s.warn(DNSError, "the record cannot be had: %v", f.err)
		return
	}
	var records []string
	for _, t := range texts(f) {
		if strings.HasPrefix(t, "v=STSv1") {
			records = append(records, t)
		}
	}
	if len(records) != 1 {
		if len(records) > 1 {
			s.warn(BadRecord, "%d MTA-STS records: all of them are passed over", len(records))
			return
		}
		s.info(NoRecord, "no MTA-STS")
		return
	}
	s.Answered = records[0]
	text, err := p.fetchPolicy(domain)
	if err != nil {
		s.warn(NotFetched, "the policy at https://mta-sts.%s/.well-known/mta-sts.txt cannot be had: %v", domain, err)
		return
	}
	s.Details = strings.Split(strings.TrimSpace(strings.ReplaceAll(text, "\r", "")), "\n")
	policy, err := parsePolicy(text)
	if err != nil {
		s.warn(BadRecord, "the policy is malformed: %v", err)
		return
	}
	p.mtaSTS = policy
	for _, t := range targets {
		if policy.mode == "none" || slices.ContainsFunc(policy.mx, func(pattern string) bool { return stsMatches(pattern, t.host) }) {
			continue
		}
		if policy.mode == "enforce" {
			s.fail(STSMismatch, "the policy does not name the mail server %s: servers that support MTA-STS do not deliver there", t.host)
			s.Classification = because(reply.ReasonTLSFailed)
		} else {
			s.warn(STSMismatch, "the policy (mode %s) does not name the mail server %s", policy.mode, t.host)
		}
	}
	if s.Result == Passed {
		s.say("MTA-STS, mode %s, names every mail server", policy.mode)
	}
}

// fetchPolicy gets the policy with one HTTP/1.0 request: redirects must not be
// followed (section 3.3), so nothing more is needed.
func (p *prober) fetchPolicy(domain string) (string, error) {
	ctx, stop := context.WithTimeout(p.ctx, p.opt.Timeout)
	defer stop()
	host := "mta-sts." + domain
	addrs, f := p.dns.addresses(host)
	if len(addrs) == 0 {
		if f.err != nil {
			return "", f.err
		}
		return "", fmt.Errorf("%s has no address", host)
	}
	var conn net.Conn
	var err error
	for _, a := range addrs[:min(len(addrs), 3)] {
		if conn, err = p.dial(ctx, tcp, net.JoinHostPort(a.String(), "443"), false); err == nil {
			break
		}
	}
	if err != nil {
		return "", errors.New(netProblem(err))
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(p.opt.Timeout))
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(past) })()
	secure := tls.Client(conn, &tls.Config{ServerName: host, RootCAs: p.opt.Roots, Time: p.opt.Now, MinVersion: tls.VersionTLS12})
	if err := secure.HandshakeContext(ctx); err != nil {
		return "", err
	}
	if _, err := fmt.Fprintf(secure, "GET /.well-known/mta-sts.txt HTTP/1.0\r\nHost: %s\r\nUser-Agent: smtplog\r\n\r\n", host); err != nil {
		return "", err
	}
	r := bufio.NewReader(io.LimitReader(secure, maxPolicy))
	status, err := r.ReadString('\n')
	if err != nil {
		return "", err
	}
	if f := strings.Fields(status); len(f) < 2 || !strings.HasPrefix(f[0], "HTTP/1.") || f[1] != "200" {
		return "", fmt.Errorf("the web server says %q", strings.TrimSpace(status))
	}
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return "", err
		}
		if strings.TrimSpace(line) == "" {
			break
		}
	}
	body, err := io.ReadAll(r)
	if len(body) > 0 {
		err = nil // many servers close without saying so in TLS
	}
	return string(body), err
}

func parsePolicy(text string) (*mtaSTS, error) {
	m := &mtaSTS{}
	version := false
	for line := range strings.SplitSeq(text, "\n") {
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		value = strings.TrimSpace(value)
		switch strings.TrimSpace(key) {
		case "version":
			version = value == "STSv1"
		case "mode":
			m.mode = value
		case "mx":
			m.mx = append(m.mx, strings.ToLower(value))
		}
	}
	switch {
	case !version:
		return nil, errors.New("version: STSv1 is missing")
	case m.mode != "enforce" && m.mode != "testing" && m.mode != "none":
		return nil, fmt.Errorf("the mode is %q", m.mode)
	case m.mode != "none" && len(m.mx) == 0:
		return nil, errors.New("it names no mail server")
	}
	return m, nil
}

// stsMatches reports whether a host is the one that a pattern names: "*." stands
// for exactly one label.
func stsMatches(pattern, host string) bool {
	if rest, ok := strings.CutPrefix(pattern, "*."); ok {
		_, above, found := strings.Cut(host, ".")
		return found && above == rest
	}
	return pattern == host
}

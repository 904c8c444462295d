// Package probe checks live whether mail from one address to another gets
// through: the addresses, the DNS of both domains, and each mail server of the
// recipient's domain up to the reply to RCPT. It does what Microsoft's SMTPDiag
// and the mail-acceptance test of the Exchange Server Analyzer did.
//
// Nothing is sent but commands, unless Options.AcceptTo asks for a test message
// to one address. What servers say is bounded, and handed on as it came: it
// must be made safe before it is shown.
//
// ReadConversation reads the output of such tools instead of asking anyone.
package probe

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/smtplog/smtplog/reply"
)

// The defaults of Options.
const (
	DefaultTimeout = 30 * time.Second
	DefaultTotal   = 10 * time.Minute
	DefaultPause   = 2 * time.Second
)

// maxDNSTimeout bounds one DNS question; it is asked twice over UDP.
const maxDNSTimeout = 5 * time.Second

// Bounds of what one run looks at; each is noted in a step when it is reached.
const (
	maxHosts     = 20 // MX hosts of a domain
	maxAddresses = 10 // addresses of a host
	maxServers   = 8  // DNS servers
)

// A Family chooses the addresses that are connected to.
type Family uint8

// The families.
const (
	AnyFamily Family = iota
	IPv4
	IPv6
)

// Options say what to check. Sender and Recipient must be set; the zero value
// of the others is a default.
type Options struct {
	Sender    string // "" or "<>" is the null sender
	Recipient string

	DNS    []string   // servers to ask, "192.0.2.53" or with a port; none: those of the system
	Helo   string     // name for EHLO; "": our host name, or where that is short the name of our address
	Port   int        // of the mail servers; 0: 25
	Source netip.Addr // address to connect from, and ours for PTR and SPF; unset: as the system routes
	Family Family     // AnyFamily with a Source is the Source's
	NoTLS  bool       // do not use STARTTLS

	// Policy has SPF, DMARC, MTA-STS, TLSA and DKIM records looked at.
	// The MTA-STS policy is fetched over HTTPS.
	Policy        bool
	DKIMSelectors []string // selectors of the sender's domain

	// AcceptTo is the address that a small test message is sent to, by the
	// first server that takes it. "": nothing is sent.
	AcceptTo     string
	Exchange2003 bool // EHLO must list X-LINK2STATE and XEXCH50

	Timeout time.Duration // of each network step; 0: DefaultTimeout. A DNS question waits 5 s at most
	Total   time.Duration // of the whole run; 0: DefaultTotal
	Pause   time.Duration // between connections; 0: DefaultPause

	Classifier *reply.Classifier // nil: the built-in one

	Begin func(*Step) // called before each step, with Name, Target and Asked
	Done  func(*Step) // called after each step
	Trace func(Trace) // called for each packet and line

	// Dial makes every connection, those to DNS servers too; nil: net.Dialer.
	Dial  func(ctx context.Context, network, address string) (net.Conn, error)
	Now   func() time.Time // nil: time.Now
	Roots *x509.CertPool   // nil: those of the system
}

// A Trace is one packet or line as it went over the wire.
type Trace struct {
	Sent bool
	Via  string // "udp 192.0.2.53:53", "mx1.example.net [192.0.2.25]:25"
	Text string // a line, or a DNS message in the form of dig
}

// A Report is what a run found.
type Report struct {
	Sender    string
	Recipient string
	Helo      string
	Address   netip.Addr // ours, as others see it; unset where not known
	Servers   []string   // the DNS servers in use
	Started   time.Time
	Duration  time.Duration
	Steps     []*Step
	Verdict   Verdict
}

// Failed reports whether a step failed, or no server was reached.
func (r *Report) Failed() bool {
	if r.Verdict.Result == Failed || r.Verdict.Result == Skipped {
		return true
	}
	for _, s := range r.Steps {
		if s.Result == Failed {
			return true
		}
	}
	return false
}

// A prober is one run.
type prober struct {
	ctx    context.Context
	opt    Options
	report *Report
	dns    *resolver

	sender, recipient Address
	mtaSTS            *mtaSTS // the recipient domain's, where it was fetched
	attempts          []attempt
	anyHelo           bool // the HELO name is a short host name of ours: a better one may take its place
	connected         bool // a connection was tried before, so the next one waits
	sent              bool // the test message is, or may be, on its way
	acceptance        *Step
	impossible        *Step // the step that leaves no server to ask
}

// Run checks and returns what it found. The error is that of the context, with
// what was found until then, or says what is wrong with the Options.
func Run(ctx context.Context, opt Options) (*Report, error) {
	p := &prober{opt: opt}
	if err := p.defaults(); err != nil {
		return nil, err
	}
	started := p.opt.Now()
	p.report = &Report{Sender: opt.Sender, Recipient: opt.Recipient, Helo: p.opt.Helo, Servers: p.opt.DNS, Started: started}
	bounded, stop := context.WithTimeout(ctx, p.opt.Total)
	defer stop()
	p.ctx = bounded
	p.dns = newResolver(p)
	if p.checkSyntax() {
		p.checkAll()
	}
	p.report.Duration = p.opt.Now().Sub(started)
	p.report.Verdict = p.verdict()
	return p.report, ctx.Err()
}

func (p *prober) checkAll() {
	literal := p.recipient.Literal.IsValid()
	if !literal {
		p.checkSOA(p.recipient.ASCII)
	}
	if d := p.sender.ASCII; d != "" && d != p.recipient.ASCII {
		p.checkDomain(d, true)
	}
	var targets []target
	if literal {
		targets = []target{{host: p.recipient.Domain, addrs: []netip.Addr{p.recipient.Literal}}}
	} else {
		targets = p.checkDomain(p.recipient.ASCII, false)
	}
	p.report.Address = p.ourAddress(targets)
	late := !p.report.Address.IsValid()
	if !late {
		p.checkOurs()
	}
	if p.opt.Policy {
		p.checkPolicies(targets)
	}
	p.checkServers(targets)
	if late {
		p.checkOurs()
	}
}

// defaults fills in what the caller left out.
func (p *prober) defaults() error {
	o := &p.opt
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Total <= 0 {
		o.Total = DefaultTotal
	}
	if o.Pause <= 0 {
		o.Pause = DefaultPause
	}
	if o.Port == 0 {
		o.Port = 25
	}
	if o.Port < 1 || o.Port > 65535 {
		return errors.New("the port is 1 to 65535")
	}
	if o.Source.IsValid() && o.Family == AnyFamily {
		o.Family = IPv6
		if o.Source.Is4() {
			o.Family = IPv4
		}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Helo == "" {
		name, err := os.Hostname()
		if err != nil || !plainName(name) {
			name = "localhost"
		}
		o.Helo = strings.TrimSuffix(name, ".")
		p.anyHelo = !strings.Contains(o.Helo, ".")
	} else if !plainName(o.Helo) {
		return errors.New("the HELO name is a host name or an address in brackets")
	}
	if len(o.DNS) == 0 {
		o.DNS = systemServers()
	}
	if len(o.DNS) == 0 {
		return errors.New("no DNS server is set up on this system; name one")
	}
	if len(o.DNS) > maxServers {
		o.DNS = o.DNS[:maxServers]
	}
	servers := make([]string, len(o.DNS))
	for i, s := range o.DNS {
		var err error
		if servers[i], err = serverAddress(s); err != nil {
			return err
		}
	}
	o.DNS = servers
	return nil
}

// plainName reports whether name can stand in a command.
func plainName(name string) bool {
	if name == "" || len(name) > 255 {
		return false
	}
	for _, c := range []byte(name) {
		if c <= ' ' || c >= 0x7F {
			return false
		}
	}
	return true
}

// dial connects with the run's dialer. Only mail servers are connected to from
// the given source: the DNS servers may be reachable from another address.
func (p *prober) dial(ctx context.Context, network, address string, mail bool) (net.Conn, error) {
	if p.opt.Dial != nil {
		return p.opt.Dial(ctx, network, address)
	}
	var d net.Dialer
	if mail && p.opt.Source.IsValid() {
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(p.opt.Source, 0))
	}
	return d.DialContext(ctx, network, address)
}

func (p *prober) classify(text string) reply.Classification {
	if p.opt.Classifier != nil {
		return p.opt.Classifier.Classify(text, reply.Outbound)
	}
	return reply.Classify(text, reply.Outbound)
}

// pause waits between two connections.
func (p *prober) pause() {
	if !p.connected {
		p.connected = true
		return
	}
	t := time.NewTimer(p.opt.Pause)
	defer t.Stop()
	select {
	case <-t.C:
	case <-p.ctx.Done():
	}
}

package probe

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/miekg/dns"
)

// now is the time of every test.
var now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// A world is an internet on the loopback interface: servers listen on ports of
// their own and are reached under the addresses of the test.
type world struct {
	t      *testing.T
	mu     sync.Mutex
	routes map[string]string // "tcp 192.0.2.25:25" to "127.0.0.1:4711", or how dialing fails
	dialed []string
	ca     *authority
}

const (
	resolverAddress = "192.0.2.53:53"
	mx1             = "192.0.2.25:25"
	mx2             = "192.0.2.26:25"
)

func newWorld(t *testing.T) *world {
	t.Helper()
	t.Parallel()
	return &world{t: t, routes: map[string]string{}, ca: sharedAuthority(t)}
}

func (w *world) route(network, from, to string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.routes[network+" "+from] = to
}

func (w *world) dial(ctx context.Context, network, address string) (net.Conn, error) {
	w.mu.Lock()
	to := w.routes[network+" "+address]
	w.dialed = append(w.dialed, network+" "+address)
	w.mu.Unlock()
	fail := func(err error) (net.Conn, error) { return nil, &net.OpError{Op: "dial", Net: network, Err: err} }
	switch to {
	case "":
		return fail(os.NewSyscallError("connect", syscall.ECONNREFUSED))
	case "no route":
		return fail(os.NewSyscallError("connect", syscall.ENETUNREACH))
	case "broken":
		return fail(errors.New("the network is broken"))
	case "timeout": // "hang" without the wait
		return fail(os.ErrDeadlineExceeded)
	case "hang":
		<-ctx.Done()
		return fail(ctx.Err())
	}
	var d net.Dialer
	return d.DialContext(ctx, network, to)
}

// dials counts the connections to an address.
func (w *world) dials(address string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, d := range w.dialed {
		if d == address {
			n++
		}
	}
	return n
}

func (w *world) options() Options {
	return Options{
		Sender: "alice@example.org", Recipient: "bob@example.net", DNS: []string{"192.0.2.53"},
		Helo: "client.example.org", Source: netip.MustParseAddr("198.51.100.7"),
		Timeout: 5 * time.Second, Pause: time.Millisecond, Dial: w.dial,
		Now: func() time.Time { return now }, Roots: w.ca.pool,
	}
}

// run runs and fails the test when a step is malformed.
func (w *world) run(opt Options) *Report {
	w.t.Helper()
	r, err := Run(context.Background(), opt)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, s := range r.Steps {
		if s.Result == "" || s.Text == "" || s.Name == "" || s.Target == "" {
			w.t.Errorf("incomplete step %+v", s)
		}
		if slices.ContainsFunc(s.Notes, func(n Note) bool { return n.Result == Failed }) != (s.Result == Failed) {
			w.t.Errorf("notes and result differ: %+v", s)
		}
	}
	if r.Verdict.Text == "" || r.Verdict.Result == "" {
		w.t.Errorf("no verdict: %+v", r.Verdict)
	}
	return r
}

// standard sets up a resolver and one mail server that accepts everything.
func (w *world) standard() *dnsServer {
	d := w.dns(resolverAddress)
	w.smtp(mx1, &mailServer{})
	return d
}

// find returns the steps of a name about a target.
func find(r *Report, name Name, target string) []*Step {
	var out []*Step
	for _, s := range r.Steps {
		if s.Name == name && strings.Contains(s.Target, target) {
			out = append(out, s)
		}
	}
	return out
}

// expect checks that a step of that name about the target has the result and
// the issue; "" for no issue of more than Info.
func expect(t *testing.T, r *Report, name Name, target string, result Result, issue Issue) *Step {
	t.Helper()
	all := find(r, name, target)
	for _, s := range all {
		if s.Result == result && (issue == "" || s.Has(issue)) {
			return s
		}
	}
	t.Errorf("no step %s %s with result %s and issue %q; there are:", name, target, result, issue)
	for _, s := range all {
		t.Errorf("  %s %s: %v", s.Result, s.Text, s.Notes)
	}
	return &Step{}
}

func expectVerdict(t *testing.T, r *Report, result Result, parts ...string) {
	t.Helper()
	if r.Verdict.Result != result {
		t.Errorf("verdict is %s, want %s: %s", r.Verdict.Result, result, r.Verdict.Text)
	}
	for _, p := range parts {
		if !strings.Contains(r.Verdict.Text, p) {
			t.Errorf("verdict %q lacks %q", r.Verdict.Text, p)
		}
	}
}

// A dnsServer is a DNS server with records of its own.
type dnsServer struct {
	mu       sync.Mutex
	rrs      map[string][]dns.RR // by "name TYPE"
	truncate map[string]bool     // names whose answers do not fit into UDP
	rcode    map[string]int      // by name, "*" for all
	referral bool                // points elsewhere
	noEDNS   bool
	loseUDP  int // packets to lose
	unvouch  map[string]bool
}

// standardZone is what every DNS server knows at first.
const standardZone = `
example.net. 300 IN SOA ns.example.net. root.example.net. 7 3600 600 86400 300
example.net. 300 IN MX 10 mx1.example.net.
mx1.example.net. 300 IN A 192.0.2.25
example.org. 300 IN SOA ns.example.org. root.example.org. 1 3600 600 86400 300
example.org. 300 IN MX 10 mx.example.org.
mx.example.org. 300 IN A 198.51.100.25
client.example.org. 300 IN A 198.51.100.7
7.100.51.198.in-addr.arpa. 300 IN PTR client.example.org.
`

// dns starts a DNS server under the address, for UDP and TCP.
func (w *world) dns(address string) *dnsServer {
	w.t.Helper()
	d := &dnsServer{rrs: map[string][]dns.RR{}, truncate: map[string]bool{}, rcode: map[string]int{}, unvouch: map[string]bool{}}
	d.add(w.t, standardZone)
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	for _, s := range []*dns.Server{{PacketConn: pc, Handler: d}, {Listener: l, Handler: d}} {
		started := make(chan struct{})
		s.NotifyStartedFunc = func() { close(started) }
		go s.ActivateAndServe()
		<-started
		w.t.Cleanup(func() { s.Shutdown() })
	}
	w.route(udp, address, pc.LocalAddr().String())
	w.route(tcp, address, l.Addr().String())
	return d
}

func key(name string, qtype uint16) string {
	return strings.ToLower(name) + " " + dns.TypeToString[qtype]
}

func (d *dnsServer) add(t *testing.T, zone string) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	for line := range strings.SplitSeq(zone, "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		rr, err := dns.NewRR(line)
		if err != nil {
			t.Fatal(err)
		}
		k := key(rr.Header().Name, rr.Header().Rrtype)
		d.rrs[k] = append(d.rrs[k], rr)
	}
}

// set replaces what the server says about names and types in the zone text.
func (d *dnsServer) set(t *testing.T, zone string) {
	t.Helper()
	for line := range strings.SplitSeq(zone, "\n") {
		if rr, err := dns.NewRR(line); err == nil && rr != nil {
			d.drop(rr.Header().Name, rr.Header().Rrtype)
		}
	}
	d.add(t, zone)
}

// fail has the server answer every question about the name with an error.
func (d *dnsServer) fail(name string, rcode int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rcode[name] = rcode
}

func (d *dnsServer) drop(name string, qtype uint16) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.rrs, key(name, qtype))
}

func (d *dnsServer) ServeDNS(w dns.ResponseWriter, q *dns.Msg) {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, overTCP := w.RemoteAddr().(*net.TCPAddr)
	if !overTCP && d.loseUDP > 0 {
		d.loseUDP--
		return
	}
	m := new(dns.Msg)
	m.SetReply(q)
	m.RecursionAvailable = true
	name, qtype := strings.ToLower(q.Question[0].Name), q.Question[0].Qtype
	m.AuthenticatedData = !d.unvouch[name]
	code, ok := d.rcode[name]
	if !ok {
		code, ok = d.rcode["*"]
	}
	switch {
	case d.noEDNS && q.IsEdns0() != nil:
		m.Rcode = dns.RcodeFormatError
	case ok:
		m.Rcode = code
	case d.referral:
		m.RecursionAvailable = false
		rr, _ := dns.NewRR("net. 300 IN NS a.root.example.")
		m.Ns = []dns.RR{rr}
	default:
		d.answer(m, name, qtype)
	}
	if !overTCP && d.truncate[name] {
		m.Truncated = true
		m.Answer = nil
	}
	w.WriteMsg(m)
}

func (d *dnsServer) answer(m *dns.Msg, name string, qtype uint16) {
	seen := map[string]bool{}
	for !seen[name] {
		seen[name] = true
		if rrs := d.rrs[key(name, qtype)]; len(rrs) > 0 {
			m.Answer = append(m.Answer, rrs...)
			return
		}
		alias := d.rrs[key(name, dns.TypeCNAME)]
		if len(alias) == 0 {
			break
		}
		m.Answer = append(m.Answer, alias...)
		name = strings.ToLower(alias[0].(*dns.CNAME).Target)
	}
	for k := range d.rrs {
		if strings.HasPrefix(k, name+" ") || strings.HasSuffix(strings.Fields(k)[0], "."+name) {
			soa, _ := dns.NewRR("example.net. 300 IN SOA ns.example.net. root.example.net. 7 3600 600 86400 300")
			m.Ns = append(m.Ns, soa)
			return
		}
	}
	m.Rcode = dns.RcodeNameError
}

// A mailServer says how a go-smtp server behaves; the zero value accepts all.
type mailServer struct {
	tls  *tls.Config
	mail func(from string) error
	rcpt func(to string) error
	data func(message string) error
	utf8 bool

	mu       sync.Mutex
	messages []string
	from     []string
}

func (m *mailServer) NewSession(*smtp.Conn) (smtp.Session, error) { return mailSession{m}, nil }

type mailSession struct{ m *mailServer }

func (s mailSession) Reset()        {}
func (s mailSession) Logout() error { return nil }

func (s mailSession) Mail(from string, _ *smtp.MailOptions) error {
	s.m.mu.Lock()
	s.m.from = append(s.m.from, from)
	s.m.mu.Unlock()
	if s.m.mail != nil {
		return s.m.mail(from)
	}
	return nil
}

func (s mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.m.rcpt != nil {
		return s.m.rcpt(to)
	}
	return nil
}

func (s mailSession) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.m.mu.Lock()
	s.m.messages = append(s.m.messages, string(b))
	s.m.mu.Unlock()
	if s.m.data != nil {
		return s.m.data(string(b))
	}
	return nil
}

// refuse returns the reply as go-smtp wants it.
func refuse(code int, enhanced smtp.EnhancedCode, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: text}
}

// smtp starts a go-smtp server under the address.
func (w *world) smtp(address string, m *mailServer) *mailServer {
	w.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	s := smtp.NewServer(m)
	s.Domain = "mx1.example.net"
	s.TLSConfig = m.tls
	s.EnableSMTPUTF8 = m.utf8
	s.ErrorLog = log.New(io.Discard, "", 0)
	go s.Serve(l)
	w.t.Cleanup(func() { s.Close() })
	w.route(tcp, address, l.Addr().String())
	return m
}

// raw starts a server that does what talk does, and then closes.
func (w *world) raw(address string, talk func(net.Conn)) {
	w.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				conn.SetDeadline(time.Now().Add(20 * time.Second))
				talk(conn)
			}()
		}
	}()
	w.route(tcp, address, l.Addr().String())
}

// script is a server that answers line by line: the first reply is the banner.
// "hang" says nothing, "drop" closes.
func script(replies map[string]string) func(net.Conn) {
	return func(c net.Conn) {
		answer := func(verb, standard string) bool {
			text, ok := replies[verb]
			if !ok {
				text = standard
			}
			switch text {
			case "hang":
				io.Copy(io.Discard, c)
				return false
			case "drop":
				return false
			}
			_, err := io.WriteString(c, text+"\r\n")
			return err == nil
		}
		if !answer("banner", "220 mx1.example.net ESMTP") {
			return
		}
		r := bufio.NewScanner(c)
		for r.Scan() {
			verb, _, _ := strings.Cut(strings.ToUpper(r.Text()), " ")
			standard := map[string]string{
				"EHLO": "250-mx1.example.net Hello [198.51.100.7]\r\n250 SIZE 1000", "HELO": "250 hello", "QUIT": "221 bye", "DATA": "354 go on", ".": "250 taken",
				"STARTTLS": "220 go ahead",
			}[verb]
			if standard == "" {
				standard = "250 ok"
			}
			if _, known := replies[verb]; !known && strings.Contains(r.Text(), ":") && verb != "MAIL" && verb != "RCPT" || len(verb) == 0 || strings.HasSuffix(verb, "THIS") || strings.HasPrefix(verb, "NOTHING") {
				continue // a line of the message
			}
			if !answer(verb, standard) || verb == "QUIT" {
				return
			}
		}
	}
}

// An authority makes certificates.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

var (
	shared     *authority
	sharedOnce sync.Once
)

// sharedAuthority is the one that every test trusts.
func sharedAuthority(t *testing.T) *authority {
	sharedOnce.Do(func() { shared = newAuthority(t) })
	a := *shared
	a.t = t
	return &a
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, key: newKey(t), pool: x509.NewCertPool()}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test Authority"}, NotBefore: now.AddDate(-2, 0, 0), NotAfter: now.AddDate(5, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.cert = a.sign(template, template, a.key, a.key)
	a.pool.AddCert(a.cert)
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (a *authority) sign(template, parent *x509.Certificate, of, by *ecdsa.PrivateKey) *x509.Certificate {
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, &of.PublicKey, by)
	if err != nil {
		a.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(raw)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert
}

// server returns a TLS configuration with a certificate for a name and time.
func (a *authority) server(name string, from, to time.Time, selfSigned bool) *tls.Config {
	key := newKey(a.t)
	template := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotBefore: from, NotAfter: to}
	parent, by := a.cert, a.key
	if selfSigned {
		parent, by = template, key
	}
	cert := a.sign(template, parent, key, by)
	raw := [][]byte{cert.Raw}
	if !selfSigned {
		raw = append(raw, a.cert.Raw)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: raw, PrivateKey: key, Leaf: cert}}}
}

func (a *authority) good() *tls.Config {
	return a.server("mx1.example.net", now.AddDate(0, -1, 0), now.AddDate(0, 6, 0), false)
}

func many(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format+"\n", i)
	}
	return b.String()
}

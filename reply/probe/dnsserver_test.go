package probe

import (
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/dns"
)

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

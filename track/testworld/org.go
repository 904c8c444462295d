package testworld

import (
	"fmt"
	"slices"
	"strings"
)

const domain = "example.com"

// A server is one of the organisation while it is played.
type server struct {
	Server
	nextID  int64  // the next internal-message-id
	session uint64 // the last session id
	port    int    // of the last connection that it opened
	exports bool   // its tracking log is exported by PowerShell
}

// A host is one that is not ours.
type host struct {
	name, ip, domain string
}

func newServers(opt *Options) []*server {
	list := []Server{
		{"FE1", "", "10.1.0.11", "A", FrontEnd, V2016},
		{"FE2", "", "10.2.0.11", "B", FrontEnd, V2019},
		{"EX1", "", "10.1.0.21", "A", Mailbox, V2016},
		{"EX2", "", "10.1.0.22", "A", Mailbox, V2019},
		{"EX3", "", "10.2.0.23", "B", Mailbox, V2013},
		{"EDGE1", "", "10.9.0.5", "perimeter", Edge, V2010},
		{"BH03", "", "10.3.0.3", "legacy", Bridgehead, V2003},
		{"EX55", "", "10.3.0.55", "legacy", Legacy, V55},
		{"EXO", "", "203.0.113.120", "cloud", Cloud, Online},
	}
	var servers []*server
	for i, s := range list {
		s.FQDN = s.Name + "." + domain
		if s.Role == Cloud {
			s.FQDN = "AM0PR01MB0120.prod.outlook.example"
		}
		if v := opt.Versions[s.Name]; v != 0 && (s.Role == Mailbox || s.Role == Edge) {
			s.Version = v
		}
		servers = append(servers, &server{
			Server:  s,
			nextID:  237172389052416 + int64(i)*4294967296,
			session: 0x08DE5A0000000000 + uint64(i)<<36,
			port:    20000 + 1000*i,
			exports: slices.Contains(opt.Export, s.Name),
		})
	}
	return servers
}

// modern reports whether the server keeps network-message-ids and splits
// transport from submission and delivery.
func (s *server) modern() bool { return s.Version >= V2013 && s.Version != Online }

// exchange reports whether the server writes the logs of Exchange 2007 and
// later.
func (s *server) exchange() bool { return s.Version >= V2007 && s.Version != Online }

// internalID returns the number for the next message.
func (s *server) internalID() int64 {
	s.nextID += 3
	return s.nextID
}

// sessionID returns the id of the next session.
func (s *server) sessionID() string {
	s.session += 7
	return fmt.Sprintf("%016X", s.session)
}

func (s *server) nextPort() int {
	s.port++
	return s.port
}

// The people by their servers. Those of Exchange 5.5 have addresses of a
// domain of their own, so that the others find the way.
var people = map[string][]string{
	"EX1":  {"anna", "ben", "clara", "doris"},
	"EX2":  {"emil", "frida", "gero"},
	"EX3":  {"hanna", "igor", "jana"},
	"BH03": {"karl", "lena"},
	"EX55": {"milo", "nora"},
	"EXO":  {"olga", "paul"},
}

// person returns an address of somebody with a mailbox on the server.
func (p *player) person(s *server) string {
	names := people[s.Name]
	d := domain
	switch s.Role {
	case Bridgehead:
		d = "old." + domain
	case Legacy:
		d = "legacy." + domain
	case Cloud:
		d = "cloud." + domain
	}
	a := fmt.Sprintf("%s.%d@%s", names[p.rng.IntN(len(names))], p.rng.IntN(60), d)
	p.homes[a] = s
	return a
}

// box gives an address that is not a person's a home.
func (p *player) box(address string, s *server) string {
	if s != nil {
		p.homes[address] = s
	}
	return address
}

// homeOf returns where mail for an address goes.
func (p *player) homeOf(address string) end {
	if s := p.homes[address]; s != nil {
		return end{s: s}
	}
	_, d, _ := strings.Cut(address, "@")
	for _, h := range hosts {
		if h.domain == d {
			return end{h: h}
		}
	}
	panic("testworld: nobody has the address " + address)
}

// stranger returns somebody at the host's domain.
func (p *player) stranger(h host) string {
	names := [...]string{"quinn", "rosa", "sven", "tessa", "uwe"}
	return fmt.Sprintf("%s%d@%s", names[p.rng.IntN(len(names))], p.rng.IntN(90), h.domain)
}

var hosts = [...]host{
	{"mx1.example.net", "192.0.2.10", "example.net"},
	{"mail.example.org", "198.51.100.20", "example.org"},
	{"mx.partner.example", "203.0.113.30", "partner.example"},
	{"relay6.example.net", "2001:db8:6::25", "six.example.net"},
}

func (p *player) host() host { return hosts[p.rng.IntN(len(hosts))] }

// subject returns a subject as people write them.
func (p *player) subject() string {
	words := [...]string{
		"Minutes of Monday", "Re: offer 4711", "AW: Angebot, überarbeitet", `He said "yes"`, "Lunch, tea; and a walk?",
		`"Urgent", he wrote`, "見積書の件", "Fwd: invoice", "", "Zmluva č. 12, príloha", "100% =?", "it's #1 | a\\b",
	}
	s := words[p.rng.IntN(len(words))]
	if s != "" && p.rng.IntN(2) == 0 {
		s += fmt.Sprintf(" (%d)", p.rng.IntN(1000))
	}
	return s
}

// messageID returns a Message-ID made by the named host.
func (p *player) messageID(name string) string {
	return fmt.Sprintf("<%08x%08x.%d@%s>", p.rng.Uint32(), p.rng.Uint32(), len(p.mails), strings.ToLower(name))
}

func (p *player) guid() string {
	a, b := p.rng.Uint64(), p.rng.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", uint32(a), uint16(a>>32), a>>52, 0x8000|b>>50, b&0xffffffffffff)
}

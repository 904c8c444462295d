package track

import (
	"strings"

	"github.com/smtplog/smtplog/logparse"
)

// servers are the names of our servers, as far as the logs show them: those
// that wrote rows, and those that an internal connector leads to. It is
// bounded by maxServers.
type servers struct {
	names   map[string]bool // lower case, as logged
	short   map[string]bool // first labels
	domains map[string]bool // DNS domains of those logged with one
	recent  [64]string      // some of the names, by nameHash
	version uint32          // of names
}

const maxServers = 10_000

func newServers() *servers {
	return &servers{names: map[string]bool{}, short: map[string]bool{}, domains: map[string]bool{}}
}

// note learns from a row. Exchange Online's servers carry everybody's mail and
// are not ours.
func (s *servers) note(e *Event) {
	if e.Format == logparse.MessageTrace || e.Format == logparse.Agent {
		return
	}
	s.add(e.Server)
	if e.Format == logparse.Tracking5 {
		s.add(mtsServer(e.MessageID))
	}
	switch {
	case e.EventID == "RECEIVE" && e.Source == "SMTP" && e.Number < 0:
		s.add(e.ServerIP)
	case e.EventID == "SEND" && e.Number < 0:
		s.add(e.ClientIP)
	}
	if e.EventID == "SEND" && internalConnector(e.Connector) {
		s.add(e.RemoteServer)
	}
}

// mtsServer returns the server that gave a message its MTS-ID,
// "c=US;a= ;p=Example;l=EX1-960701173047Z-2".
func mtsServer(id string) string {
	i := strings.LastIndex(id, "=")
	if i < 1 || id[i-1]|0x20 != 'l' {
		return ""
	}
	id = id[i+1:]
	for range 2 { // the time and the number; the name may have hyphens itself
		i := strings.LastIndexByte(id, '-')
		if i < 0 {
			return ""
		}
		id = id[:i]
	}
	return id
}

// skip learns from a row that is not taken apart.
func (s *servers) skip(rec *logparse.Record) {
	if rec.Format != logparse.MessageTrace && rec.Format != logparse.Agent && !s.names[string(rec.Server)] {
		s.add(string(rec.Server))
	}
}

func (s *servers) add(name string) {
	if name == "" {
		return
	}
	recent := &s.recent[nameHash(name)%len(s.recent)]
	if *recent == name || len(s.names) >= maxServers {
		return
	}
	if s.names[name] {
		if *recent == "" {
			*recent = strings.Clone(name)
		}
		return
	}
	name = string([]byte(name)) // a part of a row must not keep the row
	lower := lower(name)
	s.names[name], s.names[lower] = true, true
	s.version++
	if isAddress(name) {
		return
	}
	first, domain, _ := strings.Cut(lower, ".")
	s.short[first] = true
	if domain != "" {
		s.domains[domain] = true
	}
}

// has reports whether the name is that of one of our servers. A name with a
// domain is ours as well when we know its first label, and the domain or none.
func (s *servers) has(name string) bool {
	if name == "" {
		return false
	}
	if s.names[name] {
		return true
	}
	lower := lower(name)
	if s.names[lower] {
		return true
	}
	first, domain, _ := strings.Cut(lower, ".")
	return !isAddress(name) && s.short[first] && (domain == "" || s.domains[domain])
}

// inDomain reports whether the name lies in a DNS domain of our servers.
func (s *servers) inDomain(name string) bool {
	_, domain, _ := strings.Cut(name, ".")
	return domain != "" && s.domains[lower(domain)]
}

// internalConnector reports whether the connector leads to servers of the
// organisation only.
func internalConnector(name string) bool {
	return len(name) >= len("intra-organization") && strings.EqualFold(name[:len("intra-organization")], "intra-organization")
}

// isAddress reports whether the name is an IP address.
func isAddress(name string) bool {
	if name == "" {
		return false
	}
	if c := name[0] | 0x20; c >= 'a' && c <= 'z' {
		return strings.IndexByte(name, ':') >= 0
	}
	return strings.IndexByte(name, ':') >= 0 || strings.Trim(name, "0123456789.[]") == ""
}

// shortName returns the first label of a server's name in lower case.
func shortName(name string) string {
	if isAddress(name) {
		return name
	}
	return lower(firstLabel(name))
}

// sameServer reports whether two names are those of one server: the names are
// equal, or one lacks the domain.
func sameServer(a, b string) bool {
	if a == "" || b == "" {
		return false
	}
	if strings.IndexByte(a, '.') >= 0 && strings.IndexByte(b, '.') >= 0 {
		return strings.EqualFold(a, b)
	}
	if isAddress(a) || isAddress(b) {
		return shortName(a) == shortName(b)
	}
	return equalLower(firstLabel(a), firstLabel(b))
}

func firstLabel(name string) string {
	first, _, _ := strings.Cut(name, ".")
	return first
}

// shortNames remembers the short names of the servers that it was asked for
// last. The zero shortNames knows none.
type shortNames [64]struct{ name, short string }

// of returns shortName(name).
func (s *shortNames) of(name string) string {
	if name == "" {
		return ""
	}
	known := &s[nameHash(name)%len(s)]
	if known.name != name {
		name = strings.Clone(name) // a part of a row must not keep the row
		known.name, known.short = name, shortName(name)
	}
	return known.short
}

// nameHash tells most names of servers apart.
func nameHash(name string) int {
	n := len(name)
	return n + int(name[n-1]) + 3*int(name[n/2]) + 5*int(name[min(n-1, 2)])
}

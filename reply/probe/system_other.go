//go:build !windows

package probe

import "github.com/miekg/dns"

// systemServers returns the DNS servers that the system is set up with.
func systemServers() []string {
	c, err := dns.ClientConfigFromFile("/etc/resolv.conf")
	if err != nil {
		return nil
	}
	return c.Servers
}

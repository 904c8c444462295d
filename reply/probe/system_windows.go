package probe

import (
	"net/netip"
	"slices"
	"unsafe"

	"golang.org/x/sys/windows"
)

// systemServers returns the DNS servers of the network adapters that are up,
// each once, in the order of the adapters.
func systemServers() []string {
	size := uint32(16 << 10)
	for range 3 { // the list may grow between two calls
		buf := make([]byte, size)
		first := (*windows.IpAdapterAddresses)(unsafe.Pointer(&buf[0]))
		const flags = windows.GAA_FLAG_SKIP_UNICAST | windows.GAA_FLAG_SKIP_ANYCAST | windows.GAA_FLAG_SKIP_MULTICAST | windows.GAA_FLAG_SKIP_FRIENDLY_NAME
		err := windows.GetAdaptersAddresses(windows.AF_UNSPEC, flags, 0, first, &size)
		if err == windows.ERROR_BUFFER_OVERFLOW {
			continue
		}
		if err != nil {
			return nil
		}
		return adapterServers(first)
	}
	return nil
}

func adapterServers(a *windows.IpAdapterAddresses) []string {
	var servers []string
	for ; a != nil; a = a.Next {
		if a.OperStatus != windows.IfOperStatusUp {
			continue
		}
		for d := a.FirstDnsServerAddress; d != nil; d = d.Next {
			addr, ok := netip.AddrFromSlice(d.Address.IP())
			// QUIRK: Windows lists fec0:0:0:ffff::1 to ::3 on adapters without
			// an IPv6 DNS server; nothing answers there.
			if s := addr.Unmap().String(); ok && !netip.MustParsePrefix("fec0::/10").Contains(addr) && !slices.Contains(servers, s) {
				servers = append(servers, s)
			}
		}
	}
	return servers
}

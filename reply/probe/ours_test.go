package probe

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
)

func TestOptions(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"port":      func(o *Options) { o.Port = 70000 },
		"helo":      func(o *Options) { o.Helo = "a b" },
		"injection": func(o *Options) { o.Helo = "a\r\nRCPT" },
		"dns":       func(o *Options) { o.DNS = []string{"bad server"} },
	} {
		w := &world{t: t, routes: map[string]string{}, ca: newAuthority(t)}
		opt := w.options()
		change(&opt)
		if r, err := Run(context.Background(), opt); err == nil {
			t.Errorf("%s: no error, %+v", name, r.Verdict)
		}
		if len(w.dialed) > 0 {
			t.Errorf("%s: dialed %v", name, w.dialed)
		}
	}
}

// The addresses that nothing is asked about, and the one that a server tells.
func TestOurAddress(t *testing.T) {
	t.Run("told by the server", func(t *testing.T) {
		w := newWorld(t)
		w.dns(resolverAddress)
		w.raw(mx1, script(nil))
		w.route(udp, mx1, "127.0.0.1:9")
		opt := w.options()
		opt.Source = netip.Addr{}
		r := w.run(opt)
		if r.Address.String() != "198.51.100.7" {
			t.Errorf("our address is %s", r.Address)
		}
		expect(t, r, StepPTR, "198.51.100.7", Passed, "")
		expect(t, r, StepHelo, "client.example.org", Passed, "")
		if r.Steps[len(r.Steps)-1].Name != StepHelo {
			t.Error("PTR was looked up before the address was known")
		}
	})
	t.Run("unknown", func(t *testing.T) {
		w := newWorld(t)
		w.standard()
		opt := w.options()
		opt.Source, opt.Policy = netip.Addr{}, true
		r := w.run(opt)
		expect(t, r, StepPTR, "our address", Skipped, UnknownAddress)
		expect(t, r, StepHelo, "", Skipped, UnknownAddress)
		expect(t, r, StepSPF, "", Skipped, UnknownAddress)
	})
	for name, c := range map[string]struct {
		zone  string
		drop  string
		helo  string
		step  Name
		issue Issue
	}{
		"no PTR":        {drop: "7.100.51.198.in-addr.arpa.", step: StepPTR, issue: NoPTR},
		"not confirmed": {zone: "7.100.51.198.in-addr.arpa. 300 IN PTR mx1.example.net.", step: StepPTR, issue: PTRNotConfirmed},
		"other name":    {zone: "7.100.51.198.in-addr.arpa. 300 IN PTR mx1.example.net.", step: StepHelo, issue: HeloMismatch},
		"not ours":      {helo: "mx1.example.net", step: StepHelo, issue: HeloMismatch},
		"no address":    {helo: "none.example.net", step: StepHelo, issue: HeloMismatch},
		"short":         {helo: "client", step: StepHelo, issue: HeloNotFQDN},
		"failing":       {helo: "servfail.example.net", step: StepHelo, issue: DNSError},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			d := w.standard()
			d.fail("servfail.example.net.", 2)
			d.set(t, c.zone)
			if c.drop != "" {
				d.drop(c.drop, 12)
			}
			opt := w.options()
			if c.helo != "" {
				opt.Helo = c.helo
			}
			expect(t, w.run(opt), c.step, "", Warning, c.issue)
		})
	}
	t.Run("literal HELO", func(t *testing.T) {
		w := newWorld(t)
		w.standard()
		opt := w.options()
		opt.Helo = "[198.51.100.7]"
		expect(t, w.run(opt), StepHelo, "", Passed, HeloNotFQDN)
	})
}

// Without a name given, the name of our address is better than a short one.
func TestDefaultHelo(t *testing.T) {
	w := newWorld(t)
	w.standard()
	opt := w.options()
	opt.Helo = ""
	r := w.run(opt)
	host, err := os.Hostname()
	want := "client.example.org"
	if err == nil && strings.Contains(host, ".") {
		want = host
	}
	if r.Helo != want {
		t.Errorf("HELO %s, want %s", r.Helo, want)
	}
	expect(t, r, StepEHLO, "mx1", Passed, "")
}

// The system's DNS servers are asked when none is named.
func TestSystemServers(t *testing.T) {
	w := newWorld(t)
	opt := w.options()
	opt.DNS = nil
	r, err := Run(context.Background(), opt)
	if err != nil {
		if len(systemServers()) > 0 {
			t.Error(err)
		}
		return
	}
	if len(r.Servers) == 0 {
		t.Error("no servers")
	}
	expectVerdict(t, r, Failed, "connection refused")
}

func TestPrivate(t *testing.T) {
	for addr, want := range map[string]bool{
		"192.0.2.1": false, "2001:db8::1": false, "10.0.0.1": true, "172.16.0.1": true, "172.32.0.1": false, "192.168.1.1": true, "100.64.1.1": true, "127.0.0.1": true,
		"::1": true, "fe80::1": true, "fd00::1": true, "169.254.1.1": true, "0.0.0.0": true, "::": true, "224.0.0.1": true, "::ffff:10.0.0.1": true,
	} {
		if got := private(netip.MustParseAddr(addr)) != ""; got != want {
			t.Errorf("%s: %v", addr, got)
		}
	}
}

// Windows returns the numbers of Winsock.
func TestNetErrors(t *testing.T) {
	wrap := func(n syscall.Errno) error { return &net.OpError{Op: "dial", Err: os.NewSyscallError("connectex", n)} }
	if !isRefused(wrap(10061)) || !isRefused(wrap(syscall.ECONNREFUSED)) || isRefused(wrap(10060)) || isRefused(io.EOF) {
		t.Error("refused")
	}
	if !isTimeout(wrap(10060)) || !isTimeout(context.DeadlineExceeded) || isTimeout(wrap(10061)) {
		t.Error("timeout")
	}
	if !hasNoRoute(wrap(10051)) || !hasNoRoute(wrap(syscall.EHOSTUNREACH)) || hasNoRoute(wrap(10061)) {
		t.Error("no route")
	}
	for err, want := range map[error]string{io.EOF: "closed without a reply", wrap(10054): "connection reset", wrap(10061): "connection refused", errors.New("what"): "what"} {
		if got := netProblem(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}

func TestAddressIn(t *testing.T) {
	for greeting, want := range map[string]string{
		"250-mx.example.net at your service, [203.0.113.9]":   "203.0.113.9",
		"250-EX1.example.net Hello [203.0.113.9]":             "203.0.113.9",
		"250-mx Hello client (203.0.113.9), pleased":          "203.0.113.9",
		"250-mx greets [IPv6:2001:db8::9]":                    "2001:db8::9",
		"250-EX1 Hello [10.1.2.3]":                            "invalid IP",
		"250-mx [999.1.1.1] [203.0.113.9]":                    "203.0.113.9",
		"250-mx.example.net":                                  "invalid IP",
		"250 x [" + strings.Repeat("1", 100) + "] [::ffff::]": "invalid IP",
	} {
		if got := addressIn(greeting).String(); got != want {
			t.Errorf("%q: %s, want %s", greeting, got, want)
		}
	}
}

package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
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

func many(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format+"\n", i)
	}
	return b.String()
}

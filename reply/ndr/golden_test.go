package ndr

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/smtplog/smtplog/reply"
)

var update = flag.Bool("update", false, "write testdata/golden.txt anew")

// describe writes what was read of a message in lines.
func describe(r *Report) string {
	var b strings.Builder
	line := func(name string, v any) {
		if s := fmt.Sprint(v); s != "" {
			fmt.Fprintf(&b, "  %s: %s\n", name, s)
		}
	}
	line("kind", r.Kind)
	line("product", r.Product)
	line("reporting", r.ReportingMTA)
	line("message-id", r.MessageID)
	line("network-message-id", r.NetworkMessageID)
	line("subject", r.Subject)
	line("from", r.From)
	line("to", r.To)
	line("envelope", r.EnvelopeID)
	line("queue", r.QueueID)
	line("arrived", r.Arrived)
	line("date", r.Date)
	for i := range r.Recipients {
		rec := &r.Recipients[i]
		fmt.Fprintf(&b, "  - %s%s %s %s %s %s", rec.Address, rec.Name, rec.Action, rec.Code, rec.Enhanced, rec.Class)
		switch rec.Reason {
		case reply.ReasonUserUnknown, reply.ReasonMailboxFull, reply.ReasonAccepted:
			// Of other reasons there can be two opinions, which are package reply's.
			fmt.Fprintf(&b, " %s", rec.Reason)
		}
		b.WriteByte('\n')
		line("  original", rec.Original)
		line("  remote", rec.RemoteMTA)
		line("  text", rec.Text)
		line("  attempt", rec.Attempt)
		line("  retry", rec.Retry)
	}
	for _, p := range r.Problems {
		line("problem", p)
	}
	return b.String()
}

// TestGolden reads every message of testdata.
func TestGolden(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.eml")
	if err != nil || len(paths) == 0 {
		t.Fatal("no messages", err)
	}
	var got strings.Builder
	for _, path := range paths {
		fmt.Fprintf(&got, "%s\n", filepath.Base(path))
		for _, r := range reportsOf(t, path) {
			got.WriteString(describe(r))
		}
	}
	const golden = "testdata/golden.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("-want +got (go test -run Golden -update writes it anew):\n%s", diff)
	}
}

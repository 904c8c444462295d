package query

import (
	"strings"
	"testing"
)

func TestQuery(t *testing.T) {
	for _, tt := range []struct{ query, want string }{
		{`replies | where class == "permanent" and domain endswith "example.net" | summarize n=count(), senders=dcount(from) by domain, code, bin(time, 1h) | top 10 by n`,
			"example.net | 550 | 2026-11-01T08:00:00Z | 2 | 2\nmail.example.net | 554 | 2026-11-01T09:00:00Z | 1 | 1"},
		{`recipients | project to | take 2`, "kim@example.com\nlee@example.net"},
	} {
		if got := strings.Join(ask(t, tt.query), "\n"); got != tt.want {
			t.Errorf("%s\ngot:\n%s\nwant:\n%s", tt.query, got, tt.want)
		}
	}
}

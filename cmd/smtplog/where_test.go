package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/testlog"
	"github.com/smtplog/smtplog/track/testworld"
)

// lines runs a command and returns the lines that it prints, as they stand and
// decoded.
func lines(t *testing.T, args ...string) (text []string, values []map[string]any) {
	t.Helper()
	for line := range strings.Lines(done(t, args...)) {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatal(err)
		}
		text = append(text, line)
		values = append(values, v)
	}
	return text, values
}

// at returns a value deep in a JSON object, nil where there is none.
func at(v any, path ...string) any {
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

// recipientsWith counts the recipients of a session's JSON with a result.
func recipientsWith(session map[string]any, result string) int {
	n := 0
	for _, t := range session["transactions"].([]any) {
		for _, r := range at(t, "recipients").([]any) {
			if result == "" || at(r, "result") == result {
				n++
			}
		}
	}
	return n
}

// TestWhere checks that --where lists what choosing among the JSON afterwards
// does, in the same order.
func TestWhere(t *testing.T) {
	dir := t.TempDir()
	for i, f := range []logparse.Format{logparse.ExchangeReceive, logparse.IISW3C} {
		writeFile(t, filepath.Join(dir, f.String()+".log"), played(t, testlog.Options{Seed: uint64(i + 3), Format: f, Connections: 40, Outbound: 0.3}))
	}
	world := filepath.Join(dir, "world")
	if err := testworld.Play(testworld.Options{Seed: 9, Messages: 44}).Write(world); err != nil {
		t.Fatal(err)
	}
	type listed struct {
		text   []string
		values []map[string]any
	}
	lists := map[string]listed{}
	for _, command := range []string{"sessions", "records", "messages"} {
		text, values := lines(t, command, "--json", dir)
		lists[command] = listed{text, values}
	}
	number := func(v any) float64 { n, _ := v.(float64); return n }
	text := func(v any) string { s, _ := v.(string); return strings.ToLower(s) }
	for _, test := range []struct {
		command string
		where   string
		keep    func(v map[string]any) bool
	}{
		{"sessions", `rejected > 0 and direction == "inbound"`, func(v map[string]any) bool {
			return recipientsWith(v, "rejected") > 0 && v["direction"] == "inbound"
		}},
		{"sessions", `isnull(tls.version) and recipients >= 2`, func(v map[string]any) bool {
			return at(v, "tls", "version") == nil && recipientsWith(v, "") >= 2
		}},
		{"sessions", `duration_ms > 5000 or ended != "quit"`, func(v map[string]any) bool {
			return number(v["duration_ms"]) > 5000 || v["ended"] != "quit"
		}},
		{"sessions", `not(auth_ok)`, func(v map[string]any) bool { return at(v, "auth", "ok") == false }},
		{"sessions", `start >= datetime(2026-03-02T08:05:00Z) and helo endswith ".example"`, func(v map[string]any) bool {
			return text(v["start"]) >= "2026-03-02t08:05:00" && strings.HasSuffix(text(v["helo"]), ".example")
		}},
		{"records", `code >= 500`, func(v map[string]any) bool { return number(v["code"]) >= 500 }},
		{"records", `verb == "RCPT" and arg contains "example.com"`, func(v map[string]any) bool {
			return v["verb"] == "RCPT" && strings.Contains(text(v["arg"]), "example.com")
		}},
		{"records", `fields["cs-method"] == "QUIT"`, func(v map[string]any) bool { return at(v, "fields", "cs-method") == "QUIT" }},
		{"records", `session endswith "7" and kind != "info"`, func(v map[string]any) bool {
			return strings.HasSuffix(text(v["session"]), "7") && v["kind"] != nil && v["kind"] != "info"
		}},
		{"messages", `failed > 0 or deferred > 0`, func(v map[string]any) bool {
			for _, r := range v["recipients"].([]any) {
				if s := at(r, "status"); s == "failed" || s == "deferred" {
					return true
				}
			}
			return false
		}},
		{"messages", `latency_ms > 1000 and array_length(servers) > 1`, func(v map[string]any) bool {
			return number(v["latency_ms"]) > 1000 && len(v["servers"].([]any)) > 1
		}},
		{"messages", `isnotnull(sessions) and status == "delivered"`, func(v map[string]any) bool {
			return v["sessions"] != nil && v["status"] == "delivered"
		}},
	} {
		t.Run(test.command+" "+test.where, func(t *testing.T) {
			all := lists[test.command].text
			var want []string
			for i, v := range lists[test.command].values {
				if test.keep(v) {
					want = append(want, all[i])
				}
			}
			got, _ := lines(t, test.command, "--json", dir, "--where", test.where)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-chosen afterwards +--where:\n%s", diff)
			}
			if len(want) == 0 || len(want) == len(all) {
				t.Errorf("%d of %d are chosen, which shows nothing", len(want), len(all))
			}
		})
	}
}

// TestAnalyzeWhere checks that analyze counts what sessions --where lists.
func TestAnalyzeWhere(t *testing.T) {
	logs := filepath.Join(root, "testdata", "logs")
	for _, where := range []string{`direction == "inbound"`, `failures > 0`, `recipients > 1`, `1 == 2`, `true`} {
		_, sessions := lines(t, "sessions", "--json", logs, "--where", where)
		var analysis struct {
			Sessions, Transactions, Recipients, Messages struct{ Total, Rejected int }
		}
		out := done(t, "analyze", "--json", logs, "--where", where)
		if err := json.Unmarshal([]byte(out), &analysis); err != nil {
			t.Fatal(err)
		}
		conform(t, "analysis", out)
		transactions, recipients, rejected := 0, 0, 0
		for _, s := range sessions {
			transactions += len(s["transactions"].([]any))
			recipients += recipientsWith(s, "")
			rejected += recipientsWith(s, "rejected")
		}
		a := analysis
		if a.Sessions.Total != len(sessions) || a.Transactions.Total != transactions || a.Recipients.Total != recipients || a.Recipients.Rejected != rejected {
			t.Errorf("%s: %+v; %d sessions, %d transactions, %d recipients, %d rejected", where, a, len(sessions), transactions, recipients, rejected)
		}
		if strings.Contains(out, `"messages":`) {
			t.Errorf("%s: messages are counted", where)
		}
	}
}

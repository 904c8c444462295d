package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smtplog/smtplog/cmd/internal/term"
	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply/outcome"
	"github.com/smtplog/smtplog/track"
	"github.com/smtplog/smtplog/track/testworld"
)

func TestShortPlaces(t *testing.T) {
	for _, want := range []map[string]string{
		{"a.log": "a.log"},
		{"logs/a.log": "a.log", "logs/b.log": "b.log"},
		{"EX1/a.log": "EX1/a.log", "EX2/a.log": "EX2/a.log"},
		{"logs/EX1/t/a.log": "EX1/…/a.log", "logs/EX2/t/a.log": "EX2/…/a.log", "logs/EX2/t/b.log": "b.log"},
		{`C:\EX1\t\a.log`: "EX1/…/a.log", `C:\EX2\t\a.log`: "EX2/…/a.log"},
		{"x.zip!EX1/a.log": "EX1/a.log", "x.zip!EX2/a.log": "EX2/a.log"},
		{"1/x/a.log": "1/x/a.log", "1/y/a.log": "y/a.log", "2/x/a.log": "2/…/a.log"},
		{"a.log": "a.log", "EX1/a.log": "EX1/a.log"},
	} {
		var hops []track.Hop
		for file := range want {
			hops = append(hops, track.Hop{Pos: outcome.Position{File: file, Line: 1}})
		}
		for file, name := range shortPlaces(hops) {
			if name != want[file] {
				t.Errorf("%s of %v is %s, want %s", file, want, name, want[file])
			}
		}
	}
}

func TestBreakWords(t *testing.T) {
	for _, text := range []string{"", "a b", "abcdefghij", "ab abcdefghij cd", "受取人が見つかりません", "abcd efgh", strings.Repeat("x", 100)} {
		for width := 2; width < 12; width++ {
			broken := breakWords(text, width)
			for word := range strings.FieldsSeq(broken) {
				if term.DisplayWidth(word) > width {
					t.Errorf("%q in %d columns: %q is too wide", text, width, word)
				}
			}
			if got := strings.ReplaceAll(broken, " ", ""); got != strings.ReplaceAll(text, " ", "") {
				t.Errorf("%q in %d columns: %q", text, width, broken)
			}
		}
	}
}

// FuzzMessages takes any bytes for a tracking log and goes through messages and
// trace with it.
func FuzzMessages(f *testing.F) {
	for _, opt := range []testworld.Options{
		{Messages: 4, Only: []testworld.Story{testworld.List, testworld.Mixed, testworld.Old2003Out, testworld.Old55Out}},
		{Messages: 2, Only: []testworld.Story{testworld.CloudOnly, testworld.Bounce}, Trace: testworld.TraceExtended, Export: []string{"EX1", "EX2", "EX3"}},
	} {
		for _, file := range testworld.Play(opt).Files {
			f.Add(file.Data[:min(len(file.Data), 3000)], byte(0), "a")
		}
	}
	for i, format := range logparse.Formats() {
		if !format.Protocol() {
			f.Add([]byte("2026-11-02T08:00:00Z,a\\b\t=c\x1b[2J,\u202e@\x00,\xff\xfe\n\"\n"), byte(i+1), "\x1b[2J")
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, format byte, needle string) {
		path := filepath.Join(t.TempDir(), "a.log")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		args := []string{path, "--max-decompressed", "10MB", "--no-progress"}
		if n := int(format) % (len(logparse.Formats()) + 1); n > 0 {
			args = append(args, "--format", logparse.Formats()[n-1].String())
		}
		run := func(command ...string) string {
			r := smtplog("", append(command, args...)...)
			if r.code != exitDone && r.code != exitFailed {
				t.Fatalf("%q: exit status %d: %s", command, r.code, r.stderr)
			}
			harmless(t, r.stderr)
			harmless(t, r.stdout)
			return r.stdout
		}
		conform(t, "message", run("messages", "--json"))
		run("messages")
		run("messages", "--csv")
		if needle = strings.ReplaceAll(needle, "\x00", ""); strings.TrimSpace(needle) == "" || strings.HasPrefix(needle, "-") {
			needle = "a"
		}
		run("trace", "--pick", "1", needle)
		conform(t, "message", run("trace", "--json", needle))
	})
}

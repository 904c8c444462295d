package main

import (
	"os"
	"path/filepath"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/smtplog/smtplog/logparse"
)

// FuzzAnalyze takes any bytes for a file and goes through the whole command with
// it, with and without being told the format.
func FuzzAnalyze(f *testing.F) {
	for i, path := range projectLogs(f) {
		b, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		b = b[:min(len(b), 3000)]
		f.Add(b, byte(0))
		switch i % 4 {
		case 0:
			f.Add(mustPack(f, ".gz", member{"a.log", b}), byte(0))
		case 1:
			f.Add(mustPack(f, ".zip", member{"a.log", b}, member{"b.txt", []byte("no log")}), byte(0))
		case 2:
			f.Add(mustEncode(f, "utf-16le-bom", b), byte(0))
		}
	}
	for i := range logparse.Formats() {
		f.Add([]byte("2026-11-02T08:00:00Z,a\\b,c,0,1,2,<,MAIL FROM:<\x1b[2J\u202e@\x00>,\r\n250-\xff\xfe\r\n\r\n\"\n"), byte(i+1))
	}
	f.Fuzz(func(t *testing.T, data []byte, format byte) {
		path := filepath.Join(t.TempDir(), "a.log")
		writeFile(t, path, data)
		args := []string{path, "--max-decompressed", "10MB", "--no-progress"}
		if n := int(format) % (len(logparse.Formats()) + 1); n > 0 {
			args = append(args, "--format", logparse.Formats()[n-1].String())
		}
		for _, v := range conform(t, "analysis", anyStatus(t, append([]string{"analyze", "--json", "--problems"}, args...))) {
			checkSums(t, v)
		}
		conform(t, "session", anyStatus(t, append([]string{"sessions", "--json", "--transcript"}, args...)))
		conform(t, "record", anyStatus(t, append([]string{"records"}, args...)))
		for _, text := range [][]string{
			{"analyze", "--problems", "--by", "domain,host,server,connector,verb"},
			{"analyze", "--csv"},
			{"sessions"},
			{"sessions", "--csv"},
			{"sessions", "--transcript"},
		} {
			harmless(t, anyStatus(t, append(text, args...)))
		}
	})
}

// anyStatus runs the command, which may fail but not in any way, and returns
// what it printed.
func anyStatus(t *testing.T, args []string) string {
	t.Helper()
	r := smtplog("", args...)
	if r.code != exitDone && r.code != exitFailed {
		t.Fatalf("%v: exit status %d: %s", args, r.code, r.stderr)
	}
	if (r.code == exitDone) != (r.stderr == "") {
		t.Fatalf("%v: exit status %d, and on standard error: %q", args, r.code, r.stderr)
	}
	harmless(t, r.stderr)
	return r.stdout
}

// harmless checks that text can be printed to a terminal.
func harmless(t *testing.T, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Fatalf("not UTF-8: %q", text)
	}
	for _, r := range text {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
			t.Fatalf("%U in %q", r, text)
		}
	}
}

package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smtplog/smtplog/testdata/bench/logs"
)

// writeBenchLog writes a log as the benchmarks read them.
func writeBenchLog(tb testing.TB, kind logs.Kind, size int64, open int) (path string, truth *logs.Truth, written int) {
	tb.Helper()
	var log bytes.Buffer
	truth, err := kind.Write(&log, size, open)
	if err != nil {
		tb.Fatal(err)
	}
	path = filepath.Join(tb.TempDir(), kind.Name+".log")
	writeFile(tb, path, log.Bytes())
	return path, truth, log.Len()
}

// TestBenchLogs checks that every line of the logs that the benchmarks read is
// understood, and that what is counted is what they hold.
func TestBenchLogs(t *testing.T) {
	const size = 300_000
	for _, kind := range logs.Kinds() {
		t.Run(kind.Name, func(t *testing.T) {
			path, truth, written := writeBenchLog(t, kind, size, 20)
			if written < size*8/10 || written > size*12/10 {
				t.Errorf("%d bytes, not about %d", written, size)
			}
			v := conform(t, "analysis", done(t, "analyze", "--json", path))[0]
			var off int64 // how far a count may be off
			want := func(n int64, path ...string) {
				t.Helper()
				if got := number(v, path...); max(got-n, n-got) > off {
					t.Errorf("%v is %d, want %d", path, got, n)
				}
			}
			want(0, "input", "malformed_lines")
			want(truth.Records, "input", "records")
			if strings.HasPrefix(kind.Name, "iis-") {
				// These logs do not say which session a row belongs to.
				off = 3
			}
			want(truth.Sessions, "sessions", "total")
			want(truth.Messages, "messages", "total")
			recipients := []string{"recipients"}
			if truth.Messages > 0 {
				recipients = []string{"messages", "recipients"}
			}
			for result, n := range truth.Recipients {
				want(n, append(recipients, result)...)
			}
		})
	}
}

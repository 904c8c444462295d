package main

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/smtplog/smtplog/testdata/bench/logs"
)

// BenchmarkAnalyze runs the whole command on a log of each kind.
// testdata/bench/compare sets it against other programs.
func BenchmarkAnalyze(b *testing.B) {
	for _, kind := range logs.Kinds() {
		b.Run(kind.Name, func(b *testing.B) { benchmarkCommand(b, kind, "analyze", "--json", "--jobs", "1") })
	}
}

// BenchmarkList runs the commands that print something about each session or
// record.
func BenchmarkList(b *testing.B) {
	kind, err := logs.Find("exchange-receive")
	if err != nil {
		b.Fatal(err)
	}
	for _, command := range []string{"sessions", "records"} {
		b.Run(command, func(b *testing.B) { benchmarkCommand(b, kind, command, "--json") })
	}
}

func benchmarkCommand(b *testing.B, kind logs.Kind, args ...string) {
	path, _, written := writeBenchLog(b, kind, 16e6, 200)
	args = append(args, path)
	b.SetBytes(int64(written))
	b.ReportAllocs()
	for b.Loop() {
		var stderr strings.Builder
		if code := run(context.Background(), args, strings.NewReader(""), io.Discard, &stderr); code != exitDone {
			b.Fatalf("exit status %d, %s", code, &stderr)
		}
	}
}

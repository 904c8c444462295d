package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/testlog"
	"github.com/smtplog/smtplog/track/testworld"
)

// longLogs writes logs that are read in several parts, below a new folder.
func longLogs(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, format := range []logparse.Format{logparse.ExchangeReceive, logparse.IISW3C, logparse.IISNCSA} {
		f, err := os.Create(filepath.Join(dir, format.String()+".log"))
		if err != nil {
			t.Fatal(err)
		}
		if err := testlog.Stream(f, testlog.Options{Seed: 2, Format: format, Connections: 150, AtOnce: 4}, nil, nil); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := testworld.Play(testworld.Options{Seed: 6, Messages: 60}).Write(filepath.Join(dir, "world")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestJobs runs every command that reads logs with any number of jobs: the
// output is the same bytes.
func TestJobs(t *testing.T) {
	dir := longLogs(t)
	var first struct {
		ID string `json:"message_id"`
	}
	if err := json.Unmarshal([]byte(done(t, "messages", "--json", "--top", "1", dir)), &first); err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{
		{"analyze", "--json"}, {"analyze", "--problems"}, {"sessions", "--json"}, {"sessions", "--transcript"}, {"sessions", "--csv", "--top", "20"},
		{"records"}, {"records", "--top", "700"}, {"messages", "--json"}, {"messages", "--csv"}, {"formats", "--json"},
		{"trace", first.ID, "--json"},
	} {
		var want result
		for jobs := range 4 {
			got := smtplog("", append(append([]string{}, command...), dir, "--jobs", fmt.Sprint(jobs+1))...)
			if jobs == 0 {
				want = got
			}
			if got != want || got.code != exitDone || len(got.stdout) < 1000 {
				t.Errorf("%v with %d jobs: status %d, %d bytes, stderr %q; with one job: status %d, %d bytes, stderr %q", command, jobs+1,
					got.code, len(got.stdout), got.stderr, want.code, len(want.stdout), want.stderr)
			}
		}
	}
}

// TestJobsPipe reads a log from a pipe that gives little at a time.
func TestJobsPipe(t *testing.T) {
	log, err := os.ReadFile(filepath.Join(longLogs(t), logparse.ExchangeReceive.String()+".log"))
	if err != nil {
		t.Fatal(err)
	}
	output := func(jobs string) string {
		in, out := io.Pipe()
		go func() {
			for rest := log; len(rest) > 0; rest = rest[min(999, len(rest)):] {
				if _, err := out.Write(rest[:min(999, len(rest))]); err != nil {
					return
				}
			}
			out.Close()
		}()
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), []string{"sessions", "--json", "--jobs", jobs}, in, &stdout, &stderr); code != exitDone {
			t.Fatalf("status %d: %s", code, &stderr)
		}
		return stdout.String()
	}
	want := output("1")
	if got := output("3"); got != want || strings.Count(want, "\n") < 100 {
		t.Errorf("%d bytes with 3 jobs, %d with one", len(got), len(want))
	}
}

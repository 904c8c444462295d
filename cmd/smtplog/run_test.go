package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/testlog"
)

// A failingWriter takes some bytes and then fails.
type failingWriter struct {
	room int
	err  error
}

func (w *failingWriter) Write(p []byte) (int, error) {
	if len(p) > w.room {
		n := w.room
		w.room = 0
		return n, w.err
	}
	w.room -= len(p)
	return len(p), nil
}

// commandsOf are commands that print something about any log.
var commandsOf = [][]string{
	{"analyze"}, {"analyze", "--json"}, {"analyze", "--csv"}, {"sessions"}, {"sessions", "--json"},
	{"sessions", "--csv"}, {"sessions", "--transcript"}, {"records"}, {"formats"},
}

// TestClosedPipe checks that a reader that goes away ends every command without
// a word.
func TestClosedPipe(t *testing.T) {
	logs := filepath.Join(root, "testdata", "logs")
	commands := [][]string{{"explain", "550"}, {"explain", "--list"}, {"ndr", filepath.Join(root, "reply", "ndr", "testdata")}, {"formats"}, {"--help"}}
	for _, c := range commandsOf {
		commands = append(commands, append(c[:len(c):len(c)], logs))
	}
	for _, c := range commands {
		for _, err := range []error{syscall.EPIPE, io.ErrClosedPipe} {
			for _, room := range []int{0, 100} {
				var stderr bytes.Buffer
				code := run(context.Background(), c, strings.NewReader(""), &failingWriter{room, err}, &stderr)
				if code != exitDone || stderr.Len() > 0 {
					t.Errorf("%v: exit status %d, %s", c, code, &stderr)
				}
			}
		}
	}
}

// TestFullDisk checks that output that cannot be written is no success.
func TestFullDisk(t *testing.T) {
	for _, c := range commandsOf {
		var stderr bytes.Buffer
		args := append(c[:len(c):len(c)], filepath.Join(root, "testdata", "logs"))
		code := run(context.Background(), args, strings.NewReader(""), &failingWriter{0, syscall.ENOSPC}, &stderr)
		if code != exitFailed || !strings.Contains(stderr.String(), syscall.ENOSPC.Error()) {
			t.Errorf("%v: exit status %d, %q", c, code, &stderr)
		}
	}
}

// An interruptedReader yields a log, then cancels, as Ctrl-C does, and has
// nothing more to give.
type interruptedReader struct {
	io.Reader
	cancel func()
}

func (r *interruptedReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		r.cancel()
		select {}
	}
	return n, err
}

// TestInterrupted checks that what was read before Ctrl-C is printed.
func TestInterrupted(t *testing.T) {
	log := played(t, testlog.Options{Format: logparse.ExchangeReceive, Seed: 31, Connections: 300})
	for _, c := range [][]string{{"analyze", "--json"}, {"analyze"}, {"sessions", "--json"}, {"records"}} {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		var stdout, stderr bytes.Buffer
		code := run(ctx, c, &interruptedReader{bytes.NewReader(log), cancel}, &stdout, &stderr)
		if code != exitInterrupted {
			t.Errorf("%v: exit status %d, %s", c, code, &stderr)
		}
		if want := "smtplog: interrupted: what was printed is what had been read by then\n"; stderr.String() != want {
			t.Errorf("%v: standard error is %q, want %q", c, &stderr, want)
		}
		if stdout.Len() == 0 {
			t.Errorf("%v printed nothing", c)
		}
		if c[0] != "analyze" {
			for line := range bytes.Lines(stdout.Bytes()) {
				if !json.Valid(line) {
					t.Errorf("%v: %s", c, line)
				}
			}
		} else if len(c) == 1 {
			if above, _, _ := strings.Cut(stdout.String(), "\nSessions "); !strings.Contains(above, "\nInterrupted: what follows is of what had been read by then\n") {
				t.Errorf("%v does not say that it was interrupted:\n%s", c, &stdout)
			}
		} else {
			for _, v := range conform(t, "analysis", stdout.String()) {
				checkSums(t, v)
				if number(v, "sessions", "total") == 0 {
					t.Errorf("%v: no sessions", c)
				}
				if in := v.(map[string]any)["input"].(map[string]any); in["interrupted"] != true {
					t.Errorf("%v does not say that it was interrupted", c)
				}
			}
		}
	}
}

// TestInterruptedPipe checks that what a pipe had given before Ctrl-C counts, however
// little it is, but for a line that was not whole.
func TestInterruptedPipe(t *testing.T) {
	// The bytes are with those of the line that was not whole.
	others := regexp.MustCompile(`"bytes":\d+,|, [0-9.]+ k?B,|,"interrupted":true|Interrupted: .*\n`)
	commands := [][]string{{"analyze", "--json"}, {"analyze"}, {"sessions", "--json"}, {"records"}, {"query", "records | count"}}
	for _, format := range []logparse.Format{logparse.ExchangeReceive, logparse.IISW3C, logparse.IISNCSA, logparse.IMS} {
		log := played(t, testlog.Options{Format: format, Seed: 31, Connections: 100})
		for _, lines := range []int{1, 3, 20, 150, 201, 500} {
			given := bytes.Join(bytes.SplitAfter(log, []byte("\n"))[:lines], nil)
			for _, pack := range []func([]byte) []byte{slices.Clone[[]byte], packedPart} {
				for _, jobs := range []string{"1", "3"} {
					for _, c := range commands {
						c = append(c[:len(c):len(c)], "-", "--jobs", jobs)
						var want, stdout, stderr bytes.Buffer
						whole := run(context.Background(), c, bytes.NewReader(given), &want, io.Discard)
						ctx, cancel := context.WithCancel(context.Background())
						pipe := pack(append(given[:len(given):len(given)], "2026-11-0"...))
						code := run(ctx, c, &interruptedReader{bytes.NewReader(pipe), cancel}, &stdout, &stderr)
						if said := "smtplog: interrupted: what was printed is what had been read by then\n"; code != exitInterrupted || stderr.String() != said {
							t.Fatalf("%v, %v, %d lines: exit status %d, standard error is %q, want %q", format, c, lines, code, &stderr, said)
						}
						same := func(text string) string { return others.ReplaceAllString(text, "") }
						if diff := cmp.Diff(same(want.String()), same(stdout.String())); diff != "" && whole == exitDone {
							t.Fatalf("%v, %v, %d lines: %s", format, c, lines, diff)
						}
					}
				}
			}
		}
	}
}

// packedPart packs text, without what ends it.
func packedPart(text []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(text)
	z.Flush()
	return b.Bytes()
}

// TestInterruptedWriting checks that Ctrl-C leaves no file, and says so.
func TestInterruptedWriting(t *testing.T) {
	log := played(t, testlog.Options{Format: logparse.ExchangeReceive, Seed: 31, Connections: 300})
	for _, c := range [][]string{{"export", "-", "--to", "lake"}, {"export", "-", "--tables", "sessions", "--to", "s.csv"}, {"query", "records", "--to", "r.parquet"}} {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		dir := t.TempDir()
		c[len(c)-1] = filepath.Join(dir, c[len(c)-1])
		var stdout, stderr bytes.Buffer
		code := run(ctx, c, &interruptedReader{bytes.NewReader(log), cancel}, &stdout, &stderr)
		if code != exitInterrupted || stderr.String() != "smtplog: interrupted: nothing was written\n" {
			t.Errorf("%v: exit status %d, %s", c, code, &stderr)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%v left behind %v, %v", c, left, err)
		}
	}
}

// TestCancelledBefore checks that a command that was cancelled before it began
// says so.
func TestCancelledBefore(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, c := range commandsOf {
		var stdout, stderr bytes.Buffer
		args := append(c[:len(c):len(c)], filepath.Join(root, "testdata", "logs"))
		if code := run(ctx, args, strings.NewReader(""), &stdout, &stderr); code != exitInterrupted {
			t.Errorf("%v: exit status %d, %s", c, code, &stderr)
		}
	}
}

// TestCapped checks that a bound that was reached is said, and in analyze above the
// numbers that are wrong for it.
func TestCapped(t *testing.T) {
	log := []byte("#Log-type: SMTP Receive Protocol Log\r\n#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\r\n")
	for i := range 10_000 {
		log = fmt.Appendf(log, "2026-11-02T08:00:00.000Z,EX1\\Default,08DE19F3A1B%05d,0,10.0.0.1:25,192.0.2.7:%d,+,,\r\n", i, 10_000+i)
	}
	said := regexp.MustCompile(`(?m)^(?:smtplog: )?[0-9,]+ sessions cut or told apart early, for want of room: one may count\s+as several \(a larger\s+--memory may help\)$`)
	for _, jobs := range []string{"1", "2"} {
		for _, c := range [][]string{{"analyze"}, {"analyze", "--json"}, {"sessions"}, {"query", "sessions | count"}} {
			var stdout, stderr bytes.Buffer
			if code := run(context.Background(), append(c, "-", "--memory", "1MiB", "--jobs", jobs), bytes.NewReader(log), &stdout, &stderr); code != exitDone {
				t.Fatalf("%v: exit status %d, %s", c, code, &stderr)
			}
			switch text := stdout.String(); {
			case len(c) == 1 && c[0] == "analyze":
				above, _, found := strings.Cut(text, "\nSessions ")
				if !found || !said.MatchString(above) || stderr.Len() > 0 {
					t.Errorf("%v says\n%s%s", c, text, &stderr)
				}
			case c[0] == "analyze":
				for _, v := range conform(t, "analysis", text) {
					if number(v, "capped") == 0 {
						t.Errorf("%v says %s", c, text)
					}
				}
			case !said.MatchString(stderr.String()):
				t.Errorf("%v says %s", c, &stderr)
			}
		}
	}
}

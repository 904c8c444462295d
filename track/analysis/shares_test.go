package analysis_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/input"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/logparse/testlog"
	"github.com/smtplog/smtplog/reply/outcome"
	"github.com/smtplog/smtplog/track/analysis"
)

var iisFormats = []logparse.Format{logparse.IISW3C, logparse.IISNCSA, logparse.IISMSIIS, logparse.IISODBC}

var clockTime = regexp.MustCompile(`\b\d\d?:\d\d:\d\d\b`)

// spoilLines changes a log as crashes, editors and strangers do.
func spoilLines(rng *rand.Rand, log string) string {
	lines := strings.SplitAfter(log, "\n")
	for range 1 + rng.IntN(8) {
		at := rng.IntN(len(lines))
		with := min(at+rng.IntN(100), len(lines)-1)
		switch rng.IntN(8) {
		case 0:
			lines[at], lines[with] = lines[with], lines[at]
		case 1:
			lines = append(lines[:at], lines[with:]...)
		case 2:
			lines[at] += "nonsense\r\n\x00\x00\r\n"
		case 3:
			lines[at] = lines[at][:rng.IntN(len(lines[at])+1)]
		case 4: // the header again
			lines[at] += strings.Join(lines[:min(5, len(lines))], "")
		case 5: // the clock is set, or the log stands still
			hour := fmt.Sprintf("%02d:", rng.IntN(24))
			for i := at; i < len(lines); i++ {
				lines[i] = clockTime.ReplaceAllStringFunc(lines[i], func(s string) string { return hour + s[strings.Index(s, ":")+1:] })
			}
		case 6: // for one row
			lines[at] = clockTime.ReplaceAllString(lines[at], "23:59:59")
		case 7: // rows come twice
			lines[at] += strings.Join(lines[at:with], "")
		}
		if len(lines) == 0 {
			return ""
		}
	}
	return strings.Join(lines, "")
}

// imsSessions returns a log of Exchange 5.5 with so many connections.
func imsSessions(rng *rand.Rand, n int) string {
	var b strings.Builder
	for i := range n {
		at := fmt.Sprintf("11/2/99 %d:%02d:%02d AM", 1+i/1800%11, i/30%60, i*2%60)
		for _, line := range []string{fmt.Sprintf("A connection was accepted from host%d.example.org.", rng.IntN(9)), "<<< HELO mail.example.org", ">>> 250 OK",
			"<<< MAIL FROM:<a@example.org>", ">>> 250 OK", "<<< RCPT TO:<b@example.com>", []string{">>> 250 OK", ">>> 550 5.1.1 Unknown"}[rng.IntN(2)], "<<< QUIT", ">>> 221 closing"} {
			b.WriteString(at + " : " + line + "\r\n")
		}
	}
	return b.String()
}

// Logs whose hosts or folders are shared out give what they give when one job reads them,
// whatever is in them.
func TestShares(t *testing.T) {
	for run := range 40 {
		rng := rand.New(rand.NewPCG(uint64(run), 6))
		dir := t.TempDir()
		for i := range 1 + rng.IntN(4) {
			var log bytes.Buffer
			format := iisFormats[rng.IntN(len(iisFormats))]
			if _, err := testlog.Generate(&log, testlog.Options{Seed: rng.Uint64(), Format: format, Connections: 1 + rng.IntN(80), Hosts: 1 + rng.IntN(30)}); err != nil {
				t.Fatal(err)
			}
			text := log.String()
			if rng.IntN(5) == 0 {
				text = imsSessions(rng, 1+rng.IntN(80))
			}
			if rng.IntN(3) > 0 {
				text = spoilLines(rng, text)
			}
			if rng.IntN(4) == 0 {
				log.Reset()
				z := gzip.NewWriter(&log)
				io.WriteString(z, text)
				z.Close()
				text = log.String()
				if rng.IntN(2) == 0 && len(text) > 1000 {
					text = text[:len(text)/2] // which says what it is, but has no end
				}
			}
			path := filepath.Join(dir, []string{"", "W3SVC1", "W3SVC2"}[rng.IntN(3)], fmt.Sprintf("%d.log", i))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		opt := analysis.Options{Read: logparse.Options{Jobs: 1}, By: []outcome.Key{outcome.ByDomain, outcome.ByCode, outcome.ByHost}}
		if run%5 == 4 {
			opt.LinesWhere = true
			opt.Where = func(s *session.Session) bool { return s.Sources[0].FirstLine%2 == 0 }
		}
		want := analyzed(t, dir, opt, 0)
		for range 2 {
			opt.Read.Jobs = 2 + rng.IntN(5)
			if got := analyzed(t, dir, opt, 5000); got != want {
				t.Fatalf("run %d, %d jobs: -one job +shares:\n%s", run, opt.Read.Jobs, cmp.Diff(want, got))
			}
		}
	}
}

// What is cancelled says what was found in all lines that it counts, also while a
// pipe has stalled.
func TestSharesCancelled(t *testing.T) {
	var log bytes.Buffer
	if _, err := testlog.Generate(&log, testlog.Options{Seed: 3, Connections: 500}); err != nil {
		t.Fatal(err)
	}
	before := runtime.NumGoroutine()
	for _, cut := range []int{log.Len() / 4, log.Len() / 2, log.Len()} {
		text := log.Bytes()[:bytes.LastIndexByte(log.Bytes()[:cut], '\n')+1]
		ctx, cancel := context.WithCancel(t.Context())
		in, out := io.Pipe()
		go func() {
			out.Write(text)
			out.Write([]byte("2026-"))
			cancel() // and nothing more comes
		}()
		sources, errs := input.Find(ctx, []string{"-"}, &input.Options{Stdin: in})
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		a, err := analysis.Run(ctx, sources, &analysis.Options{Read: logparse.Options{Jobs: 3}})
		if err != context.Canceled {
			t.Fatal(err)
		}
		lines := bytes.SplitAfter(text, []byte("\n"))
		read := bytes.Join(lines[:a.Input.Counts.Lines], nil)
		whole := run(t, write(t, map[string]string{"x.log": string(read)}), nil, "x.log")
		got, want := fmt.Sprintf("%+v %+v %+v", a.Sessions, a.Recipients, a.Replies), fmt.Sprintf("%+v %+v %+v", whole.Sessions, whole.Recipients, whole.Replies)
		if got != want || a.Sessions.Total < 50 || len(a.Input.Failed) > 0 {
			t.Errorf("%d bytes, %d lines, %v:\n%s\nthese lines alone:\n%s", cut, a.Input.Counts.Lines, a.Input.Failed, got, want)
		}
		in.Close()
		goroutines(t, before)
	}
}

// The logs of several folders end at once, too.
func TestPlacesCancelled(t *testing.T) {
	files := map[string]string{}
	for i := range 4 {
		var log bytes.Buffer
		if _, err := testlog.Generate(&log, testlog.Options{Seed: uint64(i), Connections: 300}); err != nil {
			t.Fatal(err)
		}
		files[fmt.Sprintf("W3SVC%d/x.log", i)] = log.String()
	}
	dir := write(t, files)
	before := runtime.NumGoroutine()
	analysis.SetPart(1)
	defer analysis.SetPart(0)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	sources, errs := input.Find(ctx, []string{dir}, nil)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	seen := 0
	a, err := analysis.Run(ctx, sources, &analysis.Options{Read: logparse.Options{Jobs: 2}, Where: func(*session.Session) bool {
		if seen++; seen == 100 {
			cancel()
		}
		return true
	}})
	if err != context.Canceled || a.Sessions.Total < 100 || a.Sessions.Total > 1200 || len(a.Input.Failed) > 0 || a.Input.Counts.Lines == 0 {
		t.Errorf("%v, %d sessions, %+v", err, a.Sessions.Total, a.Input)
	}
	goroutines(t, before)
}

// Jobs that build sessions share the memory; those that there would be room for do
// not.
func TestMemoryOfShares(t *testing.T) {
	log := "#Fields: date time c-ip cs-username cs-method cs-uri-query sc-status\n"
	for i := range 400 {
		log += fmt.Sprintf("2026-11-01 08:00:00 192.0.%d.%d mx.example.org EHLO +mx.example.org 250\n", i/200, i%200)
	}
	analysis.SetPart(5000)
	defer analysis.SetPart(0)
	for name, files := range map[string]map[string]string{
		"shares": {"x.log": log},
		"places": {"W3SVC1/x.log": log, "W3SVC2/x.log": log},
	} {
		dir := write(t, files)
		for _, memory := range []int64{256 << 10, 4 << 20} {
			sources, errs := input.Find(t.Context(), []string{dir}, nil)
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			a, err := analysis.Run(t.Context(), sources, &analysis.Options{Read: logparse.Options{Jobs: 64}, Memory: memory})
			if err != nil || a.Capped > 0 != (memory < 1<<20) {
				t.Errorf("%s, %d bytes: bounds were reached %d times, %v", name, memory, a.Capped, err)
			}
		}
	}
}

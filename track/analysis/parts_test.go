package analysis_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/input"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/logparse/testlog"
	"github.com/smtplog/smtplog/reply/outcome"
	"github.com/smtplog/smtplog/track/analysis"
)

// exchangeLog returns a log of so many connections.
func exchangeLog(t *testing.T, seed uint64, format logparse.Format, connections int) string {
	t.Helper()
	var log bytes.Buffer
	if _, err := testlog.Generate(&log, testlog.Options{Seed: seed, Format: format, Connections: connections}); err != nil {
		t.Fatal(err)
	}
	return log.String()
}

// spoil changes a log as servers, crashes, editors and strangers do.
func spoil(rng *rand.Rand, log string) string {
	lines := strings.SplitAfter(log, "\n")
	header := strings.Join(lines[:5], "")
	rows := lines[5 : len(lines)-1]
	row := func() int { return rng.IntN(len(rows)) }
	columns := func(i int, change func(c []string)) {
		c := strings.SplitN(rows[i], ",", 9)
		if len(c) == 9 {
			change(c)
			rows[i] = strings.Join(c, ",")
		}
	}
	later := func(i int, d time.Duration) {
		columns(i, func(c []string) {
			if at, err := time.Parse("2006-01-02T15:04:05.000Z", c[0]); err == nil {
				c[0] = at.Add(d).Format("2006-01-02T15:04:05.000Z")
			}
		})
	}
	for range 1 + rng.IntN(6) {
		at := row()
		switch rng.IntN(20) {
		case 0:
			rows[at] += header
		case 1:
			rows[at] += strings.Replace(header, "session-id,sequence-number", "sequence-number,session-id", 1)
		case 2:
			rows[at] += strings.Repeat("\x00", 1+rng.IntN(9000))
		case 3:
			rows[at] += "nonsense\r\n\r\n" + strings.Repeat("x", rng.IntN(9000)) + "\r\n"
		case 4: // a row of several lines
			columns(at, func(c []string) {
				c[7] = "\"250 one" + strings.Repeat("\r\n2026 two, \"\"", 1+rng.IntN(300)) + "three\""
			})
		case 5: // a quote that is not closed
			columns(at, func(c []string) { c[7] = "\"250 one" })
		case 6: // rows are missing
			n := min(rng.IntN(40), len(rows)-at-1)
			rows = append(rows[:at], rows[at+n:]...)
		case 7: // or in another order
			with := min(at+1+rng.IntN(60), len(rows)-1)
			rows[at], rows[with] = rows[with], rows[at]
		case 8: // the log stands still for some time
			d := time.Duration(rng.IntN(180)) * time.Minute
			for i := at; i < len(rows); i++ {
				later(i, d)
			}
		case 9: // the clock is set back
			d := time.Duration(rng.IntN(180)) * time.Minute
			for i := at; i < len(rows); i++ {
				later(i, -d)
			}
		case 10: // for one row
			later(at, time.Duration(rng.IntN(240)-120)*time.Minute)
		case 11: // ids made anonymous
			n := 1 + rng.IntN(3)
			for i := range rows {
				columns(i, func(c []string) {
					c[2] = fmt.Sprintf("08DE00000000000%d", (len(c[2])+strings.Index("0123456789ABCDEF", c[2][max(0, len(c[2])-1):]))%n)
				})
			}
		case 12: // an id that comes again
			with := row()
			var id string
			columns(with, func(c []string) { id = c[2] })
			for i := at; i < min(at+rng.IntN(30), len(rows)); i++ {
				columns(i, func(c []string) { c[2] = id })
			}
		case 13: // no remote end, or no connector
			which := 1 + 4*rng.IntN(2)
			for i := at; i < min(at+rng.IntN(30), len(rows)); i++ {
				columns(i, func(c []string) { c[which] = "" })
			}
		case 14: // another server
			for i := at; i < min(at+rng.IntN(300), len(rows)); i++ {
				columns(i, func(c []string) { c[1] = `EX7\Default EX7` })
			}
		case 15: // a sequence-number that is none, or the first again
			columns(at, func(c []string) { c[3] = []string{"", "0", "x", "77777"}[rng.IntN(4)] })
		case 16: // no session-id
			columns(at, func(c []string) { c[2] = "" })
		case 17: // the other log
			rows[at] += "#Log-type: SMTP Send Protocol Log\r\n"
		case 18: // the end is missing
			rows = rows[:at+1]
			rows[at] = rows[at][:rng.IntN(len(rows[at])+1)]
		case 19: // a row that is not whole
			columns(at, func(c []string) { c[7] = strings.Repeat("y", rng.IntN(9000)) })
		}
	}
	begin := []string{"", "", "", "\ufeff"}[rng.IntN(4)]
	return begin + header + strings.Join(rows, "")
}

// analyzed is what comes of logs below a folder.
func analyzed(t *testing.T, dir string, opt analysis.Options, part int64) string {
	t.Helper()
	analysis.SetPart(part)
	defer analysis.SetPart(0)
	var progress input.Progress
	sources, errs := input.Find(t.Context(), []string{dir}, &input.Options{Progress: &progress})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	a, err := analysis.Run(t.Context(), sources, &opt)
	if err != nil {
		t.Fatal(err)
	}
	var size int64
	for _, s := range sources {
		size += s.Size()
	}
	if n := progress.Read(); n != size+progress.Extra() || progress.Files() != len(sources) {
		t.Errorf("parts of %d bytes: %d bytes of %d + %d and %d files of %d were counted as progress", part, n, size, progress.Extra(), progress.Files(), len(sources))
	}
	text, err := json.MarshalIndent(a, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s\n%+v\n%+v", text, a.Input.Problems, a.Input.Bytes)
}

// Logs that are read in parts, wherever they are cut, give what they give when
// they are read by one job; whatever is in them.
func TestParts(t *testing.T) {
	for run := range 60 {
		rng := rand.New(rand.NewPCG(uint64(run), 5))
		dir := t.TempDir()
		for i := range 1 + rng.IntN(4) {
			format := []logparse.Format{logparse.ExchangeReceive, logparse.ExchangeSend}[rng.IntN(2)]
			log := exchangeLog(t, rng.Uint64(), format, 1+rng.IntN(60))
			if rng.IntN(4) > 0 {
				log = spoil(rng, log)
			}
			path := filepath.Join(dir, []string{"", "EX1", "EX2"}[rng.IntN(3)], fmt.Sprintf("%d.log", i))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			var text bytes.Buffer
			switch rng.IntN(8) {
			case 0: // packed
				z := gzip.NewWriter(&text)
				io.WriteString(z, log)
				z.Close()
				text.Truncate(text.Len() / (1 + rng.IntN(2))) // perhaps the end is missing
			case 1: // UTF-16
				text.WriteString("\xff\xfe")
				for _, u := range utf16.Encode([]rune(strings.TrimPrefix(log, "\ufeff"))) {
					text.Write([]byte{byte(u), byte(u >> 8)})
				}
			default:
				text.WriteString(log)
			}
			if err := os.WriteFile(path, text.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		opt := analysis.Options{Read: logparse.Options{Jobs: 1, MaxLine: 6000}, By: []outcome.Key{outcome.ByDomain, outcome.ByCode, outcome.ByHost}}
		if run%5 == 4 {
			opt.Where = func(s *session.Session) bool { return s.Remote != "" && len(s.Transactions) > 0 }
		}
		want := analyzed(t, dir, opt, 0)
		for range 3 {
			opt.Read.Jobs = 2 + rng.IntN(3)
			size := int64(200 + rng.IntN(30_000))
			if got := analyzed(t, dir, opt, size); got != want {
				t.Fatalf("run %d, %d jobs, parts of %d bytes: -one job +parts:\n%s", run, opt.Read.Jobs, size, cmp.Diff(want, got))
			}
		}
	}
}

// What is cancelled says what was found in all lines that it counts.
func TestPartsCancelled(t *testing.T) {
	log := exchangeLog(t, 7, logparse.ExchangeReceive, 400)
	dir := write(t, map[string]string{"x.log": log})
	analysis.SetPart(20_000)
	defer analysis.SetPart(0)
	before := runtime.NumGoroutine()
	for _, after := range []int64{1, 50, 120, 250} {
		ctx, cancel := context.WithCancel(t.Context())
		var seen atomic.Int64
		sources, _ := input.Find(ctx, []string{filepath.Join(dir, "x.log")}, nil)
		a, err := analysis.Run(ctx, sources, &analysis.Options{Read: logparse.Options{Jobs: 3}, Where: func(*session.Session) bool {
			if seen.Add(1) == after {
				cancel()
			}
			return true
		}})
		cancel()
		if err != context.Canceled {
			t.Fatal(err)
		}
		lines := strings.SplitAfter(log, "\n")
		read := strings.Join(lines[:a.Input.Counts.Lines], "")
		whole := run(t, write(t, map[string]string{"x.log": read}), nil, "x.log")
		got, want := fmt.Sprintf("%+v %+v %+v", a.Sessions, a.Recipients, a.Replies), fmt.Sprintf("%+v %+v %+v", whole.Sessions, whole.Recipients, whole.Replies)
		if got != want {
			t.Errorf("cancelled after %d sessions, %d lines:\n%s\nthese lines alone:\n%s", after, a.Input.Counts.Lines, got, want)
		}
		if a.Sessions.Total > 400 || len(a.Input.Failed) > 0 {
			t.Errorf("%d sessions, %v", a.Sessions.Total, a.Input.Failed)
		}
		goroutines(t, before)
	}
}

// A condition that asks for lines gets those of the log.
func TestPartsLines(t *testing.T) {
	dir := write(t, map[string]string{"x.log": exchangeLog(t, 9, logparse.ExchangeReceive, 60)})
	var want string
	for _, jobs := range []int{1, 3} {
		opt := analysis.Options{Read: logparse.Options{Jobs: jobs}, LinesWhere: true, Where: func(s *session.Session) bool { return s.Sources[0].FirstLine%3 == 0 }}
		got := analyzed(t, dir, opt, 4000)
		if jobs == 1 {
			want = got
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-one job +%d:\n%s", jobs, diff)
		}
	}
}

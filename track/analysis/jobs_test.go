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
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/input"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/logparse/testlog"
	"github.com/smtplog/smtplog/reply/outcome"
	"github.com/smtplog/smtplog/track"
	"github.com/smtplog/smtplog/track/analysis"
	"github.com/smtplog/smtplog/track/testworld"
)

// everyFormat writes logs of many formats below a new folder, some of them
// compressed, and strangers between them.
func everyFormat(t *testing.T) string {
	t.Helper()
	files := map[string]string{
		"ims.log": imsLog, "letter.txt": "no log\r\n", "empty.log": "", "head.log": receiveHeader,
		"bad.log": receiveHeader + receive("08DE0000000000AA", "2026-11-02T08:00:00.100Z") + "nonsense\r\n" + receive("08DE0000000000AB", "2026-11-02T08:00:01.100Z") + "2026-11-02T08:00:0",
	}
	for i, format := range []logparse.Format{logparse.ExchangeReceive, logparse.ExchangeSend, logparse.IISW3C, logparse.IISNCSA, logparse.IISMSIIS, logparse.IISODBC} {
		for part := range 2 {
			var log bytes.Buffer
			if _, err := testlog.Generate(&log, testlog.Options{Seed: uint64(i), Format: format, Connections: 8 + 16*part}); err != nil {
				t.Fatal(err)
			}
			files[fmt.Sprintf("%v-%d.log", format, part)] = log.String()
		}
	}
	dir := write(t, files)
	if err := testworld.Play(testworld.Options{Seed: 4, Messages: 34, Export: []string{"EX3"}}).Write(filepath.Join(dir, "world")); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(dir, "packed.log.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z := gzip.NewWriter(f)
	io.WriteString(z, receiveHeader)
	for i := range 50 {
		io.WriteString(z, receive(fmt.Sprintf("08DF0000000%05d", i), "2026-11-03T08:00:00.000Z"))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// found is all that comes of a set of logs.
type found struct {
	Analysis string
	Records  []string // and when each log began
	Sessions []string
	Messages []string
	Trace    []string
	Input    analysis.Input
}

func findAll(t *testing.T, paths []string, jobs int) found {
	t.Helper()
	ctx := t.Context()
	sources, errs := input.Find(ctx, paths, nil)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	read := logparse.Options{Jobs: jobs}
	a, err := analysis.Run(ctx, sources, &analysis.Options{Read: read})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	got := found{Analysis: string(text)}
	logs := analysis.Prepare(ctx, sources, &read)
	id := ""
	messages := track.NewBuilder(nil, func(m *track.Message) {
		id = max(id, m.MessageID)
		got.Messages = append(got.Messages, string(m.AppendJSON(nil)))
	})
	sessions := session.NewBuilder(&session.Options{Transcript: true}, func(s *session.Session) {
		got.Sessions = append(got.Sessions, string(s.AppendJSON(nil)))
		messages.AddSession(s)
	})
	err = logs.ReadFrom(ctx, func(upcoming outcome.Time) {
		got.Records = append(got.Records, "upcoming "+upcoming.String())
		messages.Upcoming(upcoming)
	}, func(rec *logparse.Record) {
		got.Records = append(got.Records, string(rec.AppendJSON(nil, "", nil)))
		sessions.Add(rec)
		messages.Add(rec)
	})
	if err != nil {
		t.Fatal(err)
	}
	sessions.Close()
	messages.Close()
	got.Input = *logs.Input()
	logs = analysis.Prepare(ctx, sources, &read)
	trace, err := analysis.FindMessages(ctx, logs, &analysis.Search{Needle: track.ParseNeedle(id)})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range trace.Messages {
		got.Trace = append(got.Trace, string(m.AppendJSON(nil)))
	}
	return got
}

// For any number of jobs, any cut and any order of the paths the same comes
// out.
func TestJobs(t *testing.T) {
	dir := everyFormat(t)
	var paths []string
	for _, pattern := range []string{"*.log", "*.gz", "*.txt", "world"} {
		some, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, some...)
	}
	want := findAll(t, paths, 1)
	if len(want.Sessions) < 100 || len(want.Messages) < 30 || len(want.Trace) == 0 || want.Input.Counts.Malformed == 0 || len(want.Input.Failed) != 1 {
		t.Fatalf("%d sessions, %d messages, %d found, %+v", len(want.Sessions), len(want.Messages), len(want.Trace), want.Input)
	}
	before := runtime.NumGoroutine()
	defer analysis.SetChunk(0)
	defer analysis.SetPart(0)
	rng := rand.New(rand.NewPCG(1, 7))
	for run, most := range []int{200, 3000, 0} {
		chunk := 0
		if most > 0 {
			chunk = 1 + rng.IntN(most)
		}
		analysis.SetChunk(chunk)
		analysis.SetPart(int64(chunk))
		rng.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
		got := findAll(t, paths, 2+run%3)
		errors := cmp.Comparer(func(a, b error) bool { return a.Error() == b.Error() })
		if diff := cmp.Diff(want, got, errors, cmp.AllowUnexported(outcome.Time{})); diff != "" {
			t.Fatalf("%d jobs, chunks of %d bytes: -one job +several:\n%s", 2+run%3, chunk, diff)
		}
	}
	goroutines(t, before)
}

// goroutines waits until there are no more than n.
func goroutines(t *testing.T, n int) {
	t.Helper()
	for range 10_000 {
		if runtime.NumGoroutine() <= n {
			return
		}
		time.Sleep(time.Millisecond)
	}
	buf := make([]byte, 64<<10)
	t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), n, buf[:runtime.Stack(buf, true)])
}

// What is cancelled ends at once, also while it waits for a pipe, says what
// was found so far, and leaves no goroutines.
func TestJobsCancelled(t *testing.T) {
	dir := write(t, map[string]string{"other.log": imsLog})
	before := runtime.NumGoroutine()
	for _, jobs := range []int{1, 2, 4} {
		ctx, cancel := context.WithCancel(t.Context())
		in, out := io.Pipe()
		go func() {
			io.WriteString(out, receiveHeader)
			for i := range 400 {
				io.WriteString(out, receive(fmt.Sprintf("08DF0000000%05d", i), "2026-11-03T08:00:00.000Z"))
			}
			// Then the writer stalls.
		}()
		sources, errs := input.Find(ctx, []string{"-", filepath.Join(dir, "other.log")}, &input.Options{Stdin: in})
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		logs := analysis.Prepare(ctx, sources, &logparse.Options{Jobs: jobs})
		n := 0
		err := logs.Read(ctx, func(*logparse.Record) {
			if n++; n == 400*16 {
				cancel()
			}
		})
		if err != context.Canceled || n != 400*16 || logs.Input().Counts.Records != int64(n) || len(logs.Input().Failed) > 0 {
			t.Errorf("%d jobs: %v, %d records, %+v", jobs, err, n, logs.Input())
		}
		in.Close()
		goroutines(t, before)
	}
}

// A log that is cut into files, each with its header, at any line, gives the
// same counts.
func TestCutAnywhere(t *testing.T) {
	for _, format := range []logparse.Format{logparse.ExchangeReceive, logparse.ExchangeSend} {
		var log bytes.Buffer
		if _, err := testlog.Generate(&log, testlog.Options{Seed: 5, Format: format, Connections: 60}); err != nil {
			t.Fatal(err)
		}
		lines := strings.SplitAfter(strings.TrimSuffix(log.String(), "\n"), "\n")
		header := 0
		for strings.HasPrefix(lines[header], "#") {
			header++
		}
		counts := func(files map[string]string) string {
			var names []string
			for name := range files {
				names = append(names, name)
			}
			a := run(t, write(t, files), &analysis.Options{Read: logparse.Options{Jobs: 2}}, names...)
			return fmt.Sprintf("%+v %+v %+v %+v %+v", a.Sessions, a.Transactions, a.Recipients, a.Replies, a.Failed)
		}
		want := counts(map[string]string{"log": log.String()})
		rng := rand.New(rand.NewPCG(uint64(format), 3))
		for range 5 {
			files := map[string]string{}
			rows := lines[header:]
			for len(rows) > 0 {
				n := min(1+rng.IntN(400), len(rows))
				files[fmt.Sprintf("part%04d", len(files))] = strings.Join(lines[:header], "") + strings.Join(rows[:n], "")
				rows = rows[n:]
			}
			if got := counts(files); got != want {
				t.Errorf("%v in %d files:\n%s\nwhole:\n%s", format, len(files), got, want)
			}
		}
	}
}

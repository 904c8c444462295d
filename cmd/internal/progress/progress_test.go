package progress

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/smtplog/smtplog/cmd/internal/term"
)

func TestLine(t *testing.T) {
	for _, test := range []struct {
		state state
		want  string
	}{
		{state{Now: Now{Read: 0, Total: 1_200_000_000, Done: 0, Files: 10, Looked: 10}}, "0 of 10 files, 0 B of 1.2 GB (0%)"},
		{state{Now: Now{Read: 412_000_000, Total: 1_200_000_000, Done: 3, Files: 10, Looked: 10}, elapsed: 4 * time.Second}, "3 of 10 files, 412 MB of 1.2 GB (34%), 103 MB/s, 8s left"},
		{state{Now: Now{Read: 412_000_000, Total: 1_200_000_000, Done: -1, Files: 10, Looked: 10}, elapsed: 999 * time.Millisecond}, "10 files, 412 MB of 1.2 GB (34%)"},
		{state{Now: Now{Read: 412_000_000, Total: -1, Done: -1, Files: 1, Looked: 1}, elapsed: 4 * time.Second}, "1 file, 412 MB, 103 MB/s"},
		{state{Now: Now{Read: 5000, Total: 5000, Done: 1, Files: 1, Looked: 1}, elapsed: 2 * time.Second}, "1 file, 5.0 kB of 5.0 kB (100%), 2.5 kB/s"},
		{state{Now: Now{Read: 9000, Total: 5000, Done: -1, Files: 2, Looked: 2}, elapsed: 2 * time.Second}, "2 files, 9.0 kB of 5.0 kB (100%), 4.5 kB/s"},
		{state{Now: Now{Read: 0, Total: 0, Done: 0, Files: 0, Looked: 0}, elapsed: 2 * time.Second}, "0 files, 0 B"},
		{state{Now: Now{Read: 1, Total: 1 << 62, Done: 0, Files: 2, Looked: 2}, elapsed: time.Hour}, "0 of 2 files, 1 B of 4.6 EB (0%), 0 B/s, 365d00h left"},
		{state{Now: Now{Files: 72_890, Finding: true}}, "72,890 files found"},
		{state{Now: Now{Files: 1, Finding: true}}, "1 file found"},
		{state{Now: Now{Total: 5000, Files: 12_345, Looked: 123}}, "123 of 12,345 files looked at"},
		{state{Now: Now{Read: 1, Total: 5000, Files: 12_345, Looked: 123}}, "0 of 12,345 files, 1 B of 5.0 kB (0%)"},
		{state{Now: Now{Total: -1, Files: 1}, elapsed: 4 * time.Second}, "1 file, 0 B"},
	} {
		if got := test.state.line(100); got != test.want {
			t.Errorf("%+v: %s, want %s", test.state, got, test.want)
		}
		for width := range 70 {
			if got := test.state.line(width); term.DisplayWidth(got) > width {
				t.Errorf("%q is wider than %d", got, width)
			}
		}
	}
}

// The rate is that of reading, whatever came before.
func TestReading(t *testing.T) {
	begin := time.Now()
	r := reading(begin)
	for _, step := range []struct {
		after time.Duration
		read  int64
		want  time.Duration
	}{{0, 0, 0}, {time.Minute, 0, 0}, {time.Minute + time.Second, 5000, time.Second}, {2 * time.Minute, 9000, time.Minute}} {
		if got := r.at(begin.Add(step.after), step.read); got != step.want {
			t.Errorf("after %v, %d bytes: %v, want %v", step.after, step.read, got, step.want)
		}
	}
}

// A screen is a terminal: of escape sequences, it knows the one that mpb writes
// to erase its line.
type screen struct {
	mu  sync.Mutex
	raw bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.raw.Write(p)
}

func (s *screen) lines(t *testing.T) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var lines []string
	for _, line := range strings.SplitAfter(s.raw.String(), "\n") {
		for {
			rest, found := strings.CutPrefix(line, "\x1b[1A\x1b[J")
			if !found {
				break
			}
			if len(lines) == 0 {
				t.Fatalf("goes above the top: %q", s.raw.String())
			}
			lines, line = lines[:len(lines)-1], rest
		}
		if strings.Contains(line, "\x1b") {
			t.Fatalf("unknown escape: %q", line)
		}
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

func TestBar(t *testing.T) {
	var s screen
	var n atomic.Int64
	shown := make(chan struct{})
	read := func() int64 {
		if n.Add(100) == 300 {
			close(shown)
		}
		return n.Load()
	}
	b := start(&s, func() Now { return Now{Read: read(), Total: 10_000, Done: 1, Files: 2} })
	fmt.Fprint(b, "first ")
	fmt.Fprint(b, "message\nsecond message\nlast")
	<-shown // drawn three times
	fmt.Fprint(b, " one")
	b.Stop()
	b.Stop()
	fmt.Fprintln(b, "!")
	want := []string{"first message\n", "second message\n", "last one!\n"}
	if got := s.lines(t); strings.Join(got, "") != strings.Join(want, "") {
		t.Errorf("left on the screen: %q", got)
	}
	if raw := s.raw.String(); !strings.Contains(raw, "1 of 2 files, 100 B of 10 kB (1%)") {
		t.Errorf("progress was not drawn: %q", raw)
	}
}

func TestBarConcurrent(t *testing.T) {
	var s screen
	b := start(&s, func() Now { return Now{Read: 5, Total: -1, Done: -1, Files: 1} })
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 50 {
				fmt.Fprintf(b, "message %d %d\n", i, j)
			}
			b.Stop()
		})
	}
	wg.Wait()
	seen := map[string]int{}
	for _, line := range s.lines(t) {
		seen[line]++
	}
	for i := range 8 {
		for j := range 50 {
			if line := fmt.Sprintf("message %d %d\n", i, j); seen[line] != 1 {
				t.Errorf("%q is there %d times", line, seen[line])
			}
		}
	}
	if len(seen) != 400 {
		t.Errorf("%d lines", len(seen))
	}
}

func TestNoTerminal(t *testing.T) {
	never := func() Now { t.Error("asked for the progress"); return Now{} }
	var buf bytes.Buffer
	b := Start(&buf, never)
	fmt.Fprint(b, "message")
	b.Stop()
	if buf.String() != "message" {
		t.Errorf("got %q", buf.String())
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	b = Start(w, never)
	b.Stop()
	w.Close()
	if got, err := io.ReadAll(r); err != nil || len(got) > 0 {
		t.Errorf("a pipe got %q, %v", got, err)
	}
	var none *Bar
	none.Stop()
}

// A broken terminal refuses what is written to it.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestBrokenTerminal(t *testing.T) {
	drawn := make(chan struct{})
	var once sync.Once
	b := start(broken{}, func() Now { once.Do(func() { close(drawn) }); return Now{} })
	<-drawn
	fmt.Fprintln(b, "message")
	b.Stop()
	if _, err := fmt.Fprintln(b, "message"); err == nil {
		t.Error("no error")
	}
}

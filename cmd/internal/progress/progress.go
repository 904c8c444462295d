// Package progress shows how far a job is, in one line on a terminal.
package progress

import (
	"bytes"
	"io"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/smtplog/smtplog/cmd/internal/term"
)

// refresh is how often the line is drawn; what takes less shows none.
const refresh = 250 * time.Millisecond

// Now is how far a job is at one moment.
type Now struct {
	Read    int64 // bytes
	Total   int64 // bytes; below 0 where it is not known, as for pipes
	Files   int   // in all, or found so far
	Finding bool  // more may be found
	Looked  int   // files that were looked at before any is read
	Done    int   // files read to their end; below 0 where it is not known
}

// A Bar is a line of progress, safe for concurrent use. Where there is no
// terminal it shows nothing and passes messages on. A nil Bar may be stopped.
type Bar struct {
	w io.Writer

	mu      sync.Mutex
	lines   *mpb.Progress // nil when nothing is shown (any more)
	bar     *mpb.Bar
	partial []byte // what was written since the last line feed
}

// Start shows the progress on w if that is a terminal: the files done of all,
// the bytes read of total, the rate, and the time left. now returns how far the
// job is. It is called now and then, from another goroutine, until Stop returns.
func Start(w io.Writer, now func() Now) *Bar {
	if f, ok := w.(interface{ Fd() uintptr }); !ok || !term.IsTerminal(f.Fd()) {
		return &Bar{w: w}
	}
	return start(w, now)
}

// start is Start on what is taken for a terminal.
func start(w io.Writer, now func() Now) *Bar {
	lines := mpb.New(mpb.WithOutput(w), mpb.WithAutoRefresh(), mpb.WithRefreshRate(refresh))
	since := reading(time.Now())
	text := func(s decor.Statistics) string {
		st := state{Now: now()}
		st.elapsed = since.at(time.Now(), st.Read)
		// A line as wide as the terminal would wrap on some.
		return st.line(s.AvailableWidth - 1)
	}
	bar := lines.New(0, mpb.NopStyle(), mpb.BarFillerTrim(), mpb.PrependDecorators(decor.Any(text)))
	return &Bar{w: w, lines: lines, bar: bar}
}

// Stop erases the line. What is written from then on goes straight to the terminal.
func (b *Bar) Stop() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lines != nil {
		b.bar.Abort(true)
		b.lines.Wait()
		b.lines = nil
	}
	if len(b.partial) > 0 {
		b.w.Write(b.partial)
		b.partial = nil
	}
}

// Write writes messages to the terminal, above the line of progress. While
// that is shown, they appear line by line, when the line is next drawn or
// stopped.
func (b *Bar) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lines == nil {
		return b.w.Write(p)
	}
	b.partial = append(b.partial, p...)
	end := bytes.LastIndexByte(b.partial, '\n') + 1
	if end == 0 {
		return len(p), nil
	}
	if _, err := b.lines.Write(b.partial[:end]); err != nil {
		// The line cannot be drawn any more.
		if _, err := b.w.Write(b.partial[:end]); err != nil {
			return 0, err
		}
	}
	b.partial = append(b.partial[:0], b.partial[end:]...)
	return len(p), nil
}

package main

import (
	"bufio"
	"context"
)

// A listing prints items until it has enough of them or printing fails; then it
// stops the reading.
type listing struct {
	limit   int // 0 for none
	printed int
	err     error
	stop    context.CancelFunc
}

// newListing returns a listing and the context under which the logs are read.
func newListing(ctx context.Context, limit int) (*listing, context.Context) {
	ctx, stop := context.WithCancel(ctx)
	return &listing{limit: limit, stop: stop}, ctx
}

// done reports whether no further item is wanted.
func (l *listing) done() bool {
	return l.err != nil || l.limit > 0 && l.printed >= l.limit
}

// item prints one more item.
func (l *listing) item(print func() error) {
	if l.done() {
		return
	}
	l.err = print()
	l.printed++
	if l.done() {
		l.stop()
	}
}

// end ends the listing, and returns what went wrong: in printing, or in reading
// unless the listing stopped that itself.
func (l *listing) end(readErr error, last func() error) error {
	l.stop()
	if l.err == nil {
		enough := l.done()
		l.err = last()
		if l.err == nil && !enough {
			l.err = readErr
		}
	}
	return l.err
}

// jsonLines prints items as JSON, one object a line.
type jsonLines[T interface{ AppendJSON([]byte) []byte }] struct{ w *bufio.Writer }

func (p *jsonLines[T]) print(item T) error {
	_, err := p.w.Write(append(item.AppendJSON(lineBuffer(p.w)), '\n'))
	return err
}

func (p *jsonLines[T]) end() error { return nil }

// usualLine is more than nearly all lines of JSON have.
const usualLine = 4 << 10

// lineBuffer returns where to append a line that w is to write next: it need not be
// copied then, unless it is long.
func lineBuffer(w *bufio.Writer) []byte {
	if w.Available() < usualLine {
		w.Flush() // an error is that of the next Write, too
	}
	return w.AvailableBuffer()
}

package input

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// A budget is what one file on disk, or one pipe, may unpack to.
type budget struct {
	name    string
	limit   int64 // bytes; below 0 none
	members int   // members of archives still allowed

	mu    sync.Mutex
	total int64 // bytes unpacked so far by all layers
}

// A tally is the part of a budget that one layer has used: the furthest that
// any reading of it has come.
type tally struct {
	*budget
	seen int64
}

// take counts n bytes read from pos on, and returns how many of them are
// within the limit.
func (t *tally) take(pos int64, n int) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fresh := pos + int64(n) - t.seen
	if fresh <= 0 {
		return n, nil
	}
	if over := t.total + fresh - t.limit; t.limit >= 0 && over > 0 {
		// A sibling may have used up the rest: over can then exceed fresh only
		// by what it has taken, never by what this layer had read before.
		over = min(over, fresh, int64(n))
		t.total += fresh - over
		t.seen += fresh - over
		return n - int(over), &LimitError{t.name, t.limit}
	}
	t.total += fresh
	t.seen += fresh
	return n, nil
}

// unpacked reads one layer of decompressed data within the budget, and says
// in its errors what kind of data it is.
type unpacked struct {
	r     io.Reader
	kind  string
	layer *tally
	pos   int64
	err   error
}

// newUnpacked returns a reader of r whose bytes count in layer.
func newUnpacked(r io.Reader, kind string, layer *tally) io.Reader {
	return &unpacked{r: r, kind: kind, layer: layer}
}

func (u *unpacked) Read(p []byte) (int, error) {
	if u.err != nil {
		return 0, u.err
	}
	n, err := u.r.Read(p)
	if err != nil {
		u.err = explain(err, u.kind)
	}
	n, limit := u.layer.take(u.pos, n)
	u.pos += int64(n)
	if limit != nil {
		u.err = limit
	}
	return n, u.err
}

// explain says in what kind of data an error of its decoder arose. Errors
// that have nothing to do with the data stay as they are.
func explain(err error, kind string) error {
	var limit *LimitError
	var inner *dataError
	switch {
	case err == io.EOF,
		errors.As(err, &limit),
		errors.As(err, &inner),
		errors.Is(err, context.Canceled),
		errors.Is(err, context.DeadlineExceeded),
		errors.Is(err, os.ErrClosed):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &dataError{fmt.Sprintf("the %s data is cut short", kind), err}
	}
	return &dataError{fmt.Sprintf("the %s data is damaged: %v", kind, err), err}
}

// dataError is a fault in compressed data.
type dataError struct {
	text string
	err  error
}

func (e *dataError) Error() string { return e.text }
func (e *dataError) Unwrap() error { return e.err }

package analysis

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/smtplog/smtplog/logparse/input"
)

// A file may stall: a network does not answer, nobody writes into a pipe. Then
// what was found so far can be had nevertheless: when the context ends, opening is
// not waited for any longer, and a read under way is given up.

// patience is how long a task may take to end when the context has ended.
const patience = time.Second / 2

// A task reads logs in a goroutine of its own.
type task struct {
	done    chan struct{}          // closed at its end
	current atomic.Pointer[opened] // the log that is being read
}

func newTask() task { return task{done: make(chan struct{})} }

// wait waits until the task is done. If it was given up, since the log that it
// reads has stalled when the context ended, that log is returned.
func (t *task) wait(ctx context.Context) (stalled *opened) {
	select {
	case <-t.done:
		return nil
	case <-ctx.Done():
	}
	for {
		select {
		case <-t.done:
			return nil
		case <-time.After(patience):
		}
		if o := t.current.Load(); o != nil && !o.parsedAhead && o.stream.Abandon() {
			return o
		}
	}
}

// open opens the log, and does not wait longer for that than the context.
func (log *Log) open(ctx context.Context) (*input.Stream, error) {
	open := func() (*input.Stream, error) { return log.Source.Open(ctx) }
	if log.Source.Piped {
		return open() // there is nothing to wait for
	}
	return openSoon(ctx, open)
}

// openSoon opens a log, and does not wait longer for that than the context.
func openSoon(ctx context.Context, open func() (*input.Stream, error)) (*input.Stream, error) {
	o := &opened{ready: make(chan struct{})}
	go func() {
		defer close(o.ready)
		o.stream, o.err = open()
	}()
	select {
	case <-o.ready:
		return o.stream, o.err
	case <-ctx.Done():
		go o.close()
		return nil, ctx.Err()
	}
}

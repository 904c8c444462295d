package logparse

import (
	"context"
	"io"
)

// next is Next of a Reader that reads ahead.
func (a *ahead) next() (*Record, error) {
	if a.record < a.limit {
		p := &a.b.packed[a.record]
		a.record++
		if p.flags&packedWhole == 0 {
			return a.unpack(p), nil
		}
		rec := &a.b.records[p.like]
		rec.Pos.Line += a.line
		return rec, nil
	}
	return a.nextOther()
}

// nextOther is next where the next record is not at hand.
func (a *ahead) nextOther() (*Record, error) {
	r := a.r
	if r.err != nil {
		return nil, r.err
	}
	if !a.current {
		if err := a.begin(); err != nil {
			return nil, err
		}
	}
	for {
		switch {
		case a.serial && !a.rejoin():
			rec, err := r.read()
			if r.err != nil {
				a.close()
				a.drop()
				a.serial = false
			}
			return rec, err
		case a.b == nil:
			if !a.load(a.take()) {
				return nil, r.err
			}
		case a.record < a.limit:
			return a.next()
		case a.bad < len(a.b.errs):
			bad := a.b.errs[a.bad].SyntaxError
			a.bad++
			a.bound()
			bad.Pos.Line += a.line
			return nil, bad
		default:
			if err := a.finish(); err != nil {
				return nil, err
			}
		}
	}
}

// begin waits for the log to be recognised and lets it be read on.
func (a *ahead) begin() error {
	if !a.wait() {
		a.fail(context.Canceled)
		return a.r.err
	}
	if a.failed != nil {
		a.fail(a.failed)
		return a.failed
	}
	a.current, a.r.found = true, a.found
	for range cap(a.slots) - 1 { // one was there
		a.slots <- struct{}{}
	}
	return nil
}

// fail ends the reading.
func (a *ahead) fail(err error) {
	a.r.err = err
	a.close()
}

// take returns the next batch, parsed, nil when the Reader is closed. While it
// would have to wait, it parses too.
func (a *ahead) take() *batch {
	select {
	case <-a.quit:
		return nil
	default:
	}
	var b *batch
	done := make(<-chan struct{})
	queue := a.queue
	for {
		// What is wanted goes before what may be done meanwhile.
		select {
		case b = <-queue:
		case <-done:
			return b
		default:
			select {
			case b = <-queue:
			case <-done:
				return b
			case w := <-a.pool.work:
				w.parse()
			case <-a.quit:
				return nil
			}
		}
		if queue != nil && b != nil {
			if b.torn {
				return b
			}
			queue, done = nil, b.done
		}
	}
}

// load goes on with b, whose first row follows the last one that was read. It
// reports false when there is none.
func (a *ahead) load(b *batch) bool {
	if b == nil {
		a.fail(context.Canceled)
		return false
	}
	a.off = 0
	if a.begins(b); !a.fits(b) {
		a.goSerial()
	}
	return true
}

// begins makes b the batch whose records come next.
func (a *ahead) begins(b *batch) {
	a.b, a.record, a.extra, a.bad, a.like = b, 0, 0, 0, nil
	a.bound()
}

// fits reports whether b was parsed from the state that the rows in front leave.
func (a *ahead) fits(b *batch) bool {
	return !b.torn && (b.begin == nil || b.begin.equal(a.state))
}

// bound finds how many records come before the next error.
func (a *ahead) bound() {
	a.limit = len(a.b.packed)
	if a.bad < len(a.b.errs) {
		a.limit = a.b.errs[a.bad].record
	}
}

// finish leaves a batch whose records were all returned. Its error is that of
// the log's end.
func (a *ahead) finish() error {
	b := a.b
	c := &a.r.counts
	c.Add(b.counts)
	a.line += b.lines
	if b.finish != nil {
		a.state = b.finish
	}
	switch {
	case b.taken < len(b.data):
		a.off = b.taken
		a.goSerial()
	case b.end != nil:
		a.fail(b.end)
		a.drop()
		return a.r.err
	default:
		a.drop()
	}
	return nil
}

// drop is done with the batch.
func (a *ahead) drop() {
	a.pool.recycle(a.b)
	a.b = nil
	a.slots <- struct{}{}
}

// goSerial reads on from a.off in b without what was parsed ahead.
func (a *ahead) goSerial() {
	r := a.r
	lines := newLineScanner((*aheadFeed)(a), a.max)
	if r.lines != nil && len(r.lines.buf) == blockSize {
		lines.buf = r.lines.buf
	}
	lines.base, lines.number = a.b.offset+int64(a.off), a.line
	r.lines, r.rows = lines, newRowReader(lines, &r.opt, r.found)
	if mid, ok := r.rows.(midReader); ok {
		mid.resume(a.state)
	}
	r.quick, _ = r.rows.(quickRowReader)
	a.serial, a.limit = true, 0
}

// rejoin goes back to what is parsed ahead, when all that was read serially is
// used up and the next chunk fits. It reports whether it did.
func (a *ahead) rejoin() bool {
	lines := a.r.lines
	if a.inOrder || lines.start < lines.end || a.off < len(a.b.data) || lines.err != nil || a.b.end != nil {
		return false
	}
	b := a.take()
	if b == nil {
		a.fail(context.Canceled)
		lines.err = context.Canceled
		return false
	}
	a.drop()
	a.line, a.state = lines.number, a.r.rows.(midReader).state()
	a.off = 0
	if a.begins(b); a.fits(b) {
		a.serial = false
		return true
	}
	a.limit = 0
	if !b.torn {
		state := a.state
		a.assumed.Store(&state)
	}
	return false
}

// aheadFeed is the log from where it is read serially.
type aheadFeed ahead

func (f *aheadFeed) Read(p []byte) (int, error) {
	a := (*ahead)(f)
	for a.off == len(a.b.data) {
		if a.b.end != nil {
			return 0, a.b.end
		}
		b := a.take()
		if b == nil {
			return 0, context.Canceled
		}
		a.drop()
		a.b, a.off = b, 0
	}
	n := copy(p, a.b.data[a.off:])
	a.off += n
	return n, nil
}

var _ io.Reader = (*aheadFeed)(nil)

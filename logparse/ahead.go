package logparse

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/smtplog/smtplog/reply/outcome"
)

// An ahead reads one log ahead of its Reader's Next. A goroutine of its own
// cuts the log into chunks; the Pool parses them, each from the state that the
// rows behind the log's header have; and Next takes them in order. A chunk whose
// rows were read from another state than the one that the rows in front of it
// leave, or that are not whole without the next chunk, is read again by
// Next itself, as it would be without any of this. So it is the chunks in order
// that decide what comes out, wherever they were cut and whoever parsed them.
//
// Where the rows of a format cannot be read from the middle, Next reads them from
// the chunks, and no more than the log's bytes is read ahead.
type ahead struct {
	r    *Reader
	pool *Pool
	own  bool // the Pool is this one's alone
	src  io.Reader

	once    sync.Once
	ended   sync.Once
	quit    chan struct{} // closed when nobody reads on
	started chan struct{} // closed when the format is known
	queue   chan *batch   // in the order of the log
	slots   chan struct{} // one for each batch that may be under way

	// Known when started is closed.
	found   Detection
	failed  error // why the log is not read
	max     int   // bytes of a line
	inOrder bool  // nothing is parsed ahead

	assumed atomic.Pointer[rowState] // of the chunks that are parsed from now on

	// Of the goroutine that calls Next.
	current bool     // Next was called
	b       *batch   // being read, nil before the first
	record  int      // of b, the next
	extra   int      // of b's extras, the next
	bad     int      // of b's errs, the next
	limit   int      // the record in front of which an error stands, or len(b.packed)
	rec     Record   // that was unpacked
	like    *alike   // of b, whose values rec has, nil: none
	counted bool     // rec has counters
	line    int64    // lines in front of b
	state   rowState // that the rows in front of b leave
	serial  bool     // rows are read one after the other, by r itself
	off     int      // bytes of b.data that were read that way
}

func newAhead(r *Reader, p *Pool, src io.Reader) *ahead {
	a := &ahead{r: r, pool: p, src: src, rec: Record{Pos: outcome.Position{File: r.name}}, counted: true,
		quit: make(chan struct{}), started: make(chan struct{}),
		queue: make(chan *batch, p.ahead()), slots: make(chan struct{}, p.ahead())}
	a.rec.rest = a
	a.slots <- struct{}{}
	return a
}

// Start begins to read ahead of Next, in a goroutine, where the Reader is one
// of a [Pool]. Until Next is called it reads a small part.
func (r *Reader) Start() {
	if a := r.ahead; a != nil {
		a.once.Do(func() { go a.run() })
	}
}

// Close ends reading ahead, and a Next that waits for it: its error is
// [context.Canceled]. It does not wait for a read of the log that is under way.
// Close may be called from any goroutine.
func (r *Reader) Close() {
	if a := r.ahead; a != nil {
		a.close()
	}
}

func (a *ahead) close() {
	a.ended.Do(func() {
		close(a.quit)
		if a.own {
			a.pool.Close()
		}
	})
}

// wait waits until the log is recognised, or cannot be. It reports false when
// the Reader is closed before.
func (a *ahead) wait() bool {
	a.r.Start()
	select {
	case <-a.started:
		return true
	default:
	}
	select {
	case <-a.started:
		return true
	case <-a.quit:
		return false
	}
}

func (a *ahead) detection() (Detection, error) {
	if !a.wait() {
		return Detection{}, context.Canceled
	}
	return a.found, a.failed
}

// run recognises the log and cuts it.
func (a *ahead) run() {
	lines := newLineScanner(a.src, a.r.opt.MaxLine)
	r := &Reader{name: a.r.name, opt: a.r.opt, lines: lines}
	err := r.start()
	a.max, a.found = lines.max, r.found
	if err != nil {
		a.failed = err
		close(a.started)
		return
	}
	head := lines.buf[lines.start:lines.end]
	mid, ok := r.rows.(midReader)
	if a.inOrder = !ok; ok {
		a.state = mid.state()
		later := a.behindHeader(head)
		a.assumed.Store(&later)
	}
	first := a.state
	close(a.started)
	// What the scanner has read already comes first.
	read := func(p []byte) (int, error) {
		if n := copy(p, head); n > 0 {
			head = head[n:]
			return n, nil
		}
		if lines.err != nil {
			return 0, lines.err
		}
		n, err := a.src.Read(p)
		lines.err = err
		return n, err
	}
	a.cut(first, lines.base+int64(lines.start), read)
}

// behindHeader returns the state of the first record in the beginning of a log,
// which the later rows will have too, but for logs that are put together.
func (a *ahead) behindHeader(head []byte) rowState {
	head = head[:bytes.LastIndexByte(head, '\n')+1]
	lines := &lineScanner{max: a.max, buf: head, end: len(head), fixed: true}
	r := &Reader{opt: a.r.opt, lines: lines, found: a.found}
	rows := newRowReader(lines, &r.opt, r.found).(midReader)
	r.rows = rows
	for {
		_, err := r.read()
		var bad *SyntaxError
		if !errors.As(err, &bad) {
			return rows.state()
		}
	}
}

// cut reads the log to its end and hands over the chunks.
func (a *ahead) cut(first rowState, offset int64, read func([]byte) (int, error)) {
	var rest []byte
	inside := false // a line
	for {
		b := a.batch()
		if b == nil {
			return
		}
		b.offset, b.begin, first = offset, first, nil
		behind := b.fill(rest, a.pool.size(), read)
		whole := !b.torn
		b.torn = b.torn || inside || a.inOrder
		inside = !whole
		rest = append(rest[:0], behind...)
		offset += int64(len(b.data))
		end, torn := b.end != nil, b.torn // a torn one may be used up once it is handed over
		a.queue <- b                      // has room for as many as there are slots
		if !torn {
			select {
			case a.pool.work <- b:
			case <-a.quit:
				return
			case <-a.pool.quit:
				return
			}
		}
		if end {
			return
		}
	}
}

// batch returns an empty batch when it may be filled, nil when nobody reads on.
func (a *ahead) batch() *batch {
	select {
	case <-a.slots:
	case <-a.quit:
		return nil
	}
	b := a.pool.batch()
	b.reset(a)
	return b
}

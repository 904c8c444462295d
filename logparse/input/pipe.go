package input

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
)

// maxReplay is how much of a pipe is kept, so that it can be opened again
// after a look at its start.
const maxReplay = 2 << 20

// A pipe is what can be read only once: standard input, a named pipe, a
// device. Its first bytes are kept and replayed. Each read of it runs in a
// goroutine of its own, so that closing does not wait for a writer that has
// stalled; what such a read yields in the end goes to the next opener.
type pipe struct {
	r io.Reader

	mu      sync.Mutex
	kept    [][]byte // all that was read, until it is more than maxReplay
	size    int      // bytes in kept
	lost    bool     // more was read: kept is gone
	busy    bool     // open now
	reading bool
	got     chan chunk
	err     error // how it ended
}

// A chunk is the result of one read.
type chunk struct {
	buf []byte
	err error
}

func newPipe(r io.Reader) *pipe { return &pipe{r: r, got: make(chan chunk, 1)} }

func (p *pipe) open(ctx context.Context, m *meter) (*chain, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lost {
		return nil, errors.New("a pipe can be read only once")
	}
	if p.busy {
		return nil, errors.New("a pipe can be read by one reader at a time")
	}
	p.busy = true
	v := &pipeReader{p: p, ctx: ctx, done: make(chan struct{})}
	return &chain{Reader: metered(v, m), closers: []func(){v.close}, interrupt: v.interrupt}, nil
}

// pipeReader is one reading of a pipe.
type pipeReader struct {
	p    *pipe
	ctx  context.Context
	next int    // the chunk of kept to read next
	rest []byte // of the chunk being read

	once sync.Once
	done chan struct{}
}

func (v *pipeReader) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	for len(v.rest) == 0 {
		if err := v.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(b, v.rest)
	v.rest = v.rest[n:]
	return n, nil
}

// fill takes the next chunk, kept or new.
func (v *pipeReader) fill() error {
	p := v.p
	p.mu.Lock()
	if v.next < len(p.kept) {
		v.rest = p.kept[v.next]
		v.next++
		p.mu.Unlock()
		return nil
	}
	if p.err != nil {
		defer p.mu.Unlock()
		return p.err
	}
	if !p.reading {
		if err := v.ctx.Err(); err != nil {
			p.mu.Unlock()
			return err
		}
		p.reading = true
		go func() {
			buf := make([]byte, readAhead)
			n, err := p.r.Read(buf)
			p.got <- chunk{buf[:n], err}
		}()
	}
	p.mu.Unlock()

	var c chunk
	select {
	case <-v.done:
		return os.ErrClosed
	case <-v.ctx.Done():
		return v.ctx.Err()
	case c = <-p.got:
	}

	p.mu.Lock()
	defer p.mu.Unlock()
	p.reading = false
	p.err = c.err
	v.rest = c.buf
	if len(c.buf) == 0 || p.lost {
		return nil
	}
	p.kept = append(p.kept, c.buf)
	v.next = len(p.kept)
	if p.size += len(c.buf); p.size > maxReplay {
		p.kept, v.next, p.lost = nil, 0, true
	}
	return nil
}

func (v *pipeReader) interrupt() { v.once.Do(func() { close(v.done) }) }

func (v *pipeReader) close() {
	v.interrupt()
	v.p.mu.Lock()
	defer v.p.mu.Unlock()
	v.p.busy = false
	if c, ok := v.p.r.(io.Closer); ok && v.p.lost {
		c.Close()
	}
}

// lazyFile opens a named pipe at the first read: opening one waits for its
// writer.
type lazyFile struct {
	path string
	mu   sync.Mutex
	f    *os.File
}

func (l *lazyFile) Read(p []byte) (int, error) {
	f, err := l.file()
	if err != nil {
		return 0, err
	}
	return f.Read(p)
}

func (l *lazyFile) file() (*os.File, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f == nil {
		f, err := os.Open(l.path)
		if err != nil {
			return nil, err
		}
		l.f = f
	}
	return l.f, nil
}

func (l *lazyFile) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f == nil {
		return nil
	}
	return l.f.Close()
}

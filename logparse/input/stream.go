package input

import (
	"context"
	"io"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
)

// A Stream is the decoded text of a source: UTF-8 where it was UTF-16, else
// the bytes as they are, with a UTF-8 byte order mark if there was one.
//
// Compressed data is unpacked in a goroutine beside the reader, a few hundred
// KiB ahead of it; Close ends it.
type Stream struct {
	source *Source
	ctx    context.Context
	chain  *chain
	pump   *pump // nil where nothing is unpacked
	meter  *meter
	text   io.Reader
	raw    atomic.Int64
	err    error
	once   sync.Once
	closed atomic.Bool

	reading atomic.Int32 // idle, busy or abandoned
}

// Whether a Read is under way.
const (
	idle = iota
	busy
	abandoned
)

func newStream(ctx context.Context, s *Source, c *chain, m *meter) *Stream {
	st := &Stream{source: s, ctx: ctx, chain: c, meter: m}
	if c.unpacks {
		st.pump = newPump(c)
	}
	st.text = s.enc.decode(rawReader{st})
	return st
}

// Read reads decoded text. An error other than io.EOF is an [*Error], a
// [*LimitError] or that of the context; the text before it has been read.
func (s *Stream) Read(p []byte) (int, error) {
	if !s.reading.CompareAndSwap(idle, busy) {
		return 0, os.ErrClosed
	}
	n, err := s.read(p)
	if !s.reading.CompareAndSwap(busy, idle) {
		runtime.Goexit()
	}
	return n, err
}

// Abandon gives up a Read that is under way in another goroutine, and may never
// return since a file has stalled. It reports whether there is one. That Read
// does not return any more: it ends its goroutine.
func (s *Stream) Abandon() bool { return s.reading.CompareAndSwap(busy, abandoned) }

func (s *Stream) read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	if s.closed.Load() {
		return 0, os.ErrClosed
	}
	if err := s.ctx.Err(); err != nil && !s.source.Piped {
		return 0, err
	}
	n, err := s.readText(p)
	if err != nil {
		s.err = s.fault(err)
		s.meter.end(!s.closed.Load() && s.ctx.Err() == nil)
	}
	return n, s.err
}

// readText reads decoded text. The decoder of UTF-16 returns little at a time:
// where none of it has to be waited for, more of it is put together.
func (s *Stream) readText(p []byte) (int, error) {
	if e := s.source.enc; (e == utf16LE || e == utf16BE) && s.chain.interrupt == nil && len(p) > 1 {
		return readSome(s.text, p)
	}
	return s.text.Read(p)
}

func (s *Stream) fault(err error) error {
	switch {
	case err == io.EOF:
		return err
	case s.ctx.Err() != nil:
		return s.ctx.Err()
	case s.closed.Load():
		return os.ErrClosed
	}
	return s.source.named(err)
}

// Bytes returns the bytes read so far, after decompression and before
// conversion to UTF-8. It may be called at any time.
func (s *Stream) Bytes() int64 { return s.raw.Load() }

// Encoding returns "utf-16le" or "utf-16be" for what was converted, "utf-8"
// where a byte order mark says so, and "" where the text does not tell.
func (s *Stream) Encoding() string { return string(s.source.enc) }

// Close ends reading; a Read that waits for a pipe returns. It may be called
// from another goroutine, and more than once.
func (s *Stream) Close() error {
	s.once.Do(func() {
		s.closed.Store(true)
		if s.chain.interrupt != nil {
			s.chain.interrupt()
		}
		if s.pump != nil {
			s.pump.stop()
		} else {
			s.chain.close()
		}
		s.meter.end(false)
	})
	return nil
}

// rawReader counts what is read of a stream before conversion.
type rawReader struct{ s *Stream }

func (r rawReader) Read(p []byte) (n int, err error) {
	if r.s.pump != nil {
		n, err = r.s.pump.Read(p)
	} else {
		n, err = r.s.chain.Read(p)
	}
	r.s.raw.Add(int64(n))
	return n, err
}

// A pump reads a chain in a goroutine, some buffers ahead.
type pump struct {
	full chan chunk
	free chan []byte
	quit chan struct{}
	done chan struct{}
	cur  chunk
	rest []byte
}

const (
	pumpBuffers = 3
	pumpBuffer  = 128 << 10
)

func newPump(c *chain) *pump {
	p := &pump{
		full: make(chan chunk, pumpBuffers),
		free: make(chan []byte, pumpBuffers),
		quit: make(chan struct{}),
		done: make(chan struct{}),
	}
	for range pumpBuffers {
		p.free <- nil // allocated when first used: most archives hold small files
	}
	go p.run(c)
	return p
}

func (p *pump) run(c *chain) {
	defer close(p.done)
	defer c.close()
	for {
		var buf []byte
		select {
		case <-p.quit:
			return
		case buf = <-p.free:
		}
		if buf == nil {
			buf = make([]byte, pumpBuffer)
		}
		n, err := readSome(c, buf)
		p.full <- chunk{buf[:n], err} // never waits: there are no more buffers than room
		if err != nil {
			return
		}
	}
}

// readSome fills at least half of buf, for decoders return little at a time.
func readSome(r io.Reader, buf []byte) (n int, err error) {
	for n < len(buf)/2 && err == nil {
		var k int
		k, err = r.Read(buf[n:])
		n += k
	}
	return n, err
}

func (p *pump) Read(b []byte) (int, error) {
	for len(p.rest) == 0 {
		if p.cur.err != nil {
			return 0, p.cur.err
		}
		if p.cur.buf != nil {
			p.free <- p.cur.buf[:cap(p.cur.buf)]
			p.cur.buf = nil
		}
		select {
		case <-p.quit:
			return 0, os.ErrClosed
		case p.cur = <-p.full:
			p.rest = p.cur.buf
		}
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

// stop ends the goroutine and waits until it has closed all it read.
func (p *pump) stop() {
	close(p.quit)
	<-p.done
}

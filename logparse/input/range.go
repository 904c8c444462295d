package input

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"os"
)

// A Range is the lines of a source that begin at From or behind it, and before
// To: every line is in one of the Ranges that a source is cut into.
type Range struct{ From, To int64 } // in bytes; a To of 0 is the end of the source

// OpenRange opens a part of a source, and returns the offset of its first line. A
// source that is not Plain has no Range but the zero one, the whole. Cancelling the
// context ends reading with the context's error. The Ranges that a source is cut
// into count together as much progress as Open does.
func (s *Source) OpenRange(ctx context.Context, r Range) (st *Stream, offset int64, err error) {
	return s.openRange(ctx, r, r.From, s.rangeMeter(r))
}

// ReopenRange is OpenRange for a Range that is to be read from the line on that
// begins at start, in front of it or in it. It does not count as progress again
// where the Range was read to its end before.
func (s *Source) ReopenRange(ctx context.Context, r Range, start int64, read bool) (st *Stream, offset int64, err error) {
	m := s.rangeMeter(r)
	if read {
		m = nil
	}
	return s.openRange(ctx, r, start, m)
}

func (s *Source) openRange(ctx context.Context, r Range, start int64, m *meter) (st *Stream, offset int64, err error) {
	if r == (Range{}) && start == 0 {
		st, err = s.open(ctx, m)
		return st, 0, err
	}
	file, ok := s.node.(*fileNode)
	if !s.Plain || !ok {
		return nil, 0, s.named(errors.New("cannot be read at an offset"))
	}
	f, err := os.Open(file.path)
	if err != nil {
		return nil, 0, s.named(err)
	}
	lines := &rangeReader{r: metered(f, m), at: max(start-1, 0), to: r.To}
	if r.To == 0 {
		lines.to = math.MaxInt64
	}
	if start > 0 {
		if _, err = f.Seek(lines.at, io.SeekStart); err == nil {
			err = lines.skipLine(ctx)
		}
	}
	if err != nil {
		f.Close()
		return nil, 0, s.named(err)
	}
	return newStream(ctx, s, &chain{Reader: lines, closers: []func(){func() { f.Close() }}}, m), lines.at, nil
}

// PassOver counts a Range as read that need not be.
func (s *Source) PassOver(r Range) { s.rangeMeter(r).end(true) }

func (s *Source) rangeMeter(r Range) *meter {
	switch {
	case r.To != 0:
		return s.progress.meter(r.To-r.From, r.To-r.From, nil)
	case r.From != 0:
		size := max(s.size-r.From, 0)
		return s.progress.meter(size, size, &s.done)
	}
	return s.progress.meter(s.size, s.length, &s.done)
}

// A rangeReader reads from a place to the end of the line that holds the byte in
// front of to.
type rangeReader struct {
	r    io.Reader
	at   int64 // of what is read next
	to   int64
	rest []byte // that skipLine read too much
	over bool
}

func (r *rangeReader) Read(p []byte) (n int, err error) {
	if r.over {
		return 0, io.EOF
	}
	if n = copy(p, r.rest); n > 0 {
		r.rest = r.rest[n:]
	} else {
		n, err = r.r.Read(p)
	}
	if last := r.to - 1 - r.at; int64(n) > last {
		if i := bytes.IndexByte(p[max(last, 0):n], '\n'); i >= 0 {
			n, err = int(max(last, 0))+i+1, nil
			r.over = true
		}
	}
	r.at += int64(n)
	return n, err
}

// skipLine reads to the end of the line.
func (r *rangeReader) skipLine(ctx context.Context) error {
	block := make([]byte, 64<<10)
	for ctx.Err() == nil {
		n, err := r.r.Read(block)
		if i := bytes.IndexByte(block[:n], '\n'); i >= 0 {
			r.at += int64(i) + 1
			r.rest = block[i+1 : n]
			r.over = r.at >= r.to
			return nil
		}
		r.at += int64(n)
		if err != nil {
			r.over = true // no line begins here
			if err == io.EOF {
				err = nil
			}
			return err
		}
	}
	return ctx.Err()
}

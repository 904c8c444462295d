package logparse

import (
	"errors"
	"io"
	"time"
)

// A Mark is a place between two rows of a log, and what the rows in front of it
// leave to those behind: their columns, for one.
type Mark struct {
	Offset int64 // in the log, in bytes
	Line   int64 // lines in front of it, as far as they were counted

	found Detection
	state rowState
}

// HeadMark returns what a log is recognised as by its beginning, and what the first
// record in that leaves to all later rows, but for logs that are put together. ok
// is false where the rows of the format cannot be read from the middle.
func HeadMark(head []byte, name string, opt *Options) (m Mark, ok bool) {
	r := newRangeReader(nil, name, opt)
	r.lines.buf, r.lines.end, r.lines.err = head, len(head), io.EOF
	for {
		_, err := r.read()
		var bad *SyntaxError
		if !errors.As(err, &bad) {
			return r.Mark()
		}
	}
}

// At returns the Mark of another place for which the same is assumed. Lines count
// from there.
func (m Mark) At(offset int64) Mark {
	m.Offset, m.Line = offset, 0
	return m
}

// Beginning returns the Mark of the beginning of the log.
func (m Mark) Beginning() Mark { return Mark{found: m.found} }

// Same reports whether both are the same place, and the rows behind are read in
// the same way.
func (m Mark) Same(other Mark) bool {
	return m.Offset == other.Offset && m.agrees(other)
}

func (m Mark) agrees(other Mark) bool {
	return m.state != nil && other.state != nil && m.found.Format == other.found.Format && m.state.equal(other.state)
}

// NewRangeReader returns a Reader of the lines of a log from a Mark on, or from
// the log's beginning where from is nil. Lines count from there. With more, the
// log goes on behind the end of r, which is the end of a line: rows that hang on
// what follows are not read, and [Reader.Mark] tells where the Reader stopped.
func NewRangeReader(r io.Reader, name string, opt *Options, from *Mark, more bool) *Reader {
	rd := newRangeReader(r, name, opt)
	rd.lines.more = more
	if from != nil {
		rd.lines.base, rd.lines.number, rd.found = from.Offset, from.Line, from.found
		if rd.recognised = true; from.state != nil {
			rd.resume(from.state)
		}
	}
	return rd
}

func newRangeReader(r io.Reader, name string, opt *Options) *Reader {
	rd := &Reader{name: name}
	if opt != nil {
		rd.opt = *opt
	}
	if rd.opt.Location == nil {
		rd.opt.Location = time.UTC
	}
	rd.lines = newLineScanner(r, rd.opt.MaxLine)
	return rd
}

// resume goes on from a state in a log that is recognised.
func (r *Reader) resume(s rowState) {
	r.rows = newRowReader(r.lines, &r.opt, r.found)
	if mid, ok := r.rows.(midReader); ok {
		mid.resume(s)
	}
	r.quick, _ = r.rows.(quickRowReader)
}

// Mark returns where the Reader stands, behind the row that it returned last. ok
// is false where the rows of the format cannot be read from the middle, and for a
// Reader with Jobs.
func (r *Reader) Mark() (m Mark, ok bool) {
	mid, ok := r.rows.(midReader)
	if !ok || r.ahead != nil {
		return Mark{}, false
	}
	m = Mark{Offset: r.lines.base + int64(r.lines.start), Line: r.lines.number, found: r.found, state: mid.state()}
	if r.lines.err == errChunk {
		m.Offset, m.Line = r.stop.Offset, r.stop.Line-1
	}
	return m, true
}

package logparse

import (
	"bytes"
	"errors"

	"github.com/smtplog/smtplog/reply/outcome"
)

// A midReader is a rowReader that can begin in the middle of a log.
//
// It looks at what lies behind a row only before it changes its state, and what
// it makes of a row hangs on nothing but the state and the lines.
type midReader interface {
	rowReader
	// state returns what the rows so far leave to those that follow.
	state() rowState
	// resume goes on from a state.
	resume(s rowState)
}

// A rowState is what the rows of a log leave to those that follow: their
// columns, for one. It is not changed once it is returned.
type rowState interface {
	equal(rowState) bool
}

// A batch is a chunk of a log, whose lines are whole, and the records in it.
type batch struct {
	reader *ahead
	block  []byte
	data   []byte // the chunk, in block
	offset int64  // of data in the log
	torn   bool   // data is not parsed, for it begins or ends inside a line or no chunk of the log is
	end    error  // why nothing follows, io.EOF for the log's end; nil: the log goes on
	done   chan struct{}

	// What parsing made of it. Lines count from the beginning of the data.
	begin   rowState // that parsing assumed; nil: none
	finish  rowState // where it stopped
	taken   int      // bytes of data that were parsed; what is behind needs what follows
	lines   int64    // in them
	packed  []packedRecord
	records []Record // those of packed that are whole
	alikes  []alike
	extras  []extra
	errs    []batchError
	counts  Counts
	text    []byte // copies

	likes [512]uint16 // where an alike may be
}

// A batchError stands in front of the packed record with its number.
type batchError struct {
	record int
	*SyntaxError
}

// parse reads the rows of a chunk, from the state that is assumed for its
// beginning, as far as they do not hang on what follows. It then says that it
// is done.
func (b *batch) parse() {
	a := b.reader
	if b.begin == nil {
		b.begin = *a.assumed.Load()
	}
	lines := &lineScanner{max: a.max, buf: b.data, end: len(b.data), base: b.offset, err: b.end, fixed: true}
	rows := newRowReader(lines, &a.r.opt, a.found).(midReader)
	rows.resume(b.begin)
	exchange, _ := rows.(*exchangeRows)
	if exchange != nil {
		exchange.sparse = true // put fills in what has to be
	}
	if exchange != nil && exchange.short.kinds != nil {
		known, ok := a.pool.known.take()
		if !ok {
			known = newKnownRows()
		}
		known.goOn(exchange, a)
	}
	if exchange != nil && exchange.short.format == Tracking {
		steps, ok := a.pool.steps.take()
		if !ok {
			steps = new(knownSteps)
		}
		steps.goOn(exchange)
	}
	r := &Reader{name: a.r.name, opt: a.r.opt, lines: lines, rows: rows, found: a.found}
	r.quick, _ = r.rows.(quickRowReader)
	for {
		if b.full() {
			// What is left is read without being kept.
			r.stop = outcome.Position{Line: lines.number + 1, Offset: lines.base + int64(lines.start)}
			break
		}
		if !b.add(r) {
			break
		}
	}
	b.counts = r.counts
	if r.err == nil {
		b.taken, b.lines = int(r.stop.Offset-b.offset), r.stop.Line-1
	} else {
		b.taken, b.lines = len(b.data), lines.number
	}
	if exchange != nil && exchange.known != nil {
		a.pool.known.give(exchange.known, a.pool.jobs+1)
	}
	if exchange != nil && exchange.steps != nil {
		a.pool.steps.give(exchange.steps, a.pool.jobs+1)
	}
	b.finish = rows.state()
	b.done <- struct{}{}
}

func (b *batch) full() bool { return len(b.packed)+len(b.errs) >= chunkRecords }

// add reads one more record or malformed line. It reports false when there was
// none.
func (b *batch) add(r *Reader) bool {
	rec, err := r.read()
	if err != nil {
		return b.bad(err)
	}
	b.put(rec)
	return true
}

// put adds a record of the chunk's data.
func (b *batch) put(rec *Record) {
	if rec.sparse {
		if r, ok := rec.rest.(*exchangeRows); ok && b.packKnown(rec, r) {
			return
		}
		rec.Fill()
	}
	at := rec.Pos.Offset - b.offset
	if len(rec.raw) == 0 || uint64(at) >= uint64(len(b.data)) || &b.data[at] != &rec.raw[0] || !b.pack(rec, int(at)) {
		b.whole(rec)
	}
}

// bad adds a malformed line. It reports false if the error is another one.
func (b *batch) bad(err error) bool {
	var bad *SyntaxError
	if !errors.As(err, &bad) {
		return false
	}
	b.errs = append(b.errs, batchError{len(b.packed), bad})
	return true
}

// reset empties the batch for the next part of a log.
func (b *batch) reset(a *ahead) {
	b.reader, b.data, b.offset, b.torn, b.end = a, nil, 0, false, nil
	b.begin, b.finish, b.taken, b.lines, b.counts = nil, nil, 0, 0, Counts{}
	clear(b.errs)
	b.packed, b.records, b.alikes, b.extras = b.packed[:0], b.records[:0], b.alikes[:0], b.extras[:0]
	b.errs, b.text = b.errs[:0], b.text[:0]
}

// fill makes the batch the next chunk: rest, which was read already, and more
// from read, up to the end of a line and to size bytes. It returns what lies
// behind the chunk. Where a line is longer than that, the chunk is torn. It
// never waits for more than one line: a pipe may be slow.
func (b *batch) fill(rest []byte, size int, read func([]byte) (int, error)) []byte {
	size = max(size, len(rest)+1)
	if cap(b.block) < size {
		b.block = make([]byte, max(size, min(chunkSize, 2*size)))
	}
	b.block = b.block[:cap(b.block)]
	n := copy(b.block, rest)
	cut := 0
	for n < size {
		k, err := read(b.block[n:size])
		if i := bytes.LastIndexByte(b.block[n:n+k], '\n'); i >= 0 {
			cut = n + i + 1
		}
		n += k
		if err != nil {
			b.end, b.data = err, b.block[:n]
			return nil
		}
		if cut > 0 {
			break
		}
	}
	if cut == 0 {
		b.torn, b.data = true, b.block[:n]
		return nil
	}
	b.data = b.block[:cut]
	return b.block[cut:n]
}

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
	// resume goes on from a state. With keep, the bytes that records refer to
	// stay as they are when the next row is read.
	resume(s rowState, keep bool)
}

// A rowState is what the rows of a log leave to those that follow: their
// columns, for one. It is not changed once it is returned.
type rowState interface {
	equal(rowState) bool
	// settled reports whether rows usually leave it as it is, so that it can be
	// known for the middle of a log before the rows in front are read.
	settled() bool
}

// A batch is a part of a log and the records in it. The part is a chunk, whose
// lines are whole, or what one goroutine parsed in order (then there is no
// data).
type batch struct {
	reader *ahead
	block  []byte
	data   []byte // the chunk, in block
	offset int64  // of data in the log
	torn   bool   // data begins or ends inside a line, and is not parsed
	end    error  // why nothing follows, io.EOF for the log's end; nil: the log goes on
	done   chan struct{}

	// What parsing made of it. Lines count from the beginning of the data.
	begin   rowState // that parsing assumed; nil: none
	finish  rowState // where it stopped
	taken   int      // bytes of data that were parsed; what is behind needs what follows
	lines   int64    // in them
	records []Record
	errs    []batchError
	counts  Counts
	text    []byte     // records of a part without data refer to it
	known   *knownRows // the connectors and sessions that records have, nil: none
}

// A batchError stands in front of the record with its number.
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
	rows.resume(b.begin, true)
	exchange, _ := rows.(*exchangeRows)
	var known *knownRows
	if exchange != nil && exchange.short.kinds != nil {
		known = a.pool.takeKnown()
		known.goOn(exchange, a)
	}
	b.referTo(known)
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
		b.known = exchange.known
		a.pool.giveKnown(b.known)
	}
	b.finish = rows.state()
	b.done <- struct{}{}
}

// referTo makes records that were used before ready for rows of which so much is
// known: what others filled in does not hold for them.
func (b *batch) referTo(known *knownRows) {
	if b.known == known {
		return
	}
	b.known = known
	records := b.records[:cap(b.records)]
	for i := range records {
		records[i].connector, records[i].conversation = 0, 0
	}
}

func (b *batch) full() bool { return len(b.records)+len(b.errs) >= chunkRecords }

// add reads one more record or malformed line. It reports false when there was
// none.
func (b *batch) add(r *Reader) bool {
	n := len(b.records)
	if n < cap(b.records) {
		b.records = b.records[:n+1]
	} else {
		b.records = append(b.records, Record{})
	}
	_, err := r.read(&b.records[n])
	b.records[n].ends = nil // they are the Reader's
	if err == nil {
		return true
	}
	b.records = b.records[:n]
	var bad *SyntaxError
	if !errors.As(err, &bad) {
		return false
	}
	b.errs = append(b.errs, batchError{n, bad})
	return true
}

// reset empties the batch for the next part of a log.
func (b *batch) reset(a *ahead) {
	b.reader, b.data, b.offset, b.torn, b.end = a, nil, 0, false, nil
	b.begin, b.finish, b.taken, b.lines, b.counts = nil, nil, 0, 0, Counts{}
	clear(b.errs)
	b.records, b.errs, b.text = b.records[:0], b.errs[:0], b.text[:0]
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

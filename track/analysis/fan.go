package analysis

import (
	"context"
	"sync/atomic"

	"github.com/smtplog/smtplog/logparse/input"
)

// A fan reads logs one after the other, each once, and gives all of them to each
// of several readers.
type fan struct {
	ctx     context.Context
	readers []*fanReader
	free    chan []byte
	current atomic.Pointer[input.Stream] // that is being read
}

// A piece is the beginning of a log, something of it, or its end.
type piece struct {
	stream *input.Stream // of the log that begins, nil where it cannot be opened
	data   *fanData
	err    error // why it cannot be opened, or why nothing follows
}

// A fanData is read by all readers, and free after that.
type fanData struct {
	text  []byte
	block []byte
	users atomic.Int32
}

const (
	fanBlocks    = 4
	fanBlockSize = 256 << 10
)

// newFan returns a fan with so many readers.
func newFan(ctx context.Context, readers int) *fan {
	f := &fan{ctx: ctx, free: make(chan []byte, fanBlocks)}
	for range fanBlocks {
		f.free <- nil // made when first used
	}
	for range readers {
		f.readers = append(f.readers, &fanReader{fan: f, pieces: make(chan piece, fanBlocks+2)})
	}
	return f
}

// run reads the logs. It ends with the context: what all readers have got is the
// same then, too.
func (f *fan) run(logs []*Log) {
	stop := context.AfterFunc(f.ctx, f.abandon)
	defer stop()
	for _, log := range logs {
		if !f.log(log) {
			return
		}
	}
}

// abandon gives up a log that has stalled.
func (f *fan) abandon() {
	if st := f.current.Load(); st != nil && st.Abandon() {
		f.give(piece{err: f.ctx.Err()})
	}
}

func (f *fan) give(p piece) {
	for _, r := range f.readers {
		r.pieces <- p
	}
}

// log reads a log. It reports false when the context has ended.
func (f *fan) log(log *Log) bool {
	st, err := openSoon(f.ctx, func() (*input.Stream, error) { return log.Source.Open(f.ctx) })
	f.give(piece{stream: st, err: err})
	if err != nil {
		return f.ctx.Err() == nil
	}
	f.current.Store(st)
	for err == nil {
		block := <-f.free
		if block == nil {
			block = make([]byte, fanBlockSize)
		}
		n := 0
		n, err = st.Read(block)
		d := &fanData{text: block[:n], block: block}
		d.users.Store(int32(len(f.readers)))
		f.give(piece{data: d})
	}
	f.current.Store(nil)
	f.give(piece{err: err})
	st.Close()
	return f.ctx.Err() == nil
}

// A fanReader reads the logs of a fan, one after the other.
type fanReader struct {
	fan    *fan
	pieces chan piece
	data   *fanData // being read
	rest   []byte   // of it
	err    error    // that ended the log
	within bool     // a log
}

// next goes to the beginning of the next log, of which the stream may be asked for
// no more than how much of it was read.
func (r *fanReader) next() (*input.Stream, error) {
	r.drain()
	p := <-r.pieces
	r.within, r.err = p.err == nil, p.err
	return p.stream, p.err
}

// drain goes to the end of the log.
func (r *fanReader) drain() {
	for r.within {
		r.more()
	}
}

// over reports whether no more logs come, for the context has ended.
func (r *fanReader) over() bool {
	r.drain()
	return r.err != nil && r.err == r.fan.ctx.Err()
}

// more waits for more of the log, or its end.
func (r *fanReader) more() {
	if d := r.data; d != nil && d.users.Add(-1) == 0 {
		r.fan.free <- d.block
	}
	p := <-r.pieces
	r.data, r.rest = p.data, nil
	if p.data != nil {
		r.rest = p.data.text
	}
	r.err, r.within = p.err, p.err == nil
}

func (r *fanReader) Read(b []byte) (int, error) {
	for len(r.rest) == 0 {
		if !r.within {
			return 0, r.err
		}
		r.more()
	}
	n := copy(b, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

package logparse

import (
	"io"
	"sync"
	"time"
)

const (
	// chunkSize is how much of a log is parsed at a time, in bytes. With the
	// records that come of it, a chunk takes about twice as much memory.
	chunkSize = 256 << 10

	// chunkRecords bounds the records and malformed lines of one chunk: rows
	// of a few bytes would take very much more memory than the log.
	chunkRecords = 4096
)

// A Pool parses logs on several cores for the Readers that it makes. They may
// be used from different goroutines. What they return is the same for any
// number of jobs.
type Pool struct {
	// Chunk is how much of a log is parsed at a time, in bytes, but for lines
	// that are longer. It may be set before the first Reader is made; 0 is 256
	// KiB.
	Chunk int

	jobs int
	work chan *batch
	quit chan struct{}
	done sync.WaitGroup
	once sync.Once

	batches spares[*batch]
	known   spares[*knownRows]
	steps   spares[*knownSteps]

	size func() int // of the next chunk; of different sizes in tests
}

// NewPool returns a Pool that parses with so many goroutines at a time, at
// least 2: those that call Next help. It must be closed.
func NewPool(jobs int) *Pool {
	p := &Pool{jobs: max(jobs, 2), quit: make(chan struct{})}
	p.size = func() int {
		if p.Chunk > 0 {
			return p.Chunk
		}
		return chunkSize
	}
	p.work = make(chan *batch, 2*p.ahead())
	for range p.jobs - 1 {
		p.done.Go(p.run)
	}
	return p
}

// NewReader is [NewReader] for a Reader whose rows the Pool parses ahead.
// Options.Jobs does not matter then. It reads nothing until [Reader.Start] or
// the first call of Next.
func (p *Pool) NewReader(r io.Reader, name string, opt *Options) *Reader {
	o := Options{}
	if opt != nil {
		o = *opt
	}
	o.Jobs = 1
	rd := NewReader(nil, name, &o)
	rd.ahead = newAhead(rd, p, r)
	return rd
}

// Close ends the Pool's goroutines. Its Readers must not be used afterwards.
func (p *Pool) Close() {
	p.once.Do(func() { close(p.quit) })
	p.done.Wait()
}

// ahead returns how many chunks of one log may be read and not yet used up.
func (p *Pool) ahead() int { return p.jobs + 4 }

// run parses chunks until the Pool is closed.
func (p *Pool) run() {
	for {
		select {
		case <-p.quit:
			return
		case b := <-p.work:
			b.parse()
		}
	}
}

// batch returns one that is not in use.
func (p *Pool) batch() *batch {
	if b, ok := p.batches.take(); ok {
		return b
	}
	return &batch{done: make(chan struct{}, 1)}
}

// Parses reports whether the Pool parses rows of the format ahead. Where it does
// not, for they have to be parsed in order, or to hand them over costs more than
// to parse them, its Readers read no more than the bytes of the log ahead, which
// costs more than it saves.
func (p *Pool) Parses(f Format) bool {
	_, ok := newRowReader(&lineScanner{}, &Options{Location: time.UTC}, Detection{Format: f}).(midReader)
	return ok
}

// spares are things that no goroutine uses, to be used again.
type spares[T any] struct {
	mu   sync.Mutex
	list []T
}

// take returns one of them. It reports false if there is none.
func (s *spares[T]) take() (spare T, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.list) - 1; n >= 0 {
		spare, s.list = s.list[n], s.list[:n]
		return spare, true
	}
	return spare, false
}

// give adds one, unless there are so many.
func (s *spares[T]) give(spare T, enough int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.list) < enough {
		s.list = append(s.list, spare)
	}
}

// recycle takes a batch that nobody uses any more.
func (p *Pool) recycle(b *batch) {
	b.reader = nil
	p.batches.give(b, 2*p.ahead())
}

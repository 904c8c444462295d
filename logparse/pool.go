package logparse

import (
	"io"
	"sync"
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

	mu     sync.Mutex
	free   []*batch
	known  []*knownRows // that no goroutine uses
	fronts []*w3cFronts // the same

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
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.free); n > 0 {
		b := p.free[n-1]
		p.free = p.free[:n-1]
		return b
	}
	return &batch{done: make(chan struct{}, 1)}
}

// takeKnown returns what is known of the rows of protocol logs, for one goroutine.
func (p *Pool) takeKnown() *knownRows {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.known)
	if n == 0 {
		return newKnownRows()
	}
	k := p.known[n-1]
	p.known = p.known[:n-1]
	return k
}

// giveKnown gives it back.
func (p *Pool) giveKnown(k *knownRows) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.known) <= p.jobs {
		p.known = append(p.known, k)
	}
}

// takeFronts returns what is known of the rows of W3C logs, for one goroutine,
// nil if it is nothing.
func (p *Pool) takeFronts() *w3cFronts {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.fronts)
	if n == 0 {
		return nil
	}
	f := p.fronts[n-1]
	p.fronts = p.fronts[:n-1]
	return f
}

// giveFronts gives it back.
func (p *Pool) giveFronts(f *w3cFronts) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f != nil && len(p.fronts) <= p.jobs {
		p.fronts = append(p.fronts, f)
	}
}

// recycle takes a batch that nobody uses any more.
func (p *Pool) recycle(b *batch) {
	b.reader = nil
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.free) < 2*p.ahead() {
		p.free = append(p.free, b)
	}
}

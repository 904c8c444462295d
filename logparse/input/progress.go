package input

import (
	"sync"
	"sync/atomic"
)

// Progress counts the bytes read from disk and pipes, in the measure of
// [Source.Size]: when every source has been read to its end, Read returns the
// sum of their sizes and of Extra. A stream closed before its end takes back what it had
// counted, since it will be opened again.
type Progress struct {
	read, extra   atomic.Int64
	files         atomic.Int64
	found, looked atomic.Int64
}

// Read returns the bytes read so far. It may be called at any time.
func (p *Progress) Read() int64 { return p.read.Load() }

// Extra returns by how many bytes all reading is more than the sum of the sizes,
// as far as was told: sources are read more than once ([Source.Expect]), or not at
// all ([Source.Skip]).
func (p *Progress) Extra() int64 { return p.extra.Load() }

// Files returns the number of sources that were read to their end or are not read.
func (p *Progress) Files() int { return int(p.files.Load()) }

// Found returns how many files and pipes [Find] has come to so far.
func (p *Progress) Found() int { return int(p.found.Load()) }

// Looked returns the number of sources that were looked at before they are read
// ([Source.Look]).
func (p *Progress) Looked() int { return int(p.looked.Load()) }

// Look tells the progress that somebody knows what the source is.
func (s *Source) Look() {
	if s.progress != nil {
		s.progress.looked.Add(1)
	}
}

// Expect tells the progress that the source will be read. That it is read once
// goes without saying.
func (s *Source) Expect() {
	if s.progress != nil && s.expected.Add(1) > 1 && s.size > 0 {
		s.progress.extra.Add(s.size)
	}
}

// Skip tells the progress that the source, which was not expected, will not be
// read.
func (s *Source) Skip() {
	if s.progress != nil {
		s.progress.files.Add(1)
		s.progress.extra.Add(-max(s.size, 0))
	}
}

// meter returns a counter for one stream whose length bytes stand for size
// bytes on disk; nil when nobody wants to know.
func (p *Progress) meter(size, length int64, done *atomic.Bool) *meter {
	if p == nil {
		return nil
	}
	return &meter{p: p, size: size, length: length, done: done}
}

// A meter adds one stream's share to the progress. A nil meter does nothing.
type meter struct {
	mu      sync.Mutex // the stream's goroutine adds, its reader ends
	p       *Progress
	size    int64 // below 0: unknown, the bytes themselves are counted
	length  int64
	read    int64
	counted int64
	ended   bool
	done    *atomic.Bool // the source was read to its end before; may be nil
}

func (m *meter) add(n int) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ended {
		return
	}
	m.read += int64(n)
	m.count(m.share())
}

func (m *meter) share() int64 {
	switch {
	case m.size < 0:
		return m.read
	case m.read >= m.length:
		return m.size
	}
	return int64(float64(m.size) * (float64(m.read) / float64(m.length)))
}

func (m *meter) count(total int64) {
	m.p.read.Add(total - m.counted)
	m.counted = total
}

// end settles the count: the whole share when the stream came to its end,
// nothing when it was given up.
func (m *meter) end(complete bool) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ended {
		return
	}
	m.ended = true
	if complete && m.done != nil && m.done.CompareAndSwap(false, true) {
		m.p.files.Add(1)
	}
	switch {
	case !complete:
		m.count(0)
	case m.size >= 0:
		m.count(m.size)
	}
}

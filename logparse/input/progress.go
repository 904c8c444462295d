package input

import (
	"sync"
	"sync/atomic"
)

// Progress counts the bytes read from disk and pipes, in the measure of
// [Source.Size]: when every source has been read to its end, Read returns the
// sum of their sizes. A stream closed before its end takes back what it had
// counted, since it will be opened again.
type Progress struct{ read atomic.Int64 }

// Read returns the bytes read so far. It may be called at any time.
func (p *Progress) Read() int64 { return p.read.Load() }

// meter returns a counter for one stream whose length bytes stand for size
// bytes on disk; nil when nobody wants to know.
func (p *Progress) meter(size, length int64) *meter {
	if p == nil {
		return nil
	}
	return &meter{p: p, size: size, length: length}
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
	switch {
	case !complete:
		m.count(0)
	case m.size >= 0:
		m.count(m.size)
	}
}

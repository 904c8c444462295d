package logparse

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
)

const (
	// How much is read at a time: most logs of a big folder are small, so the
	// first block is too.
	firstBlock = 32 << 10
	blockSize  = 256 << 10

	// DefaultMaxLine is the longest line that is read, in bytes. A longer one
	// is malformed; what follows it is read again from the next line on.
	DefaultMaxLine = 1 << 20
)

// lineScanner cuts a stream into lines. Lines end with LF or CRLF, the last one
// also with the end of the stream. NUL bytes at either end of a line are not
// part of it: Windows pads a file with them when it crashes.
type lineScanner struct {
	r   io.Reader
	max int

	buf        []byte
	start, end int   // what is in buf and not yet taken
	base       int64 // offset of buf[0] in the stream
	err        error // why no more bytes come
	fixed      bool  // buf is all there is, whole lines, and nothing in it may move: a chunk
	more       bool  // r is a range of a log that goes on: at its end, what is in buf is a chunk

	number  int64 // of the line last taken
	offset  int64 // of its first byte
	tooLong bool  // the line last taken was cut at max
	pooled  bool  // buf is one of blocks
}

func newLineScanner(r io.Reader, maxLine int) *lineScanner {
	if maxLine <= 0 {
		maxLine = DefaultMaxLine
	}
	return &lineScanner{r: r, max: maxLine}
}

// next takes the next line. It is good until the next call of next or peek. ok
// is false at the end of the stream, when s.err says why it ended.
func (s *lineScanner) next() (line []byte, ok bool) {
	s.tooLong = false
	s.skipNULs()
	s.offset = s.base + int64(s.start)
	n, width := s.find()
	if n < 0 {
		return nil, false
	}
	line = s.buf[s.start : s.start+n]
	s.start += n + width
	s.number++
	if s.tooLong {
		s.discardLine()
	}
	return trimEnd(line), true
}

// whole looks at the line that next will take. It returns the buffer from that
// line on, the length of the line and how many bytes take has to drop for it.
// The length is 0 unless the line and its end are in the buffer, no NUL padding
// stands behind it and it is not too long. NULs in front of it are still there.
func (s *lineScanner) whole() (block []byte, n, size int) {
	block = s.buf[s.start:]
	n = bytes.IndexByte(block[:s.end-s.start], '\n')
	if n < 2 || n > s.max {
		return nil, 0, 0
	}
	size = n + 1
	last := block[n-1]
	if last == '\r' {
		n--
		last = block[n-1]
	}
	if last == '\r' || last == 0 {
		return nil, 0, 0
	}
	return block, n, size
}

// place returns the offset of what is not yet taken, and the number of the line
// in front of it.
func (s *lineScanner) place() (offset, number int64) { return s.base + int64(s.start), s.number }

// take takes the line that whole found.
func (s *lineScanner) take(size int) {
	s.start += size
	s.number++
}

// peek returns the line that next will take, cut at the same places.
func (s *lineScanner) peek() (line []byte, ok bool) {
	s.skipNULs()
	n, _ := s.find()
	s.tooLong = false
	if n < 0 {
		return nil, false
	}
	return trimEnd(s.buf[s.start : s.start+n]), true
}

// head returns the beginning of what is not yet taken, up to a block. From a
// slow pipe it does not wait for the whole block once it has the lines that
// detection looks at.
func (s *lineScanner) head() []byte {
	lines, counted := 0, 0
	for s.end-s.start < blockSize && s.err == nil {
		lines += bytes.Count(s.buf[s.start+counted:s.end], []byte{'\n'})
		counted = s.end - s.start
		if lines >= detectLines {
			break
		}
		s.fill()
	}
	if s.base == 0 && s.start == 0 && bytes.HasPrefix(s.buf[:s.end], []byte("\ufeff")) {
		s.start = len("\ufeff") // a byte order mark is no part of the first line
	}
	return s.buf[s.start:min(s.end, s.start+blockSize)]
}

// find returns the length of the next line and of its end; n is -1 when there
// is no further line. It sets tooLong when the line does not end within max
// bytes; its end is then still to be found.
func (s *lineScanner) find() (n, width int) {
	searched := 0
	for {
		if i := bytes.IndexByte(s.buf[s.start+searched:s.end], '\n'); i >= 0 {
			if n = searched + i; n > s.max {
				s.tooLong = true
				return s.max, 0
			}
			return n, 1
		}
		searched = s.end - s.start
		if searched > s.max {
			s.tooLong = true
			return s.max, 0
		}
		if s.err != nil {
			// What a cancelled reading leaves of a line is not the log's fault.
			if searched == 0 || errors.Is(s.err, context.Canceled) {
				return -1, 0
			}
			return searched, 0
		}
		s.fill()
	}
}

// grow makes buf larger. What was in it stays where it was.
func (s *lineScanner) grow(size int) {
	if s.pooled = size == blockSize; s.pooled {
		s.buf = blocks.Get().(*[blockSize]byte)[:]
	} else {
		s.buf = make([]byte, size)
	}
}

// discardLine drops the rest of a line that was too long.
func (s *lineScanner) discardLine() {
	fresh := false
	for {
		if i := bytes.IndexByte(s.buf[s.start:s.end], '\n'); i >= 0 {
			s.start += i + 1
			return
		}
		s.base += int64(s.end)
		s.start, s.end = 0, 0
		if s.err != nil {
			return
		}
		if s.fixed {
			s.err = errChunk
			return
		}
		if !fresh {
			// The old block holds the line that was just returned.
			s.grow(blockSize)
			fresh = true
		}
		for s.end == 0 && s.err == nil && !s.fixed {
			s.read()
		}
	}
}

// skipNULs drops NUL bytes in front of a line. They may be very many, so they
// are not kept.
func (s *lineScanner) skipNULs() {
	for {
		for s.start < s.end && s.buf[s.start] == 0 {
			s.start++
		}
		if s.start < s.end || s.err != nil {
			return
		}
		s.fill()
	}
}

// errChunk is the scanner's err at the end of a chunk: the log goes on.
var errChunk = errors.New("end of a chunk")

// fill reads more, behind what is not yet taken, which may move.
func (s *lineScanner) fill() {
	if s.fixed {
		s.err = errChunk
		return
	}
	rest, size := s.buf[s.start:s.end], len(s.buf)
	switch {
	case size == 0:
		size = firstBlock
	case s.end == size && size < blockSize:
		size = blockSize
	case len(rest) == size:
		size = min(2*size, s.max+2*blockSize)
	}
	if size > len(s.buf) {
		s.grow(size)
	}
	copy(s.buf, rest)
	s.base += int64(s.start)
	s.start, s.end = 0, len(rest)
	s.read()
}

// blocks are those of readers that came to their end: who reads many files makes
// one a file otherwise.
var blocks = sync.Pool{New: func() any { return new([blockSize]byte) }}

// release gives up what is in buf.
func (s *lineScanner) release() {
	if s.pooled {
		blocks.Put((*[blockSize]byte)(s.buf))
		s.pooled = false
	}
	s.base += int64(s.start)
	s.buf, s.start, s.end = nil, 0, 0
}

func (s *lineScanner) read() {
	for range 100 {
		n, err := s.r.Read(s.buf[s.end:])
		s.end += n
		if err == io.EOF && s.more {
			s.fixed = true
			return
		}
		s.err = err
		if n > 0 || err != nil {
			return
		}
	}
	s.err = io.ErrNoProgress
}

// trimEnd drops a CR and NUL padding from the end of a line.
func trimEnd(line []byte) []byte {
	n := len(line)
	for n > 0 && (line[n-1] == '\r' || line[n-1] == 0) {
		n--
	}
	return line[:n]
}

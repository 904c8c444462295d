package ndr

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"iter"

	"github.com/smtplog/smtplog/reply/outcome"
)

// ReadAll reads one message, or an mbox of many: that is a file that begins
// with a "From " line. Name is the file's name in positions. Only an I/O error
// and ErrOutlookMsg are yielded as errors, and end it.
func ReadAll(r io.Reader, name string) iter.Seq2[*Report, error] {
	return func(yield func(*Report, error) bool) {
		br := bufio.NewReaderSize(r, 64<<10)
		if err := refuse(br); err != nil {
			yield(nil, err)
			return
		}
		s := splitter{br: br, line: 1}
		for {
			b, line, err := s.next()
			if err != nil && !errors.Is(err, io.EOF) {
				yield(nil, err)
				return
			}
			last := err != nil
			if len(bytes.TrimSpace(b)) > 0 {
				if !yield(parse(b, outcome.Position{File: name, Line: line}), nil) {
					return
				}
			} else if last && s.messages == 0 {
				yield(parse(nil, outcome.Position{File: name, Line: 1}), nil)
				return
			}
			s.messages++
			if last {
				return
			}
		}
	}
}

// A splitter cuts an mbox into messages (RFC 4155). What follows the first
// MaxMessage bytes of a message is skipped.
type splitter struct {
	br       *bufio.Reader
	line     int64 // of what is read next
	messages int
	mbox     bool
	pending  []byte // the "From " line of the next message
}

// next returns one message, the line it begins at, and io.EOF with the last.
func (s *splitter) next() (b []byte, first int64, err error) {
	first = s.line
	if s.pending != nil {
		first--
	}
	b = append(b, s.pending...)
	s.pending = nil
	blank, begun := s.messages == 0 && len(b) == 0, len(b) > 0
	whole := true // the last chunk began a line
	for {
		chunk, err := s.br.ReadSlice('\n')
		begins := whole
		whole = !errors.Is(err, bufio.ErrBufferFull)
		if err != nil && whole && !errors.Is(err, io.EOF) {
			return nil, first, err
		}
		if begins && blank && bytes.HasPrefix(chunk, []byte("From ")) {
			if !begun && s.messages == 0 {
				s.mbox = true
			} else if s.mbox && fromLine(chunk) {
				s.pending = bytes.Clone(chunk)
				s.line++
				return b, first, nil
			}
		}
		if begins {
			blank = len(bytes.TrimRight(chunk, "\r\n")) == 0
			begun = begun || !blank
			if s.mbox {
				chunk = unquoteFrom(chunk)
			}
		}
		if room := MaxMessage + 1 - len(b); room > 0 {
			b = append(b, chunk[:min(room, len(chunk))]...)
		}
		if whole && len(chunk) > 0 {
			s.line++
		}
		if err != nil && whole {
			return b, first, io.EOF
		}
	}
}

// unquoteFrom takes a ">" away from ">From ", ">>From " and so on.
func unquoteFrom(line []byte) []byte {
	if len(line) > 0 && line[0] == '>' && bytes.HasPrefix(bytes.TrimLeft(line, ">"), []byte("From ")) {
		return line[1:]
	}
	return line
}

// fromLine tells a line that begins a message from a sentence that begins with
// "From": it has an address and a time.
func fromLine(line []byte) bool {
	fields := bytes.Fields(line)
	if len(fields) < 6 || len(line) > 500 {
		return false
	}
	clock := false
	for _, f := range fields[2:] {
		clock = clock || len(f) >= 5 && len(f) <= 8 && digit(f[0]) && bytes.IndexByte(f, ':') > 0
	}
	return clock
}

package logparse

import (
	"bytes"
	"fmt"
)

const (
	// maxValues bounds what is kept of a row's values. The longest list of
	// columns that Exchange writes has 30.
	maxValues = 256

	// How far the end of a quoted value is looked for in the lines that follow.
	maxRowLines = 64
	maxRowBytes = 256 << 10
)

// csvRow reads the rows of a CSV log and holds the values of one.
type csvRow struct {
	lines *lineScanner

	raw    []byte     // the row, its lines joined with "\n"
	count  int        // columns it has
	values []csvValue // the first maxValues of them

	joined    []byte // backs raw when the row takes several lines
	unescaped []byte // backs the values that had quotes inside
}

type csvValue struct {
	from, to int  // where in the row it is
	escaped  bool // its quotes are doubled
}

// takeLine takes the next line. The class is lineRecord for one that may hold a
// row; for a malformed one, msg is what is wrong with it.
func takeLine(lines *lineScanner) (line []byte, class lineClass, msg string) {
	line, ok := lines.next()
	switch {
	case !ok:
		return nil, lineEnd, ""
	case lines.tooLong:
		return nil, lineMalformed, fmt.Sprintf("the line is longer than %d bytes", lines.max)
	}
	line = trimBOM(line)
	if len(line) == 0 || line[0] <= ' ' && isBlank(line) {
		return nil, lineBlank, ""
	}
	return line, lineRecord, ""
}

// trimBOM drops the byte order mark from the beginning of a line.
//
// QUIRK: Exchange 2010 writes a UTF-8 byte order mark in front of "#Software";
// in files that were joined it stands in the middle.
func trimBOM(line []byte) []byte {
	if len(line) >= 3 && line[0] == 0xEF && line[1] == 0xBB && line[2] == 0xBF {
		return line[3:]
	}
	return line
}

// split takes row apart and reports whether it ends inside a quoted value.
func (r *csvRow) split(row []byte) (open bool) {
	r.raw, r.unescaped = row, r.unescaped[:0]
	values, count := r.values[:0], 0
	next := 0
	for pos := 0; next >= 0; pos = next {
		v := csvValue{pos, len(row), false}
		if pos < len(row) && row[pos] == '"' {
			v.from, v.to, v.escaped, next = csvQuotedAt(row, pos)
		} else if i := bytes.IndexByte(row[pos:], ','); i >= 0 {
			v.to, next = pos+i, pos+i+1
		} else {
			next = csvEnd
		}
		if count++; count <= maxValues {
			values = append(values, v)
		}
	}
	r.values, r.count = values, count
	return next == csvOpen
}

// value returns the value of the i-th column, from 0: nil when it is empty or
// the row has no such column. It is good until the next row is split.
func (r *csvRow) value(i int) []byte {
	if uint(i) >= uint(len(r.values)) {
		return nil
	}
	v := &r.values[i]
	text := r.raw[v.from:v.to]
	if v.escaped {
		text = r.unescape(text)
	}
	return some(text)
}

// unescape returns value with its quotes single again.
func (r *csvRow) unescape(value []byte) []byte {
	n := len(r.unescaped)
	r.unescaped = csvUnescape(r.unescaped, value)
	return r.unescaped[n:len(r.unescaped):len(r.unescaped)]
}

// unclosed is what is wrong with a row that join cannot complete.
const unclosed = "the row ends inside a quoted value"

// join completes a row that split found to end inside a quoted value, with the
// lines that follow. It fails, and takes no line, unless the quotes close
// within maxRowLines and accept takes the row for a whole one, once it is
// split: one stray quote must not swallow the rows behind it. isRow tells the
// lines that begin a row of their own.
func (r *csvRow) join(isRow func(line []byte) bool, accept func() bool) bool {
	// Looking ahead may move the bytes of the row.
	r.joined = append(r.joined[:0], r.raw...)
	off := 0
	for taken := 1; taken < maxRowLines; taken++ {
		line, next, ok := r.lines.ahead(off, maxRowBytes)
		if !ok || isRow(trimBOM(line)) {
			return false
		}
		off = next
		r.joined = append(append(r.joined, '\n'), line...)
		from := len(r.joined) - len(line)
		open, ok := csvContinue(r.joined[from:])
		if !ok {
			return false
		}
		if open {
			continue
		}
		if r.split(r.joined); !accept() {
			return false
		}
		for range taken {
			r.lines.next()
		}
		return true
	}
	return false
}

// csvContinue reads a line that begins inside a quoted value, and reports
// whether it ends inside one. It fails on text behind a closing quote, which
// no program writes: the quote in the row above was a stray one, and what
// closed it opens another value.
func csvContinue(line []byte) (open, ok bool) {
	i := 0
	for {
		j := bytes.IndexByte(line[i:], '"')
		if j < 0 {
			return true, true
		}
		if i += j + 1; i == len(line) || line[i] != '"' {
			break
		}
		i++
	}
	end := len(line)
	if j := bytes.IndexByte(line[i:], ','); j >= 0 {
		end = i + j
	}
	if !isBlank(line[i:end]) {
		return false, false
	}
	for pos := end + 1; pos >= 0 && pos <= len(line); {
		value, escaped, next := csvNext(line, pos)
		if !escaped && len(value) > 0 && value[0] == '"' {
			return false, false
		}
		open = next == csvOpen
		pos = next
	}
	return open, true
}

// csvColumn returns the value of the i-th column of row, from 0, with its
// quotes still doubled: nil when there is no such column.
func csvColumn(row []byte, i int) []byte {
	for pos := 0; pos >= 0 && i >= 0; i-- {
		value, _, next := csvNext(row, pos)
		if i == 0 {
			return value
		}
		pos = next
	}
	return nil
}

// ahead returns the line that begins off bytes behind the last one taken,
// without taking it, and where the one after it begins. ok is false when there
// is none, or it does not end within limit bytes. What was taken before may
// move in memory.
func (s *lineScanner) ahead(off, limit int) (line []byte, next int, ok bool) {
	searched := off
	for {
		if i := bytes.IndexByte(s.buf[s.start+searched:s.end], '\n'); i >= 0 {
			next = searched + i
			line = s.buf[s.start+off : s.start+next]
			next++
			break
		}
		if s.err != nil || s.end-s.start > limit {
			next = s.end - s.start
			line = s.buf[s.start+off : s.end]
			if s.err == nil || len(bytes.Trim(line, "\x00")) == 0 {
				return nil, 0, false
			}
			break
		}
		searched = s.end - s.start
		s.fill()
	}
	if len(line) > s.max {
		return nil, 0, false
	}
	return trimEnd(bytes.TrimLeft(line, "\x00")), next, next <= limit
}

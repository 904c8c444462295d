package logparse

import (
	"bytes"
	"io"

	"github.com/smtplog/smtplog/reply/outcome"
)

// A Kept holds rows of one log as they stand there, to be read again later.
type Kept struct {
	name string
	opt  Options
	mark Mark
	text []byte // the rows, each with an end of line
	rows []keptRow
}

// A keptRow is where a row stands in the log and in Kept.text.
type keptRow struct {
	line, offset int64
	end          int
	lines        int32
}

// Keep adds rec, which r returned last. It reports false, and adds nothing, where
// the row could not be read again: the rows before had other columns.
func (k *Kept) Keep(r *Reader, rec *Record) bool {
	mark, ok := r.Mark()
	if !ok {
		return false
	}
	rec.Fill()
	if k.rows == nil {
		k.name, k.opt, k.mark = r.name, r.opt, mark
		k.opt.Sparse, k.opt.Jobs = false, 1
	}
	if !k.mark.agrees(mark) || len(rec.raw) == 0 {
		return false
	}
	k.text = append(append(k.text, rec.raw...), '\n')
	k.rows = append(k.rows, keptRow{rec.Pos.Line, rec.Pos.Offset, len(k.text), int32(rec.Lines)})
	return true
}

// Len returns how many rows are kept.
func (k *Kept) Len() int { return len(k.rows) }

// Size returns about how many bytes the rows take.
func (k *Kept) Size() int { return len(k.text) + len(k.rows)*32 }

// Each calls each for the rows in order, as they were read first but for their
// lines, which are moved by so many. It reports false, and stops, at a row that
// reads otherwise now.
func (k *Kept) Each(lines int64, each func(*Record)) bool {
	if len(k.rows) == 0 {
		return true
	}
	mark := k.mark.At(0)
	r := NewRangeReader(bytes.NewReader(k.text), k.name, &k.opt, &mark, false)
	for _, row := range k.rows {
		rec, err := r.Next()
		if err != nil || r.lines.base+int64(r.lines.start) != int64(row.end) {
			return false
		}
		rec.Pos = outcome.Position{File: k.name, Line: row.line + lines, Offset: row.offset}
		rec.Lines = int(row.lines)
		each(rec)
	}
	_, err := r.Next()
	return err == io.EOF
}

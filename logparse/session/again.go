package session

import (
	"bytes"
	"hash/crc32"
	"io"
	"slices"

	"github.com/smtplog/smtplog/logparse"
)

// A rereader reads rows of logs again.
type rereader struct {
	columns [][]string // of rows
	recent  uint32     // index of those of the row before, from 1

	file string // whose bytes from reads, "" for none
	from io.ReaderAt

	wanted []wantedRow // of the transcript at hand
	rows   []byte      // scratch
	found  []int       // scratch: for each of the rows its index in wanted
}

// A wantedRow is a row whose text a step of the transcript lacks.
type wantedRow struct {
	rowAt
	step   int // its index
	kind   logparse.Kind
	secret bool
}

// againSize is about how much is read again at a time, in bytes.
const againSize = 64 << 10

// readAlone are the formats with rows that mean the same without those around
// them, but for the time.
const readAlone = 1<<logparse.ExchangeReceive | 1<<logparse.ExchangeSend | 1<<logparse.IISW3C | 1<<logparse.IISNCSA | 1<<logparse.IISMSIIS

// packAgain writes the record's step with the place of its row instead of its
// text. It reports false, with nothing done, where the row cannot be read again.
func (b *Builder) packAgain(t *transcript, rec *logparse.Record, secret bool) bool {
	if readAlone>>rec.Format&1 == 0 || rec.Lines != 1 || b.bytesOf(rec.Pos.File) == nil {
		return false
	}
	columns, ok := b.again.columnsOf(rec)
	if !ok {
		return false
	}
	flags := byte(packedAgain)
	if secret && !b.opt.ShowSecrets {
		flags |= packedSecret
	}
	raw := rec.Raw()
	t.pack(rec, flags)
	t.packRow(rowAt{b.fileNumber(rec.Pos.File), columns, rec.Pos.Offset, len(raw), crc32.ChecksumIEEE(raw)})
	return true
}

// bytesOf returns what reads the bytes of a log, nil where nothing does.
func (b *Builder) bytesOf(file string) io.ReaderAt {
	r := &b.again
	if b.opt.Again != nil && r.file != file {
		r.file, r.from = file, b.opt.Again(file)
	}
	return r.from
}

// columnsOf returns the index of the record's columns. It reports false where
// there are too many lists of them.
func (r *rereader) columnsOf(rec *logparse.Record) (uint32, bool) {
	names := rec.Columns()
	same := func(list []string) bool {
		return len(list) == len(names) && (len(list) == 0 || &list[0] == &names[0] || slices.Equal(list, names))
	}
	if r.recent > 0 && same(r.columns[r.recent-1]) {
		return r.recent - 1, true
	}
	i := slices.IndexFunc(r.columns, same)
	if i < 0 {
		if i = len(r.columns); i >= maxRowColumns {
			return 0, false
		}
		r.columns = append(r.columns, names)
	}
	r.recent = uint32(i + 1)
	return uint32(i), true
}

// readAgain gives the steps of a session the texts that they lack. It returns
// them without those whose rows are not in their logs any more.
func (b *Builder) readAgain(format logparse.Format, steps []Step) []Step {
	wanted := b.again.wanted
	if len(wanted) == 0 {
		return steps
	}
	for i := range wanted {
		s := &steps[wanted[i].step]
		wanted[i].kind, s.Kind = s.Kind, logparse.KindNone // until the row is found
	}
	for len(wanted) > 0 {
		n, size := 1, wanted[0].size
		for n < len(wanted) && size < againSize && wanted[n].file == wanted[0].file && wanted[n].columns == wanted[0].columns {
			size += wanted[n].size
			n++
		}
		b.readRows(format, wanted[:n], steps)
		wanted = wanted[n:]
	}
	return slices.DeleteFunc(steps, func(s Step) bool { return s.Kind == logparse.KindNone })
}

// readRows reads rows of the same file with the same columns again.
func (b *Builder) readRows(format logparse.Format, wanted []wantedRow, steps []Step) {
	again := &b.again
	again.copyRows(b.bytesOf(b.files[wanted[0].file]), wanted)
	r := logparse.NewReader(bytes.NewReader(again.rows), "", &logparse.Options{
		Format: format, Fields: again.columns[wanted[0].columns], MaxLine: len(again.rows) + 1,
	})
	for rec, err := range r.Records() {
		if err != nil {
			continue
		}
		w := &wanted[again.found[rec.Pos.Line-1]]
		if rec.Kind != w.kind {
			continue
		}
		text := wireText(rec)
		if w.secret {
			text = Redact(text)
		}
		steps[w.step].Kind, steps[w.step].Text = w.kind, b.text.string(text)
	}
}

// copyRows copies the wanted rows out of their log, as far as they still stand
// there.
func (r *rereader) copyRows(from io.ReaderAt, wanted []wantedRow) {
	r.rows, r.found = r.rows[:0], r.found[:0]
	for i := range wanted {
		w, n := &wanted[i], len(r.rows)
		r.rows = slices.Grow(r.rows, w.size+1)
		row := r.rows[n : n+w.size]
		if k, _ := from.ReadAt(row, w.offset); k == w.size && crc32.ChecksumIEEE(row) == w.sum {
			r.rows = append(r.rows[:n+w.size], '\n')
			r.found = append(r.found, i)
		}
	}
}

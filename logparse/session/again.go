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

	rows   rows
	reader *logparse.Reader // of rows, nil before the first
	format logparse.Format  // that it reads
	of     uint32           // index of the columns that it reads
}

// A wantedRow is a row whose text a step of the transcript lacks.
type wantedRow struct {
	rowAt
	step   int // its index
	kind   logparse.Kind
	secret bool
}

// maxAgain is the longest row that is read again, in bytes.
const maxAgain = 1 << 30

// readAlone are the formats with rows that mean the same without those around
// them, but for the time.
const readAlone = 1<<logparse.ExchangeReceive | 1<<logparse.ExchangeSend | 1<<logparse.IISW3C | 1<<logparse.IISNCSA | 1<<logparse.IISMSIIS

// packAgain writes the record's step with the place of its row instead of its
// text. It reports false, with nothing done, where the row cannot be read again.
func (b *Builder) packAgain(t *transcript, rec *logparse.Record, secret bool) bool {
	if readAlone>>rec.Format&1 == 0 || rec.Lines != 1 || len(rec.Raw()) >= maxAgain || b.bytesOf(rec.Pos.File) == nil {
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
	for i := range wanted {
		w := &wanted[i]
		if rec := b.readRow(format, &w.rowAt); rec != nil && rec.Kind == w.kind {
			text := wireText(rec)
			if w.secret {
				text = Redact(text)
			}
			steps[w.step].Kind, steps[w.step].Text = w.kind, b.text.string(text)
		}
	}
	return slices.DeleteFunc(steps, func(s Step) bool { return s.Kind == logparse.KindNone })
}

// readRow reads a row again. It returns nil when the row does not stand in its
// log any more.
func (b *Builder) readRow(format logparse.Format, row *rowAt) *logparse.Record {
	r := &b.again
	r.rows.line = append(slices.Grow(r.rows.line[:0], row.size+1)[:row.size], '\n')
	line := r.rows.line[:row.size]
	if n, _ := b.bytesOf(b.files[row.file]).ReadAt(line, row.offset); n < row.size || crc32.ChecksumIEEE(line) != row.sum {
		return nil
	}
	if r.format != format || r.of != row.columns {
		r.reader, r.format, r.of = nil, format, row.columns
	}
	// A Reader takes all dates of MS IIS logs to be in the order that suits its
	// first row, which may not be that of the log.
	for fresh := false; ; {
		if r.reader == nil {
			r.reader = logparse.NewReader(&r.rows, "", &logparse.Options{Format: format, Fields: r.columns[row.columns], MaxLine: maxAgain})
			fresh = true
		}
		r.rows.rest = r.rows.line
		rec, err := r.reader.Next()
		if err == nil && bytes.Equal(rec.Raw(), line) {
			return rec
		}
		r.reader = nil
		if fresh {
			return nil
		}
	}
}

// rows is a log with one row at a time: the one that is set, and blank lines
// behind it as far as a Reader looks for them.
type rows struct{ line, rest []byte }

func (r *rows) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		p[0] = '\n'
		return 1, nil
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

package logparse

import (
	"bytes"
	"slices"
)

// A jsonRun is columns that stand one behind the other and hardly change from one
// row of a peer to the next. What rows have there is kept as JSON: where a row has
// the same bytes, nothing is looked for in them.
type jsonRun struct {
	columns int
	width   int // of their keys
	blocks  []jsonBlock
	turn    uint64 // which of two blocks was replaced last
	added   int    // blocks since there are so many
}

// A jsonBlock is what a row has in the columns of a jsonRun, with the separator
// behind the last one if there is one: without it, the row ends there.
type jsonBlock struct{ row, json []byte }

const (
	// fewBlocks is for columns that nearly all rows have in common for a while,
	// someBlocks for those with the verb or the status, manyBlocks for those that
	// name the peer, at first.
	fewBlocks  = 2
	someBlocks = 16
	manyBlocks = 64
	mostBlocks = 1024

	maxBlock = 512 // bytes of a row that are kept

	jsonRunHash = 36 // how many bytes there must be for a look
)

// find returns the block that row begins with, nil if it is not known.
func (r *jsonRun) find(row []byte, separator byte) *jsonBlock {
	i, ok := r.place(row)
	if !ok {
		return nil
	}
	i ^= r.turn // of few blocks, that with what was kept last
	if b := &r.blocks[i]; b.begins(row, separator) {
		return b
	}
	if b := &r.blocks[i^1]; b.begins(row, separator) {
		return b
	}
	return nil
}

// place returns the index of one of the two blocks for what row begins with. Verbs
// and codes differ in the first five bytes. Most peers differ in the first ones;
// commands of ours and the replies to them, which name the same one, in the last.
func (r *jsonRun) place(row []byte) (i uint64, ok bool) {
	switch {
	case len(r.blocks) == fewBlocks:
		return 0, true
	case len(r.blocks) == someBlocks:
		x := uint64(0)
		if len(row) >= 8 {
			x = word(row)
		} else {
			x = lastWord(row, ' '*each)
		}
		return (x << 24 * 0xff51_afd7_ed55_8ccd) >> 32 % someBlocks, true
	case len(row) < jsonRunHash:
		return 0, false
	}
	x := word(row) ^ word(row[8:])*0x9e37_79b9_7f4a_7c15 ^ word(row[jsonRunHash-8:])*0xc2b2_ae3d_27d4_eb4f
	return (x * 0xff51_afd7_ed55_8ccd) >> 32 % uint64(len(r.blocks)), true
}

// begins reports whether b is what row begins with.
func (b *jsonBlock) begins(row []byte, separator byte) bool {
	n := len(b.row)
	return n > 0 && n <= len(row) && string(row[:n]) == string(b.row) && (n == len(row) || b.row[n-1] == separator)
}

// appendRun appends the columns of the run that begins with the i-th one, which are
// at pos in the row, and keeps them. It returns where the next one is: behind the
// row's end if there is none.
func (w *JSONWriter) appendRun(b, row []byte, pos, i int) (_ []byte, next int) {
	r, from, begin := w.runs[i], len(b), pos
	for end := i + r.columns; i < end && pos <= len(row); i++ {
		value := row[pos:]
		if n := bytes.IndexByte(value, w.layout.separator); n >= 0 {
			value = value[:n]
		}
		b = appendInside(w.appendKey(b, i), value)
		pos += len(value) + 1
	}
	r.keep(row[begin:], min(pos, len(row))-begin, b[from:])
	return b, pos
}

// keep keeps the first bytes of a row, which it has in the columns, and their JSON,
// unless they are many. JSON that takes more room than bytes that are only copied
// is not kept.
func (r *jsonRun) keep(row []byte, size int, json []byte) {
	if size > maxBlock || len(json) > r.width+size {
		return
	}
	i, ok := r.place(row)
	if !ok {
		return
	}
	if r.added++; len(r.blocks) >= manyBlocks && len(r.blocks) < mostBlocks && r.added > len(r.blocks)/2 {
		r.blocks, r.added = make([]jsonBlock, 4*len(r.blocks)), 0
		i, _ = r.place(row)
	}
	r.turn ^= 1
	b := &r.blocks[i^r.turn]
	b.row, b.json = append(b.row[:0], row[:size]...), append(b.json[:0], json...)
}

// jsonRunsOf returns the runs of columns, by the index of the first, nil for the
// other columns. They are those of IIS that name the peer, those that say when it
// was, those that the SMTP service does not use, and those with the verb or the
// status.
func jsonRunsOf(l *layout, keys []jsonKey) []*jsonRun {
	runs := make([]*jsonRun, len(l.names))
	if l.separator != ' ' {
		return runs
	}
	columns := iisColumnsOf(l.names, w3cColumns)
	for i := 0; i < len(columns); {
		size := jsonRunSize(columns[i])
		n := 1
		for size > 0 && i+n < len(columns) && goesOn(size, columns[i+n]) {
			n++
		}
		if n > 1 {
			runs[i] = newJSONRun(keys[i:i+n], size)
		}
		i += n
	}
	return runs
}

func newJSONRun(keys []jsonKey, blocks int) *jsonRun {
	r := &jsonRun{columns: len(keys), blocks: make([]jsonBlock, blocks)}
	for i := range keys {
		r.width += len(keys[i].text)
	}
	return r
}

// jsonRunSize returns how many blocks runs of such columns have, 0 for columns that
// are in none.
func jsonRunSize(c iisColumn) int {
	switch c {
	case iisClient, iisUser, iisSite, iisServer, iisLocal, iisPort:
		return manyBlocks
	case iisMethod, iisStatus, iisWin32:
		return someBlocks
	case iisDate, iisTime, iisOther:
		return fewBlocks
	}
	return 0
}

// goesOn reports whether a run with so many blocks takes in a column behind it.
func goesOn(size int, c iisColumn) bool {
	return jsonRunSize(c) == size || size == someBlocks && c == iisOther
}

// sameColumns reports whether rows of both layouts have the same names in front of
// the same values.
func sameColumns(a, b *layout) bool {
	return a != nil && b != nil && a.separator == b.separator && a.separator != 0 && slices.Equal(a.names, b.names)
}

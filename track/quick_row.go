package track

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/smtplog/smtplog/logparse"
)

// A quickRow is a row on the short way. The ends of its columns are looked for
// when they are asked for: what is behind them need not be as Exchange writes it.
type quickRow struct {
	row  []byte
	ends [quickColumns]int // of the columns; those in front of the connector-id may be missing
	next int               // the column whose end is not known yet

	brief bool // it will be packed in brief

	// In brief. What hashed says of internal-message-id to network-message-id, of
	// recipient-address, and of message-subject and sender-address.
	idsHash, toHash, aboutHash extent

	late              int  // the number of the late row with the same ids, noLate if there is none
	sameTo, sameAbout bool // it has the two hashes, too

	columns []string // of the rows before
	usual   bool     // they are those of the short way

	origin      uint32 // the number of its origin
	file        string
	fileNumber  uint32
	way         string // directionality
	wayNumber   uint32
	otherWay    string // of a row before
	otherNumber uint32
}

// span returns the values from one column to another as they stand in the row.
func (q *quickRow) span(from, to int) []byte { return q.row[q.ends[from-1]+1 : q.ends[to]] }

// value returns the value of a column.
func (q *quickRow) value(i int) []byte {
	v := q.span(i, i)
	if len(v) > 0 && v[0] == '"' {
		return unquote(v)
	}
	return v
}

// unquote returns a value that has quotes around it without them.
func unquote(v []byte) []byte {
	if v = v[1 : len(v)-1]; bytes.IndexByte(v, '"') >= 0 {
		v = bytes.ReplaceAll(v, []byte(`""`), []byte{'"'})
	}
	return v
}

const quickTime = len("2006-01-02T15:04:05.000Z")

// cut begins with a row, if it may go the short way. It finds the ends of the
// columns up to the event-id.
func (q *quickRow) cut(rec *logparse.Record) bool {
	if rec.Format != logparse.Tracking || rec.Time.Digits() != 3 || rec.Time.IsZero() {
		return false
	}
	columns := rec.Columns()
	if len(columns) != len(q.columns) || len(columns) == 0 || &columns[0] != &q.columns[0] {
		q.columns = columns
		q.usual = len(columns) >= quickColumns && slices.Equal(columns[:quickColumns], quickNames)
	}
	q.row = rec.Raw()
	if !q.usual || len(q.row) <= quickTime || q.row[quickTime] != ',' {
		return false
	}
	q.ends[atTime], q.next = quickTime, atTime+1
	return q.find(atEventID)
}

// follow begins with a row of that origin.
func (q *quickRow) follow(rec *logparse.Record, o *origin) bool {
	q.row = rec.Raw()
	at := quickTime + 1 + len(o.who) + 1
	end := 0
	if q.row[at] == '"' {
		end = quotedEnd(q.row, at)
	} else {
		end = at + bytes.IndexByte(q.row[at:], ',')
	}
	if end < at {
		return false
	}
	q.ends[atServerHostname], q.ends[atSourceContext], q.ends[atEventID], q.next = at-1, end, end+1+len(o.what), atEventID+1
	return true
}

// find finds the ends of the columns up to last. It fails if the row has fewer,
// or one of them begins with a quote and does not end with it.
func (q *quickRow) find(last int) bool {
	row, at := q.row, q.ends[q.next-1]+1
	for ; q.next <= last; q.next++ {
		end := at
		switch {
		case at >= len(row):
			if at > len(row) {
				return false
			}
		case row[at] == '"':
			if end = quotedEnd(row, at); end < 0 {
				return false
			}
		case row[at] != ',':
			end = commaFrom(row, at)
		}
		q.ends[q.next] = end
		at = end + 1
	}
	return true
}

// commaFrom returns where the first comma is, at i or behind it; len(row) if
// there is none. Most values are short.
func commaFrom(row []byte, i int) int {
	const each = 0x0101_0101_0101_0101
	for stop := i + 32; i < stop && i+16 <= len(row); i += 16 {
		next := (*[16]byte)(row[i : i+16])
		// The lowest top bit that is set is that of the first comma.
		x := binary.LittleEndian.Uint64(next[:8]) ^ ','*each
		if x = (x - each) &^ x & (0x80 * each); x != 0 {
			return i + bits.TrailingZeros64(x)/8
		}
		x = binary.LittleEndian.Uint64(next[8:]) ^ ','*each
		if x = (x - each) &^ x & (0x80 * each); x != 0 {
			return i + 8 + bits.TrailingZeros64(x)/8
		}
	}
	if width := bytes.IndexByte(row[i:], ','); width >= 0 {
		return i + width
	}
	return len(row)
}

// quotedEnd returns where a value ends that begins with a quote at i, -1 if it
// does not end with one.
func quotedEnd(row []byte, i int) int {
	for i++; ; i += 2 { // over two quotes, which stand for one
		width := bytes.IndexByte(row[i:], '"')
		if width < 0 {
			return -1
		}
		if i += width; i+1 == len(row) || row[i+1] == ',' {
			return i + 1
		}
		if row[i+1] != '"' {
			return -1
		}
	}
}

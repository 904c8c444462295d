package logparse

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/smtplog/smtplog/logparse/jsontext"
)

// A jsonKey is what stands in front of a value of a row: the end of the value
// before, the name, and the quote that the value begins with.
type jsonKey struct {
	text  string
	begin [jsonKeySize]byte // of text
}

// jsonKeySize is the size of keys, and of values, that are copied as fast as
// there is a way, whatever their length.
const jsonKeySize = 32

func newJSONKey(name string, first bool) jsonKey {
	k := jsonKey{text: string(jsontext.AppendString(nil, name)) + `:"`}
	if !first {
		k.text = `",` + k.text
	}
	copy(k.begin[:], k.text)
	return k
}

// use prepares the names of the columns, which few rows change.
func (w *JSONWriter) use(l *layout) {
	if w.layout == l {
		return
	}
	if sameColumns(w.layout, l) {
		w.layout = l
		return
	}
	w.layout, w.keys, w.keysSize = l, w.keys[:0], 0
	for i, name := range l.names {
		w.keys = append(w.keys, newJSONKey(name, i == 0))
		w.keysSize += len(w.keys[i].text)
	}
	w.runs = jsonRunsOf(l, w.keys)
	w.useIIS(l)
}

// appendKey appends that of the i-th column, from 0.
func (w *JSONWriter) appendKey(b []byte, i int) []byte {
	if i < len(w.keys) {
		return append(b, w.keys[i].text...)
	}
	return append(b, newJSONKey(w.layout.name(i+1), i == 0).text...)
}

// room returns b with room for all columns of a row that are only copied, as far as
// its memory goes, and how much of that is used.
func (w *JSONWriter) room(b, row []byte) (out []byte, n int) {
	n = len(b)
	b = slices.Grow(b, w.keysSize+len(row)+2*jsonKeySize)
	return b[:cap(b)], n
}

// putKey puts the i-th key into out at n, and returns where it ends.
func (w *JSONWriter) putKey(out []byte, n, i int) int {
	key := &w.keys[i]
	*(*[jsonKeySize]byte)(out[n : n+jsonKeySize : n+jsonKeySize]) = key.begin
	if len(key.text) > jsonKeySize {
		copy(out[n:], key.text)
	}
	return n + len(key.text)
}

// appendSeparated appends the columns of a row whose values stand between
// separators. Most values need no more than to be copied.
func (w *JSONWriter) appendSeparated(b, row []byte) []byte {
	separator := w.layout.separator
	if separator == ' ' {
		row = trimBlanksRight(row)
	}
	separators := uint64(separator) * each
	out, n := w.room(b, row)
	pos := 0
	for i := 0; i < len(w.keys); i++ {
		if r := w.runs[i]; r != nil {
			if block := r.find(row[pos:], separator); block != nil {
				n += copy(out[n:], block.json)
				if pos += len(block.row); pos == len(row) && row[pos-1] != separator {
					return append(out[:n], '"')
				}
			} else {
				if b, pos = w.appendRun(out[:n], row, pos, i); pos > len(row) {
					return append(b, '"')
				}
				out, n = w.room(b, row)
			}
			i += r.columns - 1
			continue
		}
		n = w.putKey(out, n, i)
		width := copyPlain(out[n:], row[pos:], separators)
		end := pos + width
		switch {
		case end == len(row):
			return append(out[:n+width], '"')
		case row[end] == separator:
			n, pos = n+width, end+1
		default:
			if b, pos = w.appendOther(out[:n], row, pos, separator); pos < 0 || pos > len(row) {
				return append(b, '"')
			}
			out, n = w.room(b, row)
		}
	}
	b = out[:n]
	for i := len(w.keys); pos >= 0 && pos <= len(row); i++ { // more than there are names
		b, pos = w.appendOther(w.appendKey(b, i), row, pos, separator)
	}
	return append(b, '"')
}

// copyPlain copies what a row goes on with to out, as far as the next separator,
// the row's end or the first byte that JSON may not have as it is, and returns
// how many bytes that is. It copies whole words: some bytes more.
func copyPlain(out, row []byte, separators uint64) (n int) {
	for {
		var word uint64
		if len(row)-n >= 8 {
			word = binary.LittleEndian.Uint64(row[n : n+8 : n+8])
		} else {
			word = lastWord(row[n:], separators)
		}
		binary.LittleEndian.PutUint64(out[n:n+8:n+8], word)
		if stops := jsontext.Special(word) | ((word^separators)-each)&(each<<7); stops != 0 {
			return n + bits.TrailingZeros64(stops)/8
		}
		n += 8
	}
}

// lastWord returns what is left of a row, less than eight bytes, with separators
// behind it.
func lastWord(rest []byte, separators uint64) uint64 {
	width := 8 * len(rest)
	if cap(rest) >= 8 { // what stands behind the row is not looked at
		return binary.LittleEndian.Uint64(rest[:8])&(1<<width-1) | separators<<width
	}
	word := separators
	for i, c := range rest {
		word ^= (uint64(c) ^ separators&0xff) << (8 * i)
	}
	return word
}

// appendOther appends a value of a row that begins at pos, whatever it is, and
// returns where the next one begins: behind the row's end, or below 0, if there
// is none.
func (w *JSONWriter) appendOther(b, row []byte, pos int, separator byte) (_ []byte, next int) {
	if separator == ',' && pos < len(row) && row[pos] == '"' {
		// Nearly all in quotes hold nothing that is to be escaped.
		plain, n := jsontext.AppendPlain(b, row[pos+1:])
		if end := pos + 1 + n; end < len(row) && row[end] == '"' && (end+1 == len(row) || row[end+1] == ',') {
			return plain, end + 2
		}
		value, escaped, next := csvQuoted(row, pos)
		if escaped {
			return appendInside(b, csvUnescape(nil, value)), next
		}
		return w.appendEscaped(b, value), next
	}
	end := len(row)
	if n := bytes.IndexByte(row[pos:], separator); n >= 0 {
		end = pos + n
	}
	if end == pos {
		return b, end + 1
	}
	return w.appendEscaped(b, row[pos:end]), end + 1
}

// appendEscaped appends a value that has to be escaped, of which some come again
// in every row.
func (w *JSONWriter) appendEscaped(b, value []byte) []byte {
	if n := len(value); n == 0 || n > 256 {
		return appendInside(b, value)
	}
	if string(w.value) != string(value) {
		w.value = append(w.value[:0], value...)
		w.escaped = append(appendInside(append(w.escaped[:0], '"'), value), '"')
	}
	return append(b, w.escaped[1:len(w.escaped)-1]...)
}

// appendInside appends value as a JSON string whose first quote is there
// already, without the last one.
func appendInside(b, value []byte) []byte {
	b = jsontext.AppendString(b[:len(b)-1], value)
	return b[:len(b)-1]
}

// appendIMS appends the columns of a record of the IMS. Many have the same stamp.
func (w *JSONWriter) appendIMS(b, row []byte) []byte {
	n := len(w.stamp)
	if n == 0 || len(row) < n || string(row[:n]) != string(w.stamp) {
		n = imsText(row)
		if n == 0 || row[n-1] != ' ' {
			w.stamp = w.stamp[:0]
			return w.appendSplit(b, row)
		}
		w.stamp = append(w.stamp[:0], row[:n]...)
		w.stampColumn = w.appendSplit(w.stampColumn[:0], w.stamp)
		w.stampColumn = w.stampColumn[:len(w.stampColumn)-len(`"`)] // of the empty text
	}
	b = appendInside(append(b, w.stampColumn...), row[n:])
	return append(b, '"')
}

// appendSplit appends the columns of any row.
func (w *JSONWriter) appendSplit(b, row []byte) []byte {
	if w.yield == nil {
		w.yield = w.column
	}
	w.buf, w.columns = b, 0
	w.layout.split(row, w.yield)
	if b = w.buf; w.columns > 0 {
		b = append(b, '"')
	}
	w.buf = nil
	return b
}

func (w *JSONWriter) column(value []byte) bool {
	w.buf = appendInside(w.appendKey(w.buf, w.columns), value)
	w.columns++
	return true
}

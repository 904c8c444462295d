package logparse

import (
	"bytes"
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
	w.layout, w.keys, w.keysSize = l, w.keys[:0], 0
	for i, name := range l.names {
		w.keys = append(w.keys, newJSONKey(name, i == 0))
		w.keysSize += len(w.keys[i].text)
	}
}

// appendKey appends that of the i-th column, from 0.
func (w *JSONWriter) appendKey(b []byte, i int) []byte {
	if i < len(w.keys) {
		return append(b, w.keys[i].text...)
	}
	return append(b, newJSONKey(w.layout.name(i+1), i == 0).text...)
}

// appendSeparated appends the columns of a row whose values stand between
// separators.
func (w *JSONWriter) appendSeparated(b, row []byte) []byte {
	separator := w.layout.separator
	if separator == ' ' {
		row = trimBlanksRight(row)
	}
	columns, escapes := jsontext.Split(&w.ends, row, separator)
	columns = min(columns, len(w.keys))
	b, pos := w.appendValues(b, row, columns, escapes)

	// What is left: values in quotes, and more than there are names.
	for i := columns; pos >= 0 && pos <= len(row); i++ {
		b = w.appendKey(b, i)
		if separator == ',' && pos < len(row) && row[pos] == '"' {
			value, escaped, next := csvQuoted(row, pos)
			if escaped {
				value = csvUnescape(nil, value)
			}
			b, pos = appendInside(b, value), next
			continue
		}
		end := len(row)
		if n := bytes.IndexByte(row[pos:], separator); n >= 0 {
			end = pos + n
		}
		b, pos = appendInside(b, row[pos:end]), end+1
	}
	return append(b, '"')
}

// appendValues appends the first columns of a row, of which w.ends has the ends,
// and returns where in the row the next one begins. The bits of escapes say which
// of them have to be escaped.
func (w *JSONWriter) appendValues(b, row []byte, columns int, escapes uint64) (_ []byte, next int) {
	room := w.keysSize + len(row) + 2*jsonKeySize // for all that needs no more than to be copied
	b = slices.Grow(b, room)
	out, n := b[:cap(b)], len(b)
	pos := 0
	for i := range w.keys[:columns] {
		key := &w.keys[i]
		*(*[jsonKeySize]byte)(out[n:]) = key.begin
		if len(key.text) > jsonKeySize {
			copy(out[n:], key.text)
		}
		n += len(key.text)
		end := w.ends[i%len(w.ends)]
		switch width := end - pos; {
		case escapes>>i&1 != 0:
			b = slices.Grow(w.appendEscaped(out[:n], row[pos:end]), room)
			out, n = b[:cap(b)], len(b)
		case width <= 8 && pos+8 <= len(row):
			*(*[8]byte)(out[n:]) = [8]byte(row[pos:])
			n += width
		case width <= jsonKeySize && pos+jsonKeySize <= len(row):
			*(*[jsonKeySize]byte)(out[n:]) = [jsonKeySize]byte(row[pos:])
			n += width
		default:
			n += copy(out[n:], row[pos:end])
		}
		pos = end + 1
	}
	return out[:n], pos
}

// appendEscaped appends a value that has to be escaped, of which some come again
// in every row.
func (w *JSONWriter) appendEscaped(b, value []byte) []byte {
	if len(value) > 256 {
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

package logparse

import "github.com/smtplog/smtplog/logparse/jsontext"

// use prepares the names of the columns, which few rows change.
func (w *JSONWriter) use(l *layout) {
	if w.layout == l {
		return
	}
	w.layout, w.keys = l, w.keys[:0]
	for i, name := range l.names {
		w.keys = append(w.keys, jsonKey(name, i == 0))
	}
}

// jsonKey returns what stands in front of a value of a row: the end of the value
// before, the name, and the quote that the value begins with.
func jsonKey(name string, first bool) string {
	key := string(jsontext.AppendString(nil, name)) + `:"`
	if first {
		return key
	}
	return `",` + key
}

// key returns that of the i-th column, from 0.
func (w *JSONWriter) key(i int) string {
	if i < len(w.keys) {
		return w.keys[i]
	}
	return jsonKey(w.layout.name(i+1), i == 0)
}

// appendSeparated appends the columns of a row whose values stand between
// separators.
func (w *JSONWriter) appendSeparated(b, row []byte) []byte {
	separator := w.layout.separator
	if separator == ' ' {
		row = trimBlanksRight(row)
	}
	stops := jsontext.StopsOf(row, separator)
	for i, pos := 0, 0; pos >= 0 && pos <= len(row); i++ {
		b = append(b, w.key(i)...)
		if separator == ',' && pos < len(row) && row[pos] == '"' {
			value, escaped, next := csvQuoted(row, pos)
			if escaped {
				value = csvUnescape(nil, value)
			}
			b, pos = appendInside(b, value), next
			stops.Seek(pos)
			continue
		}
		end, plain := stops.Next(), true
		for end < len(row) && row[end] != separator {
			end, plain = stops.Next(), false
		}
		if plain {
			b = append(b, row[pos:end]...)
		} else {
			b = w.appendEscaped(b, row[pos:end])
		}
		pos = end + 1
	}
	return append(b, '"')
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
	w.buf = appendInside(append(w.buf, w.key(w.columns)...), value)
	w.columns++
	return true
}

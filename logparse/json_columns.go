package logparse

import (
	"bytes"
	"sync"

	"github.com/smtplog/smtplog/logparse/jsontext"
)

// appendSeparated appends the columns of a row whose values stand between
// separators.
func (l *layout) appendSeparated(b, row []byte) []byte {
	if l.separator == ' ' {
		row = trimBlanksRight(row)
	}
	keys := l.jsonKeys()
	plain := jsontext.PlainLen(row) // where the first byte stands that may have to be escaped
	for i, pos := 0, 0; pos >= 0 && pos <= len(row); i++ {
		if i < len(keys) {
			b = append(b, keys[i]...)
		} else {
			b = append(b, jsonKey(l.name(i+1), i == 0)...)
		}
		if pos > plain {
			plain = pos + jsontext.PlainLen(row[pos:])
		}
		rest := row[pos:]
		if len(rest) > 0 && rest[0] == '"' && l.separator == ',' {
			value, escaped, next := csvQuoted(row, pos)
			if escaped {
				value = csvUnescape(nil, value)
			}
			b, pos = appendInside(b, value), next
			continue
		}
		n := bytes.IndexByte(rest, l.separator)
		if n < 0 {
			n = len(rest)
		}
		value := rest[:n]
		if pos += n; pos <= plain {
			b = append(b, value...)
		} else {
			b = appendInside(b, value)
		}
		pos++
	}
	return append(b, '"')
}

// appendSplit appends the columns of any row.
func (l *layout) appendSplit(b, row []byte) []byte {
	c := columnWriters.Get().(*columnWriter)
	c.buf, c.layout, c.keys, c.columns = b, l, l.jsonKeys(), 0
	l.split(row, c.yield)
	if b = c.buf; c.columns > 0 {
		b = append(b, '"')
	}
	c.buf, c.layout, c.keys = nil, nil, nil
	columnWriters.Put(c)
	return b
}

// A columnWriter writes the columns that a layout yields. It is used again, for
// making its function takes memory.
type columnWriter struct {
	buf     []byte
	layout  *layout
	keys    []string
	columns int // so far
	yield   func(value []byte) bool
}

var columnWriters = sync.Pool{New: func() any {
	c := &columnWriter{}
	c.yield = c.column
	return c
}}

func (c *columnWriter) column(value []byte) bool {
	i := c.columns
	c.columns++
	if i < len(c.keys) {
		c.buf = append(c.buf, c.keys[i]...)
	} else {
		c.buf = append(c.buf, jsonKey(c.layout.name(i+1), i == 0)...)
	}
	c.buf = appendInside(c.buf, value)
	return true
}

// appendInside appends value as a JSON string whose first quote is there
// already, without the last one.
func appendInside(b, value []byte) []byte {
	b = jsontext.AppendString(b[:len(b)-1], value)
	return b[:len(b)-1]
}

// jsonKeys returns what stands in front of the values of a row: the end of the
// value before, the name, and the quote that the value begins with.
func (l *layout) jsonKeys() []string {
	if keys := l.keys.Load(); keys != nil {
		return *keys
	}
	keys := make([]string, len(l.names))
	for i, name := range l.names {
		keys[i] = jsonKey(name, i == 0)
	}
	l.keys.Store(&keys)
	return keys
}

func jsonKey(name string, first bool) string {
	key := jsontext.AppendString(nil, name)
	if first {
		return string(key) + `:"`
	}
	return `",` + string(key) + `:"`
}

// Package jsontext appends JSON to a byte slice without allocating. It writes
// log text, which may hold anything: what is not UTF-8 is read as Windows-1252
// first, so that the result is always valid JSON.
//
// The JSON does no harm on a terminal: control characters, line separators and
// characters that change the direction of text are escaped.
package jsontext

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"unicode/utf8"
)

// A Writer appends one JSON text to Buf. Members of objects and elements of
// arrays are set apart by the Writer. The zero Writer is ready.
type Writer struct {
	Buf   []byte
	comma bool
}

// Open begins an object '{' or an array '['.
func (w *Writer) Open(c byte) {
	w.separate()
	w.Buf = append(w.Buf, c)
	w.comma = false
}

// Close ends an object '}' or an array ']'.
func (w *Writer) Close(c byte) {
	w.Buf = append(w.Buf, c)
	w.comma = true
}

// Key writes the name of the next member.
func (w *Writer) Key(name string) {
	b := slices.Grow(w.Buf, len(name)+len(`,"":`))
	if w.comma {
		b = append(b, ',')
	}
	b = append(b, '"')
	n := len(b) + len(name)
	b = b[:n+2]
	copy(b[n-len(name):], name)
	b[n], b[n+1] = '"', ':'
	w.Buf, w.comma = b, false
}

// An EncodedKey is the name of a member that comes from a log, as JSON has it.
type EncodedKey []byte

// EncodeKey returns name as JSON has it.
func EncodeKey(name string) EncodedKey { return append(AppendString(nil, name), ':') }

// EncodedKey writes the name of the next member.
func (w *Writer) EncodedKey(key EncodedKey) {
	w.separate()
	w.Buf = append(w.Buf, key...)
	w.comma = false
}

func (w *Writer) separate() {
	if w.comma {
		w.Buf = append(w.Buf, ',')
	}
	w.comma = true
}

// String writes a string.
func (w *Writer) String(s string) {
	w.separate()
	w.Buf = AppendString(w.Buf, s)
}

// Bytes writes bytes as a string.
func (w *Writer) Bytes(b []byte) {
	w.separate()
	w.Buf = AppendString(w.Buf, b)
}

// Int writes a number.
func (w *Writer) Int(n int64) {
	w.separate()
	w.Buf = strconv.AppendInt(w.Buf, n, 10)
}

// Bool writes true or false.
func (w *Writer) Bool(v bool) {
	w.separate()
	w.Buf = strconv.AppendBool(w.Buf, v)
}

// Value begins a value that is appended to Buf by other means.
func (w *Writer) Value() { w.separate() }

// StringMember writes a member unless s is empty.
func (w *Writer) StringMember(name, s string) {
	if s != "" {
		w.Key(name)
		w.String(s)
	}
}

// WordMember writes a member unless word is empty. The word is one of the
// program's own and needs no escaping.
func (w *Writer) WordMember(name, word string) {
	if word != "" {
		w.Key(name)
		w.comma = true
		w.Buf = append(append(append(w.Buf, '"'), word...), '"')
	}
}

// BytesMember writes a member unless b is nil.
func (w *Writer) BytesMember(name string, b []byte) {
	if b != nil {
		w.Key(name)
		w.Bytes(b)
	}
}

// IntMember writes a member unless n is 0.
func (w *Writer) IntMember(name string, n int64) {
	if n != 0 {
		w.Key(name)
		w.Int(n)
	}
}

// AppendValue appends v as [encoding/json] writes it, with the escapes of
// AppendString: none for HTML, but one for each character that may do harm.
func AppendValue(dst []byte, v any) ([]byte, error) {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return dst, err
	}
	// What is left to escape stands inside strings only.
	text, start := bytes.TrimSuffix(buf.Bytes(), []byte("\n")), 0
	for i := 0; i < len(text); {
		r, size := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(text[i:])
		}
		if invisible(r) {
			dst = append(dst, text[start:i]...)
			dst = appendEscape(dst, r)
			start = i + size
		}
		i += size
	}
	return append(dst, text[start:]...), nil
}

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
	"strconv"
	"unicode/utf8"

	"github.com/smtplog/smtplog/logparse/input"
)

const hex = "0123456789abcdef"

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
	if w.comma {
		w.Buf = append(w.Buf, ',', '"')
	} else {
		w.Buf = append(w.Buf, '"')
	}
	w.Buf = append(append(w.Buf, name...), '"', ':')
	w.comma = false
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

// An Appender is a value that writes itself as text.
type Appender interface{ Append([]byte) []byte }

// Text writes a value that needs no escaping as a string.
func (w *Writer) Text(v Appender) {
	w.separate()
	w.Buf = append(w.Buf, '"')
	w.Buf = v.Append(w.Buf)
	w.Buf = append(w.Buf, '"')
}

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

// AppendString appends s as a JSON string. HTML's characters stay as they are;
// characters that end lines or turn the order of text are escaped, for the JSON
// may be cut into lines or shown on a terminal.
func AppendString[T string | []byte](dst []byte, s T) []byte {
	before := len(dst)
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		for i+8 <= len(s) && allPlain(word(s[i:])) {
			i += 8
		}
		for i < len(s) && plain[s[i]] {
			i++
		}
		if i == len(s) {
			break
		}
		c := s[i]
		if c < utf8.RuneSelf {
			dst = append(dst, s[start:i]...)
			switch c {
			case '"', '\\':
				dst = append(dst, '\\', c)
			case '\n':
				dst = append(dst, '\\', 'n')
			case '\r':
				dst = append(dst, '\\', 'r')
			case '\t':
				dst = append(dst, '\\', 't')
			default:
				dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			}
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(string(s[i:min(len(s), i+utf8.UTFMax)]))
		if r == utf8.RuneError && size == 1 {
			return AppendString(dst[:before], input.Text([]byte(s)))
		}
		if invisible(r) {
			dst = append(dst, s[start:i]...)
			dst = appendEscape(dst, r)
			start = i + size
		}
		i += size
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// plain marks the bytes that stand for themselves.
var plain = func() (t [256]bool) {
	for c := ' '; c < 0x7f; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// word returns the first eight bytes of s in one.
func word[T string | []byte](s T) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// allPlain reports whether all bytes of w are plain: in each, the highest bit of
// what is added up here says that it is not.
func allPlain(w uint64) bool {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	quote, backslash, del := w^'"'*ones, w^'\\'*ones, w^0x7f*ones
	return ((w-' '*ones)|(quote-ones)&^quote|(backslash-ones)&^backslash|(del-ones)&^del|w)&high == 0
}

func appendEscape(dst []byte, r rune) []byte {
	return append(dst, '\\', 'u', hex[r>>12], hex[r>>8&15], hex[r>>4&15], hex[r&15])
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

// invisible reports whether r, which is no control character below the blank, is
// another control character, a line or paragraph separator, or a character that
// changes the direction of text.
func invisible(r rune) bool {
	switch {
	case r < 0x7f:
		return false
	case r < 0xa0:
		return true
	case r < 0x200e:
		return r == 0x61c
	}
	return r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

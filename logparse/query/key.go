package query

import (
	"encoding/binary"
	"math"
	"strings"
)

// Values that are held are kept as bytes that sort as the values do, and from
// which the values can be read again: rows, keys of groups and sets all need no
// more than a comparison of strings, and little memory.

// The first byte of a value, or of null where nulls come last.
const (
	keyNull  = 0x00
	keyValue = 0x01
	keyLast  = 0xff
)

// appendKey appends a value, null first. The digits of a time are written only
// if asked for: they are no part of what the time is.
func appendKey(b []byte, v Value, digits bool) []byte {
	if v.kind == 0 {
		return append(b, keyNull)
	}
	b = append(b, keyValue)
	switch v.kind {
	case String:
		return appendTextKey(b, v.text)
	case Real:
		return binary.BigEndian.AppendUint64(b, realKey(v.Real()))
	case List:
		for _, e := range v.list {
			b = appendTextKey(append(b, keyValue), e)
		}
		return append(b, keyNull)
	case Object:
		return appendFieldsKey(b, v.object)
	}
	b = binary.BigEndian.AppendUint64(b, countKey(v.num))
	if v.kind == DateTime && digits {
		b = append(b, v.digits)
	}
	return b
}

// appendFieldsKey stands apart because what its closure refers to is allocated.
func appendFieldsKey(b []byte, f Fields) []byte {
	if f != nil {
		f.Each(func(name, value string) bool {
			b = appendTextKey(append(b, keyValue), name)
			b = appendTextKey(b, value)
			return true
		})
	}
	return append(b, keyNull)
}

func countKey(n int64) uint64 { return uint64(n) ^ 1<<63 }

// realKey maps a number to one that sorts as it does.
func realKey(f float64) uint64 {
	bits := math.Float64bits(f)
	if f == 0 {
		bits = 0 // there are two zeros
	}
	if bits>>63 != 0 {
		return ^bits
	}
	return bits | 1<<63
}

func realOfKey(k uint64) Value {
	if k>>63 != 0 {
		return RealOf(math.Float64frombits(k &^ (1 << 63)))
	}
	return RealOf(math.Float64frombits(^k))
}

// appendTextKey appends a text and its end, 0 0; a 0 within is 0 ff.
func appendTextKey(b []byte, s string) []byte {
	for {
		i := strings.IndexByte(s, 0)
		if i < 0 {
			return append(append(b, s...), 0, 0)
		}
		b = append(append(b, s[:i]...), 0, 0xff)
		s = s[i+1:]
	}
}

// readTextKey reads what appendTextKey wrote. The text is part of s if it holds
// no 0.
func readTextKey(s string) (text, rest string) {
	i := strings.IndexByte(s, 0)
	if s[i+1] == 0 {
		return s[:i], s[i+2:]
	}
	var b []byte
	for s[i+1] != 0 {
		b = append(append(b, s[:i]...), 0)
		s = s[i+2:]
		i = strings.IndexByte(s, 0)
	}
	return string(append(b, s[:i]...)), s[i+2:]
}

// readKey reads a value of a type that appendKey wrote.
func readKey(s string, typ Type, digits bool) (v Value, rest string) {
	first := s[0]
	s = s[1:]
	if first != keyValue {
		return Null, s
	}
	switch typ {
	case String:
		text, rest := readTextKey(s)
		return StringOf(text), rest
	case List:
		list := []string{}
		for s[0] == keyValue {
			var text string
			text, s = readTextKey(s[1:])
			list = append(list, text)
		}
		return ListOf(list), s[1:]
	case Object:
		var fields heldFields
		for s[0] == keyValue {
			var name, value string
			name, s = readTextKey(s[1:])
			value, s = readTextKey(s)
			fields = append(fields, name, value)
		}
		return ObjectOf(fields), s[1:]
	}
	n := bigEndian(s)
	s = s[8:]
	if typ == Real {
		return realOfKey(n), s
	}
	v = Value{kind: typ, num: int64(n ^ 1<<63)}
	if typ == DateTime && digits {
		v.digits, s = s[0], s[1:]
	}
	return v, s
}

func bigEndian(s string) uint64 {
	var n uint64
	for i := range 8 {
		n = n<<8 | uint64(s[i])
	}
	return n
}

// appendSortKey appends a value so that it sorts as a key of sort wants it.
func appendSortKey(b []byte, v Value, desc, nullsFirst bool) []byte {
	if v.kind == 0 {
		if nullsFirst {
			return append(b, keyNull)
		}
		return append(b, keyLast)
	}
	start := len(b)
	b = appendKey(b, v, false)
	if desc {
		// The first byte tells null from not null and stays between the two.
		for i := start + 1; i < len(b); i++ {
			b[i] = ^b[i]
		}
	}
	return b
}

// heldFields are the fields of an Object that is held: names and values in turn.
type heldFields []string

// Field implements Fields.
func (f heldFields) Field(name string) (string, bool) {
	for i := 0; i < len(f); i += 2 {
		if len(f[i]) == len(name) && foldEqual(f[i], name) {
			return f[i+1], true
		}
	}
	return "", false
}

// Each implements Fields.
func (f heldFields) Each(yield func(name, value string) bool) {
	for i := 0; i < len(f); i += 2 {
		if !yield(f[i], f[i+1]) {
			return
		}
	}
}

// compareKey compares bytes that were just made with a key that is held.
func compareKey(b []byte, key string) int {
	switch {
	case string(b) < key:
		return -1
	case string(b) == key:
		return 0
	}
	return 1
}

package track

import (
	"bytes"
	"strings"
)

// folded is a text to search rows for without case.
type folded struct {
	text   []byte // in lower case, ASCII
	anchor int    // the place of its rarest byte
}

func newFolded(lowered string) folded {
	f := folded{text: []byte(lowered)}
	for i := range f.text {
		if rarity(f.text[i]) > rarity(f.text[f.anchor]) {
			f.anchor = i
		}
	}
	return f
}

// rarity says how rare a byte is in a row of a tracking log: a byte of one case
// costs one search, a letter two.
func rarity(c byte) int {
	switch {
	case strings.IndexByte("jqxz", c) >= 0:
		return 3
	case c == '@' || c == '$' || c == '%' || c == '+' || c == '!' || c == '#':
		return 4
	case c >= '0' && c <= '9' || strings.IndexByte("bfgkpvwy", c) >= 0:
		return 2
	case strings.IndexByte(" ,;:.-=", c) >= 0:
		return 0
	}
	return 1
}

// in reports whether the row holds the text; the empty text is in every row.
func (f *folded) in(row []byte) bool {
	if len(f.text) == 0 {
		return true
	}
	c := f.text[f.anchor]
	if f.search(row, c) {
		return true
	}
	return c >= 'a' && c <= 'z' && f.search(row, c&^0x20)
}

// search looks for the text where its rarest byte is c.
func (f *folded) search(row []byte, c byte) bool {
	for at := f.anchor; at < len(row); at++ {
		i := bytes.IndexByte(row[at:], c)
		if i < 0 {
			return false
		}
		at += i
		if from := at - f.anchor; from+len(f.text) <= len(row) && equalFold(row[from:from+len(f.text)], f.text) {
			return true
		}
	}
	return false
}

// equalFold compares without case; lowered is in lower case.
func equalFold(b, lowered []byte) bool {
	for i, c := range lowered {
		if lowerByte(b[i]) != c {
			return false
		}
	}
	return true
}

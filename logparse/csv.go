package logparse

import "bytes"

// What csvNext returns in place of a position.
const (
	csvEnd  = -1 // the value was the last of its row
	csvOpen = -2 // it was the last, and the row ends inside its quotes
)

// csvNext returns the value of a CSV row that begins at pos, without its
// quotes, and the position of the next one, csvEnd or csvOpen. Where escaped
// is true, the value still has its quotes doubled; see csvUnescape. The value
// is a part of row.
//
// Exchange quotes a value only when it holds a comma or a quote, Export-Csv
// quotes every one (RFC 4180). A quote inside a value that does not begin with
// one is a part of it, and so are the quotes of a value with text behind the
// closing quote.
func csvNext(row []byte, pos int) (value []byte, escaped bool, next int) {
	if pos < len(row) && row[pos] == '"' {
		return csvQuoted(row, pos)
	}
	if i := bytes.IndexByte(row[pos:], ','); i >= 0 {
		return row[pos : pos+i], false, pos + i + 1
	}
	return row[pos:], false, csvEnd
}

// csvQuoted is csvNext for a value that begins with a quote.
func csvQuoted(row []byte, pos int) (value []byte, escaped bool, next int) {
	from, to, escaped, next := csvQuotedAt(row, pos)
	return row[from:to], escaped, next
}

// csvQuotedAt is csvQuoted, and says where in the row the value is.
func csvQuotedAt(row []byte, pos int) (from, to int, escaped bool, next int) {
	i := pos + 1
	for {
		j := bytes.IndexByte(row[i:], '"')
		if j < 0 {
			return pos + 1, len(row), escaped, csvOpen
		}
		i += j + 1
		if i == len(row) {
			return pos + 1, i - 1, escaped, csvEnd
		}
		if row[i] != '"' {
			break
		}
		escaped = true
		i++
	}
	if row[i] == ',' {
		return pos + 1, i - 1, escaped, i + 1
	}
	end, next := len(row), csvEnd
	if j := bytes.IndexByte(row[i:], ','); j >= 0 {
		end, next = i+j, i+j+1
	}
	if !isBlank(row[i:end]) {
		return pos, end, false, next
	}
	return pos + 1, i - 1, escaped, next
}

// csvUnescape appends value, of which csvNext said that it is escaped, to dst
// with its quotes single again.
func csvUnescape(dst, value []byte) []byte {
	for {
		i := bytes.IndexByte(value, '"')
		if i < 0 {
			return append(dst, value...)
		}
		dst = append(dst, value[:i+1]...)
		value = value[i+1:]
		if len(value) > 0 && value[0] == '"' {
			value = value[1:]
		}
	}
}

// splitCSV calls yield for each value of a CSV row, as csvNext finds them. It
// allocates only for values with quotes inside. A row that ends inside quotes
// yields what there is of its last value.
func splitCSV(row []byte, yield func(value []byte) bool) {
	for pos := 0; pos >= 0; {
		value, next := row[pos:pos], pos+1
		switch {
		case pos == len(row):
			next = csvEnd
		case row[pos] == ',': // very many values are empty
		case row[pos] == '"':
			var escaped bool
			if value, escaped, next = csvQuoted(row, pos); escaped {
				value = csvUnescape(nil, value)
			}
		default:
			if i := bytes.IndexByte(row[pos:], ','); i >= 0 {
				value, next = row[pos:pos+i], pos+i+1
			} else {
				value, next = row[pos:], csvEnd
			}
		}
		if !yield(value) {
			return
		}
		pos = next
	}
}

// isBlank reports whether b holds nothing but blanks and tabs.
func isBlank(b []byte) bool {
	for _, c := range b {
		if c != ' ' && c != '\t' {
			return false
		}
	}
	return true
}

package logparse

import "bytes"

// tabRow reads rows whose values stand between tabs, without quotes.
type tabRow struct {
	lines  *lineScanner
	count  int      // columns the row has
	values [][]byte // the first maxValues of them
}

// split takes row apart.
func (r *tabRow) split(row []byte) {
	r.count, r.values = 0, r.values[:0]
	for {
		value, rest, more := bytes.Cut(row, []byte{'\t'})
		r.count++
		if len(r.values) < maxValues {
			r.values = append(r.values, value)
		}
		if !more {
			return
		}
		row = rest
	}
}

// value returns the value of the i-th column, from 0: nil when the row has no
// such column.
func (r *tabRow) value(i int) []byte {
	if uint(i) >= uint(len(r.values)) {
		return nil
	}
	return r.values[i]
}

// splitTabs calls yield for each value of a row whose values stand between
// tabs.
func splitTabs(row []byte, yield func(value []byte) bool) {
	for {
		value, rest, more := bytes.Cut(row, []byte{'\t'})
		if !yield(value) || !more {
			return
		}
		row = rest
	}
}

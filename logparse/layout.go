package logparse

import "strconv"

// A layout names the columns of rows and knows how to take a row apart. It is
// not changed once a Record refers to it: a new field list is a new layout.
type layout struct {
	names []string
	// split calls yield for each value of the row in the order of the columns.
	split func(row []byte, yield func(value []byte) bool)
	// separator is what stands between values of which no more is to be known:
	// the blank of splitBlanks, the tab of splitTabs, the comma of splitCSV. It
	// is 0 for other rows.
	separator byte
}

// name returns the name of the i-th column, from 1.
func (l *layout) name(i int) string {
	if i <= len(l.names) {
		return l.names[i-1]
	}
	return strconv.Itoa(i)
}

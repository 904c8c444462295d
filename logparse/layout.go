package logparse

import "strconv"

// name returns the name of the i-th column, from 1.
func (l *layout) name(i int) string {
	if i <= len(l.names) {
		return l.names[i-1]
	}
	return strconv.Itoa(i)
}

package logparse

import "slices"

// exchangeState is what the rows of a log of Exchange leave to those behind.
type exchangeState struct {
	log     *exchangeLog
	logType string
	columns *columnList
}

func (r *exchangeRows) state() rowState { return exchangeState{r.log, r.logType, r.columns} }

func (r *exchangeRows) resume(s rowState) {
	st := s.(exchangeState)
	r.log, r.logType, r.columns = st.log, st.logType, st.columns
	r.short = r.shorten()
}

func (s exchangeState) settled() bool { return true }

func (s exchangeState) equal(other rowState) bool {
	o := other.(exchangeState)
	return s.log == o.log && s.logType == o.logType && s.columns.equal(o.columns)
}

func (c *columnList) equal(o *columnList) bool {
	return c == o || c != nil && o != nil && c.known == o.known && c.given == o.given && c.at == o.at && slices.Equal(c.names, o.names)
}

// w3cState is what the rows of a W3C log leave to those behind.
type w3cState struct {
	layout      *layout
	columns     []iisColumn
	named       string
	guessed     bool
	began, last int64
}

func (w *w3cReader) state() rowState {
	return w3cState{w.layout, w.columns, w.named, w.guessed, w.began, w.last}
}

func (w *w3cReader) resume(s rowState) {
	st := s.(w3cState)
	w.layout, w.columns, w.named, w.guessed, w.began, w.last = st.layout, st.columns, st.named, st.guessed, st.began, st.last
	w.row.val = [iisColumns][]byte{}
	w.short.begin(w.columns)
}

// settled reports whether the rows have a date of their own: the time of the
// others hangs on all rows in front of them.
func (s w3cState) settled() bool { return slices.Contains(s.columns, iisDate) }

func (s w3cState) equal(other rowState) bool {
	o := other.(w3cState)
	return s.named == o.named && s.guessed == o.guessed && s.began == o.began && s.last == o.last &&
		(s.layout == o.layout || s.layout != nil && o.layout != nil && slices.Equal(s.layout.names, o.layout.names))
}

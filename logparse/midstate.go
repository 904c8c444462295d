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

func (s exchangeState) equal(other rowState) bool {
	o := other.(exchangeState)
	return s.log == o.log && s.logType == o.logType && s.columns.equal(o.columns)
}

func (c *columnList) equal(o *columnList) bool {
	return c == o || c != nil && o != nil && c.known == o.known && c.given == o.given && c.at == o.at && slices.Equal(c.names, o.names)
}

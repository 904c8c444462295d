package track

import (
	"bytes"
	"strings"

	"github.com/smtplog/smtplog/logparse"
)

// A rowText takes rows apart and holds their text. All values of a row, and
// those of many rows, share one piece of memory: a row costs no allocation.
type rowText struct {
	memo columnMemo
	text *strings.Builder // never grows: what is full is left to the strings in it

	// The row that is being read.
	rec   *logparse.Record
	event *Event
	index int
	all   bool
	take  func(value []byte) bool // is value, made once
}

// textRoom is how many bytes of rows share one piece of memory.
const textRoom = 16 << 10

func newRowText() *rowText {
	r := &rowText{text: new(strings.Builder)}
	r.take = r.value
	return r
}

// split sets the columns of e: all of them, or those that a Builder keeps.
func (r *rowText) split(rec *logparse.Record, e *Event, all bool) {
	if size := len(rec.Raw()); r.text.Len()+size > r.text.Cap() {
		r.text = new(strings.Builder)
		r.text.Grow(max(size, textRoom))
	}
	r.rec, r.event, r.index, r.all = rec, e, 0, all
	rec.Values(r.take)
	r.rec, r.event = nil, nil
}

// proxiedClient is in the custom-data of what a front end passed on.
var proxiedClient = []byte("ProxiedClient")

// value takes the next value of the row.
func (r *rowText) value(value []byte) bool {
	name := r.rec.Column(r.index)
	c := r.memo.column(r.rec.Format, r.index, name)
	r.index++
	if c == colTime || c != colOther && len(value) == 0 && r.rec.Format != logparse.Tracking5 {
		return true
	}
	if c == colCustom && bytes.Contains(value, proxiedClient) {
		r.event.fill(colProxied, "1")
	}
	if c >= keptColumns && !r.all {
		return true
	}
	from := r.text.Len()
	r.text.Write(value)
	s := r.text.String()[from:]
	if c == colOther {
		r.event.Other = append(r.event.Other, KeyValue{name, s})
	} else {
		r.event.set(c, s)
	}
	return true
}

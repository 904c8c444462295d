package logparse

import (
	"encoding/binary"
	"math/bits"

	"github.com/smtplog/smtplog/reply/outcome"
)

// A JSONLog is what the records of a log have in common, as long as they have the
// same columns.
type JSONLog struct {
	file   string
	format Format
	layout *layout
}

// Log returns the JSONLog of a record. Records that follow one another in a log
// share it.
func (w *JSONWriter) Log(r *Record) *JSONLog {
	if l := w.log; l == nil || l.layout != r.layout || l.format != r.Format || l.file != r.Pos.File {
		w.log = &JSONLog{r.Pos.File, r.Format, r.layout}
	}
	return w.log
}

// keptJSONHead is how many bytes stand in front of what a kept record says: its
// time with the precision, its direction, and how long that is.
const keptJSONHead = 8 + 1 + 1 + 4

// Keep appends to b what AppendKept needs of a record beside its JSONLog and its
// line: what it says as JSON, and the row. That is less than half of its JSON.
func (w *JSONWriter) Keep(b []byte, r *Record) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(r.Time.UnixNano()))
	b = append(b, r.Time.Precision(), byte(r.Direction), 0, 0, 0, 0)
	begin := len(b)
	b = w.appendSaid(b, r, nil)
	binary.LittleEndian.PutUint32(b[begin-4:], uint32(len(b)-begin))
	return append(b, r.raw...)
}

// A FirstLine is the number of the line after which a session without an id of its
// own is named, its digits from the lowest byte on; 0 for any other session.
type FirstLine uint64

// FirstLineOf returns that of the session of a record in the file.
func FirstLineOf(session, file string) (line FirstLine) {
	n := len(file) + len(":")
	if len(session) <= n || len(session) > n+8 || session[:n-1] != file || session[n-1] != ':' {
		return 0
	}
	for i := len(session) - 1; i >= n; i-- {
		c := session[i]
		if c < '0' || c > '9' {
			return 0
		}
		line = line<<8 | FirstLine(c)
	}
	return line
}

// append appends the number.
func (l FirstLine) append(b []byte) []byte {
	n := len(b) + (bits.Len64(uint64(l))+7)/8
	return binary.LittleEndian.AppendUint64(b, uint64(l))[:n]
}

// AppendSession appends the session of a record as AppendKept takes it.
func (w *JSONWriter) AppendSession(b []byte, session string) []byte {
	return w.appendSession(b, nil, session)
}

// AppendKept appends what Append does for a record without secrets, of which Keep
// kept this. Its session is the one with that FirstLine, or else what AppendSession
// appends of it: nothing where it has none.
func (w *JSONWriter) AppendKept(b []byte, l *JSONLog, line int64, kept []byte, first FirstLine, session []byte) []byte {
	var at outcome.Time
	if precision := kept[8]; precision > 0 {
		at = outcome.Unix(int64(binary.LittleEndian.Uint64(kept)), int(precision)-1)
	}
	b = w.appendPlace(b, outcome.Position{File: l.file, Line: line}, at, l.format, outcome.Direction(kept[9]))
	if first != 0 {
		b = w.appendFirst(b, first)
	} else {
		b = append(b, session...)
	}
	row := keptJSONHead + int(binary.LittleEndian.Uint32(kept[keptJSONHead-4:]))
	b = append(b, kept[keptJSONHead:row]...)
	return w.appendFields(b, l.layout, kept[row:])
}

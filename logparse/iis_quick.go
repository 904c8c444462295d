package logparse

import (
	"encoding/binary"

	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// The short ways of the IIS formats. What the columns mean is told here as it is in
// event.

// iisSpans is where the columns of a row lie in the buffer: nowhere, with no
// bytes, those that the log does not have. What is in others does not count.
type iisSpans [iisColumns]iisSpan

type iisSpan struct{ begin, end int }

// in returns what is in the column, nil for nothing.
func (s iisSpan) in(b []byte) []byte { return present(b[s.begin:s.end]) }

// begin fills in what rows of a connection have in common, from a row whose columns
// are found, of a log with cs-username. It returns the Kind of the rows: KindReply
// or KindCommand.
func (r *iisRow) begin(e *Event, b []byte) (kind Kind) {
	spans := &r.spans
	e.Session, e.Sequence, e.Data, e.Context, e.More = nil, -1, nil, nil, false
	e.Remote, e.Local = spans[iisClient].in(b), spans[iisLocal].in(b)
	e.Server, e.Connector = spans[iisServer].in(b), spans[iisSite].in(b)
	user, port := spans[iisUser].in(b), spans[iisPort]
	kind, e.Direction = quickSide(user)
	if e.Local != nil && string(b[port.begin:port.end]) == "0" {
		kind, e.Direction = KindCommand, outcome.Inbound // it was accepted, whatever its name
	}
	if e.Helo = nil; e.Direction == outcome.Inbound {
		e.Helo = user
	}
	return kind
}

// saysHere fills in what is said in a row. Its Direction is filled in; the kind is
// KindReply or KindCommand.
func (rec *Record) saysHere(kind Kind, verb Verb, name, text []byte, status int64) {
	if verb == VerbNone && kind == KindCommand && rec.Direction == outcome.Inbound {
		kind = KindInfo
	}
	rec.Kind, rec.Verb, rec.VerbText = kind, verb, name
	rec.Code, rec.Enhanced = 0, reply.Enhanced{}
	if status >= 200 && status <= 599 {
		rec.Code = reply.Code(status)
	}
	if kind == KindReply {
		rec.Arg = nil
		rec.replied(text)
	} else {
		rec.Arg, rec.Text = text, nil
	}
}

// quickSide is iisRow.side for rows that may be of a connection of ours and have a
// verb.
func quickSide(user []byte) (Kind, outcome.Direction) {
	switch string(user) {
	case iisOutboundResponse:
		return KindReply, outcome.Outbound
	case iisOutboundCommand:
		return KindCommand, outcome.Outbound
	}
	return KindCommand, outcome.Inbound
}

// A minuteClock reads times of day, "05:00:15", and keeps the last minute.
type minuteClock struct {
	minute uint64 // "05:00:" in the low bytes, 0 for none yet
	sec    int64  // at its beginning
}

const minuteMask = 1<<48 - 1

// seconds is clockSeconds for a time of 8 bytes.
func (m *minuteClock) seconds(b []byte) (int64, bool) {
	x := binary.LittleEndian.Uint64(b)
	if tens, ones := x>>48&0xff-'0', x>>56-'0'; x&minuteMask == m.minute && tens <= 5 && ones <= 9 {
		return m.sec + int64(tens*10+ones), true
	}
	return m.other(b)
}

func (m *minuteClock) other(b []byte) (int64, bool) {
	sec, ok := clockSeconds(b[:8])
	if ok {
		m.minute = binary.LittleEndian.Uint64(b) & minuteMask
		m.sec = sec - int64(b[6]-'0')*10 - int64(b[7]-'0')
	}
	return sec, ok
}

// A dateClock reads dates, "2006-10-09", and keeps the last one.
type dateClock struct {
	front uint64 // the first 8 bytes, 0 for none yet
	back  uint16 // the last 2
	sec   int64
}

// seconds returns the seconds from 1970-01-01 to the beginning of the day that
// a date of 10 bytes names.
func (d *dateClock) seconds(b []byte) (int64, bool) {
	if binary.LittleEndian.Uint64(b) == d.front && binary.LittleEndian.Uint16(b[8:]) == d.back {
		return d.sec, true
	}
	return d.other(b)
}

func (d *dateClock) other(b []byte) (int64, bool) {
	year, month, day, ok := isoDate(b[:10])
	if !ok {
		return 0, false
	}
	sec, ok := unixSeconds(year, month, day, 0, 0, 0)
	if ok {
		*d = dateClock{binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint16(b[8:]), sec}
	}
	return sec, ok
}

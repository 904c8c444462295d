package logparse

import (
	"encoding/binary"
	"math/bits"

	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// The short ways of the IIS formats. They find the columns of a row without
// looking at each of its bytes. What the columns mean is told here as it is in
// event.

// iisSpans is where the columns of a row lie in the buffer: nowhere, with no
// bytes, those that the log does not have. What is in others does not count.
type iisSpans [iisColumns]iisSpan

type iisSpan struct{ begin, end int }

// in returns what is in the column, nil for nothing.
func (s iisSpan) in(b []byte) []byte { return present(b[s.begin:s.end]) }

// countIn is iisNumber of what is in the column.
func (s iisSpan) countIn(b []byte) int64 {
	if s.end-s.begin != 1 {
		return iisNumber(b[s.begin:s.end])
	}
	if c := b[s.begin] - '0'; c <= 9 {
		return int64(c)
	}
	return -1
}

// quickEvent fills in the whole event from a row whose columns are found, of a
// log with cs-username. It is event.
func (r *iisRow) quickEvent(e *Event, b []byte) {
	spans := &r.spans
	e.Session, e.Sequence = nil, -1
	e.Data, e.Context = nil, nil
	e.Remote = spans[iisClient].in(b)
	e.Local = spans[iisLocal].in(b)
	e.Server = spans[iisServer].in(b)
	e.Connector = spans[iisSite].in(b)
	e.Elapsed = spans[iisElapsed].countIn(b)
	e.Win32 = spans[iisWin32].countIn(b)
	e.BytesIn = spans[iisReceived].countIn(b)
	e.BytesOut = spans[iisSent].countIn(b)
	e.VerbText = spans[iisMethod].in(b)
	e.Verb = quickVerb(e.VerbText)
	e.Code, e.Enhanced, e.More = 0, reply.Enhanced{}, false
	if status := spans[iisStatus].countIn(b); status >= 200 && status <= 599 {
		e.Code = reply.Code(status)
	}
	user, query := spans[iisUser].in(b), spans[iisQuery].in(b)
	if port := spans[iisPort]; e.Local != nil && port.end-port.begin == 1 && b[port.begin] == '0' {
		// It was accepted, whatever its name.
		e.Kind, e.Direction = quickSide(e.Verb, nil)
	} else {
		e.Kind, e.Direction = quickSide(e.Verb, user)
	}
	r.quickText(e, user, query)
}

// quickText fills in what cs-username and cs-uri-query say in an event whose Kind
// and Direction are set.
func (r *iisRow) quickText(e *Event, user, query []byte) {
	e.Helo, e.Arg, e.Text = nil, nil, nil
	if e.Kind == KindReply {
		e.replied(r.blanks(query))
		return
	}
	if e.Direction == outcome.Inbound {
		e.Helo = user
	}
	e.Arg = r.argument(query)
}

// quickSide is iisRow.side for a row that may be of a connection of ours.
func quickSide(verb Verb, user []byte) (Kind, outcome.Direction) {
	switch string(user) {
	case iisOutboundResponse:
		return KindReply, outcome.Outbound
	case iisOutboundCommand:
		return KindCommand, outcome.Outbound
	}
	if verb == VerbNone {
		return KindInfo, outcome.Inbound
	}
	return KindCommand, outcome.Inbound
}

// quickVerb is iisVerb.
func quickVerb(name []byte) Verb {
	if len(name) == 4 {
		if verb := verbOfFour(name); verb != VerbNone {
			return verb
		}
	}
	return iisVerb(name)
}

// indexFrom returns where c comes next in row, at i or behind it, len(row) if
// it does not.
func indexFrom(row []byte, i int, c byte) int {
	wanted := uint64(c) * each
	for ; i+8 <= len(row); i += 8 {
		x := binary.LittleEndian.Uint64(row[i:]) ^ wanted
		// The lowest byte of x that is zero has its top bit set here.
		if zero := (x - each) &^ x & (0x80 * each); zero != 0 {
			return i + bits.TrailingZeros64(zero)/8
		}
	}
	for i < len(row) && row[i] != c {
		i++
	}
	return i
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
	tens, ones := byte(x>>48)-'0', byte(x>>56)-'0'
	within := int64(tens)*10 + int64(ones)
	if x&minuteMask == m.minute && tens <= 5 && ones <= 9 {
		return m.sec + within, true
	}
	sec, ok := clockSeconds(b[:8])
	if ok {
		m.minute, m.sec = x&minuteMask, sec-within
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
	front, back := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint16(b[8:])
	if front == d.front && back == d.back {
		return d.sec, true
	}
	year, month, day, ok := isoDate(b[:10])
	if !ok {
		return 0, false
	}
	sec, ok := unixSeconds(year, month, day, 0, 0, 0)
	if ok {
		*d = dateClock{front, back, sec}
	}
	return sec, ok
}

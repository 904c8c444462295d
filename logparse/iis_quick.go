package logparse

import (
	"encoding/binary"
	"math/bits"

	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// The short ways of the IIS formats. They find the columns of a row without
// looking at each of its bytes, and read the counters while they look for their
// ends. What the columns mean is told here as it is in event.

// iisCounts are the counters of a row, by column: -1 for none.
type iisCounts [iisColumns]int64

// noCounts are those of a row that has none.
var noCounts = func() (n iisCounts) {
	for c := range n {
		n[c] = -1
	}
	return n
}()

// quickEvent fills in the whole event from a row whose counters are read. It
// is event, without looking for the numbers again.
func (r *iisRow) quickEvent(e *Event, n *iisCounts) {
	verb := r.value(iisMethod)
	e.VerbText, e.Verb = verb, quickVerb(verb)
	e.Remote = r.value(iisClient)
	e.Local = r.value(iisLocal)
	e.Server = r.value(iisServer)
	e.Connector = r.value(iisSite)
	e.Elapsed, e.Win32 = n[iisElapsed], n[iisWin32]
	e.BytesIn, e.BytesOut = n[iisReceived], n[iisSent]
	e.Session, e.Sequence = nil, -1
	e.Data, e.Context = nil, nil
	e.Code, e.Enhanced, e.More = 0, reply.Enhanced{}, false
	e.Helo, e.Arg, e.Text = nil, nil, nil
	if status := n[iisStatus]; status >= 200 && status <= 599 {
		e.Code = reply.Code(status)
	}
	query := r.value(iisQuery)
	if e.Kind, e.Direction = r.side(e.Verb, query); e.Kind == KindReply {
		r.replyText(e, query)
		return
	}
	if e.Direction == outcome.Inbound {
		e.Helo = r.value(iisUser)
	}
	e.Arg = r.argument(query)
}

// quickVerb is iisVerb.
func quickVerb(name []byte) Verb {
	switch string(name) {
	case "RCPT":
		return VerbRCPT
	case "MAIL":
		return VerbMAIL
	case "DATA":
		return VerbDATA
	case "QUIT":
		return VerbQUIT
	case "EHLO":
		return VerbEHLO
	case "HELO":
		return VerbHELO
	case "RSET":
		return VerbRSET
	}
	return iisVerb(name)
}

// quickNumber reads the number that begins at i, or "-" as -1, and returns
// where it ends. ok is false for anything else, and for numbers so long that
// they are none.
func quickNumber(row []byte, i int) (n int64, end int, ok bool) {
	start := i
	for i < len(row) && row[i]-'0' <= 9 {
		n = n*10 + int64(row[i]-'0')
		i++
	}
	if i == start && i < len(row) && row[i] == '-' {
		return -1, i + 1, true
	}
	return n, i, i > start && i-start <= 18
}

// indexFrom returns where c comes next in row, at i or behind it, len(row) if
// it does not.
func indexFrom(row []byte, i int, c byte) int {
	const each = 0x0101_0101_0101_0101
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

package logparse

import (
	"time"

	"github.com/smtplog/smtplog/reply/outcome"
)

// msiisShort is what is known of earlier rows.
type msiisShort struct {
	stamp  iisStamp // with the comma and the blank behind it; of a log whose times are UTC or taken for it
	clock  minuteClock
	fronts *iisFronts // Service, Machine and ServerIP stand behind the time
	counts [iisCounts]int64
}

// quick implements quickRowReader. It assumes that one blank stands behind each
// comma in front of the last column, and no other one nor a byte below it in the
// row; that Target is "-"; and that a comma ends the row. It leaves long rows and
// the last ones of a block to the long way too.
func (m *msiisReader) quick(rec *Record) bool {
	s, lines := &m.short, m.lines
	if len(lines.buf)-lines.start < len(iisWindow{}) || lines.start == lines.end {
		return false
	}
	// What is behind lines.end is left from before: no row reaches there.
	b := (*iisWindow)(lines.buf[lines.start:])
	if b[0] <= ' ' || b[0] >= 0x80 {
		return false // a blank line or a byte order mark
	}
	i := 0
	front := s.fronts.at((*[iisFrontMax]byte)(b[:iisFrontMax]))
	if front != nil {
		i = int(front.size)
	} else if i = msiisBehind(b, 0, 2); i < 0 {
		return false
	}
	begin := i
	ns, ok := s.stamp.at((*[iisStampMax]byte)(b[i : i+iisStampMax]))
	at := outcome.Unix(ns, 0)
	if ok {
		i += int(s.stamp.size)
	} else if at, i = m.newStamp(b, i); i < 0 {
		return false
	}
	if front == nil || !front.goesOn((*[iisFrontMax]byte)(b[i:i+iisFrontMax])) {
		if front = m.newFront(b, begin, i); front == nil {
			return false
		}
	}
	i += int(front.more)
	// ProcessingTime, BytesRecvd, BytesSent, ServiceStatus, Win32Status
	i = commaCountsAt(b, i, 5, &s.counts)
	if i >= iisLongest {
		return false
	}
	begin = i
	verb, i := methodAt(b, i, ',')
	name := present(b[begin:i])
	if i >= iisLongest || string(b[i:i+5]) != ", -, " {
		return false
	}
	i += len(", -, ")
	// The comma at the end is no part of the text.
	begin = i
	text, i := m.row.said(b, i, front.kind)
	size := i + lineEndAt(b[:], i)
	if size == i || size > min(lines.max, lines.end-lines.start) || i == begin || b[i-1] != ',' {
		return false
	}
	if text = text[:len(text)-1]; len(text) == 0 || i == begin+2 && b[begin] == '-' {
		text = nil
	}
	lines.take(size)

	if rec.connector != front.number {
		rec.beginFront(front, IISMSIIS, msiisLayout)
	}
	rec.Time = at
	rec.raw = b[:i]
	rec.Elapsed, rec.BytesIn, rec.BytesOut, rec.Win32 = s.counts[0], s.counts[1], s.counts[2], s.counts[4]
	rec.saysHere(front.kind, verb, name, text, s.counts[3])
	return true
}

// msiisBehind returns where the columns behind n others begin, of which the first
// begins at i: -1 if they are not there.
func msiisBehind(b *iisWindow, i, n int) int {
	for range n {
		if i = commaFrom(b[:iisLongest], i) + len(", "); i > iisLongest || string(b[i-2:i]) != ", " {
			return -1
		}
	}
	return i
}

// newFront returns the front of the row that b begins with: what is in front of
// begin, where its date begins, and Service, Machine and ServerIP, which begin at
// i. It returns nil if there is none or it is too long.
func (m *msiisReader) newFront(b *iisWindow, begin, i int) *iisFront {
	user := msiisBehind(b, 0, 1)
	server := msiisBehind(b, i, 1)
	local, end := msiisBehind(b, i, 2), msiisBehind(b, i, 3)
	if end < 0 {
		return nil
	}
	f := m.short.fronts.add((*[iisFrontMax]byte)(b[:iisFrontMax]), begin, b[i:end])
	if f == nil {
		return nil
	}
	gap, off := len(", "), begin-i
	f.fill(&[iisColumns]iisPart{
		iisClient: {0, uint8(user - gap)}, iisUser: {uint8(user), uint8(begin - gap)},
		iisSite:   {uint8(begin), uint8(server - gap + off)},
		iisServer: {uint8(server + off), uint8(local - gap + off)},
		iisLocal:  {uint8(local + off), uint8(end - gap + off)},
	})
	return f
}

// newStamp returns the moment of the date and the time that begin at i, and where
// the columns behind them begin: -1 if there are none. It keeps them.
func (m *msiisReader) newStamp(b *iisWindow, i int) (outcome.Time, int) {
	clock, end := msiisBehind(b, i, 1), msiisBehind(b, i, 2)
	if end < 0 {
		return outcome.Time{}, -1
	}
	at, ok := m.quickTime(b[i:clock-len(", ")], b[clock:end-len(", ")])
	if !ok {
		return outcome.Time{}, -1
	}
	if m.clock.utc() && end-clock == len("13:17:37, ") && end-i <= iisStampMax {
		m.short.stamp.set(b[i:end], clock+len("13:17:")-i, at)
	}
	return at, end
}

// quickTime returns the moment of a date and a time. It keeps the last minute
// of a log whose times are UTC or taken for it.
func (m *msiisReader) quickTime(date, clock []byte) (outcome.Time, bool) {
	c := m.clock
	if len(clock) == len("13:17:37") && c.utc() {
		day, ok1 := c.day.seconds(date, c.parse)
		sec, ok2 := m.short.clock.seconds(clock)
		return outcome.Unix((day+sec)*1e9, 0), ok1 && ok2
	}
	at, msg := c.read(date, clock)
	return at, msg == ""
}

// utc reports whether the times are UTC or taken for it.
func (c *localeClock) utc() bool { return c.loc == nil || c.loc == time.UTC }

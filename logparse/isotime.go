package logparse

import (
	"bytes"
	"time"

	"github.com/smtplog/smtplog/reply/outcome"
)

// parseISO reads a time as Exchange 2007 and later write it,
// "2026-11-29T10:42:15.123Z". The fraction may have any number of digits or be
// absent, a blank may stand for the T, and a time without a zone is UTC.
func parseISO(b []byte) (outcome.Time, bool) {
	if at, ok := strictISO(b); ok {
		return at, true
	}
	return looseISO(b, time.UTC)
}

// strictISO is parseISO for times of exactly the form that Exchange writes.
func strictISO(b []byte) (outcome.Time, bool) {
	if len(b) != isoLen || b[4] != '-' || b[7] != '-' || b[10] != 'T' || b[13] != ':' || b[16] != ':' ||
		b[19] != '.' || b[23] != 'Z' {
		return outcome.Time{}, false
	}
	year := twoDigits(b[0], b[1])*100 + twoDigits(b[2], b[3])
	sec, ok := unixSeconds(year, twoDigits(b[5], b[6]), twoDigits(b[8], b[9]),
		twoDigits(b[11], b[12]), twoDigits(b[14], b[15]), twoDigits(b[17], b[18]))
	ms := twoDigits('0', b[20])*100 + twoDigits(b[21], b[22])
	if !ok || ms > 999 {
		return outcome.Time{}, false
	}
	return outcome.Unix(sec*1e9+int64(ms)*1e6, 3), true
}

// twoDigits reads a number of two digits. It returns one that is out of every
// range if they are none.
func twoDigits(tens, ones byte) int {
	tens, ones = tens-'0', ones-'0'
	if tens > 9 || ones > 9 {
		return 1 << 20
	}
	return int(tens)*10 + int(ones)
}

// looseISO is parseISO for the rarer forms; a time without a zone is in loc.
// Numbers need no leading zeros.
func looseISO(b []byte, loc *time.Location) (outcome.Time, bool) {
	s := timeText{bytes.Trim(b, " \t")}
	year, month, day, ok := s.date('-')
	if !ok || !s.eat('T') && !s.blanks() {
		return outcome.Time{}, false
	}
	c, ok := s.clock(':')
	if !ok {
		return outcome.Time{}, false
	}
	return s.finish(year, month, day, c, loc)
}

// clock is the time of a day.
type clock struct {
	hour, minute, second int
	ns                   int64
	digits               int // of the fraction of the second
}

// timeText is what is left of the text of a time while it is read.
type timeText struct{ b []byte }

// eat takes c, if that is what comes next.
func (s *timeText) eat(c byte) bool {
	if len(s.b) == 0 || s.b[0] != c {
		return false
	}
	s.b = s.b[1:]
	return true
}

// blanks takes blanks, among them those that Windows puts before AM and PM,
// and reports whether there were any.
func (s *timeText) blanks() bool {
	n := len(s.b)
	for {
		switch {
		case s.eat(' '):
		case bytes.HasPrefix(s.b, []byte("\u00a0")):
			s.b = s.b[len("\u00a0"):]
		case bytes.HasPrefix(s.b, []byte("\u202f")):
			// QUIRK: PowerShell 7 with ICU 72 and later writes "10:42:15\u202fAM".
			s.b = s.b[len("\u202f"):]
		default:
			return len(s.b) < n
		}
	}
}

// number takes a number of at most max digits and returns how many it has.
func (s *timeText) number(max int) (v, n int) {
	for n < len(s.b) && n < max && s.b[n] >= '0' && s.b[n] <= '9' {
		v = v*10 + int(s.b[n]-'0')
		n++
	}
	s.b = s.b[n:]
	return v, n
}

// date takes a year of four digits, a month and a day with sep in between.
func (s *timeText) date(sep byte) (year, month, day int, ok bool) {
	year, n := s.number(4)
	if n != 4 || !s.eat(sep) {
		return 0, 0, 0, false
	}
	month, n = s.number(2)
	if n == 0 || !s.eat(sep) {
		return 0, 0, 0, false
	}
	day, n = s.number(2)
	return year, month, day, n > 0
}

// clock takes "10:42", "10:42:15" or "10:42:15.123", with sep for the colons.
func (s *timeText) clock(sep byte) (c clock, ok bool) {
	var n int
	if c.hour, n = s.number(2); n == 0 || !s.eat(sep) {
		return c, false
	}
	if c.minute, n = s.number(2); n == 0 {
		return c, false
	}
	if !s.eat(sep) {
		return c, true
	}
	if c.second, n = s.number(2); n == 0 {
		return c, false
	}
	if !s.eat('.') && !s.eat(',') {
		return c, true
	}
	unit := int64(1e9)
	for len(s.b) > 0 && s.b[0] >= '0' && s.b[0] <= '9' {
		if unit > 1 {
			unit /= 10
			c.ns += int64(s.b[0]-'0') * unit
			c.digits++
		}
		s.b = s.b[1:]
	}
	return c, c.digits > 0
}

// finish takes the zone, which must be the rest of the text, and returns the
// moment. Without a zone it is in loc.
func (s *timeText) finish(year, month, day int, c clock, loc *time.Location) (outcome.Time, bool) {
	sec, ok := unixSeconds(year, month, day, c.hour, c.minute, c.second)
	if !ok {
		return outcome.Time{}, false
	}
	s.blanks()
	switch {
	case len(s.b) == 0:
		sec = localToUTC(sec, loc)
	case s.eat('Z'):
	case string(s.b) == "GMT" || string(s.b) == "UTC":
		s.b = nil
	default:
		sign := int64(1)
		if !s.eat('+') {
			sign = -1
			if !s.eat('-') {
				return outcome.Time{}, false
			}
		}
		hours, n := s.number(2)
		s.eat(':')
		minutes, m := s.number(2)
		if n != 2 || m != 2 {
			return outcome.Time{}, false
		}
		sec -= sign * int64(hours*3600+minutes*60)
	}
	return outcome.Unix(sec*1e9+c.ns, c.digits), len(s.b) == 0
}

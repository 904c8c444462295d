package logparse

import (
	"bytes"
	"math"
	"strconv"
	"time"

	"github.com/smtplog/smtplog/reply/outcome"
)

// parseCulture reads a date and time as Export-Csv writes them in the culture
// of the administrator's computer: "11/29/2026 10:42:15 AM",
// "29.11.2026 10:42:15", "2026-11-29T10:42:15.1234567Z", "/Date(1796035335000)/".
// The order decides where a date can be read in two ways; with AnyOrder such a
// date is MDY with slashes, DMY with dots or hyphens. A time without a zone is
// in loc.
func parseCulture(b []byte, order DateOrder, loc *time.Location) (outcome.Time, bool) {
	b = bytes.Trim(b, " \t")
	if ms, ok := bytes.CutPrefix(b, []byte("/Date(")); ok {
		// JSON of .NET: milliseconds since 1970 UTC.
		v, err := strconv.ParseInt(string(bytes.TrimSuffix(ms, []byte(")/"))), 10, 64)
		if err != nil || v < 0 || v > math.MaxInt64/1_000_000 {
			return outcome.Time{}, false
		}
		return outcome.Unix(v*1e6, 3), true
	}
	if t, ok := looseISO(b, loc); ok {
		return t, true
	}
	s := timeText{b}
	year, month, day, ok := s.cultureDate(order)
	if !ok {
		return outcome.Time{}, false
	}
	var c clock
	if s.eat(','); s.blanks() && len(s.b) > 0 {
		if c, ok = s.cultureClock(); !ok {
			return outcome.Time{}, false
		}
	}
	return s.finish(year, month, day, c, loc)
}

// cultureDate takes three numbers with slashes, dots or hyphens in between.
func (s *timeText) cultureDate(order DateOrder) (year, month, day int, ok bool) {
	var v, n [3]int
	var sep byte
	for i := range v {
		if v[i], n[i] = s.number(4); n[i] == 0 || n[i] == 3 {
			return 0, 0, 0, false
		}
		if i == 2 {
			break
		}
		if len(s.b) == 0 || bytes.IndexByte([]byte("/.-"), s.b[0]) < 0 || i == 1 && s.b[0] != sep {
			return 0, 0, 0, false
		}
		sep = s.b[0]
		s.b = s.b[1:]
		s.blanks() // "29. 11. 2026" in Czech
	}
	if n[0] == 4 {
		s.eat('.') // "2026. 11. 29." in Hungarian
		return v[0], v[1], v[2], true
	}
	first, second := v[0], v[1]
	switch order {
	case YMD:
		return fullYear(v[0]), v[1], v[2], n[2] < 4
	case AnyOrder:
		order = MDY
		if sep != '/' {
			order = DMY
		}
	}
	// A month beyond 12 shows the order to be the other one.
	if order == MDY && first <= 12 || second > 12 {
		return fullYear(v[2]), first, second, true
	}
	return fullYear(v[2]), second, first, true
}

// cultureClock takes "10:42:15", "10.42.15" or "10:42:15 AM".
func (s *timeText) cultureClock() (clock, bool) {
	sep := byte(':')
	if i := bytes.IndexAny(s.b, ":."); i >= 0 {
		sep = s.b[i]
	}
	c, ok := s.clock(sep)
	if !ok {
		return c, false
	}
	s.blanks()
	var half bool
	for _, name := range []string{"AM", "A.M.", "a. m.", "PM", "P.M.", "p. m."} {
		if len(s.b) >= len(name) && bytes.EqualFold(s.b[:len(name)], []byte(name)) {
			if c.hour > 12 {
				return c, false
			}
			c.hour %= 12
			if name[0]|0x20 == 'p' {
				c.hour += 12
			}
			s.b = s.b[len(name):]
			half = true
			break
		}
	}
	return c, half || len(s.b) == 0 || s.b[0] != '.'
}

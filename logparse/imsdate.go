package logparse

import (
	"bytes"
	"time"

	"github.com/smtplog/smtplog/reply/outcome"
)

// imsStamp is the date and time that a line of the IMS begins with, as
// numbers. The Windows locale of the service's account shapes them:
// "4/2/01 11:44:31 AM", "02.04.2001 11:44:31", "2001-04-02 11:44:31".
type imsStamp struct {
	date   [3]int // in the order they stand
	width  int    // digits of the first, which tell a year
	sep    byte   // between them
	second int    // since midnight
}

// parseIMSStamp reads the stamp at the beginning of a line and returns where
// the text behind " : " begins, 0 when the line has no stamp. A quote in front,
// which spreadsheets and articles put round whole lines, is passed over.
func parseIMSStamp(line []byte) (stamp imsStamp, text int) {
	if c := skipBlanks(line, 0); c == len(line) || line[c] != '"' && (line[c] < '0' || line[c] > '9') {
		return stamp, 0
	}
	stamp, end := parseStamp(line)
	i := skipBlanks(line, end)
	if i == end || i == len(line) || line[i] != ':' {
		return stamp, 0
	}
	switch i++; {
	case i == len(line):
	case line[i] == ' ':
		i++
	default:
		return stamp, 0
	}
	return stamp, i
}

// parseStamp reads a date and a time and returns where they end, 0 when there
// are none.
func parseStamp(line []byte) (stamp imsStamp, end int) {
	i := skipBlanks(line, 0)
	if i < len(line) && line[i] == '"' {
		i++
	}
	for n := range stamp.date {
		v, width := imsNumber(line[i:])
		if width == 0 || width > 4 {
			return stamp, 0
		}
		stamp.date[n] = v
		i += width
		if n == 0 {
			stamp.width = width
		}
		if n == 2 {
			break
		}
		if i == len(line) || line[i] != '/' && line[i] != '-' && line[i] != '.' || n > 0 && line[i] != stamp.sep {
			return stamp, 0
		}
		stamp.sep = line[i]
		i++
		if stamp.sep == '.' {
			i = skipBlanks(line, i) // "2001. 04. 02."
		}
	}
	if i < len(line) && line[i] == '.' {
		i++
	}
	clock := skipBlanks(line, i)
	if clock == i {
		return stamp, 0
	}
	second, n := imsClock(line[clock:])
	if n == 0 {
		return stamp, 0
	}
	stamp.second = second
	return stamp, clock + n
}

// imsClock reads "11:44:31", "11.44.31" or "1:44:31 PM" as seconds since
// midnight and returns the bytes it takes, 0 when there is no time of day.
func imsClock(b []byte) (second, n int) {
	var t [3]int
	i := 0
	for k := range t {
		v, width := imsNumber(b[i:])
		if width == 0 || width > 2 {
			return 0, 0
		}
		t[k] = v
		i += width
		if k < 2 {
			if i == len(b) || b[i] != ':' && b[i] != '.' {
				return 0, 0
			}
			i++
		}
	}
	if half, width := halfDay(b[i:]); width > 0 {
		i += width
		if t[0] <= 12 {
			t[0] = t[0]%12 + half*12
		}
	}
	if t[0] > 23 || t[1] > 59 || t[2] > 60 {
		return 0, 0
	}
	return t[0]*3600 + t[1]*60 + t[2], i
}

// halfDay reads " AM", "pm" or " p.m." and returns 0 for the morning, 1 for
// the afternoon, and the bytes it takes, 0 when there is none.
func halfDay(b []byte) (half, n int) {
	i := skipBlanks(b, 0)
	if i == len(b) {
		return 0, 0
	}
	switch b[i] | 0x20 {
	case 'a':
	case 'p':
		half = 1
	default:
		return 0, 0
	}
	i++
	dotted := i < len(b) && b[i] == '.'
	if dotted {
		i++
	}
	if i == len(b) || b[i]|0x20 != 'm' {
		return 0, 0
	}
	i++
	if dotted && i < len(b) && b[i] == '.' {
		i++
	}
	return half, i
}

// day returns the seconds from 1970-01-01 to the beginning of the stamp's day.
// A date that cannot be of the given order is read in the one it can be of.
func (s *imsStamp) day(order DateOrder) (sec int64, ok bool) {
	if sec, ok = s.dayIn(order); ok {
		return sec, true
	}
	for _, order := range []DateOrder{MDY, DMY, YMD} {
		if sec, ok = s.dayIn(order); ok {
			return sec, true
		}
	}
	return 0, false
}

// dayIn reads the date in the order; ok is false for a date that cannot be of
// it: four digits are a year, and there are 12 months.
func (s *imsStamp) dayIn(order DateOrder) (sec int64, ok bool) {
	a, b, c := s.date[0], s.date[1], s.date[2]
	if order == YMD && c > 99 {
		return 0, false
	}
	switch order {
	case DMY:
		return unixSeconds(fullYear(c), b, a, 0, 0, 0)
	case YMD:
		return unixSeconds(fullYear(a), b, c, 0, 0, 0)
	}
	return unixSeconds(fullYear(c), a, b, 0, 0, 0)
}

func skipBlanks(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t') {
		i++
	}
	return i
}

// imsClockReader reads the stamps of one log. Lines follow each other within
// the second, so the last one is kept.
type imsClockReader struct {
	order DateOrder
	loc   *time.Location
	text  [48]byte // the last stamp as it stands
	n     int
	at    outcome.Time
}

// read returns the time of a line and where its text begins, 0 for a line that
// does not begin with a time.
func (c *imsClockReader) read(line []byte) (at outcome.Time, text int) {
	if c.n > 0 && len(line) >= c.n && bytes.Equal(line[:c.n], c.text[:c.n]) {
		return c.at, c.n
	}
	stamp, text := parseIMSStamp(line)
	if text == 0 {
		return outcome.Time{}, 0
	}
	day, ok := stamp.day(c.order)
	if !ok {
		return outcome.Time{}, 0
	}
	at = outcome.Unix(localToUTC(day+int64(stamp.second), c.loc)*1e9, 0)
	if line[text-1] == ' ' && text <= len(c.text) {
		c.n = copy(c.text[:], line[:text])
		c.at = at
	}
	return at, text
}

// imsNumber reads the digits that b begins with, at most five of them, and
// returns how many there are.
func imsNumber(b []byte) (n, width int) {
	for width < len(b) && width < 5 && b[width] >= '0' && b[width] <= '9' {
		n = n*10 + int(b[width]-'0')
		width++
	}
	return n, width
}

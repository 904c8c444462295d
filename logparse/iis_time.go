package logparse

import (
	"bytes"
	"fmt"
	"time"

	"github.com/smtplog/smtplog/reply/outcome"
)

// A dayCache turns dates into seconds and keeps the last one, for the rows of
// a log have the same date for long.
type dayCache struct {
	text [24]byte
	n    int // bytes of text, 0 for none yet
	sec  int64
}

// seconds returns the seconds from 1970-01-01 to the beginning of the day that
// parse reads from date, as a civil time without a zone.
func (d *dayCache) seconds(date []byte, parse func([]byte) (year, month, day int, ok bool)) (int64, bool) {
	if d.n > 0 && bytes.Equal(d.text[:d.n], date) {
		return d.sec, true
	}
	year, month, day, ok := parse(date)
	if !ok {
		return 0, false
	}
	sec, ok := unixSeconds(year, month, day, 0, 0, 0)
	if ok && len(date) <= len(d.text) {
		d.n = copy(d.text[:], date)
		d.sec = sec
	}
	return sec, ok
}

// isoDate reads "2006-10-09".
func isoDate(b []byte) (year, month, day int, ok bool) {
	if len(b) != 10 || b[4] != '-' || b[7] != '-' {
		return 0, 0, 0, false
	}
	year, ok1 := digits(b, 4)
	month, ok2 := digits(b[5:], 2)
	day, ok3 := digits(b[8:], 2)
	return year, month, day, ok1 && ok2 && ok3
}

// clockSeconds reads "05:00:15" as seconds after midnight.
func clockSeconds(b []byte) (int64, bool) {
	if len(b) != 8 || b[2] != ':' || b[5] != ':' {
		return 0, false
	}
	hour, ok1 := digits(b, 2)
	minute, ok2 := digits(b[3:], 2)
	second, ok3 := digits(b[6:], 2)
	return int64(hour*3600 + minute*60 + second), ok1 && ok2 && ok3 && hour < 24 && minute < 60 && second <= 60
}

// A localeClock reads the dates and times of a log that Windows shaped by the
// server's locale, in local time: "8/18/06" and "13:17:37", "18.08.2006" and
// "1:17:37 PM".
type localeClock struct {
	loc   *time.Location
	day   dayCache
	order DateOrder
	parse func(date []byte) (year, month, day int, ok bool) // by order
}

func newLocaleClock(opt *Options, found Detection) *localeClock {
	c := &localeClock{loc: opt.Location, order: opt.DateOrder}
	if c.order == AnyOrder {
		c.order = found.Order
	}
	c.parse = localeDateMDY
	switch c.order {
	case DMY:
		c.parse = localeDateDMY
	case YMD:
		c.parse = localeDateYMD
	}
	return c
}

// read returns the moment of a date and a time, or what is wrong with them.
func (c *localeClock) read(date, clock []byte) (outcome.Time, string) {
	day, ok := c.day.seconds(date, c.parse)
	if !ok {
		first := "month"
		switch c.order {
		case DMY:
			first = "day"
		case YMD:
			first = "year"
		}
		return outcome.Time{}, fmt.Sprintf("%q is no date with the %s first; --date-order can say what it is", clip(date), first)
	}
	s := timeText{clock}
	t, ok := s.cultureClock()
	s.blanks()
	if !ok || len(s.b) > 0 || t.hour > 23 || t.minute > 59 || t.second > 60 {
		return outcome.Time{}, fmt.Sprintf("%q is no time", clip(clock))
	}
	sec := day + int64(t.hour*3600+t.minute*60+t.second)
	return outcome.Unix(localToUTC(sec, c.loc)*1e9+t.ns, t.digits), ""
}

func localeDateMDY(b []byte) (year, month, day int, ok bool) {
	n, yearFirst, ok := threeNumbers(b)
	if yearFirst {
		return n[0], n[1], n[2], ok
	}
	return fullYear(n[2]), n[0], n[1], ok
}

func localeDateDMY(b []byte) (year, month, day int, ok bool) {
	n, yearFirst, ok := threeNumbers(b)
	if yearFirst {
		return n[0], n[1], n[2], ok
	}
	return fullYear(n[2]), n[1], n[0], ok
}

func localeDateYMD(b []byte) (year, month, day int, ok bool) {
	n, _, ok := threeNumbers(b)
	return fullYear(n[0]), n[1], n[2], ok
}

// threeNumbers reads the numbers of a date with slashes, dots or hyphens in
// between. A first one of four digits is the year in any locale.
func threeNumbers(b []byte) (n [3]int, yearFirst, ok bool) {
	s := timeText{b}
	for i := range n {
		if i > 0 && !s.eat('/') && !s.eat('.') && !s.eat('-') {
			return n, false, false
		}
		var width int
		if n[i], width = s.number(4); width == 0 {
			return n, false, false
		}
		yearFirst = yearFirst || i == 0 && width == 4
	}
	return n, yearFirst, len(s.b) == 0
}

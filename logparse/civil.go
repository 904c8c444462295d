package logparse

import "time"

// unixSeconds returns the seconds from 1970-01-01 UTC to the given civil time
// in UTC. ok is false when there is no such time. Second 60 is taken as the
// first of the next minute.
func unixSeconds(year, month, day, hour, minute, second int) (sec int64, ok bool) {
	if year < 1970 || year > 2200 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) ||
		hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 {
		return 0, false
	}
	// Days by the proleptic Gregorian calendar, with years that begin in March
	// so that the leap day is the last of the year.
	y, m := year, month-3
	if m < 0 {
		y, m = y-1, m+12
	}
	days := 365*y + y/4 - y/100 + y/400 + (153*m+2)/5 + day - 1 - 719468
	return int64(days)*86400 + int64(hour)*3600 + int64(minute)*60 + int64(second), true
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// localToUTC turns seconds that unixSeconds counted for a civil time in loc
// into seconds UTC. A civil time that the zone skips or repeats is taken as
// time.Date takes it.
func localToUTC(sec int64, loc *time.Location) int64 {
	if loc == time.UTC || loc == nil {
		return sec
	}
	t := time.Unix(sec, 0).UTC()
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, loc).Unix()
}

// fullYear widens a two-digit year: 70 to 99 are of the 20th century. These
// logs begin in 1996, the two-digit forms are still written today.
func fullYear(y int) int {
	switch {
	case y >= 100:
		return y
	case y >= 70:
		return 1900 + y
	}
	return 2000 + y
}

// digits reads the decimal number of exactly n digits that b begins with.
func digits(b []byte, n int) (v int, ok bool) {
	if len(b) < n {
		return 0, false
	}
	for _, c := range b[:n] {
		if c < '0' || c > '9' {
			return 0, false
		}
		v = v*10 + int(c-'0')
	}
	return v, true
}

package track

import (
	"strings"
	"time"

	"github.com/smtplog/smtplog/reply/outcome"
)

// isoTime reads a time in the form of RFC 3339 and returns how many digits it
// has after the second.
func isoTime(s string) (t time.Time, fraction int, ok bool) {
	if t, fraction, ok = plainTime(s); ok {
		return t, fraction, true
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if dot := strings.IndexByte(s, '.'); dot >= 0 {
		fraction = len(strings.TrimRight(s[dot+1:], "Z"))
	}
	return t, fraction, err == nil
}

// plainTime reads the form that Exchange writes, "2026-11-01T09:30:00.250Z",
// with one to nine digits after the second. It leaves the 29th of February to
// others.
func plainTime(s string) (t time.Time, fraction int, ok bool) {
	n := len(s)
	if n < len("2006-01-02T15:04:05.0Z") || n > len("2006-01-02T15:04:05.000000000Z") ||
		s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' || s[19] != '.' || s[n-1] != 'Z' {
		return t, 0, false
	}
	year, ok1 := digits(s[:4])
	month, ok2 := digits(s[5:7])
	day, ok3 := digits(s[8:10])
	hour, ok4 := digits(s[11:13])
	minute, ok5 := digits(s[14:16])
	second, ok6 := digits(s[17:19])
	ns, ok7 := digits(s[20 : n-1])
	if !(ok1 && ok2 && ok3 && ok4 && ok5 && ok6 && ok7) || month < 1 || month > 12 || day < 1 || day > plainDays(month) || hour > 23 || minute > 59 || second > 59 {
		return t, 0, false
	}
	fraction = n - 1 - 20
	for range 9 - fraction {
		ns *= 10
	}
	return time.Date(int(year), time.Month(month), int(day), int(hour), int(minute), int(second), int(ns), time.UTC), fraction, true
}

// plainDays returns how many days the month has in any year.
func plainDays(month int64) int64 {
	switch month {
	case 2:
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// time2000 reads "2026-1-9 7:2:14 GMT".
func time2000(s string) outcome.Time {
	t, err := time.Parse("2006-1-2 15:4:5 MST", s)
	if err != nil || t.Year() < 1980 {
		return outcome.Time{}
	}
	return outcome.At(t.UTC(), 0)
}

// Package when reads the times and time zones of the command line.
package when

import (
	"fmt"
	"strings"
	"time"
)

// zoned and zoneless are the layouts of times; a fraction may follow the
// seconds of each.
var (
	zoned    = []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04Z07:00", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04Z07:00"}
	zoneless = []string{"2006-01-02", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04"}
)

// Parse reads a time: RFC 3339 (the seconds may be left out), a date or a date
// and time in loc, a time before now ("-90m", "-3h", "-2d", "-1w", and together:
// "-1d12h"), or now, today or yesterday. A date, today and yesterday mean the
// first moment of that day in loc. Days and weeks before now are those of
// the calendar in loc, whatever their length.
func Parse(s string, now time.Time, loc *time.Location) (time.Time, error) {
	text := strings.TrimSpace(s)
	now = now.In(loc)
	switch strings.ToLower(text) {
	case "now":
		return now, nil
	case "today":
		return midnight(now, 0), nil
	case "yesterday":
		return midnight(now, -1), nil
	}
	if ago, found := strings.CutPrefix(text, "-"); found {
		if t, ok := before(now, ago); ok {
			return t, nil
		}
	}
	upper := strings.ToUpper(text) // RFC 3339 allows "t" and "z"
	for _, layout := range zoned {
		if t, err := time.Parse(layout, upper); err == nil {
			return t, nil
		}
	}
	for _, layout := range zoneless {
		if t, err := time.ParseInLocation(layout, upper, loc); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time; write 2026-11-01, 2026-11-01 13:00, 2026-11-01T13:00:00Z, -3h, -2d, -1w, now, today or yesterday", s)
}

// midnight returns the first moment of the day that is so many days after that
// of now.
func midnight(now time.Time, days int) time.Time {
	y, m, d := now.Date()
	return time.Date(y, m, d+days, 0, 0, 0, 0, now.Location())
}

// before returns the time that lies before now by what is written as "1d12h".
func before(now time.Time, s string) (time.Time, bool) {
	if s == "" {
		return now, false
	}
	days := 0
	var rest time.Duration
	for s != "" {
		digits := 0
		for digits < len(s) && '0' <= s[digits] && s[digits] <= '9' {
			digits++
		}
		n, ok := number(s[:digits], 5)
		if !ok || digits == len(s) {
			return now, false
		}
		switch s[digits] {
		case 'w', 'W':
			days += 7 * n
		case 'd', 'D':
			days += n
		case 'h', 'H':
			rest += time.Duration(n) * time.Hour
		case 'm', 'M':
			rest += time.Duration(n) * time.Minute
		case 's', 'S':
			rest += time.Duration(n) * time.Second
		default:
			return now, false
		}
		s = s[digits+1:]
	}
	return now.AddDate(0, 0, -days).Add(-rest), true
}

package outcome

import (
	"strconv"
	"time"
)

// Time is a moment as a log wrote it: UTC, with the log's own precision. The
// zero Time means that the log gave none.
type Time struct {
	ns     int64 // since 1970-01-01 UTC
	digits uint8 // of the fraction of a second, plus one: 0 is no time at all
}

// At returns t with the given number of digits after the second, 0 to 9.
func At(t time.Time, digits int) Time {
	return Time{t.UnixNano(), uint8(min(max(digits, 0), 9)) + 1}
}

// Unix returns the moment ns nanoseconds after 1970-01-01 UTC with the given
// number of digits after the second, 0 to 9.
func Unix(ns int64, digits int) Time {
	return Time{ns, uint8(min(max(digits, 0), 9)) + 1}
}

// IsZero reports whether there is no time.
func (t Time) IsZero() bool { return t.digits == 0 }

// UnixNano returns the nanoseconds since 1970-01-01 UTC.
func (t Time) UnixNano() int64 { return t.ns }

// Digits returns the number of digits after the second that the log wrote.
func (t Time) Digits() int { return max(int(t.digits), 1) - 1 }

// Precision returns one more than Digits, and 0 for no time.
func (t Time) Precision() uint8 { return t.digits }

// Follows reports whether t has the precision of u and is not before it, or
// neither is a time.
func (t Time) Follows(u Time) bool { return t.digits == u.digits && t.ns >= u.ns }

// Time returns t as a time.Time in UTC, the zero time.Time for no time.
func (t Time) Time() time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.Unix(0, t.ns).UTC()
}

// Sub returns t−u, 0 if either is no time.
func (t Time) Sub(u Time) time.Duration {
	if t.IsZero() || u.IsZero() {
		return 0
	}
	return time.Duration(t.ns - u.ns)
}

// Compare orders times; no time comes first.
func (t Time) Compare(u Time) int {
	switch {
	case t.IsZero() != u.IsZero():
		if t.IsZero() {
			return -1
		}
		return 1
	case t.ns < u.ns:
		return -1
	case t.ns > u.ns:
		return 1
	}
	return int(t.digits) - int(u.digits)
}

// Before reports whether t is earlier than u.
func (t Time) Before(u Time) bool { return t.Compare(u) < 0 }

// Append appends t in the form of RFC 3339, UTC, with the log's precision.
// No time appends nothing.
func (t Time) Append(b []byte) []byte {
	if t.IsZero() {
		return b
	}
	seconds := floorDiv(t.ns, 1e9)
	days := floorDiv(seconds, 86400)
	year, month, day := civil(days)
	second := int(seconds - days*86400)
	b = append(b, decimals[2*(year/100):][:2]...)
	b = append(b, decimals[2*(year%100):][:2]...)
	b = append(b, '-', decimals[2*month], decimals[2*month+1], '-', decimals[2*day], decimals[2*day+1], 'T')
	for i, n := range [...]int{second / 3600, second / 60 % 60, second % 60} {
		b = append(b, decimals[2*n], decimals[2*n+1], "::."[i])
	}
	return t.appendFraction(b[:len(b)-1], uint32(t.ns-seconds*1e9))
}

// appendFraction appends what follows the second, of which that many nanoseconds
// have passed.
func (t Time) appendFraction(b []byte, nanoseconds uint32) []byte {
	unit := uint32(1e9)
	for n := t.digits; n > 1; n-- {
		if n == t.digits {
			b = append(b, '.')
		}
		unit /= 10
		b = append(b, '0'+byte(nanoseconds/unit%10))
	}
	return append(b, 'Z')
}

// A Stamper appends times as [Time.Append] does, faster where many are of the
// same minute. The zero Stamper is ready.
type Stamper struct {
	begin int64 // the minute's, in nanoseconds since 1970-01-01 UTC
	text  []byte
}

// Append appends t.
func (s *Stamper) Append(b []byte, t Time) []byte {
	const minute, upToMinute = 60e9, len("2006-01-02T15:04:")
	since := t.ns - s.begin
	if uint64(since) >= minute || len(s.text) == 0 || t.digits == 0 {
		if t.ns < 0 || t.digits == 0 {
			return t.Append(b)
		}
		s.begin = t.ns - t.ns%minute
		s.text = t.Append(s.text[:0])[:upToMinute]
		since = t.ns - s.begin
	}
	b = append(b, s.text...)
	milliseconds := uint32(since / 1e6)
	second, fraction := milliseconds/1000, milliseconds%1000
	switch t.digits {
	case 1:
		return append(b, decimals[2*second], decimals[2*second+1], 'Z')
	case 1 + 3:
		return append(b, decimals[2*second], decimals[2*second+1], '.', '0'+byte(fraction/100),
			decimals[2*(fraction%100)], decimals[2*(fraction%100)+1], 'Z')
	}
	b = append(b, decimals[2*second], decimals[2*second+1])
	return t.appendFraction(b, uint32(since%1e9))
}

// decimals are the numbers from 00 to 99.
var decimals = func() (t [200]byte) {
	for i := range 100 {
		t[2*i], t[2*i+1] = '0'+byte(i/10), '0'+byte(i%10)
	}
	return t
}()

func floorDiv(a, b int64) int64 {
	q := a / b
	if a < q*b {
		q--
	}
	return q
}

// civil returns the date of a day counted from 1970-01-01. It counts years from
// March, in which the leap day comes last, and eras of 400 years.
func civil(days int64) (year, month, day int) {
	const daysOfEra, marchToEpoch = 146097, 719468
	days += marchToEpoch
	era := floorDiv(days, daysOfEra)
	of := int(days - era*daysOfEra)
	year = (of - of/1460 + of/36524 - of/146096) / 365
	of -= 365*year + year/4 - year/100
	month = (5*of + 2) / 153
	day = of - (153*month+2)/5 + 1
	if year += int(era) * 400; month >= 10 {
		return year + 1, month - 9, day
	}
	return year, month + 3, day
}

// AppendIn is Append for another time zone.
func (t Time) AppendIn(b []byte, loc *time.Location) []byte {
	if t.IsZero() {
		return b
	}
	at := time.Unix(0, t.ns).In(loc)
	b = at.AppendFormat(b, time.RFC3339)
	n := int(t.digits) - 1
	if n <= 0 {
		return b
	}
	// The fraction goes in front of the zone: "Z", or "+01:00".
	end := len(b) - 1
	if b[end] != 'Z' {
		end -= len("+01:0")
	}
	var zone [6]byte
	width := copy(zone[:], b[end:])
	var buf [10]byte
	frac := strconv.AppendInt(buf[:0], int64(at.Nanosecond())+1e9, 10)
	frac[0] = '.'
	b = append(b[:end], frac[:1+n]...)
	return append(b, zone[:width]...)
}

// String returns t as Append writes it.
func (t Time) String() string { return string(t.Append(nil)) }

// MarshalText writes t as Append does, so that JSON holds it as a string.
func (t Time) MarshalText() ([]byte, error) { return t.Append(nil), nil }

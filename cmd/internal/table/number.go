package table

import (
	"fmt"
	"strconv"
	"time"
)

// Count writes a number with commas: 2,871,004.
func Count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	start := 0
	if n < 0 {
		start = 1
	}
	out := make([]byte, 0, len(digits)+len(digits)/3)
	for i := range len(digits) {
		if i > start && (len(digits)-i)%3 == 0 {
			out = append(out, ',')
		}
		out = append(out, digits[i])
	}
	return string(out)
}

// Bytes writes a number of bytes in decimal units: 999 B, 1.2 kB, 412 MB.
func Bytes(n int64) string {
	if n < 0 {
		return "-" + byteSize(-uint64(n))
	}
	return byteSize(uint64(n))
}

func byteSize(n uint64) string {
	if n < 1000 {
		return strconv.FormatUint(n, 10) + " B"
	}
	// Values are rounded before the unit is chosen, lest 999.7 kB become 1000 kB.
	unit, scale := 0, uint64(1000)
	const units = "kMGTPE"
	for unit < len(units)-1 && (n+scale/2)/scale >= 1000 {
		unit++
		scale *= 1000
	}
	if tenths := (n + scale/20) / (scale / 10); tenths < 100 {
		return fmt.Sprintf("%d.%d %cB", tenths/10, tenths%10, units[unit])
	}
	return fmt.Sprintf("%d %cB", (n+scale/2)/scale, units[unit])
}

// Duration writes a length of time in its two largest units: 812ms, 4.2s,
// 3m05s, 2h05m, 3d04h. Less than a millisecond is 0ms.
func Duration(d time.Duration) string {
	if d < 0 {
		if d == -1<<63 {
			d++
		}
		return "-" + Duration(-d)
	}
	switch {
	case d < time.Second:
		return fmt.Sprintf("%dms", d/time.Millisecond)
	case d < 10*time.Second:
		return fmt.Sprintf("%d.%ds", d/time.Second, d%time.Second/(100*time.Millisecond))
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%dd%02dh", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
}

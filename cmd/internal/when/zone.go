package when

import (
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // Windows has no IANA zones of its own
)

// maxOffset bounds offsets from UTC: real ones are from -12:00 to +14:00.
const maxOffset = 14 * 60 // minutes

// Zone returns the time zone that a name means, in upper or lower case:
// UTC, local, a name of the IANA database (Europe/Berlin), one of
// Windows (W. Europe Standard Time), or an offset (+02:00, -0500, UTC+2).
// The IANA database is part of the program.
func Zone(name string) (*time.Location, error) {
	text := strings.TrimSpace(name)
	lower := strings.ToLower(text)
	switch lower {
	case "utc", "z", "gmt":
		return time.UTC, nil
	case "local":
		return time.Local, nil
	}
	if loc, ok := offset(lower); ok {
		return loc, nil
	}
	if iana := windowsZones[lower]; iana != "" {
		if loc, err := time.LoadLocation(iana); err == nil {
			return loc, nil
		}
	}
	if text != "" {
		for _, candidate := range []string{text, titled(lower), strings.ToUpper(text)} {
			if loc, err := time.LoadLocation(candidate); err == nil {
				return loc, nil
			}
		}
	}
	return nil, fmt.Errorf("no time zone %q; write UTC, local, an offset (+02:00), an IANA name (Europe/Berlin) or a Windows name (W. Europe Standard Time)", name)
}

// offset reads "+02:00", "-0500", "+2", each with "utc" or "gmt" before it or
// not.
func offset(s string) (*time.Location, bool) {
	s = strings.TrimPrefix(strings.TrimPrefix(s, "utc"), "gmt")
	if len(s) < 2 || s[0] != '+' && s[0] != '-' {
		return nil, false
	}
	hours, minutes, colon := strings.Cut(s[1:], ":")
	if !colon && len(hours) > 2 {
		hours, minutes = hours[:len(hours)-2], hours[len(hours)-2:]
	}
	h, ok := number(hours, 2)
	m := 0
	if ok && (colon || minutes != "") {
		m, ok = number(minutes, 2)
		ok = ok && len(minutes) == 2 && m < 60
	}
	total := h*60 + m
	if !ok || total > maxOffset {
		return nil, false
	}
	if total == 0 {
		return time.UTC, true
	}
	if s[0] == '-' {
		return time.FixedZone(fmt.Sprintf("UTC-%02d:%02d", h, m), -total*60), true
	}
	return time.FixedZone(fmt.Sprintf("UTC+%02d:%02d", h, m), total*60), true
}

// number reads s, of one to max digits.
func number(s string, max int) (n int, ok bool) {
	if s == "" || len(s) > max {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}

// titled writes a zone's name, given in lower case, as the IANA database does:
// a capital at the start of each word, but not of small words within a name
// (Isle_of_Man, Port-au-Prince).
func titled(lower string) string {
	b := []byte(lower)
	for i := range b {
		start := i == 0 || b[i-1] == '/' || b[i-1] == '_' || b[i-1] == '-'
		if start && 'a' <= b[i] && b[i] <= 'z' && !smallWord(lower[i:]) {
			b[i] -= 'a' - 'A'
		}
	}
	return string(b)
}

func smallWord(s string) bool {
	for _, w := range []string{"of_", "au-", "es_"} {
		if strings.HasPrefix(s, w) {
			return true
		}
	}
	return false
}

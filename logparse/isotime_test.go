package logparse

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/smtplog/smtplog/reply/outcome"
)

func TestParseISO(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"2026-11-29T10:42:15.123Z", "2026-11-29T10:42:15.123Z"},
		{"2026-11-29T10:42:15Z", "2026-11-29T10:42:15Z"},
		{"2026-11-29T10:42:15.1234567Z", "2026-11-29T10:42:15.1234567Z"},
		{"2026-11-29T10:42:15.1234567891Z", "2026-11-29T10:42:15.123456789Z"},
		{"2026-11-29T10:42:15.123", "2026-11-29T10:42:15.123Z"},
		{"2026-11-29 10:42:15.123Z", "2026-11-29T10:42:15.123Z"},
		{"2026-11-29 10:42:15", "2026-11-29T10:42:15Z"},
		{"2026-11-29 10:42:15,5", "2026-11-29T10:42:15.5Z"},
		{"2026-11-29T10:42", "2026-11-29T10:42:00Z"},
		{" 2026-11-29T10:42:15.123Z ", "2026-11-29T10:42:15.123Z"},
		{"2026-11-29T10:42:15.123+01:00", "2026-11-29T09:42:15.123Z"},
		{"2026-11-29T10:42:15-0530", "2026-11-29T16:12:15Z"},
		{"2026-1-2T3:4:5Z", "2026-01-02T03:04:05Z"},
		{"2024-02-29T00:00:00.000Z", "2024-02-29T00:00:00.000Z"},
		{"2026-12-31T23:59:60.000Z", "2027-01-01T00:00:00.000Z"},
		{"2026-02-29T00:00:00.000Z", ""},
		{"2026-13-01T00:00:00.000Z", ""},
		{"2026-11-29T24:00:00.000Z", ""},
		{"2026-11-29T10:60:00.000Z", ""},
		{"2026-11-29T10:42:1x.123Z", ""},
		{"2026-11-29T10:42:15.12xZ", ""},
		{"2026-11-29T10:42:15.Z", ""},
		{"2026-11-29T10:42:15.123ZZ", ""},
		{"2026-11-29T10:42:15 CET", ""},
		{"2026-11-29", ""},
		{"0026-11-29T10:42:15.123Z", ""},
		{"date-time", ""},
		{"", ""},
	} {
		at, ok := parseISO([]byte(test.in))
		if ok != (test.want != "") || ok && at.String() != test.want {
			t.Errorf("%q: %v %v, want %q", test.in, at, ok, test.want)
		}
	}
}

func TestParseISOAgainstTime(t *testing.T) {
	layouts := []string{"2006-01-02T15:04:05.000Z", "2006-01-02T15:04:05Z", "2006-01-02 15:04:05.0000000", "2006-1-2 15:04:05 GMT"}
	digits := []int{3, 0, 7, 0}
	rapid.Check(t, func(t *rapid.T) {
		moment := time.Unix(rapid.Int64Range(0, 7258118400).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC()
		i := rapid.IntRange(0, len(layouts)-1).Draw(t, "layout")
		text := moment.Format(layouts[i])
		read, err := time.Parse(layouts[i], text)
		if err != nil {
			t.Fatal(err)
		}
		at, ok := parseISO([]byte(text))
		if want := outcome.At(read, digits[i]); !ok || at != want {
			t.Errorf("%q: %v %v, want %v", text, at, ok, want)
		}
	})
}

// FuzzParseISO compares the two ways to read a time.
func FuzzParseISO(f *testing.F) {
	for _, text := range []string{"2026-11-29T10:42:15.123Z", "2026-02-29T00:00:00.000Z", "2026-11-29 1:2:3", "20 6-11-29T10:42:15.123Z", "2026-11-29T10:42:15.12 Z"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, ok := parseISO([]byte(text))
		loose, looseOK := looseISO([]byte(text), time.UTC)
		if ok != looseOK || ok && at != loose {
			t.Errorf("%q: %v %v and %v %v", text, at, ok, loose, looseOK)
		}
	})
}

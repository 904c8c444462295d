package logparse

import (
	"testing"
	"time"
)

func TestParseCulture(t *testing.T) {
	east := time.FixedZone("east", 3600)
	for _, test := range []struct {
		in    string
		order DateOrder
		loc   *time.Location
		want  string
	}{
		{"11/29/2026 10:42:15 AM", AnyOrder, nil, "2026-11-29T10:42:15Z"},
		{"11/29/2026 10:42:15 PM", AnyOrder, nil, "2026-11-29T22:42:15Z"},
		{"11/9/2026 12:00:00 AM", AnyOrder, nil, "2026-11-09T00:00:00Z"},
		{"11/9/2026 12:00:00 PM", AnyOrder, nil, "2026-11-09T12:00:00Z"},
		{"11/9/2026 12:00:00 p.m.", AnyOrder, nil, "2026-11-09T12:00:00Z"},
		{"11/9/2026 12:00:00 a. m.", AnyOrder, nil, "2026-11-09T00:00:00Z"},
		{"11/29/2026 10:42:15\u202fPM", AnyOrder, nil, "2026-11-29T22:42:15Z"},
		{"11/29/2026 10:42:15\u00a0PM", AnyOrder, nil, "2026-11-29T22:42:15Z"},
		{"3/4/2026 10:42:15", AnyOrder, nil, "2026-03-04T10:42:15Z"},
		{"3/4/2026 10:42:15", MDY, nil, "2026-03-04T10:42:15Z"},
		{"3/4/2026 10:42:15", DMY, nil, "2026-04-03T10:42:15Z"},
		{"29/11/2026 10:42", AnyOrder, nil, "2026-11-29T10:42:00Z"},
		{"29/11/2026 10:42", MDY, nil, "2026-11-29T10:42:00Z"},
		{"11/29/2026 10:42", DMY, nil, "2026-11-29T10:42:00Z"},
		{"29.11.2026 10:42:15", AnyOrder, nil, "2026-11-29T10:42:15Z"},
		{"03.04.2026 10:42:15", AnyOrder, nil, "2026-04-03T10:42:15Z"},
		{"03-04-2026 10:42:15", AnyOrder, nil, "2026-04-03T10:42:15Z"},
		{"3.4.2026 10.42.15", AnyOrder, nil, "2026-04-03T10:42:15Z"},
		{"29. 11. 2026 10:42:15", AnyOrder, nil, "2026-11-29T10:42:15Z"},
		{"2026. 11. 29. 10:42:15", AnyOrder, nil, "2026-11-29T10:42:15Z"},
		{"2026/11/29 10:42:15", AnyOrder, nil, "2026-11-29T10:42:15Z"},
		{"26/11/29 10:42:15", YMD, nil, "2026-11-29T10:42:15Z"},
		{"11/29/26 10:42:15 AM", AnyOrder, nil, "2026-11-29T10:42:15Z"},
		{"11/29/2026, 10:42:15 AM", AnyOrder, nil, "2026-11-29T10:42:15Z"},
		{"11/29/2026", AnyOrder, nil, "2026-11-29T00:00:00Z"},
		{"2026-11-29T10:42:15.1234567Z", AnyOrder, east, "2026-11-29T10:42:15.1234567Z"},
		{"2026-11-29T10:42:15.1234567", AnyOrder, east, "2026-11-29T09:42:15.1234567Z"},
		{"11/29/2026 10:42:15 AM", AnyOrder, east, "2026-11-29T09:42:15Z"},
		{"/Date(1796035335123)/", AnyOrder, east, "2026-11-30T10:42:15.123Z"},
		{"/Date(x)/", AnyOrder, nil, ""},
		{"/Date(99999999999999999)/", AnyOrder, nil, ""},
		{"13/13/2026 10:42:15", AnyOrder, nil, ""},
		{"11/29/2026 13:42:15 PM", AnyOrder, nil, ""},
		{"11/29/2026 10:42:15 XM", AnyOrder, nil, ""},
		{"11.29/2026 10:42:15", AnyOrder, nil, ""},
		{"1/2", AnyOrder, nil, ""},
		{"Delivered", AnyOrder, nil, ""},
		{"", AnyOrder, nil, ""},
	} {
		at, ok := parseCulture([]byte(test.in), test.order, test.loc)
		if ok != (test.want != "") || ok && at.String() != test.want {
			t.Errorf("%q in order %d: %v %v, want %q", test.in, test.order, at, ok, test.want)
		}
	}
}

func FuzzParseCulture(f *testing.F) {
	for _, text := range []string{"11/29/2026 10:42:15 AM", "29. 11. 2026 10.42", "2026. 11. 29. 1:2", "/Date(1)/"} {
		f.Add(text, uint8(0))
	}
	f.Fuzz(func(t *testing.T, text string, order uint8) {
		at, ok := parseCulture([]byte(text), DateOrder(order%4), nil)
		if ok && at.IsZero() {
			t.Errorf("%q is a time that is none", text)
		}
	})
}

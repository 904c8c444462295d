package when

import (
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	berlin, err := Zone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 1, 15, 4, 5, 600, time.UTC) // 16:04 in Berlin
	for _, test := range []struct {
		in   string
		loc  *time.Location
		want string
	}{
		{"2026-11-01T13:00:00Z", berlin, "2026-11-01T13:00:00Z"},
		{"2026-11-01T13:00:00.25Z", berlin, "2026-11-01T13:00:00.25Z"},
		{"2026-11-01t13:00:00z", berlin, "2026-11-01T13:00:00Z"},
		{"2026-11-01T13:00:00-05:00", berlin, "2026-11-01T18:00:00Z"},
		{"2026-11-01T13:00Z", berlin, "2026-11-01T13:00:00Z"},
		{"2026-11-01 13:00:00+01:00", time.UTC, "2026-11-01T12:00:00Z"},
		{"2026-11-01 13:00+01:00", time.UTC, "2026-11-01T12:00:00Z"},
		{"2026-11-01", time.UTC, "2026-11-01T00:00:00Z"},
		{"2026-11-01", berlin, "2026-10-31T23:00:00Z"},
		{"2026-07-01", berlin, "2026-06-30T22:00:00Z"},
		{" 2026-11-01 13:00 ", berlin, "2026-11-01T12:00:00Z"},
		{"2026-11-01 13:00:05", berlin, "2026-11-01T12:00:05Z"},
		{"2026-11-01 13:00:05.123", berlin, "2026-11-01T12:00:05.123Z"},
		{"2026-11-01T13:00", berlin, "2026-11-01T12:00:00Z"},
		{"2026-11-01T13:00:05", berlin, "2026-11-01T12:00:05Z"},
		{"now", berlin, "2026-11-01T15:04:05.0000006Z"},
		{"Today", time.UTC, "2026-11-01T00:00:00Z"},
		{"today", berlin, "2026-10-31T23:00:00Z"},
		{"yesterday", time.UTC, "2026-10-31T00:00:00Z"},
		{"yesterday", berlin, "2026-10-30T23:00:00Z"},
		{"-3h", berlin, "2026-11-01T12:04:05.0000006Z"},
		{"-90m", berlin, "2026-11-01T13:34:05.0000006Z"},
		{"-5s", berlin, "2026-11-01T15:04:00.0000006Z"},
		{"-0s", berlin, "2026-11-01T15:04:05.0000006Z"},
		{"-2d", time.UTC, "2026-10-30T15:04:05.0000006Z"},
		{"-7d", berlin, "2026-10-25T15:04:05.0000006Z"},
		{"-8d", berlin, "2026-10-24T14:04:05.0000006Z"}, // summer time: the same hour of the day
		{"-1w", time.UTC, "2026-10-25T15:04:05.0000006Z"},
		{"-1d12H", time.UTC, "2026-10-31T03:04:05.0000006Z"},
		{"-1h30m", time.UTC, "2026-11-01T13:34:05.0000006Z"},
	} {
		got, err := Parse(test.in, now, test.loc)
		if err != nil || got.UTC().Format(time.RFC3339Nano) != test.want {
			t.Errorf("Parse(%q) in %v = %v, %v, want %s", test.in, test.loc, got.UTC().Format(time.RFC3339Nano), err, test.want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, in := range []string{
		"", " ", "-", "3h", "-3", "-3x", "-h", "--3h", "-3h-2m", "-1.5h", "-100000h", "-3 h", "tomorrow", "2026", "2026-11", "2026-13-01",
		"2026-02-30", "11/01/2026", "01.11.2026", "2026-11-01 25:00", "2026-11-01T", "2026-11-01 1pm", "2026-11-01Z", "1762000000", "\x1b[2J",
	} {
		got, err := Parse(in, time.Now(), time.UTC)
		if err == nil {
			t.Errorf("Parse(%q) = %v", in, got)
		} else if !strings.Contains(err.Error(), "2026-11-01T13:00:00Z") || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("Parse(%q): %v", in, err)
		}
	}
}

func TestZone(t *testing.T) {
	winter := time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)
	summer := time.Date(2026, 7, 15, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name           string
		winter, summer int // minutes east of UTC
	}{
		{"UTC", 0, 0}, {"utc", 0, 0}, {"Z", 0, 0}, {"GMT", 0, 0}, {"Etc/UTC", 0, 0},
		{"Europe/Berlin", 60, 120}, {"europe/berlin", 60, 120}, {"EUROPE/BERLIN", 60, 120}, {" Europe/London ", 0, 60},
		{"america/port-au-prince", -300, -240}, {"europe/isle_of_man", 0, 60}, {"africa/dar_es_salaam", 180, 180}, {"US/Eastern", -300, -240},
		{"EST", -300, -300}, {"cet", 60, 120},
		{"W. Europe Standard Time", 60, 120}, {"w. europe standard time", 60, 120}, {"Eastern Standard Time", -300, -240},
		{"Romance Standard Time", 60, 120}, {"Pacific Standard Time", -480, -420}, {"GMT Standard Time", 0, 60},
		{"India Standard Time", 330, 330}, {"AUS Eastern Standard Time", 660, 600}, {"Tokyo Standard Time", 540, 540}, {"UTC-11", -660, -660},
		{"+02:00", 120, 120}, {"-0500", -300, -300}, {"+2", 120, 120}, {"+02", 120, 120}, {"+0530", 330, 330}, {"-3:30", -210, -210}, {"+545", 345, 345},
		{"UTC+2", 120, 120}, {"gmt-05:00", -300, -300}, {"+14:00", 840, 840}, {"-00:00", 0, 0},
	} {
		loc, err := Zone(test.name)
		if err != nil {
			t.Errorf("Zone(%q): %v", test.name, err)
			continue
		}
		_, w := winter.In(loc).Zone()
		_, s := summer.In(loc).Zone()
		if w != test.winter*60 || s != test.summer*60 {
			t.Errorf("Zone(%q): %d and %d minutes, want %d and %d", test.name, w/60, s/60, test.winter, test.summer)
		}
	}
	if loc, err := Zone("Local"); err != nil || loc != time.Local {
		t.Errorf("local is %v, %v", loc, err)
	}
	if loc, _ := Zone("-0530"); loc.String() != "UTC-05:30" {
		t.Errorf("an offset is called %s", loc)
	}
}

func TestZoneErrors(t *testing.T) {
	for _, name := range []string{
		"", " ", "Mars/Olympus", "Europe/Nowhere", "../etc/passwd", "/etc/localtime", `\\server\share`, "Standard Time", "+", "+15:00", "+14:01",
		"+1:2:3", "+02:60", "+2:0", "+123456", "+aa:bb", "+02:", "+-2", "PST", "zone.tab", "\x1b[2J",
	} {
		loc, err := Zone(name)
		if err == nil {
			t.Errorf("Zone(%q) = %v", name, loc)
		} else if !strings.Contains(err.Error(), "Europe/Berlin") || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("Zone(%q): %v", name, err)
		}
	}
}

func TestWindowsZones(t *testing.T) {
	if len(windowsZones) < 130 {
		t.Errorf("%d zones", len(windowsZones))
	}
	for name, iana := range windowsZones {
		if strings.ToLower(name) != name {
			t.Errorf("%q is not in lower case", name)
		}
		want, err := time.LoadLocation(iana)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := Zone(strings.ToUpper(name))
		if err != nil {
			t.Errorf("Zone(%q): %v", name, err)
			continue
		}
		for month := time.January; month <= time.December; month++ {
			at := time.Date(2026, month, 15, 12, 0, 0, 0, time.UTC)
			_, g := at.In(got).Zone()
			_, w := at.In(want).Zone()
			if g != w {
				t.Errorf("%s is not %s in %v", name, iana, month)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	now := time.Date(2026, 11, 1, 15, 4, 5, 0, time.UTC)
	for _, s := range []string{"-3h", "-99999w99999d99999h", "yesterday", "2026-11-01 13:00", "2026-11-01T13:00:00Z", "0000-01-01"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := Parse(s, now, time.UTC)
		if err == nil && strings.HasPrefix(strings.TrimSpace(s), "-") && got.After(now) {
			t.Errorf("Parse(%q) = %v, after now", s, got)
		}
		if loc, err := Zone(s); err == nil {
			if _, offset := now.In(loc).Zone(); offset < -14*3600 || offset > 14*3600 {
				t.Errorf("Zone(%q) is %d s east of UTC", s, offset)
			}
		}
	})
}

package logparse

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	header2000 = "# Message Tracking Log File\r\n# Exchange System Attendant Version 6.5.7226.0\r\n"
	row2000    = "2026-1-9\t7:2:15 GMT\t192.0.2.7\tmail.example.org\t-\tEX1\t10.0.0.1\tx@example.com\t1019\t" +
		"1@mail.example.org\t0\t0\t2532\t1\t2026-1-9 7:2:14 GMT\t0\tVersion: 6.0.3790.4675\t-\tLunch\ta@example.org\t-"
)

func names2000() string { return strings.Join(tracking2000Names, "\t") }

func TestTracking2000(t *testing.T) {
	var pairs []string
	for i, value := range strings.Split(row2000, "\t") {
		name := "21"
		if i < len(tracking2000Names) {
			name = tracking2000Names[i]
		}
		pairs = append(pairs, name+"="+value)
	}
	want := strings.Join(pairs, "|")
	if len(tracking2000Names) != 20 || len(pairs) != 21 {
		t.Fatalf("%d names, %d columns", len(tracking2000Names), len(pairs))
	}
	for _, test := range []struct {
		name, log string
		header    int64
	}{
		{"header", header2000 + rows("# "+names2000(), row2000), 3},
		{"tab at the end of the header", header2000 + rows("# "+names2000()+"\t", row2000), 3},
		{"no header", rows(row2000), 0},
		{"header without #", strings.ReplaceAll(header2000, "# ", "") + rows(names2000(), row2000), 3},
		{"header without names", header2000 + rows(row2000), 2},
	} {
		got := readText(t, Tracking2000, test.log)
		if diff := cmp.Diff([]string{want}, got.Fields); diff != "" || got.Counts.Header != test.header || len(got.Bad) != 0 {
			t.Errorf("%s: -want +got:\n%s%+v %q", test.name, diff, got.Counts, got.Bad)
			continue
		}
		rec := got.Records[0]
		if rec.Kind != KindTracking || rec.Time.String() != "2026-01-09T07:02:15Z" || string(rec.Server) != "EX1" {
			t.Errorf("%s: %v %v %q", test.name, rec.Kind, rec.Time, rec.Server)
		}
	}
}

func TestTracking2000Columns(t *testing.T) {
	got := readText(t, Tracking2000, rows("# Time\tDate\tEvent-ID", "7:2:15\t2026-1-9\t1020", "# "+names2000(), row2000))
	if len(got.Records) != 2 || got.Fields[0] != "Time=7:2:15|Date=2026-1-9|Event-ID=1020" ||
		got.Records[0].Time.String() != "2026-01-09T07:02:15Z" || got.Records[0].Server != nil {
		t.Errorf("%q %q", got.Fields, got.Bad)
	}
	got = read(t, strings.NewReader("1020\t7:2:15\t2026-1-9\n"), Options{Format: Tracking2000, Fields: []string{"Event-ID", "Time", "Date"}})
	if len(got.Records) != 1 {
		t.Errorf("%q", got.Bad)
	}
}

func TestTracking2000Malformed(t *testing.T) {
	for _, test := range []struct{ row, want string }{
		{row2000[:40], "1: 4 columns where the header names 20"},
		{"garbage", "1: 1 columns where the header names 20"},
		{strings.Replace(row2000, "7:2:15", "7:77", 1), `1: date "2026-1-9" and time "7:77 GMT" are no time`},
		{strings.Replace(row2000, "2026-1-9", "2026-13-9", 1), `1: date "2026-13-9" and time "7:2:15 GMT" are no time`},
		{strings.Replace(row2000, "GMT", "CET", 1), `1: date "2026-1-9" and time "7:2:15 CET" are no time`},
		{strings.Replace(row2000, "1019", "SEND", 1), `1: Event-ID "SEND" is no number`},
		{strings.Replace(row2000, "1019", "", 1), `1: Event-ID "" is no number`},
	} {
		got := readText(t, Tracking2000, rows(test.row, row2000))
		if diff := cmp.Diff([]string{test.want}, got.Bad); diff != "" || len(got.Records) != 1 {
			t.Errorf("%q: -want +got:\n%s", test.row, diff)
		}
	}
}

func TestTracking2000Chunks(t *testing.T) {
	checkChunks(t, Tracking2000, header2000+strings.Repeat(rows("# "+names2000(), row2000, "", row2000+"\tmore", row2000[:50]), 20))
}

func TestTracking2000DoesNotAllocate(t *testing.T) {
	checkAllocations(t, Tracking2000, []byte(strings.Repeat(rows(row2000), 3000)))
}

func FuzzTracking2000(f *testing.F) {
	f.Add([]byte(header2000 + rows("# "+names2000(), row2000)))
	f.Add([]byte(rows("# Time\tDate", "1:2:3\t2026-1-9", "\t")))
	f.Fuzz(func(t *testing.T, log []byte) { checkAnyLog(t, log, Tracking2000) })
}

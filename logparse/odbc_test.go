package logparse

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/smtplog/smtplog/reply/outcome"
)

const odbcRow = `192.0.2.7,pc.example.org,%s,SMTPSVC1,MAIL01,10.0.0.5,15,45,48,250,0,MAIL,-,+FROM:<a@example.org>`

var odbcEvent = Event{Kind: KindCommand, Direction: outcome.Inbound, Sequence: -1, Remote: []byte("192.0.2.7"), Server: []byte("MAIL01"),
	Connector: []byte("SMTPSVC1"), Local: []byte("10.0.0.5"), Helo: []byte("pc.example.org"), Verb: VerbMAIL, VerbText: []byte("MAIL"),
	Arg: []byte("FROM:<a@example.org>"), Code: 250, Elapsed: 15, BytesIn: 45, BytesOut: 48}

func readODBC(t *testing.T, log string, opt Options) iisRead {
	t.Helper()
	opt.Format = IISODBC
	return readIIS(t, strings.NewReader(log), opt)
}

func TestODBCTimes(t *testing.T) {
	for _, tt := range []struct {
		in    string
		order DateOrder
		loc   *time.Location
		want  string // "" for a malformed row
	}{
		{"2006-10-09 05:00:15", AnyOrder, nil, "2006-10-09T05:00:15Z"},
		{"2006-10-09 05:00:15.000", DMY, nil, "2006-10-09T05:00:15.000Z"},
		{"2006-10-09T05:00:15.127", AnyOrder, nil, "2006-10-09T05:00:15.127Z"},
		{"2006-10-09 05:00:15", AnyOrder, time.FixedZone("", -3600), "2006-10-09T06:00:15Z"},
		{"10/9/2006 5:00:15 AM", AnyOrder, nil, "2006-10-09T05:00:15Z"},
		{"10/9/2006 5:00:15 PM", MDY, nil, "2006-10-09T17:00:15Z"},
		{"9/10/2006 5:00:15", DMY, nil, "2006-10-09T05:00:15Z"},
		{"09.10.2006 05:00:15", AnyOrder, nil, "2006-10-09T05:00:15Z"},
		{`"2006-10-09 05:00:15"`, AnyOrder, nil, "2006-10-09T05:00:15Z"},
		{"yesterday", AnyOrder, nil, ""},
		{"2006-13-09 05:00:15", AnyOrder, nil, ""},
	} {
		row := fmt.Sprintf(odbcRow, tt.in) + "\n"
		got := readODBC(t, row+row, Options{DateOrder: tt.order, Location: tt.loc})
		if tt.want == "" {
			diffIIS(t, got.counts, Counts{Lines: 2, Malformed: 2})
			continue
		}
		diffIIS(t, got.events(), []iisEvent{{tt.want, odbcEvent}, {tt.want, odbcEvent}})
	}
}

func TestODBCRows(t *testing.T) {
	row := strings.Split(fmt.Sprintf(odbcRow, "2006-10-09 05:00:15"), ",")
	one := []iisEvent{{"2006-10-09T05:00:15Z", odbcEvent}}
	for name, tt := range map[string]struct {
		log    string
		events []iisEvent
		counts Counts
		errors []string
	}{
		"no names":         {strings.Join(row, ","), one, Counts{Lines: 1, Records: 1}, nil},
		"no names, tabs":   {strings.Join(row, "\t"), one, Counts{Lines: 1, Records: 1}, nil},
		"every one quoted": {`"` + strings.Join(row, `";"`) + `"`, one, Counts{Lines: 1, Records: 1}, nil},
		"blanks around":    {strings.Join(row, " , "), one, Counts{Lines: 1, Records: 1}, nil},
		"names in another order, in other case, and of more columns": {
			"id;LOGTIME;\"operation\";Parameters;clienthost\n" + "1;2006-10-09 05:00:15;RSET;-;192.0.2.7\n",
			[]iisEvent{{"2006-10-09T05:00:15Z", Event{Kind: KindCommand, Direction: outcome.Inbound, Sequence: -1, Elapsed: -1, Win32: -1,
				BytesIn: -1, BytesOut: -1, Remote: []byte("192.0.2.7"), Verb: VerbRSET, VerbText: []byte("RSET")}}},
			Counts{Lines: 2, Header: 1, Records: 1}, nil},
		"names again in the middle, and a line of sqlcmd": {
			strings.Join(odbcUsual, ",") + "\n" + strings.Join(row, ",") + "\n\nOperation,LogTime,ClientHost\n---------,-------,----------\n" +
				"RSET,2006-10-09 05:00:16,192.0.2.7\n" + strings.Join(row, ",") + "\n",
			append(one[:1:1], iisEvent{"2006-10-09T05:00:16Z", Event{Kind: KindCommand, Direction: outcome.Inbound, Sequence: -1, Elapsed: -1,
				Win32: -1, BytesIn: -1, BytesOut: -1, Remote: []byte("192.0.2.7"), Verb: VerbRSET, VerbText: []byte("RSET")}}),
			Counts{Lines: 7, Header: 3, Blank: 1, Records: 2, Malformed: 1},
			[]string{"x.log:7: 14 columns where the row of names has 3"}},
		"NULL and nothing": {
			`192.0.2.7,NULL,2006-10-09 05:00:15,,"",NULL,NULL,,NULL,NULL,-,RSET,NULL,NULL`,
			[]iisEvent{{"2006-10-09T05:00:15Z", Event{Kind: KindCommand, Direction: outcome.Inbound, Sequence: -1, Elapsed: -1, Win32: -1,
				BytesIn: -1, BytesOut: -1, Remote: []byte("192.0.2.7"), Verb: VerbRSET, VerbText: []byte("RSET")}}},
			Counts{Lines: 1, Records: 1}, nil},
		"quotes inside, a separator inside": {
			"ClientHost;Username;LogTime;Parameters\n" + `192.0.2.7;OutboundConnectionResponse;2006-10-09 05:00:15;"354+END,+WITH;+""."""` + "\n",
			[]iisEvent{{"2006-10-09T05:00:15Z", Event{Kind: KindReply, Direction: outcome.Outbound, Sequence: -1, Elapsed: -1, Win32: -1,
				BytesIn: -1, BytesOut: -1, Remote: []byte("192.0.2.7"), Text: []byte(`354 END, WITH; "."`), Code: 354}}},
			Counts{Lines: 2, Header: 1, Records: 1}, nil},
		"an open quote": {
			strings.Join(odbcUsual, ",") + "\n" + strings.Join(row[:13], ",") + `,"x` + "\n" + strings.Join(row, ",") + "\n", one,
			Counts{Lines: 3, Header: 1, Records: 1, Malformed: 1}, []string{"x.log:2: a quote is not closed"}},
		"no time": {
			"ClientHost,Operation,Username\n192.0.2.7,RSET,-\n",
			[]iisEvent{{"", Event{Kind: KindCommand, Direction: outcome.Inbound, Sequence: -1, Elapsed: -1, Win32: -1,
				BytesIn: -1, BytesOut: -1, Remote: []byte("192.0.2.7"), Verb: VerbRSET, VerbText: []byte("RSET")}}},
			Counts{Lines: 2, Header: 1, Records: 1}, nil},
		"one name alone": {"a,Target,Service\n", nil, Counts{Lines: 1, Malformed: 1},
			[]string{"x.log:1: neither names of columns nor the 14 columns that the table has"}},
		"something else": {"a,b,c\n", nil, Counts{Lines: 1, Malformed: 1},
			[]string{"x.log:1: neither names of columns nor the 14 columns that the table has"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := readODBC(t, tt.log, Options{})
			diffIIS(t, got.events(), tt.events)
			diffIIS(t, got.counts, tt.counts)
			diffIIS(t, got.errors, tt.errors)
		})
	}
}

func TestODBCFields(t *testing.T) {
	got := readODBC(t, "ClientHost;Username;LogTime;X\n192.0.2.7; ;\"2006-10-09 05:00:15\";\"a;b,\"\"c\"\"\"\n", Options{})
	diffIIS(t, iisFields(got.records[0]), map[string]string{"ClientHost": "192.0.2.7", "Username": " ", "LogTime": "2006-10-09 05:00:15", "X": `a;b,"c"`})
}

// What is kept for a row does not grow with the number of rows.
func TestODBCScratch(t *testing.T) {
	row := strings.Replace(fmt.Sprintf(odbcRow, "2006-10-09 05:00:15"), "pc.example.org", `"a ""b"" c"`, 1) + "\n"
	rows := newODBC(newLineScanner(strings.NewReader(strings.Repeat(row, 2000)), 0), &Options{}, Detection{}).(*odbcReader)
	for range 2000 {
		if class, msg := rows.next(&Record{}); class != lineRecord {
			t.Fatal(msg)
		}
	}
	if n := cap(rows.unescaped) + cap(rows.swapped); n > 4096 {
		t.Errorf("%d bytes are kept", n)
	}
}

func TestODBCGivenFields(t *testing.T) {
	got := readODBC(t, "RSET\t192.0.2.7\t2006-10-09 05:00:15\nRSET\n", Options{Fields: []string{"operation", "ClientHost", "LogTime"}})
	if len(got.records) != 1 || got.records[0].Verb != VerbRSET || got.records[0].Time.String() != "2006-10-09T05:00:15Z" {
		t.Errorf("%+v", got.events())
	}
	diffIIS(t, got.errors, []string{"x.log:2: 1 columns where --fields names 3"})
}

// The order of the columns does not matter, nor does the separator.
func TestODBCColumnsInAnyOrder(t *testing.T) {
	rows := iisRows(31, 8)
	log := odbcLog(rows, "\t", false)
	want := readODBC(t, string(log), Options{}).events()
	rng := rand.New(rand.NewPCG(31, 1))
	for range 60 {
		order := rng.Perm(len(odbcUsual))
		separator := []string{",", ";", "\t"}[rng.IntN(3)]
		var b strings.Builder
		write := func(values []string) {
			for i, c := range order {
				if i > 0 {
					b.WriteString(separator)
				}
				b.WriteString(`"` + strings.ReplaceAll(values[c], `"`, `""`) + `"`)
			}
			b.WriteString("\n")
		}
		write(odbcUsual)
		for line := range bytes.Lines(log) {
			var values []string
			odbcSplitter('\t')(bytes.TrimRight(line, "\r\n"), func(v []byte) bool { values = append(values, string(v)); return true })
			write(values)
		}
		if got := readODBC(t, b.String(), Options{}).events(); !reflect.DeepEqual(got, want) {
			t.Fatalf("order %v, separator %q: -want +got:\n%s", order, separator, cmp.Diff(want, got))
		}
	}
}

func FuzzODBC(f *testing.F) {
	addIISSeeds(f, IISODBC)
	rows := iisRows(8, 3)
	f.Add(odbcLog(rows, ";", true))
	f.Add(odbcLog(rows, "\t", false))
	f.Fuzz(func(t *testing.T, log []byte) { checkIISFuzz(t, log, Options{Format: IISODBC}) })
}

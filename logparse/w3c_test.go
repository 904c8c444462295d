package logparse

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// noIISCounters is an Event without any counter.
var noIISCounters = Event{Sequence: -1, Elapsed: -1, Win32: -1, BytesIn: -1, BytesOut: -1}

func readW3C(t *testing.T, log string, opt Options) iisRead {
	t.Helper()
	opt.Format = IISW3C
	return readIIS(t, strings.NewReader(log), opt)
}

func TestW3CEvents(t *testing.T) {
	header := "#Fields: " + strings.Join(w3cUsual, " ") + " \r\n"
	in := func(e Event) Event {
		e.Direction, e.Sequence = outcome.Inbound, -1
		e.Remote, e.Server, e.Connector, e.Local = []byte("192.0.2.7"), []byte("MAIL01"), []byte("SMTPSVC1"), []byte("10.0.0.5")
		return e
	}
	out := func(e Event) Event {
		e.Direction, e.Sequence = outcome.Outbound, -1
		e.Remote, e.Server, e.Connector = []byte("198.51.100.9"), []byte("MAIL01"), []byte("SMTPSVC2")
		return e
	}
	tests := []struct {
		name, row string
		want      Event
	}{
		{"HELO", "192.0.2.7 pc.example.org SMTPSVC1 MAIL01 10.0.0.5 0 HELO - +pc.example.org 250 0 48 19 0 SMTP - - - -",
			in(Event{Kind: KindCommand, Helo: []byte("pc.example.org"), Verb: VerbHELO, VerbText: []byte("HELO"), Arg: []byte("pc.example.org"),
				Code: 250, BytesOut: 48, BytesIn: 19})},
		{"before HELO, unknown verb", "192.0.2.7 - SMTPSVC1 MAIL01 10.0.0.5 0 xxxx - +pc.example.org 500 0 32 19 15 SMTP - - - -",
			in(Event{Kind: KindCommand, Verb: VerbOther, VerbText: []byte("xxxx"), Arg: []byte("pc.example.org"), Code: 500,
				BytesOut: 32, BytesIn: 19, Elapsed: 15})},
		{"verb with a colon", "192.0.2.7 - SMTPSVC1 MAIL01 10.0.0.5 0 user-agent: - +x/1.0+(y) 500 0 32 21 0 SMTP - - - -",
			in(Event{Kind: KindCommand, Verb: VerbOther, VerbText: []byte("user-agent:"), Arg: []byte("x/1.0 (y)"), Code: 500,
				BytesOut: 32, BytesIn: 21})},
		{"MAIL with the client's own blank", "192.0.2.7 pc SMTPSVC1 MAIL01 10.0.0.5 0 MAIL - +FROM:+<a+b@example.org>+SIZE=9 250 0 48 45 0 SMTP - - - -",
			in(Event{Kind: KindCommand, Helo: []byte("pc"), Verb: VerbMAIL, VerbText: []byte("MAIL"), Arg: []byte("FROM: <a+b@example.org> SIZE=9"),
				Code: 250, BytesOut: 48, BytesIn: 45})},
		{"null sender, verb in lower case", "192.0.2.7 pc SMTPSVC1 MAIL01 10.0.0.5 0 mail - +FROM:<> 250 0 48 13 0 SMTP - - - -",
			in(Event{Kind: KindCommand, Helo: []byte("pc"), Verb: VerbMAIL, VerbText: []byte("mail"), Arg: []byte("FROM:<>"),
				Code: 250, BytesOut: 48, BytesIn: 13})},
		{"DATA, the message's own id", "192.0.2.7 pc SMTPSVC1 MAIL01 10.0.0.5 0 DATA - +<1+2@example.org> 250 0 108 1399 1922 SMTP - - - -",
			in(Event{Kind: KindCommand, Helo: []byte("pc"), Verb: VerbDATA, VerbText: []byte("DATA"), Arg: []byte("<1+2@example.org>"),
				Code: 250, BytesOut: 108, BytesIn: 1399, Elapsed: 1922})},
		{"DATA, an id made by the server", "192.0.2.7 pc SMTPSVC1 MAIL01 10.0.0.5 0 DATA - <MAIL01x@example.com> 250 0 108 1399 1922 SMTP - - - -",
			in(Event{Kind: KindCommand, Helo: []byte("pc"), Verb: VerbDATA, VerbText: []byte("DATA"), Arg: []byte("<MAIL01x@example.com>"),
				Code: 250, BytesOut: 108, BytesIn: 1399, Elapsed: 1922})},
		{"QUIT", "192.0.2.7 pc SMTPSVC1 MAIL01 10.0.0.5 0 QUIT - pc 240 6219 68 4 0 SMTP - - - -",
			in(Event{Kind: KindCommand, Helo: []byte("pc"), Verb: VerbQUIT, VerbText: []byte("QUIT"), Arg: []byte("pc"),
				Code: 240, Win32: 6219, BytesOut: 68, BytesIn: 4})},
		{"no verb", "192.0.2.7 pc SMTPSVC1 MAIL01 10.0.0.5 0 - - - 250 0 68 4 0 SMTP - - - -",
			in(Event{Kind: KindInfo, Helo: []byte("pc"), Code: 250, BytesOut: 68, BytesIn: 4})},
		{"a lone plus, odd counters", "192.0.2.7 pc SMTPSVC1 MAIL01 10.0.0.5 0 RSET - + 999 - x 4 0 SMTP - - - -",
			in(Event{Kind: KindCommand, Helo: []byte("pc"), Verb: VerbRSET, VerbText: []byte("RSET"), Win32: -1, BytesOut: -1, BytesIn: 4})},
		{"a client that calls itself an outbound row", "192.0.2.7 OutboundConnectionCommand SMTPSVC1 MAIL01 10.0.0.5 0 HELO - +OutboundConnectionCommand 250 0 48 30 0 SMTP - - - -",
			in(Event{Kind: KindCommand, Helo: []byte("OutboundConnectionCommand"), Verb: VerbHELO, VerbText: []byte("HELO"),
				Arg: []byte("OutboundConnectionCommand"), Code: 250, BytesOut: 48, BytesIn: 30})},
		{"outbound command", "198.51.100.9 OutboundConnectionCommand SMTPSVC2 MAIL01 - 25 MAIL - FROM:<a@example.com>+SIZE=1722 0 0 4 0 0 SMTP - - - -",
			out(Event{Kind: KindCommand, Verb: VerbMAIL, VerbText: []byte("MAIL"), Arg: []byte("FROM:<a@example.com> SIZE=1722"), BytesOut: 4})},
		{"outbound command without argument", "198.51.100.9 OutboundConnectionCommand SMTPSVC2 MAIL01 - 25 DATA - - 0 0 4 0 0 SMTP - - - -",
			out(Event{Kind: KindCommand, Verb: VerbDATA, VerbText: []byte("DATA"), BytesOut: 4})},
		{"outbound command with our own address", "198.51.100.9 OutboundConnectionCommand SMTPSVC2 MAIL01 10.0.0.5 25 QUIT - - 0 0 4 0 0 SMTP - - - -",
			out(Event{Kind: KindCommand, Local: []byte("10.0.0.5"), Verb: VerbQUIT, VerbText: []byte("QUIT"), BytesOut: 4})},
		{"reply", "198.51.100.9 OutboundConnectionResponse SMTPSVC2 MAIL01 - 25 - - 421+4.7.0+[TS01]+Deferred+-+4.16.55.1;+see+https://example.net/x 0 0 63 0 16 SMTP - - - -",
			out(Event{Kind: KindReply, Text: []byte("421 4.7.0 [TS01] Deferred - 4.16.55.1; see https://example.net/x"), Code: 421,
				Enhanced: reply.Enhanced{Major: 4, Subject: 7}, BytesOut: 63, Elapsed: 16})},
		{"first line of a longer reply", "198.51.100.9 OutboundConnectionResponse SMTPSVC2 MAIL01 - 25 - - 250-mx.example.net+Hello+[203.0.113.1] 0 0 40 0 0 SMTP - - - -",
			out(Event{Kind: KindReply, Text: []byte("250-mx.example.net Hello [203.0.113.1]"), Code: 250, BytesOut: 40})},
		{"reply without text", "198.51.100.9 OutboundConnectionResponse SMTPSVC2 MAIL01 - 25 - - - 0 0 0 0 0 SMTP - - - -",
			out(Event{Kind: KindReply})},
		{"masked greeting", "198.51.100.9 OutboundConnectionResponse SMTPSVC2 MAIL01 - 25 - - 220+****** 0 0 10 0 0 SMTP - - - -",
			out(Event{Kind: KindReply, Text: []byte("220 ******"), Code: 220, BytesOut: 10})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := readW3C(t, header+"2026-03-01 05:00:15 "+tt.row+"\r\n", Options{})
			diffIIS(t, got.events(), []iisEvent{{"2026-03-01T05:00:15Z", tt.want}})
			diffIIS(t, got.counts, Counts{Lines: 2, Header: 1, Records: 1})
		})
	}
}

// The events do not depend on the order of the columns, and a column that is
// missing takes away only what it holds.
func TestW3CColumnsInAnyOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	rows := iisRows(11, 12)
	full := readIIS(t, bytes.NewReader(w3cLog(rows, w3cUsual, true)), Options{Format: IISW3C}).events()
	without := map[string]func(e *iisEvent){
		"c-ip":            func(e *iisEvent) { e.Event.Remote = nil },
		"s-sitename":      func(e *iisEvent) { e.Event.Connector = nil },
		"s-computername":  func(e *iisEvent) { e.Event.Server = nil },
		"s-ip":            func(e *iisEvent) { e.Event.Local = nil },
		"sc-win32-status": func(e *iisEvent) { e.Event.Win32 = -1 },
		"sc-bytes":        func(e *iisEvent) { e.Event.BytesOut = -1 },
		"cs-bytes":        func(e *iisEvent) { e.Event.BytesIn = -1 },
		"time-taken":      func(e *iisEvent) { e.Event.Elapsed = -1 },
		"sc-status": func(e *iisEvent) {
			if e.Event.Kind != KindReply {
				e.Event.Code = 0
			}
		},
		"cs-uri-query": func(e *iisEvent) {
			e.Event.Arg, e.Event.Text = nil, nil
			if e.Event.Kind == KindReply {
				e.Event.Code, e.Event.Enhanced = 0, reply.Enhanced{}
			}
		},
		"cs-username": func(e *iisEvent) { e.Event.Helo = nil },
		"date":        func(*iisEvent) {}, // made up for by #Date
		"s-port":      func(*iisEvent) {},
	}
	for range 100 {
		columns := slices.Clone(w3cUsual)
		rng.Shuffle(len(columns), func(i, j int) { columns[i], columns[j] = columns[j], columns[i] })
		want := slices.Clone(full)
		mayDrop := iisDroppable(rng)
		columns = slices.DeleteFunc(columns, func(name string) bool {
			change, ok := without[name]
			if !ok || !slices.Contains(mayDrop, name) || rng.IntN(3) != 0 {
				return false
			}
			for i := range want {
				change(&want[i])
			}
			return true
		})
		columns = slices.Insert(columns, rng.IntN(len(columns)), "x-unknown")
		got := readIIS(t, bytes.NewReader(w3cLog(rows, columns, true)), Options{Format: IISW3C})
		if events := got.events(); !reflect.DeepEqual(events, want) {
			t.Fatalf("columns %q: -want +got:\n%s", columns, cmp.Diff(want, events))
		}
		headless := readIIS(t, bytes.NewReader(w3cLog(rows, columns, false)), Options{Format: IISW3C, Fields: columns})
		if slices.Contains(columns, "date") && !reflect.DeepEqual(headless.events(), want) {
			t.Fatalf("columns %q: --fields and #Fields differ", columns)
		}
	}
}

// iisDroppable returns columns that may be missing together: without
// cs-username the direction shows by the query and one of three others.
func iisDroppable(rng *rand.Rand) []string {
	names := slices.Clone(w3cUsual)
	needed := []string{"cs-username"}
	if rng.IntN(2) == 0 {
		needed = []string{"cs-uri-query", []string{"s-port", "sc-status", "s-ip"}[rng.IntN(3)]}
	}
	return slices.DeleteFunc(names, func(n string) bool { return slices.Contains(needed, n) })
}

func TestW3CSplit(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	w := &w3cReader{}
	w.setColumns(strings.Fields("date time c-ip"), "#Fields names")
	for range 5000 {
		b := make([]byte, rng.IntN(20))
		for i := range b {
			b[i] = "  ab"[rng.IntN(4)]
		}
		row := string(trimBlanksRight(b))
		want := strings.Split(row, " ")
		var got []string
		splitBlanks(b, func(v []byte) bool { got = append(got, string(v)); return true })
		if !slices.Equal(got, want) {
			t.Fatalf("splitBlanks(%q) = %q, want %q", b, got, want)
		}
		if n := w.split([]byte(row)); n != len(want) {
			t.Fatalf("split(%q) = %d, want %d", row, n, len(want))
		}
		if len(want) == 3 {
			for i, c := range []iisColumn{iisDate, iisTime, iisClient} {
				if string(w.row.val[c]) != want[i] {
					t.Fatalf("split(%q): column %d is %q", row, i, w.row.val[c])
				}
			}
		}
	}
}

func TestW3CHeaders(t *testing.T) {
	log := strings.Join([]string{
		"\ufeff#Software: Microsoft Internet Information Services 6.0",
		"#Version: 1.0",
		"#Date: 2026-03-01 05:00:15",
		"#Fields: time c-ip cs-method cs-uri-query sc-status cs-username ",
		"05:00:16 192.0.2.7 MAIL +FROM:<a@example.org> 250 pc ",
		"",
		"05:00:17 192.0.2.7 RCPT +TO:<b@exam",
		"#date:  2026-03-02 06:00:00 ",
		"#FIELDS: c-ip time cs-username x cs-method x cs-uri-query",
		"192.0.2.8 06:00:01 pc 1 RCPT 2 +TO:<b@example.com>",
		"#Fields:",
		"# remark",
		"192.0.2.8 06:00:02 pc 1 QUIT 2 pc   ",
		"192.0.2.8 06:00:02 pc 1 QUIT 2 pc -",
		"Fields: time c-ip cs-method sc-status cs-username",
		"06:00:03 192.0.2.8 QUIT 240 pc",
	}, "\n")
	got := readW3C(t, log, Options{})
	want := []iisEvent{{"2026-03-01T05:00:16Z", noIISCounters}, {"2026-03-02T06:00:01Z", noIISCounters},
		{"2026-03-02T06:00:02Z", noIISCounters}, {"2026-03-02T06:00:03Z", noIISCounters}}
	fill := func(i int, remote string, verb Verb, arg string, code reply.Code) {
		e := &want[i].Event
		e.Kind, e.Direction, e.Remote, e.Helo = KindCommand, outcome.Inbound, []byte(remote), []byte("pc")
		e.Verb, e.VerbText, e.Code = verb, []byte(verb.String()), code
		if arg != "" {
			e.Arg = []byte(arg)
		}
	}
	fill(0, "192.0.2.7", VerbMAIL, "FROM:<a@example.org>", 250)
	fill(1, "192.0.2.8", VerbRCPT, "TO:<b@example.com>", 0)
	fill(2, "192.0.2.8", VerbQUIT, "pc", 0)
	fill(3, "192.0.2.8", VerbQUIT, "", 240)
	diffIIS(t, got.events(), want)
	diffIIS(t, got.counts, Counts{Lines: 16, Header: 9, Blank: 1, Records: 4, Malformed: 2})
	diffIIS(t, got.errors, []string{"x.log:7: 4 columns where #Fields names 6", "x.log:14: 8 columns where #Fields names 7"})
	diffIIS(t, iisFields(got.records[0]), map[string]string{"time": "05:00:16", "c-ip": "192.0.2.7", "cs-method": "MAIL",
		"cs-uri-query": "+FROM:<a@example.org>", "sc-status": "250", "cs-username": "pc"})
}

func TestW3CTimes(t *testing.T) {
	tests := []struct {
		name, log string
		want      []string
	}{
		{"date and time", "#Date: 2026-03-01 05:00:15\n#Fields: date time c-ip\n2026-02-28 23:59:60 192.0.2.1\n", []string{"2026-03-01T00:00:00Z"}},
		{"time, over midnight and a little back", "#Date: 2026-02-28 23:50:00\n#Fields: time c-ip\n23:59:58 192.0.2.1\n00:00:01 192.0.2.1\n" +
			"23:59:59 192.0.2.1\n00:00:02 192.0.2.1\n12:00:00 192.0.2.1\n11:59:58 192.0.2.1\n03:00:00 192.0.2.1\n",
			[]string{"2026-02-28T23:59:58Z", "2026-03-01T00:00:01Z", "2026-02-28T23:59:59Z", "2026-03-01T00:00:02Z",
				"2026-03-01T12:00:00Z", "2026-03-01T11:59:58Z", "2026-03-02T03:00:00Z"}},
		{"further and further back", "#Date: 2026-02-28 11:50:00\n#Fields: time c-ip\n12:00:00 192.0.2.1\n11:20:00 192.0.2.1\n10:40:00 192.0.2.1\n",
			[]string{"2026-02-28T12:00:00Z", "2026-02-28T11:20:00Z", "2026-03-01T10:40:00Z"}},
		{"a new #Date", "#Date: 2026-02-28 23:50:00\n#Fields: time c-ip\n23:59:58 192.0.2.1\n#Date: 2026-05-01 01:00:00\n02:00:00 192.0.2.1\n",
			[]string{"2026-02-28T23:59:58Z", "2026-05-01T02:00:00Z"}},
		{"a little before #Date", "#Date: 2026-02-28 00:00:03\n#Fields: time c-ip\n23:59:58 192.0.2.1\n00:00:04 192.0.2.1\n",
			[]string{"2026-02-27T23:59:58Z", "2026-02-28T00:00:04Z"}},
		{"neither", "#Date: 2026-02-28 23:50:00\n#Fields: c-ip\n192.0.2.1\n192.0.2.2\n", []string{"2026-02-28T23:50:00Z", "2026-02-28T23:50:00Z"}},
		{"neither, and no #Date", "#Fields: c-ip\n192.0.2.1\n", []string{""}},
		{"time, and no #Date", "#Date: today\n#Fields: time c-ip\n05:00:15 192.0.2.1\n", []string{""}},
		{"a date alone", "#Date: 2026-02-28 23:50:00\n#Fields: date c-ip\n2026-03-02 192.0.2.1\n", []string{"2026-03-02T00:00:00Z"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var times []string
			for _, rec := range readW3C(t, tt.log, Options{}).records {
				times = append(times, rec.Time.String())
			}
			diffIIS(t, times, tt.want)
		})
	}
}

func TestW3CMalformed(t *testing.T) {
	for row, want := range map[string]string{
		"2026-02-29 05:00:15 192.0.2.1":         `x.log:2: "2026-02-29" is no date`,
		"2026-3-1 05:00:15 192.0.2.1":           `x.log:2: "2026-3-1" is no date`,
		" 05:00:15 192.0.2.1":                   `x.log:2: "" is no date`,
		"- 05:00:15 192.0.2.1":                  `x.log:2: "-" is no date`,
		"2026-03-01 5:00:15 192.0.2.1":          `x.log:2: "5:00:15" is no time`,
		"2026-03-01 05:60:15 192.0.2.1":         `x.log:2: "05:60:15" is no time`,
		"2026-03-01  05:00:15 192.0.2.1":        "x.log:2: 4 columns where #Fields names 3",
		"2026-03-01 05:0":                       "x.log:2: 2 columns where #Fields names 3",
		strings.Repeat("9", 99) + " 05:00:15 x": `x.log:2: "` + strings.Repeat("9", 40) + `" is no date`,
	} {
		got := readW3C(t, "#Fields: date time c-ip\n"+row+"\n2026-03-01 05:00:15 192.0.2.1\n", Options{})
		if len(got.errors) != 1 || got.errors[0] != want || len(got.records) != 1 {
			t.Errorf("%q: %q, want %q", row, got.errors, want)
		}
	}
}

// Without #Fields the look of the rows tells the columns, for every choice of
// columns that leaves the client's address, the verb and what follows it.
func TestW3CByLook(t *testing.T) {
	rows := iisRows(21, 12)
	for _, columns := range [][]string{
		w3cUsual,
		slices.DeleteFunc(slices.Clone(w3cUsual), func(n string) bool { return n == "cs-host" }),
		w3cUsual[:17],
		w3cUsual[:16],
		w3cUsual[:12],
		w3cUsual[1:12],
		slices.DeleteFunc(slices.Clone(w3cUsual[:16]), func(n string) bool { return n == "cs-uri-stem" }),
		slices.DeleteFunc(slices.Clone(w3cUsual[:16]), func(n string) bool { return n == "s-ip" || n == "s-port" }),
		slices.DeleteFunc(slices.Clone(w3cUsual[:16]), func(n string) bool { return n == "s-computername" }),
		strings.Fields("date time c-ip cs-username cs-method cs-uri-query sc-status"),
	} {
		want := readIIS(t, bytes.NewReader(w3cLog(rows, columns, true)), Options{Format: IISW3C}).events()
		if columns[0] != "date" {
			for i := range want {
				want[i].Time = ""
			}
		}
		// A first line that was cut off at its beginning tells nothing.
		log := append([]byte("P - +host.example.org 250 0 48 19 0\n"), w3cLog(rows, columns, false)...)
		got := readIIS(t, bytes.NewReader(log), Options{Format: IISW3C})
		if d := cmp.Diff(want, got.events()); d != "" {
			t.Errorf("columns %q: -want +got:\n%s", columns, d)
		}
		if len(got.errors) != 1 || !strings.Contains(got.errors[0], "no #Fields line says") {
			t.Errorf("columns %q: %q", columns, got.errors)
		}
	}
}

// A first row that has lost its beginning just between two columns gives way to
// those behind it.
func TestW3CByLookOfMore(t *testing.T) {
	row := "192.0.2.1 pc SMTPSVC1 MAIL01 10.0.0.5 0 QUIT - pc 240 6219 68 4 0 SMTP - - - -\n"
	got := readW3C(t, "05:00:15 "+row+strings.Repeat("2026-03-01 05:00:16 "+row, 2)+"2026-03-01 05:00:16 192.0.2.1 pc\n", Options{})
	diffIIS(t, got.counts, Counts{Lines: 4, Records: 3, Malformed: 1})
	for i, want := range []string{"", "2026-03-01T05:00:16Z", "2026-03-01T05:00:16Z"} {
		if rec := got.records[i]; rec.Time.String() != want || rec.Verb != VerbQUIT || rec.Win32 != 6219 {
			t.Errorf("record %d: %v %+v", i, rec.Time, rec.Event)
		}
	}
	diffIIS(t, got.errors, []string{"x.log:4: 4 columns where the rows before have 21"})
}

func TestW3CNames(t *testing.T) {
	for row, want := range map[string]string{
		"2026-03-01 05:00:15 192.0.2.1 pc SMTPSVC1 MAIL01 10.0.0.5 0 RCPT - +TO:<b> 250 0 1 2 3 SMTP - x": "date time c-ip cs-username s-sitename " +
			"s-computername s-ip s-port cs-method cs-uri-stem cs-uri-query sc-status sc-win32-status sc-bytes cs-bytes time-taken cs-version 18 19",
		"05:00:15 2001:db8::1 pc SMTPSVC1 RCPT +TO:<b> 250 7":               "time c-ip cs-username s-sitename cs-method cs-uri-query sc-status 8",
		"192.0.2.1 pc QUIT 240":                                             "c-ip cs-username cs-method sc-status",
		"192.0.2.1 SMTPSVC12 MAIL01 QUIT":                                   "c-ip s-sitename s-computername cs-method",
		"2026-03-01 192.0.2.1 10.0.0.5 QUIT - - 17 4":                       "date c-ip s-ip cs-method cs-uri-stem cs-uri-query 7 8",
		"192.0.2.1 QUIT" + strings.Repeat(" -", iisMaxColumns-2):            "c-ip cs-method cs-uri-stem cs-uri-query",
		"2026-03-01 05:00:15 host RCPT - +TO:<b> 250":                       "",
		"2026-03-01 05:00:15 192.0.2.1 pc SMTPSVC1 MAIL01 10.0.0.5 0 GET /": "",
		"2026-03-01":                    "",
		"05:00:15":                      "",
		"2026-03-01 05:00:15":           "",
		"2026-03-01 05:00:15 192.0.2.1": "",
	} {
		got := w3cNames(bytes.Split([]byte(row), []byte{' '}))
		if s := strings.Join(got, " "); !strings.HasPrefix(s, want) || want == "" && got != nil {
			t.Errorf("%q: columns %q, want %q", row, s, want)
		}
	}
	got := readW3C(t, "192.0.2.1 QUIT"+strings.Repeat(" -", iisMaxColumns-1)+"\n", Options{})
	diffIIS(t, got.counts, Counts{Lines: 1, Malformed: 1})
}

func TestW3CGivenFields(t *testing.T) {
	row := "192.0.2.1 QUIT 240\n"
	got := readW3C(t, row+"#Fields: cs-method c-ip\nRSET 192.0.2.1\nRSET\n", Options{Fields: []string{" C-IP", "cs-method", "sc-status"}})
	if len(got.records) != 2 || got.records[0].Code != 240 || got.records[0].Verb != VerbQUIT || got.records[1].Verb != VerbRSET {
		t.Errorf("%+v", got.events())
	}
	got = readW3C(t, "192.0.2.1\n", Options{Fields: []string{"c-ip", "cs-method"}})
	diffIIS(t, got.errors, []string{"x.log:1: 1 columns where --fields names 2"})
}

// Of two columns of one name the first counts; both are among the fields.
func TestW3CSameColumnTwice(t *testing.T) {
	got := readW3C(t, "#Fields: c-ip cs-method c-ip x x\n192.0.2.1 QUIT 192.0.2.2 a b\n", Options{})
	var fields []string
	for name, value := range got.records[0].Fields() {
		fields = append(fields, fmt.Sprintf("%s=%s", name, value))
	}
	diffIIS(t, fields, []string{"c-ip=192.0.2.1", "cs-method=QUIT", "c-ip=192.0.2.2", "x=a", "x=b"})
	diffIIS(t, string(got.records[0].Remote), "192.0.2.1")
}

func FuzzW3C(f *testing.F) {
	addIISSeeds(f, IISW3C)
	f.Add([]byte("05:00:15 192.0.2.1 MAIL - 250\n#Date: 2026-03-01 05:00:15\n#Fields: time c-ip cs-method cs-uri-stem sc-status\n"))
	f.Fuzz(func(t *testing.T, log []byte) {
		checkIISFuzz(t, log, Options{Format: IISW3C})
		checkIISFuzz(t, log, Options{Format: IISW3C, Fields: []string{"c-ip", "cs-method", "cs-uri-query"}})
	})
}

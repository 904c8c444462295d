package logparse

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/smtplog/smtplog/reply/outcome"
)

func TestConnectivity(t *testing.T) {
	const start = "2026-11-01T09:30:00.250Z,08DE000000000001,SMTP,example.net,"
	for _, test := range []struct {
		name, log string
		fields    []string
		bad       []string
	}{
		{"connect", rows(start + "+,Undefined 00000000-0000-0000-0000-000000000000;QueueLength=0"), []string{
			"date-time=2026-11-01T09:30:00.250Z|session=08DE000000000001|source=SMTP|Destination=example.net|direction=+|" +
				"description=Undefined 00000000-0000-0000-0000-000000000000;QueueLength=0"}, nil},
		{"header", rows("#Log-type: Transport Connectivity Log", "#Fields: date-time,session,source,Destination,direction,description", start+`>,"a, b"`), []string{
			"date-time=2026-11-01T09:30:00.250Z|session=08DE000000000001|source=SMTP|Destination=example.net|direction=>|description=a, b"}, nil},
		{"no description", rows(start + "-"), []string{
			"date-time=2026-11-01T09:30:00.250Z|session=08DE000000000001|source=SMTP|Destination=example.net|direction=-"}, nil},
		{"comma in the description", rows(start + "-,a,b"), []string{
			"date-time=2026-11-01T09:30:00.250Z|session=08DE000000000001|source=SMTP|Destination=example.net|direction=-|description=a|7=b"}, nil},
		{"cut short", rows(start[:40]), nil, []string{"1: 2 columns, which no version of the Transport Connectivity Log has"}},
		{"no time", rows("x,08DE000000000001,SMTP,example.net,+,"), nil, []string{`1: date-time "x" is no time`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := readText(t, Connectivity, test.log)
			if diff := cmp.Diff(test.fields, got.Fields); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if diff := cmp.Diff(test.bad, got.Bad); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			for _, rec := range got.Records {
				want := Event{Kind: KindTracking, Session: []byte("08DE000000000001"), Sequence: -1, Elapsed: -1, Win32: -1, BytesIn: -1, BytesOut: -1}
				if diff := cmp.Diff(want, rec.Event); diff != "" || rec.Format != Connectivity {
					t.Errorf("-want +got:\n%s", diff)
				}
			}
		})
	}
}

func TestAgent(t *testing.T) {
	row := "2026-11-01T09:30:00.250Z,08DE000000000001,10.0.0.1:25,192.0.2.7:51234,192.0.2.7,<1@example.org>,a@example.org," +
		`a@example.org;,x@example.com,1,Content Filter Agent,OnEndOfData,RejectMessage,550 5.7.1 Refused,SclAtOrAboveRejectThreshold,8,"a, b"`
	for name, log := range map[string]string{
		"2007":                     rows(row),
		"2016":                     rows(row + ",00000000-0000-0000-0000-000000000001,,Incoming"),
		"header of 2007":           rows("#Log-type: Agent Log", "#Fields: "+agentColumns, row),
		"header with unknown name": rows("#Fields: "+agentColumns+",New", row+",x"),
	} {
		got := readText(t, Agent, log)
		if len(got.Records) != 1 || len(got.Bad) != 0 {
			t.Errorf("%s: %q", name, got.Bad)
			continue
		}
		want := Event{Kind: KindTracking, Session: []byte("08DE000000000001"), Local: []byte("10.0.0.1:25"), Remote: []byte("192.0.2.7:51234"),
			Sequence: -1, Elapsed: -1, Win32: -1, BytesIn: -1, BytesOut: -1}
		rec := got.Records[0]
		if diff := cmp.Diff(want, rec.Event); diff != "" || rec.Format != Agent || rec.Direction != outcome.Direction(0) {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
		for _, field := range []string{"|P2FromAddresses=a@example.org;|", "|SmtpResponse=550 5.7.1 Refused|", "|Diagnostics=a, b"} {
			if !strings.Contains(got.Fields[0], field) {
				t.Errorf("%s: no %q in %q", name, field, got.Fields[0])
			}
		}
	}
	got := readText(t, Agent, rows("#Fields: "+agentColumns+agentAdd2016, row))
	if diff := cmp.Diff([]string{"2: 17 columns where #Fields names 20"}, got.Bad); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func FuzzAdjacent(f *testing.F) {
	f.Add([]byte("2026-11-01T09:30:00.250Z,08DE000000000001,SMTP,example.net,+,x\n"), true)
	f.Add([]byte("#Log-type: Agent Log\n#Fields: "+agentColumns+"\n2026-11-01T09:30:00.250Z,,,,,,,,,,,,,,,,"), false)
	f.Fuzz(func(t *testing.T, log []byte, agent bool) {
		format := Connectivity
		if agent {
			format = Agent
		}
		checkAnyLog(t, log, format)
	})
}

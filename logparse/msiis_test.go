package logparse

import (
	"strings"
	"testing"
	"time"

	"github.com/smtplog/smtplog/reply/outcome"
)

func TestMSIISEvents(t *testing.T) {
	in := func(e Event) Event {
		e.Kind, e.Direction, e.Sequence = KindCommand, outcome.Inbound, -1
		e.Remote, e.Server, e.Connector, e.Local = []byte("192.0.2.7"), []byte("MAIL01"), []byte("SMTPSVC1"), []byte("10.0.0.5")
		e.Helo = []byte("pc.example.org")
		return e
	}
	tests := []struct {
		name, row string
		want      Event
	}{
		{"blanks around the commas", "192.0.2.7,   pc.example.org,  8/18/06,  13:17:37,  SMTPSVC1, MAIL01,  10.0.0.5 ,  90, 42,  0,  250,  0,  MAIL FROM,  -,FROM:<a@example.org>,",
			in(Event{Verb: VerbMAIL, VerbText: []byte("MAIL FROM"), Arg: []byte("FROM:<a@example.org>"), Code: 250, Elapsed: 90, BytesIn: 42})},
		{"RCPT TO", "192.0.2.7, pc.example.org, 8/18/06, 13:17:37, SMTPSVC1, MAIL01, 10.0.0.5, 0, 32, 5, 550, 0, RCPT TO, -, TO:<b@example.com>,",
			in(Event{Verb: VerbRCPT, VerbText: []byte("RCPT TO"), Arg: []byte("TO:<b@example.com>"), Code: 550, BytesIn: 32, BytesOut: 5})},
		{"blank behind the last comma", "192.0.2.7, pc.example.org, 8/18/06, 13:17:37, SMTPSVC1, MAIL01, 10.0.0.5, 270, 480, 101, 250, 0, DATA, -, 0019MAIL01, ",
			in(Event{Verb: VerbDATA, VerbText: []byte("DATA"), Arg: []byte("0019MAIL01"), Code: 250, Elapsed: 270, BytesIn: 480, BytesOut: 101})},
		{"QUIT", "192.0.2.7, pc.example.org, 8/18/06, 13:17:37, SMTPSVC1, MAIL01, 10.0.0.5, 81, 4, 52, 0, 541, QUIT, -, MAIL01,",
			in(Event{Verb: VerbQUIT, VerbText: []byte("QUIT"), Arg: []byte("MAIL01"), Win32: 541, Elapsed: 81, BytesIn: 4, BytesOut: 52})},
		{"no last comma, plus signs", "192.0.2.7, pc.example.org, 8/18/06, 13:17:37, SMTPSVC1, MAIL01, 10.0.0.5, 0, 4, 52, 250, 0, MAIL, -, +FROM:+<a@example.org>",
			in(Event{Verb: VerbMAIL, VerbText: []byte("MAIL"), Arg: []byte("FROM: <a@example.org>"), Code: 250, BytesIn: 4, BytesOut: 52})},
		{"no parameters", "192.0.2.7, pc.example.org, 8/18/06, 13:17:37, SMTPSVC1, MAIL01, 10.0.0.5, 0, 4, 52, 250, 0, RSET, -, -,",
			in(Event{Verb: VerbRSET, VerbText: []byte("RSET"), Code: 250, BytesIn: 4, BytesOut: 52})},
		{"empty parameters", "192.0.2.7, pc.example.org, 8/18/06, 13:17:37, SMTPSVC1, MAIL01, 10.0.0.5, 0, 4, 52, 250, 0, RSET, -,",
			in(Event{Verb: VerbRSET, VerbText: []byte("RSET"), Code: 250, BytesIn: 4, BytesOut: 52})},
		{"commas in a reply, one of them its last byte", "198.51.100.9, OutboundConnectionResponse, 8/18/06, 13:17:37, SMTPSVC1, MAIL01, -, 0, 0, 52, 0, 0, -, -, 220+mx,+Fri,+18+Aug,,",
			Event{Kind: KindReply, Direction: outcome.Outbound, Sequence: -1, Remote: []byte("198.51.100.9"), Server: []byte("MAIL01"),
				Connector: []byte("SMTPSVC1"), Text: []byte("220 mx, Fri, 18 Aug,"), Code: 220, BytesOut: 52}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := readIIS(t, strings.NewReader(tt.row+"\r\n"), Options{Format: IISMSIIS})
			diffIIS(t, got.events(), []iisEvent{{"2006-08-18T13:17:37Z", tt.want}})
			diffIIS(t, got.errors, []string(nil))
		})
	}
}

func TestMSIISFields(t *testing.T) {
	got := readIIS(t, strings.NewReader("192.0.2.7,  pc , 8/18/06, 13:17:37, SMTPSVC1, MAIL01, 10.0.0.5, 0, 4, 52, 250, 0, RCPT, -, +TO:<a,b>,, \n"), Options{Format: IISMSIIS})
	diffIIS(t, iisFields(got.records[0]), map[string]string{"ClientHost": "192.0.2.7", "Username": "pc", "Date": "8/18/06", "Time": "13:17:37",
		"Service": "SMTPSVC1", "Machine": "MAIL01", "ServerIP": "10.0.0.5", "ProcessingTime": "0", "BytesRecvd": "4", "BytesSent": "52",
		"ServiceStatus": "250", "Win32Status": "0", "Operation": "RCPT", "Target": "-", "Parameters": "+TO:<a,b>,"})
}

func TestMSIISTimes(t *testing.T) {
	berlin := time.FixedZone("", 2*3600)
	tests := []struct {
		date, clock string
		order       DateOrder
		loc         *time.Location
		want        string // the time, or the error
	}{
		{"8/18/06", "13:17:37", AnyOrder, nil, "2006-08-18T13:17:37Z"},
		{"8/18/06", "13:17:37", MDY, berlin, "2006-08-18T11:17:37Z"},
		{"1/1/2006", "0:07:07", MDY, berlin, "2005-12-31T22:07:07Z"},
		{"08/09/97", "1:17:37 PM", MDY, nil, "1997-08-09T13:17:37Z"},
		{"08/09/97", "12:17:37 AM", MDY, nil, "1997-08-09T00:17:37Z"},
		{"08/09/97", "12:17:37 pm", DMY, nil, "1997-09-08T12:17:37Z"},
		{"18.08.06", "13:17:37", DMY, nil, "2006-08-18T13:17:37Z"},
		{"18.08.2006", "13.17.37", DMY, nil, "2006-08-18T13:17:37Z"},
		{"06-08-18", "13:17:37", YMD, nil, "2006-08-18T13:17:37Z"},
		{"2006-08-18", "13:17:37", MDY, nil, "2006-08-18T13:17:37Z"},
		{"2006-08-09", "13:17:37", DMY, nil, "2006-08-09T13:17:37Z"},
		{"18/8/06", "13:17:37", MDY, nil, `"18/8/06" is no date with the month first; --date-order can say what it is`},
		{"8/18/06", "13:17:37", DMY, nil, `"8/18/06" is no date with the day first; --date-order can say what it is`},
		{"8/18/06", "13:17:37", YMD, nil, `"8/18/06" is no date with the year first; --date-order can say what it is`},
		{"2/30/06", "13:17:37", MDY, nil, `"2/30/06" is no date with the month first; --date-order can say what it is`},
		{"8/18", "13:17:37", MDY, nil, `"8/18" is no date with the month first; --date-order can say what it is`},
		{"8/18/06/1", "13:17:37", MDY, nil, `"8/18/06/1" is no date with the month first; --date-order can say what it is`},
		{"8/18/06", "24:17:37", MDY, nil, `"24:17:37" is no time`},
		{"8/18/06", "13:17:37 PM", MDY, nil, `"13:17:37 PM" is no time`},
		{"8/18/06", "1:17:37 XM", MDY, nil, `"1:17:37 XM" is no time`},
		{"8/18/06", "-", MDY, nil, `"-" is no time`},
	}
	for _, tt := range tests {
		row := "192.0.2.7, pc, " + tt.date + ", " + tt.clock + ", SMTPSVC1, MAIL01, 10.0.0.5, 0, 4, 52, 250, 0, RSET, -, -,\n"
		// Twice, for what is kept of the row before.
		got := readIIS(t, strings.NewReader(row+row), Options{Format: IISMSIIS, DateOrder: tt.order, Location: tt.loc})
		var read []string
		for _, rec := range got.records {
			read = append(read, rec.Time.String())
		}
		for _, msg := range got.errors {
			read = append(read, msg[len("x.log:1: "):])
		}
		diffIIS(t, read, []string{tt.want, tt.want})
	}
}

func TestMSIISMalformed(t *testing.T) {
	for row, want := range map[string]string{
		"192.0.2.7":            "x.log:1: 1 columns where the format has 15",
		"192.0.2.7, pc, 8/18/": "x.log:1: 3 columns where the format has 15",
		"192.0.2.7, pc, 8/18/06, 13:17:37, SMTPSVC1, MAIL01, 10.0.0.5, 0, 4, 52, 250, 0, RSET,": "x.log:1: 13 columns where the format has 15",
	} {
		got := readIIS(t, strings.NewReader(row+"\n"), Options{Format: IISMSIIS})
		diffIIS(t, got.errors, []string{want})
	}
}

func FuzzMSIIS(f *testing.F) {
	addIISSeeds(f, IISMSIIS)
	f.Fuzz(func(t *testing.T, log []byte) {
		checkIISFuzz(t, log, Options{Format: IISMSIIS})
		checkIISFuzz(t, log, Options{Format: IISMSIIS, DateOrder: DMY, Location: time.FixedZone("", 3600)})
	})
}

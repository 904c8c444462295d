package logparse

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	receiveHeader = "#Software: Microsoft Exchange Server\r\n#Version: 15.0.0.0\r\n#Log-type: SMTP Receive Protocol Log\r\n" +
		"#Date: 2026-11-01T09:00:00.000Z\r\n#Fields: " + protocolColumns + "\r\n"

	// The columns before the event.
	receiveStart = `2026-11-01T09:30:00.250Z,EX1\Default Frontend EX1,08DE000000000001,7,10.0.0.1:25,192.0.2.7:51234,`
	sendStart    = `2026-11-01T09:30:00.250Z,Outbound,08DE000000000002,7,10.0.0.1:51000,198.51.100.9:25,`
)

func TestExchangeMalformed(t *testing.T) {
	for _, test := range []struct{ name, log, want string }{
		{"no time", receiveHeader + strings.Replace(receiveStart, "2026-11-01T09", "noon", 1) + "+,,", `6: date-time "noon:30:00.250Z" is no time`},
		{"a day that is none", receiveHeader + strings.Replace(receiveStart, "11-01", "11-31", 1) + "+,,", `6: date-time "2026-11-31T09:30:00.250Z" is no time`},
		{"cut short", receiveHeader + receiveStart[:40], "6: 2 columns where #Fields names 9"},
		{"cut short without header", receiveStart[:40], "1: 2 columns, which no version of the SMTP Receive Protocol Log has"},
		{"no event", receiveHeader + receiveStart + "!,x,", `6: event "!" is none of + - > < *`},
		{"empty event", receiveHeader + receiveStart + ",x,", `6: event "" is none of + - > < *`},
		{"long event", receiveHeader + receiveStart + strings.Repeat("x", 50) + ",,", `6: event "` + strings.Repeat("x", 40) + `"… is none of + - > < *`},
		{"open quote", receiveHeader + receiveStart + `>,"220 mx`, "6: the row ends inside a quoted value"},
		{"text", receiveHeader + "garbage", `6: date-time "garbage" is no time`},
		{"no event named", "#Fields: date-time,session-id\n2026-11-01T09:30:00.250Z,1", "2: #Fields names no event"},
		{"no time named", "#Fields: session-id,event\n1,+", "2: #Fields names no date-time"},
		{"another log", receiveHeader + "#Log-type: POP3 Log\n" + receiveStart + "+,,", `7: a row of another log, "POP3 Log"`},
		{"a placeholder", "Date/Time.ConnectorId,Outbound,SessionId,16,10.0.0.1:25,192.0.2.7:1,*,,Sending certificate  ", `1: date-time "Date/Time.ConnectorId" is no time`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := readText(t, ExchangeReceive, test.log)
			if len(got.Bad) != 1 || got.Bad[0] != test.want || len(got.Records) != 0 {
				t.Errorf("%q with %d records, want %q", got.Bad, len(got.Records), test.want)
			}
		})
	}
}

func TestExchangeHeaders(t *testing.T) {
	const row = receiveStart + "<,QUIT,"
	swapped := `<,QUIT,2026-11-01T09:30:00.250Z,08DE000000000001`
	for _, test := range []struct {
		name, log string
		header    int64
		verbs     int
	}{
		{"none", rows(row), 0, 1},
		{"byte order mark", "\ufeff" + receiveHeader + rows(row), 5, 1},
		{"byte order mark without header", "\ufeff" + rows(row), 0, 1},
		{"joined files with byte order marks", "\ufeff" + receiveHeader + rows(row) + "\ufeff" + receiveHeader + rows(row), 10, 2},
		{"other case", strings.ToUpper(receiveHeader) + rows(row), 5, 1},
		{"without #", strings.ReplaceAll(receiveHeader, "#", "") + rows(row), 5, 1},
		{"from a spreadsheet", strings.ReplaceAll(receiveHeader, "\r\n", ",,,\r\n") + rows(row), 5, 1},
		{"bare names", rows(protocolColumns, row), 1, 1},
		{"bare names in front", rows(protocolColumns) + receiveHeader + rows(row), 6, 1},
		{"other order", rows("#Fields: event, data, date-time, session-id", swapped), 1, 1},
		{"bare names in other order", rows("event,data,date-time,session-id", swapped), 1, 1},
		{"list changes", receiveHeader + rows(row, "#Fields: event,data,date-time,session-id", swapped) + receiveHeader + rows(row), 11, 3},
		{"unknown columns", rows("#Fields: new,"+protocolColumns+",newer", "x,"+row+",y"), 1, 1},
		{"too many names", rows("#Fields: "+protocolColumns+",a,b,c", row), 1, 1},
		{"too few names", rows("#Fields: date-time,connector-id,session-id", row), 1, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := readText(t, ExchangeReceive, test.log)
			if got.Counts.Header != test.header || len(got.Records) != test.verbs || len(got.Bad) != 0 {
				t.Fatalf("%+v %q", got.Counts, got.Bad)
			}
			for _, rec := range got.Records {
				if rec.Verb != VerbQUIT || string(rec.Session) != "08DE000000000001" || rec.Time.String() != "2026-11-01T09:30:00.250Z" {
					t.Errorf("%v %q %v", rec.Verb, rec.Session, rec.Time)
				}
			}
		})
	}
}

func TestExchangeFields(t *testing.T) {
	opt := Options{Format: ExchangeReceive, Fields: []string{"event", "data", "date-time"}}
	got := read(t, strings.NewReader("<,NOOP,2026-11-01T09:30:00.250Z\n<,NOOP,2026-11-01T09:30:00.250Z,x,\n"), opt)
	want := []string{"event=<|data=NOOP|date-time=2026-11-01T09:30:00.250Z",
		"event=<|data=NOOP|date-time=2026-11-01T09:30:00.250Z|4=x|5="}
	if diff := cmp.Diff(want, got.Fields); diff != "" || got.Records[0].Verb != VerbNOOP {
		t.Errorf("-want +got:\n%s%q", diff, got.Bad)
	}
	got = readText(t, ExchangeReceive, receiveHeader+rows(`2026-11-01T09:30:00.250Z,"EX1\A, ""B""",1,2,,-,>,"a,b",`))
	want = []string{`date-time=2026-11-01T09:30:00.250Z|connector-id=EX1\A, "B"|session-id=1|sequence-number=2|` +
		`local-endpoint=|remote-endpoint=-|event=>|data=a,b|context=`}
	if diff := cmp.Diff(want, got.Fields); diff != "" {
		t.Errorf("-want +got:\n%s%q", diff, got.Bad)
	}
}

// Joined files change from one log to the next.
func TestExchangeLogTypes(t *testing.T) {
	log := receiveHeader + rows(receiveStart+"<,QUIT,") +
		strings.Replace(receiveHeader, "Receive", "Send", 1) + rows(sendStart+">,QUIT,") +
		rows("#Log-type: Message Tracking Log", trackingRow2007()) +
		rows("#Log-type: EWS Log", "2026-11-01T09:30:00.250Z,x") +
		rows("#Log-type: smtp receive protocol log", receiveStart+">,221 2.0.0 Bye,")
	got := readText(t, ExchangeSend, log)
	var have []string
	for _, rec := range got.Records {
		have = append(have, fmt.Sprintf("%v %v %v", rec.Format, rec.Direction, rec.Kind))
	}
	want := []string{"exchange-receive inbound command", "exchange-send outbound command", "tracking  tracking", "exchange-receive inbound reply"}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if len(got.Bad) != 1 {
		t.Errorf("%q", got.Bad)
	}
}

// randomProtocolLog writes a log of n rows with the oddities of real ones.
func randomProtocolLog(random *rand.Rand, n int, format Format) string {
	var b strings.Builder
	header := receiveHeader
	start := receiveStart
	if format == ExchangeSend {
		header, start = strings.Replace(header, "Receive", "Send", 1), sendStart
	}
	b.WriteString(header)
	rests := []string{"+,,", "-,,Remote", "<,EHLO mail.example.org,", ">,250 2.1.0 Sender OK,", "*,,Set Session Permissions",
		`>,"220 mx.example.com ready at Sun, 1 Nov 2026 10:30:00 +0100",`, "<,MAIL FROM:<a@example.org>,", ">,250-SIZE,",
		`*,,"negotiation ""succeeded"", with 256 bits"`, "<,RCPT TO:<x@example.com>,", ">,550 5.7.1 Unable to relay,",
		"*,,\"two\r\nlines\""}
	for range n {
		if random.IntN(20) == 0 {
			b.WriteString([]string{"\r\n", header, "\r\n\r\n", "#Date: 2026-11-01T10:00:00.000Z\r\n"}[random.IntN(4)])
		}
		b.WriteString(start)
		b.WriteString(rests[random.IntN(len(rests))])
		b.WriteString("\r\n")
	}
	return b.String()
}

func TestExchangeChunks(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 6 {
		checkChunks(t, ExchangeReceive, randomProtocolLog(random, 40, ExchangeReceive))
		checkChunks(t, ExchangeSend, randomProtocolLog(random, 40, ExchangeSend)+"\x00\x00"+sendStart+`*,"cut`)
	}
}

func TestExchangeDoesNotAllocate(t *testing.T) {
	log := []byte(receiveHeader + strings.Repeat(rows(receiveStart+"<,MAIL FROM:<a@example.org>,", receiveStart+">,250 2.1.0 Sender OK,",
		receiveStart+`>,"220 ready, ""at"" last",`, receiveStart+`*,,"a, ""b"""`), 2000))
	checkAllocations(t, ExchangeReceive, log)
}

func FuzzExchange(f *testing.F) {
	f.Add([]byte(receiveHeader+rows(receiveStart+"<,QUIT,", receiveStart+">,\"250-a\r\n250 b\",")), true)
	f.Add([]byte(rows(receiveStart+"*,\"a,b", receiveStart+`*,"a,b",`, `",x`)), false)
	f.Add([]byte(",,,,,,0,,\"0\n\""), false)
	f.Add([]byte("\ufeff"+rows(protocolColumns, receiveStart+"+,,")+"#Log-type: Message Tracking Log\n"+trackingRow2007()), true)
	f.Add([]byte("#Fields: event,data,date-time\n<,\"a\"\"b\",2026-11-01T09:30:00Z\n#Log-type: x\n#Fields: a\n1"), true)
	f.Fuzz(func(t *testing.T, log []byte, receive bool) {
		format := ExchangeSend
		if receive {
			format = ExchangeReceive
		}
		checkAnyLog(t, log, format)
	})
}

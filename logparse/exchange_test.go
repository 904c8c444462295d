package logparse

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// reading is what came of a log.
type reading struct {
	Records []*Record
	Raw     []string
	Fields  []string // of each record, "name=value|name=value"
	Bad     []string // "line: message"
	Counts  Counts
}

// read reads a log and checks what holds for every log.
func read(t testing.TB, r io.Reader, opt Options) reading {
	t.Helper()
	reader := NewReader(r, "x.log", &opt)
	var got reading
	line := int64(0)
	for {
		rec, err := reader.Next()
		if err == io.EOF {
			break
		}
		var syntax *SyntaxError
		if errors.As(err, &syntax) {
			got.Bad = append(got.Bad, fmt.Sprintf("%d: %s", syntax.Pos.Line, syntax.Msg))
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if rec.Pos.Line <= line {
			t.Fatalf("record at line %d behind line %d", rec.Pos.Line, line)
		}
		line = rec.Pos.Line + int64(rec.Lines) - 1
		if lines := bytes.Count(rec.Raw(), []byte{'\n'}) + 1; lines != rec.Lines {
			t.Fatalf("line %d: %d lines, %d of them in %q", rec.Pos.Line, rec.Lines, lines, rec.Raw())
		}
		got.Records = append(got.Records, rec.Clone())
		got.Raw = append(got.Raw, string(rec.Raw()))
		got.Fields = append(got.Fields, joinFields(rec))
	}
	c := reader.Counts()
	got.Counts = c
	if c.Lines != c.Header+c.Blank+c.Records+c.Continuation+c.Malformed {
		t.Fatalf("lines do not add up: %+v", c)
	}
	if c.Records != int64(len(got.Records)) || c.Malformed != int64(len(got.Bad)) {
		t.Fatalf("%d records and %d bad lines counted as %+v", len(got.Records), len(got.Bad), c)
	}
	return got
}

func joinFields(rec *Record) string {
	var b strings.Builder
	for name, value := range rec.Fields() {
		if b.Len() > 0 {
			b.WriteByte('|')
		}
		fmt.Fprintf(&b, "%s=%s", name, value)
	}
	return b.String()
}

func readText(t testing.TB, format Format, text string) reading {
	t.Helper()
	return read(t, strings.NewReader(text), Options{Format: format})
}

// rows is a list of rows, each with its line end.
func rows(lines ...string) string { return strings.Join(lines, "\r\n") + "\r\n" }

const (
	receiveHeader = "#Software: Microsoft Exchange Server\r\n#Version: 15.0.0.0\r\n#Log-type: SMTP Receive Protocol Log\r\n" +
		"#Date: 2026-11-01T09:00:00.000Z\r\n#Fields: " + protocolColumns + "\r\n"

	// The columns before the event.
	receiveRow = `2026-11-01T09:30:00.250Z,EX1\Default Frontend EX1,08DE000000000001,7,10.0.0.1:25,192.0.2.7:51234,`
	sendRow    = `2026-11-01T09:30:00.250Z,Outbound,08DE000000000002,7,10.0.0.1:51000,198.51.100.9:25,`
)

// receiveEvent and sendEvent are the events of receiveRow and sendRow, with
// what set does to them.
func receiveEvent(set func(e *Event)) Event {
	e := Event{Direction: outcome.Inbound, Session: []byte("08DE000000000001"), Sequence: 7, Server: []byte("EX1"),
		Connector: []byte(`EX1\Default Frontend EX1`), Local: []byte("10.0.0.1:25"), Remote: []byte("192.0.2.7:51234"),
		Elapsed: -1, Win32: -1, BytesIn: -1, BytesOut: -1}
	set(&e)
	return e
}

func sendEvent(set func(e *Event)) Event {
	e := Event{Direction: outcome.Outbound, Session: []byte("08DE000000000002"), Sequence: 7, Connector: []byte("Outbound"),
		Local: []byte("10.0.0.1:51000"), Remote: []byte("198.51.100.9:25"), Elapsed: -1, Win32: -1, BytesIn: -1, BytesOut: -1}
	set(&e)
	return e
}

func enhancedCode(t testing.TB, s string) reply.Enhanced {
	t.Helper()
	e, n := reply.ParseEnhanced([]byte(s))
	if n != len(s) {
		t.Fatalf("%q is no enhanced code", s)
	}
	return e
}

func TestReceiveRows(t *testing.T) {
	for _, test := range []struct {
		name, rest string
		set        func(e *Event)
	}{
		{"connect", `+,,`, func(e *Event) { e.Kind = KindConnect }},
		{"disconnect", `-,,Remote(ConnectionReset)`, func(e *Event) {
			e.Kind, e.Context = KindDisconnect, []byte("Remote(ConnectionReset)")
		}},
		{"disconnect with blanks behind it", "-,,Local  \t", func(e *Event) {
			e.Kind, e.Context = KindDisconnect, []byte("Local")
		}},
		{"command", `<,MAIL FROM:<a@example.org> SIZE=10,`, func(e *Event) {
			e.Kind, e.Verb, e.VerbText = KindCommand, VerbMAIL, []byte("MAIL")
			e.Arg, e.Data = []byte("FROM:<a@example.org> SIZE=10"), []byte("MAIL FROM:<a@example.org> SIZE=10")
		}},
		{"command in lower case", `<,quit,`, func(e *Event) {
			e.Kind, e.Verb, e.VerbText, e.Data = KindCommand, VerbQUIT, []byte("quit"), []byte("quit")
		}},
		{"command with quotes", `<,"RCPT TO:<""a, b""@example.com>",`, func(e *Event) {
			e.Kind, e.Verb, e.VerbText = KindCommand, VerbRCPT, []byte("RCPT")
			e.Arg, e.Data = []byte(`TO:<"a, b"@example.com>`), []byte(`RCPT TO:<"a, b"@example.com>`)
		}},
		{"unknown command", `<,<authentication response>,`, func(e *Event) {
			e.Kind, e.Verb, e.VerbText = KindCommand, VerbOther, []byte("<authentication")
			e.Arg, e.Data = []byte("response>"), []byte("<authentication response>")
		}},
		{"empty command", `<,,`, func(e *Event) { e.Kind = KindCommand }},
		{"command that is a hyphen", `<,-,`, func(e *Event) {
			e.Kind, e.Verb, e.VerbText, e.Data = KindCommand, VerbOther, []byte("-"), []byte("-")
		}},
		{"reply", `>,250 2.1.0 Sender OK,`, func(e *Event) {
			e.Kind, e.Code, e.Enhanced = KindReply, 250, enhancedCode(t, "2.1.0")
			e.Text, e.Data = []byte("250 2.1.0 Sender OK"), []byte("250 2.1.0 Sender OK")
		}},
		{"quoted reply", `>,"220 mx.example.com ready at Sun, 1 Nov 2026 10:30:00 +0100",`, func(e *Event) {
			e.Kind, e.Code = KindReply, 220
			e.Text = []byte("220 mx.example.com ready at Sun, 1 Nov 2026 10:30:00 +0100")
			e.Data = e.Text
		}},
		{"line of a reply", `>,250-PIPELINING,`, func(e *Event) {
			e.Kind, e.Code, e.More = KindReply, 250, true
			e.Text, e.Data = []byte("250-PIPELINING"), []byte("250-PIPELINING")
		}},
		{"folded reply", `>,250  mx.example.com Hello [192.0.2.7] SIZE,`, func(e *Event) {
			e.Kind, e.Code = KindReply, 250
			e.Text = []byte("250  mx.example.com Hello [192.0.2.7] SIZE")
			e.Data = e.Text
		}},
		{"reply without a code", `>,and more of it,`, func(e *Event) {
			e.Kind, e.Text, e.Data = KindReply, []byte("and more of it"), []byte("and more of it")
		}},
		{"info", `*,08DE000000000001;2026-11-01T09:30:00.250Z;1,receiving message`, func(e *Event) {
			e.Kind, e.Data, e.Context = KindInfo, []byte("08DE000000000001;2026-11-01T09:30:00.250Z;1"), []byte("receiving message")
		}},
		{"info with leading blank", `*, CN=EX1 CN=EX1,Sending certificate`, func(e *Event) {
			e.Kind, e.Data, e.Context = KindInfo, []byte(" CN=EX1 CN=EX1"), []byte("Sending certificate")
		}},
		{"quoted context", `*,,"TLS protocol X, with ""quotes"""`, func(e *Event) {
			e.Kind, e.Context = KindInfo, []byte(`TLS protocol X, with "quotes"`)
		}},
		{"without context", `*,data`, func(e *Event) { e.Kind, e.Data = KindInfo, []byte("data") }},
		{"without data", `+`, func(e *Event) { e.Kind = KindConnect }},
		{"with blanks round the event", ` + ,,`, func(e *Event) { e.Kind = KindConnect }},
		{"one column more", `*,a,b,c`, func(e *Event) { e.Kind, e.Data, e.Context = KindInfo, []byte("a"), []byte("b") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := readText(t, ExchangeReceive, receiveHeader+rows(receiveRow+test.rest))
			if len(got.Records) != 1 || got.Counts.Header != 5 {
				t.Fatalf("%+v %q", got.Counts, got.Bad)
			}
			rec := got.Records[0]
			if diff := cmp.Diff(receiveEvent(test.set), rec.Event); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if rec.Format != ExchangeReceive || rec.Time.String() != "2026-11-01T09:30:00.250Z" || rec.Pos.Line != 6 || rec.Lines != 1 {
				t.Errorf("%v %v %v %d", rec.Format, rec.Time, rec.Pos, rec.Lines)
			}
			if want := receiveRow + test.rest; got.Raw[0] != want {
				t.Errorf("raw %q, want %q", got.Raw[0], want)
			}
		})
	}
}

func TestSendRows(t *testing.T) {
	for _, test := range []struct {
		name, row string
		set       func(e *Event)
	}{
		{"command", sendRow + `>,RCPT TO:<x@example.net>,`, func(e *Event) {
			e.Kind, e.Verb, e.VerbText = KindCommand, VerbRCPT, []byte("RCPT")
			e.Arg, e.Data = []byte("TO:<x@example.net>"), []byte("RCPT TO:<x@example.net>")
		}},
		{"reply", sendRow + `<,550 5.1.1 No such user,`, func(e *Event) {
			e.Kind, e.Code, e.Enhanced = KindReply, 550, enhancedCode(t, "5.1.1")
			e.Text, e.Data = []byte("550 5.1.1 No such user"), []byte("550 5.1.1 No such user")
		}},
		{"before the connection", `2026-11-01T09:30:00.250Z,Outbound,08DE000000000002,0,,198.51.100.9:25,*,,attempting to connect`, func(e *Event) {
			e.Kind, e.Sequence, e.Local, e.Context = KindInfo, 0, nil, []byte("attempting to connect")
		}},
		{"failed", `2026-11-01T09:30:00.250Z,Outbound,08DE000000000002,,,198.51.100.9:25,*,,"Failed to connect. Winsock error code: 10061, Win32 error code: 10061"`, func(e *Event) {
			e.Kind, e.Sequence, e.Local = KindInfo, -1, nil
			e.Context = []byte("Failed to connect. Winsock error code: 10061, Win32 error code: 10061")
		}},
		{"values that are absent", `2026-11-01T09:30:00.250Z,-,,x,-,,+,,`, func(e *Event) {
			*e = Event{Kind: KindConnect, Direction: outcome.Outbound, Sequence: -1, Elapsed: -1, Win32: -1, BytesIn: -1, BytesOut: -1}
		}},
		{"backslash in a send connector", strings.Replace(sendRow, "Outbound", `A\B`, 1) + `+,,`, func(e *Event) {
			e.Kind, e.Connector = KindConnect, []byte(`A\B`)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := readText(t, ExchangeSend, rows(test.row))
			if len(got.Records) != 1 {
				t.Fatalf("%+v %q", got.Counts, got.Bad)
			}
			if diff := cmp.Diff(sendEvent(test.set), got.Records[0].Event); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestReceiveServer(t *testing.T) {
	for connector, want := range map[string]string{
		`EX1\Default EX1`:         "EX1",
		`EX1 \Default `:           "EX1",
		`EX1\\Default EX1`:        "EX1",
		`Default`:                 "",
		`"EX1\Default, frontend"`: "EX1",
		`\Default`:                "",
	} {
		row := strings.Replace(receiveRow, `EX1\Default Frontend EX1`, connector, 1) + "+,,"
		got := readText(t, ExchangeReceive, rows(row))
		if len(got.Records) != 1 || string(got.Records[0].Server) != want {
			t.Errorf("%s: %+v, want %q", connector, got.Records, want)
		}
	}
}

func TestExchangeMalformed(t *testing.T) {
	for _, test := range []struct{ name, log, want string }{
		{"no time", receiveHeader + strings.Replace(receiveRow, "2026-11-01T09", "noon", 1) + "+,,", `6: date-time "noon:30:00.250Z" is no time`},
		{"a day that is none", receiveHeader + strings.Replace(receiveRow, "11-01", "11-31", 1) + "+,,", `6: date-time "2026-11-31T09:30:00.250Z" is no time`},
		{"cut short", receiveHeader + receiveRow[:40], "6: 2 columns where #Fields names 9"},
		{"cut short without header", receiveRow[:40], "1: 2 columns, which no version of the SMTP Receive Protocol Log has"},
		{"no event", receiveHeader + receiveRow + "!,x,", `6: event "!" is none of + - > < *`},
		{"empty event", receiveHeader + receiveRow + ",x,", `6: event "" is none of + - > < *`},
		{"long event", receiveHeader + receiveRow + strings.Repeat("x", 50) + ",,", `6: event "` + strings.Repeat("x", 40) + `"… is none of + - > < *`},
		{"open quote", receiveHeader + receiveRow + `>,"220 mx`, "6: the row ends inside a quoted value"},
		{"text", receiveHeader + "garbage", `6: date-time "garbage" is no time`},
		{"no event named", "#Fields: date-time,session-id\n2026-11-01T09:30:00.250Z,1", "2: #Fields names no event"},
		{"no time named", "#Fields: session-id,event\n1,+", "2: #Fields names no date-time"},
		{"another log", receiveHeader + "#Log-type: POP3 Log\n" + receiveRow + "+,,", `7: a row of another log, "POP3 Log"`},
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
	const row = receiveRow + "<,QUIT,"
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
	log := receiveHeader + rows(receiveRow+"<,QUIT,") +
		strings.Replace(receiveHeader, "Receive", "Send", 1) + rows(sendRow+">,QUIT,") +
		rows("#Log-type: Message Tracking Log", trackingRow2007()) +
		rows("#Log-type: EWS Log", "2026-11-01T09:30:00.250Z,x") +
		rows("#Log-type: smtp receive protocol log", receiveRow+">,221 2.0.0 Bye,")
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

func TestExchangeQuotedLines(t *testing.T) {
	const good = receiveRow + "<,QUIT,"
	for _, test := range []struct {
		name, log string
		records   []int // their lines
		bad       []string
	}{
		{"reply of two lines", rows(receiveRow+">,\"250-a\r\n250 b\",", good), []int{2, 1}, nil},
		{"context over three lines", rows(receiveRow+"*,,\"a\r\n\r\nb\"", good), []int{3, 1}, nil},
		{"two quoted values", rows(receiveRow+"*,\"a\r\nb, \"\"c\"\"\",\"d,\r\ne\"", good), []int{3, 1}, nil},
		{"stray quote", rows(receiveRow+"*,\"a,b", good, good), []int{1, 1}, []string{"1: " + unclosed}},
		{"stray quote before a quoted value", rows(receiveRow+"*,\"a,b", receiveRow+`*,"a,b",`), []int{1}, []string{"1: " + unclosed}},
		{"stray quote before text with quotes", rows(receiveRow+"*,\"a,b", `x,"y",z`, good), []int{1},
			[]string{"1: " + unclosed, `2: date-time "x" is no time`}},
		{"stray quote before a header", rows(receiveRow+"*,\"a,b", "#Date: \"", good), []int{1}, []string{"1: " + unclosed}},
		{"quote that closes in a row of too many columns", rows(receiveRow+"*,\"a", `",x,y,z`, good), []int{1},
			[]string{"1: " + unclosed, "2: " + unclosed}},
		{"row that is none over two lines", rows(",,,,,,+,,\"a", `b"`, good), []int{1},
			[]string{"1: " + unclosed, `2: date-time "b\"" is no time`}},
		{"event that is none over two lines", rows(receiveRow+"!,,\"a", `b"`, good), []int{1},
			[]string{"1: " + unclosed, `2: date-time "b\"" is no time`}},
		{"stray quote, time elsewhere", rows("#Fields: event,date-time,data", "*,2026-11-01T09:30:00Z,\"a", `",2026-11-01T09:30:00Z,b`), nil,
			[]string{"2: " + unclosed, "3: " + unclosed}},
		{"end of file", receiveRow + "*,,\"a\r\nb", nil, []string{"1: " + unclosed, `2: date-time "b" is no time`}},
		{"too many lines", rows(receiveRow+"*,,\"a"+strings.Repeat("\r\n", maxRowLines)+`"`, good), []int{1},
			[]string{"1: " + unclosed, fmt.Sprintf("%d: %s", maxRowLines+1, unclosed)}},
		{"as many lines as can be", rows(receiveRow+"*,,\"a"+strings.Repeat("\r\n", maxRowLines-1)+`"`, good), []int{maxRowLines, 1}, nil},
		{"too long", rows(receiveRow+"*,,\"a\r\n"+strings.Repeat("x", maxRowBytes)+`"`, good), []int{1},
			[]string{"1: " + unclosed, "2: date-time " + `"` + strings.Repeat("x", 40) + `"… is no time`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := readText(t, ExchangeReceive, test.log)
			var lines []int
			for _, rec := range got.Records {
				lines = append(lines, rec.Lines)
			}
			if diff := cmp.Diff(test.records, lines); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if diff := cmp.Diff(test.bad, got.Bad); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	got := readText(t, ExchangeReceive, rows(receiveRow+">,\"250-a\r\n250 b\",", receiveRow+">,\"250-a\r\n250-b\","))
	for i, want := range []string{"250-a\n250 b", "250-a\n250-b"} {
		if rec := got.Records[i]; string(rec.Text) != want || rec.Code != 250 || rec.More != (i == 1) {
			t.Errorf("%q %v %v", rec.Text, rec.Code, rec.More)
		}
	}
}

func TestExchangeLongLine(t *testing.T) {
	log := rows(receiveRow+"<,QUIT,", receiveRow+"<,"+strings.Repeat("x", 500)+",", receiveRow+"<,QUIT,")
	got := read(t, strings.NewReader(log), Options{Format: ExchangeReceive, MaxLine: 300})
	if diff := cmp.Diff([]string{"2: the line is longer than 300 bytes"}, got.Bad); diff != "" || len(got.Records) != 2 {
		t.Errorf("-want +got:\n%s%d records", diff, len(got.Records))
	}
}

// randomProtocolLog writes a log of n rows with the oddities of real ones.
func randomProtocolLog(random *rand.Rand, n int, format Format) string {
	var b strings.Builder
	header := receiveHeader
	start := receiveRow
	if format == ExchangeSend {
		header, start = strings.Replace(header, "Receive", "Send", 1), sendRow
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

// However the stream is cut into reads, the same comes of it.
func checkChunks(t *testing.T, format Format, log string) {
	t.Helper()
	want := readText(t, format, log)
	for name, r := range map[string]io.Reader{
		"one byte":   iotest.OneByteReader(strings.NewReader(log)),
		"halves":     iotest.HalfReader(strings.NewReader(log)),
		"data error": iotest.DataErrReader(strings.NewReader(log)),
	} {
		got := read(t, r, Options{Format: format})
		for _, x := range []*reading{&want, &got} {
			for _, rec := range x.Records {
				rec.raw, rec.layout = nil, nil
			}
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(outcome.Time{}, Record{})); diff != "" {
			t.Fatalf("%s: -want +got:\n%s", name, diff)
		}
	}
}

func TestExchangeChunks(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 6 {
		checkChunks(t, ExchangeReceive, randomProtocolLog(random, 40, ExchangeReceive))
		checkChunks(t, ExchangeSend, randomProtocolLog(random, 40, ExchangeSend)+"\x00\x00"+sendRow+`*,"cut`)
	}
}

// Whatever stands between valid rows, they are read as if it did not.
func TestExchangeGarbage(t *testing.T) {
	good := []string{receiveRow + "<,QUIT,", receiveRow + `>,"221 bye, ""you""",`, receiveRow + "*,,\"two\r\nlines\""}
	garbage := rapid.OneOf(
		rapid.StringOf(rapid.SampledFrom([]rune("\",\"\",a2 -\t"))),
		rapid.SampledFrom([]string{receiveRow, receiveRow + `>,"`, receiveRow[:30], `","`, `""`, `"`, `x","y"`, "\x00", "a,b,c,d,e,f,+,,",
			receiveRow + `*,"x","y`}),
		rapid.String(),
	)
	rapid.Check(t, func(t *rapid.T) {
		var log strings.Builder
		var want []string
		for range rapid.IntRange(1, 6).Draw(t, "rows") {
			for range rapid.IntRange(0, 2).Draw(t, "lines") {
				line := strings.NewReplacer("\n", "", "\r", "").Replace(garbage.Draw(t, "garbage"))
				log.WriteString(line + "\r\n")
			}
			row := rapid.SampledFrom(good).Draw(t, "row")
			log.WriteString(row + "\r\n")
			want = append(want, strings.ReplaceAll(row, "\r", ""))
		}
		r := NewReader(strings.NewReader(log.String()), "x.log", &Options{Format: ExchangeReceive})
		for rec, err := range r.Records() {
			if err == nil && len(want) > 0 && string(rec.Raw()) == want[0] {
				want = want[1:]
			}
		}
		if len(want) > 0 {
			t.Fatalf("%q is lost in %q", want[0], log.String())
		}
	})
}

func TestExchangeDoesNotAllocate(t *testing.T) {
	log := []byte(receiveHeader + strings.Repeat(rows(receiveRow+"<,MAIL FROM:<a@example.org>,", receiveRow+">,250 2.1.0 Sender OK,",
		receiveRow+`>,"220 ready, ""at"" last",`, receiveRow+`*,,"a, ""b"""`), 2000))
	checkAllocations(t, ExchangeReceive, log)
}

// checkAllocations reads half of the log, which must have warmed up the
// reader, and checks that the rest does not allocate.
func checkAllocations(t *testing.T, format Format, log []byte) {
	t.Helper()
	r := NewReader(bytes.NewReader(log), "x.log", &Options{Format: format})
	n := 0
	next := func() {
		if rec, err := r.Next(); err == nil {
			n += len(rec.Raw())
		} else if err != io.EOF {
			t.Fatal(err)
		}
	}
	for range 200 {
		next()
	}
	if allocs := testing.AllocsPerRun(2000, next); allocs > 0 {
		t.Errorf("%v allocations for each row", allocs)
	}
}

// sample opens a real log.
func sample(t testing.TB, name string) *os.File {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "shared", "samples", filepath.FromSlash(name)))
	if err != nil {
		t.Skip("the sample logs are not there:", err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestExchangeSamples(t *testing.T) {
	for _, test := range []struct {
		name   string
		format Format
		want   Counts
	}{
		{"exchange-smtp-protocol/dfir-artefacts-2016-recv-auth-fail.log", ExchangeReceive, Counts{Lines: 21, Header: 5, Records: 16}},
		{"exchange-smtp-protocol/elastic-smtprecive-double-backslash.log", ExchangeReceive, Counts{Lines: 1, Records: 1}},
		{"exchange-smtp-protocol/graylog-2010-recv-auth-login-tarpit.log", ExchangeReceive, Counts{Lines: 35, Blank: 17, Records: 18}},
		{"exchange-smtp-protocol/graylog-2010-recv-ehlo-only-filtered.log", ExchangeReceive, Counts{Lines: 9, Blank: 4, Records: 5}},
		{"exchange-smtp-protocol/kb4495258-send-cert-nocredentials.log", ExchangeSend, Counts{Lines: 7, Malformed: 7}},
		{"exchange-smtp-protocol/tailspintoys-2010-recv-header.log", ExchangeReceive, Counts{Lines: 7, Header: 5, Records: 2}},
		{"exchange-smtp-protocol/tstrueber-2019-recv-veeam-data.log", ExchangeReceive, Counts{Lines: 14, Records: 14}},
		{"tracking-2007plus/dfir-artefacts-msgtrkms-2016.log", Tracking, Counts{Lines: 7, Header: 5, Records: 2}},
		{"tracking-2007plus/filestream-test-2010-notifymapi-bom.log", Tracking, Counts{Lines: 7, Header: 5, Records: 2}},
		{"tracking-2007plus/kinesis-agent-2013-agentinfo-haredirect.log", Tracking, Counts{Lines: 7, Header: 5, Records: 2}},
		{"tracking-2007plus/msqna-2016-agentinfo-etrp.log", Tracking, Counts{Lines: 1, Malformed: 1}},
		{"tracking-2007plus/pylogsparser-2007-submit.log", Tracking, Counts{Lines: 1, Records: 1}},
		{"tracking-2007plus/splunk-datagen-2007-deliver-receive.log", Tracking, Counts{Lines: 2, Records: 2}},
		{"tracking-2000-2003/pylogsparser-2003-1019-row.log", Tracking2000, Counts{Lines: 1, Records: 1}},
		{"adjacent-transport/dfir-artefacts-agentlog-2016.log", Agent, Counts{Lines: 7, Header: 5, Records: 2}},
		{"adjacent-transport/kb2866822-connectivity-2013-submission.log", Connectivity, Counts{Lines: 5, Records: 5}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := read(t, sample(t, test.name), Options{Format: test.format})
			if got.Counts != test.want {
				t.Errorf("%+v, want %+v; %q", got.Counts, test.want, got.Bad)
			}
		})
	}
}

func FuzzExchange(f *testing.F) {
	f.Add([]byte(receiveHeader+rows(receiveRow+"<,QUIT,", receiveRow+">,\"250-a\r\n250 b\",")), true)
	f.Add([]byte(rows(receiveRow+"*,\"a,b", receiveRow+`*,"a,b",`, `",x`)), false)
	f.Add([]byte(",,,,,,0,,\"0\n\""), false)
	f.Add([]byte("\ufeff"+rows(protocolColumns, receiveRow+"+,,")+"#Log-type: Message Tracking Log\n"+trackingRow2007()), true)
	f.Add([]byte("#Fields: event,data,date-time\n<,\"a\"\"b\",2026-11-01T09:30:00Z\n#Log-type: x\n#Fields: a\n1"), true)
	f.Fuzz(func(t *testing.T, log []byte, receive bool) {
		format := ExchangeSend
		if receive {
			format = ExchangeReceive
		}
		checkAnyLog(t, log, format)
	})
}

// checkAnyLog reads a log, whatever it holds, and checks that its lines add
// up, that the columns give back the row and that the events hold its values.
func checkAnyLog(t *testing.T, log []byte, format Format) {
	t.Helper()
	got := read(t, bytes.NewReader(log), Options{Format: format})
	for _, rec := range got.Records {
		var values [][]byte
		for name, value := range rec.Fields() {
			if name == "" && len(rec.layout.names) > len(values) && rec.layout.names[len(values)] != "" {
				t.Fatalf("no name for %q", value)
			}
			values = append(values, value)
		}
		if want := split(string(rec.Raw())); rec.Format != Tracking5 && rec.Format != Tracking2000 && len(want) != len(values) {
			t.Fatalf("%d values of %d in %q", len(values), len(want), rec.Raw())
		}
		for _, value := range [][]byte{rec.Session, rec.Connector, rec.Local, rec.Remote, rec.Data, rec.Context} {
			found := value == nil
			for _, v := range values {
				found = found || bytes.HasPrefix(v, value)
			}
			if !found {
				t.Fatalf("%q is no value of %q", value, rec.Raw())
			}
		}
	}
}

func benchmarkRead(b *testing.B, format Format, log string) {
	b.SetBytes(int64(len(log)))
	b.ReportAllocs()
	for b.Loop() {
		r := NewReader(strings.NewReader(log), "x.log", &Options{Format: format})
		for {
			if _, err := r.Next(); err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkExchangeReceive(b *testing.B) {
	session := rows(receiveRow+"+,,", receiveRow+`>,"220 mx.example.com Microsoft ESMTP MAIL Service ready at Sun, 1 Nov 2026 10:30:00 +0100",`,
		receiveRow+"<,EHLO mail.example.org,",
		receiveRow+">,250  mx.example.com Hello [192.0.2.7] SIZE 37748736 PIPELINING DSN ENHANCEDSTATUSCODES STARTTLS 8BITMIME CHUNKING,",
		receiveRow+"<,MAIL FROM:<a@example.org> SIZE=1460,", receiveRow+"*,08DE000000000001;2026-11-01T09:30:00.250Z;1,receiving message",
		receiveRow+">,250 2.1.0 Sender OK,", receiveRow+"<,RCPT TO:<x@example.com>,", receiveRow+">,250 2.1.5 Recipient OK,",
		receiveRow+"<,DATA,", receiveRow+">,354 Start mail input; end with <CRLF>.<CRLF>,",
		receiveRow+`>,"250 2.6.0 <1@example.org> [InternalId=1, Hostname=mx.example.com] 1511 bytes in 0.102, 14,8 KB/sec Queued mail for delivery",`,
		receiveRow+"<,QUIT,", receiveRow+">,221 2.0.0 Service closing transmission channel,", receiveRow+"-,,Local")
	benchmarkRead(b, ExchangeReceive, receiveHeader+strings.Repeat(session, 2000))
}

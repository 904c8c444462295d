package logparse

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// readAll reads a log to its end and returns a line for each record and error,
// with all that they hold. Without quick, every row goes the long way.
func readAll(t testing.TB, in io.Reader, opt Options, quick bool) (steps []any, counts Counts) {
	t.Helper()
	r := NewReader(in, "x.log", &opt)
	if err := r.start(); err != nil {
		return []any{err.Error()}, r.Counts()
	}
	if !quick {
		r.quick = nil
	}
	for {
		rec, err := r.Next()
		if err == nil {
			before := promised(rec)
			rec.FillEnds()
			ends := [][]byte{rec.Session, rec.Server, rec.Connector, rec.Local, rec.Remote, rec.Helo}
			c := rec.Clone()
			if all := [][]byte{c.Session, c.Server, c.Connector, c.Local, c.Remote, c.Helo}; !reflect.DeepEqual(ends, all) {
				t.Fatalf("after FillEnds %q\nafter Fill %q", ends, all)
			}
			if after := promised(rec); !reflect.DeepEqual(after, before) {
				t.Fatalf("before Fill %s\nafter %s", show(before), show(after))
			}
			names := c.layout.names
			c.layout, c.connector, c.conversation = nil, 0, 0
			steps = append(steps, *c, names)
			if len(steps)/20%2 == 0 {
				continue
			}
			// What a caller makes of the record must not be seen in the next.
			*rec = Record{Event: Event{Helo: []byte("x"), Text: []byte("x"), Arg: []byte("x"), Context: []byte("x"),
				VerbText: []byte("x"), Server: []byte("x"), Verb: VerbMAIL, Code: 1, More: true, Elapsed: 1, Win32: 1}}
			continue
		}
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			return append(steps, err), r.Counts()
		}
		steps = append(steps, *syntax)
	}
}

// checkQuick checks that the short way gives what the long way gives, however
// the stream is cut into reads.
func checkQuick(t testing.TB, log []byte, opt Options) {
	t.Helper()
	want, wantCounts := readAll(t, bytes.NewReader(log), opt, false)
	cuts := []func(io.Reader) io.Reader{func(r io.Reader) io.Reader { return r }}
	if len(log) < 4000 {
		cuts = append(cuts, iotest.OneByteReader, iotest.HalfReader, iotest.DataErrReader)
	}
	for i, cut := range append(cuts, cuts[0]) {
		opt.Sparse = i%2 == 1 || i == len(cuts)
		got, counts := readAll(t, cut(bytes.NewReader(log)), opt, true)
		if counts != wantCounts {
			t.Fatalf("counts %+v, want %+v", counts, wantCounts)
		}
		if len(got) != len(want) {
			t.Fatalf("%d steps, want %d", len(got), len(want))
		}
		for i := range want {
			if !reflect.DeepEqual(got[i], want[i]) {
				t.Fatalf("step %d:\n got %s\nwant %s", i, show(got[i]), show(want[i]))
			}
		}
	}
}

func show(step any) string {
	if rec, ok := step.(Record); ok {
		return fmt.Sprintf("%q %+q", rec.raw, fmt.Sprintf("%+v", rec))
	}
	return fmt.Sprintf("%+v", step)
}

// quickShare returns which part of the log's records goes the short way.
func quickShare(t testing.TB, log string, format Format) float64 {
	t.Helper()
	records, errs, _, quickly := readRows(t, []byte(log), Options{Format: format}, true)
	if len(errs) > 0 {
		t.Errorf("%q", errs)
	}
	return float64(quickly) / float64(len(records))
}

// oddRow writes a row of the named columns, most of them with an ordinary
// value, some with one that a short way may stumble over.
func oddRow(random *rand.Rand, usual [][]string) string {
	odd := []string{"", "-", " ", `"`, `""`, `"a"`, `"a,b"`, `"a""b"`, `"a"b`, ` "a"`, `a"b`, `"a`, "\x00", "\r", "\t", "é", "\ufeff", "--", "a\\b", "\\",
		strings.Repeat("x", 70), "[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:49152", "123456", "1234567890", "-1", "0", "00", "<", "+ ", "250 2.1.0 OK",
		"2026-11-01T09:30:60.250Z", "2026-11-01T09:30:61.250Z", "2026-11-01T09:30:5:.250Z", "2026-11-01 09:30:00.250Z", "2026-11-01T09:30:00.25Z",
		"2026-02-30T09:30:00.250Z", "2026-11-01T09:31:00.250Z", "2026-1-1T9:30:00.250Z", "2026-11-01T09:30:00.250z"}
	var b strings.Builder
	n := len(usual)
	switch random.IntN(40) {
	case 0:
		n -= 1 + random.IntN(2)
	case 1:
		n += 1 + random.IntN(2)
	}
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		if i < len(usual) && random.IntN(4*len(usual)) > 0 {
			b.WriteString(usual[i][random.IntN(len(usual[i]))])
		} else {
			b.WriteString(odd[random.IntN(len(odd))])
		}
	}
	b.WriteString([]string{"\r\n", "\r\n", "\r\n", "\n", "\r\r\n", "\x00\n", "\x00\r\n", " \r\n", ",\r\n"}[min(random.IntN(60), 8)])
	if random.IntN(60) == 0 {
		b.WriteString([]string{"\r\n", "\x00", "\x00\x00\r\n", "#Fields: date-time,data\r\n", "\ufeff"}[random.IntN(5)])
	}
	return b.String()
}

var usualProtocol = [][]string{
	{"2026-11-01T09:30:00.250Z", "2026-11-01T09:30:01.000Z", "2026-11-01T09:30:59.999Z", "2026-11-01T09:31:00.000Z", "2026-11-02T09:31:00.000Z"},
	{`EX1\Default Frontend EX1`, `EX1\Default Frontend EX1`, `EX1\Default Frontend EX12`, `EX2\Relay`, "Outbound", ` EX1\a`, `EX1 \a`, `-\a`, `\a`},
	{"08DE000000000001", "08DE000000000002", "08DE00000000000", "1"},
	{"0", "1", "22", "333", "4444", "55555"},
	{"10.0.0.1:25", "10.0.0.1:25", "[2001:db8::1]:25", ""},
	{"192.0.2.7:51234", "198.51.100.9:25", "[2001:db8::7]:25", "mx.example.com:25"},
	{"+", "-", ">", "<", "*", ">", "<"},
	{"", "EHLO mail.example.org", "250 2.1.0 Sender OK", "250-SIZE", "MAIL FROM:<a@example.org>", "quit", "STARTTLS", " NOOP", "DATA",
		`"220 mx.example.com ready, at last"`, `"354 end with ""."""`, "550 5.7.1 Unable to relay", "451", "550", "5505", "MAIL\tFROM:<>", "MAILFROM:<>"},
	{"", "", "Local", "Remote(ConnectionReset)", "receiving message  ", `"a, ""b"""`, "\t", `"x"y`},
}

func TestQuickProtocol(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for i := range 100 {
		var log strings.Builder
		n := 30
		if i == 0 {
			n = (firstBlock + 2*blockSize) / 130 // over several blocks
		}
		if random.IntN(3) > 0 {
			log.WriteString(receiveHeader)
		}
		for range n {
			log.WriteString(oddRow(random, usualProtocol))
		}
		text := log.String()
		if random.IntN(2) == 0 {
			text = strings.TrimRight(text, "\r\n")
		}
		checkQuick(t, []byte(text), Options{Format: ExchangeReceive})
		checkQuick(t, []byte(text), Options{Format: ExchangeSend, MaxLine: 150})
	}
}

// reorderedColumns are the columns of a protocol log in another order.
var reorderedColumns = []string{"data", "event", "context", "session-id", "sequence-number", "remote-endpoint", "local-endpoint", "connector-id", "date-time"}

// reorderedRow writes the values of a row of the usual columns in that order,
// all of them in quotes, or some, or none.
func reorderedRow(random *rand.Rand, usual []string, columns []string, quoted int) string {
	row := make([]string, len(columns))
	for i, name := range columns {
		if at := slices.Index(protocolWanted, name); at >= 0 {
			row[i] = usual[at]
		}
		if strings.HasPrefix(row[i], `"`) {
			continue
		}
		if random.IntN(100) < quoted || strings.Contains(row[i], ",") {
			row[i] = `"` + row[i] + `"`
		}
	}
	return strings.Join(row, ",") + []string{"\r\n", "\r\n", "\n", ",\r\n", " \r\n", "\x00\r\n"}[max(0, random.IntN(60)-54)]
}

func TestQuickReordered(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	for i := range 60 {
		columns := slices.Clone(reorderedColumns)
		if i%3 == 0 {
			columns = slices.Clone(protocolWanted)
		} else {
			if i%5 == 0 {
				columns = append(columns, "more")
			}
			random.Shuffle(len(columns), func(i, j int) { columns[i], columns[j] = columns[j], columns[i] })
		}
		n := 30
		if i == 0 {
			n = (firstBlock + 2*blockSize) / 150 // over several blocks
		}
		quoted := []int{0, 50, 100, 100}[i%4]
		var log strings.Builder
		log.WriteString("#Fields: " + strings.Join(columns, ",") + "\r\n")
		for range n {
			usual := make([]string, len(usualProtocol))
			for j, values := range usualProtocol {
				usual[j] = values[random.IntN(len(values))]
				if random.IntN(30) == 0 {
					usual[j] = []string{`"`, `a"b`, `"a"b`, `"a""b"`, "é", "-", "", "\u00a0\\a", "#", "\ufeff", "#", "\ufeff"}[random.IntN(12)]
				}
			}
			log.WriteString(reorderedRow(random, usual, columns, quoted))
		}
		checkQuick(t, []byte(log.String()), Options{Format: ExchangeReceive})
		checkQuick(t, []byte(log.String()), Options{Format: ExchangeSend, MaxLine: 180})
	}
}

// usualTracking returns usual values for rows of so many columns.
func usualTracking(columns int) [][]string {
	usual := make([][]string, columns)
	for i := range usual {
		usual[i] = []string{"", "", "x", "a;b", "<1@ex1.example.com>"}
	}
	usual[0] = usualProtocol[0]
	usual[2] = []string{"EX1", "EX1.example.com", "", "-"}
	usual[4] = []string{"EX2", "EX2.example.com", "", "-"}
	usual[5] = []string{"", "08DE000000000001;2026-11-01T09:30:00.250Z;0", `"MDB:1, Mailbox:2, Event:3"`, `";250 2.6.0 ""queued"", mail"`}
	usual[min(8, columns-1)] = []string{"RECEIVE", "SEND", "HARECEIVE", "DELIVER", `"RECEIVE"`, ""}
	usual[columns-1] = []string{"", "15.02.1258.012", `"Zmluva č. 12, príloha"`}
	return usual
}

func TestQuickTracking(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	names := strings.Split(trackingHead+trackingAdd2013+trackingTail+trackingAdd2010+trackingAdd2016, ",")
	for range 80 {
		var log strings.Builder
		columns := []int{9, 20, 21, 26, 27, 30}[random.IntN(6)]
		if random.IntN(2) == 0 {
			log.WriteString("#Fields: " + strings.Join(names[:columns], ",") + "\r\n")
		}
		for range 30 {
			if random.IntN(20) == 0 {
				columns = []int{21, 26, 27, 30}[random.IntN(4)]
			}
			log.WriteString(oddRow(random, usualTracking(columns)))
		}
		checkQuick(t, []byte(log.String()), Options{Format: Tracking})
	}
}

func TestQuickAdjacent(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	connectivity := [][]string{usualProtocol[0], usualProtocol[2], {"SMTP"}, {"example.net", ""}, {"+", "-", ">", "*"}, {"", "DNS", `"a, b"`, `"a ""b"""`}}
	agent := usualTracking(20)
	agent[1], agent[2], agent[3] = usualProtocol[2], usualProtocol[4], usualProtocol[5]
	for range 40 {
		var log, agents strings.Builder
		for range 20 {
			log.WriteString(oddRow(random, connectivity))
			agents.WriteString(oddRow(random, agent[:17+3*random.IntN(2)]))
		}
		checkQuick(t, []byte(log.String()), Options{Format: Connectivity})
		checkQuick(t, []byte(agents.String()), Options{Format: Agent})
	}
}

// The short way must be the usual one, or it is for nothing.
func TestQuickShare(t *testing.T) {
	for name, test := range map[string]struct {
		format Format
		log    string
	}{
		"receive": {ExchangeReceive, receiveHeader + rows(receiveStart+"+,,", receiveStart+"*,SMTPSubmit,Set Session Permissions",
			receiveStart+`>,"220 mx.example.com ready, at last",`, receiveStart+"<,EHLO mail.example.org,",
			receiveStart+`>,"354 end with "".""",`, receiveStart+`*,," CN=a, O=b"`, receiveStart+"-,,Local")},
		"send": {ExchangeSend, strings.Replace(receiveHeader, "Receive", "Send", 1) + rows(sendStart+"*,,attempting to connect",
			strings.Replace(sendStart, "10.0.0.1:51000", "", 1)+"*,,attempting to connect",
			strings.Replace(sendStart, "10.0.0.1", "[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]", 1)+">,QUIT,")},
		"tracking": {Tracking, rows(trackingRow2007(), trackingRow(tracking2016, map[string]string{"message-subject": `Lunch, "at" noon`}))},
		"connectivity": {Connectivity, rows("2026-11-01T09:30:00.250Z,08DE000000000001,SMTP,example.net,+,",
			`2026-11-01T09:30:00.250Z,08DE000000000001,SMTP,example.net,>,"DNS, MX"`)},
		"agent": {Agent, rows("2026-11-01T09:30:00.250Z,08DE000000000001,10.0.0.1:25,192.0.2.7:51234" + strings.Repeat(",", 13))},
		"quoted": {ExchangeReceive, "#Fields: " + strings.Join(reorderedColumns, ",") + "\r\n" +
			rows(`"250 2.1.0 a, b",">","","08DE000000000001","7","192.0.2.7:51234","10.0.0.1:25","EX1\Default","2026-11-01T09:30:00.250Z"`,
				`250 2.1.0 OK,>,"",08DE000000000001,7,192.0.2.7:51234,10.0.0.1:25,EX1\Default,2026-11-01T09:30:00.250Z`)},
		"without header":        {ExchangeReceive, rows(receiveStart+"+,,", receiveStart+"<,QUIT,")},
		"with too many names":   {ExchangeReceive, rows("#Fields: "+protocolColumns+",a,b", receiveStart+"+,,")},
		"behind another header": {ExchangeReceive, rows("#Fields: date-time,data") + receiveHeader + rows(receiveStart+"+,,")},
	} {
		if got := quickShare(t, test.log, test.format); got != 1 {
			t.Errorf("%s: %.2f of the rows", name, got)
		}
	}
}

// No row costs an allocation, be it of another minute, connector or log than
// the one before, or one that goes the long way.
func TestQuickDoesNotAllocate(t *testing.T) {
	later := strings.Replace(sendStart, "09:30", "09:31", 1)
	checkAllocations(t, ExchangeSend, []byte(strings.Repeat(rows(sendStart+"*,,attempting to connect", later+">,QUIT,",
		strings.Replace(later, "Outbound", `"Out, bound"`, 1)+`<,"221 ""bye""",`, strings.Replace(sendStart, "Outbound", "Relay", 1)+`<,"221 ""bye""","a ""b"""`), 2000)))
	checkAllocations(t, Connectivity, []byte(strings.Repeat(rows("2026-11-01T09:30:00.250Z,08DE000000000001,SMTP,example.net,+,x",
		`2026-11-01T09:31:00.250Z,08DE000000000001,"SMTP",example.net,>,"a, ""b"""`), 2000)))
	checkAllocations(t, Agent, []byte(strings.Repeat(rows("2026-11-01T09:30:00.250Z,08DE000000000001,10.0.0.1:25,192.0.2.7:51234"+strings.Repeat(",", 13),
		"2026-11-01T09:31:00.250Z,08DE000000000001,10.0.0.1:25,192.0.2.7:51234"+strings.Repeat(`,"a ""b"""`, 16)), 2000)))
}

func FuzzQuick(f *testing.F) {
	formats := []Format{ExchangeReceive, ExchangeSend, Tracking, Connectivity, Agent}
	random := rand.New(rand.NewPCG(5, 6))
	for range 20 {
		f.Add([]byte(receiveHeader+oddRow(random, usualProtocol)+oddRow(random, usualProtocol)+oddRow(random, usualProtocol)), uint8(0), uint8(0))
	}
	for quoted := range 3 {
		log := "#Fields: " + strings.Join(reorderedColumns, ",") + "\r\n"
		for i := range 4 {
			log += reorderedRow(random, []string{usualProtocol[0][i], usualProtocol[1][i], usualProtocol[2][i], usualProtocol[3][i], usualProtocol[4][i],
				usualProtocol[5][i], usualProtocol[6][i], usualProtocol[7][i], usualProtocol[8][i]}, reorderedColumns, 50*quoted)
		}
		f.Add([]byte(log), uint8(quoted%2), uint8(0))
	}
	f.Add([]byte(receiveHeader+strings.Repeat(rows(receiveStart+"<,DATA,", receiveStart+">,250 2.1.0 OK,", receiveStart+"<,RCPT TO:<a@example.org>,"), 4)), uint8(0), uint8(0))
	f.Add([]byte(receiveHeader+strings.Repeat(rows(receiveStart+"<,MAIL FROM:<a@example.org> SIZE=9,", receiveStart+"<,RCPT TO:<a+b@example.org>,",
		receiveStart+`>,"250 2.6.0 <1@example.org> [InternalId=1, Hostname=ex1.example.com] Queued mail for delivery",`, receiveStart+`>,"354 end with "".""",`,
		receiveStart+`*,,"TLS protocol SP_PROT_TLS1_2_SERVER negotiation succeeded, MAC hash ""x""  "`), 5)), uint8(0), uint8(0))
	f.Add([]byte(strings.Replace(receiveHeader, "Receive", "Send", 1)+strings.Repeat(rows(strings.Replace(sendStart, "10.0.0.1:51000", "", 1)+"*,,attempting to connect", sendStart+"+,,",
		sendStart+"<,250 2.1.5 <"+strings.Repeat("a", 30)+"@example.org>... Recipient ok,", sendStart+"*,,sending message with RecordId 1 and InternetMessageId <1@example.org>"), 5)), uint8(1), uint8(0))
	f.Add([]byte(sendStart+"<,250 2.1.0 OK,\n"+sendStart+">,QUIT,\n#Fields: date-time,data\n"+sendStart+">,QUIT,"), uint8(1), uint8(0))
	f.Add([]byte(rows(trackingRow2007(), trackingRow(tracking2016, map[string]string{"message-subject": `Lunch, "at" noon`}))), uint8(2), uint8(0))
	f.Add([]byte("#Fields: date-time,a,client-hostname,a,server-hostname,a,a,a,event-id\n2026-11-01T09:30:00.250Z,a,b,c,d,e,f,g,\"h\n"), uint8(2), uint8(0))
	f.Add([]byte("2026-11-01T09:30:00.250Z,08DE000000000001,SMTP,example.net,>,\"DNS, MX\"\n"), uint8(3), uint8(0))
	f.Add([]byte("2026-11-01T09:30:00.250Z,08DE000000000001,10.0.0.1:25,192.0.2.7:51234"+strings.Repeat(",", 13)+"\n"), uint8(4), uint8(0))
	f.Add([]byte("#Log-type: SMTP Send Protocol Log\n"+receiveStart+"+,,\n#Log-type: SMTP Receive Protocol Log\n"+receiveStart+"<,a,"), uint8(0), uint8(90))
	f.Fuzz(func(t *testing.T, log []byte, format, maxLine uint8) {
		checkQuick(t, log, Options{Format: formats[int(format)%len(formats)], MaxLine: int(maxLine)})
	})
}

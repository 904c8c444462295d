package session

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply/outcome"
)

// saidInBriefs are rows that sessions may have: commands, replies, and notes.
var saidInBriefs = []string{
	"<EHLO mail.example.org", "<HELO x", "<HELO ", "<MAIL FROM:<a@example.org> SIZE=100", "<MAIL FROM:<b@example.net>", "<MAIL", "<RCPT TO:<x@example.com>",
	"<RCPT TO:<y@example.net>", "<RCPT x", "<DATA", "<BDAT 10", "<BDAT 10 LAST", "<RSET", "<QUIT", "<NOOP", "<AUTH LOGIN", "<AUTH", "<STARTTLS",
	"<" + hiddenAnswer, "<XYZZY", "<XPROXY SID=1 IP=192.0.2.1", "<VRFY x", "<cGFzc3dvcmQ=", "<XEXCH50 1 2",
	">220 ready", ">220 2.0.0 ready", ">250 ok", ">250 2.1.0 ok", ">250 2.6.0 <1@x> Queued", ">250-more", ">250 2.0.0", ">354 go", ">354-go", ">334 VXNlcm5hbWU6",
	">235 2.7.0 ok", ">221 2.0.0 bye", ">421 4.4.1 timeout", ">421 4.3.2 gone", ">450 4.2.0 later", ">550 5.1.1 no", ">550-no", ">550 no", ">503 5.5.1 no",
	">535 5.7.3 no", ">454 4.7.0 no", ">text", ">", ">252 x",
	"*receiving message", "*attempting to connect", "*TLS protocol SP_PROT_TLS1_2_SERVER negotiation succeeded", "*TLS negotiation failed with error x",
	"*Tarpit for '0.00:00:05'", "*authenticated", "*User Name: u", "*Inbound AUTH LOGIN failed because of LogonDenied", "*Outbound Authentication failed with x",
	"*Failed to connect. Destination domain: example.com, x", "*" + strings.Repeat("T", 300), "*", "-Local", "-Remote", "+",
	"<xxxx mx", ">552 5.3.4 too large, " + strings.Repeat("much ", 100),
}

// The ends that rows may have.
var (
	idsInBriefs     = []string{"08DE000000000001", "08DE000000000002", "08DE000000000001", "A"}
	remotesInBriefs = []string{"192.0.2.1:25", "192.0.2.1:25", "192.0.2.1:51000", "[2001:db8::1]:25", "[2001:db8:1:2::1]:51000", "", "x"}
)

// addScript adds a row for each three bytes of the script.
func addScript(script []byte, format logparse.Format) func(each func(*logparse.Record)) {
	return func(each func(*logparse.Record)) {
		second := 0
		for i := 0; i+2 < len(script); i += 3 {
			row := saidInBriefs[int(script[i])%len(saidInBriefs)]
			kind := map[byte]logparse.Kind{'<': logparse.KindCommand, '>': logparse.KindReply, '*': logparse.KindInfo, '-': logparse.KindDisconnect, '+': logparse.KindConnect}[row[0]]
			rec := receiveRow(second, "", kind, row[1:])
			who, how := int(script[i+1]), script[i+2]
			rec.Session = []byte(idsInBriefs[who%len(idsInBriefs)])
			rec.Remote = []byte(remotesInBriefs[who/len(idsInBriefs)%len(remotesInBriefs)])
			rec.Format, rec.Pos.Line = format, int64(i)
			if format == logparse.ExchangeSend {
				rec.Direction = outcome.Outbound
			}
			if kind == logparse.KindInfo || kind == logparse.KindDisconnect {
				rec.Context = []byte(row[1:])
			}
			if kind == logparse.KindInfo && how&1 != 0 {
				rec.Data = []byte("Tarpit for '0.00:00:01'")
			}
			if kind == logparse.KindCommand {
				rec.Data = []byte(row[1:])
			}
			switch how >> 4 {
			case 0:
				rec.Connector, rec.Local = nil, nil
			case 1:
				rec.Server, rec.Connector, rec.Local = []byte("EX1"), []byte("EX1\\Default"), []byte("10.0.0.1:25")
			case 2:
				rec.Pos.File = "y.log"
			case 3:
				rec.Time = outcome.Time{}
			case 4:
				second += 4000
			case 5:
				second -= 100
			default:
				rec.Connector, rec.Local = []byte("Default"), []byte("10.0.0.1:25")
			}
			second++
			each(rec)
		}
	}
}

// value writes a value as Exchange does.
func value(s string) string {
	if strings.ContainsAny(s, ",\"") {
		return `"` + s + `"`
	}
	return s
}

// addLogs writes the rows of a script to the logs of a folder, reads these and
// adds their records in the order of the script. What a reader knows of rows that
// follow each other goes with them.
func addLogs(script []byte, format logparse.Format) func(each func(*logparse.Record)) {
	kind := map[logparse.Format]string{logparse.ExchangeReceive: "Receive", logparse.ExchangeSend: "Send"}[format]
	names := []string{"x.log", "y.log"}
	header := "#Software: Microsoft Exchange Server\r\n#Version: 15.0.0.0\r\n#Log-type: SMTP " + kind + " Protocol Log\r\n#Date: 2026-11-02T08:00:00.000Z\r\n" +
		"#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\r\n"
	logs := make([]bytes.Buffer, len(names))
	for i := range logs {
		logs[i].WriteString(header)
	}
	var order []int
	at := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	for i := 0; i+2 < len(script); i += 3 {
		row := saidInBriefs[int(script[i])%len(saidInBriefs)]
		who, how, file := int(script[i+1]), script[i+2], 0
		connector, local, data, note := "EX1\\Default", "10.0.0.1:25", row[1:], ""
		if row[0] == '*' || row[0] == '-' {
			data, note = "", row[1:]
		}
		if row[0] == '*' && how&1 != 0 {
			data = "Tarpit for '0.00:00:01'"
		}
		switch how >> 4 {
		case 0:
			local = ""
		case 1:
			connector = "EX2\\Default"
		case 2:
			file = 1
		case 4:
			at = at.Add(59 * time.Minute)
		case 5:
			at = at.Add(-100 * time.Second)
		case 6:
			at = at.Add(61 * time.Minute)
		case 7:
			at = at.Add(100 * time.Second)
		}
		fmt.Fprintf(&logs[file], "%s,%s,%s,%d,%s,%s,%c,%s,%s\r\n", at.Format("2006-01-02T15:04:05.000Z"), connector,
			idsInBriefs[who%len(idsInBriefs)], i/3%1000, local, remotesInBriefs[who/len(idsInBriefs)%len(remotesInBriefs)], row[0], value(data), value(note))
		order = append(order, file)
		at = at.Add(time.Second)
	}
	return func(each func(*logparse.Record)) {
		var readers []*logparse.Reader
		for i := range logs {
			readers = append(readers, logparse.NewReader(bytes.NewReader(logs[i].Bytes()), names[i], &logparse.Options{Sparse: true}))
		}
		for _, file := range order {
			if rec, err := readers[file].Next(); err == nil {
				each(rec)
			}
		}
	}
}

// usualRows are conversations as they go most of the time.
var usualRows = [][]string{
	{"+", ">220 ready", "<EHLO mail.example.org", ">250-more", ">250 ok", "<MAIL FROM:<b@example.net>", ">250 2.1.0 ok", "<RCPT TO:<x@example.com>", ">250 ok",
		"<DATA", ">354 go", ">250 2.6.0 <1@x> Queued", "<QUIT", ">221 2.0.0 bye", "-Local"},
	{"+", ">220 ready", "<MAIL FROM:<b@example.net>", "<RCPT TO:<x@example.com>", "<RCPT TO:<y@example.net>", "<RSET", ">250 ok", ">250 ok", ">550 5.1.1 no", ">250 ok", "<BDAT 10 LAST"},
	{"<AUTH LOGIN", ">334 VXNlcm5hbWU6", "<cGFzc3dvcmQ=", ">235 2.7.0 ok", "<MAIL FROM:<b@example.net>", "<RCPT TO:<x@example.com>", "<BDAT 10", "<BDAT 10 LAST", ">250 ok", ">250 ok", ">250 ok", ">250 ok"},
	{"<MAIL FROM:<b@example.net>", "<BDAT 10 LAST", "<RCPT TO:<x@example.com>", ">250 ok", ">250 ok", ">550 5.1.1 no", "<RSET", ">250 ok"},
	{"<NOOP", ">250 ok", ">220 ready", "-Local"},
	// Refusals of each command, and transactions without any between them.
	{"+", ">220 ready", "<XYZZY", ">550 5.1.1 no", "<EHLO mail.example.org", ">450 4.2.0 later", "<HELO x", ">250 ok", "<MAIL FROM:<a@example.org> SIZE=100", ">550 5.1.1 no",
		"<MAIL FROM:<b@example.net>", ">503 5.5.1 no", "<RCPT TO:<x@example.com>", ">503 5.5.1 no", "<RSET", ">250 ok",
		"<MAIL FROM:<b@example.net>", ">250 ok", "<RCPT TO:<x@example.com>", ">250 ok", "<RCPT TO:<y@example.net>", ">450 4.2.0 later", "<DATA", ">354 go", ">250 2.6.0 <1@x> Queued",
		"<MAIL FROM:<a@example.org> SIZE=100", ">250 ok", "<RCPT TO:<x@example.com>", ">250 ok", "<DATA", ">354 go", ">250 2.6.0 <1@x> Queued",
		"<MAIL FROM:<b@example.net>", ">250 ok", "<RCPT TO:<y@example.net>", ">550 5.1.1 no", "<RSET", ">250 ok",
		"<MAIL FROM:<b@example.net>", ">250 ok", "<RCPT TO:<y@example.net>", ">250 ok", "<DATA", ">354 go", ">550 5.1.1 no",
		"<MAIL FROM:<b@example.net>", ">250 ok", "<RCPT TO:<y@example.net>", ">250 ok", "<DATA", ">450 4.2.0 later", "<NOOP", ">550 5.1.1 no",
		"<MAIL FROM:<b@example.net>", ">250 ok", "<RCPT TO:<x@example.com>", ">250 ok", "<BDAT 10", ">550 5.1.1 no", "<QUIT", ">221 2.0.0 bye", "-Remote"},
	// More commands than have a place of their own.
	{"<MAIL FROM:<b@example.net>", "<RCPT TO:<x@example.com>", "<RCPT TO:<x@example.com>", "<RCPT TO:<y@example.net>", "<RCPT TO:<x@example.com>", "<RCPT TO:<x@example.com>",
		"<RCPT TO:<y@example.net>", "<RCPT TO:<x@example.com>", "<RCPT TO:<x@example.com>", "<RCPT x", "<RCPT TO:<y@example.net>", "<NOOP", "<RCPT TO:<x@example.com>", "<RCPT TO:<y@example.net>", "<DATA",
		">250 ok", ">250 ok", ">550 5.1.1 no", ">250 ok", ">450 4.2.0 later", ">250 ok", ">250 ok", ">250 ok", ">503 5.5.1 no", ">250 ok", ">250 ok", ">250 ok", ">550 5.1.1 no", ">250 ok", ">354 go", ">250 ok"},
	{"<MAIL FROM:<b@example.net>", "<RCPT TO:<x@example.com>", "<RCPT TO:<y@example.net>", "<RCPT x", "<DATA", ">354 go", ">550 5.1.1 no", "<MAIL FROM:<b@example.net>", "<RCPT x", "<RCPT x", ">450 4.2.0 later", "<RCPT x", ">550 5.1.1 no", ">550 5.1.1 no", ">550 5.1.1 no", "<QUIT"},
	{"<MAIL FROM:<b@example.net>", "<RCPT x", "<RCPT TO:<x@example.com>", "<BDAT 10", "<RCPT x", "<RCPT TO:<y@example.net>", "<RCPT x", ">250 ok", ">250 ok", ">550 5.1.1 no", ">250 ok",
		">450 4.2.0 later", ">550 5.1.1 no", ">250 ok", "<BDAT 10 LAST", ">250 ok"},
	{"<XYZZY", "<xxxx mx", ">550 5.1.1 no", ">552 5.3.4 too large, " + strings.Repeat("much ", 100), "<xxxx mx", ">250 ok", "<XYZZY", "<MAIL FROM:<b@example.net>", ">550 5.1.1 no", ">250 ok", "<XYZZY", ">550 5.1.1 no"},
	{"<MAIL FROM:<b@example.net>", ">250 ok", "<RCPT x", ">421 4.4.1 timeout"},
	{"<MAIL FROM:<b@example.net>", ">250 ok", "<RCPT x", ">421 4.3.2 gone", "-Remote"},
	// Replies that skip commands, and one that asks for more of none.
	{"<MAIL FROM:<b@example.net>", "<RCPT TO:<x@example.com>", "<QUIT", ">221 2.0.0 bye", ">550 5.1.1 no"},
	{"<MAIL FROM:<b@example.net>", "<RCPT TO:<x@example.com>", "<AUTH LOGIN", ">235 2.7.0 ok", ">550 5.1.1 no"},
	{"<MAIL FROM:<b@example.net>", "<RCPT x", ">334 VXNlcm5hbWU6", ">250 ok", "<XYZZY", ">550 5.1.1 no"},
	// Failures that no reply stands for.
	{"*attempting to connect", "*Failed to connect. Destination domain: example.com, x"},
	{"+", "<AUTH LOGIN", ">334 VXNlcm5hbWU6", "<cGFzc3dvcmQ=", "*Inbound AUTH LOGIN failed because of LogonDenied", "*Inbound AUTH LOGIN failed because of LogonDenied", ">535 5.7.3 no",
		"<AUTH LOGIN", "*Outbound Authentication failed with x", "<MAIL FROM:<b@example.net>", ">250 ok", "<RCPT TO:<x@example.com>", "*Inbound AUTH LOGIN failed because of LogonDenied", ">250 ok", "<DATA", ">354 go", ">250 ok", "-Local"},
}

// scriptOf returns the script of rows of one session in which nothing is missing.
func scriptOf(rows []string) (script []byte) {
	for _, row := range rows {
		i := slices.Index(saidInBriefs, row)
		script = append(script, byte(i), 0x80, 0x80)
	}
	return script
}

func TestBriefsOfUsualRows(t *testing.T) {
	for _, rows := range usualRows {
		checkBriefs(t, addScript(scriptOf(rows), logparse.ExchangeReceive))
		checkBriefs(t, addLogs(scriptOf(rows), logparse.ExchangeReceive))
	}
}

func TestBriefsAtRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 8))
	for range 500 {
		var script []byte
		for range 1 + rng.IntN(3) {
			script = append(script, scriptOf(usualRows[rng.IntN(len(usualRows))])...)
		}
		for range rng.IntN(6) {
			switch i := rng.IntN(len(script)); rng.IntN(3) {
			case 0:
				script[i] = byte(rng.Uint32())
			case 1:
				i -= i % 3
				script = slices.Insert(script, i, byte(rng.Uint32()), 0x80, 0x80)
			case 2:
				if i -= i % 3; len(script) > 3 {
					script = slices.Delete(script, i, i+3)
				}
			}
		}
		for _, format := range []logparse.Format{logparse.ExchangeReceive, logparse.ExchangeSend} {
			checkBriefs(t, addScript(script, format))
			checkBriefs(t, addLogs(script, format))
		}
	}
}

// FuzzBriefs compares the sessions of briefs with those of states, for rows in
// any order.
func FuzzBriefs(f *testing.F) {
	for i, rows := range usualRows {
		f.Add(scriptOf(rows), i%2 == 1)
	}
	f.Fuzz(func(t *testing.T, script []byte, send bool) {
		if len(script) > 1000 {
			return
		}
		format := logparse.ExchangeReceive
		if send {
			format = logparse.ExchangeSend
		}
		checkBriefs(t, addScript(script, format))
		checkBriefs(t, addLogs(script, format))
	})
}

// TestBriefsOfSilentSessions lets a session be silent while another goes on, so
// long that it is cut: at the next look at all, and by a row of its own that
// comes before.
func TestBriefsOfSilentSessions(t *testing.T) {
	row := func(said string, who, how byte) []byte {
		return []byte{byte(slices.Index(saidInBriefs, said)), who, how << 4}
	}
	const plain, hour, minutes = 8, 4, 7 // of what addLogs does before a row
	for _, rows := range [][][]byte{
		{row("<NOOP", 0, plain), row(">250 ok", 0, plain), row("<NOOP", 1, plain), row(">250 ok", 1, hour), row("<NOOP", 1, minutes), row(">250 ok", 1, minutes),
			row("<NOOP", 1, hour), row(">250 ok", 1, minutes), row("-Local", 1, plain)},
		{row("<NOOP", 0, plain), row(">250 ok", 0, plain), row("<NOOP", 1, plain), row(">250 ok", 1, hour), row("<NOOP", 1, plain), row(">250 ok", 0, minutes),
			row("<NOOP", 0, plain), row("-Local", 0, plain)},
	} {
		if n := checkBriefs(t, addLogs(slices.Concat(rows...), logparse.ExchangeReceive)); n < 2 {
			t.Errorf("%d sessions", n)
		}
	}
}

// TestBriefsOfManySteps holds a session that is split for its length against that
// of states, with refusals among what counts for it.
func TestBriefsOfManySteps(t *testing.T) {
	round := scriptOf([]string{"<MAIL FROM:<b@example.net>", "<NOOP", "<RSET", ">250 ok"})
	round = slices.Insert(round, 3, slices.Repeat(scriptOf([]string{"<RCPT x"}), 200)...)
	refused := scriptOf([]string{"<NOOP", ">550 5.1.1 no"})
	script := slices.Concat(slices.Repeat(append(refused, round...), 50), slices.Repeat(round, MaxSteps/200))
	if n := checkBriefs(t, addLogs(script, logparse.ExchangeReceive)); n != 2 {
		t.Errorf("%d sessions", n)
	}
}

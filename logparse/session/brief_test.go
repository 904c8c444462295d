package session

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/testlog"
	"github.com/smtplog/smtplog/reply/outcome"
)

// described is all that a session says.
func described(s *Session) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %+v %+v %d %v\n", s.AppendJSON(nil), s.Results, s.Replies, s.number, s.refusedIn)
	for i := range s.Transactions {
		t := &s.Transactions[i]
		fmt.Fprintf(&b, "%q %v %s %+v %+v %+v %+v\n", t.From, t.HasFrom, t.Result, t.Recipients, t.Mail, t.Data, t.EndOfData)
	}
	for o := range s.Outcomes {
		fmt.Fprintf(&b, "%+v\n", *o)
	}
	return b.String()
}

// checkBriefs fails unless briefs give the sessions that states alone give.
func checkBriefs(t *testing.T, add func(each func(*logparse.Record))) (sessions int) {
	t.Helper()
	var want []string
	states := NewBuilder(&Options{Terse: true}, func(s *Session) { want = append(want, described(s)) })
	states.briefly = false
	add(states.Add)
	states.Close()
	briefs := NewBuilder(&Options{Terse: true}, func(s *Session) {
		if got := described(s); sessions >= len(want) || got != want[sessions] {
			t.Fatalf("session %d is\n%s\nwant\n%s", sessions, got, strings.Join(want[min(sessions, len(want)):min(sessions+1, len(want))], ""))
		}
		sessions++
	})
	add(briefs.Add)
	briefs.Close()
	if sessions != len(want) {
		t.Errorf("%d sessions, want %d", sessions, len(want))
	}
	for _, b := range []*Builder{states, briefs} {
		empty(t, b)
		if b.index.used != 0 || len(b.vacant) != len(b.states) || len(b.briefs.free) != int(b.briefs.made) || len(b.freeOfNotes) != len(b.notes) {
			t.Errorf("left are %d in the index, %d of %d states, %d of %d briefs, %d of %d notes", b.index.used,
				len(b.vacant), len(b.states), len(b.briefs.free), b.briefs.made, len(b.freeOfNotes), len(b.notes))
		}
	}
	return sessions
}

func TestBriefsOfWholeLogs(t *testing.T) {
	for _, format := range []logparse.Format{logparse.ExchangeReceive, logparse.ExchangeSend, logparse.IISW3C, logparse.IISMSIIS, logparse.IISNCSA} {
		for _, hosts := range []int{1, 50} {
			t.Run(fmt.Sprintf("%v/%d", format, hosts), func(t *testing.T) {
				var log bytes.Buffer
				if _, err := testlog.Generate(&log, testlog.Options{Seed: 4, Format: format, Connections: 400, Hosts: hosts, Outbound: 0.3}); err != nil {
					t.Fatal(err)
				}
				n := checkBriefs(t, func(each func(*logparse.Record)) {
					r := logparse.NewReader(bytes.NewReader(log.Bytes()), "x.log", nil)
					for rec, err := r.Next(); err != io.EOF; rec, err = r.Next() {
						if err != nil {
							t.Fatal(err)
						}
						each(rec)
					}
				})
				if n < 390 {
					t.Errorf("%d sessions", n)
				}
			})
		}
	}
}

// TestBriefsOfTornLogs reads logs whose rows went missing or stand elsewhere, of
// two files of one server and one of another: what is known of a conversation
// from its rows before must hold for them.
func TestBriefsOfTornLogs(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 1))
	for seed := range uint64(12) {
		format := []logparse.Format{logparse.ExchangeReceive, logparse.ExchangeSend, logparse.IISW3C}[seed%3]
		var log bytes.Buffer
		if _, err := testlog.Generate(&log, testlog.Options{Seed: seed, Format: format, Connections: 100, Hosts: 8}); err != nil {
			t.Fatal(err)
		}
		rows := strings.SplitAfter(log.String(), "\n")
		for range len(rows) / 10 {
			i := 10 + rng.IntN(len(rows)-20)
			switch j := i + rng.IntN(10); rng.IntN(3) {
			case 0:
				rows = slices.Delete(rows, i, i+1)
			case 1:
				rows[i], rows[j] = rows[j], rows[i]
			case 2:
				rows = slices.Insert(rows, j, rows[i])
			}
		}
		torn := strings.Join(rows, "")
		checkBriefs(t, func(each func(*logparse.Record)) {
			readers := []*logparse.Reader{
				logparse.NewReader(strings.NewReader(torn), "a/x.log", nil),
				logparse.NewReader(strings.NewReader(torn), "a/y.log", nil),
				logparse.NewReader(strings.NewReader(strings.ReplaceAll(torn, `\`, `2\`)), "b/x.log", nil),
			}
			rng := rand.New(rand.NewPCG(seed, 2))
			for len(readers) > 0 {
				i := rng.IntN(len(readers))
				for range 1 + rng.IntN(100) {
					rec, err := readers[i].Next()
					if err == io.EOF {
						readers = slices.Delete(readers, i, i+1)
						break
					}
					if err == nil {
						each(rec)
					}
				}
			}
		})
	}
}

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
		checkBriefs(t, addScript(script, logparse.ExchangeReceive))
		checkBriefs(t, addScript(script, logparse.ExchangeSend))
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
	})
}

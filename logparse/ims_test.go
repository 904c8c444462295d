package logparse

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

func readIMS(t testing.TB, log string) plainLog {
	t.Helper()
	return readPlain(t, strings.NewReader(log), Options{Format: IMS})
}

const imsInbound = `11/2/00 9:05:01 AM : A connection was accepted from mail.example.org.
11/2/00 9:05:01 AM : <<< IO: |EHLO  mail.example.org
11/2/00 9:05:01 AM : <<< EHLO mail.example.org
11/2/00 9:05:01 AM : >>> 250-ims.example.com Hello [mail.example.org]
250-XEXCH50
250 AUTH=LOGIN

11/2/00 9:05:02 AM : <<< AUTH LOGIN
11/2/00 9:05:02 AM : >>> 334 VXNlcm5hbWU6

11/2/00 9:05:02 AM : <<< bWFyaWE=
11/2/00 9:05:03 AM : >>> 235 login authentication successful
11/2/00 9:05:03 AM : <<< MAIL FROM:<maria@example.org> SIZE=900
11/2/00 9:05:03 AM : >>> 250 2.1.0 OK - mail from <maria@example.org>
11/2/00 9:05:03 AM : <<< DATA
11/2/00 9:05:03 AM : >>> 354 Send data.  End with CRLF.CRLF
Received: from deskpc by mail.example.org

250 is not the number you want,

it says here.
11/2/00 9:05:04 AM : <<< IO: |Help yourself
11/2/00 9:05:04 AM : <<< Help yourself
11/2/00 9:05:09 AM : >>> 250 OK
11/2/00 9:05:09 AM : <<< QUIT
11/2/00 9:05:09 AM : >>> 221 closing connection
`

func TestIMSInbound(t *testing.T) {
	in := func(kind Kind, set func(*Event)) Event {
		return imsEvent(outcome.Inbound, kind, "mail.example.org", set)
	}
	got := readIMS(t, imsInbound)
	checkEvents(t, got, []Event{
		in(KindConnect, nil),
		in(KindRaw, command(VerbEHLO, "EHLO", "mail.example.org")),
		in(KindCommand, command(VerbEHLO, "EHLO", "mail.example.org")),
		in(KindReply, replied(250, "250-ims.example.com Hello [mail.example.org]\n250-XEXCH50\n250 AUTH=LOGIN")),
		in(KindCommand, command(VerbAUTH, "AUTH", "LOGIN")),
		in(KindReply, replied(334, "334 VXNlcm5hbWU6")),
		in(KindCommand, command(VerbOther, "bWFyaWE=", "")),
		in(KindReply, replied(235, "235 login authentication successful")),
		in(KindCommand, command(VerbMAIL, "MAIL", "FROM:<maria@example.org> SIZE=900")),
		in(KindReply, func(e *Event) {
			replied(250, "250 2.1.0 OK - mail from <maria@example.org>")(e)
			e.Enhanced = reply.Enhanced{Major: 2, Subject: 1}
		}),
		in(KindCommand, command(VerbDATA, "DATA", "")),
		in(KindReply, replied(354, "354 Send data.  End with CRLF.CRLF")),
		in(KindRaw, noted("Help yourself")),
		in(KindInfo, noted("Help yourself")),
		in(KindReply, replied(250, "250 OK")),
		in(KindCommand, command(VerbQUIT, "QUIT", "")),
		in(KindReply, replied(221, "221 closing connection")),
	})
	if want := (Counts{Lines: 26, Blank: 4, Records: 17, Continuation: 5}); got.Counts != want {
		t.Errorf("counts %+v, want %+v", got.Counts, want)
	}
	if row := got.Rows[3]; row.Line != 4 || row.Lines != 3 || row.Time != "2000-11-02T09:05:01Z" {
		t.Errorf("the reply of three lines is at %d, %d lines, %s", row.Line, row.Lines, row.Time)
	}
	if want := "11/2/00 9:05:03 AM : >>> 354 Send data.  End with CRLF.CRLF\nReceived: from deskpc by mail.example.org"; got.Raw[11] != want {
		t.Errorf("raw %q, want %q", got.Raw[11], want)
	}
}

func TestIMSOutbound(t *testing.T) {
	out := func(kind Kind, set func(*Event)) Event {
		return imsEvent(outcome.Outbound, kind, "198.51.100.7", set)
	}
	got := readIMS(t, `02.11.2000 09:05:01 : A connection to 198.51.100.7 was established.
02.11.2000 09:05:01 : <<< IO: |220 mx.example.net
02.11.2000 09:05:01 : <<< 220 mx.example.net
02.11.2000 09:05:01 : >>> EHLO ims.example.com
02.11.2000 09:05:01 : <<< 250-mx.example.net
02.11.2000 09:05:02 : >>> X-UNHEARD of
02.11.2000 09:05:02 : <<< no reply at all
02.11.2000 09:05:02 : >>>
02.11.2000 09:05:03 : 499 No routing hosts are reachable for example.net. Message subject: "An "A connection to B was established". Offer". Rescheduling delivery for later.
02.11.2000 09:05:03 : 550 5.1.1 unknown Message subject: "Offer". Rescheduling
delivery for later.
02.11.2000 09:05:03 : Host went away. Message subject: "Offer". Rescheduling delivery for later.
`)
	checkEvents(t, got, []Event{
		out(KindConnect, nil),
		out(KindRaw, replied(220, "220 mx.example.net")),
		out(KindReply, replied(220, "220 mx.example.net")),
		out(KindCommand, command(VerbEHLO, "EHLO", "ims.example.com")),
		out(KindReply, func(e *Event) { replied(250, "250-mx.example.net")(e); e.More = true }),
		out(KindCommand, command(VerbOther, "X-UNHEARD", "of")),
		out(KindReply, noted("no reply at all")),
		out(KindCommand, nil),
		out(KindInfo, replied(499, `499 No routing hosts are reachable for example.net. Message subject: "An "A connection to B was established". Offer". Rescheduling delivery for later.`)),
		out(KindInfo, func(e *Event) {
			replied(550, "550 5.1.1 unknown Message subject: \"Offer\". Rescheduling\ndelivery for later.")(e)
			e.Enhanced = reply.Enhanced{Major: 5, Subject: 1, Detail: 1}
		}),
		out(KindInfo, replied(499, `Host went away. Message subject: "Offer". Rescheduling delivery for later.`)),
	})
	if got.Rows[0].Time != "2000-11-02T09:05:01Z" {
		t.Errorf("time %s", got.Rows[0].Time)
	}
}

// A log that begins in the middle of a connection shows by what goes which way
// who is the server.
func TestIMSDirection(t *testing.T) {
	for _, test := range []struct {
		text string
		kind Kind
		want outcome.Direction
	}{
		{"<<< MAIL FROM:<a@example.com>", KindCommand, outcome.Inbound},
		{">>> 250 OK", KindReply, outcome.Inbound},
		{">>> RCPT TO:<a@example.com>", KindCommand, outcome.Outbound},
		{"<<< 550 5.1.1 no such user", KindReply, outcome.Outbound},
		{"<<< IO: |250 OK", KindRaw, outcome.Outbound},
		{"IO: |250 OK", KindRaw, outcome.Outbound},
		{"IO: |RSET", KindRaw, outcome.Inbound},
		{"&lt;&lt;&lt; RSET", KindCommand, outcome.Inbound},
		{"&gt;&gt;&gt; RSET", KindCommand, outcome.Outbound},
		{"RSET", KindCommand, reply.DirectionUnknown},
		{"250 OK", KindReply, reply.DirectionUnknown},
		{"<<< bWFyaWE=", KindCommand, reply.DirectionUnknown},
		{"A connection was accepted from", KindConnect, outcome.Inbound},
		{"A connection to  was established", KindConnect, outcome.Outbound},
		{"499 No routing hosts are reachable for example.com.", KindInfo, outcome.Outbound},
	} {
		got := readIMS(t, "11/2/00 9:05:01 AM : "+test.text+"\n")
		if len(got.Rows) != 1 {
			t.Errorf("%s: %+v", test.text, got)
			continue
		}
		if e := got.Rows[0].Event; e.Kind != test.kind || e.Direction != test.want || e.Remote != nil {
			t.Errorf("%s: %s %s from %q, want %s %s", test.text, e.Direction, e.Kind, e.Remote, test.want, test.kind)
		}
	}
	// What is found out holds for the lines that follow, until the next connection.
	got := readIMS(t, `11/2/00 9:05:01 AM : <<< RSET
11/2/00 9:05:01 AM : <<< bWFyaWE=
11/2/00 9:05:01 AM : >>> no code
11/2/00 9:05:01 AM : A connection to mx.example.net was established.
11/2/00 9:05:01 AM : <<< 220 ready
11/2/00 9:05:01 AM : A connection was accepted from.
11/2/00 9:05:01 AM : <<< 220 ready
`)
	checkEvents(t, got, []Event{
		imsEvent(outcome.Inbound, KindCommand, "", command(VerbRSET, "RSET", "")),
		imsEvent(outcome.Inbound, KindCommand, "", command(VerbOther, "bWFyaWE=", "")),
		imsEvent(outcome.Inbound, KindReply, "", noted("no code")),
		imsEvent(outcome.Outbound, KindConnect, "mx.example.net", nil),
		imsEvent(outcome.Outbound, KindReply, "mx.example.net", replied(220, "220 ready")),
		imsEvent(outcome.Inbound, KindConnect, "", nil),
		imsEvent(outcome.Inbound, KindCommand, "", command(VerbOther, "220", "ready")),
	})
}

// After the go-ahead come lines of the message; a command shows that the log
// does not hold it.
func TestIMSData(t *testing.T) {
	for text, want := range map[string]Kind{
		"Help": KindInfo, "data": KindInfo, ".": KindInfo, "250 OK": KindInfo, "Quit now": KindInfo,
		"QUIT": KindCommand, "rset": KindCommand, "MAIL FROM:<>": KindCommand, "RCPT TO:<a@example.com>": KindCommand,
	} {
		got := readIMS(t, "11/2/00 9:05:01 AM : A connection was accepted from x.\n"+
			"11/2/00 9:05:01 AM : <<< DATA\n11/2/00 9:05:01 AM : >>> 354 go ahead\n11/2/00 9:05:01 AM : <<< "+text+"\n")
		if kind := got.Rows[3].Event.Kind; kind != want {
			t.Errorf("%q after the go-ahead is %s, want %s", text, kind, want)
		}
	}
}

// Only what comes in is a message, and only on its connection.
func TestIMSDataEnds(t *testing.T) {
	for name, lines := range map[string][]string{
		"outbound":        {"A connection to x was established.", ">>> DATA", "<<< 354 go ahead", ">>> HELP"},
		"next connection": {"A connection was accepted from x.", ">>> 354 go ahead", "A connection was accepted from y.", "<<< HELP"},
		"after the reply": {"A connection was accepted from x.", ">>> 354 go ahead", ">>> 250 OK", "<<< HELP"},
	} {
		got := readIMS(t, "11/2/00 9:05:01 AM : "+strings.Join(lines, "\n11/2/00 9:05:01 AM : ")+"\n")
		if e := got.Rows[3].Event; e.Kind != KindCommand || e.Verb != VerbHELP {
			t.Errorf("%s: %s %s", name, e.Kind, e.Text)
		}
	}
}

// A failed delivery has nothing to do with who connected last.
func TestIMSPostponedBehindInbound(t *testing.T) {
	got := readIMS(t, "11/2/00 9:05:01 AM : A connection was accepted from x.\n"+
		"11/2/00 9:05:01 AM : 499 No routing hosts are reachable for example.net.\n"+
		"11/2/00 9:05:01 AM : NOOP\n"+strings.Repeat("message\n", 1000)+"Rescheduling delivery for later\n")
	if e := got.Rows[1].Event; e.Direction != outcome.Outbound || e.Remote != nil {
		t.Errorf("%s with %q", e.Direction, e.Remote)
	}
	if e := got.Rows[2].Event; e.Kind != KindCommand || e.Direction != outcome.Inbound || string(e.Remote) != "x" {
		t.Errorf("%s %s with %q", e.Direction, e.Kind, e.Remote)
	}
}

func TestIMSQuotedLine(t *testing.T) {
	got := readIMS(t, "\"11/2/00 9:05:01 AM : 499 No routing hosts are reachable for example.net. Message\r\nsubject: \"\"Offer\"\". Rescheduling delivery for later.\"\r\n"+
		"\"11/2/00 9:05:02 AM : <<< 250 OK\"\r\n")
	checkEvents(t, got, []Event{
		imsEvent(outcome.Outbound, KindInfo, "", replied(499,
			"499 No routing hosts are reachable for example.net. Message\nsubject: \"\"Offer\"\". Rescheduling delivery for later.")),
		imsEvent(outcome.Outbound, KindReply, "", replied(250, "250 OK")),
	})
}

func TestIMSGarbage(t *testing.T) {
	got := readIMS(t, "torn :01 AM : <<< EHLO x\n\n"+
		"11/2/00 9:05:01 AM : <<< RSET\n"+
		"11/2/00 9:05:0\n\n"+
		"11/45/00 9:05:01 AM : <<< QUIT\n"+
		"11/2/00 9:05:02 AM : <<< QUIT")
	if diff := cmp.Diff([]string{"1: line without a date before the first record"}, got.Bad); diff != "" {
		t.Error(diff)
	}
	if want := (Counts{Lines: 7, Blank: 2, Records: 2, Continuation: 2, Malformed: 1}); got.Counts != want {
		t.Errorf("counts %+v, want %+v", got.Counts, want)
	}
	if got.Rows[0].Lines != 2 || got.Rows[1].Event.Verb != VerbQUIT {
		t.Errorf("rows %+v", got.Rows)
	}
}

func TestIMSLongLine(t *testing.T) {
	long := strings.Repeat("x", 200)
	got := readPlain(t, strings.NewReader("11/2/00 9:05:01 AM : <<< RSET\n"+long+"\n11/2/00 9:05:02 AM : <<< "+long+"\n11/2/00 9:05:03 AM : <<< QUIT\n"),
		Options{Format: IMS, MaxLine: 100})
	if want := (Counts{Lines: 4, Records: 2, Continuation: 1, Malformed: 1}); got.Counts != want {
		t.Errorf("counts %+v, want %+v", got.Counts, want)
	}
}

// The text of a message is not kept, however long it is.
func TestIMSMessageText(t *testing.T) {
	const lines = 20_000
	body := strings.Repeat(strings.Repeat("text ", 20)+"\nx\n", lines/2)
	reader := NewReader(strings.NewReader("11/2/00 9:05:01 AM : >>> 354 go\n"+body+"\n"+body+"11/2/00 9:05:01 AM : <<< QUIT\n"), "a.log", nil)
	rec, err := reader.Next()
	if err != nil {
		t.Fatal(err)
	}
	if rec.Lines != lines+1 || len(rec.Raw()) > maxRecordText || len(rec.Raw()) < maxRecordText-200 {
		t.Errorf("%d lines, %d bytes kept", rec.Lines, len(rec.Raw()))
	}
	if !strings.HasPrefix(body, string(rec.Raw()[len("11/2/00 9:05:01 AM : >>> 354 go\n"):])) {
		t.Error("what is kept is not the beginning")
	}
	if rec, err = reader.Next(); err != nil || rec.Verb != VerbQUIT || rec.Pos.Line != 2*lines+3 {
		t.Errorf("%v at %v, %v", rec.Verb, rec.Pos, err)
	}
	if want := (Counts{Lines: 2*lines + 3, Records: 2, Blank: 1, Continuation: 2 * lines}); reader.Counts() != want {
		t.Errorf("counts %+v, want %+v", reader.Counts(), want)
	}
}

func TestIMSFields(t *testing.T) {
	reader := NewReader(strings.NewReader("11/2/00 9:05:01 AM : >>> 250-a\n250 b\n\"11/2/00 9:05:01 AM : <<< RSET\n"), "a.log", nil)
	var got []string
	for rec, err := range reader.Records() {
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range rec.Fields() {
			got = append(got, name+"="+string(value))
		}
		for range rec.Fields() {
			break
		}
	}
	want := []string{"date-time=11/2/00 9:05:01 AM", "text=>>> 250-a\n250 b", "date-time=11/2/00 9:05:01 AM", "text=<<< RSET"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNoRouteDomain(t *testing.T) {
	for text, want := range map[string]string{
		"499 No routing hosts are reachable for example.net. Message subject: \"x\"": "example.net",
		"499 No routing hosts are reachable for example.net.":                        "example.net",
		"499 No routing hosts are\nreachable for example.net.\nMessage":              "example.net",
		"499 No routing hosts are reachable\nfor\n[192.0.2.7]. Message":              "[192.0.2.7]",
		"499 No routing hosts are reachable for . Message":                           "",
		"499 No routing hosts are reachable for ":                                    "",
		"550 5.1.1 unknown Message subject: \"x\". Rescheduling delivery for later.": "",
		"": "",
	} {
		if got := NoRouteDomain([]byte(text)); string(got) != want || (got == nil) != (want == "") {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// randomIMSLog plays connections, with the message text that the level Maximum
// logs.
func randomIMSLog(random *rand.Rand, lines int) string {
	texts := []string{"A connection was accepted from a.example.org.", "A connection to b.example.net was established.",
		"<<< IO: |HELO a", "<<< HELO a", ">>> 250 OK", ">>> 250-x\r\n250-y\r\n250 z", "<<< DATA", ">>> 354 go\r\nSubject: x\r\n\r\ntext\r\n",
		"<<< 220 b", ">>> MAIL FROM:<>", "499 No routing hosts are reachable for example.net. Message\r\nsubject: \"\". Rescheduling delivery for later.",
		"\r\n\r\n", "<<< " + strings.Repeat("long", 500)}
	var b strings.Builder
	for range lines {
		fmt.Fprintf(&b, "%d/%d/01 %d:%02d:%02d PM : %s\r\n", 1+random.IntN(12), 1+random.IntN(28), 1+random.IntN(12), random.IntN(60), random.IntN(60),
			texts[random.IntN(len(texts))])
	}
	return b.String()
}

func TestIMSChunks(t *testing.T) {
	for seed := range uint64(5) {
		random := rand.New(rand.NewPCG(seed, 9))
		log := randomIMSLog(random, 400)
		want := readIMS(t, log)
		if len(want.Rows) != 400 {
			t.Fatalf("%d records", len(want.Rows))
		}
		for name, r := range map[string]io.Reader{
			"one byte": iotest.OneByteReader(strings.NewReader(log)),
			"pieces":   &chunkReader{log, random, 3000},
		} {
			if got := readPlain(t, r, Options{}); !reflect.DeepEqual(got, want) {
				t.Fatalf("%s (-whole +pieces):\n%s", name, cmp.Diff(want, got))
			}
		}
	}
}

func TestIMSDoesNotAllocate(t *testing.T) {
	checkPlainAllocations(t, imsInbound)
}

func TestIMSSamples(t *testing.T) {
	for name, want := range map[string]Counts{
		"kb-q262945-inbound-ntlm-ehlo-multiline.log": {Lines: 31, Blank: 8, Records: 16, Continuation: 7},
		"kb-q228725-outbound-499-noarrows.log":       {Lines: 25, Blank: 11, Records: 12, Continuation: 2},
		"kb-q239816-499-percent-s.log":               {Lines: 2, Records: 1, Continuation: 1},
		"techtarget-rampat-2001-inbound-max.log":     {Lines: 11, Records: 11},
		"fortypoundhead-stripped-angle-brackets.log": {Lines: 11, Records: 11},
	} {
		log, err := os.ReadFile(filepath.Join("..", "..", "shared", "samples", "ims-imc", name))
		if err != nil {
			t.Skip("no sample logs here")
		}
		if got := readPlain(t, bytes.NewReader(log), Options{}); got.Counts != want {
			t.Errorf("%s: %+v, want %+v", name, got.Counts, want)
		}
	}
}

func FuzzIMS(f *testing.F) {
	f.Add(imsInbound)
	f.Add("\"11/2/00 9:05:01 AM : 499 a\nb\"")
	f.Add("11/2/00 9:05:01 AM :\n\n\x00x")
	f.Add("2.11.00 9.05.01 : IO: |250-a\r\n250 b")
	f.Add(randomIMSLog(rand.New(rand.NewPCG(1, 1)), 30))
	f.Fuzz(func(t *testing.T, log string) { checkPlain(t, log, IMS) })
}

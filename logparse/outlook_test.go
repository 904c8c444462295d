package logparse

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

const outlookLog = `Outlook Express 6.00.2900.5512
SMTP Log started at 11/30/2005 23:59:58
SMTP: 23:59:58 [db] Connecting to 'smtp.example.net' on port 587.
SMTP: 23:59:59 [rx] 220 smtp.example.net ESMTP
SMTP: 00:00:00 [tx] EHLO deskpc
SMTP: 00:00:01 [rx] 250-smtp.example.net
250-AUTH LOGIN
250 SIZE

SMTP: 00:00:01 [tx] AUTH LOGIN
SMTP: 00:00:01 [rx] 535 5.7.8 refused
SMTP: 00:00:01 [db] srv_name = "smtp.example.net"
POP3: 00:00:02 [rx] +OK
SMTP: 00:00:02 [tx] .
SMTP Log started at 12/24/2005 08:00:00
SMTP: 07:59:59 [rx] 220 other.example.net
`

func TestOutlook(t *testing.T) {
	out := func(kind Kind, remote string, set func(*Event)) Event {
		return imsEvent(outcome.Outbound, kind, remote, set)
	}
	const peer = "smtp.example.net:587"
	got := readPlain(t, strings.NewReader(outlookLog), Options{})
	checkEvents(t, got, []Event{
		out(KindConnect, peer, noted("Connecting to 'smtp.example.net' on port 587.")),
		out(KindReply, peer, replied(220, "220 smtp.example.net ESMTP")),
		out(KindCommand, peer, command(VerbEHLO, "EHLO", "deskpc")),
		out(KindReply, peer, replied(250, "250-smtp.example.net\n250-AUTH LOGIN\n250 SIZE")),
		out(KindCommand, peer, command(VerbAUTH, "AUTH", "LOGIN")),
		out(KindReply, peer, func(e *Event) {
			replied(535, "535 5.7.8 refused")(e)
			e.Enhanced = reply.Enhanced{Major: 5, Subject: 7, Detail: 8}
		}),
		out(KindInfo, peer, noted(`srv_name = "smtp.example.net"`)),
		out(KindCommand, peer, command(VerbOther, ".", "")),
		out(KindReply, "", replied(220, "220 other.example.net")),
	})
	var times []string
	for _, row := range got.Rows {
		times = append(times, row.Time)
	}
	if diff := cmp.Diff([]string{"2005-11-30T23:59:58Z", "2005-11-30T23:59:59Z", "2005-12-01T00:00:00Z", "2005-12-01T00:00:01Z",
		"2005-12-01T00:00:01Z", "2005-12-01T00:00:01Z", "2005-12-01T00:00:01Z", "2005-12-01T00:00:02Z", "2005-12-24T07:59:59Z"}, times); diff != "" {
		t.Errorf("times (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"13: a line of POP3"}, got.Bad); diff != "" {
		t.Error(diff)
	}
	if want := (Counts{Lines: 16, Header: 3, Blank: 1, Records: 9, Continuation: 2, Malformed: 1}); got.Counts != want {
		t.Errorf("counts %+v, want %+v", got.Counts, want)
	}
}

func TestOutlookTimes(t *testing.T) {
	row := "SMTP: 10:00:00 [tx] QUIT\n"
	for _, test := range []struct {
		started string
		opt     Options
		want    string
	}{
		{"", Options{}, ""},
		{"SMTP Log started at yesterday", Options{}, ""},
		{"SMTP Log started at 07/09/2005 10:00:00", Options{}, "2005-07-09T10:00:00Z"},
		{"smtp log started at 7/9/05 10:00:00 AM", Options{}, "2005-07-09T10:00:00Z"},
		{"SMTP Log started at 07/09/2005 10:00:00", Options{DateOrder: DMY}, "2005-09-07T10:00:00Z"},
		{"SMTP Log started at 07/29/2005 10:00:00", Options{DateOrder: DMY}, "2005-07-29T10:00:00Z"},
		{"SMTP Log started at 2005-07-09 10:00:00", Options{}, "2005-07-09T10:00:00Z"},
		{"SMTP Log started at 07/09/2005 10:00:00", Options{Location: time.FixedZone("", 7200)}, "2005-07-09T08:00:00Z"},
		// The clock is set back: still the same day.
		{"SMTP Log started at 07/09/2005 10:59:59", Options{}, "2005-07-09T10:00:00Z"},
		{"SMTP Log started at 07/09/2005 22:30:00", Options{}, "2005-07-10T10:00:00Z"},
	} {
		test.opt.Format = OutlookSMTP
		got := readPlain(t, strings.NewReader("Program\n"+test.started+"\n"+row), test.opt)
		if len(got.Rows) != 1 || got.Rows[0].Time != test.want {
			t.Errorf("%s: %+v, want %s", test.started, got.Rows, test.want)
		}
	}
}

func TestOutlookLines(t *testing.T) {
	got := readPlain(t, strings.NewReader(strings.Join([]string{
		"Some Mailer 1.0",          // header: the first line names the program
		"not a line",               // malformed: nothing it could belong to
		"SMTP: 1:00:00 [tx] QUIT",  // malformed
		"SMTP: 10:00:00 [xx] QUIT", // malformed
		"SMTP: 25:00:00 [tx] QUIT", // malformed
		"SMTP: 10:00:00 [tx]",      // record
		"smtp: 10:00:00 [tx] noop", // record
		"more",                     // continuation
		"",                         // blank
		"more",                     // continuation
		"Windows Mail 6.0",         // header
		"SMTP: 10:00:00 [db] Connecting to 'a' on port ?", // record
		"SMTP: 10:00:00 [db] Connecting to 'a",            // record
		strings.Repeat("x", 200),                          // malformed: too long
	}, "\n")), Options{Format: OutlookSMTP, MaxLine: 100})
	if want := (Counts{Lines: 14, Header: 2, Blank: 1, Records: 4, Continuation: 3, Malformed: 4}); got.Counts != want {
		t.Errorf("counts %+v, want %+v; %q", got.Counts, want, got.Bad)
	}
	checkEvents(t, got, []Event{
		imsEvent(outcome.Outbound, KindCommand, "", nil),
		imsEvent(outcome.Outbound, KindCommand, "", command(VerbNOOP, "noop", "")),
		imsEvent(outcome.Outbound, KindConnect, "a", noted("Connecting to 'a' on port ?")),
		imsEvent(outcome.Outbound, KindInfo, "a", noted("Connecting to 'a\n"+strings.Repeat("x", 100))),
	})
}

func TestOutlookFields(t *testing.T) {
	reader := NewReader(strings.NewReader("SMTP: 10:00:00 [tx] NOOP\n"), "a.log", nil)
	rec, err := reader.Next()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for name, value := range rec.Fields() {
		got = append(got, name+"="+string(value))
	}
	if diff := cmp.Diff([]string{"time=10:00:00", "type=[tx]", "text=NOOP"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestOutlookChunks(t *testing.T) {
	log := strings.Repeat(outlookLog, 30)
	want := readPlain(t, strings.NewReader(log), Options{})
	for name, got := range map[string]plainLog{
		"one byte": readPlain(t, iotest.OneByteReader(strings.NewReader(log)), Options{}),
		"pieces":   readPlain(t, &chunkReader{log, rand.New(rand.NewPCG(7, 7)), 500}, Options{}),
	} {
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s (-whole +pieces):\n%s", name, cmp.Diff(want, got))
		}
	}
}

func TestOutlookDoesNotAllocate(t *testing.T) {
	checkPlainAllocations(t, strings.ReplaceAll(outlookLog, "POP3", "SMTP"))
}

func FuzzOutlook(f *testing.F) {
	f.Add(outlookLog)
	f.Add("SMTP: 10:00:00 [tx]\nSMTP Log started at 1/1/1\n\x00")
	f.Add("Outlook Express\nSMTP: 10:00:00 [db] Connecting to '' on port 1")
	f.Fuzz(func(t *testing.T, log string) { checkPlain(t, log, OutlookSMTP) })
}

// plainClock gives what imsClock gives, where it gives something.
func TestPlainClock(t *testing.T) {
	random := rand.New(rand.NewPCG(17, 18))
	const digits = "0123456789:. /P"
	plain := 0
	for range 20_000 {
		b := []byte("11:44:31")
		for range random.IntN(4) {
			b[random.IntN(len(b))] = digits[random.IntN(len(digits))]
		}
		second, ok := plainClock(b)
		if !ok {
			continue
		}
		plain++
		if want, n := imsClock(b); second != want || n != len(b) {
			t.Errorf("%q is %d, want %d (%d bytes)", b, second, want, n)
		}
	}
	if plain < 5000 {
		t.Errorf("only %d times of day", plain)
	}
}

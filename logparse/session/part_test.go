package session_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/logparse/testlog"
)

// inParts builds the sessions of a log, the rows behind each of the cuts in a part
// of their own. joined says which parts could be joined; the rows of the others are
// added one by one.
func inParts(t *testing.T, log string, opt *session.Options, cuts ...int) (sessions []string, joined []bool) {
	t.Helper()
	emit := func(list *[]string) func(*session.Session) {
		return func(s *session.Session) {
			if opt != nil && opt.Unnamed {
				s.ID, s.Local, s.Remote = "", "", "" // which may be there or not
			}
			*list = append(*list, string(s.AppendJSON(nil)))
		}
	}
	b := session.NewBuilder(opt, emit(&sessions))
	var rows []*logparse.Record // of the part
	var part *session.Part
	var ofPart []string
	end := func() {
		if part == nil {
			return
		}
		ok := part.End() && b.Join(part, "x.log", 0)
		if joined = append(joined, ok); ok {
			sessions = append(sessions, ofPart...)
		} else {
			for _, rec := range rows {
				b.Add(rec)
			}
		}
	}
	r := logparse.NewReader(strings.NewReader(log), "x.log", &logparse.Options{Sparse: true})
	n := 0
	for rec, err := range r.Records() {
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains(cuts, n) {
			end()
			ofPart, rows = nil, nil
			part = session.NewPart(opt, emit(&ofPart))
			part.Begin()
		}
		if n++; part == nil {
			b.Add(rec)
			continue
		}
		part.Add(r, rec)
		rows = append(rows, rec.Clone()) // which fills it in
	}
	end()
	b.Close()
	slices.Sort(sessions)
	return sessions, joined
}

// Wherever a log is cut, what the parts are joined to is what one Builder makes.
func TestPartsJoin(t *testing.T) {
	for _, format := range []logparse.Format{logparse.ExchangeReceive, logparse.ExchangeSend} {
		var log bytes.Buffer
		truth, err := testlog.Generate(&log, testlog.Options{Seed: 8, Format: format, Connections: 60})
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(uint64(format), 8))
		for run, opt := range []*session.Options{nil, {Terse: true}, {Terse: true, Unnamed: true}} {
			want, _ := inParts(t, log.String(), opt)
			for range 20 {
				var cuts []int
				for range 1 + rng.IntN(6) {
					cuts = append(cuts, rng.IntN(len(truth.Rows)))
				}
				got, joined := inParts(t, log.String(), opt, cuts...)
				if slices.Contains(joined, false) {
					t.Fatalf("%v, options %d, cut at %v: joined %v", format, run, cuts, joined)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("%v, options %d, cut at %v: -one builder +parts:\n%s", format, run, cuts, diff)
				}
			}
		}
	}
}

// What a part cannot know of what is in front of it is found out when it is
// joined.
func TestPartAssumes(t *testing.T) {
	row := func(at, connector, id string, sequence int, event string) string {
		return fmt.Sprintf("2026-11-02T%s.000Z,%s,%s,%d,10.0.0.1:25,192.0.2.7:50000,%s\r\n", at, connector, id, sequence, event)
	}
	const header = "#Software: Microsoft Exchange Server\r\n#Version: 15.0.0.0\r\n#Log-type: SMTP Receive Protocol Log\r\n#Date: 2026-11-02T08:00:00.000Z\r\n" +
		"#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\r\n"
	bare := func(at, id string, sequence int, event string) string {
		return strings.Replace(row(at, `EX1\Default`, id, sequence, event), "192.0.2.7:50000", "", 1)
	}
	const ex1, ex2, one, two = `EX1\Default`, `EX2\Default`, "08DE000000000001", "08DE000000000002"
	begin := row("08:00:00", ex1, one, 0, "+,,") + row("08:00:01", ex1, one, 1, ">,220 ready,")
	for name, test := range map[string]struct {
		rows   string // behind the two rows in front of the cut
		joined bool
	}{
		"goes on":             {row("08:00:02", ex1, one, 2, "<,EHLO mail.example.org,") + row("08:00:03", ex1, one, 3, "-,,Remote"), true},
		"another session":     {row("08:00:02", ex1, two, 0, "+,,"), true},
		"nothing":             {row("08:00:02", ex1, two, 5, "<,QUIT,"), true},
		"the same id":         {row("08:00:02", ex1, one, 0, "+,,"), false},
		"the first row late":  {row("08:00:02", ex1, one, 2, "<,EHLO mail.example.org,") + row("08:00:03", ex1, one, 0, "+,,"), true},
		"no id":               {row("08:00:02", ex1, "", 0, "+,,"), false},
		"in another log":      {row("08:00:02", ex2, one, 2, "<,EHLO mail.example.org,"), false},
		"in two logs":         {row("08:00:02", ex1, two, 2, "<,EHLO mail.example.org,") + row("08:00:02", ex2, two, 3, "<,NOOP,"), false},
		"the clock in front":  {row("07:20:00", ex1, two, 0, "+,,"), false},
		"somewhat":            {row("07:45:00", ex1, two, 0, "+,,"), true},
		"of another server":   {row("07:00:00", ex2, two, 0, "+,,"), true},
		"goes back":           {row("10:00:00", ex1, two, 0, "+,,") + row("08:00:02", ex1, two, 1, ">,220 ready,"), false},
		"silent for too long": {row("09:30:00", ex1, two, 0, "+,,") + row("09:30:01", ex1, one, 2, "<,EHLO mail.example.org,"), true},
		"silent by the clock": {row("08:20:00", ex1, two, 0, "+,,") + row("08:45:00", ex1, two, 1, "*,,note") + row("09:02:00", ex1, two, 2, "*,,note") + row("08:50:00", ex1, one, 2, "<,QUIT,"), true},
		"no remote end":       {bare("08:00:02", one, 2, "<,QUIT,"), true},
		"nor another's":       {row("08:00:02", ex1, two, 0, "+,,") + bare("08:00:02", one, 2, "<,QUIT,"), true},
		"another format":      {"#Log-type: SMTP Send Protocol Log\r\n" + row("08:00:02", ex1, two, 0, "+,,") + row("08:00:02", ex1, two, 1, "*,,note"), true},
		"rows of two formats": {row("08:00:02", ex1, one, 2, "*,,note") + "#Log-type: SMTP Send Protocol Log\r\n" + row("08:00:02", ex1, two, 1, "*,,note"), false},
		"more than it may":    {strings.Repeat(row("08:00:02", ex1, one, 2, "<,NOOP "+strings.Repeat("x", 1000)+","), 9000), false},
		"more than may be open": {func() string {
			var b strings.Builder
			for i := range 9_000 {
				b.WriteString(row("08:00:02", ex1, fmt.Sprintf("08DF%012d", i), 0, "+,,"))
			}
			return b.String()
		}(), false},
	} {
		t.Run(name, func(t *testing.T) {
			log := header + begin + test.rows
			want, _ := inParts(t, log, nil)
			got, joined := inParts(t, log, nil, 2)
			if len(joined) != 1 || joined[0] != test.joined {
				t.Errorf("joined: %v", joined)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-one builder +parts:\n%s", diff)
			}
		})
	}
}

// Where a log goes back, the sessions that were silent for too long are cut, however
// many are open and whenever that was looked at last.
func TestPartsGoBack(t *testing.T) {
	var log strings.Builder
	row := func(at string, id int) {
		fmt.Fprintf(&log, "2026-11-02T%s.000Z,EX1\\Default,08DE%012d,0,10.0.0.1:25,192.0.2.7:50000,+,,\r\n", at, id)
	}
	log.WriteString("#Log-type: SMTP Receive Protocol Log\r\n#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\r\n")
	for i := range 40 {
		row("08:00:00", i)
	}
	row("10:00:00", 40)
	for i := range 40 {
		row("08:00:01", 41+i)
	}
	want, _ := inParts(t, log.String(), nil)
	got, _ := inParts(t, log.String(), nil, 20, 40, 41)
	if diff := cmp.Diff(want, got); diff != "" || !strings.Contains(strings.Join(want, ""), `"ended":"cut"`) {
		t.Errorf("-one builder +parts:\n%s", diff)
	}
}

// A bound of one session is noted where it is reached.
func TestPartCaps(t *testing.T) {
	var log strings.Builder
	for i := range session.MaxSteps + 10 {
		fmt.Fprintf(&log, "2026-11-02T08:00:00.000Z,EX1\\Default,08DE000000000001,%d,10.0.0.1:25,192.0.2.7:50000,<,RCPT TO:<a@example.org>,\r\n", i)
	}
	b := session.NewBuilder(nil, func(*session.Session) {})
	part := session.NewPart(nil, func(*session.Session) {})
	part.Begin()
	r := logparse.NewReader(strings.NewReader(log.String()), "x.log", &logparse.Options{Format: logparse.ExchangeReceive})
	for rec := range r.Records() {
		part.Add(r, rec)
	}
	if !part.End() || !b.Join(part, "x.log", 0) || b.Capped() != 1 {
		t.Errorf("capped %d times", b.Capped())
	}
}

// The lines of a session that a part leaves open are moved, wherever it knows
// them from.
func TestPartMovesLines(t *testing.T) {
	const rows = `2026-11-02T08:00:00.000Z,EX1\Default,08DE000000000001,0,10.0.0.1:25,192.0.2.7:50000,+,,` + "\r\n" +
		`2026-11-02T08:00:01.000Z,EX1\Default,08DE000000000001,1,10.0.0.1:25,192.0.2.7:50000,<,MAIL FROM:<a@example.org>,` + "\r\n" +
		`2026-11-02T08:00:02.000Z,EX1\Default,08DE000000000001,2,10.0.0.1:25,192.0.2.7:50000,>,250 2.1.0 Sender OK,` + "\r\n" +
		`2026-11-02T08:00:03.000Z,EX1\Default,08DE000000000001,3,10.0.0.1:25,192.0.2.7:50000,<,RCPT TO:<b@example.com>,` + "\r\n" +
		`2026-11-02T08:00:04.000Z,EX1\Default,08DE000000000001,4,10.0.0.1:25,192.0.2.7:50000,>,550 5.1.1 User unknown,` + "\r\n" +
		`2026-11-02T08:00:04.000Z,EX1\Default,08DE000000000001,5,10.0.0.1:25,192.0.2.7:50000,<,DATA,` + "\r\n" +
		`2026-11-02T08:00:05.000Z,EX1\Default,08DE000000000001,6,10.0.0.1:25,192.0.2.7:50000,>,554-5.5.1 No,` + "\r\n"
	lines := func(in string, move int64) []int64 {
		var got []int64
		opt := &session.Options{Terse: move%2 == 0}
		emit := func(s *session.Session) {
			got = append(got, s.Sources[0].FirstLine, s.Sources[0].LastLine)
			for o := range s.Outcomes {
				got = append(got, o.Pos.Line)
			}
		}
		b := session.NewBuilder(opt, emit)
		part := session.NewPart(opt, emit)
		part.Begin()
		r := logparse.NewReader(strings.NewReader(in), "x.log", &logparse.Options{Format: logparse.ExchangeReceive})
		for rec, err := range r.Records() {
			if err != nil || !part.Add(r, rec) {
				t.Fatal(err)
			}
		}
		if !part.End() || !b.Join(part, "x.log", move) {
			t.Fatal("not joined")
		}
		b.Close()
		return got
	}
	// One that goes on in another file, whose lines count from its beginning.
	var sources []session.Source
	emit := func(s *session.Session) { sources = append(sources, s.Sources...) }
	b, part := session.NewBuilder(nil, emit), session.NewPart(nil, emit)
	for i, name := range []string{"x.log", "y.log"} {
		part.Begin()
		r := logparse.NewReader(strings.NewReader(strings.Join(strings.SplitAfter(rows, "\n")[4*i:4+3*i], "")), name, &logparse.Options{Format: logparse.ExchangeReceive})
		for rec := range r.Records() {
			part.Add(r, rec)
		}
	}
	part.End()
	b.Join(part, "x.log", 100)
	b.Close()
	if got := fmt.Sprint(sources); got != "[{x.log 101 104 4} {y.log 1 3 3}]" {
		t.Errorf("in two files: %s", got)
	}
	for _, move := range []int64{0, 100, 101} {
		want := []int64{1 + move, 7 + move, 5 + move, 7 + move}
		if got := lines(rows, move); !slices.Equal(got, want) {
			t.Errorf("moved by %d: %v, want %v", move, got, want)
		}
	}
}

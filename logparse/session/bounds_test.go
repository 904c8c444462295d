package session

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/testlog"
	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// receiveRow is a record of a receive log, a second for each row.
func receiveRow(second int, id string, kind logparse.Kind, text string) *logparse.Record {
	rec := &logparse.Record{
		Pos: outcome.Position{File: "x.log", Line: int64(second) + 1}, Lines: 1, Format: logparse.ExchangeReceive,
		Time: outcome.Unix(int64(second)*1e9+1e18, 3),
		Event: logparse.Event{Kind: kind, Direction: outcome.Inbound, Session: []byte(id), Remote: []byte("192.0.2.1:5000"),
			Sequence: -1, Elapsed: -1, Win32: -1, BytesIn: -1, BytesOut: -1},
	}
	switch kind {
	case logparse.KindCommand:
		rec.Verb, rec.VerbText, rec.Arg = logparse.SplitCommand([]byte(text))
	case logparse.KindReply:
		rec.Text = []byte(text)
		line, _ := reply.ParseLine(rec.Text)
		rec.Code, rec.Enhanced, rec.More = line.Code, line.Enhanced, line.More
	}
	return rec
}

// empty fails unless the builder holds nothing of any session.
func empty(t *testing.T, b *Builder) {
	t.Helper()
	if b.opened != 0 || len(b.serial) != 0 || b.previous != 0 || b.held != 0 {
		t.Errorf("left are %d open, %d serial, previous %v, %d bytes", b.opened, len(b.serial), b.previous, b.held)
	}
	if n := len(b.matcher.clusters); n != 0 || b.matcher.pending() != 0 {
		t.Errorf("left are %d clusters, %d rows that wait", n, b.matcher.pending())
	}
	if n := b.matcher.holds(); n != 0 {
		t.Errorf("left are %d bytes of the matcher", n)
	}
}

func TestHoldsNothingAtTheEnd(t *testing.T) {
	for _, format := range []logparse.Format{logparse.ExchangeReceive, logparse.ExchangeSend, logparse.IISW3C, logparse.IISMSIIS} {
		t.Run(format.String(), func(t *testing.T) {
			var log bytes.Buffer
			truth, err := testlog.Generate(&log, testlog.Options{Seed: 3, Format: format, Connections: 300, Outbound: 0.5})
			if err != nil {
				t.Fatal(err)
			}
			rows, sessions := int64(0), 0
			b := NewBuilder(nil, func(s *Session) {
				sessions++
				for _, src := range s.Sources {
					rows += src.Lines
				}
			})
			rd := logparse.NewReader(&log, "x.log", &logparse.Options{Format: format, DateOrder: logparse.MDY})
			for rec, err := range rd.Records() {
				if err != nil {
					t.Fatal(err)
				}
				b.Add(rec)
			}
			if format.HasSessionID() && b.opened > 0 {
				t.Errorf("%d sessions are open though all have ended", b.opened)
			}
			b.Close()
			empty(t, b)
			if int(rows) != len(truth.Rows) {
				t.Errorf("%d rows in %d sessions, of %d", rows, sessions, len(truth.Rows))
			}
			if len(b.free) > maxFree {
				t.Errorf("%d sessions are kept", len(b.free))
			}
		})
	}
}

// Sessions that are silent for too long are freed while the log goes on.
func TestSilentSessionsAreFreed(t *testing.T) {
	cut := 0
	b := NewBuilder(nil, func(s *Session) {
		if s.Ended == EndedCut {
			cut++
		}
	})
	for i := range 100 {
		b.Add(receiveRow(i*60, fmt.Sprint(i), logparse.KindConnect, ""))
	}
	if n := b.opened; n > 90 { // those of an hour, and what came until the next look
		t.Errorf("%d sessions are open", n)
	}
	if cut != 100-b.opened {
		t.Errorf("%d sessions were cut, %d are open", cut, b.opened)
	}
	b.Close()
	empty(t, b)
}

func TestMaxOpen(t *testing.T) {
	var got []string
	b := NewBuilder(nil, func(s *Session) { got = append(got, s.ID+" "+string(s.Ended)) })
	b.maxOpen = 4
	for i := range 5 {
		b.Add(receiveRow(i, fmt.Sprint(i), logparse.KindConnect, ""))
		b.Add(receiveRow(i, "0", logparse.KindInfo, ""))
	}
	if want := "1 cut,2 cut,3 cut"; strings.Join(got, ",") != want || b.Capped() != 3 {
		t.Errorf("handed out %v, capped %d; want %s", got, b.Capped(), want)
	}
	b.Close()
	empty(t, b)
}

func TestMaxHeld(t *testing.T) {
	n := 0
	b := NewBuilder(&Options{Transcript: true}, func(s *Session) { n++ })
	b.maxHeld = 1 << 20
	long := "250 " + strings.Repeat("x", 50_000)
	for i := range 1000 {
		b.Add(receiveRow(0, fmt.Sprint(i), logparse.KindCommand, "NOOP "+fmt.Sprint(i)))
		b.Add(receiveRow(0, fmt.Sprint(i), logparse.KindCommand, "MAIL FROM:<a@example.org>"))
		b.Add(receiveRow(0, fmt.Sprint(i), logparse.KindReply, long+fmt.Sprint(i)))
		if b.held > b.maxHeld {
			t.Fatalf("%d bytes are held", b.held)
		}
	}
	if n < 900 {
		t.Errorf("only %d sessions were handed out", n)
	}
	b.Close()
	empty(t, b)
}

// Whatever a row brings that a session keeps counts for what it holds.
func TestHeldIsCounted(t *testing.T) {
	const size, sessions = 50_000, 400
	long := strings.Repeat("x", size)
	info := func(rec *logparse.Record, context string) { rec.Kind, rec.Context = logparse.KindInfo, []byte(context) }
	for name, change := range map[string]func(rec *logparse.Record, long string){
		"id":             func(rec *logparse.Record, long string) { rec.Session = []byte(long) },
		"connector":      func(rec *logparse.Record, long string) { rec.Connector = []byte(long) },
		"local":          func(rec *logparse.Record, long string) { rec.Local = []byte(long) },
		"remote":         func(rec *logparse.Record, long string) { rec.Remote = []byte(long) },
		"HELO":           func(rec *logparse.Record, long string) { rec.Verb, rec.Arg = logparse.VerbHELO, []byte(long) },
		"MAIL":           func(rec *logparse.Record, long string) { rec.Verb, rec.Arg = logparse.VerbMAIL, []byte(long) },
		"AUTH":           func(rec *logparse.Record, long string) { rec.Verb, rec.Arg = logparse.VerbAUTH, []byte(long) },
		"XPROXY":         func(rec *logparse.Record, long string) { rec.Verb, rec.Arg = logparse.VerbXPROXY, []byte("SID="+long) },
		"TLS":            func(rec *logparse.Record, long string) { info(rec, "TLS protocol "+long) },
		"TLS failed":     func(rec *logparse.Record, long string) { info(rec, "TLS negotiation failed with error "+long) },
		"AUTH failed":    func(rec *logparse.Record, long string) { info(rec, "Inbound AUTH "+long+" failed because of x") },
		"not connected":  func(rec *logparse.Record, long string) { info(rec, "Failed to connect. Destination domain: "+long) },
		"remote, lately": func(rec *logparse.Record, long string) { rec.Remote = []byte(long) },
	} {
		t.Run(name, func(t *testing.T) {
			b := NewBuilder(&Options{Terse: name != "HELO"}, func(*Session) {})
			b.maxHeld = 1 << 20
			for i := range sessions {
				rec := receiveRow(0, fmt.Sprint(i), logparse.KindCommand, "NOOP")
				if name == "remote, lately" {
					rec.Remote = nil
					b.Add(rec)
				}
				// A row in front, so that a session that failed to connect stays.
				b.Add(receiveRow(0, fmt.Sprint(i), logparse.KindConnect, ""))
				change(rec, fmt.Sprint(i)+long)
				b.Add(rec)
			}
			if most := b.maxHeld / size; b.opened > 2*most+2 {
				t.Errorf("%d sessions that hold %d bytes each are open, where %d may be held", b.opened, size, b.maxHeld)
			}
			b.Close()
			empty(t, b)
		})
	}
}

// What is said in one session counts as long as it is kept.
func TestWordsAreCounted(t *testing.T) {
	for name, rows := range map[string][]*logparse.Record{
		"unknown verbs": {receiveRow(0, "A", logparse.KindCommand, strings.Repeat("X", 200)), receiveRow(0, "A", logparse.KindReply, "250 ok")},
		"a reply that goes on behind notes": {receiveRow(0, "A", logparse.KindReply, "250-"+strings.Repeat("x", 100)),
			{Format: logparse.ExchangeReceive, Lines: 1, Event: logparse.Event{Kind: logparse.KindInfo, Session: []byte("A"),
				Remote: []byte("192.0.2.1:5000"), Context: []byte("TLS negotiation failed with error x")}}},
	} {
		t.Run(name, func(t *testing.T) {
			b := NewBuilder(nil, func(*Session) {})
			for range 1000 {
				for _, rec := range rows {
					b.Add(rec)
				}
			}
			for _, st := range b.states {
				if len(st.words) > int(st.bytes)+maxReplyText {
					t.Errorf("%d bytes of words, %d are counted", len(st.words), st.bytes)
				}
			}
			b.Close()
			empty(t, b)
		})
	}
}

func TestMaxSteps(t *testing.T) {
	for _, terse := range []bool{false, true} {
		var got []Ended
		recipients := int64(0)
		b := NewBuilder(&Options{Terse: terse}, func(s *Session) {
			got = append(got, s.Ended)
			recipients += s.Results.Recipients.Total
		})
		const id = "08DE000000000001"
		const n = MaxSteps/2 + 10
		for i := range n {
			b.Add(receiveRow(i/1000, id, logparse.KindCommand, "MAIL FROM:<a@example.org>"))
			b.Add(receiveRow(i/1000, id, logparse.KindCommand, "RCPT TO:<x@example.com>"))
			b.Add(receiveRow(i/1000, id, logparse.KindReply, "250 ok"))
			b.Add(receiveRow(i/1000, id, logparse.KindReply, "250 ok"))
			b.Add(receiveRow(i/1000, id, logparse.KindCommand, "RSET"))
			b.Add(receiveRow(i/1000, id, logparse.KindReply, "250 ok"))
		}
		b.Close()
		if len(got) != 2 || got[0] != EndedCut || got[1] != EndedOpen || recipients != n || b.Capped() != 1 {
			t.Errorf("terse %v: ends %v, %d recipients, capped %d", terse, got, recipients, b.Capped())
		}
		empty(t, b)
	}
}

func TestMaxQueue(t *testing.T) {
	b := NewBuilder(nil, func(s *Session) {})
	for range maxQueue + 10 {
		b.Add(receiveRow(0, "A", logparse.KindCommand, "XYZZY"))
	}
	for _, st := range b.states {
		if n := len(st.queue.waiting()); n != maxQueue {
			t.Errorf("%d commands wait", n)
		}
	}
	b.Close()
	empty(t, b)
	if len(b.free) != 0 {
		t.Error("what held so much is kept")
	}
}

func TestMaxReplyText(t *testing.T) {
	long := strings.Repeat("x", maxReplyText/4)
	for _, test := range []struct {
		name  string
		lines []string
	}{
		{"one row", []string{"250 " + long + long + long + long + long}},
		{"many rows", []string{"250-" + long, "250-" + long, "250-" + long, "250-" + long, "250-" + long, "250 " + long}},
		{"first row too long", []string{"250-" + long + long + long + long + long, "250 ok"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := NewBuilder(nil, func(s *Session) {
				if text := s.Transactions[0].Mail.Text; len(text) > maxReplyText || s.Replies.OK != 1 {
					t.Errorf("%d bytes, %d replies", len(text), s.Replies.OK)
				}
			})
			b.Add(receiveRow(0, "A", logparse.KindCommand, "MAIL FROM:<a@example.org>"))
			for _, l := range test.lines {
				b.Add(receiveRow(0, "A", logparse.KindReply, l))
			}
			b.Close()
		})
	}
}

// Transcripts are shortened when they take a half of the memory, or one of them
// too much of that, and no session is cut for them.
func TestTranscriptBounds(t *testing.T) {
	const memory, rows = 1 << 20, 3000
	for _, sessions := range []int{1, 4, 40} {
		for _, text := range []string{"NOOP", "NOOP " + strings.Repeat("x", 1000)} {
			ended, kept, most := 0, 0, 0
			b := NewBuilder(&Options{Transcript: true, Memory: memory}, func(s *Session) {
				size := 0
				for _, step := range s.Transcript {
					size += transcriptSize + len(step.Text)
				}
				if int64(len(s.Transcript))+s.Shortened != rows {
					t.Errorf("%d steps and %d left out, of %d", len(s.Transcript), s.Shortened, rows)
				}
				ended++
				most = max(most, size)
			})
			for range rows {
				for i := range sessions {
					b.Add(receiveRow(0, fmt.Sprint("A", i), logparse.KindCommand, text))
				}
				kept = max(kept, b.recorded)
			}
			b.Close()
			step := transcriptSize + len(text)
			if ended != sessions || b.Capped() != 0 {
				t.Errorf("%d sessions of %d, %d bounds reached", ended, sessions, b.Capped())
			}
			if room := memory / transcriptsShare; kept > room+step || most > room/transcriptShare+step {
				t.Errorf("%d sessions: transcripts take %d bytes, one of them %d", sessions, kept, most)
			} else if sessions == 40 && len(text) > 1000 && kept < room {
				t.Errorf("transcripts take %d bytes where there is room for %d", kept, room)
			}
			if b.recorded != 0 {
				t.Errorf("%d bytes of transcripts are left", b.recorded)
			}
		}
	}
}

// Transcripts of usual length are whole.
func TestTranscriptLong(t *testing.T) {
	b := NewBuilder(&Options{Transcript: true}, func(s *Session) {
		if len(s.Transcript) != 20_000 || s.Shortened != 0 {
			t.Errorf("%d steps, %d left out", len(s.Transcript), s.Shortened)
		}
	})
	for range 20_000 {
		b.Add(receiveRow(0, "A", logparse.KindCommand, "RCPT TO:<somebody@example.org>"))
	}
	b.Close()
}

// What a server is called is told by strangers, too.
func TestMaxServers(t *testing.T) {
	b := NewBuilder(nil, func(s *Session) {})
	for i := range maxServers + 100 {
		rec := receiveRow(i, "A", logparse.KindConnect, "")
		rec.Server = []byte(strings.Repeat("s", 1000) + fmt.Sprint(i))
		b.Add(rec)
		rec.Server = []byte(fmt.Sprint(i))
		b.Add(rec)
	}
	for _, servers := range b.streams {
		if len(servers) > maxServers+1 {
			t.Errorf("%d servers", len(servers))
		}
		for name := range servers {
			if len(name) > maxServerName {
				t.Errorf("a name of %d bytes", len(name))
			}
		}
	}
}

// A log of long sessions costs nothing per record, and little per session.
func TestAllocations(t *testing.T) {
	var records []*logparse.Record
	const sessions, messages = 20, 50
	for s := range sessions {
		id := fmt.Sprintf("08DE%012X", s)
		add := func(kind logparse.Kind, text string) { records = append(records, receiveRow(s, id, kind, text)) }
		add(logparse.KindConnect, "")
		add(logparse.KindReply, "220 gate.example.com ready")
		add(logparse.KindCommand, "EHLO mail.example.org")
		add(logparse.KindReply, "250 gate.example.com")
		for range messages {
			add(logparse.KindCommand, "MAIL FROM:<a@example.org> SIZE=1200")
			add(logparse.KindReply, "250 2.1.0 Sender OK")
			add(logparse.KindCommand, "RCPT TO:<x@example.com>")
			add(logparse.KindReply, "250 2.1.5 Recipient OK")
			add(logparse.KindCommand, "RCPT TO:<y@example.com>")
			add(logparse.KindReply, "250 2.1.5 Recipient OK")
			add(logparse.KindCommand, "DATA")
			add(logparse.KindReply, "354 Start mail input; end with <CRLF>.<CRLF>")
			add(logparse.KindReply, "250 2.0.0 taken")
		}
		add(logparse.KindCommand, "QUIT")
		add(logparse.KindReply, "221 2.0.0 bye")
		add(logparse.KindDisconnect, "")
	}
	b := NewBuilder(nil, func(*Session) {})
	run := func() {
		for _, rec := range records {
			b.Add(rec)
		}
	}
	run()
	perSession := testing.AllocsPerRun(10, run) / sessions
	t.Logf("%.1f allocations a session, %d records", perSession, len(records)/sessions)
	if perSession > 8 {
		t.Errorf("%.1f allocations a session of %d records", perSession, len(records)/sessions)
	}
}

package session

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// A dealt row is told apart by its line.
type watch struct {
	t        testing.TB
	m        *matcher
	placed   map[int64]int // how often, by line
	sessions []*rebuilt
	line     int64
}

// newWatch returns a matcher that is checked as it goes.
func newWatch(t testing.TB) *watch {
	w := &watch{t: t, placed: map[int64]int{}}
	w.m = newMatcher(func(s *slot, rec *logparse.Record) {
		r, _ := s.owner.(*rebuilt)
		if r == nil {
			r = &rebuilt{}
			s.owner = r
			w.sessions = append(w.sessions, r)
		}
		line := rec.Pos.Line
		if r.finished {
			t.Errorf("line %d was placed in a session that is finished", line)
		}
		if n := len(r.rows); n > 0 && int64(r.rows[n-1]) >= line {
			t.Errorf("line %d was placed after line %d", line, r.rows[n-1])
		}
		r.rows = append(r.rows, int(line))
		w.placed[line]++
	}, func(s *slot) {
		r, _ := s.owner.(*rebuilt)
		if r == nil || r.finished {
			t.Error("a session was finished twice, or without a row")
			return
		}
		r.finished, r.ambiguous = true, s.ambiguous
	})
	return w
}

// row is one row of a test, inbound unless out or back is set.
type row struct {
	at   int64 // seconds, −1 for none
	host string
	helo string
	verb logparse.Verb
	arg  string
	code int
	out  bool // a command of ours
	back bool // its reply
	took int64
}

func (w *watch) add(r row) {
	w.line++
	rec := &logparse.Record{Format: logparse.IISW3C}
	rec.Pos.Line = w.line
	rec.Kind, rec.Direction, rec.Verb = logparse.KindCommand, outcome.Inbound, r.verb
	rec.Remote, rec.Helo, rec.Arg, rec.Code = []byte(r.host), []byte(r.helo), []byte(r.arg), reply.Code(r.code)
	rec.Elapsed, rec.Win32, rec.BytesIn, rec.BytesOut = r.took, 0, -1, -1
	if r.out || r.back {
		rec.Direction = outcome.Outbound
	}
	if r.back {
		rec.Kind, rec.Verb, rec.Arg, rec.Text = logparse.KindReply, logparse.VerbNone, nil, []byte(fmt.Sprint(r.code, " ", r.arg))
	}
	if r.at >= 0 {
		rec.Time = outcome.At(time.Unix(1772438400+r.at, 0), 0)
	}
	w.m.add(1, rec)
	if clock := w.m.clock(1); clock.idle.oldest() != nil && clock.now-clock.idle.oldest().clock >= silence {
		w.t.Errorf("line %d: a cluster has been idle for %d ms", w.line, clock.now-clock.idle.oldest().clock)
	}
	// The record was only lent.
	for _, b := range [][]byte{rec.Remote, rec.Helo, rec.Arg, rec.Text} {
		clear(b)
	}
}

// close checks that nothing is left.
func (w *watch) close() {
	w.m.close()
	if n := w.m.holds(); n != 0 {
		w.t.Errorf("%d bytes are left", n)
	}
	if n := w.m.pending(); n != 0 {
		w.t.Errorf("%d rows wait after close", n)
	}
	if len(w.m.clusters) != 0 || w.m.queue.front != nil {
		w.t.Error("clusters are left after close")
	}
	for line := int64(1); line <= w.line; line++ {
		if w.placed[line] != 1 {
			w.t.Errorf("line %d was placed %d times", line, w.placed[line])
		}
	}
	for _, s := range w.sessions {
		if !s.finished {
			w.t.Errorf("session of line %d was not finished", s.rows[0])
		}
	}
}

func (w *watch) want(sessions ...[]int) {
	w.t.Helper()
	got := make([][]int, len(w.sessions))
	for i, s := range w.sessions {
		got[i] = s.rows
	}
	if fmt.Sprint(got) != fmt.Sprint(sessions) {
		w.t.Errorf("got %v, want %v", got, sessions)
	}
}

func TestMatchOrder(t *testing.T) {
	const a, b = "192.0.2.1", "192.0.2.2"
	tests := []struct {
		name string
		rows []row
		want [][]int
	}{
		{"hosts, and HELO names of one host", []row{
			{host: a, helo: "x", verb: logparse.VerbHELO, code: 250},
			{host: b, helo: "x", verb: logparse.VerbHELO, code: 250},
			{host: a, helo: "y", verb: logparse.VerbHELO, code: 250},
			{host: a, helo: "x", verb: logparse.VerbMAIL, code: 250},
			{host: a, helo: "y", verb: logparse.VerbQUIT, code: 240},
			{host: b, helo: "x", verb: logparse.VerbQUIT, code: 240},
			{host: a, helo: "x", verb: logparse.VerbQUIT, code: 240},
		}, [][]int{{1, 4, 7}, {2, 6}, {3, 5}}},
		{"one after the other", []row{
			{host: a, helo: "x", verb: logparse.VerbEHLO, code: 250},
			{host: a, helo: "x", verb: logparse.VerbQUIT, code: 240},
			{host: a, helo: "x", verb: logparse.VerbEHLO, code: 250},
			{host: a, helo: "x", verb: logparse.VerbQUIT, code: 240},
		}, [][]int{{1, 2}, {3, 4}}},
		{"EHLO again after STARTTLS", []row{
			{host: a, helo: "x", verb: logparse.VerbEHLO, code: 250},
			{host: a, helo: "x", verb: logparse.VerbSTARTTLS, code: 220},
			{host: a, helo: "x", verb: logparse.VerbEHLO, code: 250},
			{host: a, helo: "x", verb: logparse.VerbMAIL, code: 250},
			{host: a, helo: "x", verb: logparse.VerbQUIT, code: 240},
		}, [][]int{{1, 2, 3, 4, 5}}},
		{"what came before HELO belongs to it, by name", []row{
			{host: a, verb: logparse.VerbOther, arg: "y", code: 500},
			{host: a, verb: logparse.VerbOther, arg: "x", code: 500},
			{host: a, helo: "x", verb: logparse.VerbHELO, arg: "x", code: 250},
			{host: a, helo: "y", verb: logparse.VerbHELO, arg: "y", code: 250},
			{host: a, helo: "x", verb: logparse.VerbQUIT, code: 240},
			{host: a, helo: "y", verb: logparse.VerbQUIT, code: 240},
		}, [][]int{{1, 4, 6}, {2, 3, 5}}},
		{"a command cannot begin before the row before it was written", []row{
			{at: 0, host: a, helo: "x", verb: logparse.VerbHELO, code: 250},
			{at: 1, host: a, helo: "x", verb: logparse.VerbMAIL, code: 250},
			{at: 1, host: a, helo: "x", verb: logparse.VerbRCPT, code: 250},
			{at: 20, host: a, helo: "x", verb: logparse.VerbHELO, code: 250},
			{at: 20, host: a, helo: "x", verb: logparse.VerbMAIL, code: 250},
			{at: 20, host: a, helo: "x", verb: logparse.VerbRCPT, code: 250},
			{at: 25, host: a, helo: "x", verb: logparse.VerbDATA, code: 250, took: 23500},
			{at: 25, host: a, helo: "x", verb: logparse.VerbQUIT, code: 240},
			{at: 26, host: a, helo: "x", verb: logparse.VerbDATA, code: 250, took: 5500},
			{at: 26, host: a, helo: "x", verb: logparse.VerbQUIT, code: 240},
		}, [][]int{{1, 2, 3, 7, 8}, {4, 5, 6, 9, 10}}},
		{"a connection that was given up takes the row that fits no other", []row{
			{at: 0, host: a, helo: "x", verb: logparse.VerbHELO, code: 250},
			{at: 0, host: a, helo: "x", verb: logparse.VerbMAIL, code: 250},
			{at: 1, host: a, helo: "x", verb: logparse.VerbRCPT, code: 250},
			{at: 60, host: a, helo: "x", verb: logparse.VerbHELO, code: 250},
			{at: 60, host: a, helo: "x", verb: logparse.VerbMAIL, code: 250},
			{at: 60, host: a, helo: "x", verb: logparse.VerbRCPT, code: 550},
			{at: 60, host: a, helo: "x", verb: logparse.VerbQUIT, code: 240},
			{at: 299, host: a, helo: "x", verb: logparse.VerbHELO, code: 250},
			{at: 299, host: a, helo: "x", verb: logparse.VerbMAIL, code: 250},
			{at: 299, host: a, helo: "x", verb: logparse.VerbRCPT, code: 250},
			{at: 300, host: a, helo: "x", verb: logparse.VerbDATA, code: 250, took: 298000},
			{at: 300, host: a, helo: "x", verb: logparse.VerbQUIT, code: 240},
			{at: 301, host: a, helo: "x", verb: logparse.VerbDATA, code: 250, took: 500},
			{at: 301, host: a, helo: "x", verb: logparse.VerbQUIT, code: 240},
		}, [][]int{{1, 2, 3, 11, 12}, {4, 5, 6, 7}, {8, 9, 10, 13, 14}}},
		{"outbound: replies name the address", []row{
			{host: a, back: true, code: 220, arg: "mx.example.com"},
			{host: a, out: true, verb: logparse.VerbHELO},
			{host: a, back: true, code: 250, arg: "mx.example.com"},
			{host: a, out: true, verb: logparse.VerbMAIL, arg: "FROM:<a@example.com>"},
			{host: a, back: true, code: 220, arg: "mx.example.com"},
			{host: a, out: true, verb: logparse.VerbHELO},
			{host: a, back: true, code: 250, arg: "mx.example.com"},
			{host: a, out: true, verb: logparse.VerbMAIL, arg: "FROM:<b@example.com>"},
			{host: a, back: true, code: 250, arg: "<b@example.com>... Sender ok"},
			{host: a, out: true, verb: logparse.VerbQUIT},
			{host: a, back: true, code: 221, arg: "bye"},
			{host: a, back: true, code: 250, arg: "<a@example.com>... Sender ok"},
			{host: a, out: true, verb: logparse.VerbQUIT},
			{host: a, back: true, code: 221, arg: "bye"},
		}, [][]int{{1, 2, 3, 4, 12, 13, 14}, {5, 6, 7, 8, 9, 10, 11}}},
	}
	for _, timeless := range []bool{false, true} {
		for _, tt := range tests {
			if timeless && tt.rows[len(tt.rows)-1].at > 0 {
				continue
			}
			t.Run(fmt.Sprint(tt.name, ", timeless ", timeless), func(t *testing.T) {
				w := newWatch(t)
				for _, r := range tt.rows {
					if timeless {
						r.at = -1
					}
					w.add(r)
				}
				w.close()
				w.want(tt.want...)
			})
		}
	}
}

// TestMatchStreams checks that rows that can go nowhere else do not wait.
func TestMatchStreams(t *testing.T) {
	w := newWatch(t)
	for _, v := range []logparse.Verb{logparse.VerbHELO, logparse.VerbMAIL, logparse.VerbRCPT, logparse.VerbDATA, logparse.VerbQUIT} {
		w.add(row{host: "192.0.2.1", helo: "x", verb: v, code: 250})
		if n := w.m.pending(); n != 0 {
			t.Errorf("%d rows wait after %v", n, v)
		}
	}
	if len(w.sessions) != 1 || !w.sessions[0].finished || w.sessions[0].ambiguous {
		t.Errorf("sessions %+v", w.sessions)
	}
	w.close()
}

// TestMatchSilence checks that ten minutes of log time end a connection, and
// that a log that goes back does.
func TestMatchSilence(t *testing.T) {
	for _, later := range []int64{599, 600, -3601} {
		w := newWatch(t)
		w.add(row{host: "192.0.2.1", helo: "x", verb: logparse.VerbHELO, code: 250})
		w.m.advance(1, outcome.At(time.Unix(1772438400+later, 0), 0))
		w.m.advance(2, outcome.At(time.Unix(1772438400+9999, 0), 0))
		if got, want := w.sessions[0].finished, later != 599; got != want {
			t.Errorf("after %d s: finished %v", later, got)
		}
		w.close()
	}
}

// TestMatchBack checks that what is silent ends in time too where a log went back.
func TestMatchBack(t *testing.T) {
	w := newWatch(t)
	for i, at := range []int64{90_000, 300, 500, 901} {
		w.add(row{at: at, host: fmt.Sprint("192.0.2.", i), helo: "x", verb: logparse.VerbHELO, code: 250})
	}
	for i, s := range w.sessions {
		if got, want := s.finished, i < 2; got != want {
			t.Errorf("session %d: finished %v", i, got)
		}
	}
	w.close()
}

// randomRow returns a row that need not make sense.
func randomRow(rng *rand.Rand, at *int64) row {
	verbs := []logparse.Verb{logparse.VerbHELO, logparse.VerbEHLO, logparse.VerbMAIL, logparse.VerbRCPT, logparse.VerbDATA,
		logparse.VerbBDAT, logparse.VerbRSET, logparse.VerbQUIT, logparse.VerbSTARTTLS, logparse.VerbAUTH, logparse.VerbOther}
	codes := []int{0, 220, 221, 235, 240, 250, 250, 250, 334, 354, 421, 450, 500, 503, 550}
	*at += int64(rng.ExpFloat64() * 2)
	r := row{at: *at, host: fmt.Sprint("192.0.2.", rng.IntN(3)), verb: verbs[rng.IntN(len(verbs))], code: codes[rng.IntN(len(codes))],
		arg: "FROM:<a@example.com>", took: int64(rng.IntN(3)-1) * 700}
	switch rng.IntN(4) {
	case 0:
		r.out = true
	case 1:
		r.back = true
	case 2:
		r.helo = "x"
	}
	switch rng.IntN(200) {
	case 0:
		*at += 700
	case 1:
		*at = max(*at-4000, 0)
	case 2:
		r.at = -1
	}
	return r
}

// TestMatchAnyRows checks with rows in any order that each is placed once and
// in order (see watch).
func TestMatchAnyRows(t *testing.T) {
	for seed := range uint64(4) {
		rng := rand.New(rand.NewPCG(seed, 1))
		w := newWatch(t)
		at := int64(0)
		for range 700 {
			w.add(randomRow(rng, &at))
		}
		w.close()
	}
}

func FuzzMatch(f *testing.F) {
	f.Add(uint64(1), []byte("rows"))
	f.Add(uint64(2), []byte{0, 255, 17, 4, 9, 9, 9, 200})
	f.Fuzz(func(t *testing.T, seed uint64, steps []byte) {
		w := newWatch(t)
		at := int64(0)
		for i, b := range steps[:min(len(steps), 2000)] {
			w.add(randomRow(rand.New(rand.NewPCG(seed, uint64(b)+uint64(i%3)<<8)), &at))
		}
		w.close()
	})
}

// TestMatchCrowd opens 20,000 connections of one host at once. The work on a row
// must not grow with their number.
func TestMatchCrowd(t *testing.T) {
	const most = hypothesesTimesOpen + 4*maxHypotheses
	for _, out := range []bool{false, true} {
		n := 20_000
		if out {
			n = 2000
		}
		w := newWatch(t)
		verbs := []logparse.Verb{logparse.VerbEHLO, logparse.VerbMAIL, logparse.VerbQUIT}
		if out {
			verbs[0] = logparse.VerbNone
		}
		for _, v := range verbs {
			for range n {
				before := w.m.work
				switch {
				case out && v == logparse.VerbNone:
					w.add(row{host: "192.0.2.1", back: true, code: 220})
				case out:
					w.add(row{host: "192.0.2.1", out: true, verb: v})
				default:
					w.add(row{host: "192.0.2.1", helo: "x", verb: v, code: 250})
				}
				if work := w.m.work - before; work > most {
					t.Fatalf("%v: %d comparisons for one row", v, work)
				}
			}
		}
		if !out && len(w.sessions) != n {
			t.Errorf("%d sessions", len(w.sessions))
		}
		w.close()
		for _, s := range w.sessions {
			if !s.ambiguous {
				t.Fatalf("a session of a crowd is not ambiguous")
			}
		}
	}
}

// TestMatchCap checks that no more rows wait than may.
func TestMatchCap(t *testing.T) {
	w := newWatch(t)
	w.m.limit = 1000
	for i := range w.m.limit {
		host := fmt.Sprintf("10.0.%d.%d", i>>8, i&255)
		for _, v := range []logparse.Verb{logparse.VerbHELO, logparse.VerbHELO, logparse.VerbMAIL, logparse.VerbMAIL, logparse.VerbRCPT,
			logparse.VerbRCPT, logparse.VerbRCPT} {
			w.add(row{host: host, helo: "x", verb: v, code: 250})
			if n := w.m.pending(); n > w.m.limit {
				t.Fatalf("%d rows wait", n)
			}
		}
	}
	if w.m.capped == 0 {
		t.Error("the cap was not reached")
	}
	w.close()
}

// TestMatchRoom checks that the rows that wait take no more memory than they may.
func TestMatchRoom(t *testing.T) {
	w := newWatch(t)
	w.m.room = 1 << 20
	helo := strings.Repeat("x", 5000)
	most := 0
	for i := range 200 {
		host := fmt.Sprintf("10.0.0.%d", i)
		for _, v := range []logparse.Verb{logparse.VerbHELO, logparse.VerbHELO, logparse.VerbMAIL, logparse.VerbMAIL, logparse.VerbRCPT,
			logparse.VerbRCPT, logparse.VerbRCPT} {
			w.add(row{host: host, helo: helo, verb: v, code: 250})
			most = max(most, w.m.held)
		}
	}
	if w.m.capped == 0 || most < w.m.room/2 || most > w.m.room {
		t.Errorf("capped %d times, at most %d bytes of %d", w.m.capped, most, w.m.room)
	}
	w.close()
}

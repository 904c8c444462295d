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
)

// described is all that a session says.
func described(s *Session) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", s.AppendJSON(nil))
	return b.String() + counted(s)
}

// counted is all that is counted of a session.
func counted(s *Session) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%+v %+v %d %v %v\n", s.Results, s.Replies, s.number, s.refusedIn, s.Unused)
	for i := range s.Transactions {
		t := &s.Transactions[i]
		fmt.Fprintf(&b, "%q %v %s %+v %+v %+v %+v\n", t.From, t.HasFrom, t.Result, t.Recipients, t.Mail, t.Data, t.EndOfData)
	}
	for o := range s.Outcomes {
		fmt.Fprintf(&b, "%+v\n", *o)
	}
	return b.String()
}

// checkBriefs fails unless briefs give the sessions that states alone give, and
// place records as they do, and rows that go on give those that all others give.
func checkBriefs(t *testing.T, add func(each func(*logparse.Record))) (sessions int) {
	t.Helper()
	var want, wantCounts []string
	states := NewBuilder(&Options{Terse: true}, func(s *Session) {
		want, wantCounts = append(want, described(s)), append(wantCounts, counted(s))
	})
	states.briefly, states.loosely = false, false
	add(states.add)
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
	var counts []string
	unnamed := NewBuilder(&Options{Terse: true, Unnamed: true}, func(s *Session) { counts = append(counts, counted(s)) })
	add(unnamed.Add)
	unnamed.Close()
	if !slices.Equal(counts, wantCounts) {
		t.Errorf("without names:\n%s\nwant\n%s", strings.Join(counts, ""), strings.Join(wantCounts, ""))
	}
	wantWhole, wholeStates := wholeBy((*Builder).add, add)
	gotWhole, whole := wholeBy((*Builder).Add, add)
	for i := range max(len(wantWhole), len(gotWhole)) {
		if i >= len(gotWhole) || i >= len(wantWhole) || gotWhole[i] != wantWhole[i] {
			t.Errorf("session %d of %d is\n%s\nwant\n%s", i, len(wantWhole), gotWhole[i:min(i+1, len(gotWhole))], wantWhole[i:min(i+1, len(wantWhole))])
			break
		}
	}
	wantPlaced, placedStates := placedBy(false, add)
	gotPlaced, placed := placedBy(true, add)
	if !slices.Equal(gotPlaced, wantPlaced) {
		t.Errorf("placed:\n%s\nwant\n%s", strings.Join(gotPlaced, "\n"), strings.Join(wantPlaced, "\n"))
	}
	for _, b := range []*Builder{states, briefs, unnamed, placedStates, placed, wholeStates, whole} {
		if b.order != states.order {
			t.Errorf("%d records, want %d", b.order, states.order)
		}
		empty(t, b)
		if b.index.used != 0 || len(b.vacant) != len(b.states) || len(b.briefs.free) != int(b.briefs.made) || len(b.freeOfNotes) != len(b.notes) {
			t.Errorf("left are %d in the index, %d of %d states, %d of %d briefs, %d of %d notes", b.index.used,
				len(b.vacant), len(b.states), len(b.briefs.free), b.briefs.made, len(b.freeOfNotes), len(b.notes))
		}
	}
	return sessions
}

// placedBy returns what [Options.Placed] is told, with briefs or without.
func placedBy(loosely bool, add func(each func(*logparse.Record))) (out []string, b *Builder) {
	b = NewBuilder(&Options{Terse: true, Placed: func(rec *logparse.Record, id string, secret bool) {
		out = append(out, fmt.Sprintf("%v %s %v", rec.Pos, id, secret))
	}}, func(*Session) {})
	each := b.Add
	if !loosely {
		b.loosely, each = false, b.add
	}
	add(each)
	b.Close()
	return out, b
}

// wholeBy returns the sessions with their transcripts, of records that are added
// in that way.
func wholeBy(way func(*Builder, *logparse.Record), add func(each func(*logparse.Record))) (out []string, b *Builder) {
	b = NewBuilder(&Options{Transcript: true}, func(s *Session) { out = append(out, string(s.AppendJSON(nil))) })
	add(func(rec *logparse.Record) { way(b, rec) })
	b.Close()
	return out, b
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
					r := logparse.NewReader(bytes.NewReader(log.Bytes()), "x.log", &logparse.Options{Sparse: true})
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

// TestBriefsOfTornLogs reads logs whose rows went missing, stand elsewhere or have
// the wrong hour, of two files of one server and one of another: what is known of
// a conversation from its rows before, or of a peer, must hold for them.
func TestBriefsOfTornLogs(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 1))
	formats := []logparse.Format{logparse.ExchangeReceive, logparse.ExchangeSend, logparse.IISW3C, logparse.IISW3C, logparse.IISNCSA, logparse.IISMSIIS}
	for seed := range uint64(24) {
		format := formats[seed%6]
		var log bytes.Buffer
		opt := testlog.Options{Seed: seed, Format: format, Connections: 100, Hosts: 8}
		if !format.HasSessionID() {
			opt.Outbound = 0.3
		}
		if _, err := testlog.Generate(&log, opt); err != nil {
			t.Fatal(err)
		}
		rows := strings.SplitAfter(log.String(), "\n")
		for range len(rows) / 10 {
			i := 10 + rng.IntN(len(rows)-20)
			switch j := i + rng.IntN(10); rng.IntN(3 + 2*int(seed/6%2)) {
			case 0:
				rows = slices.Delete(rows, i, i+1)
			case 1:
				rows[i], rows[j] = rows[j], rows[i]
			case 2:
				rows = slices.Insert(rows, j, rows[i])
			case 3:
				rows[i] = strings.ReplaceAll(rows[i], " GATE", " GATF") // another server
			case 4:
				rows[i] = strings.Replace(rows[i], "08:", []string{"07:", "06:", "09:"}[rng.IntN(3)], 1)
			}
		}
		torn := strings.Join(rows, "")
		checkBriefs(t, func(each func(*logparse.Record)) {
			readers := []*logparse.Reader{
				logparse.NewReader(strings.NewReader(torn), "a/x.log", nil),
				logparse.NewReader(strings.NewReader(torn), "a/y.log", &logparse.Options{Sparse: true}),
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

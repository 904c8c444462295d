package session

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/testlog"
)

// A measure says how well rows were dealt out.
type measure struct {
	together, right, should float64 // pairs of rows: put together, rightly so, and those that belong together
	sessions, ambiguous     float64
	rows, wrong, wrongKnown float64 // wrongly placed rows, and those of them in ambiguous sessions
}

func (a *measure) add(b measure) {
	a.together += b.together
	a.right += b.right
	a.should += b.should
	a.sessions += b.sessions
	a.ambiguous += b.ambiguous
	a.rows += b.rows
	a.wrong += b.wrong
	a.wrongKnown += b.wrongKnown
}

func (a *measure) precision() float64 { return a.right / max(a.together, 1) }
func (a *measure) recall() float64    { return a.right / max(a.should, 1) }
func (a *measure) String() string {
	return fmt.Sprintf("precision %.4f recall %.4f, ambiguous %.1f%%, wrong %.2f%% of them known %.1f%%",
		a.precision(), a.recall(), 100*a.ambiguous/a.sessions, 100*a.wrong/a.rows, 100*a.wrongKnown/max(a.wrong, 1))
}

// rebuilt is a session as the matcher dealt it out.
type rebuilt struct {
	rows      []int // indexes in the log
	ambiguous bool
	finished  bool
}

// deal runs a log through the matcher.
func deal(t testing.TB, log []byte, format logparse.Format) (sessions []*rebuilt, m *matcher) {
	t.Helper()
	index := map[int64]int{}
	m = newMatcher(func(s *slot, rec *logparse.Record) {
		r, _ := s.owner.(*rebuilt)
		if r == nil {
			r = &rebuilt{}
			s.owner = r
			sessions = append(sessions, r)
		}
		r.rows = append(r.rows, index[rec.Pos.Line])
	}, func(s *slot) {
		r := s.owner.(*rebuilt)
		r.finished, r.ambiguous = true, s.ambiguous
	})
	rd := logparse.NewReader(bytes.NewReader(log), "test.log", &logparse.Options{Format: format, DateOrder: logparse.MDY})
	for {
		rec, err := rd.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		index[rec.Pos.Line] = len(index)
		m.add(1, rec)
	}
	m.close()
	return sessions, m
}

// compare holds rebuilt sessions against the truth.
func compare(truth *testlog.Truth, sessions []*rebuilt) measure {
	pairs := func(n int) float64 { return float64(n) * float64(n-1) / 2 }
	var a measure
	size := map[int]int{}
	for _, s := range truth.Rows {
		size[s]++
	}
	for _, n := range size {
		a.should += pairs(n)
	}
	for _, s := range sessions {
		a.sessions++
		if s.ambiguous {
			a.ambiguous++
		}
		of := map[int]int{}
		for _, row := range s.rows {
			of[truth.Rows[row]]++
		}
		most := 0
		for _, n := range of {
			a.right += pairs(n)
			most = max(most, n)
		}
		a.together += pairs(len(s.rows))
		a.rows += float64(len(s.rows))
		a.wrong += float64(len(s.rows) - most)
		if s.ambiguous {
			a.wrongKnown += float64(len(s.rows) - most)
		}
	}
	return a
}

func TestMatchMeasured(t *testing.T) {
	scenarios := []struct {
		name           string
		hosts, at      int
		same, distinct bool
		outbound       float64
		pace           testlog.Pace
		want           float64
	}{
		{"distinct hosts", 100, 1, false, true, 0.5, testlog.AnyPace, 0.999},
		{"4 at once, different HELO", 40, 4, false, true, 0, testlog.AnyPace, 0.999},
		{"2 at once, inbound", 60, 2, true, false, 0, testlog.AnyPace, 0.92},
		{"4 at once, inbound", 60, 4, true, false, 0, testlog.AnyPace, 0.80},
		{"2 at once, outbound", 60, 2, true, false, 1, testlog.AnyPace, 0.92},
		{"4 at once, outbound", 60, 4, true, false, 1, testlog.AnyPace, 0.80},
	}
	formats := []logparse.Format{logparse.IISW3C, logparse.IISNCSA, logparse.IISMSIIS}
	for _, sc := range scenarios {
		for _, f := range formats {
			var sum measure
			for seed := range uint64(5) {
				var log bytes.Buffer
				truth, err := testlog.Generate(&log, testlog.Options{Seed: seed + 1, Format: f, Connections: 400, Hosts: sc.hosts,
					AtOnce: sc.at, SameHelo: sc.same, Outbound: sc.outbound, Pace: sc.pace})
				if err != nil {
					t.Fatal(err)
				}
				sessions, _ := deal(t, log.Bytes(), f)
				sum.add(compare(truth, sessions))
			}
			t.Logf("%-28s %-10s %v", sc.name, f, &sum)
		}
	}
}

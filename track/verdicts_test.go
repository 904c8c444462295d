package track

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/track/testworld"
)

// tally writes what is counted of a message.
func tally(m *Message) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %q %s %v %v %s %s %s %v\n", m.MessageID, m.NetworkID, m.Sender, m.Status,
		m.HasLatency, m.Latency, m.First, m.Last, m.Ended, m.Origination)
	for i := range m.Recipients {
		r := &m.Recipients[i]
		fmt.Fprintf(&b, " %s %s %s\n", r.Address, r.Status, r.At)
		if r.Status != Delivered {
			fmt.Fprintf(&b, " %s %s %s %d\n", r.Server, r.Host, r.From, r.Deferrals)
		}
	}
	for _, h := range m.Holes {
		fmt.Fprintf(&b, " %s\n", h.Text)
	}
	for o := range m.Outcomes {
		fmt.Fprintf(&b, " %+v\n", *o)
	}
	return b.String()
}

// Verdicts alone are those of the whole messages, in the same order.
func TestVerdictsOnly(t *testing.T) {
	for seed := range uint64(3) {
		random := rand.New(rand.NewPCG(seed, 1))
		opt := testworld.Options{Seed: seed, Messages: 80, Span: 30 * time.Hour, Trace: testworld.TraceLayout(seed % 3)}
		if seed > 1 {
			opt.Lose = func(string) bool { return random.IntN(4) == 0 }
		}
		rows := trackingRecords(t, testworld.Play(opt))
		slices.SortStableFunc(rows, func(x, y *logparse.Record) int { return x.Time.Compare(y.Time) })
		var both [2][]string
		for i, only := range []bool{false, true} {
			b := NewBuilder(&Options{VerdictsOnly: only}, func(m *Message) {
				if only && (m.Hops != nil || m.Sessions != nil) {
					t.Fatalf("%s has hops", m.MessageID)
				}
				both[i] = append(both[i], tally(m))
			})
			for k, rec := range rows {
				if k%50 == 0 {
					b.Upcoming(rec.Time)
				}
				b.Add(rec)
			}
			b.Close()
		}
		if got, want := strings.Join(both[1], ""), strings.Join(both[0], ""); got != want {
			t.Errorf("seed %d:\n%s", seed, firstDifference(got, want))
		}
	}
}

// What is handed out at the end comes in one order, however it is cut.
func TestCloseOrder(t *testing.T) {
	rows := trackingRecords(t, testworld.Play(testworld.Options{Seed: 3, Messages: 400, Only: []testworld.Story{testworld.Local, testworld.Waiting}}))
	messages := build(rows)
	if len(messages) <= closeBatch || !slices.IsSortedFunc(messages, compareMessages) {
		t.Errorf("%d messages in order: %v", len(messages), slices.IsSortedFunc(messages, compareMessages))
	}
}

// Rows come out of clusters as they went in, from merged ones too.
func TestPack(t *testing.T) {
	w := testworld.Play(testworld.Options{Seed: 4, Messages: 60, Export: []string{"EX3"}})
	rows := trackingRecords(t, w)
	random := rand.New(rand.NewPCG(1, 1))
	b := NewBuilder(nil, nil)
	short := 0
	for range 50 {
		c := newClusters()
		var clusters [3]*cluster
		var want [3][]string
		for i := range clusters {
			clusters[i] = c.add()
			for range random.IntN(12) {
				var e Event
				rec := rows[random.IntN(len(rows))]
				Parse(rec, &e)
				q := &b.row
				if o := b.origin(rec); o != nil && q.number(rec, b.common) && random.IntN(4) > 0 {
					c.packQuick(clusters[i], q, o, rec)
					short++
				} else {
					c.pack(clusters[i], &e, b.common)
				}
				want[i] = append(want[i], shown(&e))
			}
		}
		c.take(clusters[0], clusters[1])
		c.take(clusters[0], clusters[2])
		events := make([]*Event, clusters[0].rows)
		for i := range events {
			events[i] = new(Event)
		}
		c.unpack(clusters[0], events, &b.packing)
		var got []string
		for _, e := range events {
			got = append(got, shown(e))
		}
		if all := slices.Concat(want[:]...); !slices.Equal(got, all) {
			t.Fatalf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(all, "\n"))
		}
	}
	if short < 100 {
		t.Errorf("%d rows went the short way", short)
	}
}

// shown writes what is kept of a row.
func shown(e *Event) string {
	return fmt.Sprintf("%v %v %v %q %q %v %v %v %v", e.Pos, e.Format, e.Time, e.raw[:keptColumns], e.Recipients, e.Related, e.References, e.Session, e.Origination)
}

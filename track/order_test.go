package track

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/track/testworld"
)

// trackingRecords returns all rows of a world's tracking logs.
func trackingRecords(t testing.TB, w *testworld.World) []*logparse.Record {
	t.Helper()
	var records []*logparse.Record
	for _, log := range worldLogs(t, w) {
		if !tracked(log.format) {
			continue
		}
		for rec, err := range logparse.NewReader(bytes.NewReader(decoded(log.file.Data)), log.file.Path, nil).Records() {
			if err != nil {
				t.Fatal(err)
			}
			records = append(records, rec.Clone())
		}
	}
	return records
}

// asText returns the messages as JSON, one a line, in an order of its own.
func asText(messages []*Message) string {
	var lines []string
	for _, m := range messages {
		c := *m
		c.Ended, c.Sessions = "", nil
		lines = append(lines, string(c.AppendJSON(nil)))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func build(records []*logparse.Record) []*Message {
	var messages []*Message
	b := NewBuilder(nil, func(m *Message) { messages = append(messages, m) })
	for _, rec := range records {
		b.Add(rec)
	}
	b.Close()
	return messages
}

// Whatever the order of the rows, the messages are the same, and so they are
// when they are handed out on the way.
func TestOrder(t *testing.T) {
	for seed := range uint64(3) {
		w := testworld.Play(testworld.Options{Seed: seed, Messages: 60, Span: 30 * time.Hour, Trace: testworld.TraceLayout(seed)})
		records := trackingRecords(t, w)
		want := asText(build(records))
		random := rand.New(rand.NewPCG(seed, 1))
		for range 1 + int(seed)%2 {
			random.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
			if got := asText(build(records)); got != want {
				t.Fatalf("seed %d: another order gives other messages:\n%s", seed, firstDifference(got, want))
			}
		}
		messages, b := follow(t, w, nil)
		if got := asText(messages); got != want {
			t.Errorf("seed %d: messages that are handed out on the way differ:\n%s", seed, firstDifference(got, want))
		}
		early := 0
		for _, m := range messages {
			if m.Ended == EndedComplete {
				early++
			}
		}
		if early == 0 || b.Cut() != 0 {
			t.Errorf("seed %d: %d messages complete, %d cut", seed, early, b.Cut())
		}
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return "got  " + g[i] + "\nwant " + w[i]
		}
	}
	return "one has more messages"
}

// Messages whose window is over are handed out while rows still come, and rows
// are not held without bound.
func TestStreaming(t *testing.T) {
	w := testworld.Play(testworld.Options{Seed: 5, Messages: 150, Span: 240 * time.Hour, Only: []testworld.Story{testworld.Local, testworld.Outbound, testworld.Waiting}})
	records := trackingRecords(t, w)
	slices.SortStableFunc(records, func(a, b *logparse.Record) int { return a.Time.Compare(b.Time) })
	var messages []*Message
	b := NewBuilder(nil, func(m *Message) { messages = append(messages, m) })
	most := 0
	for i, rec := range records {
		b.Upcoming(rec.Time)
		b.Add(rec)
		most = max(most, b.clusters.rows)
		if i == len(records)-1 && len(messages) < 70 {
			t.Errorf("%d messages before Close", len(messages))
		}
	}
	b.Close()
	if most > len(records)*6/10 {
		t.Errorf("held %d of %d rows", most, len(records))
	}
	if b.Cut() == 0 {
		t.Error("no waiting message was cut")
	}
	for _, m := range messages {
		if m.Ended == EndedCut && m.complete() {
			t.Errorf("%s is complete and cut", m.MessageID)
		}
	}
	if got, want := len(messages), len(build(records)); got != want {
		t.Errorf("%d messages, want %d", got, want)
	}
}

func TestMaxRows(t *testing.T) {
	w := testworld.Play(testworld.Options{Seed: 6, Messages: 60, Only: []testworld.Story{testworld.Local}})
	records := trackingRecords(t, w)
	for _, memory := range []int64{0, 20_000} {
		rows, messages := 0, int64(0)
		b := NewBuilder(&Options{Memory: memory}, func(m *Message) {
			rows += len(m.Hops)
			messages++
		})
		if memory == 0 {
			b.maxRows = 50
		}
		for _, rec := range records {
			out, capped := messages, b.Capped()
			b.Add(rec)
			if n := b.Capped() - capped; n > 0 && n != messages-out {
				t.Errorf("%d messages were handed out early, %d counted", messages-out, n)
			}
			if b.clusters.rows > b.maxRows || b.clusters.held() > b.maxHeld {
				t.Fatalf("%d rows with %d bytes are held", b.clusters.rows, b.clusters.held())
			}
		}
		b.Close()
		if b.Capped() == 0 || int64(rows)+b.Unassigned() != int64(len(records)) {
			t.Errorf("%d messages capped, %d rows of %d", b.Capped(), rows, len(records))
		}
		if b.clusters.rows != 0 || b.clusters.held() != 0 {
			t.Errorf("%d rows with %d bytes are left", b.clusters.rows, b.clusters.held())
		}
	}
}

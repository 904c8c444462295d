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

// forks writes rows of messages, one every minute, of each of which there are two
// forks: one is delivered, of the other nothing more is heard.
func forks(start time.Time, n int) string {
	log := "#Fields: " + names2016 + "\n"
	for i := range n {
		at := start.Add(time.Duration(i) * time.Minute).Format("2006-01-02T15:04:05.000Z")
		for fork, event := range []string{"RECEIVE", "DELIVER", "RECEIVE"} {
			log += row(names2016, fmt.Sprintf("date-time=%s|server-hostname=EX7|source=STOREDRIVER|event-id=%s|message-id=<fork%d@example.org>|"+
				"network-message-id=08dabc13-0000-4000-8000-%06d00000%d|recipient-address=x%d@example.com|sender-address=a@example.org|",
				at, event, i, i, 1+fork/2, fork/2)) + "\n"
		}
	}
	return log
}

// Messages are the same in the same order, however many goroutines work on
// them, on the way and at the end.
func TestJobs(t *testing.T) {
	defer func(n int) { batchSize = n }(batchSize)
	batchSize = 2
	for seed := range uint64(4) {
		random := rand.New(rand.NewPCG(seed, 6))
		opt := testworld.Options{Seed: seed, Messages: 60, Span: 8 * time.Hour, Trace: testworld.TraceLayout(seed % 3), Export: []string{"EX3"}}
		if seed > 1 {
			opt.Lose = func(string) bool { return random.IntN(4) == 0 }
		}
		rows := trackingRecords(t, testworld.Play(opt))
		rows = append(rows, records(t, []byte(forks(rows[0].Time.Time(), 40)), logparse.Tracking)...)
		slices.SortStableFunc(rows, func(x, y *logparse.Record) int { return x.Time.Compare(y.Time) })
		texts := map[int]string{}
		for _, jobs := range []int{1, 2, 5} {
			var all strings.Builder
			b := NewBuilder(&Options{VerdictsOnly: true, Jobs: jobs, Window: 2 * time.Hour, Settled: 10 * time.Minute}, func(m *Message) {
				all.WriteString(tally(m))
			})
			for k, rec := range rows {
				if k%200 == 0 {
					b.Upcoming(rec.Time)
				}
				b.Add(rec)
			}
			b.Close()
			texts[jobs] = fmt.Sprint(all.String(), b.Cut(), b.Capped(), b.Unassigned(), len(b.clusters.open), b.clusters.bytes)
			if texts[jobs] != texts[1] {
				t.Errorf("seed %d, %d jobs:\n%s", seed, jobs, firstDifference(texts[jobs], texts[1]))
			}
		}
	}
}

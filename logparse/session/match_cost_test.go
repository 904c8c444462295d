package session

import (
	"bytes"
	"testing"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/testlog"
)

// played returns the records of a played log.
func played(t testing.TB, opt testlog.Options) []*logparse.Record {
	t.Helper()
	var log bytes.Buffer
	if _, err := testlog.Generate(&log, opt); err != nil {
		t.Fatal(err)
	}
	var records []*logparse.Record
	rd := logparse.NewReader(&log, "test.log", &logparse.Options{Format: opt.Format, DateOrder: logparse.MDY})
	for rec, err := range rd.Records() {
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, rec.Clone())
	}
	return records
}

// TestMatchCost deals out a log of hosts that open one connection after the
// other and every now and then lose one without a word, which then stays open
// for ten minutes. That must not make all that follows dear.
func TestMatchCost(t *testing.T) {
	for _, outbound := range []float64{0, 1} {
		records := played(t, testlog.Options{Seed: 7, Format: logparse.IISW3C, Connections: 3000, Hosts: 40, Outbound: outbound})
		m := newMatcher(func(*slot, *logparse.Record) {}, func(*slot) {})
		next, waiting := 0, 0
		feed := func(n int) {
			for range n {
				m.add(1, records[next])
				next++
				waiting = max(waiting, m.pending())
			}
		}
		feed(len(records) / 2)
		const runs = 10
		part := (len(records) - next) / (runs + 1)
		before := m.work
		allocated := testing.AllocsPerRun(runs, func() { feed(part) }) / float64(part)
		work := float64(m.work-before) / float64(part*(runs+1))
		t.Logf("outbound %v: %d rows, %.2f comparisons and %.2f allocations a row, at most %d rows wait",
			outbound, len(records), work, allocated, waiting)
		if work > 8 {
			t.Errorf("outbound %v: %.2f comparisons of a row with a connection", outbound, work)
		}
		if allocated > 0.15 { // a key for each connection
			t.Errorf("outbound %v: %.2f allocations a row", outbound, allocated)
		}
		if waiting > 10*40 {
			t.Errorf("outbound %v: %d rows wait", outbound, waiting)
		}
		m.close()
	}
}

package session

import (
	"slices"
	"testing"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/testlog"
)

// Of several connections, the only one that may say a row is the one that
// weighing would find the likeliest, or nearly so, and mostly without doubt.
func TestOnly(t *testing.T) {
	rows, placed, doubted, less := 0, 0, 0, 0
	for seed := range uint64(12) {
		format := []logparse.Format{logparse.IISW3C, logparse.IISNCSA, logparse.IISMSIIS}[seed%3]
		records := played(t, testlog.Options{Seed: seed, Format: format, Connections: 250, Hosts: 20, AtOnce: 1 + int(seed%3),
			Outbound: float64(seed%4) / 3, SameHelo: true})
		m := newMatcher(func(*slot, *logparse.Record) {}, func(*slot) {})
		weighing := newMatcher(nil, nil)
		for _, rec := range records {
			key := clusterKey{m.clock(1), rec.Direction, rec.Connector, rec.Remote, rec.Helo}
			if c := m.clusters.find(&key, key.hash()); c != nil && len(c.hypotheses) == 1 && c.oldest == nil {
				rows++
				r := &weighing.row
				r.read(rec)
				if j := weighing.only(c); j != nowhere {
					placed++
					r.look(rec)
					h := *c.hypotheses[0]
					h.conns = slices.Clone(h.conns)
					weighing.collect(&cluster{order: c.order + 1, hypotheses: []*hypothesis{&h}})
					got := weighing.beam.candidates
					i := slices.IndexFunc(got, func(x candidate) bool { return int(x.conn) == j })
					switch {
					case i < 0 || got[0].rank-got[i].rank > 3:
						t.Errorf("seed %d, %v: %v is the only one, but weighing has %+v", seed, rec.Pos, j, got)
					case got[0].rank-got[i].rank > 1:
						less++ // one that is forgotten would come before
					}
					if len(got) > 1 {
						doubted++
					}
				}
			}
			m.add(1, rec)
		}
	}
	if placed < rows/2 || doubted > placed/20 || less > placed/1000 {
		t.Errorf("of %d rows %d were placed, %d of them in doubt, %d where weighing would not have them", rows, placed, doubted, less)
	}
}

package session

import (
	"testing"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/testlog"
)

// What goes to the current connection of a cluster at once would go there when all
// of its connections are looked at too.
func TestCurrent(t *testing.T) {
	rows, placed, besides := 0, 0, 0
	for seed := range uint64(12) {
		format := []logparse.Format{logparse.IISW3C, logparse.IISNCSA, logparse.IISMSIIS}[seed%3]
		records := played(t, testlog.Options{Seed: seed, Format: format, Connections: 400, Hosts: 20, AtOnce: 1 + int(seed%3),
			Outbound: float64(seed%4) / 3, SameHelo: true})
		var went *slot
		m := newMatcher(func(s *slot, _ *logparse.Record) { went = s }, func(*slot) {})
		other := newMatcher(nil, nil)
		for _, rec := range records {
			rows++
			key := clusterKey{m.clock(1), rec.Direction, rec.Connector, rec.Remote, rec.Helo}
			c := m.clusters.find(&key, key.hash())
			if c == nil || c.current.conn == nil {
				m.add(1, rec)
				continue
			}
			r := &other.row
			r.read(rec)
			if !c.goesOn(r) {
				m.add(1, rec)
				continue
			}
			placed++
			if len(c.hypotheses) > 0 {
				besides++
				if j := other.only(c); j < 0 || &c.hypotheses[0].conns[j] != c.current.conn {
					t.Errorf("seed %d, %v: the row goes to the connection that began with row %d, of all it is for the %d-th",
						seed, rec.Pos, c.current.conn.first, j)
				}
			}
			slot := c.current.slot
			if m.add(1, rec); went != slot {
				t.Errorf("seed %d, %v: the row did not go to the current connection", seed, rec.Pos)
			}
		}
	}
	if placed < rows/3 || besides < rows/20 {
		t.Errorf("of %d rows %d went to current connections, %d of them beside others", rows, placed, besides)
	}
}

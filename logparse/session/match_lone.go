package session

import (
	"math"

	"github.com/smtplog/smtplog/logparse"
)

// A lone connection is the only one of its cluster, and no row waits. Nearly
// all connections are so for most of their time. It is kept in the cluster
// itself; a row that may be something else than its next step unfolds it into a
// hypothesis.
type lone struct {
	open   bool // false before the cluster's first row
	slot   *slot
	conn   conn
	habits habits
}

// since returns when the connection had its last row, now if there is none.
func (l *lone) since(now int64) int64 {
	if l.open {
		return min(now, l.conn.clock)
	}
	return now
}

// placeLone places a row that begins the cluster's connection or is surely the
// next one of it. It reports whether the row is one of these.
func (m *matcher) placeLone(c *cluster, rec *logparse.Record) bool {
	r, l := &m.row, &c.lone
	m.work++
	switch {
	case !l.open:
		l.open, l.slot = true, m.pool.newSlot()
		r.open(&l.conn, &l.habits, nil)
	case c.several(r) && r.verb.greets() || !l.conn.surely(r):
		return false
	}
	over := l.conn.take(r, c.order, &l.habits)
	m.place(l.slot, rec)
	if over {
		m.empty(c)
		return true
	}
	c.current = l.current()
	return true
}

// current returns the connection as the current one of its cluster.
func (l *lone) current() current {
	return current{conn: &l.conn, slot: l.slot, habits: &l.habits, since: math.MinInt64}
}

// unfold makes a hypothesis of a lone connection.
func (m *matcher) unfold(c *cluster) {
	if len(c.hypotheses) > 0 {
		return
	}
	l := &c.lone
	c.current = current{}
	h := m.pool.newHypothesis(2)
	h.habits = l.habits
	if l.open {
		h.conns = append(h.conns, l.conn)
		h.sum = l.conn.mark()
		c.slots = append(c.slots, openSlot{l.conn.first, l.slot})
		l.open, l.slot = false, nil
	}
	c.hypotheses = append(c.hypotheses, h)
}

// fold makes a lone connection of the only one of a cluster that has no other
// hypotheses and no rows that wait.
func (m *matcher) fold(c *cluster) {
	l, h := &c.lone, c.hypotheses[0]
	i := c.slotOf(h.conns[0].first)
	if i < 0 || len(c.slots) > 1 {
		return
	}
	l.open, l.slot, l.conn, l.habits = true, c.slots[i].slot, h.conns[0], h.habits
	c.current = l.current()
	c.slots = c.slots[:0]
	m.pool.drop(h)
	c.hypotheses = c.hypotheses[:0]
}

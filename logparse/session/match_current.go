package session

import (
	"math"

	"github.com/smtplog/smtplog/logparse"
)

// Most rows are the next step of the connection that the row of their cluster
// before went to, and all others are gone: lost without a word, but not yet for
// so long that they are over.

// forgets is how long a lost connection must have been silent, in milliseconds of
// logged time, to be no alternative to one that surely says a row.
const forgets = 20_000

// A current connection is the one that the last row of its cluster went to, while
// that has no other hypothesis and no rows that wait.
type current struct {
	conn   *conn // nil for none
	slot   *slot
	habits *habits
	since  int64 // rows that began later find all others forgotten
}

// placeCurrent places a row that is surely the next one of the cluster's current
// connection, all others being forgotten. It reports whether the row is that.
func (m *matcher) placeCurrent(c *cluster, rec *logparse.Record) bool {
	if !c.goesOn(&m.row) {
		return false
	}
	over := m.takeCurrent(c)
	m.place(c.current.slot, rec)
	if over {
		m.endCurrent(c)
	}
	return true
}

// takeCurrent makes the row under way that of c's current connection. It reports
// whether that is over.
func (m *matcher) takeCurrent(c *cluster) bool {
	r, x := &m.row, &c.current
	m.work++
	if r.reply && len(c.hypotheses) > 0 {
		x.habits.learnTurn(true)
	}
	return x.conn.take(r, c.order, x.habits)
}

// endCurrent ends the current connection, which had its last row.
func (m *matcher) endCurrent(c *cluster) {
	if len(c.hypotheses) == 0 {
		m.empty(c)
	} else {
		m.leave(c)
	}
}

// goesOn reports whether r is surely the next row of c's current connection.
func (c *cluster) goesOn(r *matchRow) bool {
	x := &c.current
	switch {
	case r.began <= x.since, c.several(r) && r.verb.greets(), len(c.hypotheses) > 0 && x.conn.forgotten(r):
		return false
	}
	return x.conn.surely(r)
}

// leave ends the current connection, one of a hypothesis.
func (m *matcher) leave(c *cluster) {
	h, first := c.hypotheses[0], c.current.conn.first
	c.current = current{}
	for j := range h.conns {
		if h.conns[j].first == first {
			h.end(j)
			break
		}
	}
	if i := c.slotOf(first); i >= 0 {
		m.close1(c, i)
	}
	m.simplify(c)
}

// forgotten reports whether c is lost, and has been silent for so long until r
// that it is no alternative to another.
func (c *conn) forgotten(r *matchRow) bool { return c.gap(r) > forgets && c.lost(r) }

// othersForgotten returns when the last of h's connections but the j-th is
// forgotten, and false if that may never be. Rows must have times.
func (h *hypothesis) othersForgotten(j int) (since int64, ok bool) {
	since = math.MinInt64
	for i := range h.conns {
		x := &h.conns[i]
		switch {
		case i == j:
		case !x.timed:
			return 0, false
		default:
			since = max(since, x.at+max(x.waits(), forgets))
		}
	}
	return since, true
}

package session

import (
	"slices"

	"github.com/smtplog/smtplog/logparse"
)

// A crowd stands in for the hypotheses of a cluster with too many connections:
// each row goes to the connection that it fits best among those that had the
// last row of their kind. All of its connections are ambiguous.
type crowd struct {
	members []member
	free    []int32
	open    int
	kinds   [int(stages) * waitKinds]int32 // the latest member of each kind, -1 for none
	oldest  int32
	newest  int32
}

// waitKinds is the number of commands that a connection may wait for, and none.
const waitKinds = int(verbEOM) + 2

// A member is a connection of a crowd.
type member struct {
	conn         conn
	slot         *slot
	kind         int
	prev, next   int32 // of its kind, prev is later
	older, newer int32 // of all
}

// sparse is how few connections a crowd has when it is one no more.
const sparse = crowded / 4

func (c *conn) kind() int {
	k := int(c.stage) * waitKinds
	if c.waiting > 0 {
		k += 1 + int(c.wait[0].verb)
	}
	return k
}

// newCrowd returns a crowd of none.
func newCrowd() *crowd {
	w := &crowd{oldest: -1, newest: -1}
	for k := range w.kinds {
		w.kinds[k] = -1
	}
	return w
}

// gather makes a crowd of a cluster that was settled.
func (m *matcher) gather(c *cluster) {
	w, h := newCrowd(), c.hypotheses[0]
	for _, x := range h.conns {
		s := m.takeSlot(c, x.first)
		s.ambiguous = true
		m.join(w, x, s)
	}
	m.pool.used += crowdSize
	h.conns, h.sum = h.conns[:0], 0
	c.crowd, c.current = w, current{}
	c.check = c.clock + silence/8
}

// takeSlot takes the slot of a connection out of the cluster's list.
func (m *matcher) takeSlot(c *cluster, first int64) *slot {
	i := c.slotOf(first)
	if i < 0 {
		return m.pool.newSlot()
	}
	s := c.slots[i].slot
	c.slots = slices.Delete(c.slots, i, i+1)
	return s
}

// disperse turns a crowd into a hypothesis again.
func (m *matcher) disperse(c *cluster) {
	w, h := c.crowd, c.hypotheses[0]
	m.pool.used -= crowdSize + len(w.members)*memberSize + h.size()
	for i := w.oldest; i >= 0; i = w.members[i].newer {
		x := &w.members[i]
		h.conns = append(h.conns, x.conn)
		h.sum += x.conn.mark()
		c.slots = append(c.slots, openSlot{x.conn.first, x.slot})
	}
	m.pool.used += h.size()
	c.crowd = nil
	c.check = c.clock
}

// placeInCrowd places a row in the crowd.
func (m *matcher) placeInCrowd(c *cluster, rec *logparse.Record) {
	r, w, h := &m.row, c.crowd, &c.hypotheses[0].habits
	m.beam.forecast.about(h)
	best, score := int32(-1), r.starts()
	for _, i := range w.kinds {
		if i < 0 {
			continue
		}
		m.work++
		// How many rows came in between says nothing in a crowd.
		x := &w.members[i].conn
		if l := x.fit(r, x.order+1, &m.beam.forecast); l > score {
			best, score = i, l
		}
	}
	var x conn
	var s *slot
	if best < 0 {
		s = m.pool.newSlot()
		r.open(&x, h, nil)
		s.ambiguous = true
	} else {
		x, s = w.members[best].conn, w.members[best].slot
		w.remove(best)
	}
	over := x.take(r, c.order, h)
	m.place(s, rec)
	if over {
		h.ended(&x)
		m.end(s)
	} else {
		m.join(w, x, s)
	}
	if w.open <= sparse {
		m.disperse(c)
		if w.open == 0 {
			m.remove(c)
		}
	}
}

// thin finishes the members that are silent at the time now.
func (m *matcher) thin(c *cluster, now int64) {
	w := c.crowd
	for i := w.oldest; i >= 0 && now-w.members[i].conn.clock >= silence; i = w.oldest {
		m.endOldest(w)
	}
}

// endOldest finishes the connection that has been silent for longest.
func (m *matcher) endOldest(w *crowd) {
	s := w.members[w.oldest].slot
	w.remove(w.oldest)
	m.end(s)
}

// join adds a connection to a crowd.
func (m *matcher) join(w *crowd, x conn, s *slot) {
	n := len(w.members)
	w.add(x, s)
	m.pool.used += (len(w.members) - n) * memberSize
}

// add makes a connection the newest member.
func (w *crowd) add(x conn, s *slot) {
	var i int32
	if n := len(w.free); n > 0 {
		i = w.free[n-1]
		w.free = w.free[:n-1]
	} else {
		i = int32(len(w.members))
		w.members = append(w.members, member{})
	}
	k := x.kind()
	w.members[i] = member{conn: x, slot: s, kind: k, prev: -1, next: w.kinds[k], older: w.newest, newer: -1}
	if w.kinds[k] >= 0 {
		w.members[w.kinds[k]].prev = i
	}
	w.kinds[k] = i
	if w.newest >= 0 {
		w.members[w.newest].newer = i
	} else {
		w.oldest = i
	}
	w.newest = i
	w.open++
}

// remove takes a member out.
func (w *crowd) remove(i int32) {
	x := &w.members[i]
	if x.prev >= 0 {
		w.members[x.prev].next = x.next
	} else {
		w.kinds[x.kind] = x.next
	}
	if x.next >= 0 {
		w.members[x.next].prev = x.prev
	}
	if x.older >= 0 {
		w.members[x.older].newer = x.newer
	} else {
		w.oldest = x.newer
	}
	if x.newer >= 0 {
		w.members[x.newer].older = x.older
	} else {
		w.newest = x.older
	}
	*x = member{}
	w.free = append(w.free, i)
	w.open--
}

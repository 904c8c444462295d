package session

import "slices"

// afterUnknown is how long a client takes at most for HELO after a command that
// was not understood, in milliseconds.
const afterUnknown = 60_000

// adopt moves the connection of before, a cluster of rows without a HELO name,
// to which the HELO in the matcher's row is the next step, to c. Of several it
// is the one that gave the same name, or else waits longest.
func (m *matcher) adopt(c, before *cluster) {
	if before.crowd != nil || before.over {
		return
	}
	before.current, c.current = current{}, current{}
	if l := &before.lone; l.open && !c.lone.open && len(c.hypotheses) == 0 && c.crowd == nil && l.conn.greets(&m.row) {
		c.lone = *l
		c.lone.conn.order = c.order
		l.open, l.slot = false, nil
		m.remove(before)
		return
	}
	m.unfold(before)
	m.collapse(before)
	r := &m.row
	h := before.hypotheses[0]
	found, others := -1, false
	for j := range h.conns {
		x := &h.conns[j]
		if !x.greets(r) {
			continue
		}
		switch {
		case found < 0:
			found = j
		case x.name == r.name && h.conns[found].name != r.name:
			found, others = j, false
		case x.name == r.name || h.conns[found].name != r.name:
			others = true
		}
	}
	if found < 0 {
		return
	}
	x := h.conns[found]
	h.sum -= x.mark()
	h.conns = slices.Delete(h.conns, found, found+1)
	i := before.slotOf(x.first)
	s := before.slots[i]
	before.slots = slices.Delete(before.slots, i, i+1)
	s.slot.ambiguous = s.slot.ambiguous || others
	if len(h.conns) == 0 {
		m.remove(before)
	}
	x.order = c.order
	if c.crowd != nil {
		s.slot.ambiguous = true
		m.join(c.crowd, x, s.slot)
		return
	}
	m.unfold(c)
	c.slots = append(c.slots, s)
	for _, h := range c.hypotheses {
		m.pool.makeRoom(h)
		h.conns = append(h.conns, x)
		h.sum += x.mark()
	}
}

// greets reports whether r, which names the client, may be the next row of c,
// which is without a name.
func (c *conn) greets(r *matchRow) bool {
	return c.stage <= stageNoHelo && !c.cut && c.within(r, afterUnknown)
}

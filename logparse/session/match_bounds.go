package session

// What the matcher holds beside the sessions counts to what they may hold
// together. It is counted where it is taken from the pool and given back.

// holds returns about how many bytes the connections and the rows that wait take.
func (m *matcher) holds() int { return m.pool.used + m.held }

// cut ends the connections of a cluster, or the one of a crowd that has been silent
// for longest.
func (m *matcher) cut(c *cluster) {
	if w := c.crowd; w != nil && w.open > 0 {
		if m.endOldest(w); w.open > 0 {
			return
		}
	}
	m.remove(c)
}

// shrink gives back what is kept for reuse and what crowds have no use for.
func (m *matcher) shrink() {
	m.pool = pool{used: m.pool.used}
	for i := range m.lateClusters {
		if l := &m.lateClusters[i]; l.cluster != nil && l.serial != l.cluster.serial {
			*l = lateCluster{}
		}
	}
	for _, clock := range m.ordered {
		for _, l := range clock.idle.links {
			if l.cluster != nil && l.cluster.crowd != nil {
				m.compact(l.cluster)
			}
		}
	}
}

// compact gives back the places of a crowd that have no connection, where those are
// most.
func (m *matcher) compact(c *cluster) {
	w := c.crowd
	if w.open > len(w.members)/2 {
		return
	}
	smaller := newCrowd()
	for i := w.oldest; i >= 0; i = w.members[i].newer {
		smaller.add(w.members[i].conn, w.members[i].slot)
	}
	m.pool.used -= (len(w.members) - len(smaller.members)) * memberSize
	c.crowd = smaller
}

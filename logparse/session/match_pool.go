package session

// newNode returns a node of the row that is held last.
func (m *matcher) newNode(row *heldRow, parent *node, first int64, over bool) *node {
	var n *node
	if k := len(m.beam.spareNodes); k > 0 {
		n = m.beam.spareNodes[k-1]
		m.beam.spareNodes = m.beam.spareNodes[:k-1]
	} else {
		n = &node{}
	}
	*n = node{parent: parent, first: first, order: row.order, over: over, refs: 1, next: row.nodes}
	if parent != nil {
		parent.refs++
	}
	if row.nodes != nil {
		row.nodes.prev = n
	}
	row.nodes = n
	row.alive++
	return n
}

// release takes back one reference to n and frees what nothing refers to any
// more.
func (m *matcher) release(c *cluster, n *node) {
	for n != nil {
		if n.refs--; n.refs > 0 {
			return
		}
		if !n.placed {
			row := &c.held[c.head+int(n.order-c.held[c.head].order)]
			row.alive--
			if n.prev != nil {
				n.prev.next = n.next
			} else {
				row.nodes = n.next
			}
			if n.next != nil {
				n.next.prev = n.prev
			}
		}
		parent := n.parent
		m.beam.spareNodes = append(m.beam.spareNodes, n)
		n = parent
	}
}

// drop frees what a hypothesis holds.
func (m *matcher) drop(c *cluster, h *hypothesis) {
	m.release(c, h.node)
	if h.conns != nil {
		m.beam.spareConns = append(m.beam.spareConns, h.conns[:0])
	}
	*h = hypothesis{}
}

// conns returns an empty list with room for n connections.
func (m *matcher) conns(n int) []conn {
	if k := len(m.beam.spareConns); k > 0 {
		list := m.beam.spareConns[k-1]
		m.beam.spareConns = m.beam.spareConns[:k-1]
		return list
	}
	return make([]conn, 0, max(n, 4))
}

func (m *matcher) newSlot() *slot {
	if k := len(m.beam.spareSlots); k > 0 {
		s := m.beam.spareSlots[k-1]
		m.beam.spareSlots = m.beam.spareSlots[:k-1]
		return s
	}
	return &slot{}
}

// The lists that a cluster can be in.
const (
	idleLink = iota // the clusters of a log
	waitLink        // the clusters with rows that wait
)

// A clusterList is a list of clusters in the order in which they were moved to
// its back.
type clusterList struct {
	front, back *cluster
	link        int
}

type clusterLink struct {
	prev, next *cluster
	in         bool
}

func (l *clusterList) moveToBack(c *cluster) {
	if l.back == c {
		return
	}
	l.remove(c)
	k := &c.links[l.link]
	*k = clusterLink{prev: l.back, in: true}
	if l.back != nil {
		l.back.links[l.link].next = c
	} else {
		l.front = c
	}
	l.back = c
}

func (l *clusterList) remove(c *cluster) {
	k := &c.links[l.link]
	if !k.in {
		return
	}
	if k.prev != nil {
		k.prev.links[l.link].next = k.next
	} else {
		l.front = k.next
	}
	if k.next != nil {
		k.next.links[l.link].prev = k.prev
	} else {
		l.back = k.prev
	}
	*k = clusterLink{}
}

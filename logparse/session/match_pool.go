package session

import "math/bits"

// What the matcher follows comes and goes with the rows; it is kept for reuse.
type pool struct {
	used       int                        // bytes that what is in use takes, beside the values of rows
	hypotheses [roomClasses][]*hypothesis // those of class k have room for at least 1<<k connections
	nodes      []*node
	rows       []*heldRow
	slots      []*slot
	clusters   []*cluster
}

const (
	// roomClasses is how many sizes of hypotheses are told apart.
	roomClasses = 7

	// maxRoom is how many connections a hypothesis has room for at most that is
	// kept for reuse.
	maxRoom = 1<<roomClasses - 1

	// nodesAtOnce is how many nodes are made at a time.
	nodesAtOnce = 64

	// maxSpareRows is how many copies of rows are kept for reuse, maxSpareRow
	// how long, in bytes.
	maxSpareRows = 4096
	maxSpareRow  = 4096
)

// take takes the last one of a list of spare ones, nil if there is none.
func take[T any](spare *[]*T) *T {
	k := len(*spare) - 1
	if k < 0 {
		return nil
	}
	x := (*spare)[k]
	*spare = (*spare)[:k]
	return x
}

// newHypothesis returns an empty hypothesis with room for n connections.
func (p *pool) newHypothesis(n int) *hypothesis {
	class := min(bits.Len(uint(n-1)), roomClasses-1)
	h := take(&p.hypotheses[class])
	if h == nil {
		h = &hypothesis{}
	}
	if cap(h.conns) < n {
		h.conns = make([]conn, 0, max(n, 1<<class))
	}
	p.used += h.size()
	return h
}

// drop frees a hypothesis and the nodes that only it referred to.
func (p *pool) drop(h *hypothesis) {
	p.release(h.node)
	if p.used -= h.size(); cap(h.conns) > maxRoom {
		return
	}
	*h = hypothesis{conns: h.conns[:0]}
	class := min(bits.Len(uint(cap(h.conns)))-1, roomClasses-1)
	p.hypotheses[class] = append(p.hypotheses[class], h)
}

// size returns about how many bytes h takes.
func (h *hypothesis) size() int { return hypothesisSize + cap(h.conns)*connSize }

// makeRoom makes room for one more connection in h.
func (p *pool) makeRoom(h *hypothesis) {
	if len(h.conns) < cap(h.conns) {
		return
	}
	larger := p.newHypothesis(2 * cap(h.conns))
	larger.conns = append(larger.conns, h.conns...)
	larger.conns, h.conns = h.conns, larger.conns
	p.drop(larger)
}

// newNode returns a node of row.
func (p *pool) newNode(row *heldRow, parent *node, first int64, over bool) *node {
	n := take(&p.nodes)
	if n == nil {
		more := make([]node, nodesAtOnce)
		for i := range more {
			p.nodes = append(p.nodes, &more[i])
		}
		n = take(&p.nodes)
	}
	*n = node{parent: parent, row: row, first: first, over: over, refs: 1, next: row.nodes}
	if parent != nil {
		parent.refs++
	}
	if row.nodes != nil {
		row.nodes.prev = n
	}
	row.nodes = n
	row.alive++
	p.used += nodeSize
	return n
}

// release takes back one reference to n and frees what nothing refers to any
// more.
func (p *pool) release(n *node) {
	for n != nil {
		if n.refs--; n.refs > 0 {
			return
		}
		if n.row != nil {
			n.row.alive--
			if n.prev != nil {
				n.prev.next = n.next
			} else {
				n.row.nodes = n.next
			}
			if n.next != nil {
				n.next.prev = n.prev
			}
		}
		parent := n.parent
		p.nodes = append(p.nodes, n)
		p.used -= nodeSize
		n = parent
	}
}

// newRow returns a row that waits, its record still to be copied.
func (p *pool) newRow(clock int64) *heldRow {
	row := take(&p.rows)
	if row == nil {
		row = &heldRow{}
	}
	row.clock = clock
	p.used += rowSize
	return row
}

// freeRow frees a row that was placed.
func (p *pool) freeRow(row *heldRow) {
	p.used -= rowSize
	row.nodes, row.alive, row.next = nil, 0, nil
	if len(p.rows) < maxSpareRows && len(row.rec.Raw()) <= maxSpareRow {
		p.rows = append(p.rows, row)
	}
}

func (p *pool) newSlot() *slot {
	p.used += slotSize
	if s := take(&p.slots); s != nil {
		return s
	}
	return &slot{}
}

func (p *pool) freeSlot(s *slot) {
	p.used -= slotSize
	*s = slot{}
	p.slots = append(p.slots, s)
}

// newCluster returns a cluster without anything in it, but for memory.
func (p *pool) newCluster() *cluster {
	if c := take(&p.clusters); c != nil {
		return c
	}
	return &cluster{}
}

// freeCluster frees a cluster that has nothing in it any more, but for memory.
func (p *pool) freeCluster(c *cluster) {
	p.used -= c.size()
	if cap(c.key) > fewWords {
		c.key = nil
	}
	if cap(c.slots) > maxRoom {
		c.slots = nil
	}
	p.clusters = append(p.clusters, c)
}

// size returns about how many bytes c takes, beside its hypotheses and its crowd.
func (c *cluster) size() int { return clusterSize + max(cap(c.key)-keyRoom, 0) }

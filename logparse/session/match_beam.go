package session

import (
	"cmp"
	"math"
	"slices"

	"github.com/smtplog/smtplog/logparse"
)

const (
	// prune is how much less likely than the best a hypothesis may be, as a
	// logarithm. It is one less for each rowsPerPrune rows that wait, down to
	// leastPrune. pruneGivenUp is how much less likely a row may be that goes to
	// a connection that was given up.
	prune        = 9.0
	leastPrune   = 5.0
	rowsPerPrune = 16
	pruneGivenUp = 4.0

	// maxCompared is how far two hypotheses are compared backwards when one is
	// given up.
	maxCompared = 256
)

// A hypothesis is one way to deal the rows out.
type hypothesis struct {
	score  float64 // logarithm of the likelihood of its rows, compared to the best
	rank   float64 // score, and the likelihood that its connections are silent since
	silent float64 // the latter, at the row under way
	conns  []conn  // that are open
	habits habits
	sum    uint64 // of the connections' first and last rows, to find equal hypotheses; not kept while it is the only one
	node   *node  // where its last row went; nil when that is placed
	ways   int    // candidates that lead on from it
}

// A node says where one row went under all hypotheses that lead through it.
type node struct {
	parent     *node    // the row before; nil when that is placed
	row        *heldRow // nil when it is placed
	first      int64    // the connection
	over       bool     // the row ends the connection
	doubt      float64
	refs       int32 // hypotheses and nodes that refer to it
	prev, next *node // others of the same row
}

// A candidate is a way for a hypothesis to go on.
type candidate struct {
	score      float64
	rank       float64
	hypothesis int32
	conn       int32 // -1 begins a new one
}

// A lost hypothesis is one that is given up in favour of another.
type lost struct {
	to   int
	node *node
	rank float64
}

// beam holds what the work on one row needs, for all clusters.
type beam struct {
	candidates []candidate
	next       []*hypothesis
	best       float64 // the highest rank of a candidate
	lost       []lost
	forecast   forecast
}

// placeOnly places a row that can go nowhere but to the j-th connection of the
// only hypothesis, or begins one if j is -1.
func (m *matcher) placeOnly(c *cluster, j int, rec *logparse.Record) {
	h := c.hypotheses[0]
	h.score = 0
	m.pool.release(h.node)
	h.node = nil
	j = m.ready(h, j)
	x := &h.conns[j]
	over := x.take(&m.row, c.order, &h.habits)
	s := m.placeRow(c, x.first, over, false, rec)
	if over {
		h.end(j)
		return
	}
	if since, ok := h.othersForgotten(j); ok {
		c.current = current{conn: x, slot: s, habits: &h.habits, since: since}
	}
}

// ready readies h for the row to go to its j-th connection, a new one if j is
// -1, and returns which one that is.
func (m *matcher) ready(h *hypothesis, j int) int {
	r := &m.row
	if j < 0 {
		j = len(h.conns)
		m.pool.makeRoom(h)
		h.conns = h.conns[:j+1]
		r.open(&h.conns[j], &h.habits, h.conns[:j])
	} else if r.reply {
		h.habits.pass(h.conns, j)
	}
	return j
}

// branch replaces the hypotheses of c by those that the candidates lead to. The
// row waits, its record still to be copied.
func (m *matcher) branch(c *cluster) {
	b := &m.beam
	row := m.hold(c)
	if len(c.hypotheses) == 1 {
		c.hypotheses[0].addUp()
	}
	top, best := b.candidates[0].score, b.candidates[0].rank
	limit := min(max(hypothesesTimesOpen/(len(c.hypotheses[0].conns)+1), minHypotheses), maxHypotheses)
	next := b.next[:0]
	for _, x := range b.candidates {
		c.hypotheses[x.hypothesis].ways++
	}
	for _, x := range b.candidates {
		if len(next) >= limit && x.rank < best-4 {
			break
		}
		from := c.hypotheses[x.hypothesis]
		if from.ways--; from.ways == 0 {
			c.hypotheses[x.hypothesis] = nil
		}
		h := m.follow(c, x, from, row)
		to := findSum(next, h.sum)
		if to < 0 && len(next) >= limit {
			to = 0
		}
		if to < 0 {
			next = append(next, h)
			continue
		}
		b.lost = append(b.lost, lost{to, h.node, x.rank})
		h.node = nil
		m.pool.drop(h)
	}
	for _, h := range c.hypotheses {
		if h != nil {
			m.pool.drop(h)
		}
	}
	for _, x := range b.lost {
		m.absorb(next[x.to], x.node, x.rank, best)
	}
	b.lost = b.lost[:0]
	for _, h := range next {
		h.score -= top
		h.rank -= top
	}
	c.hypotheses, b.next = append(c.hypotheses[:0], next...), next[:0]
}

// follow returns the hypothesis that a candidate leads to. It is from itself
// when no other candidate needs that any more.
func (m *matcher) follow(c *cluster, x candidate, from *hypothesis, row *heldRow) *hypothesis {
	h := from
	if from.ways > 0 {
		h = m.pool.newHypothesis(len(from.conns) + 1)
		h.sum, h.habits = from.sum, from.habits
		h.conns = append(h.conns, from.conns...)
	}
	h.score, h.rank = x.score, x.rank
	if x.conn >= 0 {
		h.sum -= h.conns[x.conn].mark()
	}
	j := m.ready(h, int(x.conn))
	moved := &h.conns[j]
	over := moved.take(&m.row, c.order, &h.habits)
	before := from.node
	h.node = m.pool.newNode(row, before, moved.first, over)
	if h == from {
		m.pool.release(before)
	}
	if over {
		h.end(j)
	} else {
		h.sum += moved.mark()
	}
	return h
}

// end takes out the j-th connection, which is over.
func (h *hypothesis) end(j int) {
	h.habits.ended(&h.conns[j])
	h.conns = slices.Delete(h.conns, j, j+1)
}

// addUp finds the sum.
func (h *hypothesis) addUp() {
	h.sum = 0
	for j := range h.conns {
		h.sum += h.conns[j].mark()
	}
}

// findSum returns which of the hypotheses has that sum, -1 for none.
func findSum(hs []*hypothesis, sum uint64) int {
	for i, h := range hs {
		if h.sum == sum {
			return i
		}
	}
	return -1
}

// mark returns what c adds to a hypothesis's sum. Hypotheses that differ only in
// connections that were given up have the same future.
func (c *conn) mark() uint64 {
	if c.givenUp {
		return 0
	}
	x := uint64(c.first)*0x9e3779b97f4a7c15 ^ uint64(c.last)*0xc2b2ae3d27d4eb4f
	x ^= x >> 31
	return x * 0xd6e8feb86659fd93
}

// absorb gives up the hypothesis that ends in the node given, in favour of h,
// which is about the same rows, and notes where h might be wrong. best is the
// rank of the best hypothesis.
func (m *matcher) absorb(h *hypothesis, given *node, rank, best float64) {
	weight := math.Exp(rank - h.rank)
	if weight > doubtful/8 {
		a, b, shared := h.node, given, false
		for range maxCompared {
			if a == b || a == nil || b == nil || a.row == nil {
				break
			}
			if !shared && a.refs > 1 {
				// Better hypotheses may have this row in common with h.
				shared, weight = true, math.Exp(rank-best)
			}
			if a.first != b.first {
				a.doubt += weight
			}
			a, b = a.parent, b.parent
		}
	}
	m.pool.release(given)
}

// collapse settles on the best hypothesis.
func (m *matcher) collapse(c *cluster) {
	slices.SortStableFunc(c.hypotheses, func(x, y *hypothesis) int { return cmp.Compare(y.rank, x.rank) })
	best := c.hypotheses[0]
	for _, h := range c.hypotheses[1:] {
		if h.node != nil {
			m.absorb(best, h.node, h.rank, best.rank)
			h.node = nil
		}
		m.pool.drop(h)
	}
	c.hypotheses = c.hypotheses[:1]
	best.score, best.rank = 0, 0
	m.commit(c, nil)
}

package session

import (
	"cmp"
	"math"
	"slices"

	"github.com/smtplog/smtplog/logparse"
)

// A candidate is a way for a hypothesis to go on.
type candidate struct {
	score      float64
	rank       float64
	hypothesis int
	conn       int // -1 begins a new one
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
	next       []hypothesis
	lost       []lost
	spareConns [][]conn
	spareNodes []*node
	spareSlots []*slot
}

// collect fills the beam's candidates, the best first.
func (m *matcher) collect(c *cluster) {
	r, b := &m.row, &m.beam
	b.candidates = b.candidates[:0]
	starts := r.starts()
	best := math.Inf(-1)
	for i := range c.hypotheses {
		h := &c.hypotheses[i]
		m.work += int64(len(h.conns)) + 1
		silent := h.silent(r.at, r.timed)
		for j := range h.conns {
			l := h.conns[j].fit(r, c.order, &h.habits)
			if r.reply && l > impossible {
				l += h.habits.logOvertaken(h.conns, j)
			}
			if l > impossible {
				b.candidates = append(b.candidates, candidate{h.score + l, h.score + l + silent - h.conns[j].silent, i, j})
			}
		}
		b.candidates = append(b.candidates, candidate{h.score + starts, h.score + starts + silent, i, -1})
	}
	for _, x := range b.candidates {
		best = max(best, x.rank)
	}
	b.candidates = slices.DeleteFunc(b.candidates, func(x candidate) bool { return x.rank < best-prune })
	if len(b.candidates) > 1 {
		slices.SortFunc(b.candidates, func(x, y candidate) int {
			return cmp.Or(cmp.Compare(y.rank, x.rank), cmp.Compare(x.hypothesis, y.hypothesis), cmp.Compare(y.conn, x.conn))
		})
	}
}

// silent sums up how likely the connections of h are without a row until now.
func (h *hypothesis) silent(now int64, timed bool) float64 {
	sum := 0.0
	for j := range h.conns {
		x := &h.conns[j]
		x.silent = 0
		if timed {
			x.silent = x.logSilent(now)
		}
		sum += x.silent
	}
	return sum
}

// placeOnly places a row that can go nowhere else.
func (m *matcher) placeOnly(c *cluster, rec *logparse.Record) {
	r, b := &m.row, &m.beam
	h := &c.hypotheses[0]
	h.score = 0
	m.release(c, h.node)
	h.node = nil
	j := b.candidates[0].conn
	if j < 0 {
		j = len(h.conns)
		x := r.open()
		h.habits.prior(&x, h.conns)
		h.conns = append(h.conns, x)
	} else {
		h.sum -= h.conns[j].mark()
		if r.reply {
			h.habits.pass(h.conns, j)
		}
	}
	x := &h.conns[j]
	over := x.take(r, c.order, &h.habits)
	m.placeRow(c, x.first, over, false, rec)
	if over {
		h.conns = slices.Delete(h.conns, j, j+1)
	} else {
		h.sum += x.mark()
	}
}

// branch replaces the hypotheses of c by those that the candidates lead to.
func (m *matcher) branch(c *cluster) {
	r, b := &m.row, &m.beam
	c.held = append(c.held, heldRow{clock: r.clock, order: c.order})
	row := &c.held[len(c.held)-1]
	top, best := b.candidates[0].score, b.candidates[0].rank
	limit := min(max(hypothesesTimesOpen/(len(c.hypotheses[0].conns)+1), minHypotheses), maxHypotheses)
	next := b.next[:0]
	for _, x := range b.candidates {
		from := &c.hypotheses[x.hypothesis]
		if len(next) >= limit && x.rank < best-4 {
			break
		}
		var moved conn
		sum := from.sum
		if x.conn < 0 {
			moved = r.open()
			from.habits.prior(&moved, from.conns)
		} else {
			moved = from.conns[x.conn]
			sum -= moved.mark()
		}
		habits := from.habits
		over := moved.take(r, c.order, &habits)
		if !over {
			sum += moved.mark()
		}
		n := m.newNode(row, from.node, moved.first, over)
		if same := findSum(next, sum); same >= 0 {
			b.lost = append(b.lost, lost{same, n, x.rank})
			continue
		}
		if len(next) >= limit {
			b.lost = append(b.lost, lost{0, n, x.rank})
			continue
		}
		conns := append(m.conns(len(from.conns)+1), from.conns...)
		if x.conn >= 0 {
			if r.reply {
				habits.pass(conns, x.conn)
			}
			if conns[x.conn] = moved; over {
				conns = slices.Delete(conns, x.conn, x.conn+1)
			}
		}
		if x.conn < 0 && !over {
			conns = append(conns, moved)
		}
		next = append(next, hypothesis{score: x.score, rank: x.rank, conns: conns, habits: habits, sum: sum, node: n})
	}
	for i := range c.hypotheses {
		m.drop(c, &c.hypotheses[i])
	}
	for _, x := range b.lost {
		m.absorb(c, &next[x.to], x.node, x.rank, best)
	}
	b.lost = b.lost[:0]
	for i := range next {
		next[i].score -= top
		next[i].rank -= top
	}
	c.hypotheses, b.next = append(c.hypotheses[:0], next...), next[:0]
}

// findSum returns which of the hypotheses has that sum, -1 for none.
func findSum(hs []hypothesis, sum uint64) int {
	return slices.IndexFunc(hs, func(h hypothesis) bool { return h.sum == sum })
}

// mark returns what c adds to a hypothesis's sum.
func (c *conn) mark() uint64 {
	x := uint64(c.first)*0x9e3779b97f4a7c15 ^ uint64(c.last)*0xc2b2ae3d27d4eb4f
	x ^= x >> 31
	return x * 0xd6e8feb86659fd93
}

// absorb gives up the hypothesis that ends in the node given, in favour of h,
// which is about the same rows, and notes where h might be wrong. best is the
// rank of the best hypothesis.
func (m *matcher) absorb(c *cluster, h *hypothesis, given *node, rank, best float64) {
	weight := math.Exp(rank - h.rank)
	if weight > doubtful/8 {
		a, b, shared := h.node, given, false
		for range maxCompared {
			if a == b || a == nil || b == nil || a.placed {
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
	m.release(c, given)
}

package session

import (
	"cmp"
	"math"
	"slices"
)

// collect fills the beam's candidates, the best first.
func (m *matcher) collect(c *cluster) {
	b := &m.beam
	if len(c.hypotheses) == 1 && c.oldest == nil {
		if m.plainly(c, c.hypotheses[0]) {
			return
		}
	} else {
		m.ways(c)
	}
	limit := b.best - c.prune()
	kept := b.candidates[:0]
	for i := range b.candidates {
		x := &b.candidates[i]
		if x.rank >= limit && (x.rank >= b.best-pruneGivenUp || x.conn < 0 || !c.hypotheses[x.hypothesis].conns[x.conn].givenUp) {
			kept = append(kept, *x)
		}
	}
	b.candidates = kept
	if len(kept) > 1 {
		slices.SortFunc(kept, func(x, y candidate) int {
			switch {
			case x.rank > y.rank:
				return -1
			case x.rank < y.rank:
				return 1
			}
			return cmp.Or(cmp.Compare(x.hypothesis, y.hypothesis), cmp.Compare(y.conn, x.conn))
		})
	}
}

// ways fills the candidates with all ways for the hypotheses to go on, but for
// some that fall too far behind another to be kept.
func (m *matcher) ways(c *cluster) {
	r, f := &m.row, &m.beam.forecast
	found, best := m.beam.candidates[:0], math.Inf(-1)
	starts, behind := r.starts(), c.prune()
	for i, h := range c.hypotheses {
		h.wait(r)
		m.work += int64(len(h.conns)) + 1
		f.about(&h.habits)
		for j := range h.conns {
			l := m.logFit(c, h, j)
			if l <= impossible {
				continue
			}
			score := h.score + l
			rank := score + h.silent - h.conns[j].silent
			if rank >= best-behind {
				best = max(best, rank)
				found = append(found, candidate{score, rank, int32(i), int32(j)})
			}
		}
		score := h.score + starts
		rank := score + h.silent
		if rank >= best-behind {
			best = max(best, rank)
			found = append(found, candidate{score, rank, int32(i), -1})
		}
	}
	m.beam.candidates, m.beam.best = found, best
}

// logFit returns the logarithm of how likely the row is one of the j-th connection
// of h, the hypothesis that the forecast is about; impossible or less where it
// cannot be.
func (m *matcher) logFit(c *cluster, h *hypothesis, j int) float64 {
	f := &m.beam.forecast
	l := h.conns[j].fit(&m.row, c.order, f)
	if m.row.reply && l > impossible {
		l += f.logOvertaken(h.conns, j)
	}
	return l
}

// prune returns how much less likely than the best a hypothesis may be. The more
// rows wait, the longer it has been behind.
func (c *cluster) prune() float64 {
	return max(prune-float64(c.held)/rowsPerPrune, leastPrune)
}

// plainly fills the candidates with the ways for the only hypothesis to go on. It
// reports whether one of them leaves all others behind, whatever the silence of
// the connections says, and keeps that one alone. No row waits.
func (m *matcher) plainly(c *cluster, h *hypothesis) bool {
	r, f := &m.row, &m.beam.forecast
	found := append(m.beam.candidates[:0], candidate{score: h.score + r.starts(), conn: -1})
	top := 0
	m.work += int64(len(h.conns)) + 1
	f.about(&h.habits)
	for j := range h.conns {
		l := m.logFit(c, h, j)
		if l <= impossible {
			continue
		}
		score := h.score + l
		if score > found[top].score {
			top = len(found)
		}
		found = append(found, candidate{score: score, conn: int32(j)})
	}
	m.beam.candidates = found
	for i := range found {
		x := &found[i]
		behind := found[top].score - x.score + logVanished
		if i != top && behind <= prune && (behind <= pruneGivenUp || x.conn < 0 || !h.conns[x.conn].givenUp) {
			m.rank(h)
			return false
		}
	}
	found[0] = found[top]
	m.beam.candidates = found[:1]
	return true
}

// rank ranks the candidates of the only hypothesis.
func (m *matcher) rank(h *hypothesis) {
	h.wait(&m.row)
	b := &m.beam
	b.best = math.Inf(-1)
	for i := range b.candidates {
		x := &b.candidates[i]
		x.rank = x.score + h.silent
		if x.conn >= 0 {
			x.rank -= h.conns[x.conn].silent
		}
		b.best = max(b.best, x.rank)
	}
}

// wait finds how likely the connections of h are without a row until r, and
// which of them are to be given up.
func (h *hypothesis) wait(r *matchRow) {
	h.silent = 0
	for j := range h.conns {
		x := &h.conns[j]
		switch {
		case !r.timed:
			x.silent, x.waited = 0, false
		case x.waited && x.silentAt == r.at:
		case !x.givenUp || x.silent > logVanished:
			x.waited, x.silentAt = true, r.at
			x.silent = x.logSilent(r.at)
			if x.overdue(r.at) {
				h.sum -= x.mark()
				x.givenUp = true
			}
		}
		h.silent += x.silent
	}
}

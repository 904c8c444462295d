package session

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/testlog"
)

// forgetful returns a copy of h that knows nothing but what its rows say.
func forgetful(h *hypothesis) *hypothesis {
	to := *h
	to.conns = slices.Clone(h.conns)
	for j := range to.conns {
		c := &to.conns[j]
		c.paced, c.usual, c.patience, c.waited, c.pace.total = 0, 0, 0, false, 0
	}
	return &to
}

// collectSlowly is collect without anything that is known from before or left
// out early.
func collectSlowly(c *cluster, r *matchRow) []candidate {
	var all []candidate
	for i, h := range c.hypotheses {
		for j := range h.conns {
			f := &forecast{}
			f.about(&h.habits)
			l := h.conns[j].fit(r, c.order, f)
			if r.reply && l > impossible {
				l += f.logOvertaken(h.conns, j)
			}
			if l > impossible {
				all = append(all, candidate{score: h.score + l, hypothesis: int32(i), conn: int32(j)})
			}
		}
		all = append(all, candidate{score: h.score + r.starts(), hypothesis: int32(i), conn: -1})
	}
	if len(c.hypotheses) == 1 && c.oldest == nil {
		top := slices.MaxFunc(all, func(x, y candidate) int { return cmp.Compare(x.score, y.score) })
		near := slices.DeleteFunc(slices.Clone(all), func(x candidate) bool {
			behind := top.score - x.score + logVanished
			return behind > prune || behind > pruneGivenUp && x.conn >= 0 && c.hypotheses[0].conns[x.conn].givenUp
		})
		if len(near) == 1 {
			return near
		}
	}
	for _, h := range c.hypotheses {
		h.wait(r)
	}
	best := math.Inf(-1)
	for i := range all {
		x := &all[i]
		h := c.hypotheses[x.hypothesis]
		x.rank = x.score + h.silent
		if x.conn >= 0 {
			x.rank -= h.conns[x.conn].silent
		}
		best = max(best, x.rank)
	}
	all = slices.DeleteFunc(all, func(x candidate) bool {
		return x.rank < best-c.prune() ||
			x.rank < best-pruneGivenUp && x.conn >= 0 && c.hypotheses[x.hypothesis].conns[x.conn].givenUp
	})
	slices.SortFunc(all, func(x, y candidate) int {
		return cmp.Or(cmp.Compare(y.rank, x.rank), cmp.Compare(x.hypothesis, y.hypothesis), cmp.Compare(y.conn, x.conn))
	})
	return all
}

// What is kept from one row or connection to the next changes nothing: the ways
// for the hypotheses to go on are the same when each is weighed anew.
func TestCollect(t *testing.T) {
	weighed, several := 0, 0
	for seed := range uint64(12) {
		format := []logparse.Format{logparse.IISW3C, logparse.IISNCSA, logparse.IISMSIIS}[seed%3]
		records := played(t, testlog.Options{Seed: 40 + seed, Format: format, Connections: 150, Hosts: 12, AtOnce: 1 + int(seed%4),
			Outbound: float64(seed%5) / 4, SameHelo: true})
		m := newMatcher(func(*slot, *logparse.Record) {}, func(*slot) {})
		weighing := newMatcher(nil, nil)
		r := &weighing.row
		for _, rec := range records {
			key := clusterKey{m.clock(1), rec.Direction, rec.Connector, rec.Remote, rec.Helo}
			if c := m.clusters.find(&key, key.hash()); c != nil && len(c.hypotheses) > 0 && c.crowd == nil {
				r.read(rec)
				r.look(rec)
				known := &cluster{order: c.order + 1, held: c.held, oldest: c.oldest}
				anew := &cluster{order: c.order + 1, held: c.held, oldest: c.oldest}
				for _, h := range c.hypotheses {
					same := *h
					same.conns = slices.Clone(h.conns)
					known.hypotheses = append(known.hypotheses, &same)
					anew.hypotheses = append(anew.hypotheses, forgetful(h))
				}
				weighing.collect(known)
				got, want := slices.Clone(weighing.beam.candidates), collectSlowly(anew, r)
				if len(want) == 1 && len(got) == 1 {
					got[0].rank, want[0].rank = 0, 0 // which nobody asks for
				}
				if !slices.Equal(got, want) {
					t.Fatalf("seed %d, %v: got %+v, want %+v", seed, rec.Pos, got, want)
				}
				weighed++
				if len(want) > 1 {
					several++
				}
			}
			m.add(1, rec)
		}
	}
	if weighed < 5000 || several < weighed/5 {
		t.Errorf("%d rows were weighed, %d of them with several ways", weighed, several)
	}
}

// Habits are the same whenever they are asked for.
func TestHabits(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	var often, seldom habits
	for i := range 3000 {
		d, size := rng.Int64N(8000)-1500, rng.Int64N(1<<uint(1+rng.IntN(30)))-1
		verb := matchVerb(rng.IntN(int(verbEOM) + 1))
		shape := uint32(1 + rng.IntN(6))
		for _, h := range []*habits{&often, &seldom} {
			h.learnTransfer(d, size)
			h.learnShape(verb, shape)
		}
		rates := often.transferRates()
		if i%7 == 0 && seldom.transferRates() != rates {
			t.Fatalf("rates %v, want %v", seldom.transferRates(), rates)
		}
		var sums [matchVerbs + 1]uint16
		for _, x := range often.shapes {
			sums[x.verb] += uint16(x.n)
		}
		if often.shaped != sums {
			t.Fatalf("wordings %v, want %v", often.shaped, sums)
		}
	}
	if often.rates == transferPrior {
		t.Error("no rates were learnt")
	}
}

// A cluster's first connection has the pace of one that comes after none.
func TestFirstPrior(t *testing.T) {
	var h habits
	var first, next conn
	h.prior(&first, nil)
	h.paces[0] = math.SmallestNonzeroFloat32
	h.prior(&next, nil)
	if first.pace != next.pace || first.recency != next.recency {
		t.Errorf("%v %v, want %v %v", first.pace, first.recency, next.pace, next.recency)
	}
}

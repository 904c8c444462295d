package track

import (
	"math"
	"slices"
	"time"
)

// all is the mark at which every message is over.
const all = math.MaxInt64

// last returns the time of the group's last event.
func (g *group) last() int64 {
	last := int64(math.MinInt64)
	for _, e := range g.events {
		if !e.Time.IsZero() {
			last = max(last, e.Time.UnixNano())
		}
	}
	return last
}

// later returns t plus d, a time before all.
func later(t int64, d time.Duration) int64 {
	if t >= all-int64(d) {
		return all - 1
	}
	return t + int64(d)
}

// A remainder is what is left of a cluster when its messages that are over have
// been taken.
type remainder struct {
	groups  []*group // good until the next cluster is taken apart
	recheck int64    // when one of them may be over
	whole   bool     // it is all that there was
}

// finish takes the messages of a cluster that are over at mark, and appends
// them.
func (a *assembler) finish(c *cluster, mark int64, ended Ended, over []*Message) ([]*Message, remainder) {
	r := remainder{recheck: math.MaxInt64}
	if m := a.plain.message(c); m != nil {
		if r.recheck = later(c.last, a.b.settled); r.recheck >= mark {
			r.whole = true
			a.reuse(m)
			return over, r
		}
		m.Ended = EndedComplete
		return append(over, m), r
	}
	groups := a.split(c)
	for i := range groups {
		g := &groups[i]
		m := a.message(g)
		if m == nil {
			if ready := later(g.last(), a.b.settled); ready >= mark {
				r.groups = append(r.groups, g)
				r.recheck = min(r.recheck, ready)
			}
			continue
		}
		m.Ended = EndedComplete
		ready := later(g.last(), a.b.settled)
		if !m.complete() {
			m.Ended = ended
			ready = later(g.last(), a.b.window)
		}
		if ready >= mark {
			r.groups = append(r.groups, g)
			r.recheck = min(r.recheck, ready)
			a.reuse(m)
			continue
		}
		over = append(over, m)
	}
	r.whole = len(groups) > 0 && len(r.groups) == len(groups)
	return over, r
}

// keep sees to it that a cluster has the rows of the remainder only.
func (b *Builder) keep(c *cluster, r remainder) {
	if r.whole {
		b.clusters.open[c.place].recheck = r.recheck
		return
	}
	b.clusters.remove(c)
	for _, g := range r.groups {
		for _, e := range g.events {
			b.add(e)
		}
	}
	for _, g := range r.groups {
		if c := b.clusters.find(g.events[0]); c != nil {
			b.clusters.open[c.place].recheck = r.recheck
		}
	}
}

// finish takes the messages of a cluster that are over at mark, and appends
// them; the rows of the others stay.
func (b *Builder) finish(c *cluster, mark int64, ended Ended, over []*Message) []*Message {
	over, r := b.own.finish(c, mark, ended, over)
	b.keep(c, r)
	return over
}

// sweep hands out what is over when all rows before mark have been read.
func (b *Builder) sweep(mark int64) {
	due := b.due[:0]
	for i := range b.clusters.open {
		open := &b.clusters.open[i]
		if open.recheck >= mark {
			continue
		}
		c := b.clusters.at(open.number)
		// What is one message is not over until all of its rows are old enough.
		if ready := later(c.last, b.settled); !c.mixed && ready >= mark {
			open.recheck = ready
			continue
		}
		due = append(due, c)
	}
	slices.SortFunc(due, firstBegun)
	b.finishInOrder(due, mark, EndedCut)
	clear(due)
	b.due = due
	b.joins.forget(mark - int64(b.window))
}

// makeRoom hands out the messages that have been silent longest, until a
// quarter of the room is free.
func (b *Builder) makeRoom() {
	over := b.over[:0]
	for _, c := range b.clusters.sorted(longestSilent) {
		if b.clusters.rows <= b.maxRows*3/4 && b.clusters.held() <= b.maxHeld*3/4 {
			break
		}
		over = b.finish(c, all, EndedCapped, over)
	}
	b.capped += int64(len(over))
	b.handOut(over)
}

// Close hands out the messages that are left.
func (b *Builder) Close() {
	list := b.clusters.sorted(firstBegun)
	b.clusters.close()
	b.finishInOrder(list, all, EndedOpen)
}

// finishInOrder hands out the messages of clusters that are over at mark, in
// their order; the rows of the others stay. The clusters are in the order in
// which they began, so that few messages wait for others that end before them.
func (b *Builder) finishInOrder(list []*cluster, mark int64, ended Ended) {
	over, next, enough := b.over[:0], 0, closeBatch
	b.finishAll(list, mark, ended, func(some []*Message) {
		over = append(over, some...)
		next += batchSize
		if len(over) >= enough && next < len(list) {
			over = b.handOutBefore(list[next].first, over)
			enough = 2*len(over) + closeBatch
		}
	})
	b.handOut(over)
}

// closeBatch is how many messages are put together before it is looked which of
// them come before all that are left.
const closeBatch = 100

// handOut hands out the messages in their order.
func (b *Builder) handOut(over []*Message) { b.over = b.handOutBefore(all, over) }

// sort puts messages in their order. Nearly all end at moments of their own: what
// is sorted are these, each with the place of its message in the lowest bits.
func (b *Builder) sort(over []*Message) {
	const places = 16
	first, last := int64(math.MaxInt64), int64(math.MinInt64)
	for _, m := range over {
		if m.Last.IsZero() {
			first = math.MinInt64
		}
		first, last = min(first, m.Last.UnixNano()), max(last, m.Last.UnixNano())
	}
	if len(over) > 1<<places || first == math.MinInt64 || uint64(last-first) >= 1<<(64-places) {
		slices.SortFunc(over, compareMessages)
		return
	}
	ends, list := b.ends[:0], append(b.ordered[:0], over...)
	for i, m := range over {
		ends = append(ends, uint64(m.Last.UnixNano()-first)<<places|uint64(i))
	}
	slices.Sort(ends)
	from := 0 // of those that end when the latest does
	for i, end := range ends {
		over[i] = list[end&(1<<places-1)]
		if end>>places != ends[from]>>places {
			from = i
		} else if i > from && (i+1 == len(ends) || ends[i+1]>>places != end>>places) {
			slices.SortFunc(over[from:i+1], compareMessages)
		}
	}
	clear(list)
	b.ends, b.ordered = ends, list
}

// handOutBefore hands out the messages that end before t, in their order, and
// returns the others.
func (b *Builder) handOutBefore(t int64, over []*Message) []*Message {
	b.sort(over)
	n := 0
	for ; n < len(over) && over[n].Last.UnixNano() < t; n++ {
		m := over[n]
		b.number++
		m.number = b.number
		if m.Ended == EndedCut {
			b.cut++
		}
		b.emit(m)
		b.own.reuse(m)
	}
	left := over[:copy(over, over[n:])]
	clear(over[len(left):])
	return left
}

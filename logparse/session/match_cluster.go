package session

import (
	"math"
	"slices"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply/outcome"
)

const (
	// maxHypotheses is how many hypotheses are followed in a cluster with few
	// connections, minHypotheses with many: with n connections under a
	// hypothesis a row is held against at most hypothesesTimesOpen of them, and
	// with more than crowded of them the cluster becomes a crowd.
	maxHypotheses       = 64
	minHypotheses       = 8
	hypothesesTimesOpen = 256
	crowded             = 32

	// maxHeldRows is how many rows of one cluster wait: what they have not told
	// by then, later ones hardly do.
	maxHeldRows = 128

	// doubtful is how likely another placement of a row must be, compared to the
	// one chosen, for its connection to be ambiguous.
	// Without times to go by, alternatives look likelier than they are.
	doubtful      = 0.04
	doubtfulVague = 0.12

	// lately is how long it counts that connections may have been under way at
	// the same time, in milliseconds of log time.
	lately      = 60_000
	neverJoined = -1 << 62
)

// A cluster is what is known of the rows that may share connections. What every row
// touches stands first.
type cluster struct {
	log     *logClock
	serial  uint64 // another one when it is removed
	clock   int64  // of the log at the last row
	order   int64  // rows so far
	check   int64  // when to look for silent connections next
	current current
	id      int32 // in its log's list of idle ones
	over    bool  // it has no connections: it is kept for the next one of the peer
	vague   bool  // neither time-taken nor the length of sessions is logged

	hypotheses     []*hypothesis // the best first; empty for a lone connection
	slots          []openSlot    // connections with a row that was placed
	joined         int64         // of the log when a connection may have begun while another was under way, neverJoined if none has
	oldest, newest *heldRow      // rows that wait
	held           int           // how many
	crowd          *crowd        // set when there are too many connections for hypotheses
	link           clusterLink   // in the matcher's queue

	direction outcome.Direction
	key       []byte // remote end, HELO name and connector, without anything in between
	remote    int    // where the first of them ends
	helo      int    // and the second
	room      [keyRoom]byte
	named     uint32 // hash of the HELO name, 0 while nobody asked
	hash      uint64
	same      *cluster // another with the same hash

	lone lone // instead of hypotheses
}

// keyRoom is how long the key of a cluster is mostly at most.
const keyRoom = 64

// An openSlot is a connection some of whose rows have been placed.
type openSlot struct {
	first int64
	slot  *slot
}

// slotOf returns which of c's slots is that of the connection whose first row has
// the number, -1 for none.
func (c *cluster) slotOf(first int64) int {
	return slices.IndexFunc(c.slots, func(s openSlot) bool { return s.first == first })
}

// A heldRow is a row that waits.
type heldRow struct {
	rec   logparse.Record
	size  int // bytes that its values take
	clock int64
	nodes *node
	alive int // number of nodes
	next  *heldRow
}

// cluster returns the cluster of a record of the log.
func (m *matcher) cluster(clock *logClock, rec *logparse.Record) *cluster {
	key := clusterKey{clock, rec.Direction, rec.Connector, withoutPort(rec.Remote), rec.Helo}
	hash := key.hash()
	c := m.clusters.find(&key, hash)
	if c == nil {
		c = m.pool.newCluster()
		c.setKey(&key, hash)
		m.pool.used += c.size()
		m.begin(c)
		m.clusters.add(c)
		key.log.idle.add(c)
	}
	return c
}

// isNameless returns 1 if c has the rows of a client that gave no HELO name, else 0.
func (c *cluster) isNameless() int {
	if c.direction != outcome.Outbound && c.helo == c.remote {
		return 1
	}
	return 0
}

// begins reports whether the row under way begins the only connection of c.
func (c *cluster) begins() bool { return !c.lone.open && len(c.hypotheses) == 0 }

// begin readies c, of which nothing was kept, for its first row.
func (m *matcher) begin(c *cluster) {
	m.nameless += c.isNameless()
	now := c.log.now
	c.over, c.clock, c.order, c.check = false, now, 0, now+silence
	c.joined = neverJoined
	c.lone.habits = habits{}
}

// decide finds out where a row goes, or has it wait.
func (m *matcher) decide(c *cluster, rec *logparse.Record) {
	r := &m.row
	c.clock = r.clock
	c.order++
	c.vague = !r.outbound && r.took < 0
	if c.clock >= c.check {
		m.checkSilent(c)
	}
	if !c.begins() {
		r.ask(rec)
	}
	if c.crowd != nil {
		r.look(rec)
		m.placeInCrowd(c, rec)
		return
	}
	if c.current.conn != nil {
		if m.placeCurrent(c, rec) {
			return
		}
		c.current = current{}
	}
	if len(c.hypotheses) == 0 {
		if m.placeLone(c, rec) {
			return
		}
		m.unfold(c)
	}
	if j := m.only(c); j != nowhere {
		m.placeOnly(c, j, rec)
	} else {
		m.weigh(c, rec)
	}
	m.simplify(c)
}

// simplify makes of a cluster what is the simplest for it after a row was placed.
func (m *matcher) simplify(c *cluster) {
	switch h := c.hypotheses[0]; {
	case len(h.conns) > crowded:
		m.collapse(c)
		m.gather(c)
	case len(c.hypotheses) > 1 || c.oldest != nil:
	case len(h.conns) == 0:
		m.empty(c)
	case len(h.conns) == 1:
		m.fold(c)
	}
}

// weigh places a row by what is likeliest, or has it wait.
func (m *matcher) weigh(c *cluster, rec *logparse.Record) {
	r, b := &m.row, &m.beam
	r.look(rec)
	m.collect(c)
	if b.joins(c, r) {
		c.joined = c.clock
	}
	if len(b.candidates) == 1 && len(c.hypotheses) == 1 && c.oldest == nil {
		m.placeOnly(c, int(b.candidates[0].conn), rec)
		return
	}
	m.branch(c)
	m.commit(c, rec)
	if c.held > maxHeldRows {
		m.collapse(c)
	}
}

// hold has the row under way wait.
func (m *matcher) hold(c *cluster) *heldRow {
	row := m.pool.newRow(m.row.clock)
	if c.oldest == nil {
		c.oldest = row
		m.queue.moveToBack(c)
	} else {
		c.newest.next = row
	}
	c.newest = row
	c.held++
	m.waiting++
	return row
}

// commit places the rows about which all hypotheses agree. rec is the record of
// the newest, nil when that has been copied.
func (m *matcher) commit(c *cluster, rec *logparse.Record) {
	limit := doubtful
	if c.vague {
		limit = doubtfulVague
	}
	before := c.oldest
	for row := c.oldest; row != nil && row.alive == 1; row = c.oldest {
		n := row.nodes
		from := &row.rec
		if rec != nil && row == c.newest {
			from = rec
		}
		m.placeRow(c, n.first, n.over, n.doubt > limit, from)
		n.row = nil
		m.pool.release(n.parent)
		n.parent = nil
		c.oldest = row.next
		m.held -= row.size
		row.size = 0
		m.pool.freeRow(row)
		c.held--
		m.waiting--
	}
	switch {
	case c.oldest == nil:
		c.newest = nil
		m.queue.remove(c)
		return
	case c.oldest != before:
		m.queue.moveToBack(c)
	}
	if rec != nil {
		row := c.newest
		rec.CloneInto(&row.rec)
		m.held += cap(row.rec.Raw()) - row.size
		row.size = cap(row.rec.Raw())
	}
}

// placeRow hands a row to its slot, which it returns; it is gone if the row is the
// connection's last.
func (m *matcher) placeRow(c *cluster, first int64, over, doubt bool, rec *logparse.Record) *slot {
	i := c.slotOf(first)
	if i < 0 {
		i = len(c.slots)
		c.slots = append(c.slots, openSlot{first, m.pool.newSlot()})
	}
	s := c.slots[i].slot
	s.ambiguous = s.ambiguous || doubt
	m.place(s, rec)
	if over {
		m.close1(c, i)
	}
	return s
}

// close1 finishes the i-th slot.
func (m *matcher) close1(c *cluster, i int) {
	s := c.slots[i].slot
	c.slots = slices.Delete(c.slots, i, i+1)
	m.end(s)
}

// end finishes a slot.
func (m *matcher) end(s *slot) {
	m.finish(s)
	m.pool.freeSlot(s)
}

// checkSilent ends the connections that have been silent for too long.
func (m *matcher) checkSilent(c *cluster) {
	now := c.clock
	c.current = current{}
	if c.crowd != nil {
		m.thin(c, now)
		c.check = now + silence/8
		return
	}
	if len(c.hypotheses) == 0 {
		if !c.lone.open || now-c.lone.conn.clock < silence {
			c.check = c.lone.since(now) + silence
			return
		}
		m.unfold(c)
	}
	oldest := now
	if c.oldest != nil {
		oldest = c.oldest.clock
	}
	for _, h := range c.hypotheses {
		for j := range h.conns {
			oldest = min(oldest, h.conns[j].clock)
		}
	}
	if now-oldest >= silence {
		m.vanish(c, now)
		oldest = now
		for j := range c.hypotheses[0].conns {
			oldest = min(oldest, c.hypotheses[0].conns[j].clock)
		}
	}
	c.check = oldest + silence
}

// vanish takes the connections that are silent at the time now to have ended
// without a word, and settles on the hypothesis that is the best then.
func (m *matcher) vanish(c *cluster, now int64) {
	for _, h := range c.hypotheses {
		h.rank = h.score
		for j := range h.conns {
			if now-h.conns[j].clock >= silence && h.conns[j].stage != stageQuit {
				h.rank += logVanished
			}
		}
	}
	m.collapse(c)
	h := c.hypotheses[0]
	for j := 0; j < len(h.conns); {
		if x := &h.conns[j]; now-x.clock >= silence {
			first := x.first
			h.sum -= x.mark()
			h.conns = slices.Delete(h.conns, j, j+1)
			m.close1(c, c.slotOf(first))
		} else {
			j++
		}
	}
}

// expire ends a cluster all of whose connections are silent.
func (m *matcher) expire(c *cluster) {
	if c.crowd == nil && len(c.hypotheses) > 0 {
		m.vanish(c, math.MaxInt64)
	}
	m.remove(c)
}

// empty is remove for a cluster whose last connection is over with the row under
// way. It is kept for the next connection of the peer as long as the row's place
// in lateClusters.
func (m *matcher) empty(c *cluster) {
	m.settleAll(c)
	c.over = true
	m.nameless -= c.isNameless()
}

// remove settles a cluster, finishes its connections and forgets it.
func (m *matcher) remove(c *cluster) {
	m.settleAll(c)
	c.log.idle.remove(c)
	m.clusters.remove(c)
	if !c.over {
		m.nameless -= c.isNameless()
	}
	c.serial++
	c.over = false
	m.pool.freeCluster(c)
}

// settleAll settles a cluster and finishes its connections.
func (m *matcher) settleAll(c *cluster) {
	if c.crowd != nil {
		m.disperse(c)
	}
	if len(c.hypotheses) == 0 {
		if l := &c.lone; l.open {
			m.end(l.slot)
			l.open, l.slot = false, nil
		}
	} else {
		m.collapse(c)
		for _, s := range c.slots {
			m.end(s.slot)
		}
		c.slots = c.slots[:0]
		m.pool.drop(c.hypotheses[0])
		c.hypotheses = c.hypotheses[:0]
	}
	c.current = current{}
	m.queue.remove(c)
}

// several reports whether more than one connection may have been under way of
// late, at r.
func (c *cluster) several(r *matchRow) bool { return r.clock-c.joined < lately }

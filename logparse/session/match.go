package session

import (
	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply/outcome"
)

// IIS logs have no session ids, and the rows of connections that are open at
// the same time are mixed together. The matcher deals them out to connections.
//
// Rows that differ in server, site, peer, direction or HELO name never share a
// connection; what is left is a cluster. Nearly all rows are the next step of the
// connection that the last row of their cluster went to, or of the only one that
// may take it, which surely and only tell without weighing. For the others the matcher follows several hypotheses at
// once about which connection each row belongs to, and weighs them by what a
// connection may say next, by how long its client usually waits, and by the
// length of the session that IIS logs on QUIT. Rows about which the hypotheses
// agree are placed; the others wait, at most until the connections of the
// cluster are over or too many rows wait.
//
// A connection that is lost without a word stays open until it has been silent
// for ten minutes. Long before that it is given up: hypotheses that differ only
// in how such connections stand are one from then on. It is also forgotten where
// another connection surely says a row.

const (
	// silence is how long a connection may be without a row before it is over,
	// in milliseconds of log time.
	silence = int64(SilenceWithoutID / 1e6)

	// timelessRow is how far a row without a time moves the clock of its log:
	// 100,000 of them are as long as silence.
	timelessRow = silence / 100_000

	// backwards is how far a log's time may go back before that counts as
	// another log, in milliseconds.
	backwards = 3600 * 1000

	// maxWaiting is how many rows may wait over all clusters.
	maxWaiting = 100_000

	// waitingShare is the part of Options.Memory that these rows may take: one
	// in so many bytes.
	waitingShare = 4
)

// A slot is one connection as the matcher sees it.
type slot struct {
	ambiguous bool // its rows could as well have been dealt out otherwise; settled when finish is called
	owner     any  // for the builder
}

// A matcher decides which rows of a log without session ids belong to one
// connection.
type matcher struct {
	place  func(s *slot, rec *logparse.Record) // called once per row, rows of one slot in file order; rec is valid only during the call
	finish func(s *slot)                       // no further row will be placed in s

	capped int64 // how often rows were dealt out early because maxWaiting was reached

	clusters     clusterTable
	nameless     int // clusters of clients without a HELO name that have connections
	lateClusters lateClusters
	logs         map[uint32]*logClock
	ordered      []*logClock
	recent       *logClock   // of the row before
	limit        int         // how many rows may wait, maxWaiting but in tests
	room         int         // how many bytes they may take
	held         int         // how many their values do
	waiting      int         // rows that wait
	queue        clusterList // clusters with rows that wait, in the order in which they began to
	rows         int64       // rows so far
	work         int64       // comparisons of a row with a connection so far

	row  matchRow
	beam beam
	pool pool
}

// A logClock is how far a log has come, in milliseconds, and its clusters, those
// longest without a row first.
type logClock struct {
	log  uint32
	now  int64
	due  int64 // no cluster has been idle for too long before
	idle idleList
}

func newMatcher(place func(*slot, *logparse.Record), finish func(*slot)) *matcher {
	m := &matcher{place: place, finish: finish, limit: maxWaiting, room: DefaultMemory / waitingShare, clusters: clusterTable{}, logs: map[uint32]*logClock{}}
	return m
}

// add takes the next row of a log. rec is borrowed.
func (m *matcher) add(log uint32, rec *logparse.Record) {
	clock := m.pass(log, rec.Time)
	late := m.lateClusters.at(rec)
	c := late.cluster
	if !late.isOf(clock, rec) {
		c = m.cluster(clock, rec)
	}
	m.remember(late, c, rec.Peer())
	if c.over {
		m.begin(c)
	}
	r := &m.row
	r.readOf(rec, c)
	r.number, r.clock = m.rows, clock.now
	if m.nameless > 0 && len(rec.Helo) > 0 && r.verb.greets() {
		key := clusterKey{clock, rec.Direction, rec.Connector, withoutPort(rec.Remote), nil}
		if before := m.clusters.find(&key, key.hash()); before != nil {
			m.adopt(c, before)
		}
	}
	clock.idle.moveToBack(c)
	m.decide(c, rec)
	for m.waiting > 0 && (m.waiting > m.limit || m.held > m.room) {
		m.settle()
	}
}

// pass counts a row of a log and moves that log's clock, which it returns.
func (m *matcher) pass(log uint32, at outcome.Time) *logClock {
	clock := m.clock(log)
	m.rows++
	now := clock.now + timelessRow
	if !at.IsZero() {
		now = milliseconds(at)
	}
	m.tick(clock, now)
	return clock
}

// settle places the rows that have waited longest as it seems best by now.
func (m *matcher) settle() {
	m.capped++
	m.collapse(m.queue.front)
}

func (m *matcher) clock(log uint32) *logClock {
	if c := m.recent; c != nil && c.log == log {
		return c
	}
	c := m.logs[log]
	if c == nil {
		c = &logClock{log: log}
		m.logs[log] = c
		m.ordered = append(m.ordered, c)
	}
	m.recent = c
	return c
}

// tick moves a log's clock and settles what has been silent for too long.
func (m *matcher) tick(clock *logClock, now int64) {
	if now < clock.now-backwards {
		for c := clock.idle.oldest(); c != nil; c = clock.idle.oldest() {
			m.expire(c)
		}
		clock.now, clock.due = now, now
	}
	clock.now = max(clock.now, now)
	if clock.now >= clock.due {
		m.expireIdle(clock)
	}
}

// expireIdle settles what has been silent for too long.
func (m *matcher) expireIdle(clock *logClock) {
	clock.due = clock.now + silence
	for c := clock.idle.oldest(); c != nil; c = clock.idle.oldest() {
		if clock.now-c.clock < silence {
			clock.due = c.clock + silence
			return
		}
		m.expire(c)
	}
}

// advance says that the log has reached the time now: what has been silent for
// ten minutes is over.
func (m *matcher) advance(log uint32, now outcome.Time) {
	if !now.IsZero() {
		m.tick(m.clock(log), milliseconds(now))
	}
}

// close ends the input: everything that waits is placed and finished.
func (m *matcher) close() {
	for _, clock := range m.ordered {
		for c := clock.idle.oldest(); c != nil; c = clock.idle.oldest() {
			m.remove(c)
		}
	}
}

// pending returns the number of rows that wait to be placed.
func (m *matcher) pending() int { return m.waiting }

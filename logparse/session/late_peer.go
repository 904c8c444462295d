package session

import (
	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply/outcome"
)

// goOnLoosely takes a row of IIS that is surely the next one of the current
// connection of its peer, whose session has begun: nearly all rows are. What may be
// another connection's, and what moves more than the clock, takes the other way:
// then it reports false, and nothing has changed that counts.
//
// That the peer had a row before, by the number that rows of one log alone share,
// says which log's and which cluster's the row is.
func (b *Builder) goOnLoosely(rec *logparse.Record) bool {
	peer, m := rec.Peer(), b.matcher
	late := &m.lateClusters[peer%uint64(len(m.lateClusters))]
	c := late.cluster
	if peer == 0 || late.peer != peer || c.serial != late.serial {
		return false
	}
	x, s, clock := &c.current, b.recent, c.log
	if x.conn == nil || s.index != clock.log || s.file != rec.Pos.File || b.lastSerial.brief != nil || b.lastSerial.state != nil {
		return false
	}
	l, _ := x.slot.owner.(*loose)
	st, _ := x.slot.owner.(*state)
	if l == nil && st == nil || l != nil && l.steps >= MaxSteps || st != nil && st.full() || len(rec.Helo) > 0 && matchVerbOf[rec.Verb].greets() {
		return false
	}
	t, at, took := rec.Time.UnixNano(), milliseconds(rec.Time), max(rec.Elapsed, 0)
	now := max(clock.now, at)
	if rec.Time.IsZero() || t >= s.sweep || t <= s.clock-int64(SilenceWithoutID) || at < clock.now-backwards || now >= c.check {
		return false
	}
	r, steps := &m.row, c.steps(rec, at, took)
	if !steps {
		r.readOf(rec, c)
		r.ask(rec)
		r.clock = now
		if !c.goesOn(r) {
			return false
		}
	}
	b.order++
	s.clock = max(s.clock, t)
	m.rows++
	if clock.now = now; now >= clock.due {
		m.expireIdle(clock) // others than c
	}
	clock.idle.moveToBack(c)
	c.clock = now
	c.order++
	c.vague = rec.Direction != outcome.Outbound && rec.Elapsed < 0
	sl, over := x.slot, false
	if steps {
		over = m.step(c, rec, m.rows, at, took)
	} else {
		r.number = m.rows
		over = m.takeCurrent(c)
	}
	if l != nil {
		b.placeLoose(sl, l, s.number, rec)
	} else {
		rec.Fill()
		b.takeOf(st, s.number, rec)
	}
	if over {
		m.endCurrent(c)
	}
	if b.overfull() {
		b.shed()
	}
	return true
}

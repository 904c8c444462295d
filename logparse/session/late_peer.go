package session

import "github.com/smtplog/smtplog/logparse"

// goOnLoosely takes a row of IIS that is surely the next one of the current
// connection of its peer, if that is a brief: nearly all rows are. What may be
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
	if l == nil || l.steps >= MaxSteps || len(rec.Helo) > 0 && matchVerbOf[rec.Verb].greets() {
		return false
	}
	r, t := &m.row, rec.Time.UnixNano()
	r.read(rec)
	r.clock = max(clock.now, r.at)
	if !r.timed || t >= s.sweep || t <= s.clock-int64(SilenceWithoutID) || r.at < clock.now-backwards || r.clock >= min(clock.due, c.check) {
		return false
	}
	if !c.goesOn(r) {
		return false
	}
	b.order++
	s.clock = max(s.clock, t)
	m.rows++
	r.number = m.rows
	clock.now = r.clock
	clock.idle.moveToBack(c)
	c.clock = r.clock
	c.order++
	c.vague = !r.outbound && r.took < 0
	sl := x.slot
	over := m.takeCurrent(c)
	b.placeLoose(sl, l, s.number, rec)
	if over {
		m.endCurrent(c)
	}
	return true
}

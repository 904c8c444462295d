package session

import "github.com/smtplog/smtplog/logparse"

// goOnBriefly takes a record with the Conversation of a brief, if one of its
// records before had the same: it says nothing new of the connection. Its time
// must be that of a row that follows the session's last in a log that moves on.
// Any other record is added in the long way.
func (b *Builder) goOnBriefly(rec *logparse.Record) {
	n := rec.Conversation()
	l := &b.late[n%lateSessions]
	br := l.brief
	if n == 0 {
		if !b.goOnLoosely(rec) {
			b.add(rec)
		}
		return
	}
	if br == nil || br.conversation != n || rec.Kind-logparse.KindConnect > logparse.KindDisconnect-logparse.KindConnect {
		b.add(rec)
		return
	}
	s, at := b.recent, instantOf(rec.Time)
	clock := max(s.clock, at.ns)
	switch {
	case s.index != br.stream || s.number != br.file || br.steps >= MaxSteps:
		b.add(rec)
		return
	case at.digits == 0 || at.ns >= s.sweep || clock-br.end >= int64(SilenceWithID) || !br.follows(at):
		b.add(rec)
		return
	}
	s.clock = clock
	b.previous = l.handle
	b.order++
	br.order = b.order
	br.count(rec)
	if rec.Kind == logparse.KindReply && br.accepts(rec) {
		return
	}
	b.briefEvent(l.handle, br, rec)
	if b.overfull() {
		b.shed()
	}
}

// A late is a session with a late row. It may be over, and another in its place,
// which has another conversation then.
type late struct {
	brief  *brief // nil for a state
	handle handle
}

// lateSessions is how many are at hand.
const lateSessions = 1024

// lateState is the state that took a record with the Conversation n and is still
// open, nil if it is not known.
func (b *Builder) lateState(n uint64) *state {
	l := &b.late[n%lateSessions]
	if l.handle&isState == 0 {
		return nil
	}
	if st := b.stateOf(l.handle); st != nil && st.conversation == n {
		return st
	}
	return nil
}

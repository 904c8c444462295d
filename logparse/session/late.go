package session

import "github.com/smtplog/smtplog/logparse"

// goesOnBriefly takes a record with the Conversation n of a brief, if one of its
// records before had the same: it says nothing new of the connection. It reports
// false for any other record, which it leaves alone.
func (b *Builder) goesOnBriefly(n uint64, rec *logparse.Record) bool {
	l := &b.late[n%lateSessions]
	br, h := l.brief, l.handle
	if br == nil || br.conversation != n {
		return false
	}
	s := b.recent
	if s.index != br.stream || s.number != br.file || !s.movesOn(rec.Time, int64(SilenceWithID)) || !b.goesOn(br, s) {
		return false
	}
	b.previous = h
	b.briefRow(h, br, rec)
	if b.held > b.maxHeld {
		b.shed()
	}
	return true
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

package session

import "github.com/smtplog/smtplog/logparse"

// Shares deals out the hosts of the logs without session ids. Rows of different
// hosts never are of one session, and what one host's rows say of a session hangs
// on others only by the time that the log has come to. So several Builders, one for
// each share, make together the sessions that one makes, if every one is given its
// rows to Add and all others to Pass.
type Shares struct {
	first, others uint64
	late          [1024]struct {
		peer  uint64 // Record.Peer
		share int
	}
}

// NewShares returns as many shares. The first has so many percent of the hosts, the
// others are alike.
func NewShares(count, first int) *Shares {
	return &Shares{first: uint64(first), others: uint64(max(count-1, 1))}
}

// Of returns the number of the share, from 0, that has the record's host. The first
// has what has none, and the records of all other logs.
func (s *Shares) Of(rec *logparse.Record) int {
	if !rec.Format.IIS() {
		return 0
	}
	peer := rec.Peer()
	if peer == 0 {
		return s.of(rec)
	}
	l := &s.late[peer%uint64(len(s.late))]
	if l.peer != peer {
		l.peer, l.share = peer, s.of(rec)
	}
	return l.share
}

func (s *Shares) of(rec *logparse.Record) int {
	if len(rec.Remote) == 0 {
		return 0
	}
	hash := hashBytes(keySeed, withoutPort(rec.Remote))
	if hash%100 < s.first {
		return 0
	}
	return 1 + int(hash/100%s.others)
}

// Pass takes note of the time of the next so many records of one log, which another
// of the [Shares] has. They are rows of IIS with the same time, or one without.
func (b *Builder) Pass(rec *logparse.Record, count int) {
	b.order++
	b.matcher.pass(b.movesOn(rec).index, rec.Time)
	b.order += uint64(count - 1)
	b.matcher.rows += int64(count - 1)
}

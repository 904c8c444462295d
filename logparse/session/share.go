package session

import "github.com/smtplog/smtplog/logparse"

// A Share is some of the hosts of the logs without session ids. Rows of different
// hosts never are of one session, and what one host's rows say of a session hangs
// on others only by the time that the log has come to. So several Builders, each
// with a Share of its own, make together the sessions that one makes, if every one
// is given its rows to Add and all others to Pass.
type Share struct {
	number, count uint64
	late          [1024]struct {
		peer  uint64 // Record.Peer
		takes bool
	}
}

// NewShare returns the Share with that number, from 0, of so many.
func NewShare(number, count int) *Share {
	return &Share{number: uint64(number), count: uint64(count)}
}

// Takes reports whether the Share has the record's host. The first has what has
// none, and the records of all other logs.
func (s *Share) Takes(rec *logparse.Record) bool {
	if !rec.Format.IIS() {
		return s.number == 0
	}
	peer := rec.Peer()
	if peer == 0 {
		return s.takes(rec)
	}
	l := &s.late[peer%uint64(len(s.late))]
	if l.peer != peer {
		l.peer, l.takes = peer, s.takes(rec)
	}
	return l.takes
}

func (s *Share) takes(rec *logparse.Record) bool {
	return hashBytes(keySeed, withoutPort(rec.Remote))%s.count == s.number
}

// Give gives a record to b, which has the share: to Add or to Pass.
func (s *Share) Give(b *Builder, rec *logparse.Record) {
	if s.Takes(rec) {
		b.Add(rec)
	} else {
		b.Pass(rec)
	}
}

// Pass takes note of the time of the next record, which another [Share] takes.
func (b *Builder) Pass(rec *logparse.Record) {
	if !rec.Format.IIS() || rec.Kind == logparse.KindNone {
		return
	}
	b.order++
	b.matcher.pass(b.movesOn(rec).index, rec.Time)
}

package session

import (
	"hash/maphash"

	"github.com/smtplog/smtplog/logparse"
)

// byID finds the session of a record by format, id and remote end. Logs whose
// ids were made anonymous use one id for many sessions; the remote end tells
// them apart.
func (b *Builder) byID(s *stream, rec *logparse.Record) {
	st := b.previous
	if st == nil || !st.is(rec, rec.Remote) && (len(rec.Remote) > 0 || !st.is(rec, []byte(st.remote))) {
		st = b.find(rec)
	}
	if st = b.current(st); st == nil {
		st = b.begin(s, rec)
		st.remote = string(rec.Remote)
		b.list(st)
		b.lately[slotOf(rec.Session)] = st
		st.hold(b, stateSize+len(st.id)+2*len(rec.Remote))
	}
	b.previous = st
	b.take(st, rec)
	if rec.Kind == logparse.KindDisconnect || st.lost && !st.connected {
		b.finish(st)
	}
}

// current returns the session unless it is over, for it was silent for too long
// or is full.
func (b *Builder) current(st *state) *state {
	switch {
	case st == nil:
	case st.silent():
		b.finish(st)
		return nil
	case st.full():
		b.cut(st)
		return nil
	}
	return st
}

// find returns the open session of the record, nil for none.
func (b *Builder) find(rec *logparse.Record) *state {
	slot := slotOf(rec.Session)
	if st := b.lately[slot]; st != nil && st.listed && st.is(rec, rec.Remote) {
		return st
	}
	st := b.search(rec)
	b.lately[slot] = st
	return st
}

// slotOf returns the place in Builder.lately of sessions with that id. Exchange
// counts its ids up: those that are open at once differ at the end.
func slotOf(id []byte) int {
	n := len(id)
	if n < 4 {
		return n
	}
	return (int(id[n-1]) + int(id[n-2])*29 + int(id[n-3])*43 + int(id[n-4])*7) % 512
}

// search is find in all open sessions.
func (b *Builder) search(rec *logparse.Record) *state {
	for st := b.open[b.hash(rec, rec.Remote)]; st != nil; st = st.next {
		if st.is(rec, rec.Remote) {
			return st
		}
	}
	if len(rec.Remote) == 0 {
		return nil
	}
	if b.remoteless == 0 {
		return nil
	}
	// A send log's first rows may lack the remote end.
	for st := b.open[b.hash(rec, nil)]; st != nil; st = st.next {
		if st.is(rec, nil) {
			b.unlist(st)
			st.remote = b.text.string(rec.Remote)
			b.list(st)
			st.hold(b, 2*len(rec.Remote))
			return st
		}
	}
	return nil
}

// is reports whether the record names the session, which has that remote end.
func (st *state) is(rec *logparse.Record, remote []byte) bool {
	return st.id == string(rec.Session) && st.remote == string(remote) && st.format == rec.Format
}

func (b *Builder) hash(rec *logparse.Record, remote []byte) uint64 {
	return mix(maphash.Bytes(b.seed, rec.Session), maphash.Bytes(b.seed, remote), rec.Format)
}

func (b *Builder) hashOf(st *state) uint64 {
	return mix(maphash.String(b.seed, st.id), maphash.String(b.seed, st.remote), st.format)
}

func mix(id, remote uint64, format logparse.Format) uint64 { return id ^ 31*remote ^ uint64(format) }

// list makes st one of the open sessions with ids.
func (b *Builder) list(st *state) {
	key := b.hashOf(st)
	st.next, st.listed = b.open[key], true
	b.open[key] = st
	b.opened++
	if st.remote == "" {
		b.remoteless++
	}
}

// unlist undoes list.
func (b *Builder) unlist(st *state) {
	key := b.hashOf(st)
	first := b.open[key]
	switch {
	case first != st:
		for first.next != st {
			first = first.next
		}
		first.next = st.next
	case st.next != nil:
		b.open[key] = st.next
	default:
		delete(b.open, key)
	}
	st.next, st.listed = nil, false
	b.opened--
	if st.remote == "" {
		b.remoteless--
	}
}

package session

import (
	"cmp"
	"hash/maphash"
	"slices"

	"github.com/smtplog/smtplog/logparse"
)

// byID finds the session of a record by format, id and remote end. Logs whose
// ids were made anonymous use one id for many sessions; the remote end tells
// them apart.
func (b *Builder) byID(s *stream, rec *logparse.Record) {
	n := rec.Conversation()
	known := false // the session is, and is over
	if n != 0 {
		if st := b.lateState(n); st != nil {
			if st = b.current(st); st != nil {
				b.takeByID(st, s, rec)
				return
			}
			known = true
		}
	}
	k := &b.key
	k.set(rec.Format, rec.Session, rec.Remote)
	h := b.previous
	br := b.briefs.at(h)
	if known {
		h, br = 0, nil
	} else if br == nil || k.width == 0 || !br.is(k) {
		h = b.find(rec)
		br = b.briefs.at(h)
		b.previous = h
	}
	if br != nil {
		switch {
		case b.goesOn(br, s):
			b.takeBrief(h, br, s, rec)
			return
		case b.silent(&br.course):
			b.finishBrief(h)
		default:
			b.cut(b.expand(h))
		}
		h = 0
	}
	var st *state
	if h != 0 {
		st = b.current(b.stateOf(h))
	}
	if st == nil {
		if b.part != nil && b.part.holdsBack(s, rec) {
			return
		}
		if b.briefly && k.width > 0 && b.beginBrief(s, rec) {
			return
		}
		st = b.begin(s, rec)
		st.key = *k
		st.remote = string(rec.Remote)
		b.list(st)
		st.hold(b, stateSize+len(st.id)+2*len(rec.Remote))
	}
	if n != 0 {
		st.conversation = n
		b.late[n%lateSessions] = late{handle: st.handle()}
	}
	b.takeByID(st, s, rec)
}

// takeByID gives a record of the stream s to the state that its id tells.
func (b *Builder) takeByID(st *state, s *stream, rec *logparse.Record) {
	rec.Fill()
	b.previous = st.handle()
	b.takeOf(st, s.number, rec)
	b.over(st, rec)
}

// over finishes the session if the record was its last.
func (b *Builder) over(st *state, rec *logparse.Record) {
	if rec.Kind == logparse.KindDisconnect || st.lost && !st.connected {
		b.finish(st)
	}
}

// current returns the session unless it is over, for it was silent for too long
// or is full.
func (b *Builder) current(st *state) *state {
	switch {
	case st == nil:
	case b.silent(&st.course):
		b.finish(st)
		return nil
	case st.full():
		b.cut(st)
		return nil
	}
	return st
}

func (b *Builder) stateOf(h handle) *state { return b.states[h&^isState-1] }

func (b *Builder) keyOf(h handle) *key {
	if br := b.briefs.at(h); br != nil {
		return &br.key
	}
	return &b.stateOf(h).key
}

// find returns the open session of the record, whose key is b.key; 0 for none.
func (b *Builder) find(rec *logparse.Record) handle {
	if b.key.width == 0 {
		return b.findText(rec)
	}
	if h := b.previous; h&isState != 0 && b.stateOf(h).is(&b.key) {
		return h
	}
	hash := b.seeds.ofKey(&b.key)
	for h, i := b.index.get(hash, hash); h != 0; h, i = b.index.get(hash, i) {
		if b.keyOf(h).is(&b.key) {
			return h
		}
	}
	return b.findRemoteless(rec)
}

// findText is find for a record whose session has no key.
func (b *Builder) findText(rec *logparse.Record) handle {
	if h := b.previous; h != 0 && len(rec.Remote) == 0 && b.hasID(h, rec) {
		return h
	}
	if h := b.search(rec, rec.Remote); h != 0 || len(rec.Remote) == 0 {
		return h
	}
	return b.findRemoteless(rec)
}

// hasID reports whether the record names the session, whatever its remote end.
func (b *Builder) hasID(h handle, rec *logparse.Record) bool {
	if br := b.briefs.at(h); br != nil {
		var id [idWidth]byte
		return br.format == rec.Format && string(br.key.appendID(id[:0])) == string(rec.Session)
	}
	st := b.stateOf(h)
	return st.format == rec.Format && st.id == string(rec.Session)
}

// search returns the open session without a key that the record names and that
// has that remote end.
func (b *Builder) search(rec *logparse.Record, remote []byte) handle {
	hash := mixed(rec.Format, maphash.Bytes(b.seeds.text, rec.Session), maphash.Bytes(b.seeds.text, remote))
	for h, i := b.index.get(hash, hash); h != 0; h, i = b.index.get(hash, i) {
		if h&isState == 0 {
			continue
		}
		if st := b.stateOf(h); st.id == string(rec.Session) && st.remote == string(remote) && st.format == rec.Format {
			return h
		}
	}
	return 0
}

// findRemoteless returns the open session of the record if it had no remote end
// so far, and gives it one: a send log's first rows may lack it.
func (b *Builder) findRemoteless(rec *logparse.Record) handle {
	if b.remoteless == 0 {
		return 0
	}
	h := b.search(rec, nil)
	if h == 0 {
		return 0
	}
	st := b.stateOf(h)
	b.unlist(st)
	st.remote = b.text.string(rec.Remote)
	st.key = b.key
	b.list(st)
	st.hold(b, 2*len(rec.Remote))
	return st.handle()
}

func (b *Builder) hashOf(st *state) uint32 {
	if st.width > 0 {
		return b.seeds.ofKey(&st.key)
	}
	return mixed(st.format, maphash.String(b.seeds.text, st.id), maphash.String(b.seeds.text, st.remote))
}

// list makes st one of the open sessions with ids.
func (b *Builder) list(st *state) {
	b.place(st)
	b.index.add(b.hashOf(st), st.handle())
	b.opened++
	if st.remote == "" {
		b.remoteless++
	}
}

// place gives st a handle.
func (b *Builder) place(st *state) {
	if n := len(b.vacant); n > 0 {
		st.place, b.vacant = b.vacant[n-1], b.vacant[:n-1]
		b.states[st.place] = st
	} else {
		st.place = uint32(len(b.states))
		b.states = append(b.states, st)
	}
	st.listed = true
}

func (st *state) handle() handle { return handle(st.place+1) | isState }

// unlist undoes list.
func (b *Builder) unlist(st *state) {
	h := st.handle()
	b.index.remove(b.hashOf(st), h)
	b.states[st.place] = nil
	b.vacant = append(b.vacant, st.place)
	st.listed = false
	b.opened--
	if st.remote == "" {
		b.remoteless--
	}
	if b.previous == h {
		b.previous = 0
	}
}

// An opened session is one of those that are open: a state or a brief, or one of
// those of a cluster.
type opened struct {
	order   uint64
	st      *state
	brief   handle
	cluster *cluster
}

// all returns the open sessions in the order of their last records, those only
// that which is not nil says.
func (b *Builder) all(which func(*course) bool) []opened {
	var list []opened
	add := func(c *course, st *state, h handle) {
		if which == nil || which(c) {
			list = append(list, opened{order: c.order, st: st, brief: h})
		}
	}
	for _, st := range b.states {
		if st != nil {
			add(&st.course, st, 0)
		}
	}
	for _, st := range b.serial {
		add(&st.course, st, 0)
	}
	for h := handle(1); h <= b.briefs.made; h++ {
		if br := b.briefs.at(h); br.width > 0 {
			add(&br.course, nil, h)
		}
	}
	slices.SortFunc(list, func(x, y opened) int { return cmp.Compare(x.order, y.order) })
	return list
}

// finishAll finishes sessions, those that were silent for longest first.
func (b *Builder) finishAll(list []opened) {
	for _, o := range list {
		if o.st != nil {
			b.finish(o.st)
		} else {
			b.finishBrief(o.brief)
		}
	}
}

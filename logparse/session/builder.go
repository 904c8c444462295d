package session

import (
	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply"
)

// Options say what a Builder keeps. A nil *Options is the zero value.
type Options struct {
	Transcript  bool // keep the conversation of each session
	ShowSecrets bool // keep passwords and SASL answers in it

	// Classifier gives each failure its reason; nil is the built-in one.
	Classifier *reply.Classifier

	// Placed is called for each record when the session that it belongs to is
	// known, in the order of the records of one session. id is the session's
	// ID; secret says that the record holds a password or a SASL answer. It is
	// called before the record counts for the session.
	Placed func(rec *logparse.Record, id string, secret bool)
}

// A Builder puts records together to sessions.
type Builder struct {
	opt  Options
	emit func(*Session)

	streams map[place]map[string]*stream // by the server's name
	recent  *stream                      // of the record before

	open     map[string]*state // sessions with ids, by format, id and remote end
	previous *state            // of the record before
	serial   map[string]*state // sessions of logs that hold one after the other, by file
	matcher  *matcher

	held   int // bytes that the open sessions hold
	free   []*state
	key    []byte
	text   texts
	order  uint64 // records so far
	number uint64 // sessions so far
	logs   uint32 // streams so far
	capped int64
	swept  uint64 // order at the last sweep

	maxOpen, maxHeld int // MaxOpen and maxSessions, lower in tests
}

// NewBuilder returns a Builder that calls emit for each session when it is
// over. The session is good until emit returns.
func NewBuilder(opt *Options, emit func(*Session)) *Builder {
	b := &Builder{
		emit:    emit,
		streams: map[place]map[string]*stream{},
		open:    map[string]*state{},
		serial:  map[string]*state{},
		maxOpen: MaxOpen,
		maxHeld: maxSessions,
	}
	if opt != nil {
		b.opt = *opt
	}
	b.matcher = newMatcher(b.matched, b.matchEnded)
	return b
}

// Add takes the next record of the log. Records of formats that log no SMTP
// conversation are passed over.
func (b *Builder) Add(rec *logparse.Record) {
	if !rec.Format.Protocol() || rec.Kind == logparse.KindNone || rec.Kind == logparse.KindTracking {
		return
	}
	b.order++
	s := b.stream(rec)
	b.tick(s, rec)
	switch {
	case rec.Format.HasSessionID():
		b.byID(s, rec)
	case rec.Format == logparse.IMS || rec.Format == logparse.OutlookSMTP:
		b.bySequence(s, rec)
	default:
		b.matcher.add(s.index, rec)
	}
	if len(b.open)+len(b.serial) > b.maxOpen || b.held > b.maxHeld {
		b.shed()
	}
}

// all returns the open sessions, in no order.
func (b *Builder) all() []*state {
	states := make([]*state, 0, len(b.open)+len(b.serial))
	for _, st := range b.open {
		states = append(states, st)
	}
	for _, st := range b.serial {
		states = append(states, st)
	}
	return states
}

// Close hands out the sessions that are still open.
func (b *Builder) Close() {
	b.matcher.close()
	b.finishAll(b.all())
}

// byID finds the session of a record by format, id and remote end. Logs whose
// ids were made anonymous use one id for many sessions; the remote end tells
// them apart.
func (b *Builder) byID(s *stream, rec *logparse.Record) {
	st := b.previous
	if st == nil || st.Format != rec.Format || st.ID != string(rec.Session) ||
		st.Remote != string(rec.Remote) && len(rec.Remote) > 0 {
		st = b.find(rec)
	}
	if st = b.current(st); st == nil {
		st = b.begin(s, rec)
		st.key = string(b.sessionKey(rec, rec.Remote))
		b.open[st.key] = st
		st.hold(b, len(st.key)+len(st.ID)+len(rec.Remote))
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
	if st := b.open[string(b.sessionKey(rec, rec.Remote))]; st != nil || len(rec.Remote) == 0 {
		return st
	}
	// A send log's first rows may lack the remote end.
	st := b.open[string(b.sessionKey(rec, nil))]
	if st != nil {
		delete(b.open, st.key)
		st.Remote = b.text.string(rec.Remote)
		st.key = string(b.sessionKey(rec, rec.Remote))
		b.open[st.key] = st
	}
	return st
}

func (b *Builder) sessionKey(rec *logparse.Record, remote []byte) []byte {
	b.key = append(b.key[:0], byte(rec.Format))
	b.key = append(b.key, rec.Session...)
	b.key = append(b.key, 0)
	b.key = append(b.key, remote...)
	return b.key
}

// bySequence follows a log that holds one session after the other.
func (b *Builder) bySequence(s *stream, rec *logparse.Record) {
	st := b.current(b.serial[rec.Pos.File])
	if st != nil && st.endsBefore(rec) {
		st.superseded = true
		b.finish(st)
		st = nil
	}
	if st == nil {
		st = b.begin(s, rec)
		st.Confidence = Inferred
		st.key = rec.Pos.File
		b.serial[st.key] = st
	}
	b.take(st, rec)
	if st.lost {
		b.finish(st)
	}
}

// endsBefore reports whether the record is the first of the next session.
func (st *state) endsBefore(rec *logparse.Record) bool {
	switch {
	case rec.Kind == logparse.KindConnect:
		return true
	case rec.Kind == logparse.KindInfo && rec.Direction != st.Direction:
		return true // the IMS tells of a delivery of its own
	case st.over:
		return rec.Kind != logparse.KindRaw || rec.Code != 221
	}
	// The log of a mail client may show a connection by its greeting alone.
	if rec.Kind != logparse.KindReply || rec.Code != 220 || !rec.Enhanced.IsZero() || st.numbered == 0 {
		return false
	}
	waiting := st.queue.waiting()
	return len(waiting) == 0 || waiting[0].verb != logparse.VerbSTARTTLS
}

// matched takes a record that the matcher has placed.
func (b *Builder) matched(sl *slot, rec *logparse.Record) {
	st, _ := sl.owner.(*state)
	if st != nil && st.full() {
		b.cut(st)
		st = nil
	}
	if st == nil {
		st = b.begin(b.streamOf(rec), rec)
		st.Confidence = Inferred
		sl.owner = st
	}
	b.take(st, rec)
}

// matchEnded finishes a session that gets no more records.
func (b *Builder) matchEnded(sl *slot) {
	st, _ := sl.owner.(*state)
	if st == nil {
		return
	}
	sl.owner = nil
	if sl.ambiguous {
		st.Confidence = Ambiguous
	}
	b.finish(st)
}

// streamOf is stream for a record that may be an older one: it does not move
// the recent one.
func (b *Builder) streamOf(rec *logparse.Record) *stream {
	recent := b.recent
	file := ""
	if recent != nil {
		file = recent.file
	}
	s := b.stream(rec)
	if recent != nil {
		b.recent = recent
		recent.file = file
	}
	return s
}

// begin makes the session whose first record is rec.
func (b *Builder) begin(s *stream, rec *logparse.Record) *state {
	var st *state
	if n := len(b.free); n > 0 {
		st, b.free = b.free[n-1], b.free[:n-1]
	} else {
		st = &state{}
	}
	st.reset()
	b.number++
	st.number = b.number
	st.stream = s
	st.Format = rec.Format
	st.Direction = rec.Direction
	st.Confidence = Exact
	if len(rec.Session) > 0 {
		st.ID = string(rec.Session)
	} else {
		st.ID = rec.Pos.String()
	}
	return st
}

// take gives a record to its session.
func (b *Builder) take(st *state, rec *logparse.Record) {
	if st.Remote == "" {
		st.Remote = b.text.string(rec.Remote)
	}
	if st.Local == "" {
		st.Local = b.text.string(rec.Local)
	}
	if st.Server == "" {
		st.Server = b.text.string(rec.Server)
	}
	if st.Connector == "" {
		st.Connector = b.text.string(rec.Connector)
	}
	if rec.Helo != nil && st.Helo != string(rec.Helo) {
		st.Helo = b.text.string(rec.Helo)
	}
	if !rec.Time.IsZero() {
		if st.Start.IsZero() || rec.Time.Before(st.Start) {
			st.Start = rec.Time
		}
		if st.End.Before(rec.Time) {
			st.End = rec.Time
			st.last = rec.Time.UnixNano()
		}
	}
	st.order = b.order
	st.source(rec)
	if st.raw != nil {
		b.settleRaw(st, rec)
	}
	if b.opt.Placed != nil || b.opt.Transcript {
		secret := st.secret(rec)
		if b.opt.Placed != nil {
			b.opt.Placed(rec, st.ID, secret)
		}
		if b.opt.Transcript {
			b.step(st, rec, secret)
		}
	}
	if rec.Kind == logparse.KindRaw {
		b.rawLine(st, rec)
		return
	}
	b.event(st, rec)
}

// source counts the record's lines to its file.
func (st *state) source(rec *logparse.Record) {
	if n := len(st.Sources); n > 0 && st.Sources[n-1].File == rec.Pos.File {
		src := &st.Sources[n-1]
		src.Lines += int64(rec.Lines)
		src.FirstLine = min(src.FirstLine, rec.Pos.Line)
		src.LastLine = max(src.LastLine, rec.Pos.Line+int64(rec.Lines)-1)
		return
	}
	st.Sources = append(st.Sources, Source{rec.Pos.File, rec.Pos.Line, rec.Pos.Line + int64(rec.Lines) - 1, int64(rec.Lines)})
}

// finish completes a session, hands it out and keeps its memory for the next.
func (b *Builder) finish(st *state) {
	if st.raw != nil {
		b.promote(st)
	}
	st.endPartial(b)
	if st.key != "" {
		b.held -= st.bytes
		if st.Format.HasSessionID() {
			delete(b.open, st.key)
		} else {
			delete(b.serial, st.key)
		}
	}
	if b.previous == st {
		b.previous = nil
	}
	b.complete(st)
	b.emit(&st.Session)
	if len(b.free) < maxFree && st.bytes <= maxFreeSize {
		st.trim()
		b.free = append(b.free, st)
	}
}

// trim gives back room that the session had no use for: else every state would
// grow to the largest session that it ever held.
func (st *state) trim() {
	all := st.Transactions[:cap(st.Transactions)]
	used := len(st.Transactions)
	if len(all) > 2*used+2 {
		st.Transactions, all = nil, nil
	}
	for i := range all {
		n := 0
		if i < used {
			n = len(all[i].Recipients)
		}
		if cap(all[i].Recipients) > 2*n+2 {
			all[i].Recipients = nil
		}
	}
	if cap(st.Failures) > 2*len(st.Failures)+1 {
		st.Failures = nil
	}
	if cap(st.refusals) > 2*len(st.refusals)+1 {
		st.refusals = nil
	}
	if cap(st.queue.list) > 8 {
		st.queue.list = nil
	}
}

package session

import "github.com/smtplog/smtplog/logparse"

// A Builder puts records together to sessions.
type Builder struct {
	opt  Options
	emit func(*Session)
	part *Part // nil where the logs are read from their beginning

	streams map[place]map[string]*stream // by the server's name
	recent  *stream                      // of the record before

	briefly     bool     // sessions with ids may be briefs
	loosely     bool     // those that the matcher places may be
	briefs      briefs   // sessions with ids, as far as nothing out of the way was said
	states      []*state // the others with ids; nil where none is any more
	vacant      []uint32 // where none is
	index       index    // of the briefs and states
	opened      int      // how many they are, and how many are in serial
	remoteless  int      // how many of them have no remote end yet
	key         key      // of the record
	seeds       seeds
	previous    handle             // of the session of the record before, 0 for none
	late        [lateSessions]late // by Record.Conversation, of sessions that may be over
	serial      map[uint32]*state  // sessions of logs that hold one after the other, by file
	lastSerial  lastSerial         // the one of them that the record before belongs to
	serialBrief serialBrief        // lastSerial.brief
	matcher     *matcher

	held    int  // bytes that the open sessions hold, beside what the matcher does
	cutting bool // because of a bound: what the matcher ends is cut
	free    []*state
	ends    *ends // of the session that was begun last

	names       []names // of briefs
	lastNames   uint32  // index of those of the brief that was begun last
	notes       []notes // of briefs
	freeOfNotes []uint32
	freeLoose   []*loose
	rooms       rooms
	said        []byte // scratch
	text        texts
	tls         map[string]*TLS
	whole       Session // what is handed out

	logs      []*stream // from index 1 on
	files     []string
	numbers   map[string]uint32 // of the files
	partials  []*verdict        // to be used again
	raws      []*rawLine        // to be used again
	echo      logparse.Record   // scratch
	order     uint64            // records so far
	number    uint64            // sessions so far
	capped    int64
	swept     uint64 // order at the last sweep
	sweptBack uint64 // and at the last sweepBack

	recorded int      // bytes that transcripts of open sessions take
	textRoom int      // while they take less, texts are not read again
	steps    []Step   // of the session that is handed out
	again    rereader // for transcripts

	memory           int // Options.Memory
	maxOpen, maxHeld int // MaxOpen and what open sessions may hold beside transcripts
}

// NewBuilder returns a Builder that calls emit for each session when it is
// over. The session is good until emit returns. emit may be nil where no more is
// asked for than [Options.Placed].
func NewBuilder(opt *Options, emit func(*Session)) *Builder {
	b := &Builder{
		emit:    emit,
		streams: map[place]map[string]*stream{},
		seeds:   newSeeds(),
		logs:    make([]*stream, 1),
		numbers: map[string]uint32{},
		ends:    &ends{},
		serial:  map[uint32]*state{},
		memory:  DefaultMemory,
		maxOpen: MaxOpen,
	}
	if opt != nil {
		b.opt = *opt
	}
	b.loosely = b.opt.Terse && !b.opt.Transcript
	b.briefly = b.loosely && b.opt.Placed == nil
	if b.opt.Memory > 0 {
		b.memory = int(b.opt.Memory)
	}
	b.maxHeld = b.memory
	if b.opt.Transcript {
		b.maxHeld -= b.memory / transcriptsShare
		b.textRoom = b.memory / transcriptsShare / textsShare
	}
	b.matcher = newMatcher(b.matched, b.matchEnded)
	b.matcher.room = b.memory / waitingShare
	return b
}

// Add takes the next record of the log. Records of formats that log no SMTP
// conversation are passed over.
func (b *Builder) Add(rec *logparse.Record) {
	b.goOnBriefly(rec) // the usual
}

// add is Add for any record.
func (b *Builder) add(rec *logparse.Record) {
	if rec.Format.HasSessionID() && b.lastSerial.brief == nil && b.lastSerial.state == nil {
		rec.FillEnds() // a brief asks for more where it has a use for it
	} else {
		rec.Fill()
	}
	if !rec.Format.Protocol() || rec.Kind == logparse.KindNone || rec.Kind == logparse.KindTracking {
		return
	}
	b.order++
	if (b.lastSerial.brief != nil || b.lastSerial.state != nil) && b.goesOnSerially(rec) {
		return
	}
	if rec.TakeEcho(&b.echo) {
		b.order-- // which was for rec
		b.add(&b.echo)
		b.add(rec)
		return
	}
	s := b.movesOn(rec)
	switch {
	case rec.Format.HasSessionID():
		b.byID(s, rec)
	case rec.Format == logparse.IMS || rec.Format == logparse.OutlookSMTP:
		b.bySequence(s, rec)
	default:
		b.matcher.add(s.index, rec)
	}
	if b.opened > b.maxOpen || b.overfull() {
		b.shed()
	}
}

// movesOn moves the clock of the record's log, and returns that.
func (b *Builder) movesOn(rec *logparse.Record) *stream {
	s := b.recent
	if s == nil || s.place.format != rec.Format || s.file != rec.Pos.File || !s.server.is(rec.Server) {
		s = b.stream(rec)
	}
	silence := silenceOf(rec.Format)
	if b.part != nil {
		silence = int64(backward)
	}
	if !s.movesOn(rec.Time, silence) {
		b.tick(s, rec)
	}
	return s
}

// Settle decides to which session the records belong that have waited longest
// to be placed, though later ones might have told better ([Builder.Capped]). It
// reports false when none waits. Only logs without session ids have such.
func (b *Builder) Settle() bool {
	if b.matcher.waiting == 0 {
		return false
	}
	b.matcher.settle()
	return true
}

// Close hands out the sessions that are still open.
func (b *Builder) Close() {
	b.expandSerial()
	b.matcher.close()
	b.finishAll(b.all(nil))
}

// matched takes a record that the matcher has placed.
func (b *Builder) matched(sl *slot, rec *logparse.Record) {
	st, _ := sl.owner.(*state)
	if st == nil && b.loosely {
		if l, _ := sl.owner.(*loose); b.matchedBriefly(sl, l, rec) {
			return
		}
	}
	if st != nil && st.full() {
		b.cut(st)
		st = nil
	}
	if st == nil {
		st = b.begin(b.streamOf(rec), rec)
		st.confidence = inferred
		st.listed = true
		st.hold(b, stateSize+len(st.id)+2*len(rec.Remote))
		sl.owner = st
	}
	b.take(st, rec)
}

// matchEnded finishes a session that gets no more records.
func (b *Builder) matchEnded(sl *slot) {
	st, _ := sl.owner.(*state)
	if l, _ := sl.owner.(*loose); l != nil {
		if b.emit == nil && !b.cutting {
			sl.owner = nil
			b.freeLooseBrief(l)
			return
		}
		if !b.cutting && (l.partial == 0 || l.endPartial(b)) && !l.failures {
			confidence := Inferred
			if sl.ambiguous {
				confidence = Ambiguous
			}
			sl.owner = nil
			b.finishLoose(l, confidence)
			return
		}
		st = b.expandLoose(l)
	}
	if st == nil {
		return
	}
	sl.owner = nil
	if sl.ambiguous {
		st.confidence = ambiguous
	}
	if b.cutting {
		b.cut(st)
	} else {
		b.finish(st)
	}
}

// streamOf is stream for a record that may be an older one: it does not move
// the recent one.
func (b *Builder) streamOf(rec *logparse.Record) *stream {
	recent := b.recent
	if recent == nil {
		return b.stream(rec)
	}
	if recent.place.format == rec.Format && recent.file == rec.Pos.File && recent.server.is(rec.Server) {
		return recent
	}
	file, number := recent.file, recent.number
	s := b.stream(rec)
	b.recent, recent.file, recent.number = recent, file, number
	return s
}

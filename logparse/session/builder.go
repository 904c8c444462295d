package session

import (
	"bytes"
	"strconv"

	"github.com/smtplog/smtplog/logparse"
)

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

// begin makes the session whose first record is rec.
func (b *Builder) begin(s *stream, rec *logparse.Record) *state {
	st := b.newState()
	b.number++
	st.number = b.number
	st.stream = s.index
	st.format = rec.Format
	st.direction = rec.Direction
	if len(rec.Session) > 0 {
		st.id = string(rec.Session)
	} else {
		st.id = string(b.idAt(rec.Pos.File, rec.Pos.Line))
	}
	return st
}

// idAt returns the id of a session without one whose first row stands there, as
// [outcome.Position] writes it. It is good until the next text is put together.
func (b *Builder) idAt(file string, line int64) []byte {
	b.said = append(append(b.said[:0], file...), ':')
	b.said = strconv.AppendInt(b.said, line, 10)
	return b.said
}

// newState returns a state that knows nothing.
func (b *Builder) newState() *state {
	var st *state
	if n := len(b.free); n > 0 {
		st, b.free = b.free[n-1], b.free[:n-1]
	} else {
		st = &state{}
	}
	st.reset()
	st.ends = &noEnds
	return st
}

// take gives a record to its session.
func (b *Builder) take(st *state, rec *logparse.Record) {
	b.takeOf(st, b.fileNumber(rec.Pos.File), rec)
}

// takeOf is take for a record of the file with that number.
func (b *Builder) takeOf(st *state, file uint32, rec *logparse.Record) {
	if st.remote == "" && len(rec.Remote) > 0 {
		st.remote = st.name(b, rec.Remote)
	}
	if e := st.ends; e.server == "" && len(rec.Server) > 0 || e.connector == "" && len(rec.Connector) > 0 || e.local == "" && len(rec.Local) > 0 {
		b.setEnds(st, rec)
	}
	if rec.Helo != nil {
		b.greeted(st, rec.Helo)
	}
	if at := instantOf(rec.Time); !st.follows(at) {
		st.at(at)
	}
	b.countLines(st, file, rec)
	b.goOn(st, rec)
}

// goOn is take for a record that says nothing new of the connection and its
// time, and whose lines are counted.
func (b *Builder) goOn(st *state, rec *logparse.Record) {
	st.order = b.order
	if st.raw != nil {
		b.settleRaw(st, rec)
	}
	if b.opt.Placed != nil || b.opt.Transcript {
		secret := secretRow(rec, st.challenge)
		if b.opt.Placed != nil {
			b.opt.Placed(rec, st.id, secret)
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

// noEnds are those of a session whose first row is to come.
var noEnds ends

// setEnds takes in what the record is the first to say of the connection's ends.
func (b *Builder) setEnds(st *state, rec *logparse.Record) {
	if last := b.ends; st.ends == &noEnds && last.server == string(rec.Server) && last.connector == string(rec.Connector) && last.local == string(rec.Local) {
		st.ends = last
		return
	}
	e := *st.ends
	if e.server == "" {
		e.server = b.text.string(rec.Server)
	}
	if e.connector == "" {
		e.connector = b.text.string(rec.Connector)
	}
	if e.local == "" {
		e.local = b.text.string(rec.Local)
	}
	if *b.ends != e {
		b.ends = &ends{e.server, e.connector, e.local}
		st.hold(b, len(e.server)+len(e.connector)+len(e.local))
	}
	st.ends = b.ends
}

// greeted takes in the name of HELO or EHLO.
func (b *Builder) greeted(st *state, name []byte) {
	st.named = st.named || len(name) > 0
	if !b.opt.Terse && !bytes.Equal(st.words.bytes(st.helo), name) {
		st.helo = st.keep(b, name)
	}
}

// countLines counts the record's lines to its file.
func (b *Builder) countLines(st *state, file uint32, rec *logparse.Record) {
	if file != st.file || st.lines == 0 {
		if st.lines > 0 {
			st.earlier = append(st.earlier, b.source(&st.course))
		}
		st.file, st.lines = file, 0
	}
	st.count(rec)
}

// source returns the part of a session in the file of its last row.
func (b *Builder) source(c *course) Source {
	return Source{b.files[c.file], c.firstLine, c.lastLine, int64(c.lines)}
}

// finish completes a session, hands it out and keeps its memory for the next.
func (b *Builder) finish(st *state) {
	if st.raw != nil {
		b.promote(st)
	}
	st.endPartial(b)
	if st.listed {
		b.held -= int(st.bytes)
		switch {
		case st.format.HasSessionID():
			b.unlist(st)
		case st.format.IIS():
			st.listed = false
		default:
			delete(b.serial, st.file)
			b.opened--
			if b.lastSerial.state == st {
				b.lastSerial.state = nil
			}
		}
	}
	if b.emit != nil {
		b.complete(st)
		b.emit(&b.whole)
	}
	size := int(st.bytes)
	if st.record != nil {
		size += st.record.size
		b.recorded -= len(st.record.packed)
	}
	if size > maxFreeSize {
		b.whole, b.steps = Session{}, nil
	} else if len(b.free) < maxFree {
		st.trim()
		b.free = append(b.free, st)
	}
}

package session

import "github.com/smtplog/smtplog/logparse"

// A brief is a session with an id in the making, as far as counting needs it
// ([Options.Terse]) and nothing out of the way was said: so long as every
// command was a usual one, a transaction in which every reply accepted comes
// down to how many recipients it has, and of others there is what was said. It
// is small and holds hardly a pointer, since tens of thousands may be open at
// once. At the first row that it has no room for, Builder.expand makes a state
// of it, which follows the same rules; the names of its steps are those of the
// state's.
//
// What nearly every row touches stands first.
type brief struct {
	course
	conversation uint64 // of rows of the stream and the file that the first is of, 0 if not known
	waitingCommands
	lacks   uint8  // which of the ends that rows name are not known yet
	local   uint8  // length of ours
	ends    uint16 // length of the ends of the connection, with which words begin
	kept    uint16 // length of the words behind the ends that stay when the transaction is over
	partial uint16 // code of a reply whose end is to come
	words   []byte // our end, and in a loose the remote one; then what was said, each behind its kind and length in two bytes

	recipients uint32 // of the transaction
	current    progress
	keeps      bool // the transaction under way stays
	failures   bool // there are some among the words
	refusals   bool // they may be; else the first takes a state
	settled
	names uint32 // of server and connector, in Builder.names
	notes uint32 // index in Builder.notes and one; 0 for none
	key
}

// A progress says how far the transaction of a brief is.
type progress uint8

const (
	noTransaction   progress = iota
	underWay                 // commands belong to it
	endedUnanswered          // RSET, QUIT or HELO ended it, but replies of it are to come
)

// What lacks may hold.
const (
	lacksServer = 1 << iota
	lacksConnector
	lacksLocal
)

const (
	briefSize     = 384     // about what a brief takes
	maxBriefWords = 8 << 10 // bytes
	fewWords      = 512     // what looses that are over may keep
	maxNames      = 128     // of servers and connectors that briefs may have
)

// briefs are the briefs, in use or not; those that are not have no key.
type briefs struct {
	slabs []*[slabSize]brief
	made  handle
	free  []handle
}

const slabSize = 256

// at returns the brief with that handle, nil for that of a state and for 0.
func (p *briefs) at(h handle) *brief {
	if i := uint32(h) - 1; i < uint32(p.made) {
		return &p.slabs[i/slabSize][i%slabSize]
	}
	return nil
}

// names are those that many sessions have in common.
type names struct{ server, connector string }

// namesOf returns the index of the record's names, and false if there are too
// many or one is too long.
func (b *Builder) namesOf(rec *logparse.Record) (uint32, bool) {
	is := func(n *names) bool { return n.server == string(rec.Server) && n.connector == string(rec.Connector) }
	if n := b.lastNames; int(n) < len(b.names) && is(&b.names[n]) {
		return n, true
	}
	for i := range b.names {
		if is(&b.names[i]) {
			b.lastNames = uint32(i)
			return b.lastNames, true
		}
	}
	if len(b.names) >= maxNames || max(len(rec.Server), len(rec.Connector)) > maxTextLength {
		return 0, false
	}
	b.names = append(b.names, names{string(rec.Server), string(rec.Connector)})
	b.lastNames = uint32(len(b.names) - 1)
	return b.lastNames, true
}

// beginBrief makes the brief whose first row is rec and takes that. It reports
// false, and does nothing, where rec has no place in a brief.
func (b *Builder) beginBrief(s *stream, rec *logparse.Record) bool {
	n, ok := b.namesOf(rec)
	if !ok || len(rec.Local) > maxLocal {
		return false
	}
	h := b.newBrief()
	br := b.briefs.at(h)
	*br = brief{} // in its place: it is not copied there
	br.key, br.words = b.key, append(b.rooms.take(len(rec.Local)), rec.Local...)
	br.ends, br.local, br.names = uint16(len(rec.Local)), uint8(len(rec.Local)), n
	br.lacks, br.refusals = lacking(rec), true
	b.number++
	br.number = b.number
	br.format, br.direction = rec.Format, rec.Direction
	br.stream, br.file = s.index, s.number
	b.index.add(b.seeds.ofKey(&br.key), h)
	b.opened++
	b.held += briefSize
	b.previous = h
	b.takeBrief(h, br, s, rec)
	return true
}

const maxLocal = 255

// lacking returns which of the ends that rows name the record does not.
func lacking(rec *logparse.Record) (lacks uint8) {
	if len(rec.Server) == 0 {
		lacks |= lacksServer
	}
	if len(rec.Connector) == 0 {
		lacks |= lacksConnector
	}
	if len(rec.Local) == 0 {
		lacks |= lacksLocal
	}
	return lacks
}

// newBrief returns a brief that is not in use.
func (b *Builder) newBrief() handle {
	p := &b.briefs
	if n := len(p.free); n > 0 {
		h := p.free[n-1]
		p.free = p.free[:n-1]
		return h
	}
	if int(p.made) == len(p.slabs)*slabSize {
		p.slabs = append(p.slabs, new([slabSize]brief))
	}
	p.made++
	return p.made
}

// freeBrief gives a brief back that is no longer in the index.
func (b *Builder) freeBrief(h handle, br *brief) {
	b.held -= briefSize + len(br.words) - int(br.ends)
	b.opened--
	if b.previous == h {
		b.previous = 0
	}
	if br.notes > 0 {
		b.freeNotes(br.notes)
	}
	br.width, br.conversation = 0, 0
	b.rooms.put(br.words)
	br.words = nil
	b.briefs.free = append(b.briefs.free, h)
}

// goesOn reports whether a session takes more rows: it was not silent for too
// long, and is not full. s is the stream of the record at hand.
func (b *Builder) goesOn(br *brief, s *stream) bool {
	if br.stream != s.index {
		s = b.logs[br.stream]
	}
	return (br.endDigits == 0 || s.clock-br.end < int64(SilenceWithID)) && br.steps < MaxSteps
}

// finishBrief hands a session out that is over.
func (b *Builder) finishBrief(h handle) {
	br := b.briefs.at(h)
	if br.partial != 0 && !br.endPartial(b) {
		b.finish(b.expand(h))
		return
	}
	b.index.remove(b.seeds.ofKey(&br.key), h)
	if br.failures {
		st := b.named(br, b.opt.Unnamed)
		b.freeBrief(h, br)
		b.finish(st)
		return
	}
	ended := br.ended(b)
	br.settleLast(b, ended)
	b.outline(&br.course, b.notesOf(br), &br.settled, ended)
	s := &b.whole
	if !b.opt.Unnamed {
		s.ID, s.Remote, s.Local = br.texts(b)
	}
	s.Server, s.Connector = b.names[br.names].server, b.names[br.names].connector
	s.Sources = append(s.Sources, b.source(&br.course))
	b.freeBrief(h, br)
	b.emit(s)
}

// texts returns the id, the remote and our end of a brief.
func (br *brief) texts(b *Builder) (id, remote, local string) {
	b.said = append(br.appendRemote(br.appendID(b.said[:0])), br.words[:br.local]...)
	said := string(b.said)
	width := idWidth + int(br.width)
	return said[:idWidth], said[idWidth:width], said[width:]
}

// ended is that of a state.
func (br *brief) ended(b *Builder) Ended {
	switch {
	case br.lost && !br.connected:
		return EndedFailed
	case br.quit:
		return EndedQuit
	case br.lost:
		return closings[br.closed]
	case b.silent(&br.course):
		return EndedCut
	}
	return EndedOpen
}

// notesOf returns the notes of a brief for reading.
func (b *Builder) notesOf(br *brief) *notes {
	if br.notes == 0 {
		return &noNotes
	}
	return &b.notes[br.notes-1]
}

var noNotes notes

// newNotes returns the notes of a brief for writing.
func (b *Builder) newNotes(br *brief) *notes {
	if br.notes == 0 {
		if n := len(b.freeOfNotes); n > 0 {
			br.notes = b.freeOfNotes[n-1]
			b.freeOfNotes = b.freeOfNotes[:n-1]
		} else {
			b.notes = append(b.notes, notes{})
			br.notes = uint32(len(b.notes))
		}
	}
	return &b.notes[br.notes-1]
}

func (b *Builder) freeNotes(n uint32) {
	b.notes[n-1] = notes{}
	b.freeOfNotes = append(b.freeOfNotes, n)
}

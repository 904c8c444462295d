package session

import (
	"time"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// A loose is a brief of a session without an id, whose rows the matcher places.
// It has no key; its words begin with both ends of the connection.
type loose struct {
	brief
	line            int64 // of the first row
	quitMS          int64 // as in a state
	lastIn, lastOut int64
	id              string // for Options.Placed
}

// matchedBriefly is matched for a session that is a brief, or may be one if l is
// nil. It reports false, and does nothing, where rec begins none.
func (b *Builder) matchedBriefly(sl *slot, l *loose, rec *logparse.Record) bool {
	if l != nil && l.steps >= MaxSteps {
		b.cut(b.expandLoose(l))
		l, sl.owner = nil, nil
	}
	if l == nil {
		if l = b.beginLoose(rec); l == nil {
			return false
		}
		sl.owner = l
	}
	b.placeLoose(sl, l, b.fileNumber(rec.Pos.File), rec)
	return true
}

// placeLoose gives a record of the file with that number to the slot's session, l.
func (b *Builder) placeLoose(sl *slot, l *loose, file uint32, rec *logparse.Record) {
	switch taken := b.takeLoose(l, file, rec); {
	case taken && b.opt.Placed != nil:
		b.opt.Placed(rec, l.id, secretRow(rec, false)) // what answers a challenge was not taken
	case !taken:
		rec.Fill()
		st := b.expandLoose(l)
		sl.owner = st
		b.takeOf(st, file, rec)
	}
}

// beginLoose makes the brief whose first row is rec, nil where rec has no place
// in one.
func (b *Builder) beginLoose(rec *logparse.Record) *loose {
	if len(rec.Remote) == 0 || max(len(rec.Remote), len(rec.Local)) > maxLocal {
		return nil
	}
	n, ok := b.namesOf(rec)
	if !ok {
		return nil
	}
	l := take(&b.freeLoose)
	if l == nil {
		l = &loose{}
	}
	*l = loose{
		brief: brief{words: append(append(l.words[:0], rec.Local...), rec.Remote...), local: uint8(len(rec.Local)), names: n, lacks: lacking(rec)},
		line:  rec.Pos.Line, quitMS: -1, lastIn: -1, lastOut: -1,
	}
	l.ends = uint16(len(l.words))
	b.held += looseSize
	if b.opt.Placed != nil {
		l.id = string(b.idAt(rec.Pos.File, rec.Pos.Line))
	}
	s := b.streamOf(rec)
	b.number++
	l.number = b.number
	l.format, l.direction = rec.Format, rec.Direction
	l.refusals = rec.Format != logparse.IMS
	l.stream, l.file = s.index, b.fileNumber(rec.Pos.File)
	return l
}

// takeLoose gives a record of the file with that number to its session. It reports false, with nothing
// changed that counts, where the record has no place in a brief.
func (b *Builder) takeLoose(l *loose, file uint32, rec *logparse.Record) bool {
	br := &l.brief
	if br.file != file || br.lacks != 0 && !br.learn(b, rec) {
		return false
	}
	br.named = br.named || len(rec.Helo) > 0
	switch rec.Kind {
	case logparse.KindCommand:
		if !b.looseCommand(l, rec) {
			return false
		}
	case logparse.KindReply:
		if !b.looseReply(br, rec) {
			return false
		}
	default:
		return false
	}
	br.connected = true
	if at := instantOf(rec.Time); !br.follows(at) {
		br.at(at)
	}
	br.order = b.order
	br.count(rec)
	return true
}

// looseCommand takes in a command row, which may hold the reply's code.
func (b *Builder) looseCommand(l *loose, rec *logparse.Record) bool {
	br := &l.brief
	answered := rec.Code != 0
	if br.challenge || rec.Data != nil || answered && (br.waiting > 0 || !br.takesAnswer(rec)) || br.partial != 0 && !br.endPartial(b) {
		return false
	}
	switch rec.Verb {
	case logparse.VerbQUIT:
		if rec.Direction == outcome.Inbound && rec.BytesIn >= 0 && rec.BytesIn != int64(len("QUIT")) {
			return false // see quitRow
		}
	case logparse.VerbRSET:
		br.queue, br.waiting = 0, 0 // as in a state
	}
	br.begun = true
	accepted := rec.Code >= 200 && rec.Code < 300 && br.acceptsCommand(b, rec)
	if !accepted && !b.briefVerb(br, rec) {
		return false
	}
	if rec.Verb == logparse.VerbQUIT && rec.Direction == outcome.Inbound && rec.Win32 > 0 && rec.Win32 <= maxMilliseconds {
		l.quitMS = rec.Win32
	}
	l.lastIn, l.lastOut = rec.BytesIn, rec.BytesOut
	switch {
	case accepted, !answered:
		return true
	case rec.Code.Class() == reply.OK:
		return br.answer(b, uint16(rec.Code))
	}
	return br.refuse(b, rec)
}

// acceptsCommand is briefVerb and answer in one for the usual commands: one that was
// accepted, while none waits, need not wait itself. It reports false, with nothing
// changed, for any other.
func (br *brief) acceptsCommand(b *Builder, rec *logparse.Record) bool {
	switch rec.Verb {
	case logparse.VerbMAIL:
		if br.current != noTransaction || !br.keep(b, rec.Arg) {
			return false
		}
		br.used, br.current = true, underWay
	case logparse.VerbRCPT:
		if br.current != underWay || !br.keep(b, rec.Arg) {
			return false
		}
		br.used = true
		br.recipients++
	case logparse.VerbDATA:
		if br.current != underWay {
			return false
		}
		br.used = true
		br.settle(b, endData, true)
	case logparse.VerbRSET:
		br.endTransaction(b)
	case logparse.VerbQUIT:
		br.endTransaction(b)
		br.quit = true
	default:
		return false
	}
	br.accepting++
	return true
}

// takesAnswer reports whether there will be a place for what the row says that the
// command in it was answered.
func (br *brief) takesAnswer(rec *logparse.Record) bool {
	switch class := rec.Code.Class(); {
	case class == reply.OK:
		return true
	case !class.Failed() || rec.Code == 421:
		return false
	}
	return br.refusals && br.hasRoom(2+len(rec.Arg)+2+len(rec.VerbText)+2+len(rec.Text))
}

// looseReply takes in a line of a reply. The first may be the greeting.
func (b *Builder) looseReply(br *brief, rec *logparse.Record) bool {
	if rec.Code == 220 && rec.Enhanced.IsZero() && !rec.More && br.partial == 0 && br.waiting == 0 &&
		br.accepting == 0 && !br.named && !br.used {
		br.accepting++
		br.begun = true
		return true
	}
	return br.reply(b, rec)
}

// expandLoose is expand for a session without an id.
func (b *Builder) expandLoose(l *loose) *state {
	st := b.asState(&l.brief)
	var local string
	st.id, st.remote, local = l.texts(b)
	b.setEndsOf(st, &l.brief, local)
	st.confidence = inferred
	st.quitMS, st.lastIn, st.lastOut = l.quitMS, l.lastIn, l.lastOut
	st.listed = st.format.IIS()
	st.hold(b, stateSize+len(st.id)+2*len(st.remote)+stepSize*int(st.steps)+len(st.words))
	b.freeLooseBrief(l)
	return st
}

// finishLoose hands a session out that is over.
func (b *Builder) finishLoose(l *loose, confidence Confidence) {
	ended := l.ended(b)
	l.settleLast(b, ended)
	b.outline(&l.course, b.notesOf(&l.brief), &l.settled, ended)
	s := &b.whole
	s.Confidence = confidence
	if !b.opt.Unnamed {
		s.ID, s.Remote, s.Local = l.texts(b)
	}
	s.Server, s.Connector = b.names[l.names].server, b.names[l.names].connector
	s.Sources = append(s.Sources, b.source(&l.course))
	if l.quitMS >= 0 {
		s.Duration = time.Duration(l.quitMS) * time.Millisecond
	}
	b.freeLooseBrief(l)
	b.emit(s)
}

// texts returns the id, the remote and our end.
func (l *loose) texts(b *Builder) (id, remote, local string) {
	n := len(b.idAt(b.files[l.file], l.line))
	b.said = append(b.said, l.words[:l.ends]...)
	said := string(b.said)
	at := n + int(l.local)
	return said[:n], said[at:], said[n:at]
}

// freeLooseBrief keeps the memory of a brief for the next.
func (b *Builder) freeLooseBrief(l *loose) {
	b.held -= looseSize + len(l.words) - int(l.ends)
	if l.notes > 0 {
		b.freeNotes(l.notes)
	}
	if cap(l.words) > fewWords {
		l.words = nil
	}
	if len(b.freeLoose) < maxFree {
		b.freeLoose = append(b.freeLoose, l)
	}
}

package session

import (
	"encoding/binary"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// A serialBrief is the session of an IMS log as a brief, so long as its records
// follow one another and no other record comes between. So there is one at a
// time, and its log is the recent stream. Before anything else is done, it
// becomes a state: the lists of what is open know states only.
type serialBrief struct {
	*loose
	over bool // QUIT was answered

	// What waits for its parsed twin: a raw line, or a raw reply that accepts,
	// of which this is all that a brief needs. At most one of them does.
	raw      *rawLine
	rawReply rawReply

	// Of the last transaction, which a brief forgets when it is settled: where
	// its words end in those of the brief, and how many were aborted before it.
	said    int
	aborted uint32
}

// A rawReply is a raw line that holds a reply, but for its text and its time,
// which is that of the last record. The zero rawReply is none.
type rawReply struct {
	line     int64
	code     reply.Code
	enhanced reply.Enhanced
	more     bool
}

// beginSerially begins a session with a record of the recent stream that says
// that a connection was made. It reports false, and does nothing, for another.
func (b *Builder) beginSerially(rec *logparse.Record) bool {
	if !b.briefly || rec.Format != logparse.IMS || rec.Kind != logparse.KindConnect || rec.Time.IsZero() {
		return false
	}
	l := b.beginLoose(rec)
	if l == nil {
		return false
	}
	l.connected, l.begun = true, true
	l.push(uint8(logparse.VerbConnect))
	b.serialBrief = serialBrief{loose: l}
	l.at(instantOf(rec.Time))
	l.order = b.order
	l.count(rec)
	b.lastSerial = lastSerial{brief: &b.serialBrief, at: rec.Time}
	return true
}

// goesOnInBrief takes a record that follows on the last one of a brief, or
// begins the session that is next. It reports false, with nothing changed that
// counts, for a record that has no place in a brief.
func (b *Builder) goesOnInBrief(br *serialBrief, rec *logparse.Record) bool {
	s, l := b.recent, br.loose
	if rec.Format != logparse.IMS || rec.Pos.File != s.file || l.steps >= MaxSteps || br.over && rec.Kind != logparse.KindConnect {
		return false
	}
	later := rec.Time != b.lastSerial.at // else no clock moves
	if later && (!s.movesOn(rec.Time, int64(SilenceWithoutID)) || s.clock-l.end >= int64(SilenceWithoutID)) {
		return false
	}
	waits := br.rawReply.code != 0 || br.raw != nil
	if waits && (rec.Echoed() || !br.isTwin(rec)) {
		return false
	}
	ok := false
	switch rec.Kind {
	case logparse.KindRaw:
		ok = b.rawInBrief(br, rec)
	case logparse.KindReply:
		ok = b.replyInBrief(br, rec)
	case logparse.KindCommand:
		ok = b.looseCommand(l, rec)
		if len(l.words) > int(l.ends) {
			br.said, br.aborted = len(l.words), l.aborted
		}
	case logparse.KindInfo:
		ok = rec.Code == 0 // a line of the message
	case logparse.KindConnect:
		return b.finishSerially(br) && b.beginSerially(rec)
	}
	if !ok {
		return false
	}
	if waits {
		b.dropRaw(br)
	}
	if later {
		b.lastSerial.at = rec.Time
		if at := instantOf(rec.Time); !l.follows(at) {
			l.at(at)
		}
	}
	if rec.Echoed() {
		// The raw line would wait for its twin, which rec is.
		b.order++
		l.lines++
	}
	l.order = b.order
	l.count(rec)
	return true
}

// isTwin reports whether rec is the parsed twin of the raw line that waits.
func (br *serialBrief) isTwin(rec *logparse.Record) bool {
	if br.raw == nil {
		return rec.Kind == logparse.KindReply && rec.Code == br.rawReply.code
	}
	return twins(&br.raw.rec, rec)
}

// dropRaw drops the raw line that waits, whose twin was taken.
func (b *Builder) dropRaw(br *serialBrief) {
	if br.rawReply = (rawReply{}); br.raw != nil {
		b.raws = append(b.raws, br.raw)
		br.raw = nil
	}
}

// replyInBrief takes in a line of a reply, which may be the one to QUIT. It
// reports false where it could begin the next session.
func (b *Builder) replyInBrief(br *serialBrief, rec *logparse.Record) bool {
	l := br.loose
	switch {
	case l.quit:
		// Nothing but the whole reply is as it should be.
		if rec.Code != 221 || rec.More || logparse.Verb(l.queue&verbBits) != logparse.VerbQUIT {
			return false
		}
		br.over = true
		return l.answer(b, uint16(rec.Code))
	case rec.Code == 220 && rec.Enhanced.IsZero() && l.accepting > 0:
		return false
	}
	return b.looseReply(&l.brief, rec)
}

// rawInBrief takes a raw line.
func (b *Builder) rawInBrief(br *serialBrief, rec *logparse.Record) bool {
	l := br.loose
	if rec.Code == 0 && (rec.Verb == logparse.VerbNone || rec.Verb == logparse.VerbOther) ||
		l.direction == outcome.Inbound && l.waiting > 0 && logparse.Verb(l.queue&verbBits) == logparse.VerbEOM {
		return true // as in a state
	}
	if rec.Code.Class() == reply.OK {
		br.rawReply = rawReply{rec.Pos.Line, rec.Code, rec.Enhanced, rec.More}
	} else {
		br.raw = b.keepRaw(rec)
	}
	return true
}

// finishSerially hands out a brief when the next connection begins in its log.
// It reports false where it takes a state to do that.
func (b *Builder) finishSerially(br *serialBrief) bool {
	l := br.loose
	if l.partial != 0 && !l.endPartial(b) {
		return false
	}
	b.lastSerial.brief = nil
	l.lost, l.closed = true, closedRemote // in silence, if QUIT was not said
	b.finishLoose(l, Inferred)
	return true
}

// expandSerial makes a state of the brief, if there is one.
func (b *Builder) expandSerial() {
	br := b.lastSerial.brief
	if br == nil {
		return
	}
	file := br.file
	settled, accepted := br.unsettle(b)
	st := b.expandLoose(br.loose)
	if settled && accepted {
		st.transactions[0].end, st.transactions[0].endOfData.class = endData, reply.OK
	}
	if st.over, st.raw = br.over, br.raw; br.rawReply.code != 0 {
		st.raw = b.rawOf(&br.rawReply, st)
	}
	b.listSerial(file, st)
	b.lastSerial.state, b.lastSerial.brief = st, nil
}

// unsettle makes a transaction that is settled one that is not, if it was the
// last: a failure that no reply tells of may concern it. The brief then is that
// of a session whose transaction was aborted; accepted says that it was not.
func (br *serialBrief) unsettle(b *Builder) (settled, accepted bool) {
	l := br.loose
	if l.current != noTransaction || br.said == 0 {
		return false, false
	}
	l.hold(b, br.said-len(l.words))
	l.words, l.current = l.words[:br.said], endedUnanswered
	for at := int(l.ends); at < br.said; {
		at += 2 + int(binary.LittleEndian.Uint16(l.words[at:]))
		l.recipients++
	}
	l.recipients-- // the first is the sender
	switch {
	case l.aborted > br.aborted:
		l.aborted--
		l.unknownRecipients -= l.recipients
		return true, false
	case l.recipients > 0:
		l.accepted--
	default:
		l.unknown--
	}
	l.acceptedRecipients -= l.recipients
	return true, true
}

// rawOf returns a raw reply of the session as a raw line.
func (b *Builder) rawOf(r *rawReply, st *state) *rawLine {
	return b.keepRaw(&logparse.Record{
		Format: st.format, Time: b.lastSerial.at, Pos: outcome.Position{Line: r.line},
		Event: logparse.Event{Kind: logparse.KindRaw, Direction: st.direction, Code: r.code, Enhanced: r.enhanced, More: r.more,
			Win32: -1, BytesIn: -1, BytesOut: -1},
	})
}

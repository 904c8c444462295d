package session

import (
	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply/outcome"
)

// A lastSerial is the session that took the last record of the logs that hold
// one session after the other: a state or a brief, neither if there is none.
type lastSerial struct {
	state *state
	brief *serialBrief
	at    outcome.Time // of the record
}

// bySequence follows a log that holds one session after the other.
func (b *Builder) bySequence(s *stream, rec *logparse.Record) {
	st := b.current(b.serial[s.number])
	if st != nil && st.endsBefore(rec) {
		st.superseded = true
		b.finish(st)
		st = nil
	}
	if st == nil {
		if b.beginSerially(rec) {
			return
		}
		st = b.begin(s, rec)
		st.confidence = inferred
		b.listSerial(s.number, st)
	}
	b.lastSerial = lastSerial{state: st, at: rec.Time}
	b.take(st, rec)
	if st.lost {
		b.finish(st)
	}
}

// listSerial makes st the open session of a file.
func (b *Builder) listSerial(file uint32, st *state) {
	st.listed = true
	b.opened++
	b.held += int(st.bytes)
	b.serial[file] = st
}

// goesOnSerially takes a record of the IMS that follows on that of the last
// serial session, as nearly all do. It reports false for any other record, which
// it leaves alone; none of the open sessions is a brief then.
func (b *Builder) goesOnSerially(rec *logparse.Record) bool {
	if br := b.lastSerial.brief; br != nil {
		if b.goesOnInBrief(br, rec) {
			return true
		}
		b.expandSerial()
		return false
	}
	return b.lastSerial.state != nil && b.goesOnInState(b.lastSerial.state, rec)
}

// goesOnInState takes a record that follows one of the same session and was
// written in the same second: it says nothing new of the time and, but for the
// peer, of the connection.
func (b *Builder) goesOnInState(st *state, rec *logparse.Record) bool {
	if rec.Echoed() || st.format != logparse.IMS || rec.Format != logparse.IMS || rec.Time != b.lastSerial.at ||
		b.recent.index != st.stream || b.recent.number != st.file || b.recent.file != rec.Pos.File ||
		st.remote == "" && rec.Remote != nil || st.full() || st.endsBefore(rec) {
		return false
	}
	st.count(rec)
	b.goOn(st, rec)
	if st.lost {
		b.finish(st)
	}
	if b.overfull() {
		b.shed()
	}
	return true
}

// endsBefore reports whether the record is the first of the next session.
func (st *state) endsBefore(rec *logparse.Record) bool {
	switch {
	case rec.Kind == logparse.KindConnect:
		return true
	case rec.Kind == logparse.KindInfo && rec.Direction != st.direction:
		return true // the IMS tells of a delivery of its own
	case st.over:
		return rec.Kind != logparse.KindRaw || rec.Code != 221
	}
	// The log of a mail client may show a connection by its greeting alone.
	if rec.Kind != logparse.KindReply || rec.Code != 220 || !rec.Enhanced.IsZero() || !st.replied {
		return false
	}
	waiting := st.queue.waiting()
	return len(waiting) == 0 || waiting[0].verb != logparse.VerbSTARTTLS
}

package session

import (
	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply/outcome"
)

// A lastSerial is the session that took the last record of the logs that hold
// one session after the other.
type lastSerial struct {
	state *state       // nil for none
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
		st = b.begin(s, rec)
		st.confidence = inferred
		st.listed = true
		b.opened++
		b.serial[s.number] = st
	}
	b.lastSerial = lastSerial{st, rec.Time}
	b.take(st, rec)
	if st.lost {
		b.finish(st)
	}
}

// goesOnSerially takes a record of the IMS that follows one of the same session
// and was written in the same second, as nearly all are: it says nothing new of
// the time and, but for the peer, of the connection. It reports false for any
// other record, which it leaves alone.
func (b *Builder) goesOnSerially(rec *logparse.Record) bool {
	last := &b.lastSerial
	st := last.state
	if st.format != logparse.IMS || rec.Format != logparse.IMS || rec.Time != last.at ||
		b.recent.index != st.stream || b.recent.number != st.file || b.recent.file != rec.Pos.File ||
		st.remote == "" && rec.Remote != nil || st.full() || st.endsBefore(rec) {
		return false
	}
	st.count(rec)
	b.goOn(st, rec)
	if st.lost {
		b.finish(st)
	}
	if b.held > b.maxHeld {
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

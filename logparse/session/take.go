package session

import (
	"bytes"
	"strconv"

	"github.com/smtplog/smtplog/logparse"
)

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

package session

import (
	"hash/maphash"

	"github.com/smtplog/smtplog/logparse"
)

// Join adds a part, behind everything that was added so far, as if its records
// had been added one by one. The first log of the part is the file of that name;
// lines is how many of its lines are in front of the part, by which those in the
// part are moved. Join reports false where the part has to be read again, and
// has changed nothing then.
func (b *Builder) Join(p *Part, file string, lines int64) bool {
	if p.lost || !b.goesOnIn(p) {
		return false
	}
	from := p.b
	order := b.order
	b.addKept(p, lines)
	streams := make([]*stream, len(from.logs))
	for i, s := range from.logs[1:] {
		streams[i+1] = b.streamAt(s.place, []byte(s.server.text))
	}
	previous := from.previous
	for _, o := range from.all(nil) {
		st, h := o.st, o.brief
		if st == nil {
			st = from.expand(h)
		} else {
			h = st.handle()
		}
		from.unlist(st)
		name := from.files[st.file]
		if lines > 0 {
			st.moveLines(name, file, lines)
		}
		st.order += order
		b.adopt(st, streams[st.stream], name)
		if h == previous {
			b.previous = st.handle()
		}
	}
	for i, s := range from.logs[1:] {
		streams[i+1].clock = max(streams[i+1].clock, s.clock)
	}
	b.order = order + from.order
	b.capped += from.capped
	b.sweep()
	return true
}

// goesOnIn reports whether what the part assumes of what is in front of it holds.
func (b *Builder) goesOnIn(p *Part) bool {
	if b.opened > b.maxOpen/2 || b.held > b.maxHeld/2 || len(b.logs)+len(p.b.logs) > maxServers {
		return false
	}
	for _, s := range p.b.logs[1:] {
		o := b.streams[s.place][s.server.text]
		if o != nil && o.clock != 0 && s.clock != 0 && o.clock-s.begun >= int64(backward) {
			return false
		}
	}
	for _, o := range b.all(nil) {
		if o.st != nil && !p.spares(maphash.String(p.seed, o.st.id), b.logs[o.st.stream]) {
			return false
		}
		if br := b.briefs.at(o.brief); br != nil {
			var id [idWidth]byte
			if !p.spares(maphash.Bytes(p.seed, br.appendID(id[:0])), b.logs[br.stream]) {
				return false
			}
		}
	}
	return true
}

// spares reports whether a session that is open in front of the part, in the log
// s and with an id of that hash, is none that began in the part, and goes on there
// in the same log, if at all.
func (p *Part) spares(id uint64, s *stream) bool {
	if _, begun := p.begun[id]; begun {
		return false
	}
	log := p.older[id]
	return log == nil || log.place == s.place && log.server.text == s.server.text
}

// addKept adds the rows that the part has kept, each when the clock of its log is
// where it was there, and behind the record that it was behind.
func (b *Builder) addKept(p *Part, lines int64) {
	i, before := 0, uint64(0)
	for _, kept := range p.kept {
		kept.Each(lines, func(rec *logparse.Record) {
			when := p.when[i]
			if when.order != before+1 {
				b.previous = 0 // a session of the part, which has another id
			}
			s := b.stream(rec)
			s.clock = max(s.clock, when.clock)
			b.Add(rec)
			i, before = i+1, when.order
		})
		lines = 0
	}
	if before != p.b.order {
		b.previous = 0
	}
}

// adopt makes a session that is open in a part one of b.
func (b *Builder) adopt(st *state, s *stream, file string) {
	b.number++
	st.number = b.number
	st.stream, st.file, st.conversation = s.index, b.fileNumber(file), 0
	b.list(st)
	b.held += int(st.bytes)
}

// moveLines moves the lines of a session that stand in the file. Those of its
// last rows stand in the one called last.
func (st *state) moveLines(last, file string, lines int64) {
	if last == file {
		st.firstLine += lines
		st.lastLine += lines
	}
	for i := range st.earlier {
		if e := &st.earlier[i]; e.File == file {
			e.FirstLine += lines
			e.LastLine += lines
		}
	}
	move := func(v *verdict) {
		name := last
		if int(v.file) < len(st.earlier) {
			name = st.earlier[v.file].File
		}
		if v.line > 0 && name == file {
			v.line += lines
		}
	}
	for i := range st.transactions {
		t := &st.transactions[i]
		move(&t.mail)
		move(&t.data)
		move(&t.endOfData)
	}
	for i := range st.recipients {
		move(&st.recipients[i].verdict)
	}
	for i := range st.refusals {
		move(&st.refusals[i].verdict)
	}
	if st.partial != nil {
		move(st.partial)
	}
}

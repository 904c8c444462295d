package session

import (
	"hash/maphash"

	"github.com/smtplog/smtplog/logparse"
)

// A Part builds sessions of a part of the logs while what comes in front of it
// is not read yet. It takes the sessions whose first row is in the part; the rows
// of others are kept, for [Builder.Join]. Only logs with session ids can be read in
// parts.
//
// A Part assumes that what is in front of it has no session with the id of one
// that begins here, that the clocks of the logs go on, and that no bound is
// reached. Join checks that; where it does not hold, the part has to be read again.
type Part struct {
	b      *Builder
	reader *logparse.Reader // of the record at hand
	lost   bool             // what is assumed does not hold

	seed  maphash.Seed
	begun map[uint64]struct{} // hashes of the ids of sessions that began here
	older map[uint64]*stream  // and of those whose rows are kept, with the log that these are in
	kept  []*logparse.Kept    // one for each log
	when  []keptAt            // each of the rows was read
	size  int                 // of the rows, about
}

// keptAt says when a row was read that is kept.
type keptAt struct {
	clock int64  // of its log, Unix nanoseconds
	order uint64 // number of the record in the part, from 1
}

const (
	// maxKept is how many bytes the rows may take that a Part keeps.
	maxKept = 8 << 20

	// maxPartOpen is how many sessions a Part may have open, and partShare the part
	// of the memory that it may hold: where very many are open, most rows are of
	// sessions that began in front of the part.
	maxPartOpen = 8000
	partShare   = 4

	// backward is how far the time of a row in a Part may lie behind that of one
	// in front of it. It is so little that no session counts as silent for too long
	// by a clock in front of the part that does not by that of the part.
	backward = SilenceWithID / 2
)

// NewPart returns a Part, which calls emit for each of its sessions that is over.
// The options are those of the Builder that it will join, without Transcript and
// Placed.
func NewPart(opt *Options, emit func(*Session)) *Part {
	b := NewBuilder(opt, emit)
	b.maxOpen = maxPartOpen
	b.maxHeld /= partShare
	p := &Part{b: b, seed: maphash.MakeSeed(), begun: map[uint64]struct{}{}, older: map[uint64]*stream{}}
	b.part = p
	return p
}

// Begin says that the records that follow are those of another log.
func (p *Part) Begin() {
	p.kept = append(p.kept, &logparse.Kept{})
}

// Add takes the next record, which r returned. It reports false when the part
// has to be read again.
func (p *Part) Add(r *logparse.Reader, rec *logparse.Record) bool {
	p.reader = r
	p.b.Add(rec)
	return !p.lost
}

// holdsBack reports whether a record that would begin a session is not for p: it
// belongs to one that began before the part, and is kept. Rows of one session
// follow each other, the first with the sequence-number 0.
func (p *Part) holdsBack(s *stream, rec *logparse.Record) bool {
	rec.Fill()
	if len(rec.Session) == 0 {
		p.lost = true
		return true
	}
	id := maphash.Bytes(p.seed, rec.Session)
	log, older := p.older[id]
	if !older {
		if _, begun := p.begun[id]; begun {
			return false
		}
		if rec.Sequence == 0 {
			p.begun[id] = struct{}{}
			return false
		}
		log, p.older[id] = s, s
	}
	kept := p.kept[len(p.kept)-1]
	before := kept.Size()
	if log != s || !kept.Keep(p.reader, rec) {
		p.lost = true
		return true
	}
	p.when = append(p.when, keptAt{s.clock, p.b.order})
	p.size += kept.Size() - before
	p.lost = p.lost || p.size > maxKept
	return true
}

// End says that the part has no more records. It reports false when the part has
// to be read again.
func (p *Part) End() bool {
	for _, kept := range p.kept {
		p.lost = p.lost || !kept.Each(0, func(*logparse.Record) {})
	}
	return !p.lost
}

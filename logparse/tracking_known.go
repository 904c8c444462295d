package logparse

import (
	"bytes"
	"encoding/binary"

	"github.com/smtplog/smtplog/reply/outcome"
)

// Most rows of a tracking log tell of a step that many rows before told of: they
// have the same columns from client-ip to server-hostname, and from connector-id
// to event-id. Such a row is compared with these, so that the ends of the columns
// need not be looked for.

// knownSteps holds steps that late rows of a tracking log told of.
type knownSteps struct {
	columns *columnList    // of the rows; nil: none is known
	others  int            // rows of other columns since one was kept
	slots   [64]knownPlace // by the hash of what the rows have behind the time
}

// A knownPlace holds ends that begin alike.
type knownPlace struct {
	ends     [4]knownEnds
	replaced uint8 // which of them was replaced last
}

// older returns the place for new ends: those in it were not met again since it was
// last looked at. Rows that tell of what was sent outside hardly ever meet others
// again, and must not drive out the ends that most rows have.
func (p *knownPlace) older() *knownEnds {
	for {
		p.replaced = (p.replaced + 1) % uint8(len(p.ends))
		e := &p.ends[p.replaced]
		if !e.met {
			return e
		}
		e.met = false
	}
}

// knownEnds are the columns from client-ip to server-hostname.
type knownEnds struct {
	text     []byte       // with a comma behind it; empty: there are none
	steps    [4]knownStep // that rows with these ends told of
	replaced uint8        // which of them was replaced last
	met      bool         // a row had them after they were put there or looked at
}

// A knownStep is the columns from connector-id to event-id.
type knownStep struct {
	text   []byte // with a comma behind it
	server []byte // Record.Server of the rows, a part of the ends
	number uint64 // Record.Step; 0: there is none
}

// stepFront is how many bytes behind the time tell the places of ends.
const stepFront = 14

// Step returns a number of what a row of a tracking log tells of: rows with the
// same one, but for 0, have the same list of columns, the same values from
// client-ip to server-hostname and from connector-id to event-id, as they stand
// in the row, and no quotes in front of any of these. Other rows may have the same
// values and other numbers.
func (r *Record) Step() uint64 {
	if r.Kind != KindTracking {
		return 0
	}
	return r.conversation
}

// place returns the place of the ends that rest, a row behind the time, begins
// with: addresses and names mostly differ in their first bytes.
func (k *knownSteps) place(rest []byte) *knownPlace {
	x := binary.LittleEndian.Uint64(rest)*0x9e37_79b9_7f4a_7c15 ^ binary.LittleEndian.Uint64(rest[stepFront-8:])*0xff51_afd7_ed55_8ccd
	return &k.slots[x>>58]
}

// of returns the known ends that rest begins with, nil if there are none.
func (p *knownPlace) of(rest []byte) *knownEnds {
	for i := range p.ends {
		if e := &p.ends[i]; len(e.text) > 0 && bytes.HasPrefix(rest, e.text) {
			e.met = true
			return e
		}
	}
	return nil
}

// begin begins with rows of other columns.
func (k *knownSteps) begin(columns *columnList) {
	k.columns = columns
	for i := range k.slots {
		for j := range k.slots[i].ends {
			e := &k.slots[i].ends[j]
			e.text, e.met = e.text[:0], false
		}
	}
}

// goOn lets r go on with the steps that rows of another part of the log, or of
// another log, told of, where their columns are the same.
func (k *knownSteps) goOn(r *exchangeRows) {
	if c := k.columns; c != nil && r.columnsOf(len(c.names)) != c {
		k.columns = nil
	}
	r.steps = k
}

// knownTracking fills in all of rec but Time and raw from a row of a tracking log
// that tells of a known step. It assumes that the time is of the usual form. The
// columns behind the event-id are counted.
func (r *exchangeRows) knownTracking(rec *Record, line []byte) bool {
	k := r.steps
	if k == nil || k.columns == nil || len(line) < isoLen+1+stepFront {
		return false
	}
	rest := line[isoLen+1:]
	ends := k.place(rest).of(rest)
	if ends == nil {
		return false
	}
	// The source-context is between the two.
	from := quickEnd(line, isoLen+1+len(ends.text)) + 1
	if from <= 0 || from >= len(line) {
		return false
	}
	rest = line[from:]
	for i := range ends.steps {
		step := &ends.steps[i]
		if step.number == 0 || !bytes.HasPrefix(rest, step.text) {
			continue
		}
		count, ok := countValues(line, from+len(step.text))
		if !ok || trackingFront+count != len(k.columns.names) {
			return false
		}
		if rec.conversation != step.number {
			r.beginStep(rec, step)
		}
		return true
	}
	return false
}

// beginStep fills in what rows that tell of a step have in common. As long as
// the record has the step's number it need not be done again. What else it has
// is the same in all rows with such a number.
func (r *exchangeRows) beginStep(rec *Record, step *knownStep) {
	if rec.Step() == 0 {
		rec.reset(outcome.Position{}, Tracking)
		rec.Kind = KindTracking
	}
	rec.Server, rec.conversation = step.server, step.number
	if layout := &r.steps.columns.layout; rec.layout != layout {
		rec.layout = layout
	}
}

// meetTracking keeps the step that a row tells of, and returns its number. The
// ends are in front of context, and its other columns from connector on, in front
// of behind. Server is one of the ends, or nil.
func (r *exchangeRows) meetTracking(line []byte, context, connector, behind int, server []byte) uint64 {
	if len(line) < isoLen+1+stepFront {
		return 0
	}
	if r.steps == nil {
		r.steps = new(knownSteps)
	}
	k := r.steps
	if k.columns != r.short.columns {
		// A few rows that are of another version, or damaged, change nothing.
		if k.others++; k.columns != nil && k.others < 100 {
			return 0
		}
		k.begin(r.short.columns)
	}
	k.others = 0
	rest := line[isoLen+1:]
	place := k.place(rest)
	ends := place.of(rest)
	if ends == nil {
		ends = place.older()
		ends.text = append(ends.text[:0], line[isoLen+1:context]...)
		for i := range ends.steps {
			ends.steps[i].number = 0
		}
	}
	ends.replaced = (ends.replaced + 1) % uint8(len(ends.steps))
	step := &ends.steps[ends.replaced]
	step.text = append(step.text[:0], line[connector:behind]...)
	step.server, step.number = nil, lastNumber.Add(1)
	if len(server) > 0 {
		at := cap(rest) - cap(server)
		step.server = ends.text[at : at+len(server)]
	}
	return step.number
}

package session

import (
	"bytes"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply/outcome"
)

// A rawLine is an IMS raw line that waits for its parsed twin: what is needed of
// its record, should it be taken for the event.
type rawLine struct {
	rec  logparse.Record
	text []byte // what rec refers to
}

// rawLine takes a raw line of an IMS log. At the level "Maximum" the IMS logs
// each line that it receives twice, raw and parsed: the raw copy counts only
// where its parsed twin is missing.
func (b *Builder) rawLine(st *state, rec *logparse.Record) {
	if rec.Code == 0 && (rec.Verb == logparse.VerbNone || rec.Verb == logparse.VerbOther) {
		return // it would not count
	}
	if st.direction == outcome.Inbound && st.receivesData() {
		return
	}
	st.raw = b.keepRaw(rec)
}

// keepRaw keeps what is needed of a raw line.
func (b *Builder) keepRaw(rec *logparse.Record) *rawLine {
	raw := takeLast(&b.raws)
	r := &raw.rec
	r.Format, r.Time, r.Pos.Line, r.Direction = rec.Format, rec.Time, rec.Pos.Line, rec.Direction
	r.BytesIn, r.BytesOut, r.Win32 = rec.BytesIn, rec.BytesOut, rec.Win32
	r.Verb, r.Code, r.Enhanced, r.More = rec.Verb, rec.Code, rec.Enhanced, rec.More
	if rec.Code != 0 {
		r.Kind = logparse.KindReply
		raw.text = append(raw.text[:0], rec.Text...)
		r.Text, r.VerbText, r.Arg = raw.text, nil, nil
		return raw
	}
	r.Kind = logparse.KindCommand
	n := len(rec.VerbText)
	raw.text = append(append(raw.text[:0], rec.VerbText...), rec.Arg...)
	r.Text, r.VerbText, r.Arg = nil, raw.text[:n], nil
	if rec.Arg != nil {
		r.Arg = raw.text[n:]
	}
	return raw
}

// settleRaw decides about the raw line that waits when rec is the next record.
func (b *Builder) settleRaw(st *state, rec *logparse.Record) {
	if !twins(&st.raw.rec, rec) {
		b.promote(st)
		return
	}
	b.raws = append(b.raws, st.raw)
	st.raw = nil
}

// promote takes a raw line for the event that it stands for.
func (b *Builder) promote(st *state) {
	raw := st.raw
	st.raw = nil
	if b.opt.Transcript {
		b.step(st, &raw.rec, secretRow(&raw.rec, st.challenge))
	}
	b.event(st, &raw.rec)
	b.raws = append(b.raws, raw)
}

// receivesData reports whether a message is under way, whose lines look like
// anything.
func (st *state) receivesData() bool {
	waiting := st.queue.waiting()
	return len(waiting) > 0 && waiting[0].verb == logparse.VerbEOM
}

// twins reports whether rec is the parsed form of the raw line before: the
// parsed form has single blanks.
func twins(raw, rec *logparse.Record) bool {
	if rec.Kind == logparse.KindReply {
		return raw.Code == rec.Code && raw.Code != 0
	}
	return rec.Kind == logparse.KindCommand && raw.Verb == rec.Verb &&
		(bytes.Equal(raw.VerbText, rec.VerbText) || bytes.EqualFold(raw.VerbText, rec.VerbText)) &&
		(bytes.Equal(raw.Arg, rec.Arg) || sameWords(raw.Arg, rec.Arg))
}

// sameWords compares two texts but for blanks.
func sameWords(a, b []byte) bool {
	i, j := 0, 0
	for {
		for i < len(a) && a[i] == ' ' {
			i++
		}
		for j < len(b) && b[j] == ' ' {
			j++
		}
		if i == len(a) || j == len(b) {
			return i == len(a) && j == len(b)
		}
		if a[i] != b[j] {
			return false
		}
		i++
		j++
	}
}

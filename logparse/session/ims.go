package session

import (
	"bytes"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply/outcome"
)

// rawLine takes a raw line of an IMS log. At the level "Maximum" the IMS logs
// each line that it receives twice, raw and parsed: the raw copy counts only
// where its parsed twin is missing.
func (b *Builder) rawLine(st *state, rec *logparse.Record) {
	if !st.receivesData() || st.direction != outcome.Inbound {
		st.raw = rec.Clone()
	}
}

// settleRaw decides about the raw line that waits when rec is the next record.
func (b *Builder) settleRaw(st *state, rec *logparse.Record) {
	if twins(st.raw, rec) {
		st.raw = nil
	} else {
		b.promote(st)
	}
}

// promote takes a raw line for the event that it stands for.
func (b *Builder) promote(st *state) {
	rec := st.raw
	st.raw = nil
	switch {
	case rec.Code != 0:
		rec.Kind = logparse.KindReply
	case rec.Verb != logparse.VerbNone && rec.Verb != logparse.VerbOther:
		rec.Kind = logparse.KindCommand
	default:
		return
	}
	if b.opt.Transcript {
		b.step(st, rec, st.secret(rec))
	}
	b.event(st, rec)
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
	switch {
	case rec.Kind == logparse.KindRaw:
		return false
	case rec.Kind == logparse.KindReply:
		return raw.Code == rec.Code && raw.Code != 0
	case rec.Kind != logparse.KindCommand:
		return false
	case raw.Verb != rec.Verb:
		return false
	}
	return bytes.EqualFold(raw.VerbText, rec.VerbText) && sameWords(raw.Arg, rec.Arg)
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

package main

import (
	"io"

	"github.com/smtplog/smtplog/cmd/internal/tables"
	"github.com/smtplog/smtplog/logparse"
)

// recordLines prints records as JSON, one object a line. Of those that wait it
// keeps the line.
type recordLines struct {
	w           io.Writer
	list        *listing
	where       *filter // what the session of a record has to be known for
	showSecrets bool

	row     tables.Record
	line    []byte
	session []byte // what a line says of it
	texts   texts
}

func (p *recordLines) keep(k *keptRecord, rec *logparse.Record) {
	var gap int
	p.line, gap = p.row.Set(rec, "", false).AppendJSONAround(p.line[:0], sessionRoom(rec))
	p.line = append(p.line, '\n')
	p.texts.keep(&k.text, p.line)
	k.text.gap = int32(gap)
}

// sessionRoom returns the room for the id of a session that has none of its own,
// in a file whose name needs no escapes.
func sessionRoom(rec *logparse.Record) int {
	return len(`,"session":"":`) + len(rec.Pos.File) + len("9223372036854775807")
}

func (p *recordLines) place(k *keptRecord, rec *logparse.Record, session string, secret bool) {
	row := p.row.Set(rec, session, secret && !p.showSecrets)
	switch {
	case !p.where.match(row):
		p.texts.release(&k.text)
		k.drop = true
	case secret || !p.join(&k.text, rec, session):
		p.line = append(row.AppendJSON(p.line[:0]), '\n')
		p.texts.release(&k.text)
		p.texts.keep(&k.text, p.line)
	}
}

// join puts the session into the room for it, where there is enough.
func (p *recordLines) join(k *keptText, rec *logparse.Record, session string) bool {
	if k.size == 0 {
		return false
	}
	p.session = logparse.AppendJSONSession(p.session[:0], session)
	rest := int32(sessionRoom(rec) - len(p.session))
	if rest < 0 {
		return false
	}
	line := p.texts.line(k)
	copy(line[rest:], line[:k.gap])
	copy(line[rest+k.gap:], p.session)
	k.from += rest
	return true
}

func (p *recordLines) print(k *keptRecord, rec *logparse.Record, session string, secret bool) {
	row := p.row.Set(rec, session, secret && !p.showSecrets)
	switch {
	case !p.where.match(row):
	case secret || !p.join(&k.text, rec, session):
		p.line = append(row.AppendJSON(p.line[:0]), '\n')
		p.printLine(p.line)
	default:
		p.printLine(p.texts.line(&k.text))
	}
	p.texts.release(&k.text)
}

func (p *recordLines) printKept(k *keptRecord) {
	if !k.drop {
		p.printLine(p.texts.line(&k.text))
	}
	p.texts.release(&k.text)
}

func (p *recordLines) printLine(line []byte) {
	p.list.item(func() error {
		_, err := p.w.Write(line)
		return err
	})
}

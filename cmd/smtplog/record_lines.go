package main

import (
	"bufio"

	"github.com/smtplog/smtplog/cmd/internal/tables"
	"github.com/smtplog/smtplog/logparse"
)

// recordLines prints records as JSON, one object a line. Of those that wait it
// keeps what [logparse.JSONWriter.Keep] does; of those with a secret, of which
// there are few, the line.
type recordLines struct {
	w           *bufio.Writer
	list        *listing
	where       *filter // what the session of a record has to be known for
	showSecrets bool

	row   tables.Record
	text  []byte // scratch
	texts texts
}

func (p *recordLines) keep(k *keptRecord, rec *logparse.Record) {
	json := p.row.JSON()
	k.log = json.Log(rec)
	p.text = json.Keep(p.text[:0], rec)
	p.texts.keep(&k.text, p.text)
}

func (p *recordLines) place(k *keptRecord, rec *logparse.Record, session string, secret bool) {
	row := p.row.Set(rec, session, secret && !p.showSecrets)
	switch {
	case !p.where.match(row):
		p.texts.release(&k.text)
		k.drop = true
	case secret:
		p.text = row.AppendJSON(p.text[:0])
		p.texts.release(&k.text)
		p.texts.keep(&k.text, p.text)
		k.log = nil
	default:
		if k.log == nil {
			p.keep(k, rec)
		}
		k.session = session
	}
}

func (p *recordLines) print(k *keptRecord, rec *logparse.Record, session string, secret bool) {
	row := p.row.Set(rec, session, secret && !p.showSecrets)
	if p.where.match(row) {
		p.printLine(row.AppendJSON(lineBuffer(p.w)))
	}
	p.texts.release(&k.text)
}

func (p *recordLines) printKept(k *keptRecord, line int64) {
	switch {
	case k.drop:
	case k.log == nil:
		p.printLine(append(lineBuffer(p.w), p.texts.line(&k.text)...))
	default:
		p.printLine(p.row.JSON().AppendKept(lineBuffer(p.w), k.log, line, p.texts.line(&k.text), k.session))
	}
	p.texts.release(&k.text)
}

// printLine prints a line that was appended to a lineBuffer.
func (p *recordLines) printLine(line []byte) {
	p.list.item(func() error {
		_, err := p.w.Write(append(line, '\n'))
		return err
	})
}

package main

import (
	"bufio"
	"slices"

	"github.com/smtplog/smtplog/cmd/internal/tables"
	"github.com/smtplog/smtplog/logparse"
)

// recordLines prints records as JSON, one object a line. Of those that wait it
// keeps what [logparse.JSONWriter.Keep] does and the session; of those with a
// secret, of which there are few, the line.
type recordLines struct {
	w           *bufio.Writer
	list        *listing
	where       *filter // what the session of a record has to be known for
	showSecrets bool

	row   tables.Record
	text  []byte // scratch
	texts texts

	logs     []*logparse.JSONLog // of the records that wait, in their order
	firstLog uint32              // number of the first

	session     string // that was put in texts last
	sessionText keptText
}

func (p *recordLines) keep(k *keptRecord, rec *logparse.Record) {
	json := p.row.JSON()
	log := json.Log(rec)
	if n := len(p.logs); n == 0 || p.logs[n-1] != log {
		p.logs = append(p.logs, log)
	}
	k.log = p.firstLog + uint32(len(p.logs)-1)
	p.text = json.Keep(p.text[:0], rec)
	p.texts.keep(&k.text, p.text)
	k.size = int32(len(p.text))
}

func (p *recordLines) place(k *keptRecord, rec *logparse.Record, session string, secret bool) {
	row := p.row.Set(rec, session, secret && !p.showSecrets)
	switch {
	case !p.where.match(row):
		p.texts.release(&k.text)
		k.drop, k.size = true, 0
	case secret:
		p.text = row.AppendJSON(p.text[:0])
		p.texts.release(&k.text)
		p.texts.keep(&k.text, p.text)
		k.line, k.size = true, int32(len(p.text))
	default:
		if k.text.size() == 0 {
			p.keep(k, rec)
		}
		if k.first = logparse.FirstLineOf(session, rec.Pos.File); k.first == 0 && session != "" {
			p.name(k, session)
		}
	}
}

// name keeps the session as JSON. Records that are placed one after the other
// often have the same.
func (p *recordLines) name(k *keptRecord, session string) {
	if session != p.session {
		p.session = session
		p.text = p.row.JSON().AppendSession(p.text[:0], session)
		p.texts.release(&p.sessionText)
		p.texts.keep(&p.sessionText, p.text)
	}
	p.texts.share(&k.session, &p.sessionText)
}

func (p *recordLines) print(k *keptRecord, rec *logparse.Record, session string, secret bool) {
	row := p.row.Set(rec, session, secret && !p.showSecrets)
	if p.where.match(row) {
		p.printLine(row.AppendJSON(lineBuffer(p.w)))
	}
	p.release(k)
}

func (p *recordLines) printKept(k *keptRecord, line int64) {
	switch {
	case k.drop:
	case k.line:
		p.printLine(append(lineBuffer(p.w), p.texts.line(&k.text)...))
	default:
		log := p.logs[k.log-p.firstLog]
		p.printLine(p.row.JSON().AppendKept(lineBuffer(p.w), log, line, p.texts.line(&k.text), k.first, p.texts.line(&k.session)))
	}
	p.release(k)
}

// release frees what was kept of the record that has waited longest, if anything.
func (p *recordLines) release(k *keptRecord) {
	if k.text.size() > 0 && !k.line && k.log != p.firstLog {
		p.logs = slices.Delete(p.logs, 0, int(k.log-p.firstLog))
		p.firstLog = k.log
	}
	p.texts.release(&k.text)
	p.texts.release(&k.session)
}

// printLine prints a line that was appended to a lineBuffer.
func (p *recordLines) printLine(line []byte) {
	p.list.item(func() error {
		_, err := p.w.Write(append(line, '\n'))
		return err
	})
}

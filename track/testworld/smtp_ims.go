package testworld

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// An imsLog is one session in a log of Exchange 5.5's Internet Mail Service.
// Each of its threads writes a file of its own, one session after the other,
// so that which file it is shows when all of them are known.
type imsLog struct {
	session *Session
	server  *server
	peer    string
	rows    []row
}

func (p *player) imc(s *server, inbound bool, peer string) *imsLog {
	l := &imsLog{server: s, peer: peer, session: p.newSession(s, IMSLog, "", peer)}
	l.session.Inbound = inbound
	p.ims = append(p.ims, l)
	return l
}

// line adds a line. Times are local; the server's zone is UTC.
func (l *imsLog) line(at time.Time, text string) {
	pos := &Position{}
	l.rows = append(l.rows, row{at, at.Format("1/2/06 3:04:05 PM") + " : " + text, pos})
	l.session.rows = append(l.session.rows, pos)
	if l.session.Start.IsZero() {
		l.session.Start = at
	}
	l.session.End = at
}

func (l *imsLog) connect(at time.Time) {
	if l.session.Inbound {
		l.line(at, "A connection was accepted from "+l.peer+".")
	} else {
		l.line(at, "A connection to "+l.peer+" was established.")
	}
}

func (l *imsLog) command(at time.Time, line string) { l.text(at, l.session.Inbound, line) }

func (l *imsLog) reply(at time.Time, lines ...string) {
	for i, line := range lines {
		if i == 0 || !l.session.Inbound {
			l.text(at, !l.session.Inbound, line)
			continue
		}
		// Further lines of a reply have no time of their own.
		l.rows[len(l.rows)-1].text += "\r\n" + line
	}
}

func (l *imsLog) text(at time.Time, received bool, line string) {
	if received {
		l.line(at, "<<< "+line)
	} else {
		l.line(at, ">>> "+line)
	}
}

func (l *imsLog) content(time.Time, *envelope)   {}
func (l *imsLog) note(time.Time, string, string) {}
func (l *imsLog) begin(time.Time, *envelope)     {}
func (l *imsLog) fail(time.Time, string)         {}
func (l *imsLog) close(time.Time, string)        {}

// writeIMS deals the sessions out to as many files as are open at a time.
func (p *player) writeIMS() {
	slices.SortStableFunc(p.ims, func(a, b *imsLog) int { return a.session.Start.Compare(b.session.Start) })
	var ends []time.Time
	for _, l := range p.ims {
		slot := slices.IndexFunc(ends, func(end time.Time) bool { return end.Before(l.session.Start) })
		if slot < 0 {
			slot = len(ends)
			ends = append(ends, time.Time{})
		}
		ends[slot] = l.session.End.Add(time.Second)
		f := p.folder(l.server.Name, "imcdata/log", fmt.Sprintf("L%07d", slot), func(f *logFolder) { f.suffix = ".LOG" })
		for _, r := range l.rows {
			f.add(r.at, strings.TrimRight(r.text, " "), r.pos)
		}
	}
}

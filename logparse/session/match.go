package session

import (
	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply/outcome"
)

// silence is the log time after which a connection without a row is over, in
// nanoseconds.
const silence = 600 * 1_000_000_000

// A slot is one connection as the matcher sees it.
type slot struct {
	ambiguous bool // its rows could as well have been dealt out otherwise; settled when finish is called
	owner     any  // for the builder

	step    logparse.Verb
	touched int64
}

// A matcher decides which rows of a log without session ids belong to one
// connection.
type matcher struct {
	place  func(s *slot, rec *logparse.Record) // called once per row, rows of one slot in file order; rec is valid only during the call
	finish func(s *slot)                       // no further row will be placed in s

	capped int64 // how often rows were dealt out early because too many waited

	keys map[matchKey][]*slot
}

type matchKey struct {
	log          uint32
	direction    outcome.Direction
	site, remote string
	helo         string
}

func newMatcher(place func(*slot, *logparse.Record), finish func(*slot)) *matcher {
	return &matcher{place: place, finish: finish, keys: map[matchKey][]*slot{}}
}

// add takes the next row of a log. rec is borrowed.
func (m *matcher) add(log uint32, rec *logparse.Record) {
	key := matchKey{log, rec.Direction, string(rec.Connector), string(rec.Remote), string(rec.Helo)}
	open := m.keys[key]
	var s *slot
	for i := len(open) - 1; i >= 0; i-- {
		if rec.Verb == logparse.VerbMAIL && (open[i].step == logparse.VerbMAIL || open[i].step == logparse.VerbRCPT) {
			continue
		}
		s = open[i]
		break
	}
	begins := rec.Verb == logparse.VerbHELO || rec.Verb == logparse.VerbEHLO || rec.Kind == logparse.KindReply && rec.Code == 220
	if s == nil || begins {
		s = &slot{}
		open = append(open, s)
	}
	s.ambiguous = s.ambiguous || len(open) > 1
	s.step = rec.Verb
	s.touched = rec.Time.UnixNano()
	m.place(s, rec)
	if rec.Verb == logparse.VerbQUIT && rec.Kind == logparse.KindCommand && rec.Direction == outcome.Inbound ||
		rec.Kind == logparse.KindReply && rec.Code == 221 {
		m.finish(s)
		for i := range open {
			if open[i] == s {
				open = append(open[:i], open[i+1:]...)
				break
			}
		}
	}
	if len(open) == 0 {
		delete(m.keys, key)
		return
	}
	m.keys[key] = open
}

// advance says that the log has reached the time now.
func (m *matcher) advance(log uint32, now outcome.Time) {
	for key, open := range m.keys {
		if key.log != log {
			continue
		}
		kept := open[:0]
		for _, s := range open {
			if now.UnixNano()-s.touched < silence {
				kept = append(kept, s)
			} else {
				m.finish(s)
			}
		}
		if m.keys[key] = kept; len(kept) == 0 {
			delete(m.keys, key)
		}
	}
}

// close ends the input: everything that waits is placed and finished.
func (m *matcher) close() {
	for key, open := range m.keys {
		for _, s := range open {
			m.finish(s)
		}
		delete(m.keys, key)
	}
}

// pending returns the number of rows that wait to be placed.
func (m *matcher) pending() int { return 0 }

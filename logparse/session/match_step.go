package session

import (
	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply/outcome"
)

// Most rows are usual commands of a client on the current connection of its
// cluster. These are taken from the record as it stands: what a matchRow says
// beside is for rows that are held against several connections.

// clientSteps holds the stage that a usual command leads to where it was accepted;
// stages for a command that is not usual, or of which more is to be asked than its
// place in the conversation (see conn.surely).
var clientSteps = func() (t [stages][matchVerbs]stage) {
	for s := range t {
		for v := range t[s] {
			t[s][v] = stages
			switch v := matchVerb(v); v {
			case verbMail, verbRcpt, verbData, verbReset, verbAuth, verbQuit:
				if nextVerb[s][v] >= usual {
					t[s][v] = stage(s).after(v, 0)
				}
			}
		}
	}
	return t
}()

// steps reports whether rec, written at that time and begun took before, is a
// client's command that surely is the next row of c's current connection. It says
// no where goesOn has to tell.
func (c *cluster) steps(rec *logparse.Record, at, took int64) bool {
	began, x := at-took, &c.current
	y := x.conn
	gap := began - y.at
	if rec.Kind != logparse.KindCommand || rec.Direction != outcome.Inbound || rec.Code == 503 || rec.Verb == logparse.VerbBDAT ||
		!y.timed || y.waiting > 0 || began <= x.since || gap < -resolution-slack || len(c.hypotheses) > 0 && gap > forgets {
		return false
	}
	v := matchVerbOf[rec.Verb]
	if clientSteps[y.stage][v] == stages {
		return false
	}
	if v != verbQuit {
		return true
	}
	opened := y.begin - (at - rec.Win32)
	return (rec.BytesIn == quitBytes || rec.BytesIn < 0) && (len(rec.Arg) == 0 || y.name == 0 || y.name == c.hashOf(rec.Arg)) &&
		(rec.Win32 <= 0 || !y.cut && opened >= -resolution && opened <= soon)
}

// hashOf is hash for what mostly is the HELO name of c, which may be nil.
func (c *cluster) hashOf(name []byte) uint32 {
	if c == nil || string(name) != string(c.key[c.remote:c.helo]) {
		return hash(name)
	}
	if c.named == 0 {
		c.named = hash(name)
	}
	return c.named
}

// step is take for a row for which steps says yes, the one of c that has the
// number.
func (m *matcher) step(c *cluster, rec *logparse.Record, number, at, took int64) (over bool) {
	x, h, v := c.current.conn, c.current.habits, matchVerbOf[rec.Verb]
	m.work++
	if v == verbQuit && len(c.hypotheses) == 0 {
		return true // and nothing that it says is asked for later
	}
	if rec.Elapsed >= 0 || v != verbData {
		x.keepGap(at-took-x.at, rec.Elapsed, c.order)
	}
	h.learn(x.stage, v)
	x.verb, x.bdat = v, false
	if v == verbMail {
		x.declares(rec.Arg)
	}
	if next := clientSteps[x.stage][v]; rec.Code < 400 {
		x.stage = next
	} else {
		x.stage = x.stage.after(v, rec.Code)
	}
	x.moved(number, c.order, c.clock, at)
	x.in, x.out = rec.BytesIn, rec.BytesOut
	x.replied, x.timed = false, true
	x.expect(false)
	return v == verbQuit
}

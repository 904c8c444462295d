package session

import "github.com/smtplog/smtplog/reply"

// Nearly all rows are the next step of the only open connection of their
// cluster, as is seen without weighing: the conversation goes on as it should,
// and no connection begins in this way, or none that would not have to begin at
// the very moment at which this one is about to say the same.

// soon is how long a connection may take, in milliseconds of logged time, for a
// step with which another might begin.
const soon = 4 * resolution

// usual is how likely a command is at least that is no surprise.
const usual = 0.01

// surely reports whether r is so likely to be c's next row that nothing else
// comes into question. c is the only connection of its cluster.
func (c *conn) surely(r *matchRow) bool {
	switch {
	case r.info || r.code == 503 && !r.reply:
		return false
	case r.timed && c.timed && c.gap(r) < -resolution-slack:
		return false
	case r.reply:
		return c.surelyAnswered(r)
	case r.outbound && c.waiting > 0:
		return c.pipelines(r.verb) && nextVerb[c.expected()][r.verb] >= usual
	case nextVerb[c.stage][r.verb] < usual && !c.continues(r):
		return false
	}
	switch r.verb {
	case verbHelo, verbEhlo:
		// What comes later, after STARTTLS too, may as well begin another connection.
		next := c.stage == stageNoHelo && r.name == c.name || c.stage == stageTLS || r.outbound && c.stage == stageFresh
		return next && c.within(r, soon)
	case verbOther:
		return r.outbound
	case verbTLS:
		return !c.tls
	case verbQuit:
		return r.outbound || c.surelyLeaves(r)
	}
	return true
}

// continues reports whether r is the next chunk of c's message.
func (c *conn) continues(r *matchRow) bool {
	return r.bdat && c.bdat && c.verb == verbData && c.stage == stageDone
}

// within reports whether r began at most d milliseconds of logged time after c's
// last row, as far as is known.
func (c *conn) within(r *matchRow, d int64) bool { return !r.timed || !c.timed || c.gap(r) <= d }

// surelyLeaves is surely for a client's QUIT that is not out of place.
func (c *conn) surelyLeaves(r *matchRow) bool {
	unsent := r.in == c.in && r.out == c.out // see logQuit
	if r.in >= 0 && c.in >= 0 && r.in != quitBytes && !unsent || r.name != 0 && c.name != 0 && r.name != c.name {
		return false
	}
	if r.length <= 0 || !r.timed || !c.timed {
		return true
	}
	// The session is as long as the connection has been open.
	opened := c.begin - (r.at - r.length)
	return !c.cut && opened >= -resolution && opened <= soon
}

// surelyAnswered is surely for a reply of the peer.
func (c *conn) surelyAnswered(r *matchRow) bool {
	if c.waiting == 0 {
		return false
	}
	verb := c.wait[0].verb
	if logCode(verb, r.code) < logCodeRefused {
		return false
	}
	// A peer may also greet with 220, or with a refusal.
	if r.code == 220 {
		return r.hint == verbTLS
	}
	return r.code.Class() == reply.OK || verb == verbEOM || c.within(r, soon)
}

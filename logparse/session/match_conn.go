package session

import (
	"math"

	"github.com/smtplog/smtplog/reply"
)

// quick is the time-taken of a command that no other overtakes, in
// milliseconds.
const quick = 20

// Logarithms of likelihoods.
const (
	impossible   = -20.0
	logStart     = -5.0  // a connection begins with this row
	logStartOdd  = -8.0  // begins with a command that should not be the first
	logStartCut  = -17.0 // begins before the log does, or something is missing
	logVanished  = -3.5  // a connection ends without a word, or what is missing of it is not logged
	logElsewhere = -0.7
	logTimeless  = -1.0 // stands for the likelihood of a time that is not logged
	logSilently  = -2.0 // a command's reply is missing
	unlikelyCode = -5.0

	logCodeRefused = -3.0 // a command of ours was refused
)

var (
	logRefused = math.Log(1e-3) // a command that makes no sense where it stands was refused
	logDropped = math.Log(0.03) // a QUIT was not sent

	logBackwards = logOf(gapBackwards)
)

// A conn is a connection under one hypothesis. What every row touches stands first.
type conn struct {
	last    int64 // number of its last row
	order   int64 // what that was among those of the cluster
	clock   int64 // of its log at the last row
	at      int64 // when the last row was written
	in, out int64 // counters of the last row

	timed   bool // begin and at are known
	cut     bool // the log does not have the beginning
	stage   stage
	verb    matchVerb // the last command
	bdat    bool
	replied bool // the last row was a reply
	tls     bool
	awaits  uint8
	passed  uint8 // how often another got its reply first
	waited  bool  // silent was found, and no row was taken since
	givenUp bool  // silent for so long that no more is expected of it
	waiting uint8 // how many of wait are
	lates   uint8 // how many of late are
	paced   uint8 // bucket of the time that paceLog is about and 1, 0 while nobody asked
	more    uint16

	silent   float64           // see logSilent, at the row under way
	silentAt int64             // when that was found, with waited
	patience int64             // see longest; 0 while nobody asked
	usual    float64           // logarithm of the time until the client's next command, ms; 0 while nobody asked
	late     [lateRows]lateRow // what these have still to learn

	// Commands that wait for a reply, outbound, oldest first. Only the first few
	// are kept one by one; behind them come more RCPTs.
	wait [8]waiter

	first   int64 // number of its first row
	begin   int64 // when the first command began
	size    int64 // as MAIL declared it, -1 for not at all
	name    uint32
	domain  uint32  // of a client's sender
	paceLog float64 // logarithm of how likely the time of paced is
	pace    pace
	recency recency

	mailed uint8         // how much of mail is the argument of a client's MAIL that was not read yet
	mail   [maxMail]byte // see declares
}

// maxMail is how long the argument of a MAIL is that is not read at once, at most.
const maxMail = 80

type waiter struct {
	verb    matchVerb
	address uint32
}

// gap returns the logged time between c's last row and the beginning of r.
func (c *conn) gap(r *matchRow) int64 { return r.began - c.at }

// fit returns the logarithm of how likely r is c's next row.
func (c *conn) fit(r *matchRow, order int64, f *forecast) float64 {
	switch {
	case r.info:
		return -1 - 0.1*math.Log1p(float64(order-c.order))
	case r.reply:
		return c.fitReply(r, f)
	case c.tls && r.verb == verbTLS:
		return impossible
	case r.outbound:
		return c.fitSent(r, order, f)
	}
	return c.fitReceived(r, order, f)
}

// logGap returns the logarithm of how likely the time between c's last row and
// r is.
func (c *conn) logGap(r *matchRow) float64 {
	switch {
	case !r.timed || !c.timed:
		return logTimeless
	case r.verb == verbData && r.took < 0:
		return logOf(gaps().transfer.likely(c.gap(r), gapFloor))
	}
	return c.logPace(c.gap(r))
}

// logPace returns the logarithm of how likely a logged time is at c's pace. The
// rows of others mostly ask for the same one again.
func (c *conn) logPace(d int64) float64 {
	c.catchUp()
	if d < -resolution-slack {
		return logBackwards
	}
	if b := bucketOf(max(d, -resolution)); int(c.paced) != b+1 {
		c.paced, c.paceLog = uint8(b+1), logOf(c.pace.likely(b))
	}
	return c.paceLog
}

// logBetween returns the logarithm of how likely the number of rows between c's
// last one and r is.
func (c *conn) logBetween(r *matchRow, order int64) float64 {
	if r.timed && c.timed && c.gap(r) > resolution {
		return logElsewhere
	}
	c.catchUp()
	k := order - c.order - 1
	if r.took >= 0 && r.took < quick {
		return logOf(c.recency.likely(k))
	}
	// Some of the rows in between may have been written while the command was
	// under way.
	return logOf(c.recency.likelyUpTo(k))
}

// fitReceived is fit for the commands of a client.
func (c *conn) fitReceived(r *matchRow, order int64, f *forecast) float64 {
	l := f.fitVerb(c, c.stage, r)
	if r.verb == verbQuit {
		l = c.logQuit(r, l)
	}
	if l <= impossible {
		return impossible
	}
	if r.verb == verbOther && c.stage == stageNoHelo && r.name != c.name {
		l += unlikelyCode
	}
	l += c.logGap(r) + c.logBetween(r, order)
	if r.verb == verbData {
		l += c.logMessage(r)
	}
	return l
}

// fitVerb returns the logarithm of how likely the row's command and its reply's
// code are in a stage of c.
func (f *forecast) fitVerb(c *conn, s stage, r *matchRow) float64 {
	if r.bdat && c.bdat && c.verb == verbData && s == stageDone {
		return f.habits.fitVerb(s, r, 0.5) // the next chunk
	}
	if f.verbs[s] == 0 {
		f.verbs[s] = f.habits.fitVerb(s, r, nextVerb[s][r.verb])
	}
	return f.verbs[s]
}

// fitVerb returns the logarithm of how likely the row's command and its reply's
// code are in a stage, where the command's likelihood is p where nothing is
// known about the client.
func (h *habits) fitVerb(s stage, r *matchRow, p float64) float64 {
	switch {
	case p <= never && r.code.Class() == reply.Permanent:
		return logRefused // and so the server said
	case p <= never && r.code != 0:
		return impossible
	case p <= never:
		return impossible / 2
	case r.code == 503:
		return logOf(p) + unlikelyCode
	}
	return h.logVerb(s, r.verb, p)
}

// quitBytes is cs-bytes of a QUIT that was sent.
const quitBytes = 4

// logQuit returns the logarithm of how likely QUIT is c's, whose place in the
// conversation has the logarithm l.
//
// QUIRK: when the peer has vanished, IIS logs a QUIT that was not sent, with the
// counters of the command before it.
func (c *conn) logQuit(r *matchRow, l float64) float64 {
	switch {
	case r.in < 0 || c.in < 0:
		l = max(l, logDropped)
	case r.in != quitBytes && r.in == c.in && r.out == c.out:
		l = logDropped
	case r.in != quitBytes && r.in < 100:
		// A QUIT with blanks or arguments, or the end of another connection.
		l += unlikelyCode
	case r.in != quitBytes:
		l = impossible
	}
	if r.name != 0 && c.name != 0 && r.name != c.name {
		l += unlikelyCode
	}
	if r.length > 0 && r.timed && c.timed {
		if c.cut {
			return l + unlikelyCode
		}
		opened := r.at - r.length
		l += logOf(gaps().greet.likely(c.begin-opened, greetFloor))
	}
	return l
}

// logMessage returns by how much the size and the id of a message speak for c.
func (c *conn) logMessage(r *matchRow) float64 {
	c.readMail()
	l := 0.0
	if r.size > 0 && c.size > 0 && r.code.Class() != reply.Permanent {
		// Sizes are spread over a factor of about a thousand; SIZE is an estimate
		// that is mostly good and mostly too high if not.
		off := logOf(float64(r.size) / float64(c.size))
		switch {
		case math.Abs(off) < 0.01:
			l += 4
		case math.Abs(off) < 0.1:
			l += 2
		case math.Abs(off) < 0.5:
			l += 0
		default:
			l -= 4
		}
	}
	if r.domain != 0 && r.domain == c.domain {
		l += 0.7
	}
	return l
}

// declares takes the argument of a client's MAIL. Few connections are ever asked for
// it, so it is read then.
func (c *conn) declares(arg []byte) {
	c.size, c.domain, c.mailed = -1, 0, 0
	if len(arg) > len(c.mail) {
		c.read(arg)
		return
	}
	c.mailed = uint8(copy(c.mail[:], arg))
}

// readMail reads the argument of MAIL that has been kept.
func (c *conn) readMail() {
	if c.mailed > 0 {
		c.read(c.mail[:c.mailed])
		c.mailed = 0
	}
}

// read reads the argument of a client's MAIL.
func (c *conn) read(arg []byte) {
	c.size, c.domain = declaredSize(arg), hash(afterAt(bracketed(arg)))
}

// starts returns the logarithm of how likely a connection begins with r.
func (r *matchRow) starts() float64 {
	switch {
	case r.info:
		return logStart
	case r.reply && r.code == 220:
		if r.hint != verbOther && r.hint != verbHelo {
			return logStartOdd
		}
		return logStart
	case r.reply && r.code.Class() != reply.OK:
		return logStartOdd
	case r.outbound && r.verb.greets():
		return logStartOdd - 2
	case r.reply || r.outbound:
		return logStartCut
	case r.verb.greets():
		return logStart
	case r.verb == verbQuit:
		l := logStartOdd - 4
		if r.length > 0 && r.timed {
			l += logOf(gaps().greet.likely(r.length-resolution, greetFloor))
		}
		return l
	case r.verb == verbOther:
		return logStart - 1
	case r.code == 503:
		return logStartOdd
	}
	return logStartCut
}

// open makes c the connection that begins with r, next to others that are open.
func (r *matchRow) open(c *conn, h *habits, others []conn) {
	*c = conn{first: r.number, size: -1, timed: r.timed, begin: r.began}
	switch {
	case r.reply && r.code == 220, r.info:
		c.stage = stageFresh
	case r.reply && r.code.Class() != reply.OK:
		c.stage = stageFresh
	case !r.reply && !r.outbound && (r.verb.greets() || r.verb == verbOther):
		c.stage = stageFresh
	default:
		c.stage, c.cut = stageUnknown, true
	}
	h.prior(c, others)
}

// take makes r the last row of c. It reports whether c is over.
func (c *conn) take(r *matchRow, order int64, h *habits) bool {
	fresh := c.last == 0
	if !fresh && r.timed && c.timed && !r.info && (r.took >= 0 || r.verb != verbData) {
		c.notice(r, order)
	}
	if !r.info && !r.reply {
		s := c.stage
		if c.waiting > 0 {
			s = c.expected()
		}
		h.learn(s, r.verb)
	}
	over := false
	switch {
	case r.info:
	case r.reply:
		over = c.takeReply(r, h)
	case r.outbound:
		c.send(r, order, h)
	default:
		c.say(r)
		over = r.verb == verbQuit
	}
	c.moved(r.number, order, r.clock, r.at)
	c.in, c.out = r.in, r.out
	c.replied, c.timed = r.reply, r.timed
	c.expect(r.outbound)
	return over
}

// moved makes a row with that number, order, clock and time the last one of c.
func (c *conn) moved(number, order, clock, at int64) {
	c.last, c.order, c.clock, c.at = number, order, clock, at
	c.passed = 0
	c.patience = 0
	c.givenUp, c.waited = false, false
}

// say takes a command whose reply's code is known.
func (c *conn) say(r *matchRow) {
	c.note(r)
	c.advance(r.verb, r.code)
}

// note keeps what later rows are held against.
func (c *conn) note(r *matchRow) {
	c.verb, c.bdat = r.verb, r.bdat
	switch r.verb {
	case verbHelo, verbEhlo:
		c.name = r.name
	case verbOther:
		if c.stage == stageFresh {
			c.name = r.name
		}
	case verbMail:
		if r.outbound {
			c.size = r.size
		} else {
			c.declares(r.mail)
		}
	case verbData:
		if r.outbound && r.size >= 0 {
			c.size = r.size
		}
	}
}

// advance moves the stage by a command that was answered; code 0 is taken for
// success.
func (c *conn) advance(verb matchVerb, code reply.Code) {
	c.stage = c.stage.after(verb, code)
	c.tls = c.tls || c.stage == stageTLS
}

package session

import (
	"math"

	"github.com/smtplog/smtplog/reply"
)

// promptly is how often our own server's next command follows the reply that it
// waited for at once, a few rows of the same peer later at most.
const promptly = 0.9

// fitSent is fit for a command of ours.
func (c *conn) fitSent(r *matchRow, order int64, f *forecast) float64 {
	l := 0.0
	switch {
	case c.waiting == 0:
		l = f.fitVerb(c, c.stage, r)
		if r.verb == verbRcpt || r.verb == verbData {
			l += f.logPipe(r.verb, false)
		}
	case c.pipelines(r.verb):
		l = f.fitVerb(c, c.expected(), r) + f.logPipe(r.verb, true)
	case r.verb == verbQuit || r.verb == verbReset:
		l = logOf(nextVerb[stageDone][r.verb]) + logSilently - 2
	default:
		return impossible
	}
	if l <= impossible {
		return impossible
	}
	if !r.timed || !c.timed {
		return l + logTimeless
	}
	d := c.gap(r)
	if d > 2*resolution {
		return l + gaps().stale[bucketOf(d)]
	}
	p := (1 - promptly) * gaps().any.likely(d, gapFloor)
	if d >= -resolution {
		p += promptly * f.prompt(order-c.order-1)
	}
	return l + logOf(p)
}

// pipelines reports whether the verb may be sent while others wait for their
// replies (RFC 2920).
func (c *conn) pipelines(verb matchVerb) bool {
	switch c.wait[c.waiting-1].verb {
	case verbMail, verbRcpt, verbReset:
		return verb == verbRcpt || verb == verbData || verb == verbMail && c.wait[c.waiting-1].verb == verbReset
	}
	return false
}

// expected returns the stage once all that waits has been accepted.
func (c *conn) expected() stage {
	s := c.stage
	for _, w := range c.wait[:c.waiting] {
		s = s.after(w.verb, 0)
	}
	return s
}

// send takes a command of ours.
func (c *conn) send(r *matchRow, order int64, h *habits) {
	if r.verb == verbRcpt || r.verb == verbData {
		h.learnPipe(r.verb, c.waiting > 0)
	}
	if c.last != 0 {
		h.learnPrompt(order - c.order - 1)
	}
	if c.waiting > 0 && !c.pipelines(r.verb) {
		c.waiting, c.more = 0, 0
	}
	c.note(r)
	if r.verb == verbQuit {
		c.stage = stageQuit
	}
	if int(c.waiting) == len(c.wait) {
		c.more += min(1, math.MaxUint16-c.more)
		return
	}
	w := waiter{r.verb, r.address}
	if r.bdat {
		w.verb = verbEOM // no go-ahead
	}
	c.wait[c.waiting] = w
	c.waiting++
}

// fitReply is fit for a reply of the peer.
func (c *conn) fitReply(r *matchRow, f *forecast) float64 {
	if c.waiting == 0 {
		switch {
		case r.code == 421:
			return -5
		case r.code.Class() != reply.OK && c.stage == stageFresh && !c.replied:
			return -3
		case r.code == 0:
			return -4 // not the form of a reply
		}
		return impossible
	}
	head := c.wait[0]
	l := logCode(head.verb, r.code)
	if l <= impossible {
		return impossible
	}
	if r.code.Class() == reply.OK {
		if r.hint != verbOther && r.hint != head.verb && !(r.hint == verbEOM && head.verb == verbData) {
			l += unlikelyCode
		}
		l += f.logShape(head.verb, r.shape)
	}
	if r.address != 0 && head.address != 0 && (head.verb == verbMail || head.verb == verbRcpt) {
		if r.address == head.address {
			l += 2
		} else {
			l += unlikelyCode
		}
	}
	switch {
	case !r.timed || !c.timed:
		l += logTimeless
	case head.verb == verbEOM:
		l += f.logTransfer(c.gap(r), c.size)
	default:
		l += c.logPace(c.gap(r))
	}
	return l
}

// logOvertaken returns the logarithm of how likely the i-th connection gets a
// reply before others do that waited longer: replies of one host take about the
// same time, those about a message longer for a larger one.
func (f *forecast) logOvertaken(conns []conn, i int) float64 {
	l := 0.0
	for j := range conns {
		if x := &conns[j]; x.overtakenBy(&conns[i]) {
			l += f.logOutOfTurn() / float64(1+4*int(x.passed))
		}
	}
	return max(l, -6)
}

// overtakenBy reports whether c's reply should have come before that to x.
func (c *conn) overtakenBy(x *conn) bool {
	if c.waiting == 0 || x.waiting == 0 || c.order >= x.order {
		return false
	}
	message := c.wait[0].verb == verbEOM
	return message == (x.wait[0].verb == verbEOM) && (!message || c.size >= 0 && c.size <= x.size)
}

// pass notes which connections the i-th one, which is about to get a reply,
// overtakes, and whether it had to.
func (h *habits) pass(conns []conn, i int) {
	turn := true
	for j := range conns {
		if x := &conns[j]; x.overtakenBy(&conns[i]) {
			turn = turn && x.passed > 0
			x.passed += min(1, math.MaxUint8-x.passed)
		}
	}
	if len(conns) > 1 {
		h.learnTurn(turn)
	}
}

// logCode returns the logarithm of how likely the code answers the verb.
func logCode(verb matchVerb, code reply.Code) float64 {
	class := code.Class()
	refused := class == reply.Transient || class == reply.Permanent
	switch {
	case refused && verb == verbQuit:
		return -5
	case refused:
		return logCodeRefused
	case code == 0:
		return -4
	}
	want := reply.Code(250)
	switch verb {
	case verbData:
		want = 354
	case verbQuit:
		want = 221
	case verbTLS:
		want = 220
	case verbAuth:
		if code == 334 || code == 235 {
			return 0
		}
		return impossible
	case verbOther:
		if class == reply.OK && code != 220 && code != 221 && code != 354 {
			return 0
		}
		return impossible
	}
	switch {
	case code == want:
		return 0
	case verb == verbRcpt && (code == 251 || code == 252):
		return -1
	case verb == verbQuit && code/10 == 25:
		return -4
	}
	return impossible
}

// takeReply takes a reply of the peer. It reports whether c is over.
func (c *conn) takeReply(r *matchRow, h *habits) bool {
	if c.waiting == 0 {
		// The greeting, or a farewell that nobody asked for.
		return r.code == 421 && c.last != 0
	}
	head := c.wait[0]
	if head.verb == verbEOM && r.timed && c.timed && c.last != 0 {
		h.learnTransfer(c.gap(r), c.size)
	}
	if r.shape != 0 && r.code.Class() == reply.OK {
		h.learnShape(head.verb, r.shape)
	}
	if head.verb == verbAuth && r.code == 334 {
		return false
	}
	copy(c.wait[:], c.wait[1:c.waiting])
	if c.waiting--; c.more > 0 {
		c.more--
		c.wait[c.waiting] = waiter{verb: verbRcpt}
		c.waiting++
	}
	switch {
	case head.verb == verbQuit:
		return true
	case head.verb == verbData && r.code == 354:
		// What waits next is the verdict about the message.
		copy(c.wait[1:], c.wait[:min(int(c.waiting), len(c.wait)-1)])
		c.wait[0] = waiter{verb: verbEOM}
		c.waiting = min(c.waiting+1, uint8(len(c.wait)))
		return false
	}
	c.advance(head.verb, r.code)
	return r.code == 421
}

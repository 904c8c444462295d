package testlog

import (
	"math/rand/v2"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// An exchange is one command and its reply.
type exchange struct {
	verb       logparse.Verb // VerbConnect: the greeting; VerbEOM: the end of the data
	code       reply.Code    // 0: the reply never came
	msg, rcpt  int           // which message and recipient it is about
	sent, done int64         // when the command was there, and when its reply was
}

// A talk plays one conversation from beginning to end.
type talk struct {
	rng   *rand.Rand
	host  *host
	opt   *Options
	tempo tempo
	now   int64
	drop  int // the exchange before which the connection breaks, -1 for none
	steps []exchange
	s     *Session
	helo  string
}

// converse fills c with a conversation that begins at c.start.
func (c *connection) converse(opt *Options) {
	h := c.host
	t := &talk{rng: newRand(opt.Seed, 2, uint64(c.s.Number)), host: h, opt: opt, tempo: h.tempo,
		now: c.start, drop: -1, s: c.s, helo: c.helo, steps: c.steps[:0]}
	if h.ownTempo {
		t.tempo = newTempo(t.rng, opt.Pace)
	}
	if t.rng.Float64() < 0.05 {
		t.drop = 1 + t.rng.IntN(8)
	}
	c.s.Ended = Quit
	if h.failing {
		c.s.Ended = Failed
		t.now += around(t.rng, float64(second), 0.5)
	} else if !t.whole() {
		c.s.Ended = Remote
		t.now += around(t.rng, t.tempo.think, t.tempo.spread)
		t.abort()
	}
	if held := c.start + opt.Hold.Microseconds(); t.now < held {
		t.hold(held - t.now)
	}
	c.steps, c.end = t.steps, t.now
}

// hold delays the last exchange.
func (t *talk) hold(by int64) {
	t.now += by
	if n := len(t.steps); n > 0 && t.s.Ended == Quit {
		t.steps[n-1].sent += by
		t.steps[n-1].done += by
	}
}

// whole plays the conversation and reports whether it came to its end.
func (t *talk) whole() bool {
	if !t.say(logparse.VerbConnect, 220, 0, 0) || !t.greet() {
		return false
	}
	if t.host.user != "" {
		code := reply.Code(235)
		if !t.host.login {
			code = 535
		}
		if !t.say(logparse.VerbAUTH, code, 0, 0) {
			return false
		}
		if !t.host.login {
			return t.say(logparse.VerbQUIT, 221, 0, 0)
		}
		t.s.User = t.host.user
	}
	messages := 1 + int(t.rng.ExpFloat64()*t.host.messages)
	if t.rng.Float64() < 0.03 {
		messages = 0
	}
	for i := range messages {
		if i > 0 && t.rng.Float64() < t.host.reset && !t.say(logparse.VerbRSET, 250, 0, 0) {
			return false
		}
		if !t.message(i) {
			return false
		}
	}
	return t.say(logparse.VerbQUIT, 221, 0, 0)
}

func (t *talk) greet() bool {
	verb := logparse.VerbHELO
	if t.host.extended {
		verb = logparse.VerbEHLO
	}
	if t.host.fixup {
		if !t.say(logparse.VerbOther, 500, 0, 0) {
			return false
		}
		verb = logparse.VerbHELO
	} else if t.host.extended && t.rng.Float64() < 0.02 {
		if !t.say(logparse.VerbEHLO, 500, 0, 0) {
			return false
		}
		verb = logparse.VerbHELO
	}
	if !t.say(verb, 250, 0, 0) {
		return false
	}
	if verb == logparse.VerbEHLO && t.host.tls {
		if !t.say(logparse.VerbSTARTTLS, 220, 0, 0) {
			return false
		}
		t.s.TLS = true
		return t.say(logparse.VerbEHLO, 250, 0, 0)
	}
	return true
}

// message plays one transaction.
func (t *talk) message(i int) bool {
	rng := t.rng
	recipients := 1 + int(rng.ExpFloat64()*t.host.recipients)
	tr := Transaction{
		From: t.sender(),
		Size: int64(logUniform(rng, 600, 3e6)),
	}
	tr.MessageID = t.messageID(&tr, i)
	t.s.Transactions = append(t.s.Transactions, tr)
	last := &t.s.Transactions[i]

	mail := t.refusal(0.02, 250)
	pipelined := t.host.pipelining && mail == 250
	if !t.command(logparse.VerbMAIL, mail, i, 0, pipelined) {
		return false
	}
	last.Code = mail
	if mail != 250 {
		t.settle()
		return true
	}
	accepted := 0
	for r := range recipients {
		code := t.refusal(0.06, 250)
		last.Recipients = append(last.Recipients, Recipient{To: t.recipient(), Result: Unknown})
		if !t.command(logparse.VerbRCPT, code, i, r, pipelined) {
			return false
		}
		if code == 250 {
			accepted++
		} else {
			last.Recipients[r].Code = code
			last.Recipients[r].Result = verdict(code)
		}
	}
	t.flush()
	if accepted == 0 {
		ok := t.say(logparse.VerbRSET, 250, 0, 0)
		t.settle()
		return ok
	}
	if t.rng.Float64() < 0.01 {
		ok := t.say(logparse.VerbRSET, 250, 0, 0)
		t.settle()
		return ok
	}
	end := t.refusal(0.04, 250)
	if t.host.chunking {
		if !t.say(logparse.VerbBDAT, end, i, 0) {
			return false
		}
	} else {
		data := t.refusal(0.01, 354)
		if !t.say(logparse.VerbDATA, data, i, 0) {
			return false
		}
		if end = data; data == 354 {
			end = t.refusal(0.04, 250)
			if !t.say(logparse.VerbEOM, end, i, 0) {
				return false
			}
		}
	}
	last.Code = end
	for r := range last.Recipients {
		if last.Recipients[r].Code == 0 {
			last.Recipients[r].Code = end
			last.Recipients[r].Result = verdict(end)
		}
	}
	t.settle()
	return true
}

// command plays MAIL or RCPT. When pipelined its reply waits for flush.
func (t *talk) command(verb logparse.Verb, code reply.Code, msg, rcpt int, pipelined bool) bool {
	if !pipelined {
		return t.say(verb, code, msg, rcpt)
	}
	if t.broken() {
		t.flush()
		return false
	}
	t.now += 1 + around(t.rng, 0.2*millisecond, 0.5)
	t.steps = append(t.steps, exchange{verb: verb, code: code, msg: msg, rcpt: rcpt, sent: t.now})
	return true
}

// flush has the replies of pipelined commands come in.
func (t *talk) flush() {
	first := len(t.steps)
	for first > 0 && t.steps[first-1].done == 0 {
		first--
	}
	if first == len(t.steps) {
		return
	}
	if t.host.direction == outcome.Outbound {
		t.now += around(t.rng, t.tempo.roundTrip, 0.15)
	}
	for i := first; i < len(t.steps); i++ {
		t.now += 1 + around(t.rng, millisecond, 0.7)
		t.steps[i].done = t.now
	}
}

// say plays a command and its reply. It reports false when the connection
// breaks before it.
func (t *talk) say(verb logparse.Verb, code reply.Code, msg, rcpt int) bool {
	t.flush()
	if t.broken() {
		return false
	}
	e := exchange{verb: verb, code: code, msg: msg, rcpt: rcpt}
	outbound := t.host.direction == outcome.Outbound
	switch {
	case verb == logparse.VerbConnect:
		if outbound {
			t.now += around(t.rng, t.tempo.greet, 0.5)
		}
	case verb == logparse.VerbEOM:
		t.now += t.transfer(msg)
	case outbound:
		t.now += 1 + around(t.rng, t.tempo.react, 0.7)
	case len(t.steps) == 1:
		t.now += around(t.rng, t.tempo.greet, 0.8)
		if t.rng.Float64() < 0.1 {
			t.now += around(t.rng, 2*second, 0.5)
		}
	default:
		t.now += 1 + around(t.rng, t.tempo.think, t.tempo.spread)
	}
	e.sent = t.now
	if verb == logparse.VerbBDAT {
		t.now += t.transfer(msg)
	}
	took := around(t.rng, 0.8*millisecond, 0.8)
	if t.rng.Float64() < 0.03 {
		took += around(t.rng, 200*millisecond, 1)
	}
	if verb == logparse.VerbEOM {
		took += around(t.rng, 30*millisecond, 1)
	}
	if outbound {
		took += around(t.rng, t.tempo.roundTrip, 0.15)
	}
	t.now += 1 + took
	e.done = t.now
	t.steps = append(t.steps, e)
	if verb == logparse.VerbHELO || verb == logparse.VerbEHLO {
		t.s.Helo = t.helo
	}
	return true
}

// transfer returns how long the message takes over the line.
func (t *talk) transfer(msg int) int64 {
	size := float64(t.s.Transactions[msg].Size)
	return around(t.rng, size/t.tempo.bandwidth, 0.4) + around(t.rng, 5*millisecond, 1)
}

// broken reports whether the connection is no more.
func (t *talk) broken() bool { return t.drop >= 0 && len(t.steps) >= t.drop }

// refusal returns ok, or with the given chance another code.
func (t *talk) refusal(chance float64, ok reply.Code) reply.Code {
	if t.rng.Float64() >= chance {
		return ok
	}
	return [...]reply.Code{450, 451, 550, 550, 552, 554}[t.rng.IntN(6)]
}

// abort gives up the transaction that the end of the connection cut short.
func (t *talk) abort() {
	n := len(t.s.Transactions)
	if n > 0 && t.s.Transactions[n-1].Result == "" {
		t.settle()
	}
}

// settle sums up the last transaction.
func (t *talk) settle() {
	tr := &t.s.Transactions[len(t.s.Transactions)-1]
	var count [3]int // accepted, deferred, rejected
	for _, r := range tr.Recipients {
		switch r.Result {
		case Accepted:
			count[0]++
		case Deferred:
			count[1]++
		case Rejected:
			count[2]++
		}
	}
	n := len(tr.Recipients)
	switch {
	case n == 0 && tr.Code >= 400:
		tr.Result = verdict(tr.Code)
	case n == 0 || count[0]+count[1]+count[2] < n:
		tr.Result = Aborted
	case count[0] == n:
		tr.Result = Accepted
	case count[0] > 0:
		tr.Result = Partial
	case count[1] > 0:
		tr.Result = Deferred
	default:
		tr.Result = Rejected
	}
}

func verdict(code reply.Code) Result {
	switch code.Class() {
	case reply.Transient:
		return Deferred
	case reply.Permanent:
		return Rejected
	}
	return Accepted
}

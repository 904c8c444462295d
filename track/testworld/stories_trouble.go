package testworld

import (
	"fmt"
	"time"
)

// What servers say to what they do not take.
const (
	noSuchUser  = "550 5.1.1 User unknown"
	greylisted  = "451 4.7.1 Greylisted, try again in 300 seconds"
	storageFull = "552 5.2.2 Mailbox full, over quota"
)

// tellTrouble plays the stories in which a message does not go straight
// through.
func (p *player) tellTrouble(at time.Time) {
	switch p.story {
	case RuleDrop, RuleReject:
		p.rule(at)
	case Quarantine:
		p.quarantine(at)
	case Retry:
		p.retry(at)
	case Bounce:
		p.bounced(at)
	case Mixed:
		p.mixed(at)
	case Expire, Waiting:
		p.waits(at)
	case MailboxFull:
		p.full(at)
	case Throttle, Poison:
		p.held(at)
	}
}

func (p *player) rule(at time.Time) {
	s := p.mailbox()
	to := p.stranger(p.host())
	m := p.mailFrom(at, s, to)
	l, at := p.submit(at, s, m)
	if p.story == RuleReject {
		p.failed(l, at, []string{to}, "AGENT", "550 5.7.1 TRANSPORT.RULES.RejectMessage; the message was rejected by organization policy", nil)
		return
	}
	e := p.track(l, at, trackRow{serverHost: s.Name, source: "AGENT", event: "DROP", context: "Transport Rule Agent"})
	m.settle(e, Dropped, "", to)
}

// quarantine sends a message from outside into the quarantine mailbox, inside
// a report that goes there in place of the sender.
func (p *player) quarantine(at time.Time) {
	m := p.newMailFrom(at, p.host())
	l, at := p.atEdge(at, m)
	box := p.box("quarantine@"+domain, p.servers["EX1"])
	dsn := p.bounce(l, at)
	dsn.recipients = nil
	dsn.add(box)
	const reply = "550 5.2.1 Content Filter agent quarantined this message"
	e := p.track(l, at, trackRow{serverHost: l.s.Name, source: "AGENT", event: "FAIL", context: "Content Filter Agent", status: reply, reference: dsn.MessageID})
	m.settle(e, Quarantined, reply, l.to...)
	p.sendBounce(l, at.Add(p.ms(5, 40)), dsn)
}

// begin submits a message to outside recipients.
func (p *player) begin(at time.Time, n int) (l *leg, h host, then time.Time) {
	s, h := p.mailbox(), p.host()
	var to []string
	for range n {
		to = append(to, p.stranger(h))
	}
	to = distinct(to)
	l, then = p.submit(at, s, p.mailFrom(at, s, to...))
	return l, h, then
}

// tryAll offers a message to a host that puts off all recipients.
func (p *player) tryAll(l *leg, at time.Time, h host, reply string) time.Time {
	refuse := make(map[string]string)
	for _, a := range l.to {
		refuse[a] = reply
	}
	got, at := p.sendOut(l, at, h, l.to, refuse, "")
	p.postponed(l, at, l.to, reply, got)
	return at
}

func (p *player) retry(at time.Time) {
	l, h, at := p.begin(at, 2)
	for range 1 + p.rng.IntN(3) {
		at = p.tryAll(l, at, h, greylisted).Add(p.minutes(5, 15))
		if p.rng.IntN(2) == 0 { // the service was started again and found it in the queue
			p.track(l, at.Add(-p.ms(5000, 60_000)), trackRow{serverHost: l.s.Name, source: "BOOTLOADER", event: "LOAD"})
		}
	}
	p.sendOut(l, at, h, l.to, nil, "")
}

func (p *player) bounced(at time.Time) {
	l, h, at := p.begin(at, 1)
	if p.rng.IntN(2) == 0 {
		got, at := p.sendOut(l, at, h, l.to, map[string]string{l.to[0]: noSuchUser}, "")
		p.failed(l, at, l.to, "", noSuchUser, got)
		return
	}
	const refusal = "554 5.7.1 Message rejected, spam"
	got, at := p.sendOut(l, at, h, l.to, nil, refusal)
	p.failed(l, at, l.to, "", refusal, got)
}

// mixed has one recipient accepted, one refused, and one put off who is
// accepted later.
func (p *player) mixed(at time.Time) {
	s, h := p.mailbox(), p.host()
	var to []string
	for _, name := range []string{"vera", "wim", "xenia"} {
		to = append(to, fmt.Sprintf("%s%d@%s", name, p.rng.IntN(90), h.domain))
	}
	l, at := p.submit(at, s, p.mailFrom(at, s, to...))
	got, at := p.sendOut(l, at, h, to, map[string]string{to[1]: noSuchUser, to[2]: greylisted}, "")
	p.postponed(l, at.Add(time.Millisecond), to[2:], greylisted, got)
	p.failed(l, at.Add(2*time.Millisecond), to[1:2], "", noSuchUser, got)
	p.sendOut(l, at.Add(p.minutes(5, 15)), h, to[2:], nil, "")
}

// waits puts a message off until the queue gives up or the logs end.
func (p *player) waits(at time.Time) {
	l, h, at := p.begin(at, 1)
	for range 2 + p.rng.IntN(3) {
		at = p.tryAll(l, at, h, greylisted).Add(p.minutes(10, 20))
	}
	if p.story == Expire {
		p.failed(l, at, l.to, "QUEUE", "550 4.4.7 QUEUE.Expired; message expired", nil)
	}
}

// full has the store refuse a message.
func (p *player) full(at time.Time) {
	s := p.servers["EX1"]
	to := p.person(s)
	m := p.mailFrom(at, s, to)
	l, at := p.submit(at, s, m)
	if s.modern() {
		_, at = p.store(l, at, l.to, "DELIVERFAIL", storageFull, storageFull)
	}
	p.failed(l, at, l.to, "STOREDRIVER", storageFull, nil)
}

// held holds a message back: throttled for a while, or for good as poison.
func (p *player) held(at time.Time) {
	s := p.mailbox()
	m := p.mailFrom(at, s, p.person(s))
	l, at := p.submit(at, s, m)
	if p.story == Throttle {
		p.track(l, at, trackRow{serverHost: s.Name, source: "SMTP", event: "THROTTLE", context: "Throttling delivery of the message to the mailbox"})
		p.route(l, at.Add(p.ms(30_000, 90_000)), l.to...)
		return
	}
	e := p.track(l, at, trackRow{serverHost: s.Name, source: "POISONMESSAGE", event: "POISONMESSAGE"})
	m.settle(e, Pending, "", l.to...)
}

// minutes is a time between lo and hi minutes.
func (p *player) minutes(lo, hi int) time.Duration { return p.ms(lo*60_000, hi*60_000) }

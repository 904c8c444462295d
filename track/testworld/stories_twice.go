package testworld

import (
	"time"
)

// tellTwice plays the stories in which something comes twice.
func (p *player) tellTwice(at time.Time) {
	switch p.story {
	case SameID:
		h := p.host()
		first := p.newMailFrom(at, h)
		second := p.newMail(at, p.stranger(p.host()), first.MessageID, p.person(p.mailbox()))
		for i, m := range []*mail{first, second} {
			l, then := p.outside(at.Add(time.Duration(i)*p.minutes(2, 20)), p.mailbox(), m)
			p.route(l, then, l.to...)
		}
	case Resent:
		p.resent(at)
	case Duplicate:
		p.duplicate(at)
	case Resubmit:
		p.resubmit(at)
	case OneSession:
		p.oneSession(at)
	}
}

// resent has the outside host send a message again, for it did not see the
// reply: the second one is a message of its own to transport and a duplicate to
// the store.
func (p *player) resent(at time.Time) {
	h := p.host()
	s := p.mailbox()
	first := p.newMailFrom(at, h, p.person(s))
	l, then := p.outside(at, s, first)
	p.route(l, then, l.to...)
	at = at.Add(p.minutes(5, 15))
	again := p.newMail(at, first.Sender, first.MessageID, first.to()...)
	again.Subject, again.Bytes = first.Subject, first.Bytes
	l, then = p.outside(at, s, again)
	p.duplicated(l, then, l.to)
}

// duplicated has the store tell that it has the message already.
func (p *player) duplicated(l *leg, at time.Time, to []string) {
	var e *Event
	if l.s.modern() {
		e, _ = p.store(l, at, to, "DUPLICATEDELIVER", "", "250 2.0.0 OK "+l.m.MessageID+" [Hostname="+l.s.FQDN+"]")
	} else {
		e = p.track(l, at, trackRow{clientHost: l.s.Name, serverHost: l.s.Name, source: "STOREDRIVER", event: "DUPLICATEDELIVER", to: to, info: p.latency(l, at)})
	}
	for _, a := range to {
		if l.m.find(a).Status != Delivered {
			l.m.settle(e, Delivered, "", a)
		}
	}
}

// duplicate delivers a message that reached a mailbox by two ways.
func (p *player) duplicate(at time.Time) {
	s := p.servers["EX1"]
	group, member := p.group("both"), p.person(s)
	m := p.newMailFrom(at, p.host(), member, group)
	l, at := p.outside(at, s, m)
	fork := l.fork([]string{group})
	p.track(fork, at, trackRow{serverHost: s.Name, source: "ROUTING", event: "TRANSFER", reference: number(l.id)})
	p.expand(fork, at.Add(p.ms(2, 9)), group, []string{member})
	fork.to, l.to = []string{member}, []string{member}
	then := p.route(l, at.Add(p.ms(10, 90)), member)
	p.duplicated(fork, then.Add(p.ms(10, 900)), []string{member})
}

// resubmit has the Safety Net send a message again that has been delivered.
func (p *player) resubmit(at time.Time) {
	s := p.servers["EX2"]
	m := p.mailFrom(at, s, p.person(s))
	l, at := p.submit(at, s, m)
	at = p.route(l, at, l.to...).Add(p.minutes(10, 40))
	again := l.fork(l.to)
	p.track(again, at, trackRow{serverHost: s.Name, source: "SAFETYNET", event: "RESUBMIT"})
	p.duplicated(again, at.Add(p.ms(100, 900)), again.to)
}

// oneSession brings two messages over one connection, and has the front end
// refuse a recipient of the first.
func (p *player) oneSession(at time.Time) {
	h, s := p.host(), p.mailbox()
	k := p.link(at, end{h: h}, end{s: s}, p.frontEnd(s), "")
	stranger := "nobody@" + domain
	for i := range 2 {
		m := p.newMailFrom(at, h)
		to, refuse := m.to(), map[string]string(nil)
		if i == 0 {
			to, refuse = append(to, stranger), map[string]string{stranger: "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"}
		}
		got := k.send(m, nil, to, refuse, "", "delivery")
		then := p.taken(got, k)
		p.route(got.leg, then, got.leg.to...)
	}
	k.quit()
}

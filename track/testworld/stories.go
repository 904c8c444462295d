package testworld

import (
	"fmt"
	"time"
)

// tell plays the story whose turn it is.
func (p *player) tell(at time.Time) {
	switch p.story {
	case Local:
		s := p.mailbox()
		p.inside(at, s, p.person(s))
	case Across:
		from, to := p.servers["EX1"], p.servers["EX3"]
		if p.rng.IntN(2) == 0 {
			from, to = to, p.servers["EX2"]
		}
		p.inside(at, from, p.person(to))
	case Outbound:
		p.inside(at, p.mailbox(), p.stranger(p.host()))
	case OutboundEdge:
		p.throughEdge(at)
	case Inbound:
		l, at := p.outside(at, p.mailbox(), p.newMailFrom(at, p.host()))
		p.route(l, at, l.to...)
	case InboundEdge:
		p.fromEdge(at)
	case Shadow:
		p.inside(at, p.servers["EX1"], p.person(p.servers["EX2"]))
	case NullSender:
		m := p.newMailFrom(at, p.host())
		m.Sender, m.ReturnPath, m.Subject = "", "<>", "Automatic reply: "+m.Subject
		l, at := p.outside(at, p.mailbox(), m)
		p.route(l, at, l.to...)
	case List, NestedList, Bifurcation, Redirect, Resolve, Approve, Reject, Unmoderated:
		p.tellRecipients(at)
	case RuleDrop, RuleReject, Quarantine, Retry, Bounce, Mixed, Expire, Waiting, MailboxFull, Throttle, Poison:
		p.tellTrouble(at)
	case SameID, Resent, Duplicate, Resubmit, OneSession:
		p.tellTwice(at)
	default:
		p.tellOthers(at)
	}
}

// mailbox returns one of the mailbox servers.
func (p *player) mailbox() *server {
	return p.servers[fmt.Sprintf("EX%d", 1+p.rng.IntN(3))]
}

// mailFrom begins a message of somebody with a mailbox on the server.
func (p *player) mailFrom(at time.Time, s *server, to ...string) *mail {
	return p.newMail(at, p.person(s), p.messageID(s.FQDN), to...)
}

// newMailFrom begins a message from outside to somebody inside.
func (p *player) newMailFrom(at time.Time, h host, to ...string) *mail {
	if len(to) == 0 {
		to = []string{p.person(p.mailbox())}
	}
	return p.newMail(at, p.stranger(h), p.messageID(h.name), to...)
}

// inside sends a message from somebody on the server.
func (p *player) inside(at time.Time, s *server, to ...string) {
	l, at := p.submit(at, s, p.mailFrom(at, s, to...))
	p.route(l, at, to...)
}

// outside has the message come in through the front end of a server.
func (p *player) outside(at time.Time, s *server, m *mail) (*leg, time.Time) {
	h := p.homeOfSender(m)
	k := p.link(at, end{h: h}, end{s: s}, p.frontEnd(s), "")
	got := k.send(m, nil, m.to(), nil, "", "delivery")
	at = p.taken(got, k)
	k.quit()
	return got.leg, at
}

// homeOfSender returns the outside host that sends a message.
func (p *player) homeOfSender(m *mail) host {
	if m.Sender == "" {
		return p.host()
	}
	return p.homeOf(m.Sender).h
}

func (p *player) throughEdge(at time.Time) {
	s, to := p.mailbox(), p.host()
	m := p.mailFrom(at, s, p.stranger(to), p.stranger(to))
	l, at := p.submit(at, s, m)
	e, at := p.hop(l, at, p.servers["EDGE1"], m.to())
	p.sendOut(e, at, to, m.to(), nil, "")
}

func (p *player) fromEdge(at time.Time) {
	m := p.newMailFrom(at, p.host())
	l, at := p.atEdge(at, m)
	p.route(l, at, m.to()...)
}

// atEdge has a message come in at the Edge.
func (p *player) atEdge(at time.Time, m *mail) (*leg, time.Time) {
	k := p.link(at, end{h: p.homeOfSender(m)}, end{s: p.servers["EDGE1"]}, nil, "")
	h := k.send(m, nil, m.to(), nil, "", "delivery")
	at = p.taken(h, k)
	k.quit()
	return h.leg, at
}

// tellOthers plays the stories of the servers that are not current.
func (p *player) tellOthers(at time.Time) {
	bh, ex55, exo, ex1 := p.servers["BH03"], p.servers["EX55"], p.servers["EXO"], p.servers["EX1"]
	switch p.story {
	case ToCloud:
		p.inside(at, ex1, p.person(exo), p.person(ex1))
	case FromCloud:
		m := p.mailFrom(at, exo, p.person(p.mailbox()))
		l := p.arrive(m, exo, nil, m.to())
		m.origin = exo.Address
		p.cloudTake(l, at, "")
		p.route(l, at.Add(p.ms(200, 2000)), m.to()...)
	case CloudOnly:
		p.cloudOnly(at)
	case Old2003In:
		m := p.newMailFrom(at, p.host(), p.person(bh))
		l, at := p.atBridgehead(at, m)
		p.route(l, at, m.to()...)
	case Old2003Out:
		p.inside(at, bh, p.stranger(p.host()))
	case Old2003Bounce:
		to := p.host()
		m := p.mailFrom(at, bh, p.stranger(to))
		l, at := p.submit(at, bh, m)
		_, at = p.sendOut(l, at, to, m.to(), map[string]string{m.to()[0]: noSuchUser}, "")
		p.failed(l, at.Add(time.Second), m.to(), "", "", nil)
	case Old2003Local:
		p.inside(at, bh, p.person(bh))
	case Old2003Forward:
		p.inside(at, bh, p.person(p.mailbox()))
	case Old2003Receive:
		p.inside(at, ex1, p.person(bh))
	case Old55Local:
		p.inside(at, ex55, p.person(ex55))
	case Old55Out:
		p.from55(at)
	case Old55In:
		p.inside(at, bh, p.person(ex55))
	}
}

// atBridgehead has a message come in at the bridgehead.
func (p *player) atBridgehead(at time.Time, m *mail) (*leg, time.Time) {
	k := p.link(at, end{h: p.homeOfSender(m)}, end{s: p.servers["BH03"]}, nil, "")
	h := k.send(m, nil, m.to(), nil, "", "delivery")
	at = p.taken(h, k)
	k.quit()
	return h.leg, at
}

// from55 sends a message from Exchange 5.5, whose Message-ID is made of the
// MTS-ID.
func (p *player) from55(at time.Time) {
	s, to := p.servers["EX55"], p.host()
	m := p.mailFrom(at, s, p.stranger(to))
	m.MTSID = fmt.Sprintf("c=US;a= ;p=Example;l=%s-%sZ-%d", s.Name, at.Format("060102150405"), m.Number)
	m.MessageID = fmt.Sprintf("<c=US%%a=_%%p=Example%%l=%s-%sZ-%d@%s>", s.Name, at.Format("060102150405"), m.Number, s.FQDN)
	l, at := p.submit(at, s, m)
	b, at := p.hop(l, at, p.servers["BH03"], m.to())
	p.sendOut(b, at, to, m.to(), nil, "")
}

// cloudOnly brings mail from outside to Exchange Online, where one recipient is
// found, one is not, and a message may go into quarantine.
func (p *player) cloudOnly(at time.Time) {
	exo, h := p.servers["EXO"], p.host()
	m := p.newMailFrom(at, h, p.person(exo), p.box(fmt.Sprintf("left.%d@cloud.%s", p.rng.IntN(90), domain), exo))
	l := p.arrive(m, exo, nil, m.to())
	m.origin, m.incoming = h.ip, true
	p.cloudTake(l, at, h.ip)
	to := m.to()
	switch p.rng.IntN(3) {
	case 0:
		p.cloudVerdict(l, at.Add(2*time.Second), "AGENT", "Fail", "Quarantined", Quarantined, "", to...)
	default:
		p.cloudVerdict(l, at.Add(2*time.Second), "STOREDRIVER", "Deliver", "Delivered", Delivered, "", to[0])
		p.cloudVerdict(l, at.Add(3*time.Second), "ROUTING", "Fail", "Failed", Failed, "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", to[1])
	}
}

package testworld

import (
	"strings"
	"time"
)

// route brings a message to the recipients, wherever they are, and returns
// when that is done.
func (p *player) route(l *leg, at time.Time, to ...string) time.Time {
	var homes []end
	groups := make(map[end][]string)
	for _, a := range to {
		home := p.homeOf(a)
		if groups[home] == nil {
			homes = append(homes, home)
		}
		groups[home] = append(groups[home], a)
	}
	last := at
	for _, home := range homes {
		to := groups[home]
		var t time.Time
		switch {
		case home.s == nil:
			_, t = p.sendOut(l, at, home.h, to, nil, "")
		case home.s == l.s:
			t = p.deliver(l, at, to)
		default:
			var next *leg
			next, t = p.relay(l, at, home.s, to)
			t = p.deliver(next, t, to)
		}
		at = at.Add(p.ms(5, 50))
		if t.After(last) {
			last = t
		}
	}
	return last
}

// relay brings a message to another server of ours.
func (p *player) relay(l *leg, at time.Time, s *server, to []string) (*leg, time.Time) {
	// Exchange 5.5 is reached through the bridgehead only; what comes from the
	// Edge or from Exchange Online goes to a mailbox server first.
	var over *server
	switch {
	case l.s.Role == Legacy && s.Role != Bridgehead, s.Role == Legacy && l.s.Role != Bridgehead:
		over = p.servers["BH03"]
	case (l.s.Role == Edge || l.s.Role == Cloud) && s.Role != Mailbox:
		over = p.servers["EX1"]
	}
	if over != nil && over != l.s {
		l, at = p.hop(l, at, over, to)
	}
	return p.hop(l, at, s, to)
}

// hop brings a message to the next server.
func (p *player) hop(l *leg, at time.Time, s *server, to []string) (*leg, time.Time) {
	var via *server
	connector := "Intra-Organization SMTP Send Connector"
	switch {
	case s.Role == Cloud:
		connector = "Outbound to Office 365"
	case s.Role == Edge:
		connector = "EdgeSync - Site-A to Internet"
	case l.s.Role == Edge:
		connector = "EdgeSync - Inbound to Site-A"
	}
	if (l.s.Role == Edge || l.s.Role == Cloud) && s.Role == Mailbox {
		via = p.frontEnd(s)
	}
	if l.s.Version == V2003 {
		at = p.rowsTo2003(l, at, to, "1034", "1020")
	}
	k := p.link(at, end{s: l.s}, end{s: s}, via, connector)
	h := k.send(l.m, l, to, nil, "", "delivery")
	p.handedOver(l, h.at, to, h)
	at = p.taken(h, k)
	k.quit()
	return h.leg, at
}

// handedOver writes that a server handed a message to the next of ours.
func (p *player) handedOver(l *leg, at time.Time, to []string, h *handed) {
	next := h.through.to
	if h.through.via != nil {
		next = end{s: h.through.via}
	}
	switch {
	case l.s.Version == V2003:
		for _, a := range to {
			p.row2003(l, at, "1031", a, &next)
		}
	case l.s.Version == V55:
		p.row55(l, h.taken.Add(-time.Second), "7", "", "", to)
		p.row55(l, at, "1011", next.name(), l.m.MessageID+"[PBZ70AAB]", to)
	case l.s.Role == Cloud:
		p.cloudVerdict(l, at, "SMTP", "SendExternal", "Delivered", "", h.reply, to...)
	default:
		p.sent(l, at, to, h.client, next, h.reply, "SEND", h.replies)
	}
}

// taken writes that a server of ours took a message, and returns when it is
// done with the first steps.
func (p *player) taken(h *handed, k *link) time.Time {
	l := h.leg
	switch {
	case l.s.Version == V2003:
		for _, a := range l.to {
			p.row2003(l, h.taken, "1019", a, &k.from)
		}
		return p.rows2003(l, h.taken, "1025", "1024", "1033")
	case l.s.Version == V55:
		p.row55(l, h.taken, "1012", k.from.name(), l.m.MessageID+"[SBZ70AAC]", l.to)
		at := h.taken.Add(p.ms(1000, 3000))
		p.row55(l, at, "1013", "", "", l.to)
		p.row55(l, at.Add(time.Second), "0", "", "", l.to)
		return at.Add(2 * time.Second)
	case l.s.Role == Cloud:
		p.cloudTake(l, h.taken, k.from.ip())
		return h.taken.Add(p.ms(100, 900))
	}
	name, ip := k.from.name(), k.from.ip()
	if k.via != nil {
		name, ip = k.via.FQDN, k.via.Address
	}
	if l.m.origin == "" {
		l.m.origin, l.m.incoming = k.from.ip(), k.from.s == nil
	}
	return p.received(l, h.taken, h.context, name, ip, h.server, k, k.from.s != nil)
}

// frontEnd returns the front end of a server's site.
func (p *player) frontEnd(s *server) *server {
	if s.Site == "B" {
		return p.servers["FE2"]
	}
	return p.servers["FE1"]
}

// sendOut offers a message to an outside host and returns who was accepted.
// refuse and final are as for [link.send]. Those that it refuses are not
// settled.
func (p *player) sendOut(l *leg, at time.Time, to host, list []string, refuse map[string]string, final string) (*handed, time.Time) {
	if l.s.Version == V2003 {
		at = p.rowsTo2003(l, at, list, "1034", "1020")
	}
	if l.s.Version == V55 {
		p.row55(l, at, "7", "", "", list)
		p.row55(l, at.Add(time.Second), "1010", "", "", list)
		at = at.Add(2 * time.Second)
	}
	k := p.link(at, end{s: l.s}, end{h: to}, nil, "Outbound to Internet")
	h := k.send(l.m, l, list, refuse, final, "delivery")
	k.quit()
	if final != "" || len(h.accepted) == 0 {
		return h, h.at
	}
	outside := end{h: to}
	switch {
	case l.s.Version == V2003:
		for _, a := range h.accepted {
			l.m.settle(p.row2003(l, h.at, "1031", a, &outside), Delivered, "", a)
		}
	case l.s.Version == V55:
		e := p.row55(l, h.at, "1011", to.name, l.m.MessageID+"[PBZ70AAB]", h.accepted)
		l.m.settle(e, Delivered, "", h.accepted...)
	case l.s.Role == Cloud:
		p.cloudVerdict(l, h.at, "SMTP", "SendExternal", "Delivered", Delivered, h.reply, h.accepted...)
	default:
		event, reply := "SENDEXTERNAL", h.reply
		if l.s.Version < V2016 {
			event = "SEND"
		}
		e := p.sent(l, h.at, h.accepted, h.client, outside, h.reply, event, h.replies)
		if l.s.Version == V2007 {
			reply = "250 2.1.5 Recipient OK" // the row holds no other
		}
		l.m.settle(e, Delivered, reply, h.accepted...)
	}
	return h, h.at
}

// postponed writes that recipients are put off, by the SMTP session of h or,
// where that is nil, by the server itself.
func (p *player) postponed(l *leg, at time.Time, to []string, reply string, h *handed) {
	r := p.failing(l, h, "QUEUE")
	r.event, r.to, r.status = "DEFER", to, reply
	e := p.track(l, at, r)
	l.m.settle(e, Deferred, reply, to...)
	for _, a := range to {
		l.m.find(a).Deferred++
	}
}

// failing begins a row about something that went wrong.
func (p *player) failing(l *leg, h *handed, source string) trackRow {
	if h == nil {
		return trackRow{serverHost: l.s.Name, source: source}
	}
	next := h.through.to
	r := trackRow{clientIP: l.s.Address, clientHost: l.s.Name, serverIP: next.ip(), serverHost: next.name(), source: "SMTP",
		connector: h.through.connector}
	if h.client != nil {
		r.context, r.session = h.client.ID, h.client.Number+1
	}
	return r
}

// failed writes that recipients failed for good and, where there is somebody
// to tell, sends the bounce.
func (p *player) failed(l *leg, at time.Time, to []string, source, reply string, h *handed) {
	var dsn *mail
	if l.m.ReturnPath != "<>" {
		dsn = p.bounce(l, at)
	}
	if l.s.Version == V2003 {
		for _, a := range to {
			l.m.settle(p.row2003(l, at, "1030", a, nil), Failed, "", a)
		}
	} else {
		r := p.failing(l, h, source)
		r.event, r.to, r.status = "FAIL", to, reply
		if dsn != nil {
			r.reference = dsn.MessageID
		}
		l.m.settle(p.track(l, at, r), Failed, reply, to...)
	}
	if dsn != nil {
		p.sendBounce(l, at.Add(p.ms(5, 40)), dsn)
	}
}

const postmaster = "MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@" + domain

// bounce makes the report to the sender of a message.
func (p *player) bounce(l *leg, at time.Time) *mail {
	sender := postmaster
	if l.s.Version == V2003 {
		sender = "postmaster@old." + domain
	}
	dsn := p.newMail(at, sender, p.messageID(l.s.FQDN), l.m.Sender)
	dsn.ReturnPath, dsn.DSNOf = "<>", l.m.Number
	dsn.Subject = strings.TrimSpace("Undeliverable: " + l.m.Subject)
	dsn.origin = l.s.Address
	return dsn
}

// sendBounce has the server that made a report send it.
func (p *player) sendBounce(l *leg, at time.Time, dsn *mail) {
	d := p.arrive(dsn, l.s, nil, dsn.to())
	if l.s.Version == V2003 {
		at = p.rows2003(d, at, "1025", "1024", "1033")
	} else {
		p.track(d, at, trackRow{serverHost: l.s.Name, source: "DSN", event: "DSN", reference: l.m.MessageID})
		at = at.Add(p.ms(20, 200))
	}
	p.route(d, at, dsn.to()...)
}

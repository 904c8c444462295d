package testworld

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// submit puts a message of somebody on the server into transport.
func (p *player) submit(at time.Time, s *server, m *mail) (*leg, time.Time) {
	m.origin = s.Address
	switch {
	case s.Version == V2003:
		l := p.arrive(m, s, nil, m.to())
		return l, p.rows2003(l, at, "1027", "1019", "1025", "1024", "1033")
	case s.Version == V55:
		l := p.arrive(m, s, nil, m.to())
		p.row55(l, at, "4", "", "", l.to)
		return l, at.Add(p.ms(500, 3000))
	case !s.modern():
		return p.submitOld(at, s, m)
	}
	return p.submitModern(at, s, m)
}

// mdb is the source-context of what the store does.
func (p *player) mdb(at time.Time) string {
	return fmt.Sprintf("MDB:%s, Mailbox:%s, Event:%d, MessageClass:IPM.Note, CreationTime:%s, ClientType:MOMT",
		p.guid(), p.guid(), 60_000_000+p.rng.IntN(9_000_000), stamp(at))
}

// submitOld is for Exchange 2007 and 2010: the Mailbox role logs SUBMIT, and
// the hub fetches the message from the store.
func (p *player) submitOld(at time.Time, s *server, m *mail) (*leg, time.Time) {
	l := p.arrive(m, s, nil, m.to())
	context := p.mdb(at)
	if s.Version == V2010 {
		p.track(l, at, trackRow{log: "MSGTRKM", source: "STOREDRIVER", event: "NOTIFYMAPI", context: context, bare: true, custom: "S:ItemEntryId=00-00-5F"})
	}
	at = at.Add(p.ms(20, 200))
	p.track(l, at, trackRow{log: "MSGTRKM", clientIP: s.Address, clientHost: s.Name, serverHost: s.Name, source: "STOREDRIVER", event: "SUBMIT",
		context: context, id: -1, unlisted: true})
	at = at.Add(p.ms(10, 100))
	p.track(l, at, trackRow{clientIP: s.Address, clientHost: s.Name, serverIP: s.Address, serverHost: s.Name, source: "STOREDRIVER",
		event: "RECEIVE", status: "To", info: "04I: "})
	return l, at
}

// submitModern is for Exchange 2013 and later: mailbox submission hands the
// message to the hub by SMTP.
func (p *player) submitModern(at time.Time, s *server, m *mail) (*leg, time.Time) {
	sub := p.arrive(m, s, nil, m.to())
	context := p.mdb(at) + ", SubmissionAssistant:MailboxTransportSubmissionEmailAssistant"
	p.track(sub, at, trackRow{log: "MSGTRKMS", clientIP: s.Address, clientHost: s.Name, source: "STOREDRIVER", event: "NOTIFYMAPI",
		context: context, bare: true, info: stamp(at) + ";LSRV=" + s.FQDN + ":TOTAL-SUB=0.128|SA=0.128|MTSS-PEN=0.000", custom: "S:ItemEntryId=00-00-6A"})
	at = at.Add(p.ms(30, 120))
	p.track(sub, at, trackRow{log: "MSGTRKMS", clientIP: s.Address, clientHost: s.FQDN, serverIP: s.Address, serverHost: s.Name,
		source: "STOREDRIVER", event: "RECEIVE", context: context + ", ServerMdbConnectionId:" + s.sessionID(), status: "To", info: "04I: ",
		originalIP: "10.1.7.15", custom: "S:DeliveryPriority=Normal;S:AccountForest=" + domain})
	client := p.caller(s, "Mailbox/Submission", "SmtpMailboxSubmission", s.Address, 2525)
	server := p.listen(s, "Hub", receiveConnector(s), 2525, client)
	c := p.dial(at.Add(p.ms(2, 20)), client, server, "")
	e := (&link{}).envelope(m, m.to(), nil)
	e.recordID = sub.id
	hub := *sub
	var taken time.Time
	c.mail(e, func(t time.Time) (time.Time, string) {
		taken = t.Add(p.ms(5, 60))
		hub = *sub.fork(sub.to)
		taken = p.shadowed(&hub, taken)
		return taken, queued(s, e, hub.id, taken.Sub(t), "delivery")
	})
	sub.h.addSession(client.session)
	sub.h.addSession(server.session)
	p.track(sub, c.at, trackRow{log: "MSGTRKMS", clientIP: s.Address, clientHost: s.Name, serverHost: s.FQDN, source: "STOREDRIVER",
		event: "SUBMIT", context: context, unlisted: true})
	c.quit()
	e2 := p.received(&hub, taken, e.context, s.FQDN, s.Address, server.session, nil, true)
	return &hub, e2
}

// received writes that a hub took a message by SMTP, and what it does at once.
func (p *player) received(l *leg, at time.Time, context, name, ip string, session *Session, k *link, inside bool) time.Time {
	s := l.s
	if l.m.origin == "" {
		l.m.origin, l.m.incoming = ip, !inside
	}
	r := trackRow{clientIP: ip, clientHost: name, serverIP: s.Address, serverHost: s.Name, context: context,
		connector: s.Name + `\` + receiveConnector(s), source: "SMTP", event: "RECEIVE", info: "0cI: ", originalIP: l.m.origin,
		custom: "S:FirstForestHop=" + s.FQDN + ";S:DeliveryPriority=Normal;S:AccountForest=" + domain}
	if session != nil {
		r.session = session.Number + 1
	}
	if k != nil && k.via != nil {
		r.info = "00A: NTS:"
		r.originalSv = k.via.Address
		r.custom = "S:ProxiedClientIPAddress=" + k.from.ip() + ";S:ProxiedClientHostname=" + k.from.name() + ";" + r.custom
	}
	p.track(l, at, r)
	if s.modern() {
		at = at.Add(p.ms(5, 60))
		context := ""
		if p.rng.IntN(2) == 0 {
			context = "CatContentConversion"
		}
		p.track(l, at, trackRow{clientHost: s.Name, source: "AGENT", event: "AGENTINFO", context: context, originalIP: l.m.origin,
			originalSv: s.Address, custom: fmt.Sprintf("S:AMA=SUM|v=0|action=|error=|atch=%d;S:TRA=ETRP|ruleId=%s|ExecW=4|ExecC=0|Conditions=GTOEP,M.MAS,1;S:CompCost=|ETR=0;S:DeliveryPriority=Normal;S:AccountForest=%s",
				p.rng.IntN(3), p.guid(), domain)})
	}
	return at.Add(p.ms(10, 400))
}

// shadowed has another server keep a copy of some messages until they have been
// delivered, some minutes later. It returns when the hub can go on.
func (p *player) shadowed(l *leg, at time.Time) time.Time {
	other := p.servers["EX1"]
	if l.s == other {
		other = p.servers["EX2"]
	}
	if !l.s.modern() || !other.modern() || l.m.Story != Shadow && p.rng.IntN(4) != 0 {
		return at
	}
	k := p.link(at, end{s: l.s}, end{s: other}, nil, "Intra-Organization SMTP Send Connector")
	h := k.send(l.m, l, l.to, nil, "", "redundancy")
	k.quit()
	h.leg.h.Shadow = true
	const custom = "S:DeliveryPriority=Normal;S:AccountForest=" + domain
	p.track(h.leg, h.taken, trackRow{clientIP: l.s.Address, clientHost: l.s.FQDN, serverIP: other.Address, serverHost: other.Name,
		context: h.context, connector: other.Name + `\` + receiveConnector(other), source: "SMTP", event: "HARECEIVE",
		session: h.server.Number + 1, custom: custom})
	p.track(l, h.at, trackRow{serverHost: l.s.Name, context: other.FQDN + "=" + h.reply, source: "SMTP", event: "HAREDIRECT", custom: custom})
	p.track(h.leg, h.at.Add(p.ms(60_000, 240_000)), trackRow{serverHost: other.Name, source: "REDUNDANCY", event: "HADISCARD"})
	return h.at.Add(p.ms(1, 5))
}

// latency is the message-info of a row that ends a message's way: since when,
// and from Exchange 2013 on how long each server took.
func (p *player) latency(l *leg, at time.Time) string {
	info := stamp(l.m.submitted)
	if !l.s.modern() {
		return info
	}
	var way []*hop
	for from := l.h.From; from >= 0; from = l.m.hops[from].From {
		way = append(way, l.m.hops[from])
	}
	for _, h := range slices.Backward(way) {
		if !p.servers[h.Server].modern() {
			continue
		}
		took := h.events[len(h.events)-1].Time.Sub(h.events[0].Time)
		info += fmt.Sprintf(";SRV=%s:TOTAL-HUB=%.3f|SMR=0.010(SMRDE=0.004|SMRC=0.006)|CAT=0.012", p.servers[h.Server].FQDN, took.Seconds())
	}
	took := at.Sub(l.h.events[0].Time)
	return info + fmt.Sprintf(";LSRV=%s:TOTAL-DEL=%.3f|SMD=0.020(SMDAA=0.002)|QDM=0.003", l.s.FQDN, took.Seconds())
}

// deliver puts the message into mailboxes on the server.
func (p *player) deliver(l *leg, at time.Time, to []string) time.Time {
	switch {
	case l.s.Version == V2003:
		at = p.rowsTo2003(l, at, to, "1036", "1023", "1028")
		for _, a := range to {
			l.m.settle(l.lastFor(a), Delivered, "", a)
		}
		return at
	case l.s.Version == V55:
		at = at.Add(p.ms(1000, 4000))
		l.m.settle(p.row55(l, at, "1000", "", "", to), Delivered, "", to...)
		return at
	case l.s.Role == Cloud:
		at = at.Add(p.ms(500, 4000))
		p.cloudVerdict(l, at, "STOREDRIVER", "Deliver", "Delivered", Delivered, "", to...)
		return at
	case !l.s.modern():
		at = at.Add(p.ms(50, 600))
		e := p.track(l, at, trackRow{clientHost: l.s.Name, serverHost: l.s.Name, source: "STOREDRIVER", event: "DELIVER", to: to, info: p.latency(l, at)})
		l.m.settle(e, Delivered, "", to...)
		return at
	}
	e, at := p.store(l, at, to, "DELIVER", "", "250 2.0.0 OK "+l.m.MessageID+" [Hostname="+l.s.FQDN+"]")
	l.m.settle(e, Delivered, "", to...)
	return at
}

// store hands the message to mailbox delivery, which logs the event about it;
// the hub logs SEND where the reply accepts it.
func (p *player) store(l *leg, at time.Time, to []string, event, status, reply string) (*Event, time.Time) {
	s := l.s
	client := p.caller(s, "Hub", "Mailbox Transport Delivery", s.Address, 475)
	server := p.listen(s, "Mailbox/Delivery", "Default Mailbox Delivery "+s.Name, 475, client)
	c := p.dial(at, client, server, "")
	e := (&link{}).envelope(l.m, to, nil)
	e.recordID = l.id
	var told *Event
	c.mail(e, func(t time.Time) (time.Time, string) {
		t = t.Add(p.ms(10, 200))
		told = p.track(l, t, trackRow{log: "MSGTRKMD", clientIP: s.Address, clientHost: s.Name, serverIP: s.Address, serverHost: s.Name, to: to,
			context: server.session.ID + ";" + stamp(t) + ";ClientSubmitTime:" + stamp(l.m.submitted), session: server.session.Number + 1, source: "STOREDRIVER", event: event, status: status, info: p.latency(l, t),
			custom: "S:MailboxDatabaseGuid=" + p.guid() + ";S:DeliveryPriority=Normal;S:AccountForest=" + domain})
		return t, reply
	})
	l.h.addSession(client.session)
	l.h.addSession(server.session)
	if strings.HasPrefix(reply, "250") {
		p.sent(l, c.at, to, client.session, end{s: s}, reply, "SEND", nil)
	}
	c.quit()
	return told, c.at
}

// sent writes that the message went to another host.
func (p *player) sent(l *leg, at time.Time, to []string, session *Session, next end, reply, event string, replies map[string]string) *Event {
	r := trackRow{clientIP: l.s.Address, clientHost: l.s.Name, serverIP: next.ip(), serverHost: next.name(), source: "SMTP", event: event,
		to: to, status: "250 2.1.5 Recipient OK", connector: session.connector, info: p.latency(l, at), session: session.Number + 1,
		custom: "S:DeliveryPriority=Normal;S:AccountForest=" + domain}
	if replies != nil {
		var status []string
		for _, a := range to {
			status = append(status, replies[a])
		}
		r.status = strings.Join(status, ";")
	}
	r.context = session.ID + ";" + reply
	if l.s.Version == V2007 {
		r.context = session.ID
	}
	if l.s.modern() {
		if p.rng.IntN(8) == 0 {
			r.context = ";" + reply // not every row names its session
			r.session = 0
		}
		r.context += ";ClientSubmitTime:" + stamp(l.m.submitted)
	}
	return p.track(l, at, r)
}

// lastFor returns the last event about a recipient on the server.
func (l *leg) lastFor(address string) *Event {
	for _, e := range slices.Backward(l.h.events) {
		if slices.Contains(e.Recipients, address) {
			return e
		}
	}
	return nil
}

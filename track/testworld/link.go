package testworld

import (
	"fmt"
	"slices"
	"time"
)

// An end is a server of ours or, where s is nil, an outside host.
type end struct {
	s *server
	h host
}

func (e end) name() string {
	if e.s != nil {
		return e.s.FQDN
	}
	return e.h.name
}

func (e end) ip() string {
	if e.s != nil {
		return e.s.Address
	}
	return e.h.ip
}

// A link is a connection from one end to another, straight or through a front
// end, which takes up a connection of its own when there is a message.
type link struct {
	p                    *player
	from, to             end
	via                  *server
	front, back          *conn
	client, door, server *party // door: what the front end listens on
	role                 string // what the sending server logs it as
	connector            string
}

// A handed message is one that has been offered over a link.
type handed struct {
	leg      *leg // on the other side, nil where it was not taken or is not ours
	reply    string
	accepted []string
	replies  map[string]string // to RCPT
	at       time.Time         // when the client had the reply
	taken    time.Time         // when the server had the message
	context  string            // the transaction in the server's receive log
	client   *Session          // as the client logged it, nil if it did not
	server   *Session
	through  *link
}

// link opens a connection.
func (p *player) link(at time.Time, from, to end, via *server, connector string) *link {
	k := &link{p: p, from: from, to: to, via: via, role: "Hub", connector: connector}
	first := to
	port := 25
	if via != nil {
		first = end{s: via}
	}
	if first.s != nil && first.s.Role == Mailbox {
		port = 2525
	}
	k.client = p.clientEnd(from, first, port, connector)
	k.door = p.serverEnd(first, k.client, port)
	k.front = p.dial(at, k.client, k.door, "")
	k.server = k.door
	return k
}

func (p *player) clientEnd(from, to end, port int, connector string) *party {
	switch s := from.s; {
	case s == nil:
		return &party{name: from.h.name, ip: from.h.ip, port: 30000 + p.rng.IntN(30000)}
	case s.Version == V2003:
		l := p.w3c(s, false, to.ip())
		return &party{s: s, name: s.FQDN, ip: s.Address, log: l, session: l.session}
	case s.Version == V55:
		l := p.imc(s, false, to.name())
		return &party{s: s, name: s.FQDN, ip: s.Address, log: l, session: l.session}
	case s.Role == Cloud:
		return &party{s: s, name: s.FQDN, ip: s.Address, port: 30000 + p.rng.IntN(30000)}
	default:
		return p.caller(s, roleFolder(s), connector, to.ip(), port)
	}
}

func (p *player) serverEnd(to end, client *party, port int) *party {
	switch s := to.s; {
	case s == nil:
		return &party{name: to.h.name, ip: to.h.ip, port: 25}
	case s.Version == V2003:
		l := p.w3c(s, true, client.ip)
		return &party{s: s, name: s.FQDN, ip: s.Address, log: l, session: l.session}
	case s.Version == V55:
		l := p.imc(s, true, client.name)
		return &party{s: s, name: s.FQDN, ip: s.Address, log: l, session: l.session}
	case s.Role == Cloud:
		return &party{s: s, name: s.FQDN, ip: s.Address, port: 25}
	default:
		return p.listen(s, roleFolder(s), receiveConnector(s), port, client)
	}
}

func roleFolder(s *server) string {
	switch s.Role {
	case FrontEnd:
		return "FrontEnd"
	case Edge:
		return "Edge"
	}
	return "Hub"
}

func receiveConnector(s *server) string {
	switch s.Role {
	case FrontEnd:
		return "Default Frontend " + s.Name
	case Edge:
		return "Default internal receive connector " + s.Name
	}
	return "Default " + s.Name
}

// send offers a message for the recipients. refuse has the replies to
// recipients that are refused; final, where it is set, is the reply to the end
// of the data, else the message is taken.
func (k *link) send(m *mail, from *leg, to []string, refuse map[string]string, final, purpose string) *handed {
	h := &handed{replies: make(map[string]string), through: k}
	for _, a := range to {
		if h.replies[a] = refuse[a]; refuse[a] == "" {
			h.replies[a] = "250 2.1.5 Recipient OK"
			h.accepted = append(h.accepted, a)
		}
	}
	e := k.envelope(m, to, refuse)
	if from != nil {
		e.recordID = from.id
	}
	take := func(at time.Time) (time.Time, string) {
		h.taken = at.Add(k.p.ms(2, 90))
		if final != "" {
			return h.taken, final
		}
		if k.to.s == nil {
			return h.taken, fmt.Sprintf("250 2.0.0 Ok: queued as %08X", k.p.rng.Uint32())
		}
		h.leg = k.p.arrive(m, k.to.s, from, h.accepted)
		if purpose == "delivery" {
			h.taken = k.p.shadowed(h.leg, h.taken)
		}
		return h.taken, queued(k.to.s, e, h.leg.id, h.taken.Sub(at), purpose)
	}
	if k.via == nil {
		h.reply = k.front.mail(e, take)
		h.context = e.context
	} else {
		h.reply = k.front.mail(e, func(at time.Time) (time.Time, string) {
			reply := k.proxy(at.Add(k.p.ms(1, 5)), m, h.accepted, take, h)
			return k.back.at, reply
		})
	}
	h.at = k.front.at
	h.client, h.server = k.client.session, k.server.session
	if from != nil && h.client != nil {
		from.h.addSession(h.client)
	}
	if h.leg != nil && h.server != nil {
		h.leg.h.addSession(h.server)
	}
	return h
}

func (h *hop) addSession(s *Session) {
	if s != nil && !slices.Contains(h.sessions, s.Number) {
		h.sessions = append(h.sessions, s.Number)
	}
}

func (k *link) envelope(m *mail, to []string, refuse map[string]string) *envelope {
	from := m.ReturnPath
	if from == "<>" {
		from = ""
	}
	return &envelope{m: m, from: from, to: to, replies: refuse, bytes: m.Bytes, messageID: m.MessageID}
}

// proxy hands a message on to the server behind the front end.
func (k *link) proxy(at time.Time, m *mail, to []string, take func(time.Time) (time.Time, string), h *handed) string {
	k.door.log.note(at, "", "Proxy destination(s) obtained from OnProxyInboundMessage event. Correlation Id:"+k.p.guid())
	if k.back == nil {
		client := k.p.caller(k.via, "FrontEnd", "Inbound Proxy Internal Send Connector", k.to.s.Address, 2525)
		k.server = k.p.listen(k.to.s, "Hub", receiveConnector(k.to.s), 2525, client)
		k.back = k.p.dial(at, client, k.server, fmt.Sprintf("XPROXYFROM SID=%s IP=%s PORT=%d DOMAIN=%s SEQNUM=1 PERMS=1077 AUTHSRC=Anonymous",
			k.door.session.ID, k.client.ip, k.client.port, k.client.name))
		client.log.note(k.back.at, "", "Proxying inbound session with session id "+k.door.session.ID)
	}
	if k.back.at.Before(at) {
		k.back.at = at
	}
	e := k.envelope(m, to, nil)
	e.recordID = -1 // front ends keep no messages
	reply := k.back.mail(e, take)
	h.context = e.context
	return reply
}

// quit ends the connections.
func (k *link) quit() {
	k.front.quit()
	if k.back != nil {
		k.back.at = k.front.at
		k.back.quit()
	}
}

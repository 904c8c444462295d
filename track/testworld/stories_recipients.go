package testworld

import (
	"fmt"
	"strings"
	"time"
)

// tellRecipients plays the stories in which recipients turn into others.
func (p *player) tellRecipients(at time.Time) {
	switch p.story {
	case List:
		p.toList(at)
	case NestedList:
		p.toNestedList(at)
	case Bifurcation:
		p.bifurcate(at)
	case Redirect:
		p.redirect(at)
	case Resolve:
		p.resolve(at)
	default:
		p.moderate(at)
	}
}

func (p *player) group(name string) string {
	return p.box(fmt.Sprintf("%s-%d@%s", name, p.rng.IntN(30), domain), nil)
}

// expand writes that a group was replaced by its members. Those who are
// recipients already do not get it twice.
func (p *player) expand(l *leg, at time.Time, group string, members []string) {
	e := p.track(l, at, trackRow{serverHost: l.s.Name, source: "ROUTING", event: "EXPAND", to: members, status: "250 2.1.5 RESOLVER.GRP.Expanded; distribution list expanded", related: group})
	l.m.settle(e, Expanded, "", group)
	r := l.m.find(group)
	r.Into = members
	for _, a := range members {
		l.m.add(a, append(append([]string(nil), r.Via...), group)...)
	}
}

func (p *player) toList(at time.Time) {
	group := p.group("team")
	m := p.newMailFrom(at, p.host(), group)
	l, at := p.outside(at, p.mailbox(), m)
	members := distinct([]string{p.person(p.servers["EX1"]), p.person(p.servers["EX2"]), p.person(p.servers["EX3"]), p.person(p.servers["EX1"]),
		p.person(p.servers["BH03"])})
	p.expand(l, at, group, members)
	l.to = members
	p.route(l, at.Add(p.ms(5, 50)), members...)
}

func (p *player) toNestedList(at time.Time) {
	outer, inner := p.group("all"), p.group("sales")
	s := p.mailbox()
	direct := p.person(p.servers["EX2"])
	m := p.mailFrom(at, s, outer, direct)
	l, at := p.submit(at, s, m)
	first := distinct([]string{p.person(p.servers["EX1"]), inner})
	p.expand(l, at, outer, first)
	at = at.Add(p.ms(5, 20))
	// The person may be in both groups and named by the sender, too.
	second := distinct([]string{p.person(p.servers["EX3"]), first[0], direct, p.stranger(p.host())})
	p.expand(l, at, inner, second)
	all := distinct(append([]string{direct, first[0]}, second...))
	l.to = all
	p.route(l, at.Add(p.ms(5, 50)), all...)
}

func distinct(list []string) []string {
	seen := make(map[string]bool)
	var out []string
	for _, a := range list {
		if !seen[a] {
			seen[a] = true
			out = append(out, a)
		}
	}
	return out
}

// bifurcate forks a message, for its recipients need it in different shapes.
func (p *player) bifurcate(at time.Time) {
	s := p.mailbox()
	to := []string{p.person(p.servers["EX1"]), p.person(p.servers["EX3"])}
	out := []string{p.stranger(hosts[0]), p.stranger(hosts[1])}
	m := p.mailFrom(at, s, append(to, out...)...)
	l, at := p.submit(at, s, m)
	fork := l.fork(out)
	p.track(fork, at, trackRow{serverHost: s.Name, source: "ROUTING", event: "TRANSFER", reference: fmt.Sprint(l.id), context: "ContentConversion"})
	l.to = distinct(to)
	at = at.Add(p.ms(5, 30))
	p.route(l, at, l.to...)
	p.route(fork, at.Add(p.ms(5, 30)), out...)
}

// redirect brings a message to an alternate recipient.
func (p *player) redirect(at time.Time) {
	s := p.mailbox()
	to, other := p.person(s), p.box(fmt.Sprintf("deputy.%d@%s", p.rng.IntN(50), domain), p.mailbox())
	m := p.newMailFrom(at, p.host(), to)
	l, at := p.outside(at, s, m)
	e := p.track(l, at, trackRow{serverHost: s.Name, source: "ROUTING", event: "REDIRECT", to: []string{other}, related: to,
		status: "250 2.1.5 RESOLVER.FWD.Forwarded; recipient forwarded"})
	m.settle(e, Redirected, "", to)
	m.find(to).Into = []string{other}
	m.add(other, to)
	l.to = []string{other}
	p.route(l, at.Add(p.ms(5, 50)), other)
}

// resolve replaces a secondary address by the primary one.
func (p *player) resolve(at time.Time) {
	s := p.mailbox()
	primary := p.person(p.mailbox())
	alias := "info-" + strings.Replace(primary, "@", "@mail.", 1)
	m := p.newMailFrom(at, p.host(), alias)
	l, at := p.outside(at, s, m)
	p.track(l, at, trackRow{serverHost: s.Name, source: "ROUTING", event: "RESOLVE", to: []string{primary}, related: alias,
		context: "/o=Example/ou=Exchange Administrative Group/cn=Recipients/cn=" + primary[:strings.Index(primary, "@")]})
	r := m.find(alias)
	r.Address, r.Alias = primary, alias
	l.to = []string{primary}
	p.route(l, at.Add(p.ms(5, 50)), primary)
}

// moderate holds a message until somebody lets it through, refuses it, or not.
func (p *player) moderate(at time.Time) {
	s := p.servers["EX2"]
	to, moderator := p.person(s), p.person(s)
	m := p.mailFrom(at, s, to)
	l, at := p.submit(at, s, m)
	request := p.newMail(at, "SystemMailbox{1f05a927-0000-4000-8000-000000000001}@"+domain, p.messageID(s.FQDN), moderator)
	request.Related, request.Subject, request.origin = m.Number, "Approval requested: "+m.Subject, s.Address
	p.track(l, at, trackRow{serverHost: s.Name, source: "APPROVAL", event: "INITMESSAGECREATED", reference: request.MessageID})
	q := p.arrive(request, s, nil, request.to())
	at = at.Add(p.ms(20, 90))
	p.track(q, at, trackRow{clientIP: s.Address, clientHost: s.Name, serverIP: s.Address, serverHost: s.Name, source: "APPROVAL", event: "RECEIVE",
		reference: m.MessageID, info: "04I: "})
	at = p.route(q, at.Add(p.ms(10, 90)), moderator).Add(p.ms(60_000, 600_000))
	switch p.story {
	case Approve:
		p.track(l, at, trackRow{log: "MSGTRKMA", serverHost: s.Name, source: "APPROVAL", event: "MODERATORAPPROVE", reference: request.MessageID})
		again := l.fork(l.to)
		at = at.Add(p.ms(20, 90))
		p.track(again, at, trackRow{clientIP: s.Address, clientHost: s.Name, serverIP: s.Address, serverHost: s.Name, source: "APPROVAL",
			event: "RECEIVE", info: "04I: "})
		p.route(again, at.Add(p.ms(10, 90)), to)
	case Reject:
		e := p.track(l, at, trackRow{log: "MSGTRKMA", serverHost: s.Name, source: "APPROVAL", event: "MODERATORREJECT", reference: request.MessageID})
		m.settle(e, Failed, "", to)
		p.notice(l, at.Add(time.Second), m)
	}
}

// notice tells the sender that a moderator refused the message.
func (p *player) notice(l *leg, at time.Time, m *mail) {
	n := p.newMail(at, "SystemMailbox{1f05a927-0000-4000-8000-000000000001}@"+domain, p.messageID(l.s.FQDN), m.Sender)
	n.Related, n.Subject, n.origin = m.Number, "Rejected: "+m.Subject, l.s.Address
	q := p.arrive(n, l.s, nil, n.to())
	p.track(q, at, trackRow{clientIP: l.s.Address, clientHost: l.s.Name, serverIP: l.s.Address, serverHost: l.s.Name, source: "APPROVAL",
		event: "RECEIVE", reference: m.MessageID, info: "04I: "})
	p.route(q, at.Add(p.ms(10, 90)), m.Sender)
}

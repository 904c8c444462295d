package track

import (
	"cmp"
	"slices"
	"time"

	"github.com/smtplog/smtplog/reply/outcome"
)

// sameTime is how far a session may be from the events of a message when no id
// of Exchange ties the two together.
const sameTime = 2 * time.Minute

// maxCandidates bounds the transactions of one key that an event is compared
// with, and maxLinks the sessions of one message.
const (
	maxCandidates = 1000
	maxLinks      = 10_000
)

// linker finds the sessions of one message.
type linker struct {
	j        *joins
	events   []*Event
	found    map[*transaction]Link
	list     []*transaction
	servers  map[string]bool // short names and addresses of those that wrote the events
	senders  map[string]bool // keys of addresses, those of the envelope too
	to       map[string]bool // keys of the recipients
	received bool            // there is an internal id of something received
}

// links returns the sessions that carried the message of these events.
func (b *Builder) links(events []*Event) []Link {
	if len(b.joins.all) == 0 {
		return nil
	}
	l := newLinker(b.joins, events)
	for _, e := range events {
		l.bySession(e)
		l.byInternalID(e)
	}
	l.byName()
	l.byEnvelope()
	for _, t := range l.list {
		l.behind(t)
	}
	links := make([]Link, 0, len(l.found))
	for _, link := range l.found {
		links = append(links, link)
	}
	if len(links) == 0 {
		return nil
	}
	slices.SortFunc(links, func(a, b Link) int {
		return cmp.Or(a.Start.Compare(b.Start), a.Pos.Compare(b.Pos), cmp.Compare(a.Session, b.Session),
			cmp.Compare(a.Server, b.Server), cmp.Compare(a.Transaction, b.Transaction))
	})
	return links
}

func newLinker(j *joins, events []*Event) *linker {
	l := &linker{j: j, events: events, found: map[*transaction]Link{}, servers: map[string]bool{}, senders: map[string]bool{}, to: map[string]bool{}}
	for _, e := range events {
		if e.Server != "" {
			l.servers[shortName(e.Server)] = true
		}
		switch e.EventID {
		case "RECEIVE", "HARECEIVE":
			l.servers[e.ServerIP] = true
		case "SEND", "SENDEXTERNAL":
			l.servers[e.ClientIP] = true
		}
		l.received = l.received || e.EventID == "RECEIVE" && e.InternalID != ""
		l.senders[addressKey(e.Sender)], l.senders[addressKey(e.ReturnPath)] = true, true
		for i := range e.Recipients {
			l.to[addressKey(e.Recipients[i].Address)] = true
		}
	}
	return l
}

func (l *linker) candidates(kind, server, id string) []*transaction {
	if id == "" {
		return nil
	}
	list := l.j.byKey[joinKey{kind, server, id}]
	return list[:min(len(list), maxCandidates)]
}

// take links a transaction; the first rule that does counts.
func (l *linker) take(t *transaction, rule Rule, sure Sure) {
	if _, ok := l.found[t]; ok || len(l.list) >= maxLinks {
		return
	}
	l.found[t] = Link{Session: t.session, Server: t.server, Direction: t.direction, Transaction: t.number, Rule: rule, Sure: sure, Pos: t.pos, Start: t.start}
	l.list = append(l.list, t)
}

// bySession links the session that the source-context names: the transaction
// itself for what was received, else the one of the message.
func (l *linker) bySession(e *Event) {
	for _, t := range l.candidates(joinSession, "", lower(e.Session.ID)) {
		name := messageName(e.MessageID)
		switch {
		case t.context != "" && t.context == e.SourceContext:
		case t.context != "" && e.Session.Time != "" && e.Session.N > 0:
			continue // another message of the session
		case t.name != "" && name != "" && t.name != name:
			continue
		case t.name == "" && t.of > 1:
			continue
		}
		l.take(t, RuleSourceContext, Exact)
	}
}

// byInternalID links by internal ids: that of the event on its own server, and
// the one that the server before got in its reply.
func (l *linker) byInternalID(e *Event) {
	if e.InternalID == "" || e.shadow() && e.EventID != "HARECEIVE" {
		return
	}
	name, server := messageName(e.MessageID), shortName(e.Server)
	for _, t := range l.candidates(joinInternal, server, e.InternalID) {
		if t.agrees(name, e) {
			l.take(t, RuleInternalID, Exact)
		}
	}
	for _, t := range l.candidates(joinReply, "", e.InternalID+" "+name) {
		if t.agrees(name, e) {
			l.take(t, RuleInternalID, Exact)
		}
	}
	for _, t := range l.candidates(joinRemote, server, e.InternalID) {
		if t.agrees(name, e) {
			l.take(t, RuleRemoteInternalID, Exact)
		}
	}
}

// agrees reports whether the transaction's message is not another one: the
// names differ, or they are days apart and the id came again.
func (t *transaction) agrees(name string, e *Event) bool {
	return (t.name == "" || name == "" || t.name == name) && (e.Time.IsZero() || t.start.IsZero() || abs(e.when()-t.start.UnixNano()) <= int64(DefaultWindow))
}

// byName links what has the Message-ID in common with the message, sender and
// recipients too, and was at about the time of one of its events.
func (l *linker) byName() {
	tried := map[string]bool{}
	for _, e := range l.events {
		for _, name := range e.names {
			if tried[name] {
				continue
			}
			tried[name] = true
			for _, t := range l.candidates(joinName, "", name) {
				if _, ok := l.found[t]; !ok && !l.denies(t) && l.meets(t) {
					l.take(t, RuleMessageID, Likely)
				}
			}
		}
	}
}

// denies reports whether the transaction's ids would have tied it to the
// message if it were of it, or its sender or recipients are others.
func (l *linker) denies(t *transaction) bool {
	switch {
	case t.internal != "" && (t.server != "" && l.servers[shortName(t.server)] || t.local != "" && l.servers[t.local]),
		t.remote != "" && l.servers[t.remote]:
		return true
	case t.internal != "" && t.direction == outcome.Inbound && l.received:
		return true
	case t.from != "" && !l.senders[t.from]:
		return true
	}
	return len(t.to) > 0 && len(l.to) > 0 && !slices.ContainsFunc(t.to, func(a string) bool { return l.to[a] })
}

// meets reports whether one of the events, which are in order, is at about the
// transaction's time.
func (l *linker) meets(t *transaction) bool {
	if t.start.IsZero() {
		return false
	}
	at := t.start.UnixNano()
	i, _ := slices.BinarySearchFunc(l.events, at, func(e *Event, at int64) int { return cmp.Compare(e.when(), at) })
	return i < len(l.events) && l.events[i].when()-at <= int64(sameTime) || i > 0 && at-l.events[i-1].when() <= int64(sameTime)
}

// byEnvelope links what names no message at all, as the logs of IIS do for what
// was sent: the server, the sender, a recipient and the time are the same.
func (l *linker) byEnvelope() {
	for _, e := range l.events {
		if e.Number < 0 || e.EventID == "PROCESS" && e.Number != eventBeginOutbound {
			continue
		}
		server, from := shortName(e.Server), addressKey(e.Sender)
		for i := range e.Recipients[:min(len(e.Recipients), maxEnvelope)] {
			for _, t := range l.candidates(joinEnvelope, server, from+" "+addressKey(e.Recipients[i].Address)) {
				if abs(e.when()-t.start.UnixNano()) <= int64(sameTime) {
					l.take(t, RuleEnvelope, Likely)
				}
			}
		}
	}
}

// behind links the front end's sessions behind a linked one: the one that it
// passed on, and the one by which it did.
func (l *linker) behind(t *transaction) {
	for _, front := range l.candidates(joinSession, "", lower(t.proxied)) {
		l.passedOn(t, front)
	}
	for _, front := range l.candidates(joinProxied, "", lower(t.proxied)) {
		l.passedOn(t, front)
	}
}

func (l *linker) passedOn(t, front *transaction) {
	if front == t || front.name != "" && t.name != "" && front.name != t.name || (front.name == "" || t.name == "") && front.of > 1 && front.number != t.number {
		return
	}
	// The ids of front ends begin anew when they do.
	if abs(front.start.UnixNano()-t.start.UnixNano()) > int64(hopTime) {
		return
	}
	if old, ok := l.found[front]; ok && (old.Sure == Exact || l.found[t].Sure == Likely) {
		return
	}
	delete(l.found, front)
	l.take(front, RuleProxySession, l.found[t].Sure)
}

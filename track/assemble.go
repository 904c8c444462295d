package track

import (
	"cmp"
	"slices"
	"strings"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// An assembler makes the messages of one cluster and then those of the next.
// Where verdicts are all that is wanted it changes nothing of its Builder, so
// that several may work at a time.
type assembler struct {
	b        *Builder
	packing  *packing
	short    *shortNames
	events   events
	judge    *judge
	plain    plainJudge
	grouping grouping
	spare    []*Message // to be used again
}

func newAssembler(b *Builder, p *packing, short *shortNames) *assembler {
	a := &assembler{b: b, packing: p, short: short, judge: newJudge(b, short), grouping: grouping{short: short}}
	a.plain.a = a
	return a
}

// message makes a Message of a group, nil of one that has only rows of the
// agent log: those tell of a message that the others know nothing of.
func (a *assembler) message(g *group) *Message {
	if !slices.ContainsFunc(g.events, func(e *Event) bool { return e.Format != logparse.Agent }) {
		return nil
	}
	m := a.newMessage()
	m.Inferred, m.begin = g.inferred, g.events[0].Pos
	j := a.judge
	j.read(g.events)
	for _, e := range g.events {
		m.describe(e)
	}
	m.Recipients = slices.Grow(m.Recipients, len(j.list))
	for _, v := range j.list {
		m.Recipients = append(m.Recipients, v.RecipientVerdict)
	}
	m.Status = status(m.Recipients)
	m.Holes = j.holes()
	m.latency()
	if a.b.opt.VerdictsOnly {
		return m
	}
	for _, e := range g.events {
		m.relate(e)
	}
	m.MessageID, m.NetworkID = strings.Clone(m.MessageID), strings.Clone(m.NetworkID)
	m.hops(g.events, j.ways)
	m.Sessions = a.b.links(g.events)
	return m
}

// maxSpareMessages bounds the messages that are kept to be used again.
const maxSpareMessages = 1024

// newMessage returns an empty message, one that was handed out before where it
// was not for keeping.
func (a *assembler) newMessage() *Message {
	n := len(a.spare)
	if n == 0 {
		return new(Message)
	}
	m := a.spare[n-1]
	a.spare = a.spare[:n-1]
	return m
}

// reuse takes back a message that nobody may keep. It is emptied at once: each
// text in it would hold the memory that it shares with many.
func (a *assembler) reuse(m *Message) {
	if a.b.opt.VerdictsOnly && len(a.spare) < maxSpareMessages && cap(m.Recipients) <= keptEvents {
		clear(m.Recipients)
		clear(m.Servers)
		*m = Message{Recipients: m.Recipients[:0], Servers: m.Servers[:0], Formats: m.Formats[:0]}
		a.spare = append(a.spare, m)
	}
}

// describe takes what the event says of the message as a whole.
func (m *Message) describe(e *Event) {
	if m.MessageID == "" || !strings.HasPrefix(m.MessageID, "<") && strings.HasPrefix(e.MessageID, "<") && sameName(m.MessageID, e.MessageID) {
		m.MessageID = e.MessageID
	}
	if m.NetworkID == "" {
		m.NetworkID = e.NetworkID
	}
	if m.Subject == "" {
		m.Subject = e.Subject
	}
	switch {
	case m.Sender != "" && e.Sender == m.Sender: // as nearly always
	case e.Sender != "" && (m.Sender == "" || !strings.Contains(m.Sender, "@") && strings.Contains(e.Sender, "@")):
		m.Sender, m.HasSender = e.Sender, true
	case e.ReturnPath != "":
		m.HasSender = true
	}
	if m.Directionality == "" {
		m.Directionality = e.Directionality
	}
	m.Bytes = max(m.Bytes, e.Bytes)
	if !e.Time.IsZero() {
		if m.First.IsZero() || e.Time.Before(m.First) {
			m.First = e.Time
		}
		if m.Last.Before(e.Time) {
			m.Last = e.Time
		}
	}
	if o := e.Origination; !o.IsZero() && (m.Origination.IsZero() || o.Before(m.Origination)) {
		m.Origination = o
	}
	if e.Server != "" && !slices.Contains(m.Servers, e.Server) && !slices.ContainsFunc(m.Servers, func(s string) bool { return sameServer(s, e.Server) }) && len(m.Servers) < maxNamed {
		m.Servers = append(m.Servers, e.Server)
	}
	if !slices.Contains(m.Formats, e.Format) {
		m.Formats = append(m.Formats, e.Format)
	}
}

// maxNamed bounds the servers and the related messages of one message.
const maxNamed = 1000

// The relations.
const (
	RelationDSN        = "dsn"        // a report about this message
	RelationOriginal   = "original"   // the message that this one reports on, or was made for
	RelationModeration = "moderation" // the request to let this message through
)

// relate notes the other message that an event refers to.
func (m *Message) relate(e *Event) {
	relation := ""
	switch e.EventID {
	case "DSN", "RECEIVE":
		relation = RelationOriginal
	case "FAIL", "DEFER", "BADMAIL", "EXPAND", "DELIVER":
		relation = RelationDSN
	case "INITMESSAGECREATED", "MODERATORAPPROVE", "MODERATORREJECT", "MODERATIONEXPIRE", "MODERATORSALLNDR":
		relation = RelationModeration
	default:
		return
	}
	for _, id := range e.References {
		if !strings.Contains(id, "@") && !strings.HasPrefix(id, "<") && e.Format != logparse.Tracking5 || sameName(id, e.MessageID) {
			continue
		}
		r := Related{MessageID: id, Relation: relation}
		if !slices.Contains(m.Related, r) && len(m.Related) < maxNamed {
			m.Related = append(m.Related, r)
		}
	}
}

// latency measures the time up to the last delivery.
func (m *Message) latency() {
	var last outcome.Time
	for i := range m.Recipients {
		if r := &m.Recipients[i]; r.Status == Delivered && last.Before(r.At) {
			last = r.At
		}
	}
	if m.Origination.IsZero() {
		m.Origination = m.First
	}
	if last.IsZero() {
		return
	}
	m.HasLatency = true
	m.Latency = max(0, last.Sub(m.Origination))
}

// complete reports whether every recipient has a final verdict.
func (m *Message) complete() bool {
	if len(m.Recipients) == 0 {
		return false
	}
	return !slices.ContainsFunc(m.Recipients, func(r RecipientVerdict) bool { return r.Status == Pending || r.Status == Deferred })
}

// compareMessages orders messages that are handed out together.
func compareMessages(a, b *Message) int {
	if c := a.Last.Compare(b.Last); c != 0 {
		return c
	}
	return cmp.Or(a.First.Compare(b.First), cmp.Compare(a.NetworkID, b.NetworkID), cmp.Compare(a.MessageID, b.MessageID),
		cmp.Compare(a.Sender, b.Sender), a.begin.Compare(b.begin))
}

func (m *Message) outcome(r *RecipientVerdict, o *outcome.Outcome) {
	*o = outcome.Outcome{
		Class: r.Class, Code: r.Code, Enhanced: r.Enhanced, Reason: r.Reason, Actor: r.Actor,
		Direction: outcome.Outbound, Domain: domainOf(r.Address), Host: r.Host, Server: r.Server,
		Text: r.Text, Time: r.At, Pos: r.Pos, Recipient: r.Address, IsReply: r.Code != 0,
		Session: m.number, Format: r.format.String(), Connector: r.connector,
	}
	if o.Class == reply.ClassNone {
		o.Class = reply.Permanent
		if r.Status == Deferred {
			o.Class = reply.Transient
		}
	}
}

package track

import (
	"cmp"
	"slices"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// A verdict is a recipient's while the events of its message are read.
type verdict struct {
	RecipientVerdict
	key     string // of its address
	named   string // an address by which it was found
	place   string // the server of the last event, in short
	settled Status // by the event that Text is of
	final   bool
	mailbox bool            // final: it is in the mailbox, and nothing can change that
	failed  bool            // final, and not by being taken by another server
	into    map[string]bool // keys of ExpandedInto or RedirectedTo
}

// A judge works out the verdicts of one message, and then those of the next.
type judge struct {
	b      *Builder
	short  *shortNames
	events []*Event
	list   []*verdict
	byKey  map[string]int    // places in list, once there are more than fewKeys
	next   int               // the place in list behind the verdict that was found last
	alias  map[string]string // keys of resolved addresses → those they were resolved to
	ways   []way             // of the SENDs, in the order of the events
	forAll int               // events without recipients so far
	add    func(Hole)        // notes a hole, made once
	found  []Hole

	trails  trails
	visited visits
	spare   []*verdict
}

func newJudge(b *Builder, short *shortNames) *judge {
	j := &judge{b: b, short: short, alias: map[string]string{}}
	j.add = j.note
	return j
}

// of returns the verdict about an address.
func (j *judge) of(address string) *verdict {
	// Events mostly name the recipients of the event before, in their order.
	if j.next >= len(j.list) {
		j.next = 0
	}
	if j.next < len(j.list) && j.list[j.next].named == address {
		j.next++
		return j.list[j.next-1]
	}
	k := j.resolve(addressKey(address))
	i := j.find(k)
	if i < 0 {
		i = len(j.list)
		j.begin(k, address)
	}
	v := j.list[i]
	v.named, j.next = address, i+1
	return v
}

// find returns the place of the verdict with that key, -1 if there is none.
func (j *judge) find(key string) int {
	if len(j.list) > fewKeys {
		if i, ok := j.byKey[key]; ok {
			return i
		}
		return -1
	}
	for i, v := range j.list {
		if v.key == key {
			return i
		}
	}
	return -1
}

// begin adds a verdict.
func (j *judge) begin(key, address string) {
	n := len(j.list)
	if n == len(j.spare) {
		j.spare = append(j.spare, new(verdict))
	}
	v := j.spare[n]
	*v = verdict{RecipientVerdict: RecipientVerdict{Address: address, Status: Pending}, key: key}
	j.list = append(j.list, v)
	switch {
	case n > fewKeys:
		j.byKey[key] = n
	case n == fewKeys:
		j.byKey = emptied(j.byKey)
		for i, v := range j.list {
			j.byKey[v.key] = i
		}
	}
}

// read takes the events of a message in their order.
func (j *judge) read(events []*Event) {
	if len(j.spare) > keptEvents {
		j.spare, j.list = nil, nil
	}
	j.events, j.list, j.ways, j.forAll, j.next = events, j.list[:0], j.ways[:0], 0, 0
	if len(j.alias) > 0 {
		j.alias = emptied(j.alias)
	}
	j.aliases()
	j.findWays()
	next := 0
	for i, e := range events {
		var w *way
		if next < len(j.ways) && j.ways[next].event == i {
			w = &j.ways[next]
			next++
		}
		j.event(e, w)
	}
	for _, v := range j.list {
		j.explain(v)
	}
}

// Bounds of what one message makes a judge do.
const (
	maxSteps  = 16 // from an alias to its recipient
	maxForAll = 64 // events without recipients that end the message
)

// event applies one event.
func (j *judge) event(e *Event, w *way) {
	if e.effect(e.RawStatus) == effectNone {
		return
	}
	if len(e.Recipients) == 0 {
		j.readForAll(e)
		return
	}
	for i := range e.Recipients {
		r := &e.Recipients[i]
		switch f := e.effect(r.Status); f {
		case effectExpanded:
			j.expanded(e, r)
		case effectRedirected:
			j.redirected(e, r, i)
		case effectResolved:
			v := j.of(r.Address)
			j.seen(v, e)
			for k, from := range e.Related {
				if to, ok := e.relatedTo(k); ok && sameAddress(to, r.Address) && !sameAddress(from, to) {
					v.Address, v.Alias = r.Address, from
				}
			}
		default:
			j.apply(j.of(r.Address), e, f, r.Status, w)
		}
	}
	j.groups(e)
}

// readForAll applies an event that names no recipients: what ends the message
// ends it for all that are left.
func (j *judge) readForAll(e *Event) {
	switch f := e.effect(e.RawStatus); f {
	case effectFailed, effectDropped, effectQuarantined, effectHeld:
		if j.forAll++; j.forAll > maxForAll {
			return
		}
		for _, v := range j.list {
			if !v.final {
				j.apply(v, e, f, e.RawStatus, nil)
			}
		}
	}
}

// apply changes a verdict.
func (j *judge) apply(v *verdict, e *Event, f effect, status string, w *way) {
	switch f {
	case effectDelivered:
		if !v.mailbox {
			j.settle(v, e, Delivered, status)
			v.final, v.mailbox, v.failed = true, true, false
		}
	case effectSent:
		if w != nil && w.ours {
			if !v.final && w.arrived == nil {
				v.Status = Pending
			}
			j.seen(v, e)
			return
		}
		j.left(v, e, status)
	case effectTraced:
		if j.b.servers.has(e.ServerIP) {
			j.seen(v, e)
			return
		}
		j.left(v, e, "")
		v.At = outcome.Time{} // the trace tells when it came in, not when it was delivered
	case effectFailed, effectDropped, effectQuarantined:
		if v.mailbox || e.Format == logparse.Agent && v.final {
			return
		}
		j.settle(v, e, verdictOf[f], status)
		v.final, v.failed = true, true
	case effectDeferred:
		v.Deferrals++
		if v.DeferredSince.IsZero() {
			v.DeferredSince = e.Time
		}
		if !v.final {
			j.settle(v, e, Deferred, status)
		}
	case effectHeld:
		if !v.final {
			j.settle(v, e, Pending, status)
		}
	default:
		j.seen(v, e)
	}
}

var verdictOf = map[effect]Status{effectFailed: Failed, effectDropped: Dropped, effectQuarantined: Quarantined}

// left notes that an outside host, or a part of our mail system without logs
// of its own, took the message.
func (j *judge) left(v *verdict, e *Event, status string) {
	if v.mailbox || v.failed {
		return
	}
	text := e.Reply
	if text == "" {
		text = status
	}
	j.settle(v, e, Delivered, text)
	v.final = true
	v.Host = e.RemoteServer
	if v.Host == "" {
		v.Host = e.ServerIP
	}
}

// seen notes that the message was on the event's server for the recipient. An
// event of a queue after a transfer out means that it has not left after all.
func (j *judge) seen(v *verdict, e *Event) {
	if e.Number == eventQueuedOut && v.final && !v.mailbox && !v.failed {
		v.final, v.Status, v.Host = false, Pending, ""
	}
	if !v.final && v.Status != Deferred {
		v.At, v.Server, v.Pos = e.Time, e.Server, e.Pos
	}
	v.place = e.Server
}

// settle takes the event's verdict.
func (j *judge) settle(v *verdict, e *Event, s Status, text string) {
	v.Status, v.At, v.Server, v.Pos, v.place, v.settled = s, e.Time, e.Server, e.Pos, e.Server, s
	v.format, v.connector, v.Text = e.Format, e.Connector, ""
	if text, v.Host = statusText(text); e.Source == "TRACE" {
		text = "" // a word of Exchange Online's, no reply
	}
	if !meaningful(text) && s != Delivered {
		text = e.explanation()
	}
	if meaningful(text) {
		v.Text = text
	}
}

// explain says what the text of a verdict means.
func (j *judge) explain(v *verdict) {
	s := v.settled
	if v.Text != "" && (!j.b.opt.VerdictsOnly || v.Status == Failed || v.Status == Deferred) {
		c := j.b.classify(v.Text)
		v.Code, v.Enhanced, v.Class, v.Reason, v.Actor = c.Code, c.Enhanced, c.Class, c.Reason, c.Actor
	}
	switch {
	case s == Delivered && v.Class == reply.ClassNone:
		v.Class = reply.OK
	case s == Failed && v.Class == reply.ClassNone:
		v.Class = reply.Permanent
	case s == Deferred && v.Class == reply.ClassNone:
		v.Class = reply.Transient
	}
	if (s == Failed || s == Deferred) && v.Reason == reply.ReasonNone {
		v.Reason = reply.ReasonUnknown
	}
}

// explanation returns what the event says of its reason besides the status.
func (e *Event) explanation() string {
	switch {
	case e.Number >= 0 || e.Source == "TRACE":
		return ""
	case e.Format == logparse.Agent:
		return cmp.Or(e.Reply, e.AgentWhy)
	case e.Reply != "":
		return e.Reply
	case meaningful(e.RawStatus) && len(e.Recipients) != 1:
		return e.RawStatus
	case e.Session.ID != "":
		return ""
	}
	return e.SourceContext
}

// status sums the verdicts up: partial if one recipient has the message and
// another will not get it, else the worst of them. Groups and redirected
// addresses count only if there is nothing else.
func status(list []RecipientVerdict) Status {
	var has [8]bool
	order := [...]Status{Failed, Dropped, Quarantined, Deferred, Pending, Delivered, Redirected, Expanded}
	for i := range list {
		has[slices.Index(order[:], list[i].Status)] = true
	}
	if has[5] && (has[0] || has[1]) {
		return Partial
	}
	if i := slices.Index(has[:], true); i >= 0 {
		return order[i]
	}
	return Pending
}

package track

import (
	"cmp"
	"slices"

	"github.com/smtplog/smtplog/logparse"
)

// A way is where a SEND went, or a SUBMIT to transport.
type way struct {
	event   int
	ours    bool   // to a server of ours
	part    part   // the log there that must have it
	target  string // the server's name, "" where the log does not say
	arrived *Event // about its recipients there, nil if there is none
}

// maxScanned is how many events are looked at to find where a SEND arrived.
const maxScanned = 256

// findWays works out where each SEND went. A server is ours when its rows are
// there, when an internal connector leads to it, or when its name says so;
// every other one is outside, Exchange or not.
func (j *judge) findWays() {
	j.trails.made = false
	for i, e := range j.events {
		switch {
		case e.general == effectSent:
			j.ways = append(j.ways, j.sent(i, e))
		case e.EventID == "SUBMIT" && e.Number < 0 && e.ServerHostname != "":
			j.ways = append(j.ways, j.submitted(i, e))
		}
	}
}

// trails are the places of the events of a message, by the short names of the
// servers that wrote them, and of those that receive by client and internal id.
type trails struct {
	made                     bool
	byServer, byClient, byID index[string]
}

// trail returns the trails of the message.
func (j *judge) trail() *trails {
	t := &j.trails
	if t.made {
		return t
	}
	t.made = true
	t.byServer.reset()
	t.byClient.reset()
	t.byID.reset()
	for i, e := range j.events {
		t.byServer.add(e.place(), i)
		if e.EventID != "RECEIVE" {
			continue
		}
		if e.InternalID != "" {
			t.byID.add(e.InternalID, i)
		}
		if e.Source == "SMTP" {
			for _, client := range [...]string{e.client, e.ClientIP} {
				if client != "" {
					t.byClient.add(client, i)
				}
			}
		}
	}
	return t
}

// submitted finds out where mailbox submission put a message.
func (j *judge) submitted(i int, e *Event) way {
	w := way{event: i, ours: true, target: e.ServerHostname}
	j.scan(&w, e, j.trail().byServer.at(j.short.of(w.target)), func(x *Event) bool { return x.log == transport && !x.shadow() })
	return w
}

// sent finds out where a message was sent to.
func (j *judge) sent(i int, e *Event) way {
	w := way{event: i, target: e.RemoteServer}
	names := [...]string{e.RemoteServer, ""}
	if e.Number < 0 {
		w.target = cmp.Or(e.RemoteServer, e.ServerHostname)
		names[1] = e.ServerHostname
		if e.EventID == "SEND" && (sameServer(w.target, e.Server) || e.hostOnly && j.b.servers.has(w.target)) {
			w.part = delivery
		}
	}
	switch e.Number {
	case eventTransferOut, eventReportOut, eventBackboneOut:
		w.ours = true
		return w
	case eventGatewayOut:
		return w
	}
	if e.EventID == "SENDEXTERNAL" {
		return w
	}
	for _, name := range names {
		if name != "" && !isAddress(name) {
			j.atServer(&w, e, name)
		}
	}
	if w.part != delivery {
		j.elsewhere(&w, e)
	}
	w.ours = w.arrived != nil || w.part == delivery || internalConnector(e.Connector) ||
		j.b.servers.has(names[0]) || j.b.servers.has(names[1]) || e.RemoteInternalID != "" && j.b.servers.inDomain(e.RemoteServer)
	return w
}

// atServer looks for events of the server that a SEND names.
func (j *judge) atServer(w *way, e *Event, name string) {
	j.scan(w, e, j.trail().byServer.at(j.short.of(name)), func(x *Event) bool {
		switch {
		case !sameServer(name, x.Server) || x.shadow():
			return false
		case w.part == delivery:
			return x.Source == "STOREDRIVER" && !x.arrives()
		}
		return !sameServer(x.Server, e.Server) && (x.log == transport || e.Reply == "")
	})
}

// elsewhere looks for the message on servers whose names a SEND does not tell:
// behind a front end or another name, or in the logs of Exchange 5.5, which do
// not say whose they are.
func (j *judge) elsewhere(w *way, e *Event) {
	t := j.trail()
	near := func(x *Event) bool {
		return !sameServer(x.Server, e.Server) && abs(x.when()-e.when()) <= int64(hopTime)
	}
	if w.arrived == nil && e.RemoteInternalID != "" {
		j.scan(w, e, t.byID.at(e.RemoteInternalID), near)
	}
	if w.arrived == nil {
		for _, client := range [...]string{e.place(), e.ClientIP} {
			if client != "" {
				j.scan(w, e, t.byClient.at(client), near)
			}
		}
	}
	if w.arrived == nil && e.Format != logparse.Tracking5 {
		j.scan(w, e, t.byServer.at(""), func(x *Event) bool {
			return x.Format == logparse.Tracking5 && (x.EventID == "RECEIVE" || x.EventID == "DELIVER") && abs(x.when()-e.when()) <= int64(hopTime)
		})
	}
	if w.arrived != nil && w.target == "" {
		w.target = w.arrived.Server
	}
}

// scan looks for an event about the recipients of a SEND that may be the next
// one: later, but for the clocks.
func (j *judge) scan(w *way, e *Event, list []int, may func(*Event) bool) {
	if w.arrived != nil {
		return
	}
	n, _ := slices.BinarySearchFunc(list, e.when()-int64(hopTime), func(i int, at int64) int { return cmp.Compare(j.events[i].when(), at) })
	for _, i := range list[n:min(len(list), n+maxScanned)] {
		x := j.events[i]
		if x != e && may(x) && (len(x.Recipients) == 0 || len(e.Recipients) == 0 || commonRecipient(x, e)) {
			w.arrived = x
			return
		}
	}
}

// shadow reports whether the event is about a copy that is kept for the case
// that its server is lost. Such copies are never delivered from there.
func (e *Event) shadow() bool { return len(e.EventID) > 2 && e.EventID[:2] == "HA" }

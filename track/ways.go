package track

import (
	"cmp"
	"slices"
)

// A way is where a SEND went.
type way struct {
	event   int
	ours    bool   // to a server of ours
	mailbox bool   // to mailbox delivery, which logs apart from transport
	target  string // the server's name, "" where the log does not say
	arrived []int  // events about its recipients there
}

// maxScanned is how many events are looked at to find where a SEND arrived.
const maxScanned = 256

// findWays works out where each SEND went. A server is ours when its rows are
// there, when an internal connector leads to it, or when its name says so;
// every other one is outside, Exchange or not.
func (j *judge) findWays() {
	byServer := map[string][]int{}
	byClient := map[string][]int{}
	for i, e := range j.events {
		if e.Server != "" {
			name := shortName(e.Server)
			byServer[name] = append(byServer[name], i)
		}
		if e.EventID == "RECEIVE" && e.Source == "SMTP" {
			for _, client := range [...]string{shortName(e.ClientHostname), e.ClientIP} {
				if client != "" {
					byClient[client] = append(byClient[client], i)
				}
			}
		}
	}
	for i, e := range j.events {
		if effects[e.EventID] != effectSent {
			continue
		}
		w := way{event: i, target: cmp.Or(e.RemoteServer, e.ServerHostname)}
		w.mailbox = e.EventID == "SEND" && e.Number < 0 && (sameServer(w.target, e.Server) || e.hostOnly && j.b.servers.has(w.target))
		switch {
		case e.Number == eventTransferOut || e.Number == eventReportOut || e.Number == eventBackboneOut:
			w.ours = true
		case e.Number == eventGatewayOut || e.EventID == "SENDEXTERNAL":
		default:
			j.find(&w, e, byServer, byClient)
		}
		j.ways = append(j.ways, w)
	}
}

// find looks for the events of the server that a SEND went to.
func (j *judge) find(w *way, e *Event, byServer, byClient map[string][]int) {
	for _, name := range [...]string{e.RemoteServer, e.ServerHostname} {
		if name == "" || isAddress(name) {
			continue
		}
		j.scan(w, e, byServer[shortName(name)], func(x *Event) bool {
			if !sameServer(name, x.Server) || x.shadow() {
				return false
			}
			if w.mailbox {
				return x.Source == "STOREDRIVER" && !x.arrives()
			}
			return !sameServer(x.Server, e.Server)
		})
	}
	if len(w.arrived) == 0 && !w.mailbox {
		for _, client := range [...]string{shortName(e.Server), e.ClientIP} {
			j.scan(w, e, byClient[client], func(x *Event) bool {
				return !sameServer(x.Server, e.Server) && abs(x.when()-e.when()) <= int64(hopTime)
			})
		}
		if len(w.arrived) > 0 {
			w.target = j.events[w.arrived[0]].Server
		}
	}
	if len(w.arrived) > 0 {
		w.ours = true
		return
	}
	w.ours = w.mailbox || internalConnector(e.Connector) || j.b.servers.has(w.target) || j.b.servers.has(e.ServerHostname) ||
		e.RemoteInternalID != "" && j.b.servers.inDomain(e.RemoteServer)
}

// scan notes the events about the recipients of a SEND that may be the next
// ones: later, but for the clocks.
func (j *judge) scan(w *way, e *Event, list []int, may func(*Event) bool) {
	n, _ := slices.BinarySearchFunc(list, e.when()-int64(hopTime), func(i int, at int64) int { return cmp.Compare(j.events[i].when(), at) })
	for _, i := range list[n:min(len(list), n+maxScanned)] {
		x := j.events[i]
		if x != e && may(x) && (len(x.Recipients) == 0 || len(e.Recipients) == 0 || commonRecipient(x, e)) {
			w.arrived = append(w.arrived, i)
		}
	}
}

// shadow reports whether the event is about a copy that is kept for the case
// that its server is lost. Such copies are never delivered from there.
func (e *Event) shadow() bool { return len(e.EventID) > 2 && e.EventID[:2] == "HA" }

package track

import (
	"slices"
	"strconv"
	"strings"

	"github.com/smtplog/smtplog/logparse"
)

// maxDetail bounds the detail of a hop.
const maxDetail = 1000

// hops lists the events, each with the time since the one before.
func (m *Message) hops(events []*Event, ways []way) {
	m.Hops = make([]Hop, 0, len(events))
	count := 0
	for _, e := range events {
		count += len(e.Recipients)
	}
	addresses := make([]string, 0, count) // of all hops
	var names []string
	var room [maxDetail]byte
	next := 0
	for i, e := range events {
		if !slices.Equal(names, e.names) {
			names = slices.Clone(e.names)
		}
		h := Hop{Time: e.Time, Server: e.Server, Source: e.Source, EventID: e.EventID, Number: e.Number, Format: e.Format,
			Connector: e.Connector, InternalID: e.InternalID, Pos: e.Pos, names: names}
		if i > 0 {
			h.Elapsed = max(0, e.Time.Sub(events[i-1].Time))
		}
		if n := len(addresses); len(e.Recipients) > 0 {
			for k := range e.Recipients {
				addresses = append(addresses, e.Recipients[k].Address)
			}
			h.Recipients = addresses[n:len(addresses):len(addresses)]
		}
		h.Latency = parseLatency(e.MessageInfo)
		target := ""
		if next < len(ways) && ways[next].event == i {
			target = ways[next].target
			next++
		}
		d := detail{room[:0]}
		d.describe(e, target)
		h.Detail = shorten(string(d.b))
		m.Hops = append(m.Hops, h)
	}
}

// A detail says in a line what an event is about, in parts with semicolons
// between.
type detail struct{ b []byte }

// add appends a part, unless it is empty.
func (d *detail) add(s string) {
	if s != "" {
		d.begin()
		d.b = append(d.b, s...)
	}
}

// begin begins a part.
func (d *detail) begin() {
	if len(d.b) > 0 {
		d.b = append(d.b, "; "...)
	}
}

// addList appends values, under a title, as one part.
func (d *detail) addList(title string, values []string) {
	d.begin()
	d.b = append(d.b, title...)
	for i, v := range values {
		if i > 0 {
			d.b = append(d.b, ", "...)
		}
		d.b = append(d.b, v...)
	}
}

// addPeer appends the other end of a connection.
func (d *detail) addPeer(direction, name, ip string) {
	if name == "" && ip == "" {
		return
	}
	d.begin()
	d.b = append(d.b, direction...)
	switch {
	case name == "":
		d.b = append(d.b, ip...)
	case ip == "" || ip == name:
		d.b = append(d.b, name...)
	default:
		d.b = append(append(append(append(d.b, name...), " ("...), ip...), ')')
	}
}

// addTurn appends what an address turned into.
func (d *detail) addTurn(from, to string) {
	d.begin()
	d.b = append(append(append(d.b, from...), " → "...), to...)
}

// describe appends what the event is about.
func (d *detail) describe(e *Event, target string) {
	d.add(e.Name)
	switch e.EventID {
	case "RECEIVE", "HARECEIVE":
		d.addPeer("from ", e.ClientHostname, e.ClientIP)
	case "SEND", "SENDEXTERNAL":
		ip := e.ServerIP
		if e.Number >= 0 {
			ip = e.ClientIP
		}
		d.addPeer("to ", target, ip)
		d.add(e.Reply)
	case "HAREDIRECT":
		d.add("copy on " + e.RemoteServer)
	case "EXPAND":
		if len(e.Related) > 0 {
			d.addList("", e.Related)
			d.b = append(strconv.AppendInt(append(d.b, " → "...), int64(len(e.Recipients)), 10), " members"...)
		}
	case "RESOLVE", "REDIRECT":
		for i, from := range e.Related {
			if to, ok := e.relatedTo(i); ok {
				d.addTurn(from, to)
			}
		}
	case "TRANSFER":
		if len(e.References) > 0 {
			d.addList("fork of ", e.References)
		}
		d.add(e.SourceContext)
	case "DSN":
		if len(e.References) > 0 {
			d.addList("about ", e.References)
		}
	case "THROTTLE":
		if len(e.References) > 0 {
			d.addList("", e.References)
		}
		d.add(e.SourceContext)
	case "AGENTINFO", "DROP":
		d.add(e.SourceContext)
	}
	if e.Source == "TRACE" || !strings.HasPrefix(e.EventID, "SEND") && e.Number < 0 {
		d.status(e)
	}
	if e.Format == logparse.Agent {
		d.add(e.Agent)
		d.add(e.Reply)
	}
}

// status appends the first status that says something.
func (d *detail) status(e *Event) {
	for _, r := range e.Recipients {
		if text, host := statusText(r.Status); meaningful(text) {
			d.add(text)
			if host != "" {
				d.add("by " + host)
			}
			return
		}
	}
	if len(e.Recipients) == 0 && meaningful(e.RawStatus) {
		d.add(e.RawStatus)
	}
}

func shorten(s string) string {
	if len(s) <= maxDetail {
		return s
	}
	return strings.ToValidUTF8(s[:maxDetail], "") + "…"
}

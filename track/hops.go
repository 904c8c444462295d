package track

import (
	"fmt"
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
	next := 0
	for i, e := range events {
		h := Hop{Time: e.Time, Server: e.Server, Source: e.Source, EventID: e.EventID, Number: e.Number, Format: e.Format,
			Connector: e.Connector, InternalID: e.InternalID, Pos: e.Pos, names: slices.Clone(e.names)}
		if i > 0 {
			h.Elapsed = max(0, e.Time.Sub(events[i-1].Time))
		}
		if len(e.Recipients) > 0 {
			h.Recipients = make([]string, len(e.Recipients))
			for k := range e.Recipients {
				h.Recipients[k] = e.Recipients[k].Address
			}
		}
		h.Latency = parseLatency(e.MessageInfo)
		target := ""
		if next < len(ways) && ways[next].event == i {
			target = ways[next].target
			next++
		}
		h.Detail = e.detail(target)
		m.Hops = append(m.Hops, h)
	}
}

// detail says in a line what the event is about.
func (e *Event) detail(target string) string {
	var parts []string
	add := func(s string) {
		if s != "" {
			parts = append(parts, s)
		}
	}
	add(e.Name)
	switch e.EventID {
	case "RECEIVE", "HARECEIVE":
		if peer := peer(e.ClientHostname, e.ClientIP); peer != "" {
			add("from " + peer)
		}
	case "SEND", "SENDEXTERNAL":
		ip := e.ServerIP
		if e.Number >= 0 {
			ip = e.ClientIP
		}
		if peer := peer(target, ip); peer != "" {
			add("to " + peer)
		}
		add(e.Reply)
	case "HAREDIRECT":
		add("copy on " + e.RemoteServer)
	case "EXPAND":
		if len(e.Related) > 0 {
			add(strings.Join(e.Related, ", ") + " → " + strconv.Itoa(len(e.Recipients)) + " members")
		}
	case "RESOLVE", "REDIRECT":
		for i, from := range e.Related {
			if to, ok := e.relatedTo(i); ok {
				add(from + " → " + to)
			}
		}
	case "TRANSFER":
		if len(e.References) > 0 {
			add("fork of " + strings.Join(e.References, ", "))
		}
		add(e.SourceContext)
	case "DSN":
		if len(e.References) > 0 {
			add("about " + strings.Join(e.References, ", "))
		}
	case "THROTTLE":
		add(strings.Join(e.References, ", "))
		add(e.SourceContext)
	case "AGENTINFO", "DROP":
		add(e.SourceContext)
	}
	if e.Source == "TRACE" || !strings.HasPrefix(e.EventID, "SEND") && e.Number < 0 {
		for _, r := range e.Recipients {
			if text, host := statusText(r.Status); meaningful(text) {
				add(text)
				if host != "" {
					add("by " + host)
				}
				break
			}
		}
		if len(e.Recipients) == 0 && meaningful(e.RawStatus) {
			add(e.RawStatus)
		}
	}
	if e.Format == logparse.Agent {
		add(e.Agent)
		add(e.Reply)
	}
	return shorten(strings.Join(parts, "; "))
}

func shorten(s string) string {
	if len(s) <= maxDetail {
		return s
	}
	return strings.ToValidUTF8(s[:maxDetail], "") + "…"
}

func peer(name, ip string) string {
	switch {
	case name == "":
		return ip
	case ip == "" || ip == name:
		return name
	}
	return fmt.Sprintf("%s (%s)", name, ip)
}

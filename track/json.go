package track

import (
	"github.com/smtplog/smtplog/logparse/jsontext"
	"github.com/smtplog/smtplog/reply/outcome"
)

type messageJSON struct {
	MessageID      string          `json:"message_id,omitempty"`
	NetworkID      string          `json:"network_message_id,omitempty"`
	Subject        string          `json:"subject,omitempty"`
	Sender         *string         `json:"sender,omitempty"`
	Bytes          int64           `json:"bytes,omitempty"`
	Directionality string          `json:"directionality,omitempty"`
	First          outcome.Time    `json:"first,omitzero"`
	Last           outcome.Time    `json:"last,omitzero"`
	Status         Status          `json:"status"`
	Recipients     []recipientJSON `json:"recipients"`
	Hops           []hopJSON       `json:"hops"`
	LatencyMS      *int64          `json:"latency_ms,omitempty"`
	Origination    outcome.Time    `json:"origination,omitzero"`
	Servers        []string        `json:"servers"`
	Sessions       []linkJSON      `json:"sessions,omitempty"`
	Missing        []holeJSON      `json:"missing,omitempty"`
	Related        []relatedJSON   `json:"related,omitempty"`
	Inferred       bool            `json:"inferred,omitempty"`
	Ended          Ended           `json:"ended"`
}

type recipientJSON struct {
	Address       string       `json:"address"`
	Alias         string       `json:"alias,omitempty"`
	Status        Status       `json:"status"`
	At            outcome.Time `json:"at,omitzero"`
	Server        string       `json:"server,omitempty"`
	Host          string       `json:"host,omitempty"`
	Class         string       `json:"class,omitempty"`
	Code          int          `json:"code,omitempty"`
	Enhanced      string       `json:"enhanced,omitempty"`
	Reason        string       `json:"reason,omitempty"`
	Actor         string       `json:"actor,omitempty"`
	Text          string       `json:"text,omitempty"`
	Deferrals     int          `json:"deferrals,omitempty"`
	DeferredSince outcome.Time `json:"deferred_since,omitzero"`
	ExpandedInto  []string     `json:"expanded_into,omitempty"`
	RedirectedTo  []string     `json:"redirected_to,omitempty"`
	From          string       `json:"from,omitempty"`
	File          string       `json:"file,omitempty"`
	Line          int64        `json:"line,omitempty"`
}

type hopJSON struct {
	Time       outcome.Time  `json:"time,omitzero"`
	Server     string        `json:"server,omitempty"`
	Source     string        `json:"source,omitempty"`
	Event      string        `json:"event,omitempty"`
	Number     *int          `json:"number,omitempty"`
	Detail     string        `json:"detail,omitempty"`
	Recipients []string      `json:"recipients,omitempty"`
	InternalID string        `json:"internal_id,omitempty"`
	Connector  string        `json:"connector,omitempty"`
	ElapsedMS  int64         `json:"elapsed_ms"`
	Latency    []latencyJSON `json:"latency,omitempty"`
	File       string        `json:"file"`
	Line       int64         `json:"line"`
}

type latencyJSON struct {
	Name    string        `json:"name"`
	MS      float64       `json:"ms"`
	Local   bool          `json:"local,omitempty"`
	Pending bool          `json:"pending,omitempty"`
	Parts   []latencyJSON `json:"parts,omitempty"`
}

type linkJSON struct {
	ID          string       `json:"id"`
	Server      string       `json:"server,omitempty"`
	Direction   string       `json:"direction,omitempty"`
	Transaction int          `json:"transaction"`
	Rule        Rule         `json:"rule"`
	Sure        Sure         `json:"sure"`
	Start       outcome.Time `json:"start,omitzero"`
	File        string       `json:"file,omitempty"`
	Line        int64        `json:"line,omitempty"`
}

type holeJSON struct {
	Server string       `json:"server"`
	Log    string       `json:"log"`
	From   outcome.Time `json:"from,omitzero"`
	To     outcome.Time `json:"to,omitzero"`
	Why    Why          `json:"why"`
	Text   string       `json:"text"`
}

type relatedJSON struct {
	MessageID string `json:"message_id"`
	Relation  string `json:"relation"`
}

// AppendJSON appends the message as one JSON object, without a line end. Times
// are UTC with the log's own precision; what is not known is absent.
func (m *Message) AppendJSON(b []byte) []byte {
	j := messageJSON{
		MessageID: text(m.MessageID), NetworkID: text(m.NetworkID), Subject: text(m.Subject), Bytes: m.Bytes, Directionality: text(m.Directionality),
		First: m.First, Last: m.Last, Status: m.Status, Origination: m.Origination, Servers: texts(m.Servers),
		Recipients: make([]recipientJSON, len(m.Recipients)), Hops: make([]hopJSON, len(m.Hops)),
		Inferred: m.Inferred, Ended: m.Ended,
	}
	if m.HasSender {
		s := text(m.Sender)
		j.Sender = &s
	}
	if m.HasLatency {
		ms := m.Latency.Milliseconds()
		j.LatencyMS = &ms
	}
	if j.Servers == nil {
		j.Servers = []string{}
	}
	for i := range m.Recipients {
		j.Recipients[i] = m.Recipients[i].json()
	}
	for i := range m.Hops {
		j.Hops[i] = m.Hops[i].json()
	}
	for _, l := range m.Sessions {
		j.Sessions = append(j.Sessions, linkJSON{text(l.Session), text(l.Server), l.Direction.String(), l.Transaction, l.Rule, l.Sure, l.Start, text(l.Pos.File), l.Pos.Line})
	}
	for _, h := range m.Holes {
		j.Missing = append(j.Missing, holeJSON{text(h.Server), h.Log, h.From, h.To, h.Why, text(h.Text)})
	}
	for _, r := range m.Related {
		j.Related = append(j.Related, relatedJSON{text(r.MessageID), r.Relation})
	}
	b, err := jsontext.AppendValue(b, &j)
	if err != nil {
		panic(err) // the types above always encode
	}
	return b
}

func (r *RecipientVerdict) json() recipientJSON {
	j := recipientJSON{
		Address: text(r.Address), Alias: text(r.Alias), Status: r.Status, At: r.At, Server: text(r.Server), Host: text(r.Host),
		Class: r.Class.String(), Code: int(r.Code), Enhanced: r.Enhanced.String(), Reason: r.Reason.String(), Text: text(r.Text),
		Deferrals: r.Deferrals, DeferredSince: r.DeferredSince,
		ExpandedInto: texts(r.ExpandedInto), RedirectedTo: texts(r.RedirectedTo), From: text(r.From), File: text(r.Pos.File), Line: r.Pos.Line,
	}
	if r.Class.Failed() {
		j.Actor = r.Actor.String()
	}
	return j
}

func (h *Hop) json() hopJSON {
	j := hopJSON{
		Time: h.Time, Server: text(h.Server), Source: text(h.Source), Event: text(h.EventID), Detail: text(h.Detail), Recipients: texts(h.Recipients),
		InternalID: text(h.InternalID), Connector: text(h.Connector), ElapsedMS: h.Elapsed.Milliseconds(), Latency: latencies(h.Latency),
		File: text(h.Pos.File), Line: h.Pos.Line,
	}
	if h.Number >= 0 {
		j.Number = &h.Number
	}
	return j
}

func latencies(parts []LatencyPart) []latencyJSON {
	var list []latencyJSON
	for i := range parts {
		p := &parts[i]
		list = append(list, latencyJSON{text(p.Name), float64(p.Total.Microseconds()) / 1000, p.Local, p.Pending, latencies(p.Parts)})
	}
	return list
}

func texts(list []string) []string {
	for i, s := range list {
		if text(s) != s {
			c := append([]string(nil), list...)
			for ; i < len(c); i++ {
				c[i] = text(c[i])
			}
			return c
		}
	}
	return list
}

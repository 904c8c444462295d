package analysis

import "github.com/smtplog/smtplog/track"

type messagesJSON struct {
	Total      int64            `json:"total"`
	Status     map[string]int64 `json:"status"`
	Recipients map[string]int64 `json:"recipients"`
	Holes      int64            `json:"holes"`
	Cut        int64            `json:"cut,omitempty"`
	Capped     int64            `json:"capped,omitempty"`
	Failures   failuresJSON     `json:"failures"`
	Latency    *latencyJSON     `json:"latency_ms,omitempty"`

	Senders          []countJSON `json:"top_senders"`
	SendersDropped   int64       `json:"top_senders_dropped,omitempty"`
	Receivers        []countJSON `json:"top_recipients"`
	ReceiversDropped int64       `json:"top_recipients_dropped,omitempty"`
}

type latencyJSON struct {
	Messages int64 `json:"messages"`
	P50      int64 `json:"p50"`
	P90      int64 `json:"p90"`
	P99      int64 `json:"p99"`
	Max      int64 `json:"max"`
}

type countJSON struct {
	Address  string `json:"address"`
	Messages int64  `json:"messages"`
}

// topJSON is how many senders and recipients the JSON names when all groups
// are asked for.
const topJSON = 100

// json returns nil for nil.
func (m *Messages) json(top int) *messagesJSON {
	if m == nil {
		return nil
	}
	j := &messagesJSON{
		Total: m.Total, Status: statusJSON(m.Status), Recipients: statusJSON(m.Recipients),
		Holes: m.Holes, Cut: m.Cut, Capped: m.Capped,
		Failures: summaryJSON(m.Failures, Failed{Recipients: m.Failed}, top),
		Senders:  countsJSON(m.Senders, top), SendersDropped: m.Senders.Dropped(),
		Receivers: countsJSON(m.Receivers, top), ReceiversDropped: m.Receivers.Dropped(),
	}
	if l := m.Latency; l.Count() > 0 {
		j.Latency = &latencyJSON{
			Messages: l.Count(), P50: l.Percentile(50).Milliseconds(), P90: l.Percentile(90).Milliseconds(),
			P99: l.Percentile(99).Milliseconds(), Max: l.Max().Milliseconds(),
		}
	}
	return j
}

func statusJSON(counts map[track.Status]int64) map[string]int64 {
	j := map[string]int64{}
	for s, n := range counts {
		j[string(s)] = n
	}
	return j
}

func countsJSON(t *Top, top int) []countJSON {
	if top <= 0 {
		top = topJSON
	}
	j := []countJSON{}
	for _, c := range t.Most(top) {
		j = append(j, countJSON{utf8Text(c.Name), c.Count})
	}
	return j
}

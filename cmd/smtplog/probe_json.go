package main

import (
	"strings"

	"github.com/smtplog/smtplog/logparse/input"
	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/probe"
)

// probeSchema is the version of the JSON form of a check (schema/probe.json).
const probeSchema = "smtplog/probe/v1"

type probeJSON struct {
	Schema     string          `json:"schema"`
	Sender     string          `json:"sender"`
	Recipient  string          `json:"recipient"`
	Helo       string          `json:"helo"`
	Address    string          `json:"address,omitempty"`
	DNSServers []string        `json:"dns_servers"`
	Started    string          `json:"started"`
	DurationMS int64           `json:"duration_ms"`
	Verdict    verdictJSON     `json:"verdict"`
	Log        *pastJSON       `json:"log,omitempty"`
	Steps      []probeStepJSON `json:"steps"`
}

type verdictJSON struct {
	Result string `json:"result"`
	Text   string `json:"text"`
	Step   *int   `json:"step,omitempty"` // index into steps
	*meaningJSON
}

// meaningJSON is what is said of a refusal.
type meaningJSON struct {
	Code       int    `json:"code,omitempty"`
	Enhanced   string `json:"enhanced,omitempty"`
	Class      string `json:"class,omitempty"`
	Reason     string `json:"reason"`
	Actor      string `json:"actor"`
	Meaning    string `json:"meaning,omitempty"`
	Remedy     string `json:"remedy,omitempty"`
	List       string `json:"list,omitempty"`
	RetryAfter int64  `json:"retry_after_s,omitempty"`
	Inner      string `json:"inner,omitempty"`
}

type probeStepJSON struct {
	Name       string          `json:"name"`
	Target     string          `json:"target"`
	Transport  string          `json:"transport,omitempty"`
	Asked      string          `json:"asked,omitempty"`
	Answered   string          `json:"answered,omitempty"`
	Started    string          `json:"started"`
	DurationMS float64         `json:"duration_ms"`
	Result     string          `json:"result"`
	Text       string          `json:"text"`
	Details    []string        `json:"details,omitempty"`
	Notes      []probeNoteJSON `json:"notes,omitempty"`
	*meaningJSON
}

type probeNoteJSON struct {
	Issue  string `json:"issue"`
	Result string `json:"result"`
	Text   string `json:"text"`
}

// wireText returns text from the wire as JSON can hold it.
func wireText(s string) string { return input.Text([]byte(s)) }

func meaning(c *reply.Classification) *meaningJSON {
	if c == nil {
		return nil
	}
	return &meaningJSON{
		Code: int(c.Code), Enhanced: c.Enhanced.String(), Class: c.Class.String(), Reason: c.Reason.String(), Actor: c.Actor.String(),
		Meaning: c.Meaning, Remedy: c.Remedy, List: wireText(c.List), RetryAfter: int64(c.RetryAfter.Seconds()), Inner: wireText(c.Inner),
	}
}

const jsonTime = "2006-01-02T15:04:05.000Z"

func reportToJSON(r *probe.Report, past *pastFailures) *probeJSON {
	j := &probeJSON{
		Schema: probeSchema, Sender: strings.Trim(wireText(r.Sender), "<>"), Recipient: wireText(r.Recipient), Helo: r.Helo, DNSServers: r.Servers,
		Started: r.Started.UTC().Format(jsonTime), DurationMS: r.Duration.Milliseconds(),
		Verdict: verdictJSON{Result: string(r.Verdict.Result), Text: wireText(r.Verdict.Text), meaningJSON: meaning(r.Verdict.Classification)},
		Steps:   []probeStepJSON{},
	}
	if r.Address.IsValid() {
		j.Address = r.Address.String()
	}
	if past != nil {
		j.Log = past.json()
	}
	for i, s := range r.Steps {
		if s == r.Verdict.Step {
			j.Verdict.Step = &i
		}
		step := probeStepJSON{
			Name: string(s.Name), Target: wireText(s.Target), Transport: s.Transport, Asked: wireText(s.Asked), Answered: wireText(s.Answered),
			Started: s.Started.UTC().Format(jsonTime), DurationMS: float64(s.Duration.Microseconds()) / 1000, Result: string(s.Result), Text: wireText(s.Text),
			meaningJSON: meaning(s.Classification),
		}
		for _, d := range s.Details {
			step.Details = append(step.Details, wireText(d))
		}
		for _, n := range s.Notes {
			step.Notes = append(step.Notes, probeNoteJSON{string(n.Issue), string(n.Result), wireText(n.Text)})
		}
		j.Steps = append(j.Steps, step)
	}
	return j
}

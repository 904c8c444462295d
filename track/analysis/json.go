package analysis

import (
	"encoding/json"

	"github.com/smtplog/smtplog/logparse/input"
	"github.com/smtplog/smtplog/reply/outcome"
)

// Schema is the version of the JSON form of an Analysis.
const Schema = "smtplog/analysis/v1"

type analysisJSON struct {
	Schema       string           `json:"schema"`
	Input        inputJSON        `json:"input"`
	Sessions     sessionsJSON     `json:"sessions"`
	Transactions transactionsJSON `json:"transactions"`
	Recipients   recipientsJSON   `json:"recipients"`
	Replies      repliesJSON      `json:"replies"`
	Failures     failuresJSON     `json:"failures"`
	Messages     *messagesJSON    `json:"messages,omitempty"`
	Capped       int64            `json:"capped,omitempty"`
}

type inputJSON struct {
	Files             int           `json:"files"`
	Bytes             int64         `json:"bytes"`
	Lines             int64         `json:"lines"`
	Records           int64         `json:"records"`
	HeaderLines       int64         `json:"header_lines"`
	BlankLines        int64         `json:"blank_lines"`
	ContinuationLines int64         `json:"continuation_lines"`
	MalformedLines    int64         `json:"malformed_lines"`
	Formats           []formatJSON  `json:"formats"`
	Assumed           []string      `json:"assumed,omitempty"`
	Problems          []problemJSON `json:"problems,omitempty"`
	ProblemsTotal     int64         `json:"problems_total"`
	Skipped           []skippedJSON `json:"skipped,omitempty"`
	Failed            []string      `json:"failed,omitempty"`
	Interrupted       bool          `json:"interrupted,omitempty"`
}

type formatJSON struct {
	Format  string       `json:"format"`
	Files   int          `json:"files"`
	Records int64        `json:"records"`
	First   outcome.Time `json:"first,omitzero"`
	Last    outcome.Time `json:"last,omitzero"`
}

type problemJSON struct {
	File    string `json:"file"`
	Line    int64  `json:"line"`
	Message string `json:"message"`
}

type skippedJSON struct {
	File   string `json:"file"`
	Reason string `json:"reason"`
}

type sessionsJSON struct {
	Total     int64            `json:"total"`
	Inbound   int64            `json:"inbound"`
	Outbound  int64            `json:"outbound"`
	Unused    int64            `json:"unused"`
	Exact     int64            `json:"exact"`
	Inferred  int64            `json:"inferred"`
	Ambiguous int64            `json:"ambiguous"`
	Ended     map[string]int64 `json:"ended"`
}

type transactionsJSON struct {
	Total    int64 `json:"total"`
	Accepted int64 `json:"accepted"`
	Partial  int64 `json:"partial"`
	Deferred int64 `json:"deferred"`
	Rejected int64 `json:"rejected"`
	Aborted  int64 `json:"aborted"`
	Unknown  int64 `json:"unknown"`
}

type recipientsJSON struct {
	Total    int64 `json:"total"`
	Accepted int64 `json:"accepted"`
	Deferred int64 `json:"deferred"`
	Rejected int64 `json:"rejected"`
	Unknown  int64 `json:"unknown"`
}

type repliesJSON struct {
	OK        int64 `json:"ok"`
	Transient int64 `json:"transient"`
	Permanent int64 `json:"permanent"`
}

type failuresJSON struct {
	By          []outcome.Key `json:"by"`
	Replies     int64         `json:"replies"`
	Recipients  int64         `json:"recipients"`
	GroupsTotal int           `json:"groups_total"`
	Dropped     int64         `json:"dropped,omitempty"`
	Groups      []groupJSON   `json:"groups"`
}

type groupJSON struct {
	Domain     string       `json:"domain,omitempty"`
	Code       int          `json:"code,omitempty"`
	Enhanced   string       `json:"enhanced,omitempty"`
	Class      string       `json:"class,omitempty"`
	Reason     string       `json:"reason,omitempty"`
	Actor      string       `json:"actor,omitempty"`
	Direction  string       `json:"direction,omitempty"`
	Verb       string       `json:"verb,omitempty"`
	Host       string       `json:"host,omitempty"`
	Connector  string       `json:"connector,omitempty"`
	Server     string       `json:"server,omitempty"`
	Format     string       `json:"format,omitempty"`
	Hour       string       `json:"hour,omitempty"`
	Day        string       `json:"day,omitempty"`
	Outcomes   int64        `json:"outcomes"`
	Replies    int64        `json:"replies"`
	Recipients int64        `json:"recipients"`
	Sessions   int64        `json:"sessions"`
	First      outcome.Time `json:"first,omitzero"`
	Last       outcome.Time `json:"last,omitzero"`
	Example    exampleJSON  `json:"example"`
}

type exampleJSON struct {
	Verb      string `json:"verb,omitempty"`
	Direction string `json:"direction,omitempty"`
	Host      string `json:"host,omitempty"`
	Recipient string `json:"recipient,omitempty"`
	Text      string `json:"text,omitempty"`
	File      string `json:"file"`
	Line      int64  `json:"line"`
}

// MarshalJSON writes the whole analysis.
func (a *Analysis) MarshalJSON() ([]byte, error) { return json.Marshal(a.json(0, MaxProblems)) }

// Limited returns what MarshalJSON writes with at most top groups, 0 for all,
// and at most problems problems.
func (a *Analysis) Limited(top, problems int) any { return a.json(top, problems) }

func (a *Analysis) json(top, problems int) *analysisJSON {
	j := &analysisJSON{
		Schema:       Schema,
		Input:        a.Input.json(problems),
		Transactions: transactionsJSON(a.Transactions),
		Recipients:   recipientsJSON{a.Recipients.Total, a.Recipients.Accepted, a.Recipients.Deferred, a.Recipients.Rejected, a.Recipients.Unknown},
		Replies:      repliesJSON(a.Replies),
		Capped:       a.Capped,
	}
	s := &a.Sessions
	j.Sessions = sessionsJSON{
		Total: s.Total, Inbound: s.Inbound, Outbound: s.Outbound, Unused: s.Unused,
		Exact: s.Confidence["exact"], Inferred: s.Confidence["inferred"], Ambiguous: s.Confidence["ambiguous"],
		Ended: map[string]int64{},
	}
	for k, n := range s.Ended {
		j.Sessions.Ended[string(k)] = n
	}
	j.Failures = summaryJSON(a.Failures, a.Failed, top)
	j.Messages = a.Messages.json(top)
	return j
}

func summaryJSON(s *outcome.Summary, failed Failed, top int) failuresJSON {
	groups := s.Groups()
	j := failuresJSON{
		By: s.Keys(), Replies: failed.Replies, Recipients: failed.Recipients,
		GroupsTotal: len(groups), Dropped: s.Dropped(), Groups: []groupJSON{},
	}
	if top > 0 && top < len(groups) {
		groups = groups[:top]
	}
	for _, g := range groups {
		j.Groups = append(j.Groups, groupToJSON(g, s.Keys()))
	}
	return j
}

func (in *Input) json(problems int) inputJSON {
	c := in.Counts
	j := inputJSON{
		Files: in.Files, Bytes: in.Bytes, Lines: c.Lines, Records: c.Records, HeaderLines: c.Header,
		BlankLines: c.Blank, ContinuationLines: c.Continuation, MalformedLines: c.Malformed,
		Formats: []formatJSON{}, Assumed: in.Assumed, ProblemsTotal: c.Malformed,
	}
	for _, f := range in.Formats {
		j.Formats = append(j.Formats, formatJSON{f.Format.String(), f.Files, f.Records, f.First, f.Last})
	}
	for _, p := range in.Problems[:min(problems, len(in.Problems))] {
		j.Problems = append(j.Problems, problemJSON{utf8Text(p.Pos.File), p.Pos.Line, utf8Text(p.Message)})
	}
	for _, s := range in.Skipped {
		j.Skipped = append(j.Skipped, skippedJSON{utf8Text(s.File), s.Reason})
	}
	for _, err := range in.Failed {
		j.Failed = append(j.Failed, utf8Text(err.Error()))
	}
	j.Interrupted = in.Interrupted
	return j
}

// utf8Text makes a log's text valid UTF-8.
func utf8Text(s string) string { return input.Text([]byte(s)) }

// groupToJSON writes the group with the values of its keys. Class, reason and
// actor are those of the example where they are no keys: a code has one class,
// and mostly one reason.
func groupToJSON(g *outcome.Group, keys []outcome.Key) groupJSON {
	o := &g.Example
	j := groupJSON{
		Domain: utf8Text(g.Domain), Code: int(g.Code), Enhanced: g.Enhanced.String(),
		Direction: g.Direction.String(), Verb: utf8Text(g.Verb), Host: utf8Text(g.Host),
		Connector: utf8Text(g.Connector), Server: utf8Text(g.Server), Format: g.Format,
		Outcomes: g.Outcomes, Replies: g.Replies, Recipients: g.Recipients, Sessions: g.Sessions,
		First: g.First, Last: g.Last,
		Example: exampleJSON{
			Verb: utf8Text(o.Verb), Direction: o.Direction.String(), Host: utf8Text(o.Host),
			Recipient: utf8Text(o.Recipient), Text: utf8Text(o.Text), File: utf8Text(o.Pos.File), Line: o.Pos.Line,
		},
	}
	for _, k := range keys {
		switch k {
		case outcome.ByCode, outcome.ByClass:
			j.Class = o.Class.String()
		case outcome.ByReason:
			j.Reason = o.Reason.String()
			j.Actor = o.Actor.String()
		case outcome.ByActor:
			j.Actor = o.Actor.String()
		case outcome.ByHour:
			j.Hour = g.Period
		case outcome.ByDay:
			j.Day = g.Period[:min(len(g.Period), len("2006-01-02"))]
		}
	}
	return j
}

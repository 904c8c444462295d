package main

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"github.com/smtplog/smtplog/cmd/internal/table"
	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
	"github.com/smtplog/smtplog/reply/probe"
	"github.com/smtplog/smtplog/track/analysis"
)

// maxPastOutcomes bounds what is kept of the logs.
const maxPastOutcomes = 500_000

// A pastOutcome is what became of one earlier delivery to the destination.
type pastOutcome struct {
	at     outcome.Time
	ok     bool
	host   string // where the log names no domain
	code   reply.Code
	reason reply.Reason
	text   string
	pos    outcome.Position
}

// A history is what the logs say about a destination.
type history struct {
	domain   string
	outcomes []pastOutcome
	dropped  int64
	failed   bool // a log could not be read
}

// readHistory reads the logs for deliveries from this side to the recipient's
// domain.
func (a *app) readHistory(ctx context.Context, f *probeFlags, recipient string) (*history, error) {
	flags := readFlags{maxLine: "1MiB", maxDecompressed: "64GiB", memory: "512MiB", color: f.color}
	j, err := a.start(ctx, &flags, f.logs)
	if err != nil {
		return nil, err
	}
	c, err := classifier(f.rules)
	if err != nil {
		return nil, err
	}
	h := &history{domain: asciiDomain(session.Domain(recipient))}
	b := session.NewBuilder(&session.Options{Classifier: c, Memory: j.memory}, h.add)
	logs := analysis.Prepare(ctx, j.sources, &j.read)
	readErr := logs.Read(ctx, func(rec *logparse.Record) { b.Add(rec) })
	b.Close()
	if readErr != nil {
		j.bar.Stop()
		return nil, readErr
	}
	h.failed = a.finish(ctx, j, logs.Input()) != nil
	return h, ctx.Err()
}

func asciiDomain(domain string) string {
	if ascii, err := idna.Lookup.ToASCII(domain); err == nil {
		return ascii
	}
	return domain
}

func (h *history) add(s *session.Session) {
	if s.Direction != outcome.Outbound {
		return
	}
	for i := range s.Transactions {
		for k := range s.Transactions[i].Recipients {
			r := &s.Transactions[i].Recipients[k]
			if r.Result == session.Accepted && asciiDomain(session.Domain(r.To)) == h.domain {
				h.keep(pastOutcome{at: r.Time, ok: true})
			}
		}
	}
	for o := range s.Outcomes {
		if o.Domain != "" && asciiDomain(o.Domain) != h.domain {
			continue
		}
		p := pastOutcome{at: o.Time, code: o.Code, reason: o.Reason, text: exampleText(o), pos: o.Pos}
		if o.Domain == "" {
			p.host = session.Host(s.Remote)
		}
		h.keep(p)
	}
}

func (h *history) keep(p pastOutcome) {
	if len(h.outcomes) >= maxPastOutcomes {
		h.dropped++
		return
	}
	h.outcomes = append(h.outcomes, p)
}

// pastFailures say since when a destination has failed in the same way.
type pastFailures struct {
	domain   string
	total    int // deliveries to the domain that the logs show
	verdict  bool
	count    int // failures of the same kind since the last delivery
	since    outcome.Time
	last     outcome.Time
	accepted outcome.Time // the last delivery, if any
	example  pastOutcome
	dropped  int64
}

// same finds the failures of the kind that the check met: of the same code and
// reason, since the domain last took a message.
func (h *history) same(r *probe.Report) *pastFailures {
	past := &pastFailures{domain: h.domain, dropped: h.dropped}
	hosts := map[string]bool{}
	for _, s := range r.Steps {
		if _, rest, ok := strings.Cut(s.Target, " ["); ok {
			if addr, err := netip.ParseAddr(rest[:max(strings.LastIndexByte(rest, ']'), 0)]); err == nil {
				hosts[addr.String()] = true
			}
		}
	}
	slices.SortStableFunc(h.outcomes, func(a, b pastOutcome) int { return a.at.Compare(b.at) })
	verdict := r.Verdict.Classification
	past.verdict = verdict != nil
	for _, o := range h.outcomes {
		if o.host != "" && !hosts[o.host] {
			continue
		}
		past.total++
		if o.ok {
			past.accepted, past.count = o.at, 0
			continue
		}
		if verdict == nil || o.reason != verdict.Reason || o.code != verdict.Code && o.code != 0 && verdict.Code != 0 {
			continue
		}
		if past.count == 0 {
			past.since, past.example = o.at, o
		}
		past.count++
		past.last = o.at
	}
	return past
}

// text says it in a sentence.
func (p *pastFailures) text() string {
	accepted := "no delivery before"
	if !p.accepted.IsZero() {
		accepted = "the last delivery was at " + p.accepted.String()
	}
	dropped := ""
	if p.dropped > 0 {
		dropped = fmt.Sprintf("; %s more were not looked at", table.Count(p.dropped))
	}
	switch {
	case p.total == 0:
		return "the logs show no mail to " + p.domain
	case !p.verdict:
		return fmt.Sprintf("the logs show %s to %s; %s%s", plural(int64(p.total), "outcome"), p.domain, accepted, dropped)
	case p.count == 0:
		return fmt.Sprintf("the logs do not show this failure for %s after the last delivery; %s%s", p.domain, accepted, dropped)
	}
	return fmt.Sprintf("%s has failed in the same way since %s (%s until %s; %s), first in %s: %s%s",
		p.domain, p.since, plural(int64(p.count), "time"), p.last, accepted, p.example.pos, p.example.text, dropped)
}

type pastJSON struct {
	Domain   string `json:"domain"`
	Outcomes int    `json:"outcomes"`
	Failures int    `json:"failures"`
	Since    string `json:"since,omitempty"`
	Last     string `json:"last,omitempty"`
	Accepted string `json:"accepted,omitempty"`
	Text     string `json:"text,omitempty"`
	File     string `json:"file,omitempty"`
	Line     int64  `json:"line,omitempty"`
}

func (p *pastFailures) json() *pastJSON {
	j := &pastJSON{Domain: p.domain, Outcomes: p.total, Failures: p.count, Accepted: p.accepted.String()}
	if p.count > 0 {
		j.Since, j.Last = p.since.String(), p.last.String()
		j.Text, j.File, j.Line = wireText(p.example.text), wireText(p.example.pos.File), p.example.pos.Line
	}
	return j
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/smtplog/smtplog/cmd/internal/table"
	"github.com/smtplog/smtplog/cmd/internal/term"
	"github.com/smtplog/smtplog/track"
	"github.com/smtplog/smtplog/track/analysis"
)

type traceFlags struct {
	readFlags
	pick  int
	rules string
	json  bool
}

func (a *app) traceCommand() *cobra.Command {
	var f traceFlags
	cmd := &cobra.Command{
		Use:   "trace NEEDLE PATH…",
		Short: "Follow one message from hop to hop, with a verdict for each recipient",
		Long: `Finds a message in the tracking logs of all servers and prints its story: each step
with the time that it took, the server, and the file and line where it stands, the
sessions of the protocol logs that carried it, what became of it for each recipient,
and which logs are missing.

NEEDLE is a message id (with or without <>), a network or internal message id, an
address, or part of the subject. Where several messages match they are listed, and
--pick N follows the N-th. Logs from standard input cannot be searched twice: name
files.`,
		Example: `  smtplog trace "<b1@HUB1.corp.example.com>" logs
  smtplog trace alice@example.net MSGTRK*.LOG --since yesterday
  smtplog trace "offer for november" logs --pick 2
  smtplog trace 5b0c1b1e-0a35-4f37-6d0e-08de19f3a1b2 logs --json | jq .recipients`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 || strings.TrimSpace(args[0]) == "" {
				return usageError{errors.New(`no NEEDLE given: smtplog trace "<message-id>" PATH`)}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.trace(cmd.Context(), &f, args[0], args[1:])
		},
	}
	f.add(cmd)
	f.addTimes(cmd, "messages")
	fl := cmd.Flags()
	fl.IntVar(&f.pick, "pick", 0, "follow the `N`-th of several matches, e.g. --pick 2")
	fl.BoolVar(&f.json, "json", false, "one JSON object a line for each match, e.g. --json | jq .hops")
	addRules(fl, &f.rules)
	return cmd
}

func (a *app) trace(ctx context.Context, f *traceFlags, needle string, paths []string) error {
	if f.pick < 0 {
		return usageError{errors.New("--pick is the number of a match, from 1")}
	}
	c, err := classifier(f.rules)
	if err != nil {
		return err
	}
	j, err := a.start(ctx, &f.readFlags, paths)
	if err != nil {
		return err
	}
	for _, s := range j.sources {
		if s.Size() < 0 {
			return usageError{fmt.Errorf("trace reads the logs more than once: name files instead of %s", s.Name)}
		}
	}
	logs := analysis.Prepare(ctx, j.sources, &j.read)
	found, err := analysis.FindMessages(ctx, logs, track.ParseNeedle(needle), c)
	j.bar.Stop()
	if err != nil {
		return err
	}
	window := analysis.Options{Since: j.since, Until: j.until}
	var matches []*track.Message
	for _, m := range found.Messages {
		if window.Includes(m.First) {
			matches = append(matches, m)
		}
	}
	if f.pick > len(matches) {
		return fmt.Errorf("--pick %d: only %s %s", f.pick, plural(int64(len(matches)), "message"), matchWord(len(matches)))
	}
	if f.pick > 0 {
		matches = matches[f.pick-1 : f.pick]
	}
	p := &story{w: a.stdout, out: j.out, loc: j.loc}
	switch {
	case f.json:
		err = a.printMatches(matches)
	case len(matches) == 1:
		p.message(matches[0])
	case len(matches) > 1:
		err = p.choice(matches, found.More)
	case len(found.Sessions) > 0:
		err = p.sessions(found)
	}
	if err != nil {
		return err
	}
	if err := a.finish(ctx, j, logs.Input()); err != nil {
		return err
	}
	if len(matches) == 0 && len(found.Sessions) == 0 {
		return fmt.Errorf("no message matches %q", needle)
	}
	return nil
}

func matchWord(n int) string {
	if n == 1 {
		return "matches"
	}
	return "match"
}

func (a *app) printMatches(matches []*track.Message) error {
	p := &messageJSON{w: a.stdout}
	for _, m := range matches {
		if err := p.print(m); err != nil {
			return err
		}
	}
	return nil
}

// A story prints what the logs say about a message.
type story struct {
	w   io.Writer
	out *term.Output
	loc *time.Location
}

// choice lists messages to choose from.
func (p *story) choice(matches []*track.Message, more int) error {
	fmt.Fprintf(p.w, "%s match; --pick N follows one of them\n", plural(int64(len(matches)+more), "message"))
	t := table.New(table.Column{Title: "n", Right: true}, table.Column{Title: "first"}, table.Column{Title: "status"},
		table.Column{Title: "sender", Flex: true, Min: 10}, table.Column{Title: "recipients", Flex: true, Min: 10},
		table.Column{Title: "messagesubject", Flex: true, Min: 10})
	for i, m := range matches {
		recipients := ""
		if n := len(m.Recipients); n > 0 {
			recipients = m.Recipients[0].Address
			if n > 1 {
				recipients += fmt.Sprintf(" +%d", n-1)
			}
		}
		t.Add(fmt.Sprint(i+1), shortStamp(m.First, p.loc), string(m.Status), sender(m), recipients, m.Subject)
	}
	return t.Render(p.w, p.out)
}

func sender(m *track.Message) string {
	if m.HasSender && m.Sender == "" {
		return "<>"
	}
	return m.Sender
}

// sessions lists the sessions that carried the message where no tracking log
// has it.
func (p *story) sessions(found *analysis.Trace) error {
	fmt.Fprintln(p.w, "No tracking log has the message; these sessions of the protocol logs carried it:")
	t := newSessionTable(p.w, p.out, p.loc)
	for _, s := range found.Sessions {
		if err := t.print(s); err != nil {
			return err
		}
		src := s.Sources[0]
		fmt.Fprintln(p.w, p.out.Dim(term.Safe(fmt.Sprintf("    %s  %s:%d-%d", s.ID, src.File, src.FirstLine, src.LastLine))))
	}
	return nil
}

// message prints the whole story of one message.
func (p *story) message(m *track.Message) {
	subject := m.Subject
	if subject == "" {
		subject = "(no subject in the logs)"
	}
	fmt.Fprintf(p.w, "%s  %s\n", p.out.Bold(term.Safe(subject)), p.verdict(m))
	p.field("Sender", sender(m))
	p.field("MessageId", m.MessageID)
	p.field("NetworkId", m.NetworkID)
	if m.Bytes > 0 {
		p.field("TotalBytes", table.Count(m.Bytes))
	}
	if m.HasLatency {
		p.field("Latency", table.Duration(m.Latency)+" from submission to the last delivery")
	}
	if m.Inferred {
		p.field("Inferred", "rows were joined by Message-ID, sender and time only")
	}
	p.hops(m)
	p.recipients(m)
	p.links(m)
	for _, h := range m.Holes {
		fmt.Fprintf(p.w, "\n%s %s\n", p.out.Yellow("Missing:"), term.Safe(h.Text))
	}
	for _, r := range m.Related {
		fmt.Fprintf(p.w, "\nRelated (%s): %s\n", r.Relation, term.Safe(r.MessageID))
	}
}

// verdict is the status in the colour of it.
func (p *story) verdict(m *track.Message) string {
	switch m.Status {
	case track.Delivered, track.Expanded, track.Redirected:
		return p.out.Green(string(m.Status))
	case track.Failed, track.Dropped:
		return p.out.Red(string(m.Status))
	}
	return p.out.Yellow(string(m.Status))
}

func (p *story) field(name, text string) {
	if text == "" {
		return
	}
	head := fmt.Sprintf("  %-11s ", name)
	wrap(p.w, p.out.Width(), head+term.Safe(text), strings.Repeat(" ", len(head)))
}

// hops prints the timeline: when, how long after the step before, where, what,
// and below it what the server said and where it stands.
func (p *story) hops(m *track.Message) {
	fmt.Fprintf(p.w, "\n%s\n", p.out.Bold("Timeline ("+m.First.Time().In(p.loc).Format("2006-01-02 MST")+")"))
	day := m.First.Time().In(p.loc).Format(time.DateOnly)
	for i := range m.Hops {
		h := &m.Hops[i]
		at := h.Time.Time().In(p.loc)
		if d := at.Format(time.DateOnly); d != day {
			day = d
			fmt.Fprintf(p.w, "  %s\n", day)
		}
		elapsed := ""
		if i > 0 {
			elapsed = "+" + table.Duration(h.Elapsed)
		}
		event := strings.TrimSpace(h.Source + " " + h.EventID)
		if h.Number >= 0 {
			event += fmt.Sprintf(" (%d)", h.Number)
		}
		where := fmt.Sprintf("%s:%d", baseName(h.Pos.File), h.Pos.Line)
		line := fmt.Sprintf("  %s %8s  %-12s %-24s", at.Format("15:04:05.000"), elapsed, term.Cut(h.Server, 12), term.Safe(event))
		room := p.out.Width() - term.DisplayWidth(line) - 2
		fmt.Fprintf(p.w, "%s  %s\n", line, p.out.Dim(term.Cut(where, room)))
		if who := strings.Join(h.Recipients, " "); who != "" {
			fmt.Fprintln(p.w, "      to "+term.Cut(who, p.out.Width()-9))
		}
		if h.Detail != "" {
			wrap(p.w, p.out.Width(), "      "+term.Safe(h.Detail), "      ")
		}
	}
}

func (p *story) recipients(m *track.Message) {
	fmt.Fprintf(p.w, "\n%s\n", p.out.Bold("Recipients"))
	for i := range m.Recipients {
		r := &m.Recipients[i]
		text := fmt.Sprintf("  %s  %s", r.Address, r.Status)
		if !r.At.IsZero() {
			text += " " + r.At.Time().In(p.loc).Format(time.DateTime)
		}
		if r.Server != "" {
			text += " on " + r.Server
		}
		if r.Host != "" {
			text += " by " + r.Host
		}
		if r.Deferrals > 0 {
			text += fmt.Sprintf(", put off %s before", plural(int64(r.Deferrals), "time"))
		}
		wrap(p.w, p.out.Width(), term.Safe(text), "      ")
		for _, to := range append(r.ExpandedInto, r.RedirectedTo...) {
			fmt.Fprintln(p.w, "      → "+term.Safe(to))
		}
		if r.Text != "" {
			wrap(p.w, p.out.Width(), "      "+term.Safe(r.Text), "      ")
		}
		if r.Reason != 0 && r.Class.Failed() {
			wrap(p.w, p.out.Width(), fmt.Sprintf("      %s (%s)", r.Reason, actorText(r.Actor)), "      ")
		}
	}
}

func (p *story) links(m *track.Message) {
	if len(m.Sessions) == 0 {
		return
	}
	fmt.Fprintf(p.w, "\n%s\n", p.out.Bold("Sessions of the protocol logs"))
	for _, l := range m.Sessions {
		fmt.Fprintln(p.w, term.Safe(fmt.Sprintf("  %s  %s  %s (%s, %s)", l.Session, l.Direction, l.Pos, l.Rule, l.Sure)))
	}
}

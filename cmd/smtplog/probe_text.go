package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/smtplog/smtplog/cmd/internal/table"
	"github.com/smtplog/smtplog/cmd/internal/term"
	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/probe"
)

// A probePrinter prints what a check found: the verdict, then the steps.
type probePrinter struct {
	w        io.Writer
	out      *term.Output
	details  bool
	accept   string // who the test message was for
	exchange bool
	said     map[string]bool // meanings that were printed
}

func (p *probePrinter) report(r *probe.Report, past *pastFailures) error {
	wrap(p.w, p.out.Width(), p.colored(r.Verdict.Result, term.Safe(r.Verdict.Text)), "  ")
	if c := r.Verdict.Classification; c != nil {
		p.meaning("  ", c)
	}
	if past != nil {
		p.line("  ", "Log", past.text())
	}
	if p.accept != "" {
		fmt.Fprintln(p.w)
		if err := p.acceptance(r); err != nil {
			return err
		}
	}
	fmt.Fprintln(p.w)
	fmt.Fprintf(p.w, "%s\n", p.out.Dim(term.Safe(p.setting(r))))
	heading := ""
	for _, s := range r.Steps {
		if s.Target != heading {
			heading = s.Target
			fmt.Fprintf(p.w, "%s\n", p.out.Bold(term.Safe(heading)))
		}
		p.step(s)
	}
	failed, warned, skipped := 0, 0, 0
	for _, s := range r.Steps {
		switch s.Result {
		case probe.Failed:
			failed++
		case probe.Warning:
			warned++
		case probe.Skipped:
			skipped++
		}
	}
	_, err := fmt.Fprintf(p.w, "\n%s in %s: %d failed, %s, %d skipped\n", plural(int64(len(r.Steps)), "step"), table.Duration(r.Duration), failed, plural(int64(warned), "warning"), skipped)
	return err
}

// setting says who asked.
func (p *probePrinter) setting(r *probe.Report) string {
	text := "asked as " + r.Helo
	if r.Address.IsValid() {
		text += " from " + r.Address.String()
	}
	return text + ", DNS from " + strings.Join(r.Servers, ", ")
}

func (p *probePrinter) colored(r probe.Result, text string) string {
	switch r {
	case probe.Passed:
		return p.out.Green(text)
	case probe.Failed:
		return p.out.Red(text)
	}
	return p.out.Yellow(text)
}

// step prints one step: the result, how long it took, what was done and what
// came of it; then what is amiss.
func (p *probePrinter) step(s *probe.Step) {
	const indent = "             "
	title := stepTitle(s)
	head := fmt.Sprintf("  %s %6s  %s: ", resultText(p.out, s.Result), table.Duration(s.Duration), title)
	wrap(p.w, p.out.Width()+len(resultText(p.out, s.Result))-7, head+term.Safe(s.Text), indent+"    ")
	for _, n := range s.Notes {
		if n.Text != s.Text {
			wrap(p.w, p.out.Width(), indent+"    "+noteText(n), indent+"      ")
		}
	}
	if c := s.Classification; c != nil {
		p.meaning(indent+"    ", c)
	}
	if !p.details {
		return
	}
	if s.Asked != "" {
		p.line(indent+"    ", "Asked", s.Asked)
	}
	for answered := range strings.SplitSeq(s.Answered, "\n") {
		p.line(indent+"    ", "Answered", answered)
	}
	if s.Answered != strings.Join(s.Details, "\n") {
		for _, d := range s.Details {
			p.line(indent+"    ", "Detail", d)
		}
	}
}

func noteText(n probe.Note) string {
	if n.Result == probe.Info {
		return term.Safe(n.Text)
	}
	return string(n.Result) + ": " + term.Safe(n.Text)
}

// meaning says why a step failed, who has to act and what to do; the same thing
// is said at length once.
func (p *probePrinter) meaning(indent string, c *reply.Classification) {
	if key := c.Meaning + "\n" + c.Remedy; !p.said[key] {
		if p.said == nil {
			p.said = map[string]bool{}
		}
		p.said[key] = true
		p.line(indent, "Means", c.Meaning)
		p.line(indent, "Reason", c.Reason.String()+" ("+actorText(c.Actor)+")")
		p.line(indent, "Do", c.Remedy)
	} else {
		p.line(indent, "Reason", c.Reason.String()+" ("+actorText(c.Actor)+")")
	}
	p.line(indent, "Blocklist", c.List)
	if c.RetryAfter > 0 {
		p.line(indent, "Try again", "in "+table.Duration(c.RetryAfter))
	}
}

func (p *probePrinter) line(indent, name, text string) {
	if text == "" {
		return
	}
	head := fmt.Sprintf("%s%-10s ", indent, name)
	wrap(p.w, p.out.Width(), head+term.Safe(text), strings.Repeat(" ", len(head)))
}

// acceptance prints the table of the Exchange Server Analyzer's mail-acceptance
// test, about the server that was given the message or the last one tried.
func (p *probePrinter) acceptance(r *probe.Report) error {
	target := ""
	for _, s := range r.Steps {
		if s.Name == probe.StepEndOfData || target == "" && s.Name == probe.StepConnect {
			target = s.Target
		}
	}
	rows := []struct {
		name     probe.Name
		expected string
	}{{probe.StepConnect, "connection"}, {probe.StepBanner, "220"}, {probe.StepEHLO, "250"}, {probe.StepLink2State, "listed"}, {probe.StepXExch50, "listed"},
		{probe.StepMail, "250"}, {probe.StepRcpt, "250"}, {probe.StepData, "354"}, {probe.StepEndOfData, "250"}}
	t := table.New(table.Column{Title: "step"}, table.Column{Title: "expected"}, table.Column{Title: "result"}, table.Column{Title: "reply", Flex: true, Min: 20})
	for _, row := range rows {
		if !p.exchange && (row.name == probe.StepLink2State || row.name == probe.StepXExch50) {
			continue
		}
		// The last of its name: the EHLO after STARTTLS, the RCPT of the message.
		var found *probe.Step
		for _, s := range r.Steps {
			if s.Name == row.name && s.Target == target {
				found = s
			}
		}
		if found == nil {
			t.Add(stepTitles[row.name], row.expected, string(probe.Skipped), "")
			continue
		}
		t.Add(stepTitles[row.name], row.expected, string(found.Result), found.Text)
	}
	return t.Render(p.w, p.out)
}

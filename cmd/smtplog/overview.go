package main

import (
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/smtplog/smtplog/cmd/internal/table"
	"github.com/smtplog/smtplog/cmd/internal/term"
	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/reply/outcome"
	"github.com/smtplog/smtplog/track/analysis"
)

// An overview prints an analysis for people.
type overview struct {
	out      *term.Output
	loc      *time.Location
	top      int
	problems bool
	chosen   bool             // not all sessions count: --where, --since, --until
	files    iter.Seq[string] // the names of all sources

	places map[string]string // short names of logs
}

func (v *overview) print(w io.Writer, a *analysis.Analysis) error {
	v.input(w, &a.Input, a.Capped)
	v.counts(w, a)
	if err := v.failures(w, a); err != nil {
		return err
	}
	if a.Messages != nil {
		if a.Sessions.Total > 0 || v.chosen {
			fmt.Fprintln(w)
		}
		if err := v.messages(w, a.Messages); err != nil {
			return err
		}
	}
	if v.problems {
		v.problemList(w, &a.Input)
	}
	return nil
}

// input says what was read, and what is not as it should be in what follows.
func (v *overview) input(w io.Writer, in *analysis.Input, capped int64) {
	c := in.Counts
	parts := []string{
		fmt.Sprintf("%s, %s, %s", plural(int64(in.Files), "file"), table.Bytes(in.Bytes), plural(c.Lines, "line")),
		formatNames(in),
		v.span(in),
	}
	var line []string
	for _, p := range parts {
		if p != "" {
			line = append(line, p)
		}
	}
	v.wrapped(w, strings.Join(line, " · "), "")
	if c.Malformed > 0 {
		fmt.Fprintln(w, v.out.Yellow(fmt.Sprintf("%s could not be read (--problems lists %s)", plural(c.Malformed, "line"), it(c.Malformed))))
	}
	if in.Interrupted {
		v.wrapped(w, v.out.Yellow("Interrupted: what follows is of what had been read by then"), "")
	}
	if n := int64(len(in.Failed)); n > 0 {
		// Their names stand on standard error, below what people read first.
		v.wrapped(w, v.out.Yellow(fmt.Sprintf("%s could not be read, or not to the end: mail may be missing from what follows (named at the end)", plural(n, "file"))), "")
	}
	if capped > 0 {
		v.wrapped(w, v.out.Yellow(cappedSessions(capped)), "")
	}
	if n := len(in.Skipped); n > 0 {
		v.wrapped(w, fmt.Sprintf("%s %s no log that smtplog reads and %s passed over (smtplog formats says what)",
			plural(int64(n), "file"), isAre(n), wasWere(n)), "")
	}
	for _, text := range in.Assumed {
		v.wrapped(w, "Assumed: "+text, "")
	}
	fmt.Fprintln(w)
}

func formatNames(in *analysis.Input) string {
	var names []string
	for _, f := range in.Formats {
		names = append(names, displayNames[f.Format])
	}
	return strings.Join(names, ", ")
}

// displayNames are the formats as people call them.
var displayNames = map[logparse.Format]string{
	logparse.IISW3C:          "IIS W3C",
	logparse.IISMSIIS:        "Microsoft IIS",
	logparse.IISNCSA:         "IIS NCSA",
	logparse.IISODBC:         "IIS ODBC",
	logparse.ExchangeReceive: "Exchange receive",
	logparse.ExchangeSend:    "Exchange send",
	logparse.IMS:             "Exchange 5.5 IMS",
	logparse.OutlookSMTP:     "Outlook Express SMTP",
	logparse.Tracking5:       "Exchange 5.5 tracking",
	logparse.Tracking2000:    "Exchange 2000/2003 tracking",
	logparse.Tracking:        "Exchange tracking",
	logparse.TrackingPS:      "Get-MessageTrackingLog export",
	logparse.MessageTrace:    "Exchange Online message trace",
	logparse.Connectivity:    "Exchange connectivity",
	logparse.Agent:           "Exchange agent",
}

func (v *overview) span(in *analysis.Input) string {
	first, last := in.Span()
	if first.IsZero() {
		return ""
	}
	zone := last.Time().In(v.loc).Format("MST")
	return v.stamp(first) + " to " + v.stamp(last) + " " + zone
}

func (v *overview) stamp(t outcome.Time) string {
	return t.Time().In(v.loc).Format(time.DateTime)
}

// A part is one count of a line of counts.
type part struct {
	name string
	n    int64
}

// counts prints sessions, transactions and recipients with their verdicts.
func (v *overview) counts(w io.Writer, a *analysis.Analysis) {
	s, t, r := &a.Sessions, &a.Transactions, &a.Recipients
	if s.Total == 0 {
		switch {
		case v.chosen:
			fmt.Fprintln(w, "No SMTP session in these logs matches.")
		case a.Messages == nil:
			fmt.Fprintln(w, "No SMTP sessions in these logs.")
		}
		return
	}
	lines := []struct {
		name  string
		total int64
		parts []part
	}{
		{"Sessions", s.Total, []part{{"inbound", s.Inbound}, {"outbound", s.Outbound}, {"unused", s.Unused},
			{"failed", s.Ended[session.EndedFailed]}, {"cut", s.Ended[session.EndedCut]}, {"open", s.Ended[session.EndedOpen]}, {"ambiguous", s.Confidence[session.Ambiguous]}}},
		{"Transactions", t.Total, []part{{"accepted", t.Accepted}, {"partial", t.Partial}, {"deferred", t.Deferred},
			{"rejected", t.Rejected}, {"aborted", t.Aborted}, {"unknown", t.Unknown}}},
		{"Recipients", r.Total, []part{{"accepted", r.Accepted}, {"deferred", r.Deferred}, {"rejected", r.Rejected}, {"unknown", r.Unknown}}},
	}
	width := len(table.Count(max(s.Total, t.Total, r.Total)))
	for _, line := range lines {
		v.countLine(w, line.name, width, line.total, line.parts)
	}
	fmt.Fprintln(w)
}

// countLine prints a total and its parts, those that are not 0.
func (v *overview) countLine(w io.Writer, name string, width int, total int64, list []part) {
	var parts []string
	for _, p := range list {
		if p.n > 0 {
			parts = append(parts, p.name+" "+table.Count(p.n))
		}
	}
	head := fmt.Sprintf("%-13s %*s   ", name, width, table.Count(total))
	v.wrapped(w, head+strings.Join(parts, "  "), strings.Repeat(" ", len(head)))
}

// problemList prints what could not be read.
func (v *overview) problemList(w io.Writer, in *analysis.Input) {
	if len(in.Problems) > 0 {
		fmt.Fprintf(w, "\n%s\n", v.out.Bold("Lines that could not be read"))
		for _, p := range in.Problems {
			fmt.Fprintf(w, "  %s: %s\n", term.Safe(p.Pos.String()), term.Safe(p.Message))
		}
		if n := in.Counts.Malformed - int64(len(in.Problems)); n > 0 {
			fmt.Fprintf(w, "  and %s more\n", table.Count(n))
		}
	}
	if len(in.Skipped) > 0 {
		fmt.Fprintf(w, "\n%s\n", v.out.Bold("Files that were passed over"))
		for _, s := range in.Skipped {
			fmt.Fprintf(w, "  %s: %s\n", term.Safe(s.File), term.Safe(s.Reason))
		}
	}
}

// wrapped prints text in lines of the output's width; lines after the first
// begin with indent.
func (v *overview) wrapped(w io.Writer, text, indent string) { wrap(w, v.out.Width(), text, indent) }

func it(n int64) string {
	if n == 1 {
		return "it"
	}
	return "them"
}

func isAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func wasWere(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

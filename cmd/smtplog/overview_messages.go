package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/smtplog/smtplog/cmd/internal/table"
	"github.com/smtplog/smtplog/cmd/internal/term"
	"github.com/smtplog/smtplog/track"
	"github.com/smtplog/smtplog/track/analysis"
)

// topNames is how many senders and recipients the overview names.
const topNames = 3

// messages prints what message tracking says.
func (v *overview) messages(w io.Writer, m *analysis.Messages) error {
	fmt.Fprintln(w, v.out.Bold("Messages, by message tracking"))
	var recipients int64
	for _, n := range m.Recipients {
		recipients += n
	}
	width := len(table.Count(max(m.Total, recipients)))
	v.countLine(w, "Messages", width, m.Total, append(statusParts(m.Status), part{"with missing logs", m.Holes}))
	v.countLine(w, "Recipients", width, recipients, statusParts(m.Recipients))
	if l := m.Latency; l.Count() > 0 {
		v.wrapped(w, fmt.Sprintf("%-13s half within %s, 90 %% within %s, 99 %% within %s, the longest %s", "Latency",
			table.Duration(l.Percentile(50)), table.Duration(l.Percentile(90)), table.Duration(l.Percentile(99)), table.Duration(l.Max())), "              ")
	}
	v.names(w, "Top senders", m.Senders, "message", "of senders")
	v.names(w, "Top recip.", m.Receivers, "delivery", "to recipients")
	if n := m.Cut; n > 0 {
		v.wrapped(w, fmt.Sprintf("%s had no verdict for days and counted as %s", plural(n, "message"), track.Pending), "")
	}
	if n := m.Capped; n > 0 {
		v.wrapped(w, v.out.Yellow(cappedMessages(n)), "")
	}
	if m.Failures.Len() == 0 {
		return nil
	}
	fmt.Fprintln(w)
	return v.summary(w, "Messages not delivered", m.Failures, plural(m.Failed, "recipient"))
}

func statusParts(counts map[track.Status]int64) []part {
	var parts []part
	for _, s := range track.Statuses() {
		parts = append(parts, part{string(s), counts[s]})
	}
	return parts
}

// names prints who sent or got the most, and what is not counted of them.
func (v *overview) names(w io.Writer, title string, t *analysis.Top, counted, of string) {
	const head = 14 // columns
	indent := strings.Repeat(" ", head)
	var parts []string
	for _, c := range t.Most(topNames) {
		parts = append(parts, fmt.Sprintf("%s %s", breakWords(term.Safe(c.Name), v.out.Width()-head), table.Count(c.Count)))
	}
	if len(parts) > 0 {
		v.wrapped(w, fmt.Sprintf("%-13s %s", title, strings.Join(parts, "  ")), indent)
	}
	if n := t.Dropped(); n > 0 {
		v.wrapped(w, fmt.Sprintf("%s%s %s beyond the first %s not counted", indent,
			plural(n, counted), of, table.Count(analysis.MaxNames)), indent)
	}
}

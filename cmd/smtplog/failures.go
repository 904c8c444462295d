package main

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/smtplog/smtplog/cmd/internal/table"
	"github.com/smtplog/smtplog/cmd/internal/term"
	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
	"github.com/smtplog/smtplog/track/analysis"
)

// failures prints the groups of the sessions' failures, and what to do.
func (v *overview) failures(w io.Writer, a *analysis.Analysis) error {
	if a.Failures.Len() == 0 {
		if a.Sessions.Total > 0 {
			fmt.Fprintln(w, "No failures.")
		}
		return nil
	}
	return v.summary(w, "Failures", a.Failures, plural(a.Failed.Replies, "reply")+", "+plural(a.Failed.Recipients, "recipient"))
}

// summary prints the groups of a summary, each with an example, and what to do
// about them.
func (v *overview) summary(w io.Writer, title string, s *outcome.Summary, counted string) error {
	groups := s.Groups()
	shown := groups
	if v.top > 0 && v.top < len(groups) {
		shown = groups[:v.top]
	}
	title = fmt.Sprintf("%s by %s: %s", title, keyTitle(s.Keys()), counted)
	if len(shown) < len(groups) {
		title += fmt.Sprintf("; %d of %s groups (--top 0 for all)", len(shown), table.Count(int64(len(groups))))
	}
	v.wrapped(w, title, "  ")
	if n := s.Dropped(); n > 0 {
		v.wrapped(w, fmt.Sprintf("%s beyond the first %s groups were not counted by group (fewer keys with --by)", plural(n, "failure"), table.Count(outcome.DefaultMaxGroups)), "  ")
	}
	if err := v.groups(w, s.Keys(), shown); err != nil {
		return err
	}
	v.remedies(w, shown)
	return nil
}

func keyTitle(keys []outcome.Key) string {
	var names []string
	for _, k := range keys {
		if k != outcome.ByEnhanced || !slices.Contains(keys, outcome.ByCode) {
			names = append(names, string(k))
		}
	}
	if len(names) == 1 {
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// wideEnough is the width from which on the examples stand beside the groups,
// not below them.
const wideEnough = 150

// groups prints the table of groups, each with an example.
func (v *overview) groups(w io.Writer, keys []outcome.Key, groups []*outcome.Group) error {
	var columns []table.Column
	for _, k := range keys {
		if k == outcome.ByEnhanced && slices.Contains(keys, outcome.ByCode) {
			continue // beside the code
		}
		columns = append(columns, table.Column{Title: string(k), Min: 6, Flex: k != outcome.ByCode})
	}
	columns = append(columns,
		table.Column{Title: "replies", Right: true}, table.Column{Title: "recipients", Right: true},
		table.Column{Title: "first"}, table.Column{Title: "last"})
	wide := v.out.Width() >= wideEnough
	if wide {
		columns = append(columns, table.Column{Title: "example", Min: 30, Flex: true}, table.Column{Title: "where"})
	}
	v.places = shortNames(exampleFiles(groups), v.files)
	t := table.New(columns...)
	layout := v.timeLayout(groups)
	for _, g := range groups {
		var cells []string
		for _, k := range keys {
			value := keyValue(g, k)
			switch {
			case k == outcome.ByCode && slices.Contains(keys, outcome.ByEnhanced):
				value = strings.TrimSpace(value + " " + g.Enhanced.String())
			case k == outcome.ByEnhanced && slices.Contains(keys, outcome.ByCode):
				continue
			case k == outcome.ByDomain && value == "":
				value = "(no domain)"
			}
			if value == "" {
				value = "-"
			}
			cells = append(cells, value)
		}
		cells = append(cells, table.Count(g.Replies), table.Count(g.Recipients), v.short(g.First, layout), v.short(g.Last, layout))
		if wide {
			text, where := v.example(&g.Example)
			cells = append(cells, text, where)
		}
		t.Add(cells...)
	}
	if wide {
		return t.Render(w, v.out)
	}
	var rendered bytes.Buffer
	if err := t.Render(&rendered, v.out); err != nil {
		return err
	}
	for i, line := range strings.Split(strings.TrimRight(rendered.String(), "\n"), "\n") {
		fmt.Fprintln(w, line)
		if i > 0 {
			fmt.Fprintln(w, v.exampleLine(&groups[i-1].Example))
		}
	}
	return nil
}

// exampleFiles yields the logs that the examples are in.
func exampleFiles(groups []*outcome.Group) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, g := range groups {
			if !yield(g.Example.Pos.File) {
				return
			}
		}
	}
}

// example returns what stands for an outcome, the host in front where there is
// no domain, and where it was read.
func (v *overview) example(o *outcome.Outcome) (text, where string) {
	text = exampleText(o)
	if o.Domain == "" && o.Host != "" {
		text = o.Host + ": " + text
	}
	return text, fmt.Sprintf("%s:%d", v.places[o.Pos.File], o.Pos.Line)
}

// exampleLine is the line below a group.
func (v *overview) exampleLine(o *outcome.Outcome) string {
	text, where := v.example(o)
	where = term.Safe(where)
	room := v.out.Width() - len("    ") - len("  ") - term.DisplayWidth(where)
	return v.out.Dim("    " + term.Cut(text, room) + "  " + where)
}

// timeLayout is the shortest that tells the groups' times apart: times alone
// when all are of one day.
func (v *overview) timeLayout(groups []*outcome.Group) string {
	var first, last outcome.Time
	for _, g := range groups {
		if first.IsZero() || !g.First.IsZero() && g.First.Before(first) {
			first = g.First
		}
		if last.Before(g.Last) {
			last = g.Last
		}
	}
	from, to := first.Time().In(v.loc), last.Time().In(v.loc)
	switch {
	case from.Format(time.DateOnly) == to.Format(time.DateOnly):
		return "15:04:05"
	case from.Year() == to.Year():
		return "01-02 15:04"
	}
	return "2006-01-02 15:04"
}

func (v *overview) short(t outcome.Time, layout string) string {
	if t.IsZero() {
		return "-"
	}
	return t.Time().In(v.loc).Format(layout)
}

// remedies says what to do about each reason that is shown, once; what we refused
// and what was refused to us are told apart where both are.
func (v *overview) remedies(w io.Writer, groups []*outcome.Group) {
	type cause struct {
		reason    reply.Reason
		direction outcome.Direction
	}
	directions := map[reply.Reason]map[outcome.Direction]bool{}
	for _, g := range groups {
		if directions[g.Reason] == nil {
			directions[g.Reason] = map[outcome.Direction]bool{}
		}
		directions[g.Reason][g.Example.Direction] = true
	}
	seen := map[cause]bool{}
	for _, g := range groups {
		c := cause{g.Reason, g.Example.Direction}
		if c.reason == reply.ReasonNone || seen[c] {
			continue
		}
		if len(seen) == 0 {
			fmt.Fprintf(w, "\n%s\n", v.out.Bold("What to do"))
		}
		seen[c] = true
		who := " (" + actorText(g.Example.Actor) + ")"
		if c.reason == reply.ReasonUnknown {
			who = ""
		}
		name := c.reason.String()
		if len(directions[c.reason]) > 1 {
			name += ", " + c.direction.String()
		}
		v.wrapped(w, fmt.Sprintf("  %s%s: %s", name, who, c.reason.Remedy(c.direction)), "    ")
	}
}

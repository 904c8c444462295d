package main

import (
	"fmt"
	"io"
	"maps"
	"strings"
	"time"

	"github.com/smtplog/smtplog/cmd/internal/table"
	"github.com/smtplog/smtplog/cmd/internal/term"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/reply/outcome"
	"github.com/smtplog/smtplog/track"
)

// A story prints what the logs say about a message.
type story struct {
	w   io.Writer
	out *term.Output
	loc *time.Location
}

// choice lists messages to choose from.
func (p *story) choice(matches []*track.Message, more int) error {
	shown := ""
	if more > 0 {
		shown = fmt.Sprintf(", the first %s are listed", table.Count(int64(len(matches))))
	}
	fmt.Fprintf(p.w, "%s match%s; --pick N follows one of them\n", plural(int64(len(matches)+more), "message"), shown)
	t := table.New(table.Column{Title: "n", Right: true}, table.Column{Title: "first"}, table.Column{Title: "status"},
		table.Column{Title: "sender", Flex: true, Min: 10}, table.Column{Title: "recipients", Flex: true, Min: 10},
		table.Column{Title: "messagesubject", Flex: true, Min: 10})
	for i, m := range matches {
		t.Add(fmt.Sprint(i+1), shortStamp(m.First, p.loc), string(m.Status), sender(m), recipientsText(m), m.Subject)
	}
	return t.Render(p.w, p.out)
}

// sessions lists sessions that speak of the message where no tracking log has
// it.
func (p *story) sessions(list []*session.Session) error {
	fmt.Fprintln(p.w, "No tracking log has such a message; these sessions of the protocol logs have:")
	t := newSessionTable(p.w, p.out, p.loc, false)
	for _, s := range list {
		if err := t.print(s); err != nil {
			return err
		}
		for _, src := range s.Sources {
			p.dimmed("    ", fmt.Sprintf("%s  %s:%d-%d", s.ID, src.File, src.FirstLine, src.LastLine))
		}
	}
	return nil
}

// message prints the whole story of one message.
func (p *story) message(m *track.Message) {
	p.title(m)
	p.field("Sender", sender(m))
	p.field("MessageId", m.MessageID)
	p.field("NetworkId", m.NetworkID)
	if m.Bytes > 0 {
		p.field("TotalBytes", table.Count(m.Bytes))
	}
	if m.HasLatency {
		until := " from submission to the last delivery"
		if undecided(m) {
			until += " so far"
		}
		p.field("Latency", table.Duration(m.Latency)+until)
	}
	if m.Inferred {
		p.field("Inferred", "some rows were joined by Message-ID, sender and time only")
	}
	p.hops(m)
	p.recipients(m)
	p.holes(m)
	p.related(m)
	p.links(m)
}

// title prints the subject and the verdict.
func (p *story) title(m *track.Message) {
	subject := term.Safe(m.Subject)
	if m.Subject == "" {
		subject = "(no subject in the logs)"
	}
	status := string(m.Status)
	if term.DisplayWidth(subject)+2+len(status) <= p.out.Width() {
		fmt.Fprintf(p.w, "%s  %s\n", p.out.Bold(subject), p.verdict(m))
		return
	}
	p.fold("", subject, "")
	fmt.Fprintf(p.w, "%s\n", p.verdict(m))
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

// undecided reports whether more may become of the message.
func undecided(m *track.Message) bool {
	for i := range m.Recipients {
		if s := m.Recipients[i].Status; s == track.Pending || s == track.Deferred {
			return true
		}
	}
	return false
}

func (p *story) field(name, text string) {
	if text != "" {
		p.fold(fmt.Sprintf("  %-11s ", name), text, strings.Repeat(" ", 14))
	}
}

// fold prints a text from a log, made safe, in as many lines as it takes. A word
// that is longer than a line is broken.
func (p *story) fold(head, text, indent string) {
	wrap(p.w, p.out.Width(), head+breakWords(term.Safe(text), p.out.Width()-max(len(head), len(indent))), indent)
}

// dimmed is fold with less weight.
func (p *story) dimmed(indent, text string) {
	for l := range strings.SplitSeq(p.folded(indent, text, indent), "\n") {
		fmt.Fprintln(p.w, p.out.Dim(l))
	}
}

// folded is what fold prints, without the last line end.
func (p *story) folded(head, text, indent string) string {
	var b strings.Builder
	inner := story{w: &b, out: p.out, loc: p.loc}
	inner.fold(head, text, indent)
	return strings.TrimSuffix(b.String(), "\n")
}

// breakWords sets blanks into words that are wider than a line, so that each
// part but the last fills one.
func breakWords(s string, width int) string {
	if width < 1 || term.DisplayWidth(s) <= width {
		return s
	}
	var b strings.Builder
	taken := 0
	for _, r := range s {
		n := term.DisplayWidth(string(r))
		switch {
		case r == ' ':
			taken = 0
		case taken+n > width:
			b.WriteByte(' ')
			taken = n
		default:
			taken += n
		}
		b.WriteRune(r)
	}
	return b.String()
}

// hops prints the timeline: when, how long after the step before, where, what
// and where it stands, and below it for whom and what the server said.
func (p *story) hops(m *track.Message) {
	if len(m.Hops) == 0 {
		return
	}
	title, day := "Timeline", ""
	if !m.First.IsZero() {
		first := m.First.Time().In(p.loc)
		title += first.Format(" (2006-01-02 MST)")
		day = first.Format(time.DateOnly)
	}
	fmt.Fprintf(p.w, "\n%s\n", p.out.Bold(title))
	places := shortPlaces(m.Hops)
	for i := range m.Hops {
		h := &m.Hops[i]
		clock, elapsed := "-", ""
		if !h.Time.IsZero() {
			at := h.Time.Time().In(p.loc)
			clock = at.Format("15:04:05.000")
			if d := at.Format(time.DateOnly); d != day {
				day = d
				fmt.Fprintf(p.w, "  %s\n", p.out.Bold(day))
			}
			if i > 0 {
				elapsed = "+" + table.Duration(h.Elapsed)
			}
		}
		event := strings.TrimSpace(h.Source + " " + h.EventID)
		if h.Number >= 0 {
			event += fmt.Sprintf(" (%d)", h.Number)
		}
		p.hop(fmt.Sprintf("  %-12s %8s  %s  %s", clock, elapsed, padded(dash(h.Server), 12), padded(event, 24)),
			fmt.Sprintf("%s:%d", places[h.Pos.File], h.Pos.Line))
		if len(h.Recipients) > 0 {
			p.fold("      for ", someOf(h.Recipients), "        ")
		}
		if h.Detail != "" {
			p.fold("      ", h.Detail, "      ")
		}
	}
}

// hop prints a safe line and the place where it stands, in the same line where
// there is room for it.
func (p *story) hop(line, place string) {
	place = term.Safe(place)
	if w := term.DisplayWidth(line); w+2+term.DisplayWidth(place) <= p.out.Width() {
		fmt.Fprintf(p.w, "%s  %s\n", line, p.out.Dim(place))
		return
	}
	p.fold("", strings.TrimRight(line, " "), "      ")
	p.dimmed("      ", place)
}

// padded returns text made safe, with blanks up to a width; a longer one keeps
// its length.
func padded(text string, width int) string {
	text = term.Safe(text)
	return text + strings.Repeat(" ", max(0, width-term.DisplayWidth(text)))
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// maxNamed is how many recipients a step names: the verdicts follow anyway.
const maxNamed = 10

func someOf(addresses []string) string {
	if n := len(addresses); n > maxNamed {
		return fmt.Sprintf("%s and %s more", strings.Join(addresses[:maxNamed], " "), table.Count(int64(n-maxNamed)))
	}
	return strings.Join(addresses, " ")
}

// shortPlaces returns short names for the files of the steps.
func shortPlaces(hops []track.Hop) map[string]string {
	files := map[string]bool{}
	for i := range hops {
		files[hops[i].Pos.File] = true
	}
	return shortNames(maps.Keys(files), maps.Keys(files))
}

func (p *story) recipients(m *track.Message) {
	if len(m.Recipients) == 0 {
		return
	}
	fmt.Fprintf(p.w, "\n%s\n", p.out.Bold("Recipients"))
	for i := range m.Recipients {
		r := &m.Recipients[i]
		p.fold("  ", p.verdictOf(r), "      ")
		for _, to := range append(r.ExpandedInto[:len(r.ExpandedInto):len(r.ExpandedInto)], r.RedirectedTo...) {
			p.fold("      → ", to, "        ")
		}
		if r.Text != "" {
			p.fold("      ", r.Text, "      ")
		}
		if r.Reason != 0 && r.Class.Failed() {
			p.fold("      ", fmt.Sprintf("%s (%s)", r.Reason, actorText(r.Actor)), "      ")
		}
	}
}

// verdictOf is what became of the message for the recipient, in a sentence.
func (p *story) verdictOf(r *track.RecipientVerdict) string {
	text := r.Address
	if r.Alias != "" {
		text += fmt.Sprintf(" (sent to %s)", r.Alias)
	}
	text += "  " + string(r.Status)
	switch {
	case r.At.IsZero():
	case r.Status == track.Pending:
		text += ", last seen " + p.stamp(r.At)
	case r.Status == track.Deferred:
		text += ", last tried " + p.stamp(r.At)
	default:
		text += " " + p.stamp(r.At)
	}
	if r.Server != "" {
		text += " on " + r.Server
	}
	if r.Host != "" {
		text += " by " + r.Host
	}
	if r.Deferrals > 0 {
		text += ", put off " + plural(int64(r.Deferrals), "time")
		if r.Status != track.Deferred {
			text += " before"
		}
		if r.Deferrals > 1 && !r.DeferredSince.IsZero() {
			text += ", first at " + p.stamp(r.DeferredSince)
		}
	}
	return text
}

func (p *story) stamp(t outcome.Time) string { return t.Time().In(p.loc).Format(time.DateTime) }

func (p *story) holes(m *track.Message) {
	if len(m.Holes) == 0 {
		return
	}
	fmt.Fprintf(p.w, "\n%s\n", p.out.Yellow("Missing"))
	for _, h := range m.Holes {
		p.fold("  ", h.Text, "      ")
	}
}

func (p *story) related(m *track.Message) {
	if len(m.Related) == 0 {
		return
	}
	fmt.Fprintf(p.w, "\n%s\n", p.out.Bold("Related messages"))
	for _, r := range m.Related {
		p.fold(fmt.Sprintf("  %-10s  ", r.Relation), r.MessageID, "      ")
	}
}

// links prints the sessions that carried the message, and by which rule that is
// known.
func (p *story) links(m *track.Message) {
	if len(m.Sessions) == 0 {
		return
	}
	fmt.Fprintf(p.w, "\n%s\n", p.out.Bold("Sessions of the protocol logs"))
	for _, l := range m.Sessions {
		clock := "-"
		if !l.Start.IsZero() {
			clock = l.Start.Time().In(p.loc).Format(time.TimeOnly)
		}
		place := fmt.Sprintf("%s:%d", l.Pos.File, l.Pos.Line)
		text := fmt.Sprintf("%s by %s", l.Sure, l.Rule)
		if l.Server != "" {
			text = "on " + l.Server + "  " + text
		}
		if l.Session != place { // a session without an id of its own is named by its place
			text = l.Session + "  " + text
		}
		p.fold(fmt.Sprintf("  %-8s  %-8s  ", clock, l.Direction), text, "      ")
		p.dimmed("      ", place)
	}
}

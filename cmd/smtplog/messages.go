package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/smtplog/smtplog/cmd/internal/csvout"
	"github.com/smtplog/smtplog/cmd/internal/tables"
	"github.com/smtplog/smtplog/cmd/internal/term"
	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/input"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/reply/outcome"
	"github.com/smtplog/smtplog/track"
	"github.com/smtplog/smtplog/track/analysis"
)

type messagesFlags struct {
	readFlags
	where                          string
	sender, recipient, subject, id string
	status                         []string
	window                         time.Duration
	rules                          string
	top                            int
	json, csv                      bool
}

func (a *app) messagesCommand() *cobra.Command {
	var f messagesFlags
	cmd := &cobra.Command{
		Use:   "messages PATH…",
		Short: "List the messages of the tracking logs with their verdicts",
		Long: `Puts the rows of all tracking logs together to messages, over all servers, and lists
each with what became of it. The order is that in which messages were complete.

The status of a message or recipient: delivered (in the mailbox, or accepted by an
outside host), failed, partial, deferred, pending (the logs show no verdict), expanded,
redirected, quarantined, dropped.`,
		Example: `  smtplog messages MSGTRK*.LOG --sender bob@example.com --since yesterday
  smtplog messages logs --status failed,deferred
  smtplog messages logs --where 'latency_ms > 60000 and sender endswith "@example.com"'
  smtplog messages logs --json | jq 'select(.latency_ms > 60000) | .message_id'`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.messages(cmd.Context(), &f, args) },
	}
	f.add(cmd)
	f.addTimes(cmd, "messages")
	fl := cmd.Flags()
	addWhere(fl, &f.where, "messages", "latency_ms > 60000 or failed > 0")
	fl.StringVar(&f.sender, "sender", "", "only messages whose sender contains `TEXT`, e.g. --sender @example.com")
	fl.StringVar(&f.recipient, "recipient", "", "only messages with a recipient that contains `TEXT`, e.g. --recipient alice@")
	fl.StringVar(&f.subject, "subject", "", "only messages whose subject contains `TEXT`, e.g. --subject invoice")
	fl.StringVar(&f.id, "id", "", "only messages whose message id or network message id contains `TEXT`, e.g. --id 5b0c1b1e")
	fl.StringSliceVar(&f.status, "status", nil, "only messages of these `STATUSES`, e.g. --status failed,deferred")
	fl.DurationVar(&f.window, "window", track.DefaultWindow, "a message without a verdict may get further rows for this `TIME`, e.g. --window 24h")
	fl.IntVar(&f.top, "top", 0, "stop after `N` messages, e.g. 100; 0 is all")
	fl.BoolVar(&f.json, "json", false, "one JSON object a line, e.g. --json | jq .recipients")
	fl.BoolVar(&f.csv, "csv", false, "CSV, a row for each recipient, e.g. --csv > messages.csv")
	addRules(fl, &f.rules)
	cmd.MarkFlagsMutuallyExclusive("json", "csv")
	return cmd
}

// takes reports whether the flags ask for the message.
func (f *messagesFlags) takes(m *track.Message) bool {
	if len(f.status) > 0 && !slices.Contains(f.status, string(m.Status)) {
		return false
	}
	if !has(m.Sender, f.sender) || !has(m.Subject, f.subject) || !has(m.MessageID, f.id) && !has(m.NetworkID, f.id) {
		return false
	}
	return f.recipient == "" || slices.ContainsFunc(m.Recipients, func(r track.RecipientVerdict) bool {
		return has(r.Address, f.recipient)
	})
}

// has reports whether s contains part, in any case.
func has(s, part string) bool {
	return part == "" || strings.Contains(strings.ToLower(s), strings.ToLower(part))
}

func (f *messagesFlags) check() error {
	for _, s := range f.status {
		if !slices.Contains(track.Statuses(), track.Status(s)) {
			return usageError{fmt.Errorf("--status: unknown status %q; the statuses are %s", s, statusList())}
		}
	}
	if f.window <= 0 {
		return usageError{fmt.Errorf("--window is a time above 0, such as 24h")}
	}
	if f.top < 0 {
		return usageError{fmt.Errorf("--top is 0 for all, or a number")}
	}
	return nil
}

func statusList() string {
	var names []string
	for _, s := range track.Statuses() {
		names = append(names, string(s))
	}
	return strings.Join(names, ", ")
}

// A messagePrinter prints one message after the other.
type messagePrinter interface {
	print(m *track.Message) error
	end() error
}

func (a *app) messages(ctx context.Context, f *messagesFlags, paths []string) error {
	if err := f.check(); err != nil {
		return err
	}
	c, err := classifier(f.rules)
	if err != nil {
		return err
	}
	where, err := a.where(f.where, tables.Messages, &f.readFlags)
	if err != nil {
		return err
	}
	j, err := a.start(ctx, &f.readFlags, paths)
	if err != nil {
		return err
	}
	var p messagePrinter
	switch {
	case f.json:
		p = &jsonLines[*track.Message]{w: a.stdout}
	case f.csv:
		p = newMessageCSV(a.stdout)
	default:
		p = newMessageTable(a.stdout, j.out, j.loc)
	}
	window := analysis.Options{Since: j.since, Until: j.until}
	list, reading := newListing(ctx, f.top)
	var rows tables.Rows
	messages := track.NewBuilder(&track.Options{Window: f.window, Classifier: c, Memory: j.memory}, func(m *track.Message) {
		if window.Includes(m.First) && f.takes(m) && where.match(rows.Message(m)) {
			list.item(func() error { return p.print(m) })
		}
	})
	sessions := session.NewBuilder(&session.Options{Classifier: c, Memory: j.memory}, messages.AddSession)
	logs := analysis.Prepare(ctx, j.sources, &j.read)
	err = logs.ReadFrom(reading, messages.Upcoming, func(rec *logparse.Record) {
		sessions.Add(rec)
		messages.Add(rec)
	})
	sessions.Close()
	messages.Close()
	j.bar.Stop()
	if err := list.end(err, p.end); err != nil {
		return err
	}
	if n := messages.Cut(); n > 0 {
		fmt.Fprintf(a.stderr, "smtplog: %s had no verdict for %s of log time and got no further rows (--window)\n", plural(n, "message"), f.window)
	}
	reportMessages(a.stderr, messages.Capped(), messages.Unjoined())
	if err := a.finish(ctx, j, logs.Input()); err != nil {
		return err
	}
	if !logs.Tracked() {
		return fmt.Errorf("no message-tracking logs in %s", strings.Join(j.paths, ", "))
	}
	return nil
}

type messageCSV struct{ w *csvout.Writer }

func newMessageCSV(w io.Writer) *messageCSV {
	out := csvout.NewWriter(w)
	out.Write("message_id", "network_message_id", "subject", "sender", "bytes", "first", "last", "message_status",
		"recipient", "status", "at", "server", "code", "enhanced", "reason", "text", "latency_ms")
	return &messageCSV{out}
}

func (p *messageCSV) print(m *track.Message) error {
	latency := ""
	if m.HasLatency {
		latency = fmt.Sprint(m.Latency.Milliseconds())
	}
	size := ""
	if m.Bytes > 0 {
		size = fmt.Sprint(m.Bytes)
	}
	recipients := m.Recipients
	if len(recipients) == 0 {
		recipients = []track.RecipientVerdict{{}} // the message has a row all the same
	}
	for i := range recipients {
		r := &recipients[i]
		p.w.Write(m.MessageID, m.NetworkID, m.Subject, m.Sender, size, m.First.String(), m.Last.String(), string(m.Status),
			r.Address, string(r.Status), r.At.String(), r.Server, r.Code.String(), r.Enhanced.String(), r.Reason.String(), r.Text, latency)
	}
	return nil // the first error comes back from Flush
}

func (p *messageCSV) end() error { return p.w.Flush() }

// A messageTable prints rows of fixed widths, since nobody knows how many come.
type messageTable struct {
	w      io.Writer
	loc    *time.Location
	widths [5]int
	begun  bool
}

func newMessageTable(w io.Writer, out *term.Output, loc *time.Location) *messageTable {
	const first, status = len("01-02 15:04:05"), len("quarantined")
	room := out.Width() - first - status - 4*2 // 60 columns at least leave 27
	return &messageTable{w: w, loc: loc, widths: [5]int{first, status, room * 3 / 10, room * 3 / 10, room - 2*(room*3/10)}}
}

func (t *messageTable) row(cells ...string) error { return fixedRow(t.w, t.widths[:], cells) }

func (t *messageTable) print(m *track.Message) error {
	if !t.begun {
		t.begun = true
		if err := t.row("FIRST", "STATUS", "SENDER", "RECIPIENTS", "MESSAGESUBJECT"); err != nil {
			return err
		}
	}
	return t.row(shortStamp(m.First, t.loc), string(m.Status), sender(m), recipientsText(m), m.Subject)
}

// sender is how people see the sender: the null sender is not nobody.
func sender(m *track.Message) string {
	if m.HasSender && m.Sender == "" {
		return "<>"
	}
	return m.Sender
}

// recipientsText names the first recipient and counts the others.
func recipientsText(m *track.Message) string {
	switch n := len(m.Recipients); n {
	case 0:
		return ""
	case 1:
		return m.Recipients[0].Address
	default:
		return fmt.Sprintf("%s +%d", m.Recipients[0].Address, n-1)
	}
}

func (t *messageTable) end() error {
	if !t.begun {
		_, err := fmt.Fprintln(t.w, "No messages match.")
		return err
	}
	return nil
}

// shortStamp is the time of a row in a list.
func shortStamp(t outcome.Time, loc *time.Location) string {
	if t.IsZero() {
		return "-"
	}
	return t.Time().In(loc).Format("01-02 15:04:05")
}

// fixedRow prints cells cut to the widths, set two blanks apart.
func fixedRow(w io.Writer, widths []int, cells []string) error {
	var b strings.Builder
	for i, c := range cells {
		c = term.Cut(input.Text([]byte(c)), widths[i])
		b.WriteString(c)
		if i < len(cells)-1 {
			b.WriteString(strings.Repeat(" ", widths[i]-term.DisplayWidth(c)+2))
		}
	}
	_, err := fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	return err
}

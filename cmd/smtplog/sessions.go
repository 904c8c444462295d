package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/smtplog/smtplog/cmd/internal/csvout"
	"github.com/smtplog/smtplog/cmd/internal/table"
	"github.com/smtplog/smtplog/cmd/internal/tables"
	"github.com/smtplog/smtplog/cmd/internal/term"
	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/reply/outcome"
	"github.com/smtplog/smtplog/track/analysis"
)

type sessionsFlags struct {
	readFlags
	where       string
	top         int
	rules       string
	json        bool
	csv         bool
	transcript  bool
	showSecrets bool
}

func (a *app) sessionsCommand() *cobra.Command {
	var f sessionsFlags
	cmd := &cobra.Command{
		Use:   "sessions PATH…",
		Short: "List the sessions, one a line, or print their conversations",
		Long: `Lists each SMTP connection with who connected, what was sent and how it ended, in
the order in which the sessions ended; those that are still open come last.

--transcript prints the conversations: "<" received, ">" sent, "*" noted by the
logging server. Passwords and SASL answers are left out unless --show-secrets is given.`,
		Example: `  smtplog sessions RECV*.LOG --since -3h
  smtplog sessions ex061009.log --transcript
  smtplog sessions logs --where 'tls_version == "" and recipients > 100'
  smtplog sessions logs --json | jq 'select(.tls == null and .direction == "inbound") | .remote'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkTop(f.top); err != nil {
				return err
			}
			return a.sessions(cmd.Context(), &f, args)
		},
	}
	f.add(cmd)
	f.addTimes(cmd, "sessions")
	fl := cmd.Flags()
	addWhere(fl, &f.where, "sessions", "direction == \"inbound\" and rejected > 0")
	fl.IntVar(&f.top, "top", 0, "stop after `N` sessions, e.g. 100; 0 is all")
	fl.BoolVar(&f.json, "json", false, "one JSON object a line, e.g. --json | jq .remote")
	fl.BoolVar(&f.csv, "csv", false, "CSV, a row for each session, e.g. --csv > sessions.csv")
	fl.BoolVar(&f.transcript, "transcript", false, "print the conversations, e.g. --transcript; with --json as a list of steps")
	fl.BoolVar(&f.showSecrets, "show-secrets", false, "show passwords and SASL answers, e.g. --transcript --show-secrets")
	addRules(fl, &f.rules)
	cmd.MarkFlagsMutuallyExclusive("json", "csv")
	cmd.MarkFlagsMutuallyExclusive("transcript", "csv")
	return cmd
}

// A sessionPrinter prints one session after the other.
type sessionPrinter interface {
	print(s *session.Session) error
	end() error
}

func (a *app) sessions(ctx context.Context, f *sessionsFlags, paths []string) error {
	c, err := classifier(f.rules)
	if err != nil {
		return err
	}
	where, err := a.where(f.where, tables.Sessions, &f.readFlags)
	if err != nil {
		return err
	}
	j, err := a.start(ctx, &f.readFlags, paths)
	if err != nil {
		return err
	}
	chosen := where != nil || !j.since.IsZero() || !j.until.IsZero()
	var p sessionPrinter
	switch {
	case f.json:
		p = &jsonLines[*session.Session]{w: a.stdout}
	case f.csv:
		p = newSessionCSV(a.stdout)
	case f.transcript:
		p = &transcripts{w: a.stdout, out: j.out, loc: j.loc, chosen: chosen}
	default:
		p = newSessionTable(a.stdout, j.out, j.loc, chosen)
	}
	logs := analysis.Prepare(ctx, j.sources, &j.read)
	links := sessionLinks{find: a.linkFinder(ctx, f, j, logs)}
	window := analysis.Options{Since: j.since, Until: j.until}
	list, reading := newListing(ctx, f.top)
	var rows tables.Rows
	files := newPlainFiles(j.sources)
	defer files.close()
	b := session.NewBuilder(&session.Options{
		Transcript: f.transcript, ShowSecrets: f.showSecrets, Classifier: c, Memory: j.memory, Again: files.of,
	}, func(s *session.Session) {
		if window.Includes(s.Start) && where.match(rows.Session(s)) {
			list.item(func() (err error) {
				if s.Messages, err = links.of(s); err != nil {
					return err
				}
				return p.print(s)
			})
		}
	})
	err = logs.Read(reading, b.Add)
	b.Close()
	j.bar.Stop()
	if err := list.end(err, p.end); err != nil {
		return err
	}
	reportCapped(a.stderr, b)
	if err := a.finish(ctx, j, logs.Input()); err != nil {
		return err
	}
	return withoutProtocol(logs, j.paths)
}

// withoutProtocol returns an error where there are logs, and none that sessions are
// in.
func withoutProtocol(logs *analysis.Logs, paths []string) error {
	some := false
	for _, log := range logs.All() {
		if log.Found.Format.Protocol() {
			return nil
		}
		some = some || log.Found.Format != logparse.FormatUnknown
	}
	switch in := strings.Join(paths, ", "); {
	case !some:
		return nil
	case logs.Tracked():
		return fmt.Errorf("no SMTP protocol logs in %s; smtplog messages lists what message tracking has", in)
	default:
		return fmt.Errorf("no SMTP protocol logs in %s", in)
	}
}

// sessionLinks say which messages sessions carried. They are found when the first
// session asks: tracking logs alone have none.
type sessionLinks struct {
	find  func() (*analysis.Links, error) // nil where none are wanted, or when it was called
	links *analysis.Links
}

func (l *sessionLinks) of(s *session.Session) ([]session.Message, error) {
	if find := l.find; find != nil {
		l.find = nil
		var err error
		if l.links, err = find(); err != nil {
			return nil, err
		}
	}
	return l.links.Of(s), nil
}

// linkFinder returns what finds out which messages the sessions carried, where
// tracking logs are among the files and the output has a place for them. That
// takes a pass of its own, which pipes do not allow.
func (a *app) linkFinder(ctx context.Context, f *sessionsFlags, j *job, logs *analysis.Logs) func() (*analysis.Links, error) {
	if !logs.Tracked() || !f.json && !f.transcript || !rereadable(j.sources) {
		return nil
	}
	return func() (*analysis.Links, error) {
		links, err := analysis.FindLinks(ctx, logs, j.memory)
		if err != nil {
			return nil, err
		}
		reportMessages(a.stderr, links.CappedMessages, links.Unjoined)
		if links.Dropped > 0 {
			fmt.Fprintf(a.stderr, "smtplog: %s to messages beyond the first %s left out\n", plural(links.Dropped, "link"), table.Count(analysis.MaxLinks))
		}
		return links, nil
	}
}

type sessionCSV struct{ w *csvout.Writer }

func newSessionCSV(w io.Writer) *sessionCSV {
	out := csvout.NewWriter(w)
	out.Write("id", "start", "end", "duration_ms", "direction", "server", "connector", "local", "remote", "helo",
		"tls", "user", "transactions", "recipients", "accepted", "deferred", "rejected", "unknown",
		"ended", "confidence", "unused", "first_failure", "file", "line")
	return &sessionCSV{out}
}

func (p *sessionCSV) print(s *session.Session) error {
	n := s.Results.Recipients
	tls, user, failure := "", "", ""
	if s.TLS != nil {
		tls = s.TLS.Version
	}
	if s.Auth != nil {
		user = s.Auth.User
	}
	if len(s.Failures) > 0 {
		failure = exampleText(&s.Failures[0])
	}
	p.w.Write(s.ID, s.Start.String(), s.End.String(), fmt.Sprint(s.Duration.Milliseconds()), s.Direction.String(), s.Server,
		s.Connector, s.Local, s.Remote, s.Helo, tls, user, fmt.Sprint(len(s.Transactions)),
		fmt.Sprint(n.Total), fmt.Sprint(n.Accepted), fmt.Sprint(n.Deferred), fmt.Sprint(n.Rejected), fmt.Sprint(n.Unknown),
		string(s.Ended), string(s.Confidence), fmt.Sprint(s.Unused), failure, s.Sources[0].File, fmt.Sprint(s.Sources[0].FirstLine))
	return nil // the first error comes back from Flush
}

func (p *sessionCSV) end() error { return p.w.Flush() }

// A sessionTable prints rows of fixed widths, since nobody knows how many come.
type sessionTable struct {
	w      io.Writer
	out    *term.Output
	loc    *time.Location
	chosen bool // sessions were asked for by --where, --since or --until
	widths [7]int
	begun  bool
}

func newSessionTable(w io.Writer, out *term.Output, loc *time.Location, chosen bool) *sessionTable {
	const start, direction, remote, ended = len("01-02 15:04:05"), len("out"), len("255.255.255.255"), len("timeout?")
	room := out.Width() - start - direction - remote - ended - 6*2 // at least 8: no Output is narrower than 60
	from := min(room*3/10, 40)
	return &sessionTable{w: w, out: out, loc: loc, chosen: chosen, widths: [7]int{start, direction, remote, from, from, room - 2*from, ended}}
}

func (t *sessionTable) row(cells ...string) error { return fixedRow(t.w, t.widths[:], cells) }

func (t *sessionTable) print(s *session.Session) error {
	if !t.begun {
		t.begun = true
		if err := t.row("START", "DIR", "REMOTE", "FROM", "TO", "VERDICT", "ENDED"); err != nil {
			return err
		}
	}
	direction := map[outcome.Direction]string{outcome.Inbound: "in", outcome.Outbound: "out"}[s.Direction]
	from, to := fromTo(s)
	ended := string(s.Ended)
	if s.Confidence == session.Ambiguous {
		ended += "?"
	}
	return t.row(shortStamp(s.Start, t.loc), direction, session.Host(s.Remote), from, to, verdict(s), ended)
}

func (t *sessionTable) end() error {
	if !t.begun {
		return noSessions(t.w, t.chosen)
	}
	return nil
}

// noSessions says that there are none, or none of those that were chosen.
func noSessions(w io.Writer, chosen bool) error {
	text := "No SMTP sessions in these logs."
	if chosen {
		text = "No SMTP session in these logs matches."
	}
	_, err := fmt.Fprintln(w, text)
	return err
}

// fromTo names the sender and the recipients of a session: the first, and how
// many more.
func fromTo(s *session.Session) (from, to string) {
	recipients := 0
	for i := range s.Transactions {
		t := &s.Transactions[i]
		if i == 0 {
			from = t.From
			if t.HasFrom && from == "" {
				from = "<>"
			}
		}
		for j := range t.Recipients {
			if recipients == 0 {
				to = t.Recipients[j].To
			}
			recipients++
		}
	}
	if n := len(s.Transactions); n > 1 {
		from += fmt.Sprintf(" +%d", n-1)
	}
	if recipients > 1 {
		to += fmt.Sprintf(" +%d", recipients-1)
	}
	return from, to
}

// verdict says in a few words what became of a session.
func verdict(s *session.Session) string {
	switch {
	case len(s.Failures) > 0:
		return exampleText(&s.Failures[0])
	case s.Unused:
		return "unused"
	case len(s.Transactions) == 0:
		return "no message"
	}
	results := map[session.Result]int{}
	for i := range s.Transactions {
		results[s.Transactions[i].Result]++
	}
	var words []string
	for _, r := range []session.Result{session.Accepted, session.Partial, session.Deferred, session.Rejected, session.Aborted, session.Unknown} {
		switch n := results[r]; {
		case n == 1:
			words = append(words, string(r))
		case n > 1:
			words = append(words, fmt.Sprintf("%d %s", n, r))
		}
	}
	return strings.Join(words, ", ")
}

// transcripts prints conversations.
type transcripts struct {
	w      io.Writer
	out    *term.Output
	loc    *time.Location
	chosen bool // as in a sessionTable
	begun  bool
}

func (t *transcripts) print(s *session.Session) error {
	if t.begun {
		fmt.Fprintln(t.w)
	}
	t.begun = true
	head := fmt.Sprintf("%s  %s  %s", s.ID, s.Direction, s.Remote)
	if !s.Start.IsZero() {
		head = s.Start.Time().In(t.loc).Format(time.DateOnly) + "  " + head
	}
	if s.Connector != "" {
		head += "  " + s.Connector
	}
	fmt.Fprintf(t.w, "%s\n", t.out.Bold(term.Safe(head)))
	for i := range s.Transcript {
		t.step(&s.Transcript[i])
	}
	for _, m := range s.Messages {
		id := m.MessageID
		if id == "" {
			id = m.NetworkID
		}
		fmt.Fprintf(t.w, "  message %s (%s by %s)\n", term.Safe(id), m.Sure, m.Rule)
	}
	if s.Shortened > 0 {
		fmt.Fprintf(t.w, "  … %s more\n", plural(s.Shortened, "step"))
	}
	_, err := fmt.Fprintf(t.w, "  %s\n", t.out.Dim(fmt.Sprintf("ended: %s (%s)  %s:%d-%d",
		s.Ended, s.Confidence, term.Safe(s.Sources[0].File), s.Sources[0].FirstLine, s.Sources[len(s.Sources)-1].LastLine)))
	return err
}

func (t *transcripts) step(s *session.Step) {
	mark := "*"
	switch {
	case s.Kind == logparse.KindConnect:
		mark = "+"
	case s.Kind == logparse.KindDisconnect:
		mark = "-"
	case s.Sent:
		mark = ">"
	case s.Kind == logparse.KindCommand, s.Kind == logparse.KindReply:
		mark = "<"
	}
	at := strings.Repeat(" ", len("15:04:05"))
	if !s.Time.IsZero() {
		at = s.Time.Time().In(t.loc).Format(time.TimeOnly)
	}
	for i, line := range strings.Split(s.Text, "\n") {
		line = term.Safe(line)
		if i == 0 && s.Code != 0 {
			line += "  → " + s.Code.String()
		}
		fmt.Fprintf(t.w, "  %s %s %s\n", at, mark, line)
		at = strings.Repeat(" ", len("15:04:05"))
	}
}

func (t *transcripts) end() error {
	if !t.begun {
		return noSessions(t.w, t.chosen)
	}
	return nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smtplog/smtplog/cmd/internal/table"
	"github.com/smtplog/smtplog/cmd/internal/tables"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/track"
	"github.com/smtplog/smtplog/track/analysis"
)

type traceFlags struct {
	readFlags
	where string
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
	addWhere(fl, &f.where, "messages", "status == \"failed\"")
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
	where, err := a.where(f.where, tables.Messages, &f.readFlags)
	if err != nil {
		return err
	}
	j, err := a.start(ctx, &f.readFlags, paths)
	if err != nil {
		return err
	}
	if !rereadable(j.sources) {
		return usageError{errors.New("trace reads the logs more than once: name files instead of standard input or a pipe")}
	}
	logs := analysis.Prepare(ctx, j.sources, &j.read)
	window := analysis.Options{Since: j.since, Until: j.until}
	var rows tables.Rows
	found, err := analysis.FindMessages(ctx, logs, &analysis.Search{
		Needle:  track.ParseNeedle(needle),
		Message: func(m *track.Message) bool { return window.Includes(m.First) && where.match(rows.Message(m)) },
		Session: func(s *session.Session) bool { return where == nil && window.Includes(s.Start) },

		Classifier: c, Memory: j.memory,
	})
	j.bar.Stop()
	if err != nil {
		return err
	}
	matches, all := found.Messages, len(found.Messages)
	if f.pick > 0 && f.pick <= all {
		matches = matches[f.pick-1 : f.pick]
	}
	var sessions []*session.Session // that say something where no tracking log does
	if all+found.Others == 0 {
		sessions = found.Sessions
	}
	p := &story{w: a.stdout, out: j.out, loc: j.loc}
	switch {
	case f.pick > all:
	case f.json:
		err = a.printMatches(matches)
	case len(matches) == 1:
		p.message(matches[0])
	case len(matches) > 1:
		err = p.choice(matches, found.More)
	case len(sessions) > 0:
		err = p.sessions(sessions)
	}
	if err != nil {
		return err
	}
	reportTrace(a.stderr, found, f.json)
	if err := a.finish(ctx, j, logs.Input()); err != nil {
		return err
	}
	switch {
	case f.pick > all && found.More > 0:
		return fmt.Errorf("--pick %d: only the first %s of %s can be followed %s", f.pick, table.Count(int64(all)), plural(int64(all+found.More), "message"), narrower)
	case all > 0 && f.pick > all:
		return fmt.Errorf("--pick %d: only %s %s", f.pick, plural(int64(all), "message"), matchWord(all))
	case all > 0 || len(sessions) > 0 && !f.json:
		return nil
	case len(sessions) > 0:
		return fmt.Errorf("no tracking log has a message that matches %q; %s of the protocol logs (shown without --json)", needle, plural(int64(len(sessions)), "session"))
	case found.Others > 0 && where != nil:
		return fmt.Errorf("no message matches %q and what --where, --since and --until ask for; %s without them", needle, plural(int64(found.Others), "message"))
	case found.Others > 0:
		return fmt.Errorf("no message matches %q at the time that --since and --until say; %s at other times", needle, plural(int64(found.Others), "message"))
	}
	return fmt.Errorf("no message matches %q", needle)
}

// narrower is what may be done where too much matches.
const narrower = "(--since, --until and --where narrow it)"

// reportTrace says what is missing in what was found.
func reportTrace(w io.Writer, found *analysis.Trace, json bool) {
	switch {
	case found.More > 0 && json: // the list for people says it itself
		fmt.Fprintf(w, "smtplog: %s match, only the first %s are printed %s\n",
			plural(int64(analysis.MaxMatches+found.More), "message"), table.Count(analysis.MaxMatches), narrower)
	case found.MoreSessions > 0 && len(found.Messages)+found.Others == 0:
		fmt.Fprintf(w, "smtplog: %s carried such a message, only the first %s are listed %s\n",
			plural(int64(analysis.MaxMatches+found.MoreSessions), "session"), table.Count(analysis.MaxMatches), narrower)
	}
	if found.Incomplete {
		fmt.Fprintf(w, "smtplog: so many ids match that not all were followed: messages may be missing, or steps of them (a longer NEEDLE finds fewer)\n")
	}
	reportMessages(w, found.CappedMessages, found.Unjoined)
	if n := found.CappedSessions; n > 0 {
		fmt.Fprintf(w, "smtplog: %s\n", cappedSessions(n))
	}
}

func matchWord(n int) string {
	if n == 1 {
		return "matches"
	}
	return "match"
}

func (a *app) printMatches(matches []*track.Message) error {
	p := &jsonLines[*track.Message]{w: a.stdout}
	for _, m := range matches {
		if err := p.print(m); err != nil {
			return err
		}
	}
	return nil
}

package main

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smtplog/smtplog/cmd/internal/tables"
	"github.com/smtplog/smtplog/logparse/jsontext"
	"github.com/smtplog/smtplog/reply/outcome"
	"github.com/smtplog/smtplog/track/analysis"
)

type analyzeFlags struct {
	readFlags
	where    string
	by       string
	rules    string
	top      int
	json     bool
	csv      bool
	problems bool
}

const defaultTop = 10

func (a *app) analyzeCommand() *cobra.Command {
	var f analyzeFlags
	cmd := &cobra.Command{
		Use:   "analyze PATH…",
		Short: "Say what was read, what became of the mail, and what failed",
		Long: `Reads all logs, rebuilds the sessions and counts: sessions, transactions (one
submission of one message), recipients, and the failures by domain, code and reason.

A failed reply counts once in each group that it reaches: a message refused for
recipients in three domains is one reply in three groups.

--where chooses sessions; messages of tracking logs are not counted with it.`,
		Example: `  smtplog analyze C:\Windows\System32\LogFiles\SMTPSVC1
  smtplog analyze 'logs/**/*.LOG' --since yesterday --by domain,reason
  smtplog analyze logs --where 'host == "192.0.2.7" or auth_user != ""'
  smtplog analyze logs.zip --json | jq '.failures.groups[] | select(.class == "permanent")'
  zcat RECV*.gz | smtplog analyze`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkTop(f.top); err != nil {
				return err
			}
			if !cmd.Flags().Changed("top") && (f.json || f.csv) {
				f.top = 0
			}
			return a.analyze(cmd.Context(), &f, args)
		},
	}
	f.add(cmd)
	f.addTimes(cmd, "sessions")
	fl := cmd.Flags()
	addWhere(fl, &f.where, "sessions", "direction == \"inbound\" and isnull(tls_version)")
	fl.StringVar(&f.by, "by", "domain,code,enhanced,reason", "`KEYS` of the failures, e.g. domain,reason; they are "+keyList())
	fl.IntVar(&f.top, "top", defaultTop, "groups shown, a number `N`, e.g. 25; 0 is all (--json and --csv show all unless it is set)")
	fl.BoolVar(&f.json, "json", false, "print one JSON object, e.g. --json | jq .recipients")
	fl.BoolVar(&f.csv, "csv", false, "print the groups of failures as CSV, e.g. --csv > failures.csv")
	fl.BoolVar(&f.problems, "problems", false, "list the lines that could not be read and the files that were passed over, e.g. --problems")
	addRules(fl, &f.rules)
	cmd.MarkFlagsMutuallyExclusive("json", "csv")
	return cmd
}

func keyList() string {
	names := make([]string, 0, len(outcome.Keys()))
	for _, k := range outcome.Keys() {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

func (a *app) analyze(ctx context.Context, f *analyzeFlags, paths []string) error {
	keys, err := parseKeys(f.by)
	if err != nil {
		return err
	}
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
	// Cancelled or not, what was found is printed.
	result, _ := analysis.Run(ctx, j.sources, &analysis.Options{
		Read: j.read, By: keys, Since: j.since, Until: j.until, Location: j.loc, Classifier: c, Where: where.sessions(), TerseWhere: where.terse(), LinesWhere: where.lines(), Memory: j.memory,
	})
	j.bar.Stop()
	// What could not even be found belongs to the account of the input too.
	failed := append(j.errs, result.Input.Failed...)
	slices.SortStableFunc(failed, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	result.Input.Failed, j.errs = failed, nil
	problems := 20
	if f.problems {
		problems = analysis.MaxProblems
	}
	switch {
	case f.json:
		err = printJSON(a.stdout, result.Limited(f.top, problems))
	case f.csv:
		err = groupsCSV(a.stdout, result, f.top)
	case result.Input.Files > 0:
		err = (&overview{
			out: j.out, loc: j.loc, top: f.top, problems: f.problems, files: j.names,
			chosen: f.where != "" || !j.since.IsZero() || !j.until.IsZero(),
		}).print(a.stdout, result)
	}
	if err != nil {
		return err
	}
	return a.finish(ctx, j, &result.Input)
}

func printJSON(w io.Writer, v any) error {
	b, err := jsontext.AppendValue(nil, v)
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

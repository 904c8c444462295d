package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/smtplog/smtplog/cmd/internal/tables"
	"github.com/smtplog/smtplog/track/analysis"
)

type recordsFlags struct {
	readFlags
	where       string
	json        bool
	showSecrets bool
	top         int
}

func (a *app) recordsCommand() *cobra.Command {
	var f recordsFlags
	cmd := &cobra.Command{
		Use:   "records PATH…",
		Short: "Print every record as the readers saw it, one JSON object a line",
		Long: `Prints each record of the logs as one JSON object a line: position, time, session,
the step of the conversation that it stands for, and every column by its own name.
Passwords and SASL answers are left out unless --show-secrets is given.`,
		Example: `  smtplog records ex061009.log | jq 'select(.code >= 500)'
  smtplog records SEND*.LOG | jq -r .fields.data
  smtplog records ex061009.log --where 'verb == "RCPT" and code >= 500'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkTop(f.top); err != nil {
				return err
			}
			return a.records(cmd.Context(), &f, args)
		},
	}
	f.add(cmd)
	f.addTimes(cmd, "records")
	fl := cmd.Flags()
	addWhere(fl, &f.where, "records", `code >= 500 and verb == "RCPT"`)
	fl.BoolVar(&f.json, "json", true, "one JSON object a line, which is all that this command prints, e.g. --json")
	fl.BoolVar(&f.showSecrets, "show-secrets", false, "show passwords and SASL answers, e.g. --show-secrets")
	fl.IntVar(&f.top, "top", 0, "stop after `N` records, e.g. 100; 0 is all")
	return cmd
}

func (a *app) records(ctx context.Context, f *recordsFlags, paths []string) error {
	where, err := a.where(f.where, tables.Records, &f.readFlags)
	if err != nil {
		return err
	}
	j, err := a.start(ctx, &f.readFlags, paths)
	if err != nil {
		return err
	}
	early, late := where.early(), where
	if early != nil {
		late = nil
	}
	list, reading := newListing(ctx, f.top)
	logs := analysis.Prepare(ctx, j.sources, &j.read)
	rows := &rowReader{
		window: analysis.Options{Since: j.since, Until: j.until, Memory: j.memory},
		placed: true,
		terse:  true,
		early:  early,
		lines:  &recordLines{w: a.stdout, list: list, where: late, showSecrets: f.showSecrets},
	}
	err = rows.rowsOf(reading, logs)
	j.bar.Stop()
	if err := list.end(err, func() error { return nil }); err != nil {
		return err
	}
	rows.report(a.stderr)
	return a.finish(ctx, j, rows.input(logs))
}

package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/smtplog/smtplog/cmd/internal/tables"
	"github.com/smtplog/smtplog/logparse"
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

// recordLines prints records as JSON, one object a line. Of those that wait it
// keeps the JSON.
type recordLines struct {
	w           io.Writer
	list        *listing
	where       *filter // what the session of a record has to be known for
	showSecrets bool

	row  tables.Record
	line []byte
	free [][]byte
}

func (p *recordLines) keep(k *keptRecord, rec *logparse.Record) { p.encode(k, rec, false) }

func (p *recordLines) place(k *keptRecord, rec *logparse.Record, session string, secret bool) {
	secret = secret && !p.showSecrets
	switch {
	case !p.where.match(p.row.Set(rec, session, secret)):
		p.release(k)
		k.drop = true
	case k.text == nil || secret:
		p.encode(k, rec, secret)
	}
}

func (p *recordLines) print(k *keptRecord, rec *logparse.Record, session string, secret bool) {
	if rec != nil {
		row := p.row.Set(rec, session, secret && !p.showSecrets)
		switch {
		case !p.where.match(row):
			k.drop = true
		case k.text == nil || secret:
			p.line = append(row.AppendJSON(p.line[:0]), '\n')
			p.list.item(p.write)
			p.release(k)
			return
		}
	}
	if !k.drop {
		p.line = logparse.AppendJSONSession(append(p.line[:0], k.text[:k.gap]...), session)
		p.line = append(append(p.line, k.text[k.gap:]...), '\n')
		p.list.item(p.write)
	}
	p.release(k)
}

func (p *recordLines) write() error {
	_, err := p.w.Write(p.line)
	return err
}

// encode keeps the JSON of a record but for its session.
func (p *recordLines) encode(k *keptRecord, rec *logparse.Record, secret bool) {
	if n := len(p.free); n > 0 && k.text == nil {
		k.text, p.free = p.free[n-1], p.free[:n-1]
	}
	k.text, k.gap = p.row.Set(rec, "", secret).AppendJSONAround(k.text[:0])
}

func (p *recordLines) release(k *keptRecord) {
	if len(p.free) < maxFreeRecords && cap(k.text) > 0 && cap(k.text) <= maxFreeRecord {
		p.free = append(p.free, k.text)
	}
	k.text = nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smtplog/smtplog/cmd/internal/export"
	"github.com/smtplog/smtplog/cmd/internal/tables"
	"github.com/smtplog/smtplog/logparse/query"
	"github.com/smtplog/smtplog/track/analysis"
)

type queryFlags struct {
	readFlags
	rules       string
	json, csv   bool
	to          string
	tables      bool
	showSecrets bool
}

func (a *app) queryCommand() *cobra.Command {
	var f queryFlags
	cmd := &cobra.Command{
		Use:   "query 'QUERY' PATH…",
		Short: "Ask anything about records, sessions, recipients, replies and messages",
		Long: `Answers a query in a language like that of Microsoft Defender and Sentinel (KQL): a
table, then steps, each after a "|". --tables lists the tables and their columns; the
manual of the language is below the flags.

Only what the query needs is read and built. The result is a table, or with --json,
--csv or --to what other programs read; "render barchart" and "render timechart" draw it.`,
		Example: `  smtplog query 'replies | summarize n=count() by domain, code | top 10 by n' logs
  smtplog query 'sessions | where isnull(tls_version) | summarize count() by host' RECV*.LOG
  smtplog query 'records | where code >= 500 | project time, file, line, text' ex*.log --csv
  smtplog query 'recipients' logs --to recipients.parquet
  smtplog query --tables`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.tables {
				return a.listTables(&f, args)
			}
			if len(args) == 0 || strings.TrimSpace(args[0]) == "" {
				return usageError{errors.New("no QUERY given: smtplog query 'sessions | count' PATH (--tables lists the tables, --help has the language)")}
			}
			return a.query(cmd.Context(), &f, args[0], args[1:])
		},
	}
	f.add(cmd)
	f.addTimes(cmd, "sessions, messages or records")
	fl := cmd.Flags()
	fl.BoolVar(&f.json, "json", false, "one JSON object a line, e.g. --json | jq .domain")
	fl.BoolVar(&f.csv, "csv", false, "CSV, e.g. --csv > rows.csv")
	fl.StringVar(&f.to, "to", "", "write a `FILE`, .parquet, .csv or .ndjson, e.g. --to replies.parquet; it appears when it is whole")
	fl.BoolVar(&f.tables, "tables", false, "list the tables and their columns, e.g. --tables; with --json for programs")
	fl.BoolVar(&f.showSecrets, "show-secrets", false, "show passwords and SASL answers in records, e.g. --show-secrets")
	addRules(fl, &f.rules)
	cmd.MarkFlagsMutuallyExclusive("json", "csv", "to")
	cmd.SetHelpFunc(withManual(cmd.HelpFunc()))
	return cmd
}

// withManual prints the manual of the language after the help.
func withManual(help func(*cobra.Command, []string)) func(*cobra.Command, []string) {
	return func(cmd *cobra.Command, args []string) {
		help(cmd, args)
		fmt.Fprintf(cmd.OutOrStdout(), "\nThe language\n\n%s", manual())
	}
}

// manual is the manual of the language without what only programmers need.
func manual() string {
	text := query.Manual()
	if i := strings.Index(text, "# Queries\n"); i >= 0 {
		text = text[i:]
	}
	return strings.ReplaceAll(text, " See [Options].", "")
}

func (a *app) query(ctx context.Context, f *queryFlags, src string, paths []string) error {
	opt, err := f.querying()
	if err != nil {
		return err
	}
	q, err := query.ParseQuery(src, tables.All(), opt)
	if err != nil {
		if _, found := os.Stat(src); found == nil {
			return usageError{fmt.Errorf("%s is a PATH; the QUERY comes first: smtplog query 'sessions | count' %[1]s", src)}
		}
		return usageError{err}
	}
	var format export.Format
	if f.to != "" {
		if format, err = export.FormatOf(f.to); err != nil {
			return usageError{fmt.Errorf("--to: %w", err)}
		}
	}
	c, err := classifier(f.rules)
	if err != nil {
		return err
	}
	j, err := a.start(ctx, &f.readFlags, paths)
	if err != nil {
		return err
	}
	columns := resultColumns(q)
	var out resultPrinter
	switch {
	case f.json:
		out = &sinkPrinter{export.NewJSON(a.stdout, columns)}
	case f.csv:
		out = &sinkPrinter{export.NewCSV(a.stdout, columns)}
	case f.to != "":
		file, err := export.Create(f.to, format, columns)
		if err != nil {
			return err
		}
		defer file.Discard()
		out = &filePrinter{file: file, w: a.stderr}
	case q.Render() != nil:
		out = newChart(a.stdout, j.out, j.loc, q)
	default:
		out = &resultTable{w: a.stdout, stderr: a.stderr, out: j.out, loc: j.loc, columns: columns}
	}
	return a.answer(ctx, f, j, q, &rowReader{
		window: analysis.Options{Since: j.since, Until: j.until, Memory: j.memory}, classifier: c, showSecrets: f.showSecrets,
	}, out)
}

// answer reads the logs, runs the query over its table, and prints the result.
func (a *app) answer(ctx context.Context, f *queryFlags, j *job, q *query.Query, r *rowReader, out resultPrinter) error {
	reading, stop := context.WithCancel(ctx)
	defer stop()
	run := q.Run(out.print)
	var failed error
	enough := false
	add := func(row any) {
		if enough {
			return
		}
		more, err := run.Add(row)
		if !more || err != nil {
			enough, failed = true, err
			stop()
		}
	}
	name := q.Table().Name
	r.each = map[string]func(any){name: add}
	logs := analysis.Prepare(ctx, j.sources, &j.read)
	r.askFor(q, logs)
	readErr := r.rowsOf(reading, logs)
	j.bar.Stop()
	if failed == nil && readErr != nil && !enough && f.to != "" {
		return errUnwritten
	}
	// Cancelled or not, what was found is printed.
	if failed == nil {
		failed = run.Finish()
	}
	if failed != nil {
		return failed
	}
	if err := out.end(); err != nil {
		return err
	}
	r.report(a.stderr)
	return a.finishRows(ctx, j, logs, r, name)
}

// askFor tells the reader what the query needs.
func (r *rowReader) askFor(q *query.Query, logs *analysis.Logs) {
	needs := q.Needs()
	r.terse = tables.Terse(q.Table().Name, needs)
	switch q.Table().Name {
	case tables.Messages, tables.Hops:
		r.linked = slices.Contains(needs, tables.MessageSessions)
	case tables.Records:
		r.early = early(q.Leading())
		r.placed = needsBuilder(needs, logs)
	}
}

// needsBuilder reports whether records must be put together to sessions for
// these columns to be known. A session's id alone stands in the record, where
// logs have ids.
func needsBuilder(columns []string, logs *analysis.Logs) bool {
	if slices.ContainsFunc(columns, tables.HoldsSecrets) {
		return true
	}
	return slices.Contains(columns, tables.RecordSession) && slices.ContainsFunc(logs.All(), func(log *analysis.Log) bool {
		return log.Source.Size() < 0 || log.Found.Format.Protocol() && !log.Found.Format.HasSessionID()
	})
}

func resultColumns(q *query.Query) []export.Column {
	var columns []export.Column
	for _, c := range q.Columns() {
		columns = append(columns, export.Column{Name: c.Name, Type: c.Type})
	}
	return columns
}

// A resultPrinter prints the rows of a result.
type resultPrinter interface {
	print(row []query.Value) error
	end() error
}

// A sinkPrinter prints JSON or CSV.
type sinkPrinter struct{ export.Sink }

func (p *sinkPrinter) print(row []query.Value) error { return p.Write(row) }
func (p *sinkPrinter) end() error                    { return p.Close() }

// A filePrinter writes a file.
type filePrinter struct {
	file *export.File
	w    io.Writer
}

func (p *filePrinter) print(row []query.Value) error { return p.file.Write(row) }

func (p *filePrinter) end() error {
	if err := p.file.Commit(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(p.w, "smtplog: %s written to %s\n", plural(p.file.Rows, "row"), p.file.Path())
	return err
}

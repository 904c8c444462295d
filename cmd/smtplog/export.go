package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smtplog/smtplog/cmd/internal/export"
	"github.com/smtplog/smtplog/cmd/internal/tables"
	"github.com/smtplog/smtplog/logparse/query"
	"github.com/smtplog/smtplog/track/analysis"
)

type exportFlags struct {
	readFlags
	to          string
	tables      []string
	as          string
	rules       string
	showSecrets bool
}

func (a *app) exportCommand() *cobra.Command {
	var f exportFlags
	cmd := &cobra.Command{
		Use:   "export PATH… --to DIR|FILE",
		Short: "Write the tables as Parquet, CSV or JSON for other engines",
		Long: `Writes the tables that smtplog query asks about: one file for each table, log and day,

  DIR/TABLE/date=2026-11-01/LOG-HASH.parquet

so that Spark, DuckDB, Trino and ClickHouse read a table as one data set, and many
machines can write into one folder side by side: HASH stands for the machine, the log's
path and its first record. Exporting a log again replaces what was written before;
with --since or --until only whole days are replaced.
A session belongs to the log in which it begins; the day is that of the column time.

With --to FILE (.parquet, .csv or .ndjson) and one table, everything goes into that file.
Nothing appears before everything is written. smtplog query --tables has the schema.`,
		Example: `  smtplog export logs --to lake
  smtplog export RECV*.LOG --tables sessions,recipients --as csv --to out
  smtplog export logs --tables replies --to replies.parquet --since yesterday`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.export(cmd.Context(), &f, args) },
	}
	f.add(cmd)
	f.addTimes(cmd, "sessions, messages and records")
	fl := cmd.Flags()
	fl.StringVar(&f.to, "to", "", "write into this folder, or one table into this `FILE`, e.g. --to lake, --to sessions.parquet")
	fl.StringSliceVar(&f.tables, "tables", tableNames(), "the `TABLES` to write, e.g. --tables sessions,recipients")
	fl.StringVar(&f.as, "as", "", "`FORMAT` of the files in a folder: parquet, csv or ndjson (default parquet)")
	fl.BoolVar(&f.showSecrets, "show-secrets", false, "write passwords and SASL answers into records, e.g. --show-secrets")
	addRules(fl, &f.rules)
	return cmd
}

func tableNames() []string {
	var names []string
	for _, t := range tables.All() {
		names = append(names, t.Name)
	}
	return names
}

// target says where rows go: a file for one table, else a folder.
func (f *exportFlags) target() (single bool, format export.Format, err error) {
	for _, name := range f.tables {
		if tables.Table(name) == nil {
			return false, "", fmt.Errorf("--tables: there is no table %q; the tables are %s", name, strings.Join(tableNames(), ", "))
		}
	}
	if len(f.tables) == 0 {
		return false, "", errors.New("--tables names no table")
	}
	format = export.Parquet
	if f.as != "" {
		if format, err = export.ParseFormat(f.as); err != nil {
			return false, "", fmt.Errorf("--as: %w", err)
		}
	}
	switch of, err := export.FormatOf(f.to); {
	case f.to == "":
		return false, "", errors.New("no --to given: name a folder, or a file for one table")
	case err != nil:
		return false, format, nil
	case f.as != "" && of != format:
		return false, "", fmt.Errorf("--as %s and --to %s contradict each other", f.as, filepath.Base(f.to))
	case len(f.tables) > 1:
		return false, "", fmt.Errorf("--to %s: a file takes one table, which --tables names; several need a folder", filepath.Base(f.to))
	default:
		return true, of, nil
	}
}

func (a *app) export(ctx context.Context, f *exportFlags, paths []string) error {
	slices.Sort(f.tables)
	f.tables = slices.Compact(f.tables)
	single, format, err := f.target()
	if err != nil {
		return usageError{err}
	}
	c, err := classifier(f.rules)
	if err != nil {
		return err
	}
	j, err := a.start(ctx, &f.readFlags, paths)
	if err != nil {
		return err
	}
	window := analysis.Options{Since: j.since, Until: j.until, Memory: j.memory}
	logs := analysis.Prepare(ctx, j.sources, &j.read)
	var w exporter
	if single {
		w, err = newFileExport(f.to, format, f.tables[0])
	} else {
		w, err = newFolderExport(f.to, format, logs, window)
	}
	if err != nil {
		return err
	}
	defer w.discard()
	r := &rowReader{
		window: window, classifier: c, showSecrets: f.showSecrets,
		placed: true, linked: true, each: map[string]func(any){},
	}
	var failed error
	reading, stop := context.WithCancel(ctx)
	defer stop()
	for _, name := range f.tables {
		t := newTableRows(tables.Table(name))
		r.each[name] = func(row any) {
			if failed != nil {
				return
			}
			if failed = w.write(t, row); failed != nil {
				stop()
			}
		}
	}
	err = r.rowsOf(reading, logs)
	j.bar.Stop()
	if failed == nil {
		failed = err
	}
	if failed == nil {
		failed = w.commit()
	}
	if failed != nil && ctx.Err() != nil {
		return errUnwritten
	}
	if failed != nil {
		return failed
	}
	r.report(a.stderr)
	fmt.Fprintf(a.stderr, "smtplog: %s\n", w.done())
	return a.finishRows(ctx, j, logs, r, f.tables...)
}

// tableRows are the rows of a table as values.
type tableRows struct {
	table   *query.Table
	columns []export.Column
	time    int // the column
	values  []query.Value
}

func newTableRows(t *query.Table) *tableRows {
	r := &tableRows{table: t, values: make([]query.Value, len(t.Columns))}
	for i, c := range t.Columns {
		r.columns = append(r.columns, export.Column{Name: c.Name, Type: c.Type})
		if c.Name == tables.Time {
			r.time = i
		}
	}
	return r
}

// of returns the values of a row, which are good until the next one.
func (t *tableRows) of(row any) []query.Value {
	for i := range t.table.Columns {
		t.values[i] = t.table.Columns[i].Get(row)
	}
	return t.values
}

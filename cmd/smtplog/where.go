package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/smtplog/smtplog/cmd/internal/tables"
	"github.com/smtplog/smtplog/logparse/query"
	"github.com/smtplog/smtplog/logparse/session"
)

// addWhere adds the flag that chooses by a condition.
func addWhere(fl *pflag.FlagSet, where *string, what, example string) {
	fl.StringVar(where, "where", "", "only "+what+" for which this `EXPR` holds, e.g. '"+example+"' (smtplog query --help has the language)")
}

// A filter is a condition on rows. The nil filter takes all.
type filter struct{ condition *query.Condition }

// where returns what --where asks of the rows of a table.
func (a *app) where(expr, table string, f *readFlags) (*filter, error) {
	if expr == "" {
		return nil, nil
	}
	opt, err := f.querying()
	if err != nil {
		return nil, err
	}
	c, err := query.ParseCondition(expr, tables.Table(table), opt)
	if err != nil {
		return nil, usageError{fmt.Errorf("--where: %w", err)}
	}
	return &filter{c}, nil
}

// querying returns how a query is to be understood.
func (f *readFlags) querying() (*query.Options, error) {
	loc, err := zone("--tz", f.tz)
	if err != nil {
		return nil, err
	}
	return &query.Options{Now: time.Now(), Location: loc}, nil
}

// match reports whether the condition holds for a row.
func (w *filter) match(row any) bool { return w == nil || w.condition.Match(row) }

// sessions returns the condition on sessions, nil for none.
func (w *filter) sessions() func(*session.Session) bool {
	if w == nil {
		return nil
	}
	var rows tables.Rows
	return func(s *session.Session) bool { return w.match(rows.Session(s)) }
}

// terse reports whether a condition on sessions asks for nothing that counting
// does without.
func (w *filter) terse() bool {
	return w != nil && tables.Terse(tables.Sessions, w.condition.Columns())
}

// lines reports whether a condition on sessions asks for lines in the logs.
func (w *filter) lines() bool {
	return w != nil && slices.Contains(w.condition.Columns(), "line")
}

// early returns the condition where it can be decided as soon as a record was
// read, else nil.
func (w *filter) early() func(*tables.Record) bool {
	if w == nil {
		return nil
	}
	return early(w.condition)
}

// early returns a condition on records, nil for none, and for one that hangs on
// the record's session, or on what may be a secret of the session.
func early(c *query.Condition) func(*tables.Record) bool {
	if c == nil || needsSession(c.Columns()) {
		return nil
	}
	return func(r *tables.Record) bool { return c.Match(r) }
}

// needsSession reports whether the session of a record must be known before
// these columns are.
func needsSession(columns []string) bool {
	return slices.ContainsFunc(columns, func(name string) bool {
		return name == tables.RecordSession || tables.HoldsSecrets(name)
	})
}

// queryError returns an error of the query language with the place where it is,
// over several lines; ok is false for other errors.
func queryError(err error, color bool) (text string, ok bool) {
	var q *query.Error
	if !errors.As(err, &q) {
		return "", false
	}
	prefix, _, _ := strings.Cut(err.Error(), q.Error())
	return prefix + q.Show(color), true
}

package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/track/analysis"
)

type recordsFlags struct {
	readFlags
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
  smtplog records SEND*.LOG | jq -r .fields.data`,
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
	fl.BoolVar(&f.json, "json", true, "one JSON object a line, which is all that this command prints, e.g. --json")
	fl.BoolVar(&f.showSecrets, "show-secrets", false, "show passwords and SASL answers, e.g. --show-secrets")
	fl.IntVar(&f.top, "top", 0, "stop after `N` records, e.g. 100; 0 is all")
	return cmd
}

func (a *app) records(ctx context.Context, f *recordsFlags, paths []string) error {
	j, err := a.start(ctx, &f.readFlags, paths)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	q := &recordQueue{a: a, limit: int64(f.top), stop: stop, showSecrets: f.showSecrets}
	window := analysis.Options{Since: j.since, Until: j.until}
	b := session.NewBuilder(&session.Options{Placed: q.placed}, func(*session.Session) {})
	logs := analysis.Prepare(ctx, j.sources, &j.read)
	readErr := logs.Read(ctx, func(rec *logparse.Record) {
		if !window.Includes(rec.Time) {
			q.skip = true
		}
		q.add(rec)
		b.Add(rec)
		if !rec.Format.Protocol() || rec.Kind == logparse.KindNone {
			q.placed(rec, "", false)
		}
		q.skip = false
	})
	b.Close()
	q.flush()
	if q.err != nil {
		return q.err
	}
	if q.full() {
		readErr = nil
		ctx = context.WithoutCancel(ctx)
	}
	if readErr != nil {
		return readErr
	}
	return a.finish(ctx, j, logs.Input())
}

// A recordQueue prints records in the order in which they were read, though
// some learn only later to which session they belong.
type recordQueue struct {
	a           *app
	limit       int64
	printed     int64
	stop        func()
	showSecrets bool
	skip        bool // the record being added lies outside the bounds
	err         error

	waiting []waitingRecord
	first   int // of waiting that is not printed yet
	index   map[recordPlace]int
	base    int // index of waiting[0]
	free    [][]byte
}

type recordPlace struct {
	file string
	line int64
}

type waitingRecord struct {
	place recordPlace
	json  []byte
	done  bool
	skip  bool
}

func (q *recordQueue) full() bool { return q.limit > 0 && q.printed >= q.limit }

// add takes the next record in.
func (q *recordQueue) add(rec *logparse.Record) {
	if q.index == nil {
		q.index = map[recordPlace]int{}
	}
	p := recordPlace{rec.Pos.File, rec.Pos.Line}
	q.index[p] = q.base + len(q.waiting)
	var buf []byte
	if n := len(q.free); n > 0 {
		buf, q.free = q.free[n-1], q.free[:n-1]
	}
	q.waiting = append(q.waiting, waitingRecord{place: p, json: buf[:0], skip: q.skip})
}

// placed is told which session a record belongs to, and prints what it can.
func (q *recordQueue) placed(rec *logparse.Record, id string, secret bool) {
	p := recordPlace{rec.Pos.File, rec.Pos.Line}
	i, ok := q.index[p]
	if !ok {
		return
	}
	w := &q.waiting[i-q.base]
	if !w.skip {
		var redact func([]byte) []byte
		if secret && !q.showSecrets {
			redact = session.Redact
		}
		w.json = append(rec.AppendJSON(w.json, id, redact), '\n')
	}
	w.done = true
	q.flush()
}

// flush prints the records at the head of the queue that are done.
func (q *recordQueue) flush() {
	for q.first < len(q.waiting) && q.waiting[q.first].done {
		w := &q.waiting[q.first]
		if !w.skip && !q.full() && q.err == nil {
			if _, q.err = q.a.stdout.Write(w.json); q.err != nil {
				q.stop()
			}
			if q.printed++; q.full() {
				q.stop()
			}
		}
		delete(q.index, w.place)
		q.free = append(q.free, w.json)
		w.json = nil
		q.first++
	}
	if q.first == len(q.waiting) || q.first > 1024 {
		n := copy(q.waiting, q.waiting[q.first:])
		q.waiting = q.waiting[:n]
		q.base += q.first
		q.first = 0
	}
}

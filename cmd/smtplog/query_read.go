package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/smtplog/smtplog/cmd/internal/table"
	"github.com/smtplog/smtplog/cmd/internal/tables"
	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
	"github.com/smtplog/smtplog/track"
	"github.com/smtplog/smtplog/track/analysis"
)

// A rowReader reads logs and hands out the rows of tables. It reads and builds
// no more than those tables need.
type rowReader struct {
	each       map[string]func(row any) // what to do with the rows of each table that is wanted
	window     analysis.Options         // what sessions, messages and records belong to, and the memory
	classifier *reply.Classifier

	// Of records.
	placed      bool                      // the session of a record is needed, or what may be a secret
	early       func(*tables.Record) bool // drops what it does not take before that is known; nil for none
	showSecrets bool
	lines       *recordLines // where records go; nil is each

	linked bool // the sessions of a message are needed, where there are messages
	terse  bool // no more of sessions is needed than counting takes

	rows  int64 // so far, whether they lie in the window or not
	read  *analysis.Logs
	built *session.Builder
	found *track.Builder
	x     tables.Rows
}

// wants reports whether rows of one of the tables are wanted.
func (r *rowReader) wants(names ...string) bool {
	for _, name := range names {
		if r.each[name] != nil || name == tables.Records && r.lines != nil {
			return true
		}
	}
	return false
}

func (r *rowReader) wantsSessions() bool {
	return r.wants(tables.Sessions, tables.Transactions, tables.Recipients, tables.Replies)
}

func (r *rowReader) wantsMessages() bool { return r.wants(tables.Messages, tables.Hops) }

// needs reports whether a log has to be read. What comes from a pipe may have
// been put together from logs of several kinds.
func (r *rowReader) needs(log *analysis.Log) bool {
	switch {
	case r.wants(tables.Records), log.Source.Size() < 0:
		return true
	case log.Found.Format.Protocol():
		return r.wantsSessions() || r.wantsMessages() && r.linked
	}
	return r.wantsMessages()
}

// rowsOf reads the logs and hands out the rows. The error is that of the
// context.
func (r *rowReader) rowsOf(ctx context.Context, logs *analysis.Logs) error {
	r.linked = r.linked && logs.Tracked()
	r.read = logs.Only(r.needs)
	begin := func(outcome.Time) {}
	if r.wantsMessages() {
		r.found = track.NewBuilder(&track.Options{Classifier: r.classifier, Memory: r.window.Memory}, r.message)
		begin = r.found.Upcoming
	}
	opt := &session.Options{Classifier: r.classifier, Terse: r.terse, Memory: r.window.Memory}
	records := r.records(logs, opt)
	if r.wantsSessions() || r.linked || opt.Placed != nil {
		emit := r.session
		if !r.wantsSessions() && !r.linked {
			emit = nil
		}
		r.built = session.NewBuilder(opt, emit)
		if records != nil {
			records.settle = r.built.Settle
		}
	}
	err := r.read.ReadFrom(ctx, begin, func(rec *logparse.Record) {
		if records != nil {
			records.begin(rec)
		}
		if r.built != nil {
			r.built.Add(rec)
		}
		if records != nil {
			records.end(rec)
		}
		if r.found != nil {
			r.found.Add(rec)
		}
	})
	if r.built != nil {
		r.built.Close()
	}
	if records != nil {
		records.close()
	}
	if r.found != nil {
		r.found.Close()
	}
	return err
}

// records returns what hands out records, nil where they are not wanted, and
// asks for their sessions in opt where it takes a Builder to know them.
func (r *rowReader) records(logs *analysis.Logs, opt *session.Options) *recordQueue {
	if !r.wants(tables.Records) {
		return nil
	}
	var row tables.Record
	q := &recordQueue{
		max:  maxWaitingRecords,
		room: int(cmp.Or(r.window.Memory, session.DefaultMemory) / 4),
		skip: func(rec *logparse.Record) bool {
			r.rows++
			return !r.window.Includes(rec.Time) || r.early != nil && !r.early(row.Set(rec, "", false))
		},
	}
	if q.out = r.lines; r.lines == nil {
		each := r.each[tables.Records]
		q.out = &recordRows{each: func(rec *logparse.Record, session string, secret bool) {
			each(row.Set(rec, session, secret && !r.showSecrets))
		}}
	}
	if r.placed {
		opt.Placed = q.placed
		q.waits = true
	}
	return q
}

// session hands out the rows of a session.
func (r *rowReader) session(s *session.Session) {
	if r.found != nil && r.linked {
		r.found.AddSession(s)
	}
	in := r.window.Includes(s.Start)
	if each := r.each[tables.Sessions]; each != nil {
		r.rows++
		if in {
			each(r.x.Session(s))
		}
	}
	if each := r.each[tables.Transactions]; each != nil {
		r.rows += int64(len(s.Transactions))
		if in {
			r.x.Transactions(s, func(t *tables.Transaction) { each(t) })
		}
	}
	if each := r.each[tables.Recipients]; each != nil {
		for i := range s.Transactions {
			r.rows += int64(len(s.Transactions[i].Recipients))
		}
		if in {
			r.x.Recipients(s, func(row *tables.Recipient) { each(row) })
		}
	}
	if each := r.each[tables.Replies]; each != nil {
		r.rows += int64(len(s.Failures))
		if in {
			r.x.Replies(s, func(row *tables.Reply) { each(row) })
		}
	}
}

// message hands out the rows of a message.
func (r *rowReader) message(m *track.Message) {
	in := r.window.Includes(m.First)
	if each := r.each[tables.Messages]; each != nil {
		r.rows++
		if in {
			each(r.x.Message(m))
		}
	}
	if each := r.each[tables.Hops]; each != nil {
		r.rows += int64(len(m.Hops))
		if in {
			r.x.Hops(m, func(h *tables.Hop) { each(h) })
		}
	}
}

// report says which bounds were reached.
func (r *rowReader) report(w io.Writer) {
	if r.built != nil {
		reportCapped(w, r.built)
	}
	if r.found != nil {
		if n := r.found.Cut(); n > 0 {
			fmt.Fprintf(w, "smtplog: %s had no verdict for %d days of log time and got no further rows\n", plural(n, "message"), track.DefaultWindow/(24*time.Hour))
		}
		reportMessages(w, r.found.Capped(), r.found.Unjoined())
	}
}

// roomier is what may be done about a bound.
const roomier = "(a larger --memory may help)"

// cappedSessions says that a bound on sessions was reached so many times.
func cappedSessions(n int64) string {
	return plural(n, "session") + " cut or told apart early, for want of room: one may count as several " + roomier
}

// cappedMessages says the same of messages.
func cappedMessages(n int64) string {
	return plural(n, "message") + " taken to be over early, for want of room: one may count as several " + roomier
}

// reportMessages says whether messages were handed out early, and whether
// transactions were not joined with them.
func reportMessages(w io.Writer, capped, unjoined int64) {
	if capped > 0 {
		fmt.Fprintf(w, "smtplog: %s\n", cappedMessages(capped))
	}
	if unjoined > 0 {
		fmt.Fprintf(w, "smtplog: %s of the protocol logs not joined with messages: %s were before them (fewer logs at a time help)\n",
			plural(unjoined, "transaction"), table.Count(track.MaxTransactions))
	}
}

// reportCapped says whether sessions were split.
func reportCapped(w io.Writer, b *session.Builder) {
	if n := b.Capped(); n > 0 {
		fmt.Fprintf(w, "smtplog: %s\n", cappedSessions(n))
	}
}

// input returns the account of what was read, with what could not be opened or
// is no log.
func (r *rowReader) input(logs *analysis.Logs) *analysis.Input {
	all, in := logs.Input(), r.read.Input()
	in.Failed = append(in.Failed, all.Failed...)
	in.Skipped = append(in.Skipped, all.Skipped...)
	return in
}

// finishRows ends a command that read rows of tables, as [app.finish] does; it
// fails when there were none at all.
func (a *app) finishRows(ctx context.Context, j *job, logs *analysis.Logs, r *rowReader, names ...string) error {
	in := r.input(logs)
	if in.Files == 0 && len(logs.All()) > 0 {
		in.Files = len(logs.All()) // that none was needed is no failure of reading
	}
	if err := a.finish(ctx, j, in); err != nil {
		return err
	}
	if r.rows == 0 {
		return fmt.Errorf("no %s in %s", strings.Join(names, ", "), strings.Join(j.paths, ", "))
	}
	return nil
}

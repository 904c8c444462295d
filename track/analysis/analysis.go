// Package analysis does whole jobs over sets of logs: it reads them in an order
// of its own, builds the sessions and counts what became of them. The smtplog
// command only prints what it returns.
package analysis

import (
	"context"
	"sync"
	"time"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/input"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
	"github.com/smtplog/smtplog/track"
)

// Options say what to analyze. A nil *Options is the zero value.
type Options struct {
	Read       logparse.Options  // how to read the logs
	By         []outcome.Key     // keys of the failures; nil is DefaultKeys
	Since      time.Time         // sessions that began before are left out; zero for no bound
	Until      time.Time         // sessions that began then or later are left out
	Location   *time.Location    // of the keys hour and day; nil is UTC
	Classifier *reply.Classifier // nil is the built-in one
	Memory     int64             // bytes that open sessions, and unfinished messages, may hold; 0 is the default of their packages

	// Where, where it is not nil, says which sessions count. Messages, of which
	// it says nothing, are not counted then. With Read.Jobs it may be called from
	// several goroutines, but not at the same time, and for a session more than
	// once.
	Where func(*session.Session) bool

	// TerseWhere says that Where asks for nothing that [session.Options.Terse]
	// leaves out, which spares the sessions' texts.
	TerseWhere bool

	// LinesWhere says that Where asks for lines in the logs, which are not known
	// yet where a log is read in parts: it is not, then.
	LinesWhere bool
}

// DefaultKeys are the keys that failures are grouped by.
func DefaultKeys() []outcome.Key {
	return []outcome.Key{outcome.ByDomain, outcome.ByCode, outcome.ByEnhanced, outcome.ByReason}
}

// An Analysis is what became of the mail in a set of logs.
type Analysis struct {
	Input        Input
	Sessions     Sessions
	Transactions session.Results
	Recipients   session.Results
	Replies      session.Replies
	Failures     *outcome.Summary
	Failed       Failed
	Capped       int64     // how often a bound on a session was reached
	Messages     *Messages // nil where the logs hold no message tracking

	confidence tally[session.Confidence] // of the Sessions
	ended      tally[session.Ended]
}

// Sessions counts sessions.
type Sessions struct {
	Total      int64
	Inbound    int64
	Outbound   int64
	Unused     int64
	Confidence map[session.Confidence]int64
	Ended      map[session.Ended]int64
}

// Failed counts what is behind the groups of failures, each thing once.
type Failed struct {
	Replies    int64
	Recipients int64
}

// Run reads the sources and analyzes them. Files that cannot be read are noted
// in the Input; the error is that of the context, and what was found until then
// is returned with it.
func Run(ctx context.Context, sources []*input.Source, opt *Options) (*Analysis, error) {
	var o Options
	if opt != nil {
		o = *opt
	}
	if o.By == nil {
		o.By = DefaultKeys()
	}
	if where := o.Where; where != nil && o.Read.Jobs > 1 {
		var one sync.Mutex
		o.Where = func(s *session.Session) bool {
			one.Lock()
			defer one.Unlock()
			return where(s)
		}
	}
	a := &Analysis{
		Failures: outcome.NewSummary(o.By, o.Location),
	}
	logs := Prepare(ctx, sources, &o.Read)
	building := session.Options{Classifier: o.Classifier, Terse: o.Where == nil || o.TerseWhere, Unnamed: o.Where == nil, Memory: o.Memory}
	b := session.NewBuilder(&building, o.counting(a))
	if o.Read.Jobs > 1 {
		logs.join = o.joiner(a, b, building)
	}
	logs.read.Sparse = !logs.Tracked() || o.Where != nil // for b alone
	add, upcoming, end := b.Add, func(outcome.Time) {}, b.Close
	if logs.Tracked() && o.Where == nil {
		m := newMessages(o.By, o.Location)
		a.Messages = m
		t := track.NewBuilder(&track.Options{Classifier: o.Classifier, VerdictsOnly: true, OneLog: len(logs.All()) == 1, Memory: o.Memory, Jobs: o.Read.Jobs}, func(msg *track.Message) {
			if o.Includes(msg.First) {
				m.add(msg)
			}
		})
		upcoming = t.Upcoming
		add = func(rec *logparse.Record) {
			b.Add(rec)
			t.Add(rec)
		}
		end = func() {
			b.Close()
			t.Close()
			m.end(t)
		}
	}
	err := logs.ReadFrom(ctx, upcoming, add)
	end()
	a.Sessions.Confidence, a.Sessions.Ended = a.confidence.all(), a.ended.all()
	a.Input = *logs.Input()
	a.Capped = b.Capped()
	if logs.join != nil {
		a.Capped += logs.join.capped
	}
	if err == nil {
		err = ctx.Err()
	}
	a.Input.Interrupted = err != nil
	return a, err
}

// counting returns what counts in a the sessions that the options choose.
func (o *Options) counting(a *Analysis) func(*session.Session) {
	return func(s *session.Session) {
		if o.Includes(s.Start) && (o.Where == nil || o.Where(s)) {
			a.add(s)
		}
	}
}

// Includes reports whether what began at t lies between Since and Until. What
// has no time does only when there are no bounds.
func (o *Options) Includes(t outcome.Time) bool {
	if o.Since.IsZero() && o.Until.IsZero() {
		return true
	}
	return !t.IsZero() &&
		(o.Since.IsZero() || !t.Time().Before(o.Since)) &&
		(o.Until.IsZero() || t.Time().Before(o.Until))
}

// add counts a session.
func (a *Analysis) add(s *session.Session) {
	n := &a.Sessions
	n.Total++
	switch s.Direction {
	case outcome.Inbound:
		n.Inbound++
	case outcome.Outbound:
		n.Outbound++
	}
	if s.Unused {
		n.Unused++
	}
	a.confidence.add(s.Confidence)
	a.ended.add(s.Ended)
	a.Transactions.Add(s.Results.Transactions)
	a.Recipients.Add(s.Results.Recipients)
	a.Replies.Add(s.Replies)
	var lastReply uint32
	for o := range s.Outcomes {
		a.Failures.Add(o)
		if o.IsReply && o.Reply != lastReply {
			a.Failed.Replies++
			lastReply = o.Reply
		}
		if o.Recipient != "" {
			a.Failed.Recipients++
		}
	}
}

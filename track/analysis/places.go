package analysis

import (
	"context"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/reply/outcome"
)

// Sessions never go from the logs of one format and folder, those of one server,
// to others. So where there are several, each job reads those of a place.

// A group is the logs of one place.
type group struct {
	logs []int // by their index
	work int64
}

// groupsOf returns the groups of logs, those with most work first.
func groupsOf(logs []*Log) []*group {
	type place struct {
		format logparse.Format
		folder string
	}
	places := map[place]*group{}
	var groups []*group
	for i, log := range logs {
		p := place{log.Found.Format, session.Folder(log.Source.Name)}
		g := places[p]
		if g == nil {
			g = &group{}
			places[p], groups = g, append(groups, g)
		}
		g.logs = append(g.logs, i)
		g.work += max(log.work(), 0)
	}
	slices.SortStableFunc(groups, func(a, b *group) int { return int(max(min(b.work-a.work, 1), -1)) })
	return groups
}

// A job reads logs and builds sessions of its own.
type job struct {
	count   *Analysis // of the sessions
	builder *session.Builder
	done    chan struct{} // closed when it has read its logs

	current atomic.Pointer[opened] // that is being read
	said    *said                  // of it
	account account
}

// What is said of one log.
type said struct {
	input Input
	found []logparse.Detection // what it was recognised as, if it could be opened
}

// apart reads logs, each job those of one place after the other.
func (r *reading) apart(logs []*Log, upcoming []outcome.Time) error {
	r.begin(upcoming[len(logs)-1])
	groups := groupsOf(logs)
	todo := make(chan *group, len(groups))
	for _, g := range groups {
		todo <- g
	}
	close(todo)
	of := make([]said, len(logs))
	var jobs []*job
	for range min(r.l.read.Jobs, len(groups)) {
		j := &job{done: make(chan struct{})}
		j.count, j.builder = r.l.join.share()
		jobs = append(jobs, j)
		go func() {
			defer close(j.done)
			for g := range todo {
				for _, i := range g.logs {
					if !j.log(r, logs[i], &of[i]) {
						return
					}
				}
			}
		}()
	}
	for _, j := range jobs {
		j.wait(r.ctx)
		j.builder.Close()
		r.l.join.into.join(j.count)
		r.l.join.capped += j.builder.Capped()
	}
	for i := range of {
		r.l.input.join(&of[i].input)
		for _, found := range of[i].found {
			r.l.assume(found)
		}
	}
	return r.ctx.Err()
}

// log reads a log. It reports false when the context has ended.
func (j *job) log(r *reading, log *Log, s *said) bool {
	o := &opened{log: log}
	o.stream, o.err = openSoon(r.ctx, log)
	if o.err == nil {
		o.reader = logparse.NewReader(o.stream, log.Source.Name, log.reading(r.l.read))
		j.said, j.account = s, account{in: &s.input}
		j.current.Store(o)
		if err := j.account.rows(o.reader, j.builder.Add); err != io.EOF {
			o.err = err
		}
		j.current.Store(nil)
		j.end(o)
		o.stream.Close()
	}
	if r.ctx.Err() != nil {
		return false
	}
	if o.err != nil {
		s.input.Failed = append(s.input.Failed, o.err)
	}
	return true
}

// end takes in the account of a log.
func (j *job) end(o *opened) {
	j.account.end(o)
	if found, err := o.reader.Detection(); err == nil {
		j.said.found = append(j.said.found, found)
	}
}

// wait waits until the job is done, or has stalled when the context ended.
func (j *job) wait(ctx context.Context) {
	select {
	case <-j.done:
		return
	case <-ctx.Done():
	}
	for {
		select {
		case <-j.done:
			return
		case <-time.After(patience):
		}
		if o := j.current.Load(); o != nil && o.stream.Abandon() {
			j.end(o)
			return
		}
	}
}

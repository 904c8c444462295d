package analysis

import (
	"cmp"
	"io"
	"maps"
	"slices"

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
	input   Input          // but for what follows, of which the order of the logs matters
	noted   []noted        // its problems
	found   map[kind]noted // the first of each
	account account
	task
}

// A noted is something about one log.
type noted struct {
	log     int // its index
	problem Problem
	found   logparse.Detection
}

// A kind is what matters of a Detection.
type kind struct {
	format  logparse.Format
	assumed string
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
	var jobs []*job
	n := min(r.l.read.Jobs, len(groups))
	for range n {
		j := &job{found: map[kind]noted{}, task: newTask()}
		j.count, j.builder = r.l.join.share(n)
		jobs = append(jobs, j)
		go func() {
			defer close(j.done)
			for g := range todo {
				for _, i := range g.logs {
					if !j.log(r, logs[i], i) {
						return
					}
				}
			}
		}()
	}
	var problems, found []noted
	for _, j := range jobs {
		if o := j.wait(r.ctx); o != nil {
			j.end(o)
		}
		j.builder.Close()
		r.l.join.into.join(j.count)
		r.l.join.capped += j.builder.Capped()
		r.l.input.join(&j.input)
		problems = append(problems, j.noted...)
		found = slices.AppendSeq(found, maps.Values(j.found))
	}
	for _, n := range inOrderOfLogs(problems) {
		if len(r.l.input.Problems) < MaxProblems {
			r.l.input.Problems = append(r.l.input.Problems, n.problem)
		}
	}
	for _, n := range inOrderOfLogs(found) {
		r.l.assume(n.found)
	}
	return r.ctx.Err()
}

func inOrderOfLogs(list []noted) []noted {
	slices.SortStableFunc(list, func(a, b noted) int { return cmp.Compare(a.log, b.log) })
	return list
}

// log reads the log with that index. It reports false when the context has ended.
func (j *job) log(r *reading, log *Log, index int) bool {
	o := &opened{log: log, index: index}
	o.stream, o.err = log.open(r.ctx)
	if o.err == nil {
		o.reader = logparse.NewReader(o.stream, log.Source.Name, log.reading(r.l.read))
		j.account = account{in: &j.input}
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
		j.input.Failed = append(j.input.Failed, o.err)
	}
	return true
}

// end takes in the account of a log.
func (j *job) end(o *opened) {
	j.account.end(o)
	for _, p := range j.input.Problems {
		j.noted = append(j.noted, noted{log: o.index, problem: p})
	}
	j.input.Problems = j.input.Problems[:0]
	if len(j.noted) > 2*MaxProblems {
		j.noted = inOrderOfLogs(j.noted)[:MaxProblems]
	}
	if found, err := o.reader.Detection(); err == nil {
		k := kind{found.Format, found.Assumed}
		if before, ok := j.found[k]; !ok || o.index < before.log {
			j.found[k] = noted{log: o.index, found: found}
		}
	}
}

package analysis

import (
	"cmp"

	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/reply/outcome"
)

// A joiner is where what several jobs say is joined.
type joiner struct {
	builder *session.Builder
	into    *Analysis // that counts the builder's sessions
	capped  int64     // how often a bound of other builders was reached
	cut     bool      // logs may be read in parts

	// part makes an Analysis, and a part whose sessions it counts; share makes one
	// and a Builder for one of so many jobs.
	part  func() (*Analysis, *session.Part)
	share func(jobs int) (*Analysis, *session.Builder)

	place place // of parts
}

// joiner returns what joins what several jobs say to b, whose sessions count in a.
func (o *Options) joiner(a *Analysis, b *session.Builder, building session.Options) *joiner {
	empty := func() *Analysis { return &Analysis{Failures: outcome.NewSummary(o.By, o.Location)} }
	memory := cmp.Or(building.Memory, session.DefaultMemory)
	of := func(jobs int) *session.Options {
		its := building
		its.Memory = memory / int64(jobs)
		return &its
	}
	return &joiner{
		builder: b, into: a, cut: !o.LinesWhere,
		part: func() (*Analysis, *session.Part) {
			some := empty()
			return some, session.NewPart(of(o.Read.Jobs), o.counting(some))
		},
		share: func(jobs int) (*Analysis, *session.Builder) {
			some := empty()
			return some, session.NewBuilder(of(jobs), o.counting(some))
		},
	}
}

// join adds what was counted of other sessions.
func (a *Analysis) join(other *Analysis) {
	n, m := &a.Sessions, &other.Sessions
	n.Total += m.Total
	n.Inbound += m.Inbound
	n.Outbound += m.Outbound
	n.Unused += m.Unused
	a.confidence.join(&other.confidence)
	a.ended.join(&other.ended)
	a.Transactions.Add(other.Transactions)
	a.Recipients.Add(other.Recipients)
	a.Replies.Add(other.Replies)
	a.Failures.Merge(other.Failures)
	a.Failed.Replies += other.Failed.Replies
	a.Failed.Recipients += other.Failed.Recipients
}

package analysis

import (
	"sync"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/reply/outcome"
)

// Logs of IIS do not tell sessions apart, and what is told of them hangs on all
// that came before. They are shared out by hosts: one job reads all rows, keeps
// those of its share ([session.Shares]), and hands the others over. So the one that
// reads has the smallest share, and more than a few jobs would wait for it.
const (
	maxShares = 4
	readingIs = 35 // percent of what one job does: to read the rows and to hand them over
)

// minSharedLog returns how much work the logs must be on average: what is handed
// over is of one log at a time.
func minSharedLog() int64 {
	if partSize > 0 {
		return 1
	}
	return 256 << 10
}

// toShare returns what each of so many jobs does with a share, in percent of what
// one job does.
func toShare(jobs int64) int64 { return max(100/min(jobs, maxShares), readingIs) }

// firstShare returns how many percent of the hosts the job has that reads.
func firstShare(jobs int) int { return max(100*(100/jobs-readingIs)/(100-readingIs), 0) }

// A share is one job's, that does not read.
type share struct {
	count   *Analysis // of the sessions
	builder *session.Builder
	parcel  *logparse.Parcel // that is being filled
	sent    chan *logparse.Parcel
	spare   chan *logparse.Parcel
}

// parcels is how many of them each share has: one is filled, one is read, and some
// are between.
const parcels = 4

func newShare(count *Analysis, b *session.Builder) *share {
	s := &share{count: count, builder: b, sent: make(chan *logparse.Parcel, parcels), spare: make(chan *logparse.Parcel, parcels)}
	for range parcels {
		s.spare <- new(logparse.Parcel)
	}
	return s
}

// run builds the sessions of the share.
func (s *share) run() {
	for p := range s.sent {
		p.Each(s.builder.Add, s.builder.Pass)
		s.spare <- p
	}
	s.builder.Close()
}

// begin makes ready for the rows of a log.
func (s *share) begin(log string) {
	s.parcel = <-s.spare
	s.parcel.Reset(log)
}

// add hands a row over.
func (s *share) add(rec *logparse.Record) {
	s.parcel.Add(rec)
	s.sendFull(rec)
}

// pass says that so many rows were there, like rec.
func (s *share) pass(rec *logparse.Record, count int) {
	s.parcel.Pass(rec, count)
	s.sendFull(rec)
}

func (s *share) sendFull(rec *logparse.Record) {
	if s.parcel.Full() {
		s.send()
		s.begin(rec.Pos.File)
	}
}

// send hands over what there is.
func (s *share) send() {
	if s.parcel != nil {
		s.sent <- s.parcel
		s.parcel = nil
	}
}

// shared reads logs, and has the sessions of each share built by a job of its own.
func (r *reading) shared(logs []*Log, upcoming []outcome.Time) error {
	j := r.l.join
	n := min(r.l.read.Jobs, maxShares)
	hosts := session.NewShares(n, firstShare(n))
	var jobs sync.WaitGroup
	var others []*share // all but the first
	for range n - 1 {
		s := newShare(j.share(n))
		others = append(others, s)
		jobs.Go(s.run)
	}
	d := dealing{hosts: hosts, to: []builder{{r.each, j.builder.Pass, 0}}}
	for _, s := range others {
		d.to = append(d.to, builder{s.add, s.pass, 0})
	}
	reader := &reading{task: newTask(), ctx: r.ctx, l: r.l, each: d.row}
	go func() {
		defer close(reader.done)
		for i, log := range logs {
			r.begin(upcoming[i])
			for _, s := range others {
				s.begin(log.Source.Name)
			}
			err := reader.log(r.open(log))
			if d.tell(); err != nil {
				return
			}
			for _, s := range others {
				s.send()
			}
		}
	}()
	if o := reader.wait(r.ctx); o != nil {
		reader.end(o)
		d.tell()
	}
	for _, s := range others {
		s.send()
		close(s.sent)
	}
	jobs.Wait()
	for _, s := range others {
		j.into.join(s.count)
		j.capped += s.builder.Capped()
	}
	return r.ctx.Err()
}

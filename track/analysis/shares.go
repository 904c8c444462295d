package analysis

import (
	"io"
	"sync"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/reply/outcome"
)

// Logs of IIS do not tell sessions apart, and what is told of them hangs on all
// that came before. They are shared out by hosts: every job reads all rows, and
// builds the sessions of its share ([session.Share]). To read a row takes a part
// of what it takes to find its session; more than a few jobs would do little but
// read.
const (
	maxShares = 4
	readingIs = 35 // percent of what one job does
)

// minSharedLog returns how much work the logs must be on average: every job has to
// begin each of them.
func minSharedLog() int64 {
	if partSize > 0 {
		return 1
	}
	return 256 << 10
}

// toShare returns what each of so many jobs does with a share, in percent of what
// one job does.
func toShare(jobs int64) int64 { return readingIs + (100-readingIs)/min(jobs, maxShares) }

// shared reads logs, each job the rows of its share.
func (r *reading) shared(logs []*Log, upcoming []outcome.Time) error {
	j := r.l.join
	fan := newFan(r.ctx, min(r.l.read.Jobs, maxShares))
	go fan.run(logs)
	var others sync.WaitGroup
	var counts []*Analysis
	var builders []*session.Builder
	for i, from := range fan.readers[1:] {
		count, b := j.share()
		counts, builders = append(counts, count), append(builders, b)
		share := session.NewShare(i+1, len(fan.readers))
		others.Go(func() {
			for _, log := range logs {
				if _, err := from.next(); err == nil {
					reader := logparse.NewReader(from, log.Source.Name, log.reading(r.l.read))
					for rec, err := range reader.Records() {
						if err == nil {
							share.Give(b, rec)
						}
					}
				}
				if from.over() {
					break
				}
			}
			b.Close()
		})
	}
	share := session.NewShare(0, len(fan.readers))
	from := fan.readers[0]
	for i, log := range logs {
		r.begin(upcoming[i])
		r.ofShare(log, from, func(rec *logparse.Record) {
			if share.Takes(rec) {
				r.each(rec)
			} else {
				j.builder.Pass(rec)
			}
		})
		if from.over() {
			break
		}
	}
	others.Wait()
	for i, count := range counts {
		j.into.join(count)
		j.capped += builders[i].Capped()
	}
	return r.ctx.Err()
}

// ofShare reads a log for the share that gives account of it.
func (r *reading) ofShare(log *Log, from *fanReader, each func(*logparse.Record)) {
	in := &r.l.input
	o := &opened{log: log}
	if o.stream, o.err = from.next(); o.err == nil {
		o.reader = logparse.NewReader(from, log.Source.Name, log.reading(r.l.read))
		r.account = account{in: in}
		if err := r.account.rows(o.reader, each); err != io.EOF {
			o.err = err
		}
		from.drain()
		r.end(o)
	}
	if o.err != nil && !from.over() {
		in.Failed = append(in.Failed, o.err)
	}
}

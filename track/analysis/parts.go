package analysis

import (
	"sync/atomic"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/input"
	"github.com/smtplog/smtplog/reply/outcome"
)

// Logs with session ids are read in parts, each by one job that builds sessions of
// its own: to hand rows from one job to another costs a part of what it costs to
// read them. What a part says is joined to that of the parts in front of it when
// these are done. A part that cannot be joined, as [session.Part] says, is read
// again behind the others: so it is the parts in order that decide what comes out,
// wherever the logs were cut.

// How much work makes a part: so little that all jobs have some, that not much is
// lost when one has to be read again, and that the sessions that are cut are few
// among all. It is measured in bytes of plain logs.
const (
	minPart = 16 << 20
	maxPart = 128 << 20

	packed = 8 // times a packed log, on average
)

// partSize is the size of all parts where it is not 0, in tests.
var partSize int64

// work returns how much there is to do for a log.
func (log *Log) work() int64 {
	if log.Source.Plain {
		return log.Source.Size()
	}
	return packed * log.Source.Size()
}

// cuttable returns how many of the first logs can be read in parts, and how much
// work they are.
func cuttable(logs []*Log) (n int, work int64) {
	for n < len(logs) && logs[n].Source.Size() >= 0 && logs[n].Found.Format.HasSessionID() {
		work += logs[n].work()
		n++
	}
	return n, work
}

// worthSharing reports whether so much work is worth to be shared out.
func worthSharing(work int64) bool { return work >= 2*minPart || partSize > 0 }

// cutParts cuts logs into parts for so many jobs. Only plain logs are cut
// themselves.
func cutParts(logs []*Log, jobs int) (parts []*part) {
	var all int64
	for _, log := range logs {
		all += log.work()
	}
	size := min(max(all/int64(2*jobs), minPart), maxPart)
	if partSize > 0 {
		size = partSize
	}
	var room int64
	for _, log := range logs {
		var r input.Range
		for left := log.work(); ; left -= r.To - r.From {
			r.From = r.To
			little := size / 4 // which is no part of its own
			if len(parts) == 0 || room < min(little, left) {
				parts = append(parts, &part{task: newTask()})
				room = size
			}
			p := parts[len(parts)-1]
			if !log.Source.Plain || left <= room+little {
				r.To = 0
				p.segments = append(p.segments, segment{log, r})
				room -= left
				break
			}
			r.To = r.From + room
			p.segments = append(p.segments, segment{log, r})
			room = 0
		}
	}
	return parts
}

// A place is how far the log has come that was read last.
type place struct {
	log     *Log
	mark    logparse.Mark
	formats [256]bool // that the log was counted for
	failed  bool      // the rest of the log cannot be read
}

// hopeless is how many parts in a row have to be read again before all others
// are not read ahead any more.
const hopeless = 3

// parts reads logs in parts.
func (r *reading) parts(logs []*Log, upcoming []outcome.Time) error {
	parts := cutParts(logs, r.l.read.Jobs)
	if len(parts) == 1 {
		return r.inOrder(logs, upcoming)
	}
	r.begin(upcoming[len(logs)-1])
	todo := make(chan *part)
	under := make(chan struct{}, r.l.read.Jobs+1) // those that were begun and are not joined: they take memory
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		defer close(todo)
		for _, p := range parts {
			select {
			case under <- struct{}{}:
			case <-stop:
				return
			}
			select {
			case todo <- p:
			case <-stop:
				return
			}
		}
	}()
	var again atomic.Int32 // how many parts in a row had to be read again
	for range r.l.read.Jobs {
		go func() {
			for p := range todo {
				p.read(r, again.Load() < hopeless)
			}
		}()
	}
	for i, p := range parts {
		if o := p.wait(r.ctx); o != nil {
			p.endSegment(o)
			p.end()
		}
		if r.joins(p) {
			again.Store(0)
		} else if again.Load() < hopeless {
			again.Add(1)
		}
		if err := r.ctx.Err(); err != nil {
			return err
		}
		parts[i] = nil // there may be thousands
		<-under
	}
	return nil
}

// joins joins a part. Where that is not possible, it reads it again, and reports
// false.
func (r *reading) joins(p *part) bool {
	j := r.l.join
	first, last := p.segments[0], p.segments[len(p.segments)-1]
	var lines int64
	follows := !p.lost
	if first.From > 0 {
		lines = j.place.mark.Line
		follows = follows && j.place.log == first.log && !j.place.failed && j.place.mark.Same(p.from)
	}
	name := first.log.Source.Name
	if !follows || !j.builder.Join(p.sessions, name, lines) {
		r.again(p)
		return false
	}
	p.input.moveLines(name, lines)
	p.count.Failures.MoveLines(name, lines)
	r.l.input.join(&p.input)
	for _, found := range p.found {
		r.l.assume(found)
	}
	j.into.join(p.count)
	j.place = place{log: last.log, mark: p.mark}
	j.place.formats[last.log.Found.Format] = true
	if len(p.segments) == 1 {
		j.place.mark.Line += lines
	}
	return true
}

// again reads a part behind what was read so far.
func (r *reading) again(p *part) {
	at := &r.l.join.place
	for i, s := range p.segments {
		read := i < p.whole
		if s.From == 0 {
			*at = place{log: s.log}
		}
		if r.ctx.Err() != nil {
			return
		}
		if at.log != s.log || at.failed || s.To > 0 && at.mark.Offset >= s.To {
			if !read {
				s.log.Source.PassOver(s.Range)
			}
			continue
		}
		o := &opened{log: s.log, ready: make(chan struct{}), continues: s.From > 0, more: s.To != 0, formats: at.formats}
		close(o.ready)
		from := &at.mark
		if at.mark.Line == 0 {
			at.mark.Offset = 0 // perhaps a byte order mark was read
		}
		o.stream, o.err = openSoon(r.ctx, func() (st *input.Stream, err error) {
			if at.mark.Line == 0 {
				from, _ = s.mark(r, 0)
			}
			st, o.offset, err = s.log.Source.ReopenRange(r.ctx, s.Range, at.mark.Offset, read)
			return st, err
		})
		if o.err == nil {
			o.reader = logparse.NewRangeReader(o.stream, s.log.Source.Name, s.log.reading(r.l.read), from, o.more)
		}
		if r.log(o) != nil {
			return
		}
		at.failed = o.err != nil
		if !at.failed {
			at.mark, _ = o.reader.Mark()
			at.formats = r.account.formats
		}
	}
}

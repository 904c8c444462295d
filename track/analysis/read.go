package analysis

import (
	"context"
	"io"
	"slices"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/input"
	"github.com/smtplog/smtplog/reply/outcome"
)

// Read reads all logs and calls each for every record, which is good until
// each returns. It ends early only with the context's error.
func (l *Logs) Read(ctx context.Context, each func(*logparse.Record)) error {
	return l.ReadFrom(ctx, func(outcome.Time) {}, each)
}

// ReadFrom is Read, and calls begin when it comes to a log, with the time of
// the first record of those that come later: none of their records is before
// it. The zero Time says that none comes later.
//
// With Jobs, rows are parsed and files opened ahead of each, by other
// goroutines; what begin and each are called with, and in what order, is the
// same.
func (l *Logs) ReadFrom(ctx context.Context, begin func(upcoming outcome.Time), each func(*logparse.Record)) error {
	if ctx.Err() != nil {
		// Only what was taken from pipes can still be read.
		l.logs = slices.DeleteFunc(slices.Clone(l.logs), func(log *Log) bool { return !log.Source.Piped })
	}
	upcoming := make([]outcome.Time, len(l.logs)+1)
	for i := len(l.logs) - 1; i >= 0; i-- {
		upcoming[i] = upcoming[i+1]
		if first := l.logs[i].First; !first.IsZero() && (upcoming[i].IsZero() || first.Before(upcoming[i])) {
			upcoming[i] = first
		}
	}
	for _, log := range l.logs {
		log.Source.Expect()
	}
	r := &reading{task: newTask(), ctx: ctx, l: l, begin: begin, each: each}
	var err error
	go func() {
		defer close(r.done)
		for i := 0; i < len(l.logs); {
			n, read := r.stretch(i)
			if err = read(l.logs[i:i+n], upcoming[i+1:]); err != nil {
				return
			}
			i += n
		}
	}()
	if o := r.wait(ctx); o != nil {
		r.end(o)
		return ctx.Err()
	}
	return err
}

// A reading reads all logs in order.
type reading struct {
	ctx   context.Context
	l     *Logs
	begin func(upcoming outcome.Time)
	each  func(*logparse.Record)

	task
	account account // of the current log
}

// stretch returns how many logs from the i-th on are read in one way, and that way.
func (r *reading) stretch(i int) (n int, read func(logs []*Log, upcoming []outcome.Time) error) {
	logs := r.l.logs[i:]
	if r.l.join == nil {
		return len(logs), r.inOrder
	}
	if n := together(logs); n > 0 {
		return n, r.wayOf(logs[:n])
	}
	for n < len(logs) && together(logs[n:]) == 0 {
		some, work := cuttable(logs[n:])
		if some > 0 && r.l.join.cut && worthSharing(work) {
			if n == 0 {
				return some, r.parts
			}
			break
		}
		n += max(some, 1)
	}
	return n, r.inOrder
}

// together returns how many of the first logs are all of IIS, or all of what else
// has sessions without ids. These may go on from one log to another.
func together(logs []*Log) (n int) {
	for n < len(logs) {
		f := logs[n].Found.Format
		if !f.Protocol() || f.HasSessionID() || f.IIS() != logs[0].Found.Format.IIS() {
			break
		}
		n++
	}
	return n
}

// wayOf returns how logs are read whose sessions have no ids.
func (r *reading) wayOf(logs []*Log) func(logs []*Log, upcoming []outcome.Time) error {
	var work, pipes int64
	for _, log := range logs {
		if log.Source.Size() < 0 {
			pipes++
		}
		work += max(log.work(), 0)
	}
	jobs := int64(r.l.read.Jobs)
	iis := logs[0].Found.Format.IIS()
	byPlace := max(groupsOf(logs)[0].work, work/jobs)
	switch {
	case pipes == 0 && !worthSharing(work):
		return r.inOrder
	case pipes == 0 && byPlace < work && (!iis || byPlace <= work*toShare(jobs)/100):
		return r.apart
	case iis && (pipes > 0 || work/int64(len(logs)) >= minSharedLog()):
		return r.shared
	}
	return r.inOrder
}

// inOrder reads logs one after the other.
func (r *reading) inOrder(logs []*Log, upcoming []outcome.Time) error {
	opener := r.l.opener(r.ctx, logs)
	defer opener.close()
	for i := range logs {
		r.begin(upcoming[i])
		if err := r.log(opener.next()); err != nil {
			return err
		}
	}
	return nil
}

// open opens a log that is read at once.
func (r *reading) open(log *Log) *opened {
	o := &opened{log: log, ready: make(chan struct{})}
	close(o.ready)
	o.stream, o.err = log.open(r.ctx)
	if o.err == nil {
		o.reader = logparse.NewReader(o.stream, log.Source.Name, log.reading(r.l.read))
	}
	return o
}

// log reads one log.
func (r *reading) log(o *opened) error {
	until := r.ctx
	if o.log.Source.Piped {
		until = context.WithoutCancel(until) // it ends with the context by itself, behind what was taken from it
	}
	select {
	case <-o.ready:
	case <-until.Done():
		go o.close() // which may have to wait for a file that has stalled
		return r.ctx.Err()
	}
	in := &r.l.input
	if o.err != nil {
		if r.ctx.Err() == nil {
			in.Failed = append(in.Failed, o.err)
		}
		return r.ctx.Err()
	}
	stop := context.AfterFunc(until, o.reader.Close)
	r.account = account{in: in, formats: o.formats}
	r.current.Store(o)
	if err := r.account.rows(o.reader, r.each); err != io.EOF && r.ctx.Err() == nil {
		o.err = err
		in.Failed = append(in.Failed, err)
	}
	stop()
	r.current.Store(nil)
	r.end(o)
	if r.ctx.Err() != nil {
		go o.close()
		return r.ctx.Err()
	}
	o.close()
	return nil
}

// end adds the account of a log that was read, to its end or not.
func (r *reading) end(o *opened) {
	r.account.end(o)
	if found, err := o.reader.Detection(); err == nil {
		r.l.assume(found)
	}
}

// An opened log is open, or about to be.
type opened struct {
	log   *Log
	ready chan struct{} // closed when what follows is set

	parsedAhead bool // by the Pool

	stream *input.Stream
	reader *logparse.Reader
	err    error // why it could not be opened, or read to its end
	index  int   // of the log, for a job

	// Of a segment.
	offset    int64     // where it begins
	continues bool      // that is not the log's beginning
	more      bool      // the log goes on behind it
	formats   [256]bool // that the log was counted for before
}

// bytes returns how many bytes of the log were read.
func (o *opened) bytes() int64 {
	if o.more {
		if mark, ok := o.reader.Mark(); ok {
			return mark.Offset - o.offset
		}
	}
	return o.stream.Bytes()
}

// close ends reading a log.
func (o *opened) close() {
	<-o.ready
	if o.reader != nil {
		o.reader.Close()
	}
	if o.stream != nil {
		o.stream.Close()
	}
}

// reading returns how one job reads the log.
func (log *Log) reading(read logparse.Options) *logparse.Options {
	read.Format, read.Jobs = log.Found.Format, 1
	return &read
}

// An opener opens logs in order, some of them ahead of their time.
type opener struct {
	ctx  context.Context
	logs []*Log // not opened yet
	read logparse.Options
	pool *logparse.Pool // nil: each log is opened when it is wanted

	ahead []*opened
}

// poolChunk is the Chunk of the Pools, smaller in tests.
var poolChunk int

func (l *Logs) opener(ctx context.Context, logs []*Log) *opener {
	o := &opener{ctx: ctx, logs: logs, read: l.read}
	if o.read.Jobs > 1 {
		o.pool = logparse.NewPool(o.read.Jobs)
		o.pool.Chunk = poolChunk
	}
	return o
}

// next returns the next log.
func (o *opener) next() *opened {
	if o.pool == nil {
		log := o.logs[0]
		o.logs = o.logs[1:]
		return o.open(log)
	}
	// Small files take as long to open as to read: as many as there are jobs
	// are opened while one is read.
	for len(o.logs) > 0 && len(o.ahead) <= o.read.Jobs {
		o.ahead = append(o.ahead, o.open(o.logs[0]))
		o.logs = o.logs[1:]
	}
	first := o.ahead[0]
	o.ahead = o.ahead[1:]
	return first
}

func (o *opener) open(log *Log) *opened {
	p := &opened{log: log, ready: make(chan struct{}), parsedAhead: o.pool != nil && o.pool.Parses(log.Found.Format)}
	open := func() {
		defer close(p.ready)
		if p.stream, p.err = log.Source.Open(o.ctx); p.err != nil {
			return
		}
		opt := log.reading(o.read)
		if !p.parsedAhead {
			p.reader = logparse.NewReader(p.stream, log.Source.Name, opt)
			return
		}
		p.reader = o.pool.NewReader(p.stream, log.Source.Name, opt)
		p.reader.Start()
	}
	go open()
	return p
}

// close gives up the logs that were opened and not read.
func (o *opener) close() {
	for _, p := range o.ahead {
		go p.close()
	}
	if o.pool != nil {
		o.pool.Close()
	}
}

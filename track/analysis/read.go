package analysis

import (
	"context"
	"errors"
	"io"

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
	o := l.opener(ctx)
	defer o.close()
	for i := range l.logs {
		begin(upcoming[i+1])
		if err := l.readLog(ctx, o.next(), each); err != nil {
			return err
		}
	}
	return nil
}

func (l *Logs) readLog(ctx context.Context, o *opened, each func(*logparse.Record)) error {
	select {
	case <-o.ready:
	case <-ctx.Done():
		go o.close() // which may have to wait for a file that has stalled
		return ctx.Err()
	}
	if o.err != nil {
		l.input.Failed = append(l.input.Failed, o.err)
		return ctx.Err()
	}
	stop := context.AfterFunc(ctx, o.reader.Close)
	a := account{in: &l.input}
	for {
		rec, err := o.reader.Next()
		if err == nil {
			a.record(rec)
			each(rec)
			continue
		}
		var syntax *logparse.SyntaxError
		if errors.As(err, &syntax) {
			if len(l.input.Problems) < MaxProblems {
				l.input.Problems = append(l.input.Problems, Problem{syntax.Pos, syntax.Msg})
			}
			continue
		}
		if err != io.EOF && ctx.Err() == nil {
			l.input.Failed = append(l.input.Failed, err)
		}
		break
	}
	stop()
	a.close()
	l.input.Files++
	l.input.Bytes += o.stream.Bytes()
	l.input.Counts.Add(o.reader.Counts())
	if !a.seen && o.log.Found.Format != logparse.FormatUnknown {
		l.input.format(o.log.Found.Format).Files++
	}
	if found, err := o.reader.Detection(); err == nil {
		l.assume(found)
	}
	if ctx.Err() != nil {
		go o.close()
		return ctx.Err()
	}
	o.close()
	return nil
}

// An opened log is open, or about to be.
type opened struct {
	log    *Log
	ready  chan struct{} // closed when what follows is set
	stream *input.Stream
	reader *logparse.Reader
	err    error // why it could not be opened
}

// close ends reading a log.
func (o *opened) close() {
	<-o.ready
	if o.stream != nil {
		o.reader.Close()
		o.stream.Close()
	}
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

func (l *Logs) opener(ctx context.Context) *opener {
	o := &opener{ctx: ctx, logs: l.logs, read: l.read}
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
	p := &opened{log: log, ready: make(chan struct{})}
	open := func() {
		defer close(p.ready)
		if p.stream, p.err = log.Source.Open(o.ctx); p.err != nil {
			return
		}
		opt := o.read
		opt.Format = log.Found.Format
		if o.pool == nil {
			p.reader = logparse.NewReader(p.stream, log.Source.Name, &opt)
			return
		}
		p.reader = o.pool.NewReader(p.stream, log.Source.Name, &opt)
		p.reader.Start()
	}
	if o.pool == nil {
		open()
	} else {
		go open()
	}
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

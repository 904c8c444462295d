package analysis

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync/atomic"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/input"
)

// headSize is how much of a file is looked at before the files are sorted.
const headSize = 64 << 10

// Prepare recognises the sources by their beginnings and puts them in order.
// What cannot be opened or is no log is noted in the Input. With read.Jobs,
// this and all reading is done by several goroutines.
func Prepare(ctx context.Context, sources []*input.Source, read *logparse.Options) *Logs {
	l := &Logs{}
	if read != nil {
		l.read = *read
	}
	l.glanceAll(ctx, sources)
	slices.SortStableFunc(l.logs, func(a, b *Log) int {
		return cmp.Or(
			cmp.Compare(a.Found.Format, b.Found.Format),
			a.First.Compare(b.First),
			cmp.Compare(a.Source.Name, b.Source.Name))
	})
	slices.SortFunc(l.input.Skipped, func(a, b Skipped) int { return cmp.Compare(a.File, b.File) })
	slices.SortStableFunc(l.input.Failed, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
	return l
}

// A glance is what the beginning of one source says.
type glance struct {
	number int // of the source
	log    *Log
	err    error // why it is not read
}

// glanceAll looks at the beginnings of all sources, some at a time, and of pipes,
// which may be slow, beside them. When the context ends it does not wait for those
// that are slow; of a pipe, what was taken from it until then is its beginning.
func (l *Logs) glanceAll(ctx context.Context, sources []*input.Source) {
	jobs := min(max(l.read.Jobs, 1), len(sources))
	var next atomic.Int64
	glances := make(chan glance, jobs)
	for range jobs {
		go func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(sources) || ctx.Err() != nil {
					return
				}
				if sources[i].Piped {
					continue
				}
				select {
				case glances <- glanceAt(ctx, sources, i, &l.read):
				case <-ctx.Done():
					return
				}
			}
		}()
	}
	piped, pipes := make(chan glance), 0
	for i, src := range sources {
		if src.Piped {
			pipes++
			go func() { piped <- glanceAt(ctx, sources, i, &l.read) }()
		}
	}
	found := make([]glance, len(sources))
	for others := len(sources) - pipes; others+pipes > 0; {
		select {
		case g := <-glances:
			found[g.number] = g
			others--
			continue
		case g := <-piped:
			found[g.number] = g
			pipes--
			continue
		case <-ctx.Done():
			others = 0
		}
		for ; pipes > 0; pipes-- {
			g := <-piped
			found[g.number] = g
		}
	}
	for _, g := range found {
		if g.log != nil && (ctx.Err() == nil || !errors.Is(g.err, ctx.Err())) {
			l.note(g)
		}
	}
}

func glanceAt(ctx context.Context, sources []*input.Source, number int, read *logparse.Options) glance {
	src := sources[number]
	defer src.Look()
	g := glance{number: number, log: &Log{Source: src}}
	head, err := src.Head(ctx, headSize, logparse.DetectLines)
	if err != nil && len(head) == 0 {
		g.err = err
		return g
	}
	g.log.Found, g.log.First, g.err = logparse.Glance(head, src.Name, read)
	if g.err != nil && err != nil && ctx.Err() != nil {
		g.err = err // too little of it was seen
	}
	return g
}

// note takes in what a glance found. What is no log is a failure when it was
// named outright, and passed over when it lay in a folder or an archive.
func (l *Logs) note(g glance) {
	var other *logparse.NotSMTPError
	var unknown *logparse.UnknownFormatError
	src := g.log.Source
	if g.err == nil {
		l.logs = append(l.logs, g.log)
		return
	}
	src.Skip()
	switch {
	case src.Explicit:
		l.input.Failed = append(l.input.Failed, g.err)
	case errors.As(g.err, &other):
		l.input.Skipped = append(l.input.Skipped, Skipped{src.Name, other.Service})
	case errors.As(g.err, &unknown):
		l.input.Skipped = append(l.input.Skipped, Skipped{src.Name, "not a log that smtplog reads"})
	default:
		l.input.Failed = append(l.input.Failed, g.err)
	}
}

package analysis

import (
	"errors"
	"io"
	"os"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/input"
	"github.com/smtplog/smtplog/logparse/session"
)

// A part is some of the logs, one after the other, of which the first and the last
// need not be whole.
type part struct {
	segments []segment
	task
	account account

	lost     bool // it has to be read again
	sessions *session.Part
	count    *Analysis // of the sessions that are over
	input    Input
	found    []logparse.Detection // what the logs were recognised as
	from     logparse.Mark        // that was assumed for the first segment, if that is no beginning
	mark     logparse.Mark        // where the last one ended
	whole    int                  // segments that were read to their end
}

// A segment is the lines of one log that are in a part.
type segment struct {
	log *Log
	input.Range
}

// read reads the part. Without try it is lost.
func (p *part) read(r *reading, try bool) {
	defer close(p.done)
	if p.lost = !try; p.lost {
		return
	}
	p.count, p.sessions = r.l.join.part()
	for _, s := range p.segments {
		if !p.segment(r, s) {
			break
		}
	}
	p.end()
}

// segment reads a segment. It reports false where the part is not read on.
func (p *part) segment(r *reading, s segment) bool {
	opt := s.log.reading(r.l.read)
	opt.Sparse = true
	name := s.log.Source.Name
	o := &opened{log: s.log, more: s.To != 0, continues: s.From != 0}
	var from *logparse.Mark
	o.stream, o.err = openSoon(r.ctx, func() (st *input.Stream, err error) {
		if st, o.offset, err = s.log.Source.OpenRange(r.ctx, s.Range); err != nil {
			return nil, err
		}
		if from, err = s.mark(r, o.offset); err != nil {
			st.Close()
			return nil, err
		}
		return st, nil
	})
	if o.err != nil {
		p.lost = r.ctx.Err() == nil // else what was read before counts
		return false
	}
	defer o.stream.Close()
	if o.continues {
		p.from = *from
		o.formats[s.log.Found.Format] = true
	}
	o.reader = logparse.NewRangeReader(o.stream, name, opt, from, o.more)
	p.account = account{in: &p.input, formats: o.formats}
	p.sessions.Begin()
	p.current.Store(o)
	o.err = p.account.rows(o.reader, func(rec *logparse.Record) {
		if !p.sessions.Add(o.reader, rec) {
			p.lost = true
			o.stream.Close() // nothing more is to be read
		}
	})
	p.current.Store(nil)
	p.endSegment(o)
	if errors.Is(o.err, os.ErrClosed) || o.err != io.EOF && r.ctx.Err() != nil {
		return false // what was read before the context ended counts
	}
	p.whole++
	if o.err != io.EOF {
		p.input.Failed = append(p.input.Failed, o.err)
		p.lost = p.lost || o.more // the other parts of the log must not be read
	}
	return !p.lost
}

// errCut says that a log cannot be read from the middle.
var errCut = errors.New("cannot be cut")

// mark returns the Mark of an offset of a log that is cut, as far as the log's
// beginning tells. It is nil for a log that is whole.
func (s segment) mark(r *reading, offset int64) (*logparse.Mark, error) {
	if s.From == 0 && s.To == 0 {
		return nil, nil
	}
	src := s.log.Source
	head, err := src.Head(r.ctx, headSize, logparse.DetectLines)
	if err != nil {
		return nil, err
	}
	mark, ok := logparse.HeadMark(head, src.Name, s.log.reading(r.l.read))
	if !ok {
		return nil, errCut
	}
	if offset == 0 {
		mark = mark.Beginning()
	} else {
		mark = mark.At(offset)
	}
	return &mark, nil
}

// endSegment takes in the account of a segment.
func (p *part) endSegment(o *opened) {
	p.account.end(o)
	if found, err := o.reader.Detection(); err == nil && found.Assumed != "" {
		p.found = append(p.found, found)
	}
	var ok bool
	if p.mark, ok = o.reader.Mark(); !ok && o.err == io.EOF || !p.account.only(o.log.Found.Format) {
		p.lost = true
	}
}

// end ends the part, which is read no further.
func (p *part) end() {
	if p.lost = p.lost || !p.sessions.End(); p.lost {
		p.sessions, p.count, p.input = nil, nil, Input{} // they take memory
	}
}

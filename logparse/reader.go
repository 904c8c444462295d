// Package logparse reads the SMTP protocol logs and message-tracking logs that
// Microsoft's mail servers write, row by row.
//
// A [Reader] recognises the format by content, finds columns by name, and turns
// each row into a [Record]: its position, its columns and, for protocol logs,
// the [Event] of the SMTP conversation that it stands for. Rows that cannot be
// read come back as [*SyntaxError] and reading goes on. Every physical line is
// accounted for in [Counts]. A Reader holds one block of the file and does not
// allocate per row.
package logparse

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/smtplog/smtplog/reply/outcome"
)

// Options say how to read a log. The zero value and a nil *Options let the
// log's content decide.
type Options struct {
	Format    Format         // FormatUnknown: detected by content
	Fields    []string       // names of the columns, for logs without a header
	Location  *time.Location // zone of logs in local time; nil is UTC
	DateOrder DateOrder      // of the IMS's and MS IIS's dates; AnyOrder: inferred from the file
	MaxLine   int            // longest line in bytes; 0 is DefaultMaxLine

	// Sparse lets Next leave out of a record what few ask for, until they call
	// [Record.Fill]; and raw lines of the IMS in front of records that say the
	// same, which are [Record.Echoed] then.
	Sparse bool

	// Jobs is how many goroutines parse at a time. With more than one, rows
	// are parsed ahead of Next, in chunks of the log; what Next returns is the
	// same. The Reader must then be read to its end or closed.
	Jobs int
}

// DateOrder is the order of day, month and year in a date that a Windows
// locale shaped.
type DateOrder uint8

// The orders.
const (
	AnyOrder DateOrder = iota // inferred from the file, else MDY
	MDY
	DMY
	YMD
)

// Counts account for every physical line of a log:
// Lines = Header + Blank + Records + Continuation + Malformed.
type Counts struct {
	Lines        int64
	Header       int64 // "#" lines, column names and the like
	Blank        int64
	Records      int64 // the first line of each record
	Continuation int64 // further lines of records
	Malformed    int64
}

// Add adds other to c.
func (c *Counts) Add(other Counts) {
	c.Lines += other.Lines
	c.Header += other.Header
	c.Blank += other.Blank
	c.Records += other.Records
	c.Continuation += other.Continuation
	c.Malformed += other.Malformed
}

// A SyntaxError is a line that is no record. Reading goes on behind it.
type SyntaxError struct {
	Pos outcome.Position
	Msg string
}

func (e *SyntaxError) Error() string { return e.Pos.String() + ": " + e.Msg }

// A NotSMTPError says that a log is that of another service.
type NotSMTPError struct {
	File    string
	Service string // "HTTP (IIS W3C)", "NNTP (Exchange 5.5 Internet News Service)", …
}

func (e *NotSMTPError) Error() string {
	return fmt.Sprintf("%s: not an SMTP log: %s", e.File, e.Service)
}

// An UnknownFormatError says that a file is no log that smtplog reads.
type UnknownFormatError struct{ File string }

func (e *UnknownFormatError) Error() string {
	return e.File + ": not a log that smtplog reads (--format and --fields can say what it is)"
}

// lineClass is what a rowReader found a line to be.
type lineClass uint8

const (
	lineRecord lineClass = iota
	lineHeader
	lineBlank
	lineMalformed
	lineContinuation // a further line of the record before, which was given out already
	lineEnd          // there was no further line
)

// A rowReader reads one format. There is one for each, in a file of its own.
type rowReader interface {
	// next takes one line or more from the scanner and says what it was. For a record it fills rec, which is reset but for what the
	// format needs to set, and sets rec.Lines when the record took more lines
	// than one. For a malformed line it returns what is wrong with it.
	next(rec *Record) (lineClass, string)
}

// A quickRowReader is a rowReader with a short way for the rows that nearly all
// are. Whatever the short way gives, next gives too.
type quickRowReader interface {
	rowReader
	// quick takes the lines of the next row and fills in all of rec but Pos and
	// Lines, if it is such a row. If not, it takes nothing, and next is called.
	quick(rec *Record) bool
}

// A Reader reads the records of one log.
type Reader struct {
	name       string
	opt        Options
	lines      *lineScanner
	rows       rowReader
	quick      quickRowReader // rows, if it is one
	rec        Record
	counts     Counts
	found      Detection
	recognised bool // found is given
	err        error
	ahead      *ahead // nil where Next does all the work

	stop outcome.Position // in a chunk or a range, the row that cannot be read without what follows
}

// NewReader returns a Reader of the log r. The name stands in positions and
// errors.
func NewReader(r io.Reader, name string, opt *Options) *Reader {
	rd := newRangeReader(r, name, opt)
	if rd.opt.Jobs > 1 {
		rd.lines = nil
		rd.ahead = newAhead(rd, NewPool(rd.opt.Jobs), r)
		rd.ahead.own = true
	}
	return rd
}

// Detection returns what the log was recognised as. It reads the beginning of
// the log if that has not been done yet.
func (r *Reader) Detection() (Detection, error) {
	if r.ahead != nil {
		return r.ahead.detection()
	}
	if err := r.start(); r.rows == nil {
		return r.found, err
	}
	return r.found, nil
}

// Counts returns the account of the lines read so far.
func (r *Reader) Counts() Counts { return r.counts }

// start recognises the format when nothing has been read yet.
func (r *Reader) start() error {
	if r.rows != nil || r.err != nil {
		return r.err
	}
	head := r.lines.head()
	switch err := r.lines.err; {
	case err == nil, err == io.EOF:
	case err == errChunk:
		r.lines.err = nil // until it is met again
	case len(head) == 0: // what was read before a failure is still read as records
		r.err = err
		return err
	}
	if !r.recognised {
		r.found = detect(head, &r.opt)
	}
	switch {
	case r.opt.Format != FormatUnknown:
		r.found.Format = r.opt.Format
	case r.found.Service != "":
		r.err = &NotSMTPError{r.name, r.found.Service}
		return r.err
	case r.found.Format == FormatUnknown && !r.found.Empty:
		r.err = &UnknownFormatError{r.name}
		return r.err
	}
	r.rows = newRowReader(r.lines, &r.opt, r.found)
	r.quick, _ = r.rows.(quickRowReader)
	return nil
}

// Next returns the next record. A *SyntaxError stands for a line that is no
// record, and the record after it follows with the next call; io.EOF ends the
// log; any other error does too.
func (r *Reader) Next() (*Record, error) {
	if r.ahead != nil {
		return r.ahead.next()
	}
	return r.read()
}

// Each calls each for the records that follow, one after the other, each good
// until each returns. It returns what Next returns when there is no record: a
// *SyntaxError, behind which the next call goes on, or what ended the log.
func (r *Reader) Each(each func(*Record)) error {
	for r.ahead == nil {
		for r.quick != nil {
			begin, number := r.lines.place()
			if !r.quick.quick(&r.rec) {
				break
			}
			if r.took(begin, number) {
				r.further()
			}
			each(&r.rec)
		}
		switch ok, err := r.take(); {
		case err != nil:
			return err
		case ok:
			each(&r.rec)
		}
	}
	for {
		rec, err := r.ahead.next()
		if err != nil {
			return err
		}
		each(rec)
	}
}

// read is Next where nothing is read ahead.
func (r *Reader) read() (*Record, error) {
	for {
		if r.quick != nil {
			begin, number := r.lines.place()
			if r.quick.quick(&r.rec) {
				if r.took(begin, number) {
					r.further()
				}
				return &r.rec, nil
			}
		}
		switch ok, err := r.take(); {
		case err != nil:
			return nil, err
		case ok:
			return &r.rec, nil
		}
	}
}

// took fills in what quick leaves out of the record for which it took the lines
// behind the given number, from the offset begin on, and counts them. Of several
// lines, further counts the others.
func (r *Reader) took(begin, number int64) (several bool) {
	taken := r.lines.number - number
	r.rec.Pos, r.rec.Lines = outcome.Position{File: r.name, Line: number + 1, Offset: begin}, int(taken)
	r.counts.Records++
	r.counts.Lines += taken
	return taken > 1
}

// further counts the lines of a record behind the first, which may be one of its
// own: the raw line that it echoes.
func (r *Reader) further() {
	rec := &r.rec
	if rec.echo == 0 {
		r.counts.Continuation += int64(rec.Lines) - 1
		return
	}
	r.counts.Records++
	rec.Pos.Line++
	rec.Pos.Offset += int64(rec.echo)
	rec.Lines = 1
}

// take reads on the long way. It reports whether that gave a record.
func (r *Reader) take() (ok bool, err error) {
	if r.rows == nil || r.err != nil {
		return false, r.start()
	}
	begin := r.lines.base + int64(r.lines.start)
	r.lines.skipNULs()
	pos := outcome.Position{File: r.name, Line: r.lines.number + 1, Offset: r.lines.base + int64(r.lines.start)}
	rec := &r.rec
	rec.reset(pos, r.found.Format)
	class, msg := r.rows.next(rec)
	if r.lines.err == errChunk {
		r.stop = pos
		if r.lines.more {
			r.stop.Offset, r.err = begin, io.EOF
			r.release()
			return false, io.EOF
		}
		return false, errChunk
	}
	taken := r.lines.number + 1 - pos.Line
	r.counts.Lines += taken
	switch class {
	case lineRecord:
		r.counts.Records++
		r.counts.Continuation += taken - 1
		rec.Lines = int(taken)
		return true, nil
	case lineHeader:
		r.counts.Header += taken
	case lineBlank:
		r.counts.Blank += taken
	case lineMalformed:
		r.counts.Malformed += taken
		return false, &SyntaxError{pos, msg}
	case lineContinuation:
		r.counts.Continuation += taken
	case lineEnd:
		if r.err = r.lines.err; r.err == nil {
			r.err = io.EOF
		}
		r.release()
		return false, r.err
	}
	return false, nil
}

// release gives up what only rows need that are to come.
func (r *Reader) release() {
	r.quick = nil
	r.lines.release()
	if rows, ok := r.rows.(*exchangeRows); ok && rows.known != nil {
		rows.known.release()
		rows.known = nil
	}
}

// Records yields the records and the syntax errors of the log, and last the
// error that ended it before its end, if there was one.
func (r *Reader) Records() iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		for {
			rec, err := r.Next()
			if err == io.EOF {
				return
			}
			if !yield(rec, err) {
				return
			}
			var syntax *SyntaxError
			if err != nil && !errors.As(err, &syntax) {
				return
			}
		}
	}
}

// DetectLines is how many lines have a say in what a log is recognised as.
const DetectLines = detectLines

// Glance returns what a log is recognised as by its beginning, and the time of
// the first record in that which has one.
func Glance(head []byte, name string, opt *Options) (found Detection, first outcome.Time, err error) {
	r := newRangeReader(nil, name, opt)
	r.lines.buf, r.lines.end, r.lines.err = head, len(head), io.EOF
	if found, err = r.Detection(); err != nil {
		return found, first, err
	}
	for rec, err := range r.Records() {
		if err == nil && !rec.Time.IsZero() {
			return found, rec.Time, nil
		}
	}
	return found, first, nil
}

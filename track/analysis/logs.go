package analysis

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/input"
	"github.com/smtplog/smtplog/reply/outcome"
)

// MaxProblems bounds the malformed lines that an Input lists; all are counted.
const MaxProblems = 10_000

// maxNotes bounds the assumptions that are listed.
const maxNotes = 20

// Input is the account of what was read. Every physical line is in exactly one
// of the five counts.
type Input struct {
	Files  int
	Bytes  int64 // after decompression
	Counts logparse.Counts

	Formats  []FormatInput // in the order of logparse.Formats
	Problems []Problem     // malformed lines in the order they were met, at most MaxProblems
	Skipped  []Skipped     // files in folders and archives that are no logs
	Failed   []error       // files that could not be read, or only in part, by their names
	Assumed  []string      // what the logs do not say and was assumed, each once

	Interrupted bool // the context ended: there is more
}

// FormatInput is the part of the input that has one format.
type FormatInput struct {
	Format      logparse.Format
	Files       int
	Records     int64
	First, Last outcome.Time
}

// A Problem is a line that could not be read.
type Problem struct {
	Pos     outcome.Position
	Message string
}

// Skipped is a file that is no log that smtplog reads.
type Skipped struct {
	File   string
	Reason string
}

// Span returns the earliest and the latest time of all records.
func (in *Input) Span() (first, last outcome.Time) {
	for _, f := range in.Formats {
		if first.IsZero() || !f.First.IsZero() && f.First.Before(first) {
			first = f.First
		}
		if last.Before(f.Last) {
			last = f.Last
		}
	}
	return first, last
}

// A Log is one source and what it was recognised as.
type Log struct {
	Source *input.Source
	Found  logparse.Detection
	First  outcome.Time // of the first record that has a time
}

// Logs are the inputs of a job, in the order in which they are read: by format,
// time of the first record and name, whatever order they were given in.
type Logs struct {
	logs  []*Log
	read  logparse.Options
	input Input
	join  *joiner  // where logs may be read in parts
	local []string // formats in local time that were met while no zone was given
	notes []string // what was assumed about single files, each once
}

// All returns the logs in the order in which they are read.
func (l *Logs) All() []*Log { return l.logs }

// Input returns the account of what was read so far.
func (l *Logs) Input() *Input {
	slices.SortStableFunc(l.input.Failed, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
	l.input.Assumed = slices.Clone(l.notes)
	if n := len(l.local); n > 0 {
		names := l.local[n-1]
		if n > 1 {
			names = strings.Join(l.local[:n-1], ", ") + " and " + names
		}
		l.input.Assumed = append(l.input.Assumed, names+" logs are in local time, read as UTC (--log-tz says otherwise)")
	}
	return &l.input
}

// Tracked reports whether there are message-tracking logs or message traces
// among the logs.
func (l *Logs) Tracked() bool {
	return slices.ContainsFunc(l.logs, func(log *Log) bool { return log.Tracks() })
}

// Tracks reports whether the log is one of message tracking, or a message
// trace.
func (log *Log) Tracks() bool {
	switch log.Found.Format {
	case logparse.Tracking5, logparse.Tracking2000, logparse.Tracking, logparse.TrackingPS, logparse.MessageTrace:
		return true
	}
	return false
}

// Only returns the logs that keep takes, with an account of their own.
func (l *Logs) Only(keep func(*Log) bool) *Logs {
	o := &Logs{read: l.read}
	for _, log := range l.logs {
		if keep(log) {
			o.logs = append(o.logs, log)
		}
	}
	return o
}

// assume notes what reading a log had to take for granted.
func (l *Logs) assume(found logparse.Detection) {
	if note := found.Assumed; note != "" && !slices.Contains(l.notes, note) && len(l.notes) < maxNotes {
		l.notes = append(l.notes, note)
	}
	switch f := found.Format; f {
	case logparse.IMS, logparse.IISMSIIS, logparse.OutlookSMTP, logparse.IISODBC:
		if l.read.Location == nil && !slices.Contains(l.local, f.String()) {
			l.local = append(l.local, f.String())
		}
	}
}

// join adds the account of other logs.
func (in *Input) join(other *Input) {
	in.Files += other.Files
	in.Bytes += other.Bytes
	in.Counts.Add(other.Counts)
	for _, f := range other.Formats {
		mine := in.format(f.Format)
		mine.Files += f.Files
		mine.Records += f.Records
		if mine.First.IsZero() || !f.First.IsZero() && f.First.Before(mine.First) {
			mine.First = f.First
		}
		if mine.Last.Before(f.Last) {
			mine.Last = f.Last
		}
	}
	in.Problems = append(in.Problems, other.Problems[:min(len(other.Problems), MaxProblems-len(in.Problems))]...)
	in.Skipped = append(in.Skipped, other.Skipped...)
	in.Failed = append(in.Failed, other.Failed...)
	for _, note := range other.Assumed {
		if !slices.Contains(in.Assumed, note) {
			in.Assumed = append(in.Assumed, note)
		}
	}
}

// moveLines moves the lines of the problems in a file.
func (in *Input) moveLines(file string, lines int64) {
	for i := range in.Problems {
		if pos := &in.Problems[i].Pos; pos.File == file {
			pos.Line += lines
		}
	}
}

func (in *Input) format(f logparse.Format) *FormatInput {
	i, found := slices.BinarySearchFunc(in.Formats, f, func(fi FormatInput, f logparse.Format) int {
		return cmp.Compare(fi.Format, f)
	})
	if !found {
		in.Formats = slices.Insert(in.Formats, i, FormatInput{Format: f})
	}
	return &in.Formats[i]
}

// An account counts the records of one file by format. A file has one format,
// but for files that were put together from several.
type account struct {
	in      *Input
	current FormatInput
	formats [256]bool // that the file was counted for
	seen    bool
}

// rows reads rows and counts them, and calls each for every one. The error is what
// ended it.
func (a *account) rows(r *logparse.Reader, each func(*logparse.Record)) error {
	counted := func(rec *logparse.Record) {
		if !a.follows(rec) {
			a.record(rec)
		}
		each(rec)
	}
	for {
		err := r.Each(counted)
		var syntax *logparse.SyntaxError
		if !errors.As(err, &syntax) {
			return err
		}
		if len(a.in.Problems) < MaxProblems {
			a.in.Problems = append(a.in.Problems, Problem{syntax.Pos, syntax.Msg})
		}
	}
}

// end adds what was counted of a log, read to its end or not, to the input.
func (a *account) end(o *opened) {
	a.close()
	in := a.in
	in.Counts.Add(o.reader.Counts())
	in.Bytes += o.bytes()
	if o.continues {
		return
	}
	in.Files++
	if f := o.log.Found.Format; !a.seen && f != logparse.FormatUnknown {
		in.format(f).Files++
		a.formats[f] = true
	}
}

// only reports whether the file was counted for no other format.
func (a *account) only(f logparse.Format) bool {
	a.formats[f] = false
	return !slices.Contains(a.formats[:], true)
}

// follows counts a record that is like the last one and not before it. It reports
// false, and does nothing, for any other.
func (a *account) follows(rec *logparse.Record) bool {
	c := &a.current
	if rec.Format != c.Format || !rec.Time.Follows(c.Last) {
		return false
	}
	c.Records++
	if rec.Echoed() {
		c.Records++
	}
	c.Last = rec.Time
	return true
}

// record counts a record.
func (a *account) record(rec *logparse.Record) {
	if rec.Format != a.current.Format {
		a.close()
		a.current = FormatInput{Format: rec.Format}
	}
	c := &a.current
	c.Records++
	if rec.Echoed() {
		c.Records++
	}
	if rec.Time == c.Last || rec.Time.IsZero() {
		return
	}
	if c.First.IsZero() || rec.Time.Before(c.First) {
		c.First = rec.Time
	}
	if c.Last.Before(rec.Time) {
		c.Last = rec.Time
	}
}

// close adds what was counted to the input.
func (a *account) close() {
	c := a.current
	if c.Records == 0 {
		return
	}
	f := a.in.format(c.Format)
	f.Records += c.Records
	if f.First.IsZero() || !c.First.IsZero() && c.First.Before(f.First) {
		f.First = c.First
	}
	if f.Last.Before(c.Last) {
		f.Last = c.Last
	}
	if !a.formats[c.Format] {
		a.formats[c.Format] = true
		f.Files++
	}
	a.seen = true
	a.current = FormatInput{}
}

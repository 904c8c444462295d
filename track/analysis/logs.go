package analysis

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
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

// headSize is how much of a file is looked at before the files are sorted.
const headSize = 64 << 10

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
	local []string // formats in local time that were met while no zone was given
	notes []string // what was assumed about single files, each once
}

// Prepare recognises the sources by their beginnings and puts them in order.
// What cannot be opened or is no log is noted in the Input.
func Prepare(ctx context.Context, sources []*input.Source, read *logparse.Options) *Logs {
	l := &Logs{}
	if read != nil {
		l.read = *read
	}
	for _, src := range sources {
		if ctx.Err() != nil {
			break
		}
		l.prepare(ctx, src)
	}
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

func (l *Logs) prepare(ctx context.Context, src *input.Source) {
	head, err := src.Head(ctx, headSize)
	if err != nil && len(head) == 0 {
		l.input.Failed = append(l.input.Failed, err)
		return
	}
	r := logparse.NewReader(bytes.NewReader(head), src.Name, &l.read)
	found, err := r.Detection()
	if err != nil {
		l.strange(src, err)
		return
	}
	log := &Log{Source: src, Found: found}
	for rec, err := range r.Records() {
		if err == nil && !rec.Time.IsZero() {
			log.First = rec.Time
			break
		}
	}
	l.logs = append(l.logs, log)
}

// strange notes a source that is no log: it is a failure when it was named
// outright, and passed over when it lay in a folder or an archive.
func (l *Logs) strange(src *input.Source, err error) {
	if src.Explicit {
		l.input.Failed = append(l.input.Failed, err)
		return
	}
	reason := "not a log that smtplog reads"
	var other *logparse.NotSMTPError
	if errors.As(err, &other) {
		reason = other.Service
	}
	l.input.Skipped = append(l.input.Skipped, Skipped{src.Name, reason})
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

// Read reads all logs and calls each for every record, which is good until
// each returns. It ends early only with the context's error.
func (l *Logs) Read(ctx context.Context, each func(*logparse.Record)) error {
	return l.ReadFrom(ctx, func(outcome.Time) {}, each)
}

// ReadFrom is Read, and calls begin when it comes to a log, with the time of
// the first record of those that come later: none of their records is before
// it. The zero Time says that none comes later.
func (l *Logs) ReadFrom(ctx context.Context, begin func(upcoming outcome.Time), each func(*logparse.Record)) error {
	upcoming := make([]outcome.Time, len(l.logs)+1)
	for i := len(l.logs) - 1; i >= 0; i-- {
		upcoming[i] = upcoming[i+1]
		if first := l.logs[i].First; !first.IsZero() && (upcoming[i].IsZero() || first.Before(upcoming[i])) {
			upcoming[i] = first
		}
	}
	for i, log := range l.logs {
		begin(upcoming[i+1])
		if err := l.readLog(ctx, log, each); err != nil {
			return err
		}
	}
	return nil
}

func (l *Logs) readLog(ctx context.Context, log *Log, each func(*logparse.Record)) error {
	stream, err := log.Source.Open(ctx)
	if err != nil {
		l.input.Failed = append(l.input.Failed, err)
		return ctx.Err()
	}
	defer stream.Close()
	opt := l.read
	opt.Format = log.Found.Format
	r := logparse.NewReader(stream, log.Source.Name, &opt)
	a := account{in: &l.input}
	for {
		rec, err := r.Next()
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
	a.close()
	l.input.Files++
	l.input.Bytes += stream.Bytes()
	l.input.Counts.Add(r.Counts())
	if !a.seen && log.Found.Format != logparse.FormatUnknown {
		l.input.format(log.Found.Format).Files++
	}
	if found, err := r.Detection(); err == nil {
		l.assume(found)
	}
	return ctx.Err()
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
	files   [256]bool // formats that the file was counted for
	seen    bool
}

func (a *account) record(rec *logparse.Record) {
	if rec.Format != a.current.Format {
		a.close()
		a.current = FormatInput{Format: rec.Format}
	}
	c := &a.current
	c.Records++
	if rec.Time.IsZero() {
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
	if !a.files[c.Format] {
		a.files[c.Format] = true
		f.Files++
	}
	a.seen = true
	a.current = FormatInput{}
}

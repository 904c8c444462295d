package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	xterm "golang.org/x/term"

	"github.com/smtplog/smtplog/cmd/internal/progress"
	"github.com/smtplog/smtplog/cmd/internal/term"
	"github.com/smtplog/smtplog/cmd/internal/when"
	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/input"
	"github.com/smtplog/smtplog/reply/outcome"
	"github.com/smtplog/smtplog/track/analysis"
)

// maxJobs bounds --jobs: each job takes some memory.
const maxJobs = 256

// readFlags are the flags of every command that reads logs.
type readFlags struct {
	format, fields, logTZ, dateOrder string
	maxLine, maxDecompressed         string
	jobs                             int
	memory                           string
	noProgress                       bool
	color                            string

	since, until, tz string
}

func (f *readFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.format, "format", "", "read every file as this `FORMAT`, e.g. iis-w3c (smtplog formats lists them)")
	fl.StringVar(&f.fields, "fields", "", "`NAMES` of the columns where the log has no header, e.g. \"date time c-ip cs-method sc-status\"")
	fl.StringVar(&f.logTZ, "log-tz", "", "`ZONE` of logs in local time, e.g. Europe/Berlin, +02:00, local (default UTC)")
	fl.StringVar(&f.dateOrder, "date-order", "", "`ORDER` of dates like 4/5/99: mdy, dmy or ymd (default: inferred from each file)")
	fl.StringVar(&f.maxLine, "max-line", "1MiB", "longest line that is read, a `SIZE`, e.g. 16MiB; a longer one counts as malformed")
	fl.StringVar(&f.maxDecompressed, "max-decompressed", "64GiB", "most that one compressed file may unpack to, a `SIZE`, e.g. 500GiB")
	fl.IntVar(&f.jobs, "jobs", 0, "read on at most `N` cores, e.g. --jobs 2, with the same output for any N; 0 is all")
	fl.StringVar(&f.memory, "memory", "512MiB", "most that open sessions may hold together, and unfinished messages, a `SIZE`, e.g. 2GiB; beyond it those silent longest are cut, which is reported")
	fl.BoolVar(&f.noProgress, "no-progress", false, "no progress on standard error, e.g. --no-progress")
	addColor(fl, &f.color)
}

func addColor(fl *pflag.FlagSet, color *string) {
	fl.StringVar(color, "color", "auto", "`WHEN` to use colour: auto, always or never; NO_COLOR is honoured, e.g. --color never")
}

// addTimes adds the flags of commands that choose by time and print times.
func (f *readFlags) addTimes(cmd *cobra.Command, what string) {
	fl := cmd.Flags()
	fl.StringVar(&f.since, "since", "", "only "+what+" that began at or after this `TIME`, e.g. 2026-11-01, 2026-11-01T13:00:00Z, -3h, yesterday")
	fl.StringVar(&f.until, "until", "", "only "+what+" that began before this `TIME`, e.g. 2026-11-02, now")
	fl.StringVar(&f.tz, "tz", "", "`ZONE` of the times that are printed, e.g. Europe/Berlin, local (default UTC; JSON is always UTC)")
}

// A job is what the flags of one run mean.
type job struct {
	read    logparse.Options
	paths   []string
	sources []*input.Source
	errs    []error // paths that lead to nothing
	since   time.Time
	until   time.Time
	loc     *time.Location // of printed times
	out     *term.Output
	memory  int64 // that open sessions may hold
	counter input.Progress
	bar     *progress.Bar

	// For the progress.
	files atomic.Int64 // of the sources; 0 until they are found
	size  atomic.Int64 // of all of them, in bytes; below 0 when it is not known
}

// start checks the flags and finds the inputs.
func (a *app) start(ctx context.Context, f *readFlags, paths []string) (*job, error) {
	j := &job{paths: paths}
	var err error
	if j.out, err = a.output(f.color); err != nil {
		return nil, err
	}
	if j.read, err = f.reading(); err != nil {
		return nil, err
	}
	if j.loc, err = zone("--tz", f.tz); err != nil {
		return nil, err
	}
	if j.loc == nil {
		j.loc = time.UTC
	}
	now := time.Now()
	if j.since, err = bound("--since", f.since, now, j.loc); err != nil {
		return nil, err
	}
	if j.until, err = bound("--until", f.until, now, j.loc); err != nil {
		return nil, err
	}
	if j.memory, err = parseSize("--memory", f.memory); err != nil {
		return nil, err
	}
	if j.memory < 1<<20 {
		return nil, usageError{errors.New("--memory is at least 1MiB")}
	}
	limit, err := parseSize("--max-decompressed", f.maxDecompressed)
	if err != nil {
		return nil, err
	}
	if len(j.paths) == 0 {
		if isTerminal(a.stdin) {
			return nil, usageError{errors.New("no PATH given: name files, folders or globs, or pipe a log in (--help has examples)")}
		}
		j.paths = []string{"-"}
	}
	if !f.noProgress {
		j.bar = progress.Start(a.stderr, j.now)
		a.bar = j.bar
	}
	j.sources, j.errs = input.Find(ctx, j.paths, &input.Options{Stdin: a.stdin, MaxDecompressed: limit, Progress: &j.counter})
	j.errs = slices.DeleteFunc(j.errs, func(err error) bool { return errors.Is(err, context.Canceled) }) // that is said in the end
	j.found()
	if len(j.sources) == 0 {
		j.bar.Stop()
		a.report(j.errs)
		if len(j.errs) == 0 {
			return nil, fmt.Errorf("no files in %s", strings.Join(j.paths, ", "))
		}
		return nil, errFailed
	}
	return j, nil
}

// found notes what is to be read in all.
func (j *job) found() {
	size := int64(0)
	for _, s := range j.sources {
		if size += s.Size(); s.Size() < 0 {
			size = -1
			break
		}
	}
	j.size.Store(size)
	j.files.Store(int64(len(j.sources)))
}

// names yields the names of the sources.
func (j *job) names(yield func(string) bool) {
	for _, s := range j.sources {
		if !yield(s.Name) {
			return
		}
	}
}

// now returns how far the job is.
func (j *job) now() progress.Now {
	now := progress.Now{Read: j.counter.Read(), Total: j.size.Load(), Files: int(j.files.Load()), Looked: j.counter.Looked(), Done: j.counter.Files()}
	if now.Files == 0 {
		now.Files, now.Finding = j.counter.Found(), true
	}
	if now.Total >= 0 {
		now.Total += j.counter.Extra()
	}
	return now
}

// rereadable reports whether every source can be read more than once, which
// pipes cannot.
func rereadable(sources []*input.Source) bool {
	return !slices.ContainsFunc(sources, func(s *input.Source) bool { return s.Size() < 0 })
}

// output returns where tables go.
func (a *app) output(color string) (*term.Output, error) {
	switch color {
	case "auto", "always", "never":
		return term.For(a.raw, color, a.env), nil
	}
	return nil, usageError{fmt.Errorf("--color is auto, always or never, not %q", color)}
}

func (f *readFlags) reading() (opt logparse.Options, err error) {
	if f.format != "" {
		if opt.Format, err = logparse.ParseFormat(f.format); err != nil {
			return opt, usageError{err}
		}
	}
	opt.Fields = strings.FieldsFunc(f.fields, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' })
	if opt.Location, err = zone("--log-tz", f.logTZ); err != nil {
		return opt, err
	}
	switch strings.ToLower(f.dateOrder) {
	case "":
	case "mdy":
		opt.DateOrder = logparse.MDY
	case "dmy":
		opt.DateOrder = logparse.DMY
	case "ymd":
		opt.DateOrder = logparse.YMD
	default:
		return opt, usageError{fmt.Errorf("--date-order is mdy, dmy or ymd, not %q", f.dateOrder)}
	}
	switch {
	case f.jobs < 0:
		return opt, usageError{errors.New("--jobs is 0 for all cores, or a number")}
	case f.jobs == 0:
		opt.Jobs = runtime.GOMAXPROCS(0)
	default:
		opt.Jobs = min(f.jobs, maxJobs)
	}
	n, err := parseSize("--max-line", f.maxLine)
	if err == nil && (n < 1024 || n > 1<<30) {
		err = usageError{errors.New("--max-line is 1KiB to 1GiB")}
	}
	opt.MaxLine = int(n)
	return opt, err
}

// zone returns the zone of that name, nil for none.
func zone(flag, name string) (*time.Location, error) {
	if name == "" {
		return nil, nil
	}
	loc, err := when.Zone(name)
	if err != nil {
		return nil, usageError{fmt.Errorf("%s: %w", flag, err)}
	}
	return loc, nil
}

func bound(flag, text string, now time.Time, loc *time.Location) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := when.Parse(text, now, loc)
	if err != nil {
		return t, usageError{fmt.Errorf("%s: %w", flag, err)}
	}
	return t, nil
}

// parseSize reads "1048576", "1MiB", "64GiB" or "64GB".
func parseSize(flag, text string) (int64, error) {
	units := []struct {
		name string
		size int64
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1}, {"", 1}}
	for _, u := range units {
		digits, found := strings.CutSuffix(strings.ToLower(text), strings.ToLower(u.name))
		if !found {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
		if err == nil && n > 0 && n <= (1<<62)/u.size {
			return n * u.size, nil
		}
	}
	return 0, usageError{fmt.Errorf("%s: %q is no size; write 500MiB, 64GiB or a number of bytes", flag, text)}
}

func parseKeys(by string) ([]outcome.Key, error) {
	keys, err := outcome.ParseKeys(by)
	if err != nil {
		return nil, usageError{fmt.Errorf("--by: %w", err)}
	}
	return keys, nil
}

func checkTop(n int) error {
	if n < 0 {
		return usageError{errors.New("--top is 0 for all, or a number")}
	}
	return nil
}

func isTerminal(r io.Reader) bool {
	file, ok := r.(*os.File)
	return ok && xterm.IsTerminal(int(file.Fd()))
}

// report prints errors, one a line, each once: all members of an archive that
// is too large fail alike.
func (a *app) report(errs []error) {
	said := map[string]bool{}
	for _, err := range errs {
		if said[err.Error()] || errors.Is(err, context.Canceled) { // that is said in the end
			continue
		}
		said[err.Error()] = true
		fmt.Fprintf(a.stderr, "smtplog: %s\n", term.Safe(err.Error()))
	}
}

// finish ends the progress, prints what could not be read, and says whether
// the command failed for it.
func (a *app) finish(ctx context.Context, j *job, in *analysis.Input) error {
	j.bar.Stop()
	if err := a.stdout.Flush(); err != nil {
		return err
	}
	a.report(j.errs)
	a.report(in.Failed)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case len(j.errs) > 0 || len(in.Failed) > 0:
		return errFailed
	case in.Files == 0:
		return fmt.Errorf("no logs in %s (%d files are something else; smtplog formats says what)", strings.Join(j.paths, ", "), len(in.Skipped))
	}
	return nil
}

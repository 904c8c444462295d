package progress

import (
	"fmt"
	"math"
	"time"

	"github.com/smtplog/smtplog/cmd/internal/table"
	"github.com/smtplog/smtplog/cmd/internal/term"
)

// A state is how far a job is.
type state struct {
	Now
	elapsed time.Duration // since the first bytes were read
}

// reading is when reading began, as far as is known: a million files are looked at
// for minutes before the first is read, which says nothing of the rate.
type reading time.Time

// at returns for how long has been read when so many bytes were.
func (r *reading) at(now time.Time, read int64) time.Duration {
	if read == 0 {
		*r = reading(now)
	}
	return now.Sub(time.Time(*r))
}

// settled is how long a job runs before its rate says anything.
const settled = time.Second

// line returns the state in one line of at most width columns:
// "3 of 10 files, 412 MB of 1.2 GB (34%), 98 MB/s, 9s left". Before that, when
// there are many files: "12,345 files found", "123 of 12,345 files looked at".
func (s state) line(width int) string {
	text := table.Count(int64(s.Files)) + " files"
	if s.Files == 1 {
		text = "1 file"
	}
	switch {
	case s.Finding:
		return term.Cut(text+" found", width)
	case s.Read == 0 && s.Looked < s.Files && s.Files > 1:
		return term.Cut(table.Count(int64(s.Looked))+" of "+text+" looked at", width)
	case s.Done >= 0 && s.Files > 1:
		text = table.Count(int64(s.Done)) + " of " + text
	}
	text += ", " + table.Bytes(s.Read)
	if s.Total > 0 {
		percent := min(100, int(float64(s.Read)/float64(s.Total)*100))
		text += fmt.Sprintf(" of %s (%d%%)", table.Bytes(s.Total), percent)
	}
	if s.elapsed >= settled && s.Read > 0 {
		rate := float64(s.Read) / s.elapsed.Seconds()
		text += ", " + table.Bytes(int64(rate)) + "/s"
		if left := float64(s.Total-s.Read) / rate; s.Total > 0 && left > 0 {
			text += ", " + timeLeft(left) + " left"
		}
	}
	return term.Cut(text, width)
}

// timeLeft writes a number of seconds, rounded up: 9s, 3m05s; at most a year.
func timeLeft(seconds float64) string {
	d := time.Duration(math.Ceil(min(seconds, 365*24*60*60))) * time.Second
	if d < time.Minute {
		return fmt.Sprintf("%ds", d/time.Second)
	}
	return table.Duration(d)
}

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
	read, total int64 // bytes; total below 0: not known
	done, files int   // done below 0: not known
	elapsed     time.Duration
}

// settled is how long a job runs before its rate says anything.
const settled = time.Second

// line returns the state in one line of at most width columns:
// "3 of 10 files, 412 MB of 1.2 GB (34%), 98 MB/s, 9s left".
func (s state) line(width int) string {
	text := table.Count(int64(s.files)) + " files"
	if s.files == 1 {
		text = "1 file"
	}
	if s.done >= 0 && s.files > 1 {
		text = table.Count(int64(s.done)) + " of " + text
	}
	text += ", " + table.Bytes(s.read)
	if s.total > 0 {
		percent := min(100, int(float64(s.read)/float64(s.total)*100))
		text += fmt.Sprintf(" of %s (%d%%)", table.Bytes(s.total), percent)
	}
	if s.elapsed >= settled && s.read > 0 {
		rate := float64(s.read) / s.elapsed.Seconds()
		text += ", " + table.Bytes(int64(rate)) + "/s"
		if left := float64(s.total-s.read) / rate; s.total > 0 && left > 0 {
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

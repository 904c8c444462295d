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
	files   int
	elapsed time.Duration
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
	if s.Done >= 0 && s.files > 1 {
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

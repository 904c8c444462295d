package track

import (
	"time"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// Bounds of what a Builder holds.
const (
	// DefaultWindow is how long after its last row a message that is not
	// complete may get another one: Exchange gives up after two days.
	DefaultWindow = 72 * time.Hour

	// DefaultSettled is the same for a message whose recipients all have their
	// final verdicts.
	DefaultSettled = time.Hour

	// MaxRows is how many rows of unfinished messages are held. When there are
	// more, the messages that have been silent longest are handed out.
	MaxRows = 1_000_000

	// MaxTransactions is how many transactions of sessions are held for the
	// join.
	MaxTransactions = 500_000
)

// Options say how messages are put together. A nil *Options is the zero value.
type Options struct {
	Window  time.Duration // 0 is DefaultWindow
	Settled time.Duration // 0 is DefaultSettled

	// Keep, where it is not nil, says which rows count. The Event is good until
	// it returns.
	Keep func(*Event) bool

	// Classifier gives each failure its reason; nil is the built-in one.
	Classifier *reply.Classifier
}

// A Builder puts the rows of tracking logs together to messages.
type Builder struct {
	opt  Options
	emit func(*Message)
}

// NewBuilder returns a Builder that calls emit for each message when it is
// over. The message is emit's to keep.
func NewBuilder(opt *Options, emit func(*Message)) *Builder {
	b := &Builder{emit: emit}
	if opt != nil {
		b.opt = *opt
	}
	return b
}

// Add takes a row. Records that are no rows of tracking logs or message traces
// are passed over. Rows may come in any order.
func (b *Builder) Add(rec *logparse.Record) {}

// AddSession takes a session for the join. It keeps nothing of s. Sessions are
// to be added before the messages they carried are over; the order of formats
// in which logs are read sees to that.
func (b *Builder) AddSession(s *session.Session) {}

// Upcoming says that all rows of logs that have not been begun yet are at t or
// later; the zero Time says that there are no more logs. Whoever reads logs in
// the order of their first times calls it at the beginning of each log with
// the first time of the next one. Without it no message is over before Close,
// but for [MaxRows].
func (b *Builder) Upcoming(t outcome.Time) {}

// Close hands out the messages that are left.
func (b *Builder) Close() {}

// Capped returns how often a bound was reached and messages were handed out
// early, or transactions left out of the join.
func (b *Builder) Capped() int64 { return 0 }

// Cut returns how many messages without a final verdict were handed out
// because their window was over.
func (b *Builder) Cut() int64 { return 0 }

// Coverage returns which server's log covers which times, as far as rows were
// added.
func (b *Builder) Coverage() *Coverage { return nil }

package analysis

import (
	"context"
	"slices"
	"time"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
	"github.com/smtplog/smtplog/track"
)

// MaxMatches bounds the messages of a Trace, and its sessions.
const MaxMatches = 1000

// maxPasses bounds how often the tracking logs are read to find the ids of all
// forks of a message.
const maxPasses = 4

// A Search says what is looked for in the logs.
type Search struct {
	Needle track.Needle

	// Which of the messages that the needle means are wanted, and of the sessions
	// that carried one; nil is all. They are good until it returns.
	Message func(*track.Message) bool
	Session func(*session.Session) bool

	Classifier *reply.Classifier // gives each failure its reason; nil is the built-in one
	Memory     int64             // that open sessions, and messages, may hold, in bytes; 0 is the default
}

// A Trace is what the logs say about the messages that are looked for.
type Trace struct {
	Messages []*track.Message   // by their first time
	Sessions []*session.Session // that carried such a message, where no tracking log has it

	More         int // messages beyond MaxMatches
	MoreSessions int // the same
	Others       int // messages that the needle means and that are not wanted

	Incomplete     bool  // not all ids that lead from these messages to others of their rows were followed
	CappedMessages int64 // handed out early since a bound was reached
	CappedSessions int64
	Unjoined       int64 // transactions near in time to the messages that were not joined with them
}

// FindMessages follows the messages that are looked for through all logs. The
// tracking logs are searched for rows that may belong to one, so that most rows
// are not even parsed, until the ids of all its forks are known; then its rows
// are put together and joined with the sessions of the protocol logs.
func FindMessages(ctx context.Context, logs *Logs, search *Search) (*Trace, error) {
	var ids track.IDs
	tracking := logs.Only((*Log).Tracks)
	var e track.Event
	var near hours
	found := true
	for pass := 0; found && pass < maxPasses; pass++ {
		found = false
		err := tracking.Only((*Log).Tracks).Read(ctx, func(rec *logparse.Record) {
			if !search.Needle.MayMatch(rec.Raw()) && !ids.MayMatch(rec.Raw()) {
				return
			}
			if track.Parse(rec, &e) && (search.Needle.MatchEvent(&e) || ids.Match(&e)) {
				near.add(e.Time)
				found = ids.Add(&e) || found
			}
		})
		if err != nil {
			return nil, err
		}
	}
	t := &Trace{Incomplete: found || ids.Dropped()}
	if err := t.gather(ctx, logs, search, &ids, &near); err != nil {
		return nil, err
	}
	return t, nil
}

// gather reads all logs once more and keeps what belongs to the ids.
func (t *Trace) gather(ctx context.Context, logs *Logs, search *Search, ids *track.IDs, near *hours) error {
	messages := track.NewBuilder(&track.Options{Keep: ids.Match, Near: near.has, Classifier: search.Classifier, Memory: search.Memory}, func(m *track.Message) {
		switch {
		case !search.Needle.Match(m):
		case search.Message != nil && !search.Message(m):
			t.Others++
		case len(t.Messages) >= MaxMatches:
			t.More++
		default:
			t.Messages = append(t.Messages, m)
		}
	})
	sessions := session.NewBuilder(&session.Options{Classifier: search.Classifier, Memory: search.Memory}, func(s *session.Session) {
		messages.AddSession(s)
		switch {
		case !carries(s, search.Needle), search.Session != nil && !search.Session(s):
		case len(t.Sessions) >= MaxMatches:
			t.MoreSessions++
		default:
			t.Sessions = append(t.Sessions, s.Clone())
		}
	})
	// The sessions of the protocol logs are over before the tracking logs are
	// read, so that messages find them.
	protocol := logs.Only(func(log *Log) bool { return log.Found.Format.Protocol() })
	err := protocol.Read(ctx, sessions.Add)
	sessions.Close()
	if err != nil {
		return err
	}
	tracking := logs.Only((*Log).Tracks)
	err = tracking.Read(ctx, func(rec *logparse.Record) {
		if ids.MayMatch(rec.Raw()) {
			messages.Add(rec)
		} else {
			messages.Skip(rec) // it shows what the log covers
		}
	})
	messages.Close()
	if err != nil {
		return err
	}
	t.CappedMessages, t.CappedSessions, t.Unjoined = messages.Capped(), sessions.Capped(), messages.Unjoined()
	logs.input = *protocol.Input()
	logs.input.join(tracking.Input())
	slices.SortStableFunc(t.Messages, func(a, b *track.Message) int { return a.First.Compare(b.First) })
	return nil
}

// carries reports whether a transaction of the session is of a message that
// the needle means.
func carries(s *session.Session, needle track.Needle) bool {
	for i := range s.Transactions {
		tr := &s.Transactions[i]
		m := track.Message{MessageID: tr.MessageID, Sender: tr.From, HasSender: tr.HasFrom}
		for j := range tr.Recipients {
			m.Recipients = append(m.Recipients, track.RecipientVerdict{Address: tr.Recipients[j].To})
		}
		if needle.Match(&m) {
			return true
		}
	}
	return false
}

// hours are those in which something is, and those around them. The zero hours are
// none.
type hours struct {
	list map[int64]struct{} // since 1970
	all  bool               // there are too many of them
}

const maxHours = 100_000

func (h *hours) add(t outcome.Time) {
	if t.IsZero() || h.all {
		return
	}
	if h.list == nil {
		h.list = map[int64]struct{}{}
	}
	n := hourOf(t)
	for i := n - 1; i <= n+1; i++ {
		h.list[i] = struct{}{}
	}
	h.all = len(h.list) > maxHours
}

// has reports whether the time may be in one of them, as one that is not known
// may.
func (h *hours) has(t outcome.Time) bool {
	if t.IsZero() || h.all {
		return true
	}
	_, ok := h.list[hourOf(t)]
	return ok
}

func hourOf(t outcome.Time) int64 { return t.UnixNano() / int64(time.Hour) }

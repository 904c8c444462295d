package analysis

import (
	"context"
	"slices"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/track"
)

// MaxMatches bounds the messages that Trace returns.
const MaxMatches = 1000

// maxPasses bounds how often the tracking logs are read to find the ids of all
// forks of a message.
const maxPasses = 4

// A Trace is what the logs say about the messages that a needle means.
type Trace struct {
	Messages []*track.Message   // by their first time
	Sessions []*session.Session // that carried such a message, where no tracking log has it
	More     int                // messages beyond MaxMatches
}

// FindMessages follows the messages that the needle means through all logs. The
// tracking logs are searched for rows that may belong to one, so that most rows
// are not even parsed, until the ids of all its forks are known; then its rows
// are put together and joined with the sessions of the protocol logs, of which
// those that are open may hold so many bytes of memory.
func FindMessages(ctx context.Context, logs *Logs, needle track.Needle, c *reply.Classifier, memory int64) (*Trace, error) {
	var ids track.IDs
	tracking := logs.Only((*Log).Tracks)
	var e track.Event
	for range maxPasses {
		found := false
		err := tracking.Only((*Log).Tracks).Read(ctx, func(rec *logparse.Record) {
			if !needle.MayMatch(rec.Raw()) && !ids.MayMatch(rec.Raw()) {
				return
			}
			if track.Parse(rec, &e) && (needle.MatchEvent(&e) || ids.Match(&e)) && ids.Add(&e) {
				found = true
			}
		})
		if err != nil {
			return nil, err
		}
		if !found {
			break
		}
	}
	return gather(ctx, logs, needle, &ids, c, memory)
}

// gather reads all logs once more and keeps what belongs to the ids.
func gather(ctx context.Context, logs *Logs, needle track.Needle, ids *track.IDs, c *reply.Classifier, memory int64) (*Trace, error) {
	t := &Trace{}
	messages := track.NewBuilder(&track.Options{Keep: ids.Match, Classifier: c, Memory: memory}, func(m *track.Message) {
		if !needle.Match(m) {
			return
		}
		if len(t.Messages) >= MaxMatches {
			t.More++
			return
		}
		t.Messages = append(t.Messages, m)
	})
	sessions := session.NewBuilder(&session.Options{Classifier: c, Memory: memory}, func(s *session.Session) {
		messages.AddSession(s)
		if len(t.Sessions) < MaxMatches && carries(s, needle) {
			t.Sessions = append(t.Sessions, s.Clone())
		}
	})
	// The sessions of the protocol logs are over before the tracking logs are
	// read, so that messages find them.
	protocol := logs.Only(func(log *Log) bool { return log.Found.Format.Protocol() })
	err := protocol.Read(ctx, sessions.Add)
	sessions.Close()
	if err != nil {
		return nil, err
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
		return nil, err
	}
	logs.input = *protocol.Input()
	logs.input.join(tracking.Input())
	slices.SortStableFunc(t.Messages, func(a, b *track.Message) int { return a.First.Compare(b.First) })
	return t, nil
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

package analysis

import (
	"context"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/reply/outcome"
	"github.com/smtplog/smtplog/track"
)

// MaxLinks bounds the links between sessions and messages that are held.
const MaxLinks = 500_000

// Links say which messages the sessions of a set of logs carried.
type Links struct {
	found   map[outcome.Position][]session.Message // by the session's first line
	count   int
	Dropped int64 // links beyond MaxLinks

	CappedMessages int64 // handed out early since a bound was reached
	Unjoined       int64 // transactions that were not joined with messages
}

// FindLinks reads all logs and joins their messages with their sessions, of
// which those that are open may hold so many bytes of memory.
func FindLinks(ctx context.Context, logs *Logs, memory int64) (*Links, error) {
	l := &Links{found: map[outcome.Position][]session.Message{}}
	messages := track.NewBuilder(nil, l.add)
	sessions := session.NewBuilder(&session.Options{Memory: memory}, messages.AddSession)
	all := logs.Only(func(*Log) bool { return true })
	err := all.ReadFrom(ctx, messages.Upcoming, func(rec *logparse.Record) {
		sessions.Add(rec)
		messages.Add(rec)
	})
	sessions.Close()
	messages.Close()
	l.CappedMessages, l.Unjoined = messages.Capped(), messages.Unjoined()
	return l, err
}

func (l *Links) add(m *track.Message) {
	for _, link := range m.Sessions {
		if l.count >= MaxLinks {
			l.Dropped++
			continue
		}
		l.count++
		at := outcome.Position{File: link.Pos.File, Line: link.Pos.Line}
		l.found[at] = append(l.found[at], session.Message{
			MessageID: m.MessageID, NetworkID: m.NetworkID, Transaction: link.Transaction,
			Rule: string(link.Rule), Sure: string(link.Sure),
		})
	}
}

// Of returns the messages that the session carried.
func (l *Links) Of(s *session.Session) []session.Message {
	if l == nil || len(s.Sources) == 0 {
		return nil
	}
	return l.found[outcome.Position{File: s.Sources[0].File, Line: s.Sources[0].FirstLine}]
}

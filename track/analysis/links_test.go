package analysis_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/input"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/track"
	"github.com/smtplog/smtplog/track/analysis"
	"github.com/smtplog/smtplog/track/testworld"
)

// TestLinksBothWays checks that sessions name the messages that name them.
func TestLinksBothWays(t *testing.T) {
	dir := t.TempDir()
	if err := testworld.Play(testworld.Options{Seed: 9, Messages: 60}).Write(dir); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	sources, errs := input.Find(ctx, []string{dir}, nil)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	logs := analysis.Prepare(ctx, sources, nil)

	fromMessages := map[string]int{}
	messages := track.NewBuilder(nil, func(m *track.Message) {
		for _, l := range m.Sessions {
			fromMessages[fmt.Sprint(l.Pos.File, l.Pos.Line, m.MessageID, m.NetworkID, l.Rule, l.Sure, l.Transaction)]++
		}
	})
	builder := session.NewBuilder(nil, messages.AddSession)
	if err := logs.Read(ctx, func(rec *logparse.Record) { builder.Add(rec); messages.Add(rec) }); err != nil {
		t.Fatal(err)
	}
	builder.Close()
	messages.Close()

	links, err := analysis.FindLinks(ctx, logs, 0)
	if err != nil {
		t.Fatal(err)
	}
	fromSessions := map[string]int{}
	builder = session.NewBuilder(nil, func(s *session.Session) {
		for _, m := range links.Of(s) {
			src := s.Sources[0]
			fromSessions[fmt.Sprint(src.File, src.FirstLine, m.MessageID, m.NetworkID, m.Rule, m.Sure, m.Transaction)]++
		}
	})
	if err := logs.Read(ctx, builder.Add); err != nil {
		t.Fatal(err)
	}
	builder.Close()
	if len(fromMessages) < 100 {
		t.Errorf("only %d links", len(fromMessages))
	}
	if diff := cmp.Diff(fromMessages, fromSessions); diff != "" {
		t.Errorf("links of messages and of sessions differ (-messages +sessions):\n%s", diff)
	}
}

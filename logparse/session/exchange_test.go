package session_test

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/logparse/testlog"
)

// build reads a log and returns copies of its sessions in the order in which
// they were handed out.
func build(t testing.TB, r io.Reader, format logparse.Format, opt *session.Options) []*session.Session {
	t.Helper()
	var sessions []*session.Session
	b := session.NewBuilder(opt, func(s *session.Session) { sessions = append(sessions, s.Clone()) })
	addLog(t, b, r, "test.log", format)
	b.Close()
	return sessions
}

// addLog gives a builder the records of one file.
func addLog(t testing.TB, b *session.Builder, r io.Reader, name string, format logparse.Format) {
	t.Helper()
	rd := logparse.NewReader(r, name, &logparse.Options{Format: format})
	for rec, err := range rd.Records() {
		if err != nil {
			t.Fatal(err)
		}
		b.Add(rec)
	}
}

// A story is what a session says, in the words that the truth uses too.
type story struct {
	Direction, Helo, User string
	TLS, Login            bool
	Rows                  int
	Ended                 string
	Transactions          []string
}

func storyOf(s *session.Session) story {
	st := story{Direction: s.Direction.String(), Helo: s.Helo, TLS: s.TLS != nil && s.TLS.Error == "", Ended: string(s.Ended)}
	if s.Auth != nil && s.Auth.OK {
		st.User, st.Login = s.Auth.User, true
	}
	for _, src := range s.Sources {
		st.Rows += int(src.Lines)
	}
	for _, tr := range s.Transactions {
		text := fmt.Sprintf("%s %s:", tr.From, tr.Result)
		for _, r := range tr.Recipients {
			text += fmt.Sprintf(" %s=%s/%d", r.To, r.Result, r.Code)
		}
		st.Transactions = append(st.Transactions, text)
	}
	return st
}

// truthOf tells what the log can show of a session: rcpts are its RCPT rows for
// each of its MAIL rows.
func truthOf(s *testlog.Session, rcpts []int) story {
	st := story{Direction: s.Direction.String(), Helo: s.Helo, TLS: s.TLS, Login: s.User != "", Rows: s.Rows, Ended: string(s.Ended)}
	if st.Direction == "inbound" {
		st.User = s.User // a send log does not say as whom the server logs in
	}
	if s.Ended == testlog.Remote {
		st.Ended = string(session.EndedReset) // the rows say "Remote(ConnectionReset)"
	}
	for i, shown := range rcpts {
		tr := s.Transactions[i]
		if shown < len(tr.Recipients) {
			tr.Recipients = tr.Recipients[:shown]
			tr.Result = resultOfRefused(tr.Recipients)
		}
		text := fmt.Sprintf("%s %s:", tr.From, tr.Result)
		for _, r := range tr.Recipients {
			text += fmt.Sprintf(" %s=%s/%d", r.To, r.Result, r.Code)
		}
		st.Transactions = append(st.Transactions, text)
	}
	return st
}

// resultOfRefused is the result of a transaction that never got to its data.
func resultOfRefused(recipients []testlog.Recipient) testlog.Result {
	result := testlog.Rejected
	for _, r := range recipients {
		switch r.Result {
		case testlog.Unknown:
			return testlog.Aborted
		case testlog.Deferred:
			result = testlog.Deferred
		}
	}
	if len(recipients) == 0 {
		return testlog.Aborted
	}
	return result
}

// rcptRows counts the RCPT rows behind each MAIL row, by session id. A peer
// that vanishes leaves no row of what it would have said next.
func rcptRows(log []byte) map[string][]int {
	rows := map[string][]int{}
	for line := range strings.Lines(string(log)) {
		columns := strings.SplitN(line, ",", 8)
		if len(columns) < 8 || columns[6] != "<" && columns[6] != ">" {
			continue
		}
		switch id := columns[2]; {
		case strings.HasPrefix(columns[7], "MAIL FROM:"):
			rows[id] = append(rows[id], 0)
		case strings.HasPrefix(columns[7], "RCPT TO:"):
			rows[id][len(rows[id])-1]++
		}
	}
	return rows
}

// TestExchangeExact plays Exchange logs with up to 40,000 connections open at
// once: every session must come back exactly as it was played.
func TestExchangeExact(t *testing.T) {
	for _, test := range []struct {
		format logparse.Format
		open   int
	}{
		{logparse.ExchangeReceive, 1}, {logparse.ExchangeReceive, 100}, {logparse.ExchangeReceive, 40_000},
		{logparse.ExchangeSend, 1}, {logparse.ExchangeSend, 100},
	} {
		t.Run(fmt.Sprintf("%s/%d", test.format, test.open), func(t *testing.T) {
			if test.open > 1000 && (testing.Short() || raceEnabled) {
				t.Skip("takes long, and one goroutine does all the work")
			}
			opt := testlog.Options{Seed: uint64(test.open), Format: test.format, Connections: max(test.open, 300), Hosts: test.open, AtOnce: 1}
			if test.open > 1 {
				opt.Spread, opt.Hold = 1, 1e12 // all begin at once and are held
			}
			log := new(bytes.Buffer)
			truth, err := testlog.Generate(log, opt)
			if err != nil {
				t.Fatal(err)
			}
			checkTruth(t, log.Bytes(), test.format, truth)
		})
	}
}

func checkTruth(t *testing.T, log []byte, format logparse.Format, truth *testlog.Truth) {
	rcpts := rcptRows(log)
	left := map[string]*testlog.Session{}
	for i := range truth.Sessions {
		left[truth.Sessions[i].ID] = &truth.Sessions[i]
	}
	wrong := 0
	b := session.NewBuilder(nil, func(s *session.Session) {
		played := left[s.ID]
		if played == nil {
			t.Fatalf("session %s came back twice, or was never played", s.ID)
		}
		delete(left, s.ID)
		if s.Confidence != session.Exact {
			t.Errorf("session %s is %s", s.ID, s.Confidence)
		}
		if want, got := truthOf(played, rcpts[s.ID]), storyOf(s); !reflect.DeepEqual(want, got) {
			if wrong++; wrong <= 3 {
				t.Errorf("session %s (-want +got):\n%s", s.ID, cmp.Diff(want, got))
			}
		}
	})
	addLog(t, b, bytes.NewReader(log), "test.log", format)
	b.Close()
	if len(left) > 0 {
		t.Errorf("%d sessions did not come back", len(left))
	}
	if wrong > 3 {
		t.Errorf("%d sessions are wrong", wrong)
	}
}

// TestChunks reads a log in pieces of one byte.
func TestChunks(t *testing.T) {
	log := new(bytes.Buffer)
	if _, err := testlog.Generate(log, testlog.Options{Format: logparse.ExchangeReceive, Connections: 20}); err != nil {
		t.Fatal(err)
	}
	whole := build(t, bytes.NewReader(log.Bytes()), logparse.ExchangeReceive, nil)
	pieces := build(t, iotest.OneByteReader(bytes.NewReader(log.Bytes())), logparse.ExchangeReceive, nil)
	if len(whole) != len(pieces) {
		t.Fatalf("%d sessions in pieces, %d in one", len(pieces), len(whole))
	}
	for i := range whole {
		if a, b := whole[i].AppendJSON(nil), pieces[i].AppendJSON(nil); !bytes.Equal(a, b) {
			t.Fatalf("session %d differs:\n%s\n%s", i, a, b)
		}
	}
}

package session_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/session"
)

// A part is a file that a builder is given.
type part struct {
	name, log string
}

// buildParts gives a builder several files.
func buildParts(t testing.TB, format logparse.Format, opt *session.Options, parts ...part) []*session.Session {
	t.Helper()
	var sessions []*session.Session
	b := session.NewBuilder(opt, func(s *session.Session) { sessions = append(sessions, s.Clone()) })
	for _, p := range parts {
		addLog(t, b, strings.NewReader(p.log), p.name, format)
	}
	b.Close()
	return sessions
}

// ends lists the sessions with their ends and sources, in the order in which
// they were handed out.
func ends(sessions []*session.Session) []string {
	var list []string
	for _, s := range sessions {
		text := fmt.Sprintf("%s %s %s", s.ID[max(0, len(s.ID)-1):], s.Remote, s.Ended)
		for _, src := range s.Sources {
			text += fmt.Sprintf(" %s:%d-%d/%d", src.File, src.FirstLine, src.LastLine, src.Lines)
		}
		list = append(list, text)
	}
	return list
}

func TestEnded(t *testing.T) {
	const begun = "+\n> 220 gate.example.com\n< EHLO mail.example.org\n> 250 gate.example.com\n"
	for _, test := range []struct{ name, rows, want string }{
		{"quit", begun + "< QUIT\n> 221 bye\n- |Local", "quit"},
		{"quit and reset", begun + "< QUIT\n> 221 bye\n- |Remote(ConnectionReset)", "quit"},
		{"quit, no answer", begun + "< QUIT\n- |Remote", "quit"},
		{"quit, no end", begun + "< QUIT", "quit"},
		{"local", begun + "- |Local", "local"},
		{"remote", begun + "- |Remote", "remote"},
		{"remote, error", begun + "- |Remote(SocketError)", "remote"},
		{"reset", begun + "- |Remote(ConnectionReset)", "reset"},
		{"timed out", begun + "- |Local(TimedOut)", "timeout"},
		{"timed out, said before", begun + "> 421 4.4.1 Connection timed out\n- |Local", "timeout"},
		{"dropped, said before", begun + "> 421 4.4.2 Connection dropped due to ConnectionReset\n- |Local", "local"},
		{"shut down", begun + "> 421 4.3.2 System not accepting network messages", "local"},
		{"open", begun, "open"},
		{"open for just under an hour", begun + "@59m59s\nB +", "open"},
		{"cut", begun + "@1h\nB +", "cut"},
		{"failed", "* |attempting to connect\n* |Failed to connect. Winsock error code: 10060", "failed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, s := range build(t, strings.NewReader(exchangeLog(logparse.ExchangeReceive, test.rows)), logparse.ExchangeReceive, nil) {
				if strings.HasSuffix(s.ID, "A") && string(s.Ended) != test.want {
					t.Errorf("ended %s, want %s", s.Ended, test.want)
				}
			}
		})
	}
}

func TestSessionsByID(t *testing.T) {
	const receive = logparse.ExchangeReceive
	for _, test := range []struct {
		name   string
		format logparse.Format
		parts  []part
		want   []string
	}{
		{"interleaved", receive, []part{{"a.log", exchangeLog(receive, `
			A +
			B +
			A < QUIT
			C +
			B - |Remote
			A - |Local`)}}, []string{
			"B 192.0.2.21:51000 remote a.log:7-10/2",
			"A 192.0.2.11:51000 quit a.log:6-11/3",
			"C 192.0.2.31:51000 open a.log:9-9/1"}},
		{"over two files", receive, []part{
			{"a.log", exchangeLog(receive, "A +\nB +\nB - |Remote")},
			{"b.log", exchangeLog(receive, "@10m\nA < QUIT\nA - |Local")}}, []string{
			"B 192.0.2.21:51000 remote a.log:7-8/2",
			"A 192.0.2.11:51000 quit a.log:6-6/1 b.log:6-7/2"}},
		{"over an hour", receive, []part{{"a.log", exchangeLog(receive, "A +\n@50m\nA < NOOP\n@50m\nA < QUIT")}}, []string{
			"A 192.0.2.11:51000 quit a.log:6-8/3"}},
		{"silent, then the same id again", receive, []part{{"a.log", exchangeLog(receive, "A +\n@90m\nA < QUIT")}}, []string{
			"A 192.0.2.11:51000 cut a.log:6-6/1", "A 192.0.2.11:51000 quit a.log:7-7/1"}},
		{"one id for all", receive, []part{{"a.log", exchangeLog(receive, `
			A/1 +
			A/2 +
			A/1 < QUIT
			A/2 - |Remote
			A/1 - |Local
			A/2 +
			A/2 - |Local`)}}, []string{
			"A 192.0.2.12:51000 remote a.log:7-9/2",
			"A 192.0.2.11:51000 quit a.log:6-10/3",
			"A 192.0.2.12:51000 local a.log:11-12/2"}},
		{"first rows without a remote end", logparse.ExchangeSend, []part{{"a.log", exchangeLog(logparse.ExchangeSend, `
			A/0 * |attempting to connect
			B/0 * |attempting to connect
			A/1 +
			B/1 +
			A/1 - |Local
			B/1 - |Remote`)}}, []string{
			"A 198.51.100.11:25 local a.log:6-10/3",
			"B 198.51.100.21:25 remote a.log:7-11/3"}},
		{"rows out of order", receive, []part{{"a.log", exchangeLog(receive, `
			A +
			@5s
			B +
			@-3s
			A < QUIT
			@-1s
			B - |Remote
			A - |Local`)}}, []string{
			"B 192.0.2.21:51000 remote a.log:7-9/2",
			"A 192.0.2.11:51000 quit a.log:6-10/3"}},
		{"clock set back", receive, []part{{"a.log", exchangeLog(receive, `
			@3h
			A +
			B +
			@-2h
			A < QUIT
			A - |Local
			@30m
			C +`)}}, []string{
			"A 192.0.2.11:51000 quit a.log:6-9/3",
			"B 192.0.2.21:51000 open a.log:7-7/1",
			"C 192.0.2.31:51000 open a.log:10-10/1"}},
		{"two servers in one folder", receive, []part{
			{"x/a.log", exchangeLog(receive, "A +\n@2h\nB +")},
			{"x/b.log", strings.ReplaceAll(exchangeLog(receive, "C +\n@10m\nD +"), "EX1", "EX2")}}, []string{
			"A 192.0.2.11:51000 cut x/a.log:6-6/1",
			"B 192.0.2.21:51000 open x/a.log:7-7/1",
			"C 192.0.2.31:51000 open x/b.log:6-6/1",
			"D 192.0.2.41:51000 open x/b.log:7-7/1"}},
		{"send logs of two servers in one folder", logparse.ExchangeSend, []part{
			{"x/a.log", exchangeLog(logparse.ExchangeSend, "A +\n@90m\nB +\n@35m\nB < 220 hi")},
			{"x/b.log", exchangeLog(logparse.ExchangeSend, "C +\n@10m\nD +")}}, []string{
			"A 198.51.100.11:25 cut x/a.log:6-6/1",
			"B 198.51.100.21:25 open x/a.log:7-8/2",
			"C 198.51.100.31:25 open x/b.log:6-6/1",
			"D 198.51.100.41:25 open x/b.log:7-7/1"}},
		{"another server's log before the next look", logparse.ExchangeSend, []part{
			{"x/a.log", exchangeLog(logparse.ExchangeSend, "A +\n@55m\nB +\n@6m\nB - |Remote")},
			{"x/b.log", exchangeLog(logparse.ExchangeSend, "@1s\nC +")}}, []string{
			"B 198.51.100.21:25 remote x/a.log:7-8/2",
			"A 198.51.100.11:25 cut x/a.log:6-6/1",
			"C 198.51.100.31:25 open x/b.log:6-6/1"}},
		{"another folder's log goes on", logparse.ExchangeSend, []part{
			{`x\a.log`, exchangeLog(logparse.ExchangeSend, "A +")},
			{`y\a.log`, exchangeLog(logparse.ExchangeSend, "@5h\nB +")}}, []string{
			`A 198.51.100.11:25 open x\a.log:6-6/1`,
			`B 198.51.100.21:25 open y\a.log:6-6/1`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, ends(buildParts(t, test.format, nil, test.parts...))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// What a session is silent for counts by the time of the log, not of the rows
// that came late.
func TestLateRows(t *testing.T) {
	const receive = logparse.ExchangeReceive
	log := exchangeLog(receive, "A +\n@59m\nB +\n@-58m\nA < NOOP\nA < NOOP\nA < QUIT\nA - |Local")
	want := []string{"A 192.0.2.11:51000 quit a.log:6-11/5", "B 192.0.2.21:51000 open a.log:7-7/1"}
	if diff := cmp.Diff(want, ends(buildParts(t, receive, nil, part{"a.log", log}))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

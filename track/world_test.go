package track

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/reply/outcome"
	"github.com/smtplog/smtplog/track/testworld"
)

// A log is a file of a world and what it was recognised as.
type worldLog struct {
	file   testworld.File
	format logparse.Format
	first  outcome.Time
}

// worldLogs returns the files in the order in which a job reads them.
func worldLogs(t testing.TB, w *testworld.World) []worldLog {
	t.Helper()
	var logs []worldLog
	for _, f := range w.Files {
		r := logparse.NewReader(bytes.NewReader(decoded(f.Data)), f.Path, nil)
		found, err := r.Detection()
		if err != nil {
			t.Fatalf("%s: %v", f.Path, err)
		}
		log := worldLog{file: f, format: found.Format}
		for rec, err := range r.Records() {
			if err == nil && !rec.Time.IsZero() {
				log.first = rec.Time
				break
			}
		}
		logs = append(logs, log)
	}
	slices.SortStableFunc(logs, func(a, b worldLog) int {
		return cmp.Or(cmp.Compare(a.format, b.format), a.first.Compare(b.first), cmp.Compare(a.file.Path, b.file.Path))
	})
	return logs
}

// decoded undoes UTF-16LE without a byte order mark.
func decoded(b []byte) []byte {
	if len(b) < 2 || b[1] != 0 {
		return b
	}
	out := make([]byte, 0, len(b)/2)
	for i := 0; i+1 < len(b); i += 2 {
		out = append(out, string(rune(b[i])|rune(b[i+1])<<8)...)
	}
	return out
}

// follow reads a world's logs.
func follow(t testing.TB, w *testworld.World, opt *Options) (messages []*Message, b *Builder) {
	t.Helper()
	b = NewBuilder(opt, func(m *Message) { messages = append(messages, m) })
	sessions := session.NewBuilder(nil, b.AddSession)
	logs := worldLogs(t, w)
	for i, log := range logs {
		next := outcome.Time{}
		for _, later := range logs[i+1:] {
			if tracked(later.format) && (next.IsZero() || later.first.Before(next)) {
				next = later.first
			}
		}
		b.Upcoming(next)
		for rec, err := range logparse.NewReader(bytes.NewReader(decoded(log.file.Data)), log.file.Path, nil).Records() {
			if err != nil {
				t.Errorf("%v", err)
				continue
			}
			if log.format.Protocol() {
				sessions.Add(rec)
			} else {
				b.Add(rec)
			}
		}
		if log.format.Protocol() && (i+1 == len(logs) || !logs[i+1].format.Protocol()) {
			sessions.Close()
		}
	}
	b.Close()
	return messages, b
}

// A rowID names a row.
type rowID struct {
	file string
	line int64
}

// byRow returns the message of each row, and fails where two have it.
func byRow(t testing.TB, messages []*Message) map[rowID]*Message {
	t.Helper()
	rows := map[rowID]*Message{}
	for _, m := range messages {
		for i := range m.Hops {
			h := &m.Hops[i]
			id := rowID{h.Pos.File, h.Pos.Line}
			if other := rows[id]; other != nil && other != m {
				t.Errorf("%s: in two messages", h.Pos)
			}
			rows[id] = m
		}
	}
	return rows
}

// compare reports where the messages are not the truth.
func compare(t *testing.T, w *testworld.World, messages []*Message) {
	t.Helper()
	rows := byRow(t, messages)
	owner := map[*Message]int{}
	for i := range w.Messages {
		truth := &w.Messages[i]
		var got *Message
		parts := map[*Message]bool{}
		for _, e := range truth.Events {
			if e.Lost {
				continue
			}
			m := rows[rowID{e.File, int64(e.Line)}]
			if m == nil {
				if e.Event != "NOTIFYMAPI" {
					t.Errorf("%s %s: %s:%d %s is in no message", truth.Story, truth.Subject, e.File, e.Line, e.Event)
				}
				continue
			}
			got = m
			parts[m] = true
		}
		if got == nil {
			continue
		}
		if len(parts) > 1 && len(w.Lost) == 0 {
			t.Errorf("%s %s: in %d messages", truth.Story, truth.MessageID, len(parts))
		}
		for m := range parts {
			if j, ok := owner[m]; ok && j != i {
				t.Errorf("%s: message %d and %s message %d are one", truth.Story, i, w.Messages[j].Story, j)
			}
			owner[m] = i
		}
		compareVerdicts(t, truth, parts, len(w.Lost) > 0)
		compareSessions(t, w, truth, parts)
		if len(w.Lost) == 0 && len(parts) == 1 {
			if string(got.Status) != string(truth.Status) && (truth.Status != testworld.Quarantined || got.Status != Failed || truth.Story != testworld.CloudOnly) {
				t.Errorf("%s: status %s, want %s", truth.Story, got.Status, truth.Status)
			}
			for _, h := range got.Holes {
				t.Errorf("%s: hole that is none: %s", truth.Story, h.Text)
			}
		}
	}
}

func compareVerdicts(t *testing.T, truth *testworld.Message, parts map[*Message]bool, lost bool) {
	t.Helper()
	verdicts := map[string]*RecipientVerdict{}
	holes := 0
	for m := range parts {
		holes += len(m.Holes)
		for i := range m.Recipients {
			r := &m.Recipients[i]
			k := addressKey(r.Address)
			if old := verdicts[k]; old == nil || old.Status == Pending {
				verdicts[k] = r
			}
			if r.Alias != "" {
				verdicts[addressKey(r.Alias)] = r
			}
		}
	}
	known := map[string]bool{}
	for i := range truth.Recipients {
		want := &truth.Recipients[i]
		known[addressKey(want.Address)], known[addressKey(want.Alias)] = true, true
		got := verdicts[addressKey(want.Address)]
		switch {
		case got == nil:
			if !lost {
				t.Errorf("%s: %s is missing", truth.Story, want.Address)
			}
		case want.Lost && (got.Status == Pending || got.Status == Deferred):
			if holes == 0 && string(got.Status) != string(want.Status) {
				t.Errorf("%s: %s is %s, its verdict is lost, and no hole is named (%s, %s)", truth.Story, want.Address, got.Status, truth.MessageID, want.Server)
			}
		case want.Status == testworld.Quarantined && got.Status == Failed && got.Text == "":
			// Only the cmdlet of Exchange Online tells quarantine from failure.
		case string(got.Status) != string(want.Status):
			t.Errorf("%s: %s is %s, want %s (lost: %v) %s", truth.Story, want.Address, got.Status, want.Status, want.Lost, truth.MessageID)
		case lost:
		case want.Code != 0 && (want.Status == testworld.Failed || want.Status == testworld.Quarantined) && int(got.Code) != want.Code:
			t.Errorf("%s: %s has code %d (%q), want %d", truth.Story, want.Address, got.Code, got.Text, want.Code)
		case got.Deferrals != want.Deferred && want.Deferred > 0 && got.Deferrals == 0:
			t.Errorf("%s: %s was put off %d times, want %d", truth.Story, want.Address, got.Deferrals, want.Deferred)
		}
	}
	for k, r := range verdicts {
		if !known[k] {
			t.Errorf("%s: %s (%s) is no recipient", truth.Story, r.Address, r.Status)
		}
	}
}

// compareSessions checks that the message names the sessions that carried it,
// and no others.
func compareSessions(t *testing.T, w *testworld.World, truth *testworld.Message, parts map[*Message]bool) {
	t.Helper()
	links := map[rowID]Link{}
	for m := range parts {
		for _, l := range m.Sessions {
			links[rowID{l.Pos.File, l.Pos.Line}] = l
		}
	}
	carried := map[rowID]bool{}
	for _, n := range truth.Sessions {
		s := &w.Sessions[n]
		found := false
		for _, row := range s.Rows {
			id := rowID{row.File, int64(row.Line)}
			carried[id] = true
			if _, ok := links[id]; ok {
				found = true
			}
		}
		// Services of one server give the same ids, which the session reader
		// cannot always tell apart.
		again := slices.ContainsFunc(w.Sessions, func(o testworld.Session) bool {
			return o.Number != s.Number && o.ID == s.ID && o.Server == s.Server && o.Log == s.Log
		})
		if !found && !again && len(w.Lost) == 0 && s.Log != testworld.IMSLog {
			t.Errorf("%s: session %s of %s (%s) is not linked", truth.Story, s.ID, s.Server, s.Log)
		}
	}
	for id, l := range links {
		if !carried[id] {
			t.Errorf("%s: session %s at %s:%d (%s, %s) did not carry it", truth.Story, l.Session, id.file, id.line, l.Rule, l.Sure)
		}
	}
}

func TestWorld(t *testing.T) {
	for seed := range uint64(1) {
		for _, story := range testworld.Stories() {
			t.Run(fmt.Sprintf("%s/%d", story, seed), func(t *testing.T) {
				w := testworld.Play(testworld.Options{Seed: seed, Messages: 3, Only: []testworld.Story{story}})
				messages, _ := follow(t, w, nil)
				compare(t, w, messages)
			})
		}
	}
}

func TestWholeWorld(t *testing.T) {
	for seed, opt := range []testworld.Options{
		{Messages: 150},
		{Messages: 120, Trace: testworld.TraceSummary, Export: []string{"EX2"}},
		{Messages: 120, Trace: testworld.TraceExtended, Versions: map[string]testworld.Version{"EX1": testworld.V2007, "EX2": testworld.V2010, "EX3": testworld.V2010}},
	} {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			opt.Seed = uint64(seed)
			w := testworld.Play(opt)
			messages, b := follow(t, w, nil)
			compare(t, w, messages)
			if b.Capped() != 0 {
				t.Errorf("capped %d", b.Capped())
			}
		})
	}
}

// With files removed nothing false is claimed, and what is missing is named.
func TestLostFiles(t *testing.T) {
	for _, lose := range []string{"EX2/MessageTracking/MSGTRK20", "EX1/MessageTracking/MSGTRKMD", "EX3/", "BH03/", "EX55/", "EX1/MessageTracking/MSGTRK2026110210"} {
		t.Run(strings.ReplaceAll(lose, "/", "-"), func(t *testing.T) {
			t.Parallel()
			w := testworld.Play(testworld.Options{Seed: 11, Messages: 116, Lose: func(path string) bool { return strings.HasPrefix(path, lose) }})
			if len(w.Lost) == 0 {
				t.Fatal("nothing is lost")
			}
			messages, _ := follow(t, w, nil)
			compare(t, w, messages)
		})
	}
}

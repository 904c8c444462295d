package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/smtplog/smtplog/cmd/internal/term"
	"github.com/smtplog/smtplog/track"
	"github.com/smtplog/smtplog/track/testworld"
)

// worlds are the shapes that an organisation's logs come in, some of them
// without all files.
var worlds = map[string]testworld.Options{
	"default": {Seed: 31, Messages: 66, Span: time.Hour},
	"old": {Seed: 32, Messages: 44, Span: time.Hour, BOM: true, Trace: testworld.TraceExtended,
		Versions: map[string]testworld.Version{"EX1": testworld.V2007, "EX2": testworld.V2010, "EX3": testworld.V2010, "EDGE1": testworld.V2007}},
	"new": {Seed: 33, Messages: 44, Span: time.Hour, Trace: testworld.TraceSummary,
		Versions: map[string]testworld.Version{"EX3": testworld.V2019, "EDGE1": testworld.V2016}},
	"export":       {Seed: 34, Messages: 44, Span: time.Hour, Export: []string{"EX2", "EDGE1"}, Trace: testworld.TraceExtended, BOM: true},
	"without EX2":  {Seed: 35, Messages: 44, Span: time.Hour, Lose: lose("EX2/MessageTracking/")},
	"without EX3":  {Seed: 36, Messages: 44, Span: time.Hour, Lose: lose("EX3/")},
	"without Edge": {Seed: 37, Messages: 44, Span: time.Hour, Lose: lose("EDGE1/")},
	"without old":  {Seed: 38, Messages: 44, Span: time.Hour, Lose: lose("BH03/", "EX55/")},
	"without MD":   {Seed: 39, Messages: 44, Span: time.Hour, Lose: lose("EX1/MessageTracking/MSGTRKMD", "EX3/MessageTracking/MSGTRKMD")},
	"without an hour": {Seed: 40, Messages: 46, Lose: func(path string) bool {
		return strings.Contains(path, "MSGTRK2026110210")
	}},
}

func lose(prefixes ...string) func(string) bool {
	return func(path string) bool {
		return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(path, p) })
	}
}

// writeWorld plays a world into a new folder.
func writeWorld(t testing.TB, opt testworld.Options) (*testworld.World, string) {
	t.Helper()
	dir := t.TempDir()
	w := testworld.Play(opt)
	if err := w.Write(dir); err != nil {
		t.Fatal(err)
	}
	return w, dir
}

// A tracked message is a line of messages --json.
type tracked struct {
	MessageID string `json:"message_id"`
	Subject   string
	Status    string
	Servers   []string
	Hops      []struct {
		File string
		Line int
	}
	Recipients []struct {
		Address, Alias, Status, Text string
		Code                         int
	}
	Missing []struct{ Server, Text string }
}

func messagesOf(t testing.TB, paths ...string) []*tracked {
	t.Helper()
	var list []*tracked
	for line := range strings.Lines(done(t, append([]string{"messages", "--json"}, paths...)...)) {
		m := &tracked{}
		if err := json.Unmarshal([]byte(line), m); err != nil {
			t.Fatal(err)
		}
		list = append(list, m)
	}
	return list
}

// TestMessagesAreTheTruth compares what messages says of the files of whole
// organisations with what was played: every row belongs to the message that it
// was written for, every recipient has the verdict, and where files are lost
// nothing is claimed that did not happen, and what is missing is named.
func TestMessagesAreTheTruth(t *testing.T) {
	for name, opt := range worlds {
		t.Run(name, func(t *testing.T) {
			w, dir := writeWorld(t, opt)
			if opt.Lose != nil && len(w.Lost) == 0 {
				t.Fatal("nothing is lost")
			}
			rows := map[testworld.Position]*tracked{}
			list := messagesOf(t, dir)
			for _, m := range list {
				for _, h := range m.Hops {
					path, err := filepath.Rel(dir, h.File)
					if err != nil {
						t.Fatal(err)
					}
					at := testworld.Position{File: filepath.ToSlash(path), Line: h.Line}
					if rows[at] != nil && rows[at] != m {
						t.Errorf("%s:%d is in two messages", at.File, at.Line)
					}
					rows[at] = m
				}
			}
			seen := 0
			owner := map[*tracked]int{}
			for i := range w.Messages {
				truth := &w.Messages[i]
				parts := partsOf(t, truth, rows)
				if len(parts) == 0 {
					continue
				}
				seen++
				for _, m := range parts {
					if j, owned := owner[m]; owned && j != i {
						t.Errorf("%s: %s and %s of %q are one message", truth.Story, truth.MessageID, w.Messages[j].MessageID, w.Messages[j].Story)
					}
					owner[m] = i
				}
				if len(parts) > 1 && len(w.Lost) == 0 {
					t.Errorf("%s: %s is in %d messages", truth.Story, truth.MessageID, len(parts))
				}
				checkVerdicts(t, truth, parts, len(w.Lost) > 0)
			}
			if seen < len(w.Messages)/2 || len(list) < seen {
				t.Errorf("%d messages are seen of %d, %d are listed", seen, len(w.Messages), len(list))
			}
		})
	}
}

// partsOf returns the messages that have the rows that are left of a true one.
func partsOf(t *testing.T, truth *testworld.Message, rows map[testworld.Position]*tracked) []*tracked {
	t.Helper()
	var parts []*tracked
	for _, e := range truth.Events {
		if e.Lost {
			continue
		}
		m := rows[testworld.Position{File: e.File, Line: e.Line}]
		switch {
		case m == nil && !e.Bare:
			t.Errorf("%s: %s:%d %s is in no message", truth.Story, e.File, e.Line, e.Event)
		case m != nil && !slices.Contains(parts, m):
			parts = append(parts, m)
		}
	}
	return parts
}

// final are the verdicts that nothing can follow.
var final = []string{"delivered", "failed", "dropped", "quarantined", "expanded", "redirected"}

func checkVerdicts(t *testing.T, truth *testworld.Message, parts []*tracked, lost bool) {
	t.Helper()
	said := map[string]string{} // by address
	codes := map[string]int{}
	holes := 0
	for _, m := range parts {
		holes += len(m.Missing)
		if !lost && len(m.Missing) > 0 {
			t.Errorf("%s: %s is missing nothing, but %v", truth.Story, truth.MessageID, m.Missing)
		}
		for _, r := range m.Recipients {
			for _, a := range []string{r.Address, r.Alias} {
				if a = mailbox(a); a != "" && (said[a] == "" || !slices.Contains(final, said[a])) {
					said[a], codes[a] = r.Status, r.Code
				}
			}
		}
	}
	known := map[string]bool{}
	for i := range truth.Recipients {
		want := &truth.Recipients[i]
		known[mailbox(want.Address)], known[mailbox(want.Alias)] = true, true
		got, named := said[mailbox(want.Address)], said[mailbox(want.Address)] != ""
		switch {
		case !named && !lost:
			t.Errorf("%s: %s of %s is missing", truth.Story, want.Address, truth.MessageID)
		case !named && !want.Unnamed && !want.Lost:
			t.Errorf("%s: %s of %s is %s in the logs that are left, but missing", truth.Story, want.Address, truth.MessageID, want.Status)
		case !named:
		case want.Lost && !slices.Contains(final, got):
			if holes == 0 && got != string(want.Status) {
				t.Errorf("%s: %s of %s is %s, the verdict is lost, and no hole is named", truth.Story, want.Address, truth.MessageID, got)
			}
		case want.Status == testworld.Quarantined && got == "failed" && truth.Story == testworld.CloudOnly:
			// Only the cmdlet of Exchange Online tells quarantine from failure.
		case got != string(want.Status):
			t.Errorf("%s: %s of %s is %s, want %s", truth.Story, want.Address, truth.MessageID, got, want.Status)
		case want.Status == testworld.Failed && want.Code != 0 && !want.Lost && codes[mailbox(want.Address)] != want.Code:
			t.Errorf("%s: %s of %s has the code %d, want %d", truth.Story, want.Address, truth.MessageID, codes[mailbox(want.Address)], want.Code)
		}
	}
	for a, status := range said {
		if !known[a] {
			t.Errorf("%s: %s (%s) is no recipient of %s", truth.Story, a, status, truth.MessageID)
		}
	}
	if !lost && len(parts) == 1 && parts[0].Status != string(truth.Status) &&
		(truth.Story != testworld.CloudOnly || truth.Status != testworld.Quarantined || parts[0].Status != "failed") {
		t.Errorf("%s: %s is %s, want %s", truth.Story, truth.MessageID, parts[0].Status, truth.Status)
	}
}

// mailbox is an address as it is compared: the generations write case and the
// prefix in their own ways.
func mailbox(address string) string {
	return strings.TrimPrefix(strings.ToLower(address), "smtp:")
}

func TestSchemasOfWorlds(t *testing.T) {
	for _, name := range []string{"old", "without EX2"} {
		opt := worlds[name]
		opt.Messages, opt.Span = 44, 20*time.Minute
		_, dir := writeWorld(t, opt)
		if n := len(conform(t, "message", done(t, "messages", "--json", dir))); n < 40 {
			t.Errorf("%s: only %d messages", name, n)
		}
		for _, v := range conform(t, "analysis", done(t, "analyze", "--json", dir)) {
			checkSums(t, v)
		}
	}
}

// TestOrderOfPathsOfWorlds gives the files of a world in many orders.
func TestOrderOfPathsOfWorlds(t *testing.T) {
	commands := [][]string{{"messages", "--json"}, {"analyze", "--json"}, {"trace", "--json", "offer"}}
	_, dir := writeWorld(t, testworld.Options{Seed: 47, Messages: 44, Span: time.Hour, Lose: lose("EX2/MessageTracking/MSGTRK20", "EX3/Hub/")})
	paths := filesBelow(t, dir)
	var want []string
	for _, c := range commands {
		want = append(want, done(t, append(c, paths...)...))
	}
	rng := rand.New(rand.NewPCG(9, 1))
	for range 2 {
		rng.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
		for i, c := range commands {
			if got := done(t, append(c, paths...)...); got != want[i] {
				t.Errorf("%v depends on the order of paths (-want +got):\n%s", c, cmp.Diff(want[i], got))
			}
		}
	}
}

// TestTraceFindsMessages asks for messages in the ways that the truth knows. The
// story, for which most rows are skipped, must be the one that reading
// everything gives.
func TestTraceFindsMessages(t *testing.T) {
	for _, lost := range []func(string) bool{nil, lose("EX2/MessageTracking/MSGTRK20")} {
		w, dir := writeWorld(t, testworld.Options{Seed: 42, Messages: 44, Span: 10 * time.Minute, Lose: lost})
		whole := map[string]bool{}
		for line := range strings.Lines(done(t, "messages", "--json", dir)) {
			whole[line] = true
		}
		for i := range w.Messages {
			m := &w.Messages[i]
			id := m.MessageID
			if m.MTSID != "" { // tracking logs of Exchange 5.5 have no other name
				id = m.MTSID
			}
			needle := []string{id, m.NetworkID, m.Recipients[0].Address, strings.Trim(id, "<>")}[i/12%4]
			if i%12 != 0 || m.Invisible || m.Recipients[0].Unnamed || needle == "" {
				continue
			}
			found := false
			for line := range strings.Lines(done(t, "trace", needle, dir, "--json")) {
				if !whole[line] {
					t.Errorf("%s: trace %s says what messages does not:\n%s", m.Story, needle, line)
				}
				var got tracked
				if err := json.Unmarshal([]byte(line), &got); err != nil {
					t.Fatal(err)
				}
				for _, h := range got.Hops {
					found = found || slices.ContainsFunc(m.Events, func(e testworld.Event) bool {
						return h.Line == e.Line && strings.HasSuffix(filepath.ToSlash(h.File), "/"+e.File)
					})
				}
			}
			if !found {
				t.Errorf("%s: %q does not find %s", m.Story, needle, m.MessageID)
			}
		}
	}
}

// TestWidthOfStories checks that no line is wider than the terminal and that
// nothing gets lost for it.
func TestWidthOfStories(t *testing.T) {
	w, dir := writeWorld(t, testworld.Options{Seed: 43, Messages: 44, Span: 20 * time.Minute, Lose: lose("EX2/MessageTracking/MSGTRK20")})
	for _, columns := range []int{60, 110} {
		t.Setenv("COLUMNS", fmt.Sprint(columns))
		check := func(text string) {
			t.Helper()
			for line := range strings.Lines(text) {
				if n := term.DisplayWidth(strings.TrimSuffix(line, "\n")); n > columns {
					t.Errorf("%d of %d columns: %s", n, columns, line)
				}
			}
		}
		check(done(t, "messages", dir))
		check(done(t, "analyze", dir))
		for i := range w.Messages {
			m := &w.Messages[i]
			if m.NetworkID == "" || m.Invisible || i%17 != 0 {
				continue
			}
			story := done(t, "trace", m.NetworkID, dir, "--pick", "1")
			check(story)
			words := strings.Join(strings.Fields(story), "")
			for _, e := range m.Events {
				place := fmt.Sprintf("%s:%d", filepath.Base(e.File), e.Line)
				if !e.Lost && !strings.Contains(words, place) {
					t.Errorf("%s: %s is not in the story at %d columns", m.Story, place, columns)
				}
			}
		}
	}
}

// TestMessageWords checks that the words of the schema are those of the program.
func TestMessageWords(t *testing.T) {
	s, err := readSchema("message")
	if err != nil {
		t.Fatal(err)
	}
	var statuses []any
	for _, status := range track.Statuses() {
		statuses = append(statuses, string(status))
	}
	of := func(path ...string) []any {
		at := s
		for _, name := range path {
			if at = at.Properties[name]; at.Items != nil {
				at = at.Items
			}
		}
		return at.Enum
	}
	withoutPartial := slices.DeleteFunc(slices.Clone(statuses), func(v any) bool { return v == string(track.Partial) })
	for _, c := range []struct{ got, want []any }{
		{of("status"), statuses},
		{of("recipients", "status"), withoutPartial},
		{of("ended"), []any{string(track.EndedComplete), string(track.EndedOpen), string(track.EndedCut), string(track.EndedCapped)}},
		{of("sessions", "rule"), []any{string(track.RuleSourceContext), string(track.RuleInternalID), string(track.RuleRemoteInternalID), string(track.RuleProxySession), string(track.RuleMessageID), string(track.RuleEnvelope)}},
		{of("sessions", "sure"), []any{string(track.Exact), string(track.Likely)}},
		{of("missing", "why"), []any{string(track.NoLog), string(track.NoRows)}},
		{of("related", "relation"), []any{track.RelationDSN, track.RelationOriginal, track.RelationModeration}},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("(-program +schema):\n%s", diff)
		}
	}
}

// TestTraceOfPackedLogs gives the logs of a world in an archive.
func TestTraceOfPackedLogs(t *testing.T) {
	w, dir := writeWorld(t, testworld.Options{Seed: 44, Messages: 6})
	var members []member
	for _, f := range w.Files {
		members = append(members, member{f.Path, f.Data})
	}
	zip := filepath.Join(t.TempDir(), "logs.zip")
	writeFile(t, zip, mustPack(t, ".zip", members...))
	plain := done(t, "trace", w.Messages[0].NetworkID, dir, "--json")
	packed := done(t, "trace", w.Messages[0].NetworkID, zip, "--json")
	plain = strings.ReplaceAll(plain, filepath.ToSlash(dir)+"/", "")
	packed = strings.ReplaceAll(packed, zip+"!", "")
	if os.PathSeparator == '/' && plain != packed {
		t.Errorf("(-plain +packed):\n%s", cmp.Diff(plain, packed))
	}
	if !bytes.Contains([]byte(packed), []byte(w.Messages[0].MessageID)) {
		t.Errorf("not found: %s", packed)
	}
}

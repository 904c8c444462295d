package analysis_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/input"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/logparse/testlog"
	"github.com/smtplog/smtplog/reply/outcome"
	"github.com/smtplog/smtplog/track/analysis"
)

const receiveHeader = "#Software: Microsoft Exchange Server\r\n#Version: 15.0.0.0\r\n#Log-type: SMTP Receive Protocol Log\r\n" +
	"#Date: 2026-11-02T08:00:00.000Z\r\n#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\r\n"

// receive is one session of a receive log that begins at the given time, with
// two recipients of which one is refused.
func receive(id, at string) string {
	var b strings.Builder
	for i, row := range []string{"+,,", ">,220 gate.example.com ready,", "<,EHLO mail.example.org,", ">,250 gate.example.com,",
		"<,MAIL FROM:<a@example.org>,", ">,250 2.1.0 Sender OK,", "<,RCPT TO:<x@example.com>,", ">,250 2.1.5 Recipient OK,",
		"<,RCPT TO:<y@example.net>,", ">,550 5.1.1 User unknown,", "<,DATA,", ">,354 go ahead,", ">,250 2.6.0 taken,",
		"<,QUIT,", ">,221 2.0.0 bye,", "-,,Local"} {
		fmt.Fprintf(&b, "%s,EX1\\Default EX1,%s,%d,10.0.0.1:25,192.0.2.7:50000,%s\r\n", at, id, i, row)
	}
	return b.String()
}

const imsLog = "11/2/99 8:00:00 AM : A connection was accepted from mail.example.org.\r\n" +
	"11/2/99 8:00:00 AM : <<< HELO mail.example.org\r\n11/2/99 8:00:00 AM : >>> 250 OK\r\n\r\n" +
	"11/2/99 8:00:01 AM : <<< QUIT\r\n11/2/99 8:00:01 AM : >>> 221 closing connection\r\n"

// write makes files in a new folder and returns their paths by name.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// run analyzes paths below dir.
func run(t *testing.T, dir string, opt *analysis.Options, paths ...string) *analysis.Analysis {
	t.Helper()
	for i := range paths {
		paths[i] = filepath.Join(dir, paths[i])
	}
	sources, errs := input.Find(t.Context(), paths, nil)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	a, err := analysis.Run(t.Context(), sources, opt)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestInput(t *testing.T) {
	receiveLog := receiveHeader + receive("08DE000000000001", "2026-11-02T08:00:00.100Z") + "\r\nnonsense\r\n" +
		receive("08DE000000000002", "2026-11-02T09:00:00.000Z")
	dir := write(t, map[string]string{
		"logs/RECV1.LOG":    receiveLog,
		"logs/RECV2.LOG":    receiveHeader,
		"logs/L0000001.LOG": imsLog,
		"logs/empty.log":    "",
		"logs/letter.txt":   "Dear all,\r\nthis is no log.\r\nYours\r\n",
		"readme.txt":        "Dear all,\r\nthis is no log either.\r\n",
	})
	a := run(t, dir, nil, "logs", "readme.txt")
	in := a.Input
	if in.Files != 4 || in.Bytes != int64(len(receiveLog)+len(receiveHeader)+len(imsLog)) {
		t.Errorf("%d files, %d bytes", in.Files, in.Bytes)
	}
	want := logparse.Counts{Lines: 5 + 16 + 2 + 16 + 5 + 6, Header: 10, Blank: 2, Records: 32 + 5, Malformed: 1}
	if in.Counts != want {
		t.Errorf("counts %+v, want %+v", in.Counts, want)
	}
	if sum := in.Counts; sum.Lines != sum.Header+sum.Blank+sum.Records+sum.Continuation+sum.Malformed {
		t.Errorf("lines do not add up: %+v", sum)
	}
	var formats []string
	for _, f := range in.Formats {
		formats = append(formats, fmt.Sprintf("%v %d files %d records %v to %v", f.Format, f.Files, f.Records, f.First, f.Last))
	}
	if diff := cmp.Diff([]string{
		"exchange-receive 2 files 32 records 2026-11-02T08:00:00.100Z to 2026-11-02T09:00:00.000Z",
		"ims 1 files 5 records 1999-11-02T08:00:00Z to 1999-11-02T08:00:01Z",
	}, formats); diff != "" {
		t.Errorf("formats (-want +got):\n%s", diff)
	}
	if first, last := in.Span(); first.String() != "1999-11-02T08:00:00Z" || last.String() != "2026-11-02T09:00:00.000Z" {
		t.Errorf("from %v to %v", first, last)
	}
	if len(in.Problems) != 1 || in.Problems[0].Pos.Line != 23 || filepath.Base(in.Problems[0].Pos.File) != "RECV1.LOG" || in.Problems[0].Message == "" {
		t.Errorf("problems %+v", in.Problems)
	}
	if len(in.Skipped) != 1 || filepath.Base(in.Skipped[0].File) != "letter.txt" || in.Skipped[0].Reason == "" {
		t.Errorf("skipped %+v", in.Skipped)
	}
	var unknown *logparse.UnknownFormatError
	if len(in.Failed) != 1 || !errors.As(in.Failed[0], &unknown) || filepath.Base(unknown.File) != "readme.txt" {
		t.Errorf("failed %v", in.Failed)
	}
	var local int
	for _, note := range in.Assumed {
		if strings.HasPrefix(note, "ims logs are in local time, read as UTC") {
			local++
		}
	}
	if local != 1 {
		t.Errorf("assumed %q", in.Assumed)
	}
}

// With a zone given, nothing is assumed about it.
func TestZoneGiven(t *testing.T) {
	dir := write(t, map[string]string{"L0000001.LOG": imsLog})
	a := run(t, dir, &analysis.Options{Read: logparse.Options{Location: time.FixedZone("", 3600), DateOrder: logparse.MDY}}, "L0000001.LOG")
	for _, note := range a.Input.Assumed {
		if strings.Contains(note, "local time") {
			t.Errorf("assumed %q", a.Input.Assumed)
		}
	}
	if first, _ := a.Input.Span(); first.String() != "1999-11-02T07:00:00Z" {
		t.Errorf("first record at %v", first)
	}
}

func TestCounts(t *testing.T) {
	dir := write(t, map[string]string{
		"a.log": receiveHeader + receive("08DE000000000001", "2026-11-02T08:00:00.000Z") + receive("08DE000000000002", "2026-11-02T09:00:00.000Z"),
		"b.log": imsLog,
	})
	a := run(t, dir, nil, "a.log", "b.log")
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	delete(got, "input")
	failures := got["failures"].(map[string]any)
	example := failures["groups"].([]any)[0].(map[string]any)["example"].(map[string]any)
	if filepath.Base(example["file"].(string)) != "a.log" {
		t.Errorf("example %v", example)
	}
	delete(example, "file")
	const want = `{"schema":"smtplog/analysis/v1",
		"sessions":{"total":3,"inbound":3,"outbound":0,"unused":1,"exact":2,"inferred":1,"ambiguous":0,"ended":{"quit":3}},
		"transactions":{"total":2,"accepted":0,"partial":2,"deferred":0,"rejected":0,"aborted":0,"unknown":0},
		"recipients":{"total":4,"accepted":2,"deferred":0,"rejected":2,"unknown":0},
		"replies":{"ok":16,"transient":0,"permanent":2},
		"failures":{"by":["domain","code","enhanced","reason"],"replies":2,"recipients":2,"groups_total":1,"groups":[
			{"domain":"example.net","code":550,"enhanced":"5.1.1","class":"permanent","reason":"user_unknown","actor":"sender",
			"outcomes":2,"replies":2,"recipients":2,"sessions":2,"first":"2026-11-02T08:00:00.000Z","last":"2026-11-02T09:00:00.000Z",
			"example":{"verb":"RCPT","direction":"inbound","host":"192.0.2.7","recipient":"y@example.net","text":"550 5.1.1 User unknown","line":15}}]}}`
	var wanted map[string]any
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestSinceUntil(t *testing.T) {
	var log strings.Builder
	log.WriteString(receiveHeader)
	for h := range 4 {
		log.WriteString(receive(fmt.Sprintf("08DE00000000000%d", h), fmt.Sprintf("2026-11-02T0%d:00:00.000Z", h)))
	}
	dir := write(t, map[string]string{"a.log": log.String()})
	at := func(h int) time.Time { return time.Date(2026, 11, 2, h, 0, 0, 0, time.UTC) }
	for _, test := range []struct {
		since, until time.Time
		want         int64
	}{
		{time.Time{}, time.Time{}, 4}, {at(1), time.Time{}, 3}, {at(1).Add(time.Millisecond), time.Time{}, 2},
		{time.Time{}, at(2), 2}, {at(1), at(3), 2}, {at(3), at(1), 0},
	} {
		a := run(t, dir, &analysis.Options{Since: test.since, Until: test.until}, "a.log")
		if a.Sessions.Total != test.want || a.Transactions.Total != test.want || a.Failed.Replies != test.want {
			t.Errorf("%v to %v: %d sessions, %d transactions, %d failed replies; want %d", test.since, test.until,
				a.Sessions.Total, a.Transactions.Total, a.Failed.Replies, test.want)
		}
		if a.Input.Counts.Records != 64 {
			t.Errorf("%d records", a.Input.Counts.Records)
		}
	}
	bounded := analysis.Options{Since: at(1)}
	if bounded.Includes(outcome.Time{}) || !new(analysis.Options).Includes(outcome.Time{}) {
		t.Error("what has no time lies within no bounds, but in none at all it does")
	}
}

// TestOrder analyzes sets of logs whose paths come in any order; a session goes
// over from one file to the next.
func TestOrder(t *testing.T) {
	files := map[string]string{
		"z/1.log": receiveHeader + "2026-11-02T07:00:00.000Z,EX1\\Default EX1,08DE0000000000FF,0,10.0.0.1:25,192.0.2.9:50000,+,,\r\n",
		"z/0.log": receiveHeader + receive("08DE000000000002", "2026-11-02T08:00:00.000Z") +
			"2026-11-02T07:59:00.000Z,EX1\\Default EX1,08DE0000000000FF,1,10.0.0.1:25,192.0.2.9:50000,-,,Remote\r\n",
		"same1.log": receiveHeader + receive("08DE000000000003", "2026-11-02T08:00:00.000Z"),
		"same2.log": receiveHeader + receive("08DE000000000004", "2026-11-02T08:00:00.000Z"),
		"ims.log":   imsLog,
		"x.txt":     "no log\r\n",
		"y.txt":     "no log\r\n",
	}
	for i, format := range []logparse.Format{logparse.IISW3C, logparse.ExchangeSend, logparse.IISMSIIS} {
		var log bytes.Buffer
		if _, err := testlog.Generate(&log, testlog.Options{Seed: uint64(i), Format: format, Connections: 60}); err != nil {
			t.Fatal(err)
		}
		files[format.String()+".log"] = log.String()
	}
	dir := write(t, files)
	var names []string
	for name := range files {
		names = append(names, name)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	var first []byte
	for range 6 {
		rng.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		a := run(t, dir, nil, append([]string(nil), names...)...)
		text, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = text
			if len(a.Input.Failed) != 2 || a.Sessions.Ended["remote"] == 0 || a.Sessions.Ended["open"] != 0 {
				t.Errorf("failed %v, ended %v", a.Input.Failed, a.Sessions.Ended)
			}
		}
		if !bytes.Equal(first, text) {
			t.Fatalf("paths %v give\n%s\nothers gave\n%s", names, text, first)
		}
	}
}

// A log cut into files that keep their header gives the same counts.
func TestCutIntoFiles(t *testing.T) {
	for _, format := range []logparse.Format{logparse.ExchangeReceive, logparse.IISW3C} {
		var log bytes.Buffer
		if _, err := testlog.Generate(&log, testlog.Options{Seed: 8, Format: format, Connections: 200}); err != nil {
			t.Fatal(err)
		}
		lines := strings.SplitAfter(log.String(), "\n")
		header := 0
		for strings.HasPrefix(lines[header], "#") {
			header++
		}
		files := map[string]string{"whole.log": log.String()}
		var paths []string
		rows := lines[header:]
		for n := 0; len(rows) > 1; n++ {
			k := min(len(rows), 500)
			name := fmt.Sprintf("parts/%02d.log", n)
			files[name] = strings.Join(lines[:header], "") + strings.Join(rows[:k], "")
			paths = append(paths, name)
			rows = rows[k:]
		}
		dir := write(t, files)
		whole, parts := run(t, dir, nil, "whole.log"), run(t, dir, nil, paths...)
		if len(paths) < 3 || whole.Sessions.Total == 0 {
			t.Fatalf("%d files, %d sessions", len(paths), whole.Sessions.Total)
		}
		type counts struct {
			analysis.Sessions
			Transactions, Recipients session.Results
			analysis.Failed
		}
		if diff := cmp.Diff(counts{whole.Sessions, whole.Transactions, whole.Recipients, whole.Failed},
			counts{parts.Sessions, parts.Transactions, parts.Recipients, parts.Failed}); diff != "" {
			t.Errorf("%v: whole and in parts:\n%s", format, diff)
		}
	}
}

func TestCancelled(t *testing.T) {
	dir := write(t, map[string]string{"a.log": receiveHeader + receive("08DE000000000001", "2026-11-02T08:00:00.000Z")})
	sources, _ := input.Find(t.Context(), []string{dir}, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a, err := analysis.Run(ctx, sources, nil)
	if !errors.Is(err, context.Canceled) || a == nil {
		t.Errorf("%v, %v", a, err)
	}
}

func TestLimited(t *testing.T) {
	var log strings.Builder
	log.WriteString(receiveHeader + "nonsense\r\nnonsense\r\n")
	log.WriteString(receive("08DE000000000001", "2026-11-02T08:00:00.000Z"))
	log.WriteString(strings.ReplaceAll(receive("08DE000000000002", "2026-11-02T08:30:00.000Z"), "y@example.net", "y@example.org"))
	dir := write(t, map[string]string{"a.log": log.String()})
	a := run(t, dir, &analysis.Options{By: []outcome.Key{outcome.ByDomain, outcome.ByHour, outcome.ByDay}}, "a.log")
	text, err := json.Marshal(a.Limited(1, 1))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Input struct {
			Problems      []any
			ProblemsTotal int `json:"problems_total"`
		}
		Failures struct {
			GroupsTotal int `json:"groups_total"`
			Groups      []struct{ Domain, Hour, Day, Class string }
		}
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Input.Problems) != 1 || got.Input.ProblemsTotal != 2 || got.Failures.GroupsTotal != 2 || len(got.Failures.Groups) != 1 {
		t.Errorf("%s", text)
	}
	if g := got.Failures.Groups[0]; g.Domain != "example.net" || g.Hour != "2026-11-02T08:00:00Z" || g.Day != "2026-11-02" || g.Class != "" {
		t.Errorf("group %+v", g)
	}
}

// What is no log is no part of the progress: it comes to its end nevertheless.
func TestProgressOfOthers(t *testing.T) {
	const other = "no log of any kind"
	dir := write(t, map[string]string{"a.log": "#Log-type: SMTP Receive Protocol Log\r\n", "b.txt": other, "c.txt": other})
	var progress input.Progress
	sources, errs := input.Find(t.Context(), []string{dir}, &input.Options{Progress: &progress})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	a, err := analysis.Run(t.Context(), sources, nil)
	if err != nil || len(a.Input.Skipped) != 2 {
		t.Fatal(err, a.Input)
	}
	if progress.Looked() != 3 || progress.Files() != 3 || progress.Extra() != -2*int64(len(other)) {
		t.Errorf("%d files, %d bytes more than there are", progress.Files(), progress.Extra())
	}
}

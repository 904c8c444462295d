package logparse

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// plainRow is what the tests of plain text logs look at.
type plainRow struct {
	Line  int64
	Lines int
	Time  string
	Event Event
}

// plainLog is what came of a plain text log.
type plainLog struct {
	Rows   []plainRow
	Raw    []string
	Bad    []string // "line: message"
	Counts Counts
}

func readPlain(t testing.TB, r io.Reader, opt Options) plainLog {
	t.Helper()
	reader := NewReader(r, "a.log", &opt)
	var got plainLog
	for rec, err := range reader.Records() {
		var syntax *SyntaxError
		switch {
		case errors.As(err, &syntax):
			got.Bad = append(got.Bad, fmt.Sprintf("%d: %s", syntax.Pos.Line, syntax.Msg))
		case err != nil:
			t.Fatal(err)
		default:
			got.Raw = append(got.Raw, string(rec.Raw()))
			c := rec.Clone()
			got.Rows = append(got.Rows, plainRow{c.Pos.Line, c.Lines, c.Time.String(), c.Event})
		}
	}
	got.Counts = reader.Counts()
	if c := got.Counts; c.Lines != c.Header+c.Blank+c.Records+c.Continuation+c.Malformed {
		t.Fatalf("the lines do not add up: %+v", c)
	}
	return got
}

// imsEvent returns an event with what the log's rows do not have left out.
func imsEvent(direction outcome.Direction, kind Kind, remote string, set func(e *Event)) Event {
	e := Event{Kind: kind, Direction: direction, Sequence: -1, Elapsed: -1, Win32: -1, BytesIn: -1, BytesOut: -1}
	if remote != "" {
		e.Remote = []byte(remote)
	}
	if set != nil {
		set(&e)
	}
	return e
}

func command(verb Verb, name, arg string) func(*Event) {
	return func(e *Event) {
		e.Verb, e.VerbText = verb, []byte(name)
		if arg != "" {
			e.Arg = []byte(arg)
		}
	}
}

func replied(code reply.Code, text string) func(*Event) {
	return func(e *Event) { e.Code, e.Text = code, []byte(text) }
}

func noted(text string) func(*Event) { return func(e *Event) { e.Text = []byte(text) } }

func checkEvents(t *testing.T, got plainLog, want []Event) {
	t.Helper()
	var events []Event
	for _, row := range got.Rows {
		events = append(events, row.Event)
	}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestSetReply(t *testing.T) {
	for _, test := range []struct {
		text string
		code reply.Code
		more bool
		enh  string
	}{
		{"250 OK", 250, false, ""},
		{"250-a", 250, true, ""},
		{"250-a\n250 b", 250, false, ""},
		{"250-a\n250-b", 250, true, ""},
		{"250-a\nfolded\n250 b", 250, false, ""},
		{"550-5.7.1 a\n550 5.7.2 b", 550, false, "5.7.1"},
		{"550-a\n550 5.7.2 b", 550, false, "5.7.2"},
		{"250-a\n550 5.1.1 another", 250, true, ""},
		{"250 a\n250-5.1.1 folded text", 250, false, ""},
		{"folded\n250 OK", 0, false, ""},
		{"", 0, false, ""},
	} {
		var e Event
		e.setReply([]byte(test.text))
		if e.Kind != KindReply || string(e.Text) != test.text || e.Code != test.code || e.More != test.more || e.Enhanced.String() != test.enh {
			t.Errorf("%q: %v %v more %v, %q", test.text, e.Code, e.Enhanced, e.More, e.Text)
		}
	}
}

func checkPlainAllocations(t *testing.T, log string) {
	t.Helper()
	// Detection and the first growth of the buffers are not counted.
	reader := NewReader(strings.NewReader(strings.Repeat(log, 1000)), "a.log", nil)
	next := func() {
		if _, err := reader.Next(); err != nil {
			t.Fatal(err)
		}
	}
	for range 2000 {
		next()
	}
	if n := testing.AllocsPerRun(3000, next); n != 0 {
		t.Errorf("%v allocations per row", n)
	}
}

// checkPlain reads any text as a log of the given format, whole and byte by
// byte.
func checkPlain(t *testing.T, log string, format Format) {
	t.Helper()
	opt := Options{Format: format, MaxLine: 200}
	whole := readPlain(t, strings.NewReader(log), opt)
	if bytewise := readPlain(t, iotest.OneByteReader(strings.NewReader(log)), opt); !reflect.DeepEqual(whole, bytewise) {
		t.Errorf("whole and byte by byte differ:\n%s", cmp.Diff(whole, bytewise))
	}
	if want := int64(len(slowLines(strings.TrimPrefix(log, "\ufeff"), opt.MaxLine))); whole.Counts.Lines != want {
		t.Errorf("%d lines, want %d", whole.Counts.Lines, want)
	}
	reader := NewReader(strings.NewReader(log), "a.log", &opt)
	for rec, err := range reader.Records() {
		if err == nil {
			for range rec.Fields() {
			}
		}
	}
}

package testworld

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/input"
)

// worlds are the shapes that the logs come in.
var worlds = map[string]Options{
	"default": {Seed: 1, Messages: 90},
	"old": {Seed: 2, Messages: 50, BOM: true, Trace: TraceExtended,
		Versions: map[string]Version{"EX1": V2007, "EX2": V2010, "EX3": V2010, "EDGE1": V2007}},
	"new":    {Seed: 3, Messages: 50, Trace: TraceSummary, Versions: map[string]Version{"EX3": V2019, "EDGE1": V2016}},
	"mixed":  {Seed: 4, Messages: 50, Versions: map[string]Version{"EX2": V2007, "EX3": V2016}},
	"dense":  {Seed: 6, Messages: 120, Span: 30 * time.Minute, Only: []Story{Inbound, Shadow, OneSession}},
	"export": {Seed: 5, Messages: 50, Export: []string{"EX2", "EDGE1"}, Trace: TraceExtended, BOM: true},
}

// played plays one of the worlds, once for all tests.
func played(name string) *World {
	if w := playedWorlds[name]; w != nil {
		return w
	}
	w := Play(worlds[name])
	playedWorlds[name] = w
	return w
}

var (
	playedWorlds = make(map[string]*World)
	readFiles    = make(map[*byte]map[int]*logparse.Record)
)

// rows are the records of a file by line, read once for all tests.
func rows(t *testing.T, f File) map[int]*logparse.Record {
	t.Helper()
	list := readFiles[&f.Data[0]]
	if list == nil {
		list = readRows(t, f)
		readFiles[&f.Data[0]] = list
	}
	return list
}

func readRows(t *testing.T, f File) map[int]*logparse.Record {
	t.Helper()
	data := f.Data
	if len(data) > 1 && data[1] == 0 { // UTF-16
		sources, errs := input.Find(t.Context(), []string{write(t, f)}, nil)
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		stream, err := sources[0].Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer stream.Close()
		if data, err = io.ReadAll(stream); err != nil {
			t.Fatal(err)
		}
	}
	r := logparse.NewReader(bytes.NewReader(data), f.Path, nil)
	found, err := r.Detection()
	if err != nil {
		t.Fatalf("%s: %v", f.Path, err)
	}
	if want := formatOf(f.Path); found.Format != want {
		t.Errorf("%s is %v, want %v", f.Path, found.Format, want)
	}
	list := make(map[int]*logparse.Record)
	for {
		rec, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			var wrong *logparse.SyntaxError
			if !errors.As(err, &wrong) {
				t.Fatal(err)
			}
			t.Errorf("%s:%d: %s", f.Path, wrong.Pos.Line, wrong.Msg)
			continue
		}
		list[int(rec.Pos.Line)] = rec.Clone()
	}
	if n := r.Counts(); n.Malformed > 0 || n.Lines != int64(bytes.Count(data, []byte("\n"))) {
		t.Errorf("%s: %+v", f.Path, n)
	}
	return list
}

// write writes the file below a new folder and returns its path.
func write(t *testing.T, f File) string {
	t.Helper()
	dir := t.TempDir()
	if err := (&World{Files: []File{f}}).Write(dir); err != nil {
		t.Fatal(err)
	}
	return dir + "/" + f.Path
}

func formatOf(path string) logparse.Format {
	for _, f := range []struct {
		part   string
		format logparse.Format
	}{{"SmtpReceive", logparse.ExchangeReceive}, {"SmtpSend", logparse.ExchangeSend}, {"/MSGTRK", logparse.Tracking},
		{"SMTPSVC1", logparse.IISW3C}, {"imcdata", logparse.IMS}, {"Tracking.log/", logparse.Tracking5}, {"BH03.log/", logparse.Tracking2000},
		{"Get-Message", logparse.TrackingPS}, {"MessageTrace", logparse.MessageTrace}} {
		if strings.Contains(path, f.part) {
			return f.format
		}
	}
	return logparse.FormatUnknown
}

func field(rec *logparse.Record, names ...string) string {
	for name, value := range rec.Fields() {
		for _, n := range names {
			if strings.EqualFold(name, n) {
				return string(value)
			}
		}
	}
	return ""
}

// Every file is a log of its format without a malformed line, every row of a
// tracking log is one event of one message, and every row of a protocol log
// belongs to one session.
func TestFilesAndTruthAgree(t *testing.T) {
	for name := range worlds {
		t.Run(name, func(t *testing.T) {
			w := played(name)
			read := make(map[string]map[int]*logparse.Record)
			left := 0
			for _, f := range w.Files {
				read[f.Path] = rows(t, f)
				left += len(read[f.Path])
			}
			seen := make(map[Position]bool)
			take := func(p Position) *logparse.Record {
				rec := read[p.File][p.Line]
				if rec == nil || seen[p] {
					t.Fatalf("no row, or one taken twice: %+v", p)
				}
				seen[p] = true
				return rec
			}
			for _, m := range w.Messages {
				for _, e := range m.Events {
					checkEvent(t, &m, &e, take(e.Position))
				}
			}
			for _, s := range w.Sessions {
				for _, p := range s.Rows {
					take(p)
				}
			}
			if len(seen) != left {
				t.Errorf("%d rows, %d of them known to the truth", left, len(seen))
			}
		})
	}
}

func checkEvent(t *testing.T, m *Message, e *Event, rec *logparse.Record) {
	t.Helper()
	event := field(rec, "event-id", "event_id", "EventId", "Event")
	if event == "" {
		event = field(rec, "Status")
	}
	if event != e.Event {
		t.Errorf("%s:%d is %q, want %q", e.File, e.Line, event, e.Event)
	}
	if !rec.Time.Time().Equal(e.Time) {
		t.Errorf("%s:%d at %v, want %v", e.File, e.Line, rec.Time, e.Time)
	}
	if len(rec.Server) > 0 && string(rec.Server) != e.Server {
		t.Errorf("%s:%d %s of %s, want %s", e.File, e.Line, e.Event, rec.Server, e.Server)
	}
	id := field(rec, "message-id", "message_id", "MessageId", "MSGID")
	if id != "" && strings.Trim(id, "<>") != strings.Trim(m.MessageID, "<>") && id != m.MTSID {
		t.Errorf("%s:%d has the id %s, want %s", e.File, e.Line, id, m.MessageID)
	}
	if n := field(rec, "network-message-id", "network_message_id", "NetworkMessageId", "MessageTraceId"); n != "" && n != m.NetworkID {
		t.Errorf("%s:%d has the network id %s, want %s", e.File, e.Line, n, m.NetworkID)
	}
	if list := field(rec, "recipient-address", "recipient_address", "RecipientAddress"); list != "" && list != strings.Join(e.Recipients, ";") {
		t.Errorf("%s:%d is about %s, want %v", e.File, e.Line, list, e.Recipients)
	}
	if got := field(rec, "internal-message-id"); got != "" && got != fmt.Sprint(e.InternalID) {
		t.Errorf("%s:%d has the internal id %s, want %d", e.File, e.Line, got, e.InternalID)
	}
}

func TestSameOptionsSameBytes(t *testing.T) {
	for name, opt := range worlds {
		a, b := played(name), Play(opt)
		if !slices.EqualFunc(a.Files, b.Files, func(x, y File) bool { return x.Path == y.Path && bytes.Equal(x.Data, y.Data) }) {
			t.Errorf("%s: two plays differ", name)
		}
		opt.Seed++
		if c := Play(opt); slices.EqualFunc(a.Files, c.Files, func(x, y File) bool { return bytes.Equal(x.Data, y.Data) }) {
			t.Errorf("%s: another seed gives the same", name)
		}
	}
}

// Each version writes its own list of columns.
func TestColumns(t *testing.T) {
	for version, columns := range map[Version]int{V2007: 21, V2010: 26, V2013: 27, V2016: 30, V2019: 30} {
		w := Play(Options{Only: []Story{Local}, Messages: 9, Versions: map[string]Version{"EX1": version, "EX2": version, "EX3": version}})
		for _, f := range w.Files {
			if formatOf(f.Path) != logparse.Tracking {
				continue
			}
			for line, rec := range rows(t, f) {
				n := 0
				for range rec.Fields() {
					n++
				}
				if n != columns {
					t.Errorf("%s:%d has %d columns, want %d", f.Path, line, n, columns)
				}
			}
		}
	}
}

// A world without some of its files is the same world, and the truth says what
// cannot be seen any more.
func TestLose(t *testing.T) {
	opt := worlds["default"]
	whole := played("default")
	opt.Lose = func(path string) bool {
		return strings.HasPrefix(path, "EX2/") || strings.Contains(path, "MSGTRKMD2026110209")
	}
	w := Play(opt)
	if len(w.Lost) == 0 || len(w.Lost)+len(w.Files) != len(whole.Files) {
		t.Fatalf("%d files lost, %d left of %d", len(w.Lost), len(w.Files), len(whole.Files))
	}
	if !slices.ContainsFunc(w.Messages, func(m Message) bool { return m.Invisible }) {
		t.Error("every message is visible")
	}
	for _, f := range w.Files {
		if opt.Lose(f.Path) {
			t.Errorf("%s is still there", f.Path)
		}
	}
	invisible, untold := 0, 0
	for i, m := range w.Messages {
		for j, e := range m.Events {
			if e.Lost != opt.Lose(e.File) {
				t.Errorf("%+v: lost or not?", e.Position)
			}
			if o := whole.Messages[i].Events[j]; o.File != e.File || o.Line != e.Line || o.Lost {
				t.Errorf("%+v was %+v", e.Position, o.Position)
			}
		}
		for _, h := range m.Hops {
			if h.Server == "EX2" != h.Invisible && len(h.Lost) == 0 {
				t.Errorf("hop on %s invisible: %v, lost %v", h.Server, h.Invisible, h.Lost)
			}
			if h.Invisible {
				invisible++
			}
		}
		for _, r := range m.Recipients {
			if r.Lost {
				untold++
			}
			if r.Unnamed && !r.Lost && r.verdict != nil {
				t.Errorf("%s has a verdict and is not named", r.Address)
			}
			if r.Server == "EX2" && r.Status == Delivered && !r.Lost {
				t.Errorf("%s was delivered on a server without logs", r.Address)
			}
		}
	}
	if invisible == 0 || untold == 0 {
		t.Errorf("%d hops are invisible, %d verdicts untold", invisible, untold)
	}
}

// A log that grows too large in its hour goes on in another file.
func TestSecondFile(t *testing.T) {
	for _, part := range []string{"EX1/MessageTracking/MSGTRK2026110208-2.LOG", "FE1/FrontEnd/ProtocolLog/SmtpReceive/RECV2026110208-2.LOG"} {
		if !slices.ContainsFunc(played("dense").Files, func(f File) bool { return f.Path == part }) {
			t.Errorf("no %s", part)
		}
	}
}

func TestSpan(t *testing.T) {
	start := time.Date(2027, 1, 30, 23, 0, 0, 0, time.UTC)
	w := Play(Options{Seed: 9, Messages: 45, Start: start, Span: 2 * time.Hour})
	for _, f := range w.Files {
		if f.First.Before(start.Add(-time.Second)) || f.First.After(f.Last) {
			t.Errorf("%s goes from %v to %v", f.Path, f.First, f.Last)
		}
	}
	if i := slices.IndexFunc(w.Files, func(f File) bool { return strings.HasSuffix(f.Path, "MSGTRK2027013100-1.LOG") }); i < 0 {
		t.Error("no file of the next day")
	}
}

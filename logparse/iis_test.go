package logparse

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/smtplog/smtplog/reply/outcome"
)

// iisRead is what a log was read as.
type iisRead struct {
	records []*Record
	errors  []string
	counts  Counts
}

// readIIS reads a whole log and checks what holds for any log.
func readIIS(t testing.TB, r io.Reader, opt Options) iisRead {
	t.Helper()
	rd := NewReader(r, "x.log", &opt)
	var got iisRead
	for {
		rec, err := rd.Next()
		var syntax *SyntaxError
		switch {
		case err == nil:
			got.records = append(got.records, rec.Clone())
			continue
		case errors.As(err, &syntax):
			got.errors = append(got.errors, err.Error())
			continue
		case err != io.EOF:
			t.Fatal(err)
		}
		break
	}
	c := rd.Counts()
	got.counts = c
	if c.Lines != c.Header+c.Blank+c.Records+c.Continuation+c.Malformed {
		t.Errorf("lines do not add up: %+v", c)
	}
	if c.Records != int64(len(got.records)) || c.Malformed != int64(len(got.errors)) {
		t.Errorf("%d records and %d errors, counted are %+v", len(got.records), len(got.errors), c)
	}
	return got
}

// events are the events with their times, which is what a row says.
func (r iisRead) events() []iisEvent {
	var list []iisEvent
	for _, rec := range r.records {
		list = append(list, iisEvent{rec.Time.String(), rec.Event})
	}
	return list
}

type iisEvent struct {
	Time  string
	Event Event
}

func iisFields(rec *Record) map[string]string {
	m := map[string]string{}
	for name, value := range rec.Fields() {
		m[name] = string(value)
	}
	return m
}

func diffIIS(t *testing.T, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestIISBlanks(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", ""},
		{"plain", "plain"},
		{"+", " "},
		{"FROM:+<a@example.org>+SIZE=10", "FROM: <a@example.org> SIZE=10"},
		{"TO:<a+b@example.org>+X", "TO:<a+b@example.org> X"},
		{"<CA+x+y=z@mail.example.org>", "<CA+x+y=z@mail.example.org>"},
		{"a+b@example.org", "a b@example.org"},
		{"550+5.1.1+<a+b@example.org>...+User+unknown", "550 5.1.1 <a+b@example.org>... User unknown"},
		{"501+<no+address>+here", "501 <no address> here"},
		{"554+1+<+2+and+3+@+4", "554 1 < 2 and 3 @ 4"},
		{"554+<<a+b@c>+>+d", "554 <<a+b@c> > d"},
		{"a@b+>+c", "a@b > c"},
		{"a@b+<no+address>", "a@b <no address>"},
		{"<a@b>+c+>", "<a@b> c >"},
	}
	var r iisRow
	for _, tt := range tests {
		if got := string(r.blanks([]byte(tt.in))); got != tt.want {
			t.Errorf("blanks(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestIISNumber(t *testing.T) {
	for in, want := range map[string]int64{"": -1, "-": -1, "0": 0, "0042": 42, "2148074254": 2148074254,
		"-5": -1, "1x": -1, "999999999999999999": 999999999999999999, "1000000000000000000": -1} {
		if got := iisNumber([]byte(in)); got != want {
			t.Errorf("iisNumber(%q) = %d, want %d", in, got, want)
		}
	}
}

func TestIISVerb(t *testing.T) {
	for in, want := range map[string]Verb{"": VerbNone, "MAIL": VerbMAIL, "mail from": VerbMAIL, "MAIL FROM": VerbMAIL,
		"RCPT TO": VerbRCPT, "rcpt": VerbRCPT, "RCPT FROM": VerbOther, "Xxxx TO": VerbOther, "xxxx": VerbOther} {
		if got := iisVerb([]byte(in)); got != want {
			t.Errorf("iisVerb(%q) = %v, want %v", in, got, want)
		}
	}
}

// The same conversations are the same events in each format, but for what a
// format cannot hold.
func TestIISFormatsAgree(t *testing.T) {
	rows := iisRows(1, 60)
	logs := iisLogs(rows)
	want := readIIS(t, bytes.NewReader(logs[IISW3C]), Options{Format: IISW3C}).events()
	if len(want) != len(rows) {
		t.Fatalf("%d events of %d rows", len(want), len(rows))
	}
	for _, f := range []Format{IISMSIIS, IISNCSA, IISODBC} {
		t.Run(f.String(), func(t *testing.T) {
			want := slices.Clone(want)
			if f == IISNCSA {
				for i := range want {
					e := &want[i].Event
					e.Server, e.Connector, e.Local = nil, nil, nil
					e.Elapsed, e.Win32, e.BytesIn = -1, -1, -1
				}
			}
			diffIIS(t, readIIS(t, bytes.NewReader(logs[f]), Options{Format: f}).events(), want)
		})
	}
	t.Run("semicolons", func(t *testing.T) {
		diffIIS(t, readIIS(t, bytes.NewReader(odbcLog(rows, ";", false)), Options{Format: IISODBC}).events(), want)
	})
	t.Run("tabs", func(t *testing.T) {
		diffIIS(t, readIIS(t, bytes.NewReader(odbcLog(rows, "\t", true)), Options{Format: IISODBC}).events(), want)
	})
}

func TestIISChunks(t *testing.T) {
	for f, log := range iisLogs(iisRows(2, 20)) {
		want := readIIS(t, bytes.NewReader(log), Options{Format: f})
		for name, r := range map[string]io.Reader{
			"bytes":  iotest.OneByteReader(bytes.NewReader(log)),
			"halves": iotest.HalfReader(bytes.NewReader(log)),
			"eof":    iotest.DataErrReader(bytes.NewReader(log)),
		} {
			got := readIIS(t, r, Options{Format: f})
			if !reflect.DeepEqual(got.events(), want.events()) || got.counts != want.counts {
				t.Errorf("%v in %s is read differently: %+v, %+v", f, name, got.counts, want.counts)
			}
		}
	}
}

// Lines that are no rows do not touch those around them.
func TestIISGarbage(t *testing.T) {
	garbage := []string{
		"", "   ", "\t", "x", "- - -", `"`, `","`, "\x00\x00", ",,,,,,,,,,,,,,,,", strings.Repeat("- ", 400), strings.Repeat("z", 3000),
		"2026-13-01 05:00:15 192.0.2.1 - SMTPSVC1 MAIL01 10.0.0.5 0 HELO - +a 250 0 48 13 0 SMTP - - - -",
		"2026-03-01 25:00:15 192.0.2.1 - SMTPSVC1 MAIL01 10.0.0.5 0 HELO - +a 250 0 48 13 0 SMTP - - - -",
		"2026-03-01 05:00:15 192.0.2.1 - SMTPSVC1 MAI",
		"192.0.2.1, a, 13/13/26, 13:17:37, SMTPSVC1, MAIL01, 10.0.0.5, 0, 4, 52, 250, 0, HELO, -, +a,",
		"192.0.2.1, a, 3/1/26, 13:17:37, SMTPSVC1, MAIL01, 10.0.0.5, 0, 4",
		`192.0.2.1 - a [01/Mar/2026:13:16:40 -0600] "HELO -?+a SMT`,
		`192.0.2.1 - a [99/Mar/2026:13:16:40 -0600] "HELO -?+a SMTP" 250 46`,
		`192.0.2.1 - a [01/Mar/2026:13:16:40 -0600] "GET /?a HTTP/1.0" 200 46`,
		`192.0.2.1,a,"2026-03-01`,
	}
	rows := iisRows(3, 20)
	for f, log := range iisLogs(rows) {
		want := readIIS(t, bytes.NewReader(log), Options{Format: f})
		rng := rand.New(rand.NewPCG(7, uint64(f)))
		var mixed bytes.Buffer
		for line := range bytes.Lines(log) {
			for rng.IntN(3) == 0 {
				g := garbage[rng.IntN(len(garbage))]
				if f == IISNCSA && strings.Contains(g, "[01/Mar") && strings.HasSuffix(g, "46") && strings.Contains(g, "SMTP\"") {
					continue
				}
				mixed.WriteString(g + "\r\n")
			}
			mixed.Write(line)
		}
		got := readIIS(t, &mixed, Options{Format: f})
		if len(got.errors) == 0 {
			t.Errorf("%v: no garbage was found", f)
		}
		if d := cmp.Diff(want.events(), got.events()); d != "" {
			t.Errorf("%v: -want +got:\n%s", f, d)
		}
	}
}

// A line that is too long is malformed, whatever it begins with.
func TestIISLongLine(t *testing.T) {
	rows := iisRows(4, 2)
	for f, log := range iisLogs(rows) {
		lines := bytes.SplitAfter(log, []byte("\n"))
		at := len(lines) / 2
		lines[at] = append(bytes.TrimRight(lines[at], "\r\n"), strings.Repeat("z", 2000)+"\r\n"...)
		got := readIIS(t, bytes.NewReader(bytes.Join(lines, nil)), Options{Format: f, MaxLine: 1000})
		if len(got.records) != len(rows)-1 || len(got.errors) != 1 || !strings.Contains(got.errors[0], "longer than 1000 bytes") {
			t.Errorf("%v: %d records of %d rows, errors %q", f, len(got.records), len(rows), got.errors)
		}
	}
}

// Raw is the row, and the fields make up the row again.
func TestIISFields(t *testing.T) {
	rows := iisRows(5, 10)
	for f, log := range iisLogs(rows) {
		got := readIIS(t, bytes.NewReader(log), Options{Format: f})
		lines := strings.Split(strings.TrimSpace(string(log)), "\r\n")
		lines = lines[len(lines)-len(rows):]
		for i, rec := range got.records {
			if string(rec.Raw()) != lines[i] {
				t.Fatalf("%v: raw %q, want %q", f, rec.Raw(), lines[i])
			}
			fields := iisFields(rec)
			query, user := "", ""
			switch f {
			case IISW3C:
				for name, value := range rows[i] {
					if fields[name] != value {
						t.Errorf("%s is %q, want %q", name, fields[name], value)
					}
				}
				continue
			case IISNCSA:
				query, user = fields["request"], fields["authuser"]
				if !strings.Contains(query, rows[i]["cs-method"]+" -") || !strings.HasSuffix(query, " SMTP") {
					t.Errorf("request %q", query)
				}
				if rows[i]["cs-uri-query"] == "-" {
					query += "-"
				}
			default:
				query, user = fields["Parameters"], fields["Username"]
			}
			if !strings.Contains(query, rows[i]["cs-uri-query"]) || user != rows[i]["cs-username"] {
				t.Errorf("%v: fields %q of %v", f, fields, rows[i])
			}
		}
	}
}

func TestIISFieldsStopEarly(t *testing.T) {
	for f, log := range iisLogs(iisRows(5, 1)) {
		rec := readIIS(t, bytes.NewReader(log), Options{Format: f}).records[0]
		n := 0
		for range rec.Fields() {
			if n++; n == 2 {
				break
			}
		}
		if n != 2 {
			t.Errorf("%v: %d fields", f, n)
		}
	}
}

func TestIISDoesNotAllocate(t *testing.T) {
	rows := iisRows(6, 300)
	logs := iisLogs(rows)
	for _, tt := range []struct {
		name string
		log  []byte
		opt  Options
	}{
		{"w3c", logs[IISW3C], Options{Format: IISW3C}},
		{"w3c without dates", w3cLog(rows, w3cUsual[1:], true), Options{Format: IISW3C}},
		{"msiis", logs[IISMSIIS], Options{Format: IISMSIIS}},
		{"msiis in a zone", logs[IISMSIIS], Options{Format: IISMSIIS, Location: time.FixedZone("x", 3600)}},
		{"ncsa", logs[IISNCSA], Options{Format: IISNCSA}},
		{"odbc", logs[IISODBC], Options{Format: IISODBC}},
		{"odbc with tabs", odbcLog(rows, "\t", false), Options{Format: IISODBC}},
	} {
		rd := NewReader(bytes.NewReader(tt.log), "x.log", &tt.opt)
		for range 100 {
			if _, err := rd.Next(); err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
		}
		allocs := testing.AllocsPerRun(len(rows)-200, func() {
			if _, err := rd.Next(); err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
		})
		if allocs != 0 {
			t.Errorf("%s: %v allocations a row", tt.name, allocs)
		}
	}
}

func TestIISSamples(t *testing.T) {
	for _, tt := range []struct {
		path   string
		format Format
		opt    Options
		counts Counts
	}{
		{"iis-w3c-smtp/ossec-exchange2000-inbound.log", IISW3C, Options{}, Counts{Lines: 41, Header: 4, Records: 37}},
		{"iis-w3c-smtp/toddlichty-2017-outbound-421-yahoo.log", IISW3C, Options{}, Counts{Lines: 2, Records: 2}},
		{"iis-ncsa-msiis-odbc/ossec-exchange2000-ncsa.log", IISNCSA, Options{}, Counts{Lines: 40, Records: 40}},
		{"iis-ncsa-msiis-odbc/iis4-help-moc07_15-msiis.log", IISMSIIS, Options{}, Counts{Lines: 4, Records: 4}},
	} {
		log, err := os.ReadFile(filepath.Join("../../shared/samples", tt.path))
		if err != nil {
			t.Skip("the samples are not here")
		}
		tt.opt.Format = tt.format
		got := readIIS(t, bytes.NewReader(log), tt.opt)
		if got.counts != tt.counts || len(got.errors) > 0 {
			t.Errorf("%s: %+v, want %+v; %q", tt.path, got.counts, tt.counts, got.errors)
		}
		for _, rec := range got.records {
			if rec.Time.IsZero() || rec.Remote == nil || rec.Kind == KindInfo || rec.Direction == 0 ||
				rec.Kind == KindCommand && rec.Verb == VerbNone || rec.Kind == KindReply && rec.Code == 0 ||
				rec.Direction == outcome.Inbound && rec.Code == 0 && rec.Verb != VerbQUIT {
				t.Errorf("%s:%d: %+v", tt.path, rec.Pos.Line, rec.Event)
			}
		}
	}
}

// checkIISFuzz checks what must hold for any bytes.
func checkIISFuzz(t *testing.T, log []byte, opt Options) iisRead {
	opt.MaxLine = 4096
	got := readIIS(t, bytes.NewReader(log), opt)
	again := readIIS(t, iotest.OneByteReader(bytes.NewReader(log)), opt)
	if got.counts != again.counts || !slices.Equal(got.errors, again.errors) {
		t.Errorf("read by bytes it is something else: %+v, %+v", got.counts, again.counts)
	}
	for i, rec := range got.records {
		if rec.Lines != 1 || len(rec.Raw()) == 0 || rec.layout == nil || bytes.ContainsRune(rec.Raw(), '\n') {
			t.Errorf("record %d: %+v", i, rec)
		}
		if !bytes.HasPrefix(log[rec.Pos.Offset:], rec.Raw()) && !bytes.HasPrefix(trimBOM(log[rec.Pos.Offset:]), rec.Raw()) {
			t.Errorf("record %d is not at %d: %q", i, rec.Pos.Offset, rec.Raw())
		}
		n := 0
		for range rec.Fields() {
			n++
		}
		if n != len(rec.layout.names) {
			t.Errorf("record %d has %d fields, its columns are %q", i, n, rec.layout.names)
		}
		if rec.Kind == KindNone || rec.Direction == 0 || rec.More || rec.Code != 0 && (rec.Code < 200 || rec.Code > 599) {
			t.Errorf("record %d: %+v", i, rec.Event)
		}
	}
	return got
}

func addIISSeeds(f *testing.F, format Format) {
	log := iisLogs(iisRows(8, 4))[format]
	f.Add(log)
	f.Add(bytes.ReplaceAll(log, []byte("\r\n"), []byte("\n\n")))
	f.Add(append([]byte("\ufeff"), log[:len(log)*2/3]...))
	f.Add(append(log[:len(log)/2:len(log)/2], make([]byte, 100)...))
}

func benchmarkIIS(b *testing.B, log []byte, opt Options) {
	b.SetBytes(int64(len(log)))
	b.ReportAllocs()
	for b.Loop() {
		rd := NewReader(bytes.NewReader(log), "x.log", &opt)
		for {
			if _, err := rd.Next(); err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkIIS(b *testing.B) {
	rows := iisRows(9, 2000)
	logs := iisLogs(rows)
	for _, f := range []Format{IISW3C, IISMSIIS, IISNCSA, IISODBC} {
		b.Run(f.String(), func(b *testing.B) { benchmarkIIS(b, logs[f], Options{Format: f}) })
	}
}

package logparse

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/smtplog/smtplog/reply/outcome"
)

// reading is what came of a log.
type reading struct {
	Records []*Record
	Raw     []string
	Fields  []string // of each record, "name=value|name=value"
	Bad     []string // "line: message"
	Counts  Counts
}

// read reads a log and checks what holds for every log.
func read(t testing.TB, r io.Reader, opt Options) reading {
	t.Helper()
	reader := NewReader(r, "x.log", &opt)
	var got reading
	line := int64(0)
	for {
		rec, err := reader.Next()
		if err == io.EOF {
			break
		}
		var syntax *SyntaxError
		if errors.As(err, &syntax) {
			got.Bad = append(got.Bad, fmt.Sprintf("%d: %s", syntax.Pos.Line, syntax.Msg))
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if rec.Pos.Line <= line {
			t.Fatalf("record at line %d behind line %d", rec.Pos.Line, line)
		}
		line = rec.Pos.Line + int64(rec.Lines) - 1
		if lines := bytes.Count(rec.Raw(), []byte{'\n'}) + 1; lines != rec.Lines {
			t.Fatalf("line %d: %d lines, %d of them in %q", rec.Pos.Line, rec.Lines, lines, rec.Raw())
		}
		c := rec.Clone()
		c.connector, c.conversation = 0, 0 // numbers differ from reading to reading
		got.Records = append(got.Records, c)
		got.Raw = append(got.Raw, string(rec.Raw()))
		got.Fields = append(got.Fields, joinFields(rec))
	}
	c := reader.Counts()
	got.Counts = c
	if c.Lines != c.Header+c.Blank+c.Records+c.Continuation+c.Malformed {
		t.Fatalf("lines do not add up: %+v", c)
	}
	if c.Records != int64(len(got.Records)) || c.Malformed != int64(len(got.Bad)) {
		t.Fatalf("%d records and %d bad lines counted as %+v", len(got.Records), len(got.Bad), c)
	}
	return got
}

func joinFields(rec *Record) string {
	var b strings.Builder
	for name, value := range rec.Fields() {
		if b.Len() > 0 {
			b.WriteByte('|')
		}
		fmt.Fprintf(&b, "%s=%s", name, value)
	}
	return b.String()
}

func readText(t testing.TB, format Format, text string) reading {
	t.Helper()
	return read(t, strings.NewReader(text), Options{Format: format})
}

// rows is a list of rows, each with its line end.
func rows(lines ...string) string { return strings.Join(lines, "\r\n") + "\r\n" }

// However the stream is cut into reads, the same comes of it.
func checkChunks(t *testing.T, format Format, log string) {
	t.Helper()
	want := readText(t, format, log)
	for name, r := range map[string]io.Reader{
		"one byte":   iotest.OneByteReader(strings.NewReader(log)),
		"halves":     iotest.HalfReader(strings.NewReader(log)),
		"data error": iotest.DataErrReader(strings.NewReader(log)),
	} {
		got := read(t, r, Options{Format: format})
		for _, x := range []*reading{&want, &got} {
			for _, rec := range x.Records {
				rec.raw, rec.layout = nil, nil
			}
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(outcome.Time{}, Record{})); diff != "" {
			t.Fatalf("%s: -want +got:\n%s", name, diff)
		}
	}
}

// checkAllocations reads half of the log, which must have warmed up the
// reader, and checks that the rest does not allocate.
func checkAllocations(t *testing.T, format Format, log []byte) {
	t.Helper()
	r := NewReader(bytes.NewReader(log), "x.log", &Options{Format: format})
	n := 0
	next := func() {
		if rec, err := r.Next(); err == nil {
			n += len(rec.Raw())
		} else if err != io.EOF {
			t.Fatal(err)
		}
	}
	for range 200 {
		next()
	}
	if allocs := testing.AllocsPerRun(2000, next); allocs > 0 {
		t.Errorf("%v allocations for each row", allocs)
	}
}

// sample opens a real log.
func sample(t testing.TB, name string) *os.File {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "shared", "samples", filepath.FromSlash(name)))
	if err != nil {
		t.Skip("the sample logs are not there:", err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestSamples(t *testing.T) {
	for _, test := range []struct {
		name   string
		format Format
		want   Counts
	}{
		{"exchange-smtp-protocol/dfir-artefacts-2016-recv-auth-fail.log", ExchangeReceive, Counts{Lines: 21, Header: 5, Records: 16}},
		{"exchange-smtp-protocol/elastic-smtprecive-double-backslash.log", ExchangeReceive, Counts{Lines: 1, Records: 1}},
		{"exchange-smtp-protocol/graylog-2010-recv-auth-login-tarpit.log", ExchangeReceive, Counts{Lines: 35, Blank: 17, Records: 18}},
		{"exchange-smtp-protocol/graylog-2010-recv-ehlo-only-filtered.log", ExchangeReceive, Counts{Lines: 9, Blank: 4, Records: 5}},
		{"exchange-smtp-protocol/kb4495258-send-cert-nocredentials.log", ExchangeSend, Counts{Lines: 7, Malformed: 7}},
		{"exchange-smtp-protocol/tailspintoys-2010-recv-header.log", ExchangeReceive, Counts{Lines: 7, Header: 5, Records: 2}},
		{"exchange-smtp-protocol/tstrueber-2019-recv-veeam-data.log", ExchangeReceive, Counts{Lines: 14, Records: 14}},
		{"tracking-2007plus/dfir-artefacts-msgtrkms-2016.log", Tracking, Counts{Lines: 7, Header: 5, Records: 2}},
		{"tracking-2007plus/filestream-test-2010-notifymapi-bom.log", Tracking, Counts{Lines: 7, Header: 5, Records: 2}},
		{"tracking-2007plus/kinesis-agent-2013-agentinfo-haredirect.log", Tracking, Counts{Lines: 7, Header: 5, Records: 2}},
		{"tracking-2007plus/msqna-2016-agentinfo-etrp.log", Tracking, Counts{Lines: 1, Malformed: 1}},
		{"tracking-2007plus/pylogsparser-2007-submit.log", Tracking, Counts{Lines: 1, Records: 1}},
		{"tracking-2007plus/splunk-datagen-2007-deliver-receive.log", Tracking, Counts{Lines: 2, Records: 2}},
		{"tracking-2000-2003/pylogsparser-2003-1019-row.log", Tracking2000, Counts{Lines: 1, Records: 1}},
		{"adjacent-transport/dfir-artefacts-agentlog-2016.log", Agent, Counts{Lines: 7, Header: 5, Records: 2}},
		{"adjacent-transport/kb2866822-connectivity-2013-submission.log", Connectivity, Counts{Lines: 5, Records: 5}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := read(t, sample(t, test.name), Options{Format: test.format})
			if got.Counts != test.want {
				t.Errorf("%+v, want %+v; %q", got.Counts, test.want, got.Bad)
			}
		})
	}
}

// checkAnyLog reads a log, whatever it holds, and checks that its lines add
// up, that the columns give back the row and that the events hold its values.
func checkAnyLog(t *testing.T, log []byte, format Format) {
	t.Helper()
	got := read(t, bytes.NewReader(log), Options{Format: format})
	for _, rec := range got.Records {
		var values [][]byte
		for name, value := range rec.Fields() {
			if name == "" && len(rec.layout.names) > len(values) && rec.layout.names[len(values)] != "" {
				t.Fatalf("no name for %q", value)
			}
			values = append(values, value)
		}
		if want := split(string(rec.Raw())); rec.Format != Tracking5 && rec.Format != Tracking2000 && len(want) != len(values) {
			t.Fatalf("%d values of %d in %q", len(values), len(want), rec.Raw())
		}
		for _, value := range [][]byte{rec.Session, rec.Connector, rec.Local, rec.Remote, rec.Data, rec.Context} {
			found := value == nil
			for _, v := range values {
				found = found || bytes.HasPrefix(v, value)
			}
			if !found {
				t.Fatalf("%q is no value of %q", value, rec.Raw())
			}
		}
	}
}

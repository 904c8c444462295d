package export

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/smtplog/smtplog/logparse/query"
	"github.com/smtplog/smtplog/reply/outcome"
)

// fields are an object.
type fields [][2]string

func (f fields) Field(string) (string, bool) { return "", false }

func (f fields) Each(yield func(name, value string) bool) {
	for _, p := range f {
		if !yield(p[0], p[1]) {
			return
		}
	}
}

// all has a column of each type, not in the order of their names.
var all = []Column{
	{"text", query.String}, {"n", query.Int}, {"share", query.Real}, {"ok", query.Bool}, {"at", query.DateTime},
	{"took", query.TimeSpan}, {"list", query.List}, {"fields", query.Object}, {"b", query.String},
}

func at(s string, digits int) query.Value {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return query.TimeOf(outcome.At(t, digits))
}

var rows = [][]query.Value{
	{
		query.StringOf("=1+1"), query.IntOf(-7), query.RealOf(0.25), query.BoolOf(true), at("2026-11-01T08:00:00.123Z", 3),
		query.SpanOf(1500 * time.Millisecond), query.ListOf([]string{"a", "", "ü"}), query.ObjectOf(fields{{"cs-method", "MAIL"}, {"-", ""}}), query.StringOf(""),
	},
	make([]query.Value, 9),
	{
		query.StringOf("M\xfcller\x1b[2J"), query.IntOf(math.MaxInt64), query.RealOf(math.NaN()), query.BoolOf(false), at("1969-12-31T23:59:59.9999999Z", 7),
		query.SpanOf(-600 * time.Microsecond), query.ListOf([]string{"x; y"}), query.ObjectOf(fields{{"a", "1"}, {"a", "2"}}), query.StringOf("\u202ez"),
	},
	{
		query.StringOf("x"), query.IntOf(0), query.RealOf(1e300), query.Null, at("2026-11-01T08:00:00Z", 0),
		query.SpanOf(0), query.ListOf(nil), query.ObjectOf(fields(nil)), query.Null,
	},
}

func written(t *testing.T, f Format, columns []Column, rows [][]query.Value) []byte {
	t.Helper()
	var b bytes.Buffer
	s := New(f, &b, columns)
	for _, row := range rows {
		if err := s.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestJSON(t *testing.T) {
	const want = `{"text":"=1+1","n":-7,"share":0.25,"ok":true,"at":"2026-11-01T08:00:00.123Z","took":1500,"list":["a","","ü"],"fields":{"cs-method":"MAIL","-":""},"b":""}
{}
{"text":"Müller\u001b[2J","n":9223372036854775807,"ok":false,"at":"1969-12-31T23:59:59.9999999Z","took":-1,"list":["x; y"],"fields":{"a":"1","a":"2"},"b":"\u202ez"}
{"text":"x","n":0,"share":1e+300,"at":"2026-11-01T08:00:00Z","took":0,"list":[],"fields":{}}
`
	if diff := cmp.Diff(want, string(written(t, NDJSON, all, rows))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestCSV(t *testing.T) {
	const want = `text,n,share,ok,at,took,list,fields,b
'=1+1,-7,0.25,true,2026-11-01T08:00:00.123Z,1500,a; ; ü,"{""cs-method"":""MAIL"",""-"":""""}",
,,,,,,,,
Müller\x1b[2J,9223372036854775807,,false,1969-12-31T23:59:59.9999999Z,-1,x; y,"{""a"":""1"",""a"":""2""}",\u202ez
x,0,1e+300,,2026-11-01T08:00:00Z,0,,{},
`
	got := written(t, CSV, all, rows)
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if back, err := csv.NewReader(bytes.NewReader(got)).ReadAll(); err != nil || len(back) != len(rows)+1 {
		t.Errorf("%d rows, %v", len(back), err)
	}
}

// readParquet reads a file back by the reader of parquet-go, which goes by the
// schema in the file; values of one column are joined.
func readParquet(t *testing.T, b []byte) (columns []string, rows [][]string) {
	t.Helper()
	f, err := parquet.OpenFile(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range f.Schema().Columns() {
		columns = append(columns, strings.Join(path, "."))
	}
	for _, g := range f.RowGroups() {
		r := g.Rows()
		buf := make([]parquet.Row, 10)
		for {
			n, err := r.ReadRows(buf)
			for _, row := range buf[:n] {
				cells := make([]string, len(columns))
				for _, v := range row {
					text := fmt.Sprintf("%d/%d:%s ", v.RepetitionLevel(), v.DefinitionLevel(), v.String())
					cells[v.Column()] += text
				}
				rows = append(rows, cells)
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		r.Close()
	}
	return columns, rows
}

func TestParquet(t *testing.T) {
	b := written(t, Parquet, all, rows)
	columns, got := readParquet(t, b)
	want := []string{"text", "n", "share", "ok", "at", "took", "list.list.element", "fields.key_value.key", "fields.key_value.value", "b"}
	if diff := cmp.Diff(want, columns); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
	null := "0/0:<null> "
	wantRows := [][]string{
		{"0/1:=1+1 ", "0/1:-7 ", "0/1:0.25 ", "0/1:true ", "0/1:1793520000123000 ", "0/1:1500 ", "0/2:a 1/2: 1/2:ü ", "0/2:cs-method 1/2:- ", "0/2:MAIL 1/2: ", "0/1: "},
		{null, null, null, null, null, null, null, null, null, null},
		{"0/1:Müller\x1b[2J ", "0/1:9223372036854775807 ", "0/1:NaN ", "0/1:false ", "0/1:-1 ", "0/1:-1 ", "0/2:x; y ", "0/2:a ", "0/2:1 ", "0/1:\u202ez "},
		{"0/1:x ", "0/1:0 ", "0/1:1e+300 ", null, "0/1:1793520000000000 ", "0/1:0 ", "0/1:<null> ", "0/1:<null> ", "0/1:<null> ", null},
	}
	if diff := cmp.Diff(wantRows, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	// What other engines go by.
	f, err := parquet.OpenFile(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	const schema = `message smtplog {
	optional binary text (STRING);
	optional int64 n (INT(64,true));
	optional double share;
	optional boolean ok;
	optional int64 at (TIMESTAMP(isAdjustedToUTC=true,unit=MICROS));
	optional int64 took (INT(64,true));
	optional group list (LIST) {
		repeated group list {
			required binary element (STRING);
		}
	}
	optional group fields (MAP) {
		repeated group key_value {
			required binary key (STRING);
			required binary value (STRING);
		}
	}
	optional binary b (STRING);
}`
	if diff := cmp.Diff(schema, f.Schema().String()); diff != "" {
		t.Errorf("schema (-want +got):\n%s", diff)
	}
}

// TestParquetMany writes more rows than a row group takes, with values that a
// dictionary has no room for, and reads them back.
func TestParquetMany(t *testing.T) {
	columns := []Column{{"few", query.String}, {"many", query.String}, {"list", query.List}}
	rnd := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	s := New(Parquet, &b, columns)
	var want [][]string
	scratch := make([]byte, 0, 64)
	for i := range rowGroup + 5000 {
		scratch = fmt.Appendf(scratch[:0], "<%x@example.com>", rnd.Uint64())
		list := []string{"a", "b", "c"}[:rnd.IntN(4)]
		row := []query.Value{query.StringOf([]string{"x", "y", "z"}[i%3]), query.StringOf(string(scratch)), query.ListOf(list)}
		cell := "0/1:<null> "
		for j, e := range list {
			if j == 0 {
				cell = ""
			}
			cell += fmt.Sprintf("%d/2:%s ", min(j, 1), e)
		}
		want = append(want, []string{"0/1:" + row[0].Text() + " ", "0/1:" + row[1].Text() + " ", cell})
		if err := s.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, got := readParquet(t, b.Bytes()); !slices.EqualFunc(want, got, slices.Equal) {
		t.Error("what is read back is not what was written")
	}
}

// names returns the files below a folder.
func names(t *testing.T, dir string) []string {
	t.Helper()
	list := []string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && path != dir {
			rel, _ := filepath.Rel(dir, path)
			if d.IsDir() {
				rel += "/"
			}
			list = append(list, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestFileIsWholeOrNotThere(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "rows.ndjson")
	if err := os.WriteFile(path, []byte("before"), 0o644); err != nil {
		t.Fatal(err)
	}
	columns := []Column{{"n", query.Int}}
	begin := func() *File {
		t.Helper()
		f, err := Create(path, NDJSON, columns)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Write([]query.Value{query.IntOf(1)}); err != nil {
			t.Fatal(err)
		}
		return f
	}
	content := func() string {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	f := begin()
	if content() != "before" {
		t.Error("it is there before it is whole")
	}
	f.Discard()
	if got := names(t, dir); len(got) != 1 || content() != "before" {
		t.Errorf("after Discard: %q", got)
	}
	f = begin()
	if err := f.Commit(); err != nil || content() != "{\"n\":1}\n" {
		t.Errorf("%q, %v", content(), err)
	}
	f.Discard() // does nothing any more
	if got := names(t, dir); len(got) != 1 || f.Rows != 1 || f.Path() != path {
		t.Errorf("after Commit: %q", got)
	}
	if _, err := Create(dir, CSV, columns); err == nil {
		t.Error("a folder was taken for a file")
	}
	if _, err := Create(filepath.Join(dir, "missing", "a.csv"), CSV, columns); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestSet(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "lake")
	s, err := NewSet(dir, NDJSON)
	if err != nil {
		t.Fatal(err)
	}
	columns := []Column{{"n", query.Int}}
	day := func(d int) time.Time { return time.Date(2026, 11, d, 23, 59, 59, 0, time.UTC) }
	write := func(table, name string, at time.Time, n int) {
		t.Helper()
		if err := s.Write(table, name, columns, at, []query.Value{query.IntOf(int64(n))}); err != nil {
			t.Fatal(err)
		}
	}
	write("sessions", "x", day(1), 1)
	write("replies", "x", time.Time{}, 2)
	write("sessions", "y", time.Unix(-1, 0), 3)
	// So many that the first is finished; its next row begins a second part.
	for i := range maxOpen {
		write("sessions", fmt.Sprintf("z%02d", i), day(2), i)
	}
	write("sessions", "x", day(1), 4)
	write("sessions", "x", day(1), 5)
	for _, name := range names(t, dir) {
		if strings.HasSuffix(name, ".ndjson") {
			t.Errorf("%s is there before Commit", name)
		}
	}
	if err := s.Commit(); err != nil {
		t.Fatal(err)
	}
	var want []string
	want = append(want, "replies/", "replies/date=__HIVE_DEFAULT_PARTITION__/", "replies/date=__HIVE_DEFAULT_PARTITION__/x.ndjson",
		"sessions/", "sessions/date=1969-12-31/", "sessions/date=1969-12-31/y.ndjson",
		"sessions/date=2026-11-01/", "sessions/date=2026-11-01/x-2.ndjson", "sessions/date=2026-11-01/x.ndjson", "sessions/date=2026-11-02/")
	for i := range maxOpen {
		want = append(want, fmt.Sprintf("sessions/date=2026-11-02/z%02d.ndjson", i))
	}
	if diff := cmp.Diff(want, names(t, dir)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for name, rows := range map[string]string{"x": "{\"n\":1}\n", "x-2": "{\"n\":4}\n{\"n\":5}\n"} {
		b, err := os.ReadFile(filepath.Join(dir, "sessions", "date=2026-11-01", name+".ndjson"))
		if err != nil || string(b) != rows {
			t.Errorf("%s holds %q, %v", name, b, err)
		}
	}
	if s.Files() != 4+maxOpen {
		t.Errorf("%d files", s.Files())
	}
}

func TestSetDiscarded(t *testing.T) {
	top := t.TempDir()
	s, err := NewSet(filepath.Join(top, "lake"), Parquet)
	if err != nil {
		t.Fatal(err)
	}
	for i := range maxOpen + 1 {
		if err := s.Write("sessions", fmt.Sprint(i), all, time.Unix(int64(i)*86400, 0), rows[0]); err != nil {
			t.Fatal(err)
		}
	}
	// The first is finished by now, so that this row waits in a file of its own.
	if err := s.Write("sessions", "0", all, time.Unix(0, 1), rows[0]); err != nil || s.later == nil {
		t.Fatal(err)
	}
	s.Discard()
	if left := names(t, top); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	if err := os.WriteFile(filepath.Join(top, "file"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := NewSet(filepath.Join(top, "file", "lake"), Parquet); err == nil {
		t.Error("a folder was made in a file")
	}
}

func TestFormats(t *testing.T) {
	for path, want := range map[string]Format{"a.parquet": Parquet, `C:\x\B.CSV`: CSV, "a.ndjson": NDJSON, "a.jsonl": NDJSON, "a.txt": "", "parquet": "", "a.parquet.d": ""} {
		if got, err := FormatOf(path); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
	for _, f := range []Format{Parquet, CSV, NDJSON} {
		if got, err := ParseFormat(strings.ToUpper(string(f))); got != f || err != nil {
			t.Errorf("%s: %q, %v", f, got, err)
		}
	}
	if _, err := ParseFormat("xlsx"); err == nil {
		t.Error("xlsx")
	}
}

// FuzzText writes any text in all formats: JSON and CSV must read back, and
// Parquet must hold UTF-8.
func FuzzText(f *testing.F) {
	f.Add("a", "b")
	f.Add("\xff\x00\n", "=1;@x")
	f.Add("\u202e", "\"\\")
	f.Fuzz(func(t *testing.T, a, b string) {
		columns := []Column{{"a", query.String}, {"list", query.List}, {"o", query.Object}}
		row := []query.Value{query.StringOf(a), query.ListOf([]string{b, a}), query.ObjectOf(fields{{a, b}, {b, a}})}
		line := written(t, NDJSON, columns, [][]query.Value{row})
		var object struct {
			A    string
			List []string
			O    map[string]string
		}
		if err := json.Unmarshal(line, &object); err != nil || bytes.Count(line, []byte("\n")) != 1 {
			t.Fatalf("%v: %q", err, line)
		}
		if back, err := csv.NewReader(bytes.NewReader(written(t, CSV, columns, [][]query.Value{row}))).ReadAll(); err != nil || len(back) != 2 {
			t.Fatalf("%v: %q", err, back)
		}
		_, got := readParquet(t, written(t, Parquet, columns, [][]query.Value{row}))
		if want := "0/1:" + object.A + " "; len(got) != 1 || got[0][0] != want {
			t.Fatalf("%q, not %q", got, want)
		}
	})
}

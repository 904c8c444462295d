package csvout

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

func TestCell(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"", ""},
		{"user@example.com", "user@example.com"},
		{"<a+b@example.com>", "<a+b@example.com>"},
		{"550 5.1.1 a=b", "550 5.1.1 a=b"},
		{"=1+1", "'=1+1"},
		{"+1+1", "'+1+1"},
		{"-1+1", "'-1+1"},
		{"@SUM(A1)", "'@SUM(A1)"},
		{"＝1+1", "'＝1+1"},
		{"＋1", "'＋1"},
		{"－1", "'－1"},
		{"＠x", "'＠x"},
		{"  =1", "'  =1"},
		{"\u00a0=1", "'\u00a0=1"},
		{"\t=1", `\t=1`},
		{"\r=1", `\r=1`},
		{"a\r\nb", `a\r\nb`},
		{"\x00=1", `\x00=1`},
		{"\u200b=1", `\u200b=1`},
		{"M\xfcller", "Müller"},
		{`=cmd|' /C calc'!A0`, `'=cmd|' /C calc'!A0`},
		{`x;=cmd|' /C calc'!A0`, `x;'=cmd|' /C calc'!A0`},
		{"-;-", "'-;'-"},
		{"-5;", "'-5;"},
		{"a; b=c", "a; b=c"},
		{"-", "-"},
		{"--", "'--"},
		{"-5", "-5"},
		{"+5", "+5"},
		{"-5.25", "-5.25"},
		{"-5,25", "-5,25"},
		{"+1.5e3", "+1.5e3"},
		{"-1E-3", "-1E-3"},
		{"-1.", "'-1."},
		{"-.5", "'-.5"},
		{"-1e", "'-1e"},
		{"-1e+", "'-1e+"},
		{"-5 ", "'-5 "},
		{"-1-1", "'-1-1"},
		{"+49 30 123", "'+49 30 123"},
		{"'=1", "'=1"},
	} {
		if got := Cell(test.in); got != test.want {
			t.Errorf("Cell(%q) = %q, want %q", test.in, got, test.want)
		}
	}
}

func TestWriter(t *testing.T) {
	var got bytes.Buffer
	w := NewWriter(&got)
	w.Write("domain", "replies", "text")
	w.Write("example.com", "-3", `550 5.1.1 "no", he said`)
	w.Write("-5", "-", "two\nlines")
	w.Write("", "", "")
	w.Write("")
	w.Write("=1", "=1")
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	want := `domain,replies,text
example.com,-3,"550 5.1.1 ""no"", he said"
'-5,-,two\nlines
,,
""
'=1,'=1
`
	if got.String() != want {
		t.Errorf("got\n%swant\n%s", got.String(), want)
	}
}

type full struct{}

var errFull = errors.New("disk full")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestWriterError(t *testing.T) {
	for _, cells := range [][]string{{"a", strings.Repeat("x", 10_000)}, {""}, {"a"}} {
		w := NewWriter(full{})
		w.Write(cells...)
		w.Write(cells...)
		if err := w.Flush(); !errors.Is(err, errFull) {
			t.Errorf("%.20q: %v", cells, err)
		}
	}
}

var (
	formula = regexp.MustCompile(`^\pZ*[=+\-@＝＋－＠]`)
	number  = regexp.MustCompile(`^([+-][0-9]+([.,][0-9]+)?([eE][+-]?[0-9]+)?|-)$`)
)

func FuzzWriter(f *testing.F) {
	f.Add("a", "b", "c")
	f.Add("=1", " =1", "\t=1")
	f.Add("", "", "")
	f.Add("x;=1", "\"=1", "-1e5")
	f.Add("M\xfcller", "\r\n", "\u202e@")
	f.Add("-", "5+cmd|'/C calc'!A0", "")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		var out bytes.Buffer
		w := NewWriter(&out)
		w.Write(a, b, c)
		w.Write(b)
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(out.Bytes(), []byte("\n")); n != 2 {
			t.Fatalf("%d lines in %q", n, out.Bytes())
		}
		for line := range strings.Lines(out.String()) {
			for part := range strings.SplitSeq(line, ";") {
				// Where the semicolon separates.
				if formula.MatchString(part) {
					t.Fatalf("%q begins as a formula in %q", part, line)
				}
			}
		}
		r := csv.NewReader(&out)
		r.FieldsPerRecord = -1
		var got [][]string
		for {
			row, err := r.Read()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%q: %v", out.Bytes(), err)
			}
			got = append(got, row)
		}
		want := [][]string{{firstCell(a), Cell(b), Cell(c)}, {firstCell(b)}}
		if !slices.EqualFunc(got, want, slices.Equal) {
			t.Fatalf("read back %q, want %q", got, want)
		}
		for _, row := range got {
			for i, cell := range row {
				if formula.MatchString(cell) && (i == 0 || !number.MatchString(cell)) {
					t.Fatalf("cell %q is a formula", cell)
				}
				if strings.ContainsFunc(cell, unicode.IsControl) {
					t.Fatalf("control character in %q", cell)
				}
			}
		}
		// An apostrophe is all that is added to plain text.
		if plain := strings.IndexFunc(b, func(r rune) bool { return r < ' ' || r > '~' || r == '\'' }) < 0; plain && strings.ReplaceAll(Cell(b), "'", "") != b {
			t.Fatalf("Cell(%q) = %q", b, Cell(b))
		}
	})
}

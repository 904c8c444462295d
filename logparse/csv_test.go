package logparse

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// csvValues are the values of a row, in brackets, and "…" behind the one whose
// quotes stay open.
func csvValues(row string) []string {
	var values []string
	for pos := 0; pos >= 0; {
		value, escaped, next := csvNext([]byte(row), pos)
		if escaped {
			value = csvUnescape(nil, value)
		}
		text := "[" + string(value) + "]"
		if next == csvOpen {
			text += "…"
		}
		values = append(values, text)
		pos = next
	}
	return values
}

func TestCSVNext(t *testing.T) {
	for _, test := range []struct {
		row  string
		want []string
	}{
		{``, []string{"[]"}},
		{`,`, []string{"[]", "[]"}},
		{`a`, []string{"[a]"}},
		{`a,b`, []string{"[a]", "[b]"}},
		{`a,b,`, []string{"[a]", "[b]", "[]"}},
		{`,,c`, []string{"[]", "[]", "[c]"}},
		{` a , b `, []string{"[ a ]", "[ b ]"}},
		{`""`, []string{"[]"}},
		{`"a,b",c`, []string{"[a,b]", "[c]"}},
		{`c,"a,b"`, []string{"[c]", "[a,b]"}},
		{`"a""b"`, []string{`[a"b]`}},
		{`"""",x`, []string{`["]`, "[x]"}},
		{`"""a""",x`, []string{`["a"]`, "[x]"}},
		{`"a" ,b`, []string{"[a]", "[b]"}},
		{"\"a\" \t", []string{"[a]"}},
		{`a"b,c"d`, []string{`[a"b]`, `[c"d]`}},
		{`a "b, c",d`, []string{`[a "b]`, `[ c"]`, "[d]"}},
		{`"a"b,c`, []string{`["a"b]`, "[c]"}},
		{`"a,b"x,c`, []string{`["a,b"x]`, "[c]"}},
		{`"a""b"x,c`, []string{`["a""b"x]`, "[c]"}},
		{`a,"b`, []string{"[a]", "[b]…"}},
		{`a,"`, []string{"[a]", "[]…"}},
		{`a,"b,c`, []string{"[a]", "[b,c]…"}},
		{`a,"b""`, []string{"[a]", `[b"]…`}},
		{"\"a\nb\",c", []string{"[a\nb]", "[c]"}},
	} {
		if got := csvValues(test.row); !slices.Equal(got, test.want) {
			t.Errorf("%q: %q, want %q", test.row, got, test.want)
		}
	}
}

func split(row string) []string {
	var values []string
	splitCSV([]byte(row), func(value []byte) bool {
		values = append(values, string(value))
		return true
	})
	return values
}

// checkCSV compares with encoding/csv, which accepts fewer rows.
func checkCSV(t interface{ Errorf(string, ...any) }, row string) {
	got := split(row)
	if row == "" || strings.ContainsAny(row, "\r\n") {
		return // lines without their ends, and no blank ones
	}
	r := csv.NewReader(strings.NewReader(row))
	want, err := r.Read()
	if err != nil {
		return
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q: %q, encoding/csv has %q", row, got, want)
	}
}

func FuzzSplitCSV(f *testing.F) {
	for _, row := range []string{``, `a,b`, `"a,b",c,`, `"a""b",""`, `a"b`, `"a"b,c`, `"a`, `"a",`, `"",""`} {
		f.Add(row)
	}
	f.Fuzz(func(t *testing.T, row string) { checkCSV(t, row) })
}

func TestSplitCSVAgainstEncodingCSV(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkCSV(t, rapid.StringOf(rapid.SampledFrom([]rune(`ab ,,""é`))).Draw(t, "row"))
	})
	// Whatever is written as Exchange writes it comes back.
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.StringOf(rapid.SampledFrom([]rune("ab ,\"\n"))), 2, 12).Draw(t, "values")
		var b bytes.Buffer
		for i, v := range values {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(csvQuote(v))
		}
		if got := split(b.String()); !slices.Equal(got, values) {
			t.Errorf("%q: %q, want %q", b.String(), got, values)
		}
	})
}

// csvQuote writes a value as Exchange does.
func csvQuote(v string) string {
	if !strings.ContainsAny(v, ",\"\n") {
		return v
	}
	return `"` + strings.ReplaceAll(v, `"`, `""`) + `"`
}

func TestSplitCSVStops(t *testing.T) {
	n := 0
	splitCSV([]byte("a,b,c"), func([]byte) bool {
		n++
		return n < 2
	})
	if n != 2 {
		t.Errorf("%d values, want 2", n)
	}
}

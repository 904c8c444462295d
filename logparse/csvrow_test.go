package logparse

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestExchangeQuotedLines(t *testing.T) {
	const good = receiveStart + "<,QUIT,"
	for _, test := range []struct {
		name, log string
		records   []int // their lines
		bad       []string
	}{
		{"reply of two lines", rows(receiveStart+">,\"250-a\r\n250 b\",", good), []int{2, 1}, nil},
		{"context over three lines", rows(receiveStart+"*,,\"a\r\n\r\nb\"", good), []int{3, 1}, nil},
		{"two quoted values", rows(receiveStart+"*,\"a\r\nb, \"\"c\"\"\",\"d,\r\ne\"", good), []int{3, 1}, nil},
		{"stray quote", rows(receiveStart+"*,\"a,b", good, good), []int{1, 1}, []string{"1: " + unclosed}},
		{"stray quote before a quoted value", rows(receiveStart+"*,\"a,b", receiveStart+`*,"a,b",`), []int{1}, []string{"1: " + unclosed}},
		{"stray quote before text with quotes", rows(receiveStart+"*,\"a,b", `x,"y",z`, good), []int{1},
			[]string{"1: " + unclosed, `2: date-time "x" is no time`}},
		{"stray quote before a header", rows(receiveStart+"*,\"a,b", "#Date: \"", good), []int{1}, []string{"1: " + unclosed}},
		{"quote that closes in a row of too many columns", rows(receiveStart+"*,\"a", `",x,y,z`, good), []int{1},
			[]string{"1: " + unclosed, "2: " + unclosed}},
		{"row that is none over two lines", rows(",,,,,,+,,\"a", `b"`, good), []int{1},
			[]string{"1: " + unclosed, `2: date-time "b\"" is no time`}},
		{"event that is none over two lines", rows(receiveStart+"!,,\"a", `b"`, good), []int{1},
			[]string{"1: " + unclosed, `2: date-time "b\"" is no time`}},
		{"stray quote, time elsewhere", rows("#Fields: event,date-time,data", "*,2026-11-01T09:30:00Z,\"a", `",2026-11-01T09:30:00Z,b`), nil,
			[]string{"2: " + unclosed, "3: " + unclosed}},
		{"end of file", receiveStart + "*,,\"a\r\nb", nil, []string{"1: " + unclosed, `2: date-time "b" is no time`}},
		{"too many lines", rows(receiveStart+"*,,\"a"+strings.Repeat("\r\n", maxRowLines)+`"`, good), []int{1},
			[]string{"1: " + unclosed, fmt.Sprintf("%d: %s", maxRowLines+1, unclosed)}},
		{"as many lines as can be", rows(receiveStart+"*,,\"a"+strings.Repeat("\r\n", maxRowLines-1)+`"`, good), []int{maxRowLines, 1}, nil},
		{"too long", rows(receiveStart+"*,,\"a\r\n"+strings.Repeat("x", maxRowBytes)+`"`, good), []int{1},
			[]string{"1: " + unclosed, "2: date-time " + `"` + strings.Repeat("x", 40) + `"… is no time`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := readText(t, ExchangeReceive, test.log)
			var lines []int
			for _, rec := range got.Records {
				lines = append(lines, rec.Lines)
			}
			if diff := cmp.Diff(test.records, lines); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if diff := cmp.Diff(test.bad, got.Bad); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	got := readText(t, ExchangeReceive, rows(receiveStart+">,\"250-a\r\n250 b\",", receiveStart+">,\"250-a\r\n250-b\","))
	for i, want := range []string{"250-a\n250 b", "250-a\n250-b"} {
		if rec := got.Records[i]; string(rec.Text) != want || rec.Code != 250 || rec.More != (i == 1) {
			t.Errorf("%q %v %v", rec.Text, rec.Code, rec.More)
		}
	}
}

func TestExchangeLongLine(t *testing.T) {
	log := rows(receiveStart+"<,QUIT,", receiveStart+"<,"+strings.Repeat("x", 500)+",", receiveStart+"<,QUIT,")
	got := read(t, strings.NewReader(log), Options{Format: ExchangeReceive, MaxLine: 300})
	if diff := cmp.Diff([]string{"2: the line is longer than 300 bytes"}, got.Bad); diff != "" || len(got.Records) != 2 {
		t.Errorf("-want +got:\n%s%d records", diff, len(got.Records))
	}
}

// Whatever stands between valid rows, they are read as if it did not.
func TestExchangeGarbage(t *testing.T) {
	good := []string{receiveStart + "<,QUIT,", receiveStart + `>,"221 bye, ""you""",`, receiveStart + "*,,\"two\r\nlines\""}
	garbage := rapid.OneOf(
		rapid.StringOf(rapid.SampledFrom([]rune("\",\"\",a2 -\t"))),
		rapid.SampledFrom([]string{receiveStart, receiveStart + `>,"`, receiveStart[:30], `","`, `""`, `"`, `x","y"`, "\x00", "a,b,c,d,e,f,+,,",
			receiveStart + `*,"x","y`}),
		rapid.String(),
	)
	rapid.Check(t, func(t *rapid.T) {
		var log strings.Builder
		var want []string
		for range rapid.IntRange(1, 6).Draw(t, "rows") {
			for range rapid.IntRange(0, 2).Draw(t, "lines") {
				line := strings.NewReplacer("\n", "", "\r", "").Replace(garbage.Draw(t, "garbage"))
				log.WriteString(line + "\r\n")
			}
			row := rapid.SampledFrom(good).Draw(t, "row")
			log.WriteString(row + "\r\n")
			want = append(want, strings.ReplaceAll(row, "\r", ""))
		}
		r := NewReader(strings.NewReader(log.String()), "x.log", &Options{Format: ExchangeReceive})
		for rec, err := range r.Records() {
			if err == nil && len(want) > 0 && string(rec.Raw()) == want[0] {
				want = want[1:]
			}
		}
		if len(want) > 0 {
			t.Fatalf("%q is lost in %q", want[0], log.String())
		}
	})
}

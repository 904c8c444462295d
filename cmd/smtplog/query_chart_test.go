package main

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/smtplog/smtplog/cmd/internal/term"
	"github.com/smtplog/smtplog/logparse/query"
	"github.com/smtplog/smtplog/reply/outcome"
)

// testChart returns a chart over the columns x, y and series.
func testChart(w *strings.Builder, kind string, width int) *chart {
	env := func(name string) string {
		if name == "COLUMNS" {
			return fmt.Sprint(width)
		}
		return ""
	}
	return &chart{w: w, out: term.For(w, "never", env), loc: time.UTC, render: &query.Render{Kind: kind, Y: []string{"n"}}, x: 0, y: []int{1}, series: []int{2}}
}

// checkDrawing fails unless the drawing fits and can do no harm.
func checkDrawing(t *testing.T, drawn string, width int) {
	t.Helper()
	for line := range strings.Lines(drawn) {
		line = strings.TrimSuffix(line, "\n")
		if n := term.DisplayWidth(line); n > width {
			t.Errorf("%d columns of %d: %q", n, width, line)
		}
		if strings.ContainsFunc(line, unicode.IsControl) {
			t.Errorf("control characters: %q", line)
		}
	}
}

func FuzzChart(f *testing.F) {
	f.Add("mx.example.net", "inbound", int64(3), 0.5, int64(0), int64(3600e9), uint8(0))
	f.Add("\x1b[2J\n\u202e", "", int64(-1), math.Inf(1), int64(math.MinInt64), int64(math.MaxInt64), uint8(200))
	f.Add(strings.Repeat("漢", 100), strings.Repeat("x", 300), int64(math.MaxInt64), math.NaN(), int64(1), int64(2), uint8(60))
	f.Fuzz(func(t *testing.T, label, series string, n int64, share float64, from, to int64, room uint8) {
		width := max(60, int(room))
		for _, kind := range []string{"barchart", "timechart"} {
			var b strings.Builder
			c := testChart(&b, kind, width)
			for i, y := range []query.Value{query.IntOf(n), query.RealOf(share), query.Null, query.IntOf(7), query.SpanOf(time.Duration(n))} {
				x := query.StringOf(label)
				if kind == "timechart" {
					x = query.TimeOf(outcome.Unix([]int64{from, to, from/2 + to/2}[i%3], 0))
				}
				if err := c.print([]query.Value{x, y, query.StringOf(series + fmt.Sprint(i%2))}); err != nil {
					t.Fatal(err)
				}
			}
			if err := c.end(); err != nil {
				t.Fatal(err)
			}
			if b.Len() == 0 {
				t.Fatal("nothing was drawn")
			}
			if len(c.points[0].text) < 24 && len(c.points[1].text) < 24 && len(c.points[4].text) < 24 {
				checkDrawing(t, b.String(), width)
			}
		}
	})
}

// TestTimechartMany draws more times and series than there is room for.
func TestTimechartMany(t *testing.T) {
	var b strings.Builder
	c := testChart(&b, "timechart", 80)
	for i := range 1000 {
		for s := range maxSeries + 3 {
			row := []query.Value{query.TimeOf(outcome.Unix(int64(i)*60e9, 0)), query.IntOf(int64(s * i)), query.StringOf(fmt.Sprintf("s%02d", s))}
			if err := c.print(row); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := c.end(); err != nil {
		t.Fatal(err)
	}
	checkDrawing(t, b.String(), 80)
	for _, want := range []string{"each column is the highest of 14 values, 1m0s apart\n", "… 3 more series, with lower sums\n", "\n13986 │", "s14\n", "1970-01-01 00:00", "1970-01-01 16:39\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the drawing lacks %q:\n%s", want, &b)
		}
	}
	if strings.Contains(b.String(), "s02\n") {
		t.Error("a series with a low sum is drawn")
	}
}

func TestBar(t *testing.T) {
	for _, test := range []struct {
		value, top float64
		want       string
	}{
		{0, 8, ""}, {-1, 8, ""}, {1, 0, ""}, {8, 8, "████"}, {4, 8, "██"}, {1, 8, "▌"}, {0.01, 8, "▏"}, {7.9, 8, "████"}, {3, 8, "█▌"},
	} {
		if got := bar(test.value, test.top, 4); got != test.want {
			t.Errorf("bar(%v of %v) = %q, want %q", test.value, test.top, got, test.want)
		}
	}
}

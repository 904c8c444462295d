package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/smtplog/smtplog/cmd/internal/term"
)

// A timeline is one series of a time chart.
type timeline struct {
	name   string
	points []point
	sum    float64
}

// chartHeight is how many lines a series takes, and how many where there are
// several.
const (
	chartHeight  = 10
	seriesHeight = 4
)

// timeline draws each series on the same scales, one below the other.
func (c *chart) timeline() error {
	lines := c.timelines()
	first, last := c.points[0].at, c.points[0].at
	top, topText := 0.0, "0"
	var times []int64
	for _, p := range c.points {
		first, last = min(first, p.at), max(last, p.at)
		times = append(times, p.at)
		if p.value > top {
			top, topText = p.value, p.text
		}
	}
	step := smallestStep(times)
	count := 1
	if step > 0 {
		count = int(apart(first, last)/step) + 1
	}
	axis := max(term.DisplayWidth(topText), 1)
	room := max(c.out.Width()-axis-2, 10)
	merged := (count + room - 1) / room // times that share a column of the terminal
	count = (count + merged - 1) / merged
	wide := max(1, min(room/count, 8))
	rows := chartHeight
	if len(lines) > 1 {
		rows = seriesHeight
	}
	shown := lines[:min(len(lines), maxSeries)]
	for _, line := range shown {
		heights := make([]float64, count)
		for _, p := range line.points {
			i := 0
			if step > 0 {
				i = int(apart(first, p.at) / step / uint64(merged))
			}
			heights[i] = max(heights[i], p.value)
		}
		if line.name != "" {
			fmt.Fprintf(c.w, "%s\n", c.out.Bold(term.Cut(line.name, c.out.Width())))
		}
		for row := range rows {
			label := ""
			switch row {
			case 0:
				label = topText
			case rows - 1:
				label = "0"
			}
			var b strings.Builder
			for _, h := range heights {
				level := eighths(h, top, rows) - (rows-1-row)*8
				b.WriteString(strings.Repeat(string(standing[min(max(level, 0), 8)]), wide))
			}
			fmt.Fprintln(c.w, strings.TrimRight(fmt.Sprintf("%*s │%s", axis, label, b.String()), " "))
		}
		fmt.Fprintln(c.w, strings.Repeat(" ", axis)+" └"+strings.Repeat("─", count*wide))
	}
	from, to := c.stamp(first), c.stamp(last)
	under := from
	if gap := count*wide - len(from) - len(to); last > first {
		under += strings.Repeat(" ", max(gap, 2)) + to
	}
	fmt.Fprintf(c.w, "%s  %s\n", strings.Repeat(" ", axis), under)
	if merged > 1 {
		fmt.Fprintf(c.w, "each column is the highest of %d values, %s apart\n", merged, time.Duration(step))
	}
	if n := len(lines) - len(shown); n > 0 {
		fmt.Fprintf(c.w, "… %d more series, with lower sums\n", n)
	}
	return nil
}

// timelines puts the points together to series, by their sums where there are
// more than can be drawn.
func (c *chart) timelines() []*timeline {
	var lines []*timeline
	index := map[string]*timeline{}
	for _, p := range c.points {
		line := index[p.series]
		if line == nil {
			line = &timeline{name: p.series}
			index[p.series] = line
			lines = append(lines, line)
		}
		line.points = append(line.points, p)
		line.sum += p.value
	}
	slices.SortFunc(lines, func(a, b *timeline) int { return cmp.Compare(a.name, b.name) })
	if len(lines) > maxSeries {
		slices.SortStableFunc(lines, func(a, b *timeline) int { return cmp.Compare(b.sum, a.sum) })
	}
	return lines
}

// smallestStep returns the shortest time between two different times, which is
// what they were binned by, 0 if there is but one. It is at least a ten
// thousandth of the whole.
func smallestStep(times []int64) uint64 {
	slices.Sort(times)
	step := uint64(math.MaxUint64)
	for i := 1; i < len(times); i++ {
		if d := apart(times[i-1], times[i]); d > 0 {
			step = min(step, d)
		}
	}
	if step == math.MaxUint64 {
		return 0
	}
	return max(step, apart(times[0], times[len(times)-1])/10_000)
}

// apart returns the nanoseconds from one time to a later one, which may be more
// than an int64 holds.
func apart(from, to int64) uint64 { return uint64(to) - uint64(from) }

func (c *chart) stamp(ns int64) string {
	return time.Unix(0, ns).In(c.loc).Format("2006-01-02 15:04")
}

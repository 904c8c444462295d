package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/smtplog/smtplog/cmd/internal/term"
	"github.com/smtplog/smtplog/logparse/query"
)

// Bounds of a chart.
const (
	maxPoints = 100_000 // that are held
	maxBars   = 500     // that are drawn
	maxSeries = 12      // time charts, one below the other
)

// A chart draws the result of a query in the terminal.
type chart struct {
	w      io.Writer
	out    *term.Output
	loc    *time.Location
	render *query.Render
	x      int // columns of the result
	y      []int
	series []int

	points []point
	more   int64 // points beyond maxPoints
}

// A point is one number to be drawn.
type point struct {
	label  string // the X as text
	at     int64  // of a time chart
	series string
	value  float64
	text   string // the value as text
}

func newChart(w io.Writer, out *term.Output, loc *time.Location, q *query.Query) *chart {
	c := &chart{w: w, out: out, loc: loc, render: q.Render()}
	index := func(name string) int {
		return slices.IndexFunc(q.Columns(), func(c query.ResultColumn) bool { return c.Name == name })
	}
	c.x = index(c.render.X)
	for _, name := range c.render.Y {
		c.y = append(c.y, index(name))
	}
	for _, name := range c.render.Series {
		c.series = append(c.series, index(name))
	}
	return c
}

func (c *chart) print(row []query.Value) error {
	p := point{}
	switch x := row[c.x]; {
	case x.IsNull() && c.render.Kind == "timechart":
		return nil // it has no place in time
	case x.IsNull():
		p.label = "(null)"
	default:
		p.label = term.Safe(resultCell(x, c.loc))
		if x.Type() == query.DateTime {
			p.at = x.Time().UnixNano()
		}
	}
	var names []string
	for _, i := range c.series {
		names = append(names, resultCell(row[i], c.loc))
	}
	for k, i := range c.y {
		p.series = strings.Join(names, ", ")
		if len(c.y) > 1 {
			p.series = strings.TrimPrefix(p.series+", "+c.render.Y[k], ", ")
		}
		p.series = term.Safe(p.series)
		p.value, p.text = height(row[i]), resultCell(row[i], c.loc)
		if len(c.points) < maxPoints {
			c.points = append(c.points, p)
		} else {
			c.more++
		}
	}
	return nil
}

// height returns how high a value is drawn.
func height(v query.Value) float64 {
	f := 0.0
	switch v.Type() {
	case query.Int:
		f = float64(v.Int())
	case query.Real:
		f = v.Real()
	case query.TimeSpan:
		f = float64(v.Span())
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return f
}

func (c *chart) end() error {
	if len(c.points) == 0 {
		_, err := fmt.Fprintln(c.w, "No rows match.")
		return err
	}
	if c.render.Title != "" {
		fmt.Fprintf(c.w, "%s\n\n", c.out.Bold(term.Cut(c.render.Title, c.out.Width())))
	}
	draw := c.bars
	if c.render.Kind == "timechart" {
		draw = c.timeline
	}
	if err := draw(); err != nil {
		return err
	}
	if c.more > 0 {
		_, err := fmt.Fprintf(c.w, "… %s beyond the first %d not drawn\n", plural(c.more, "value"), maxPoints)
		return err
	}
	return nil
}

// bars draws a bar for each point, from the left.
func (c *chart) bars() error {
	points := c.points[:min(len(c.points), maxBars)]
	var labels, series, texts int
	top := 0.0
	for _, p := range points {
		labels, series = max(labels, term.DisplayWidth(p.label)), max(series, term.DisplayWidth(p.series))
		texts, top = max(texts, term.DisplayWidth(p.text)), max(top, p.value)
	}
	width := c.out.Width()
	const gaps, shortest = 6, 4
	limit := max(width-texts-gaps-shortest, 10)
	labels = min(labels, width/3, limit*3/5)
	series = min(series, width/4, limit-labels)
	room := max(width-labels-series-texts-gaps, shortest)
	if series == 0 {
		room += 2
	}
	last := ""
	for i, p := range points {
		label := pad(p.label, labels)
		if i > 0 && p.label == last {
			label = strings.Repeat(" ", labels)
		}
		last = p.label
		line := label + "  "
		if series > 0 {
			line += pad(p.series, series) + "  "
		}
		line += strings.Repeat(" ", texts-term.DisplayWidth(p.text)) + p.text + "  " + bar(p.value, top, room)
		if _, err := fmt.Fprintln(c.w, strings.TrimRight(line, " ")); err != nil {
			return err
		}
	}
	if n := len(c.points) - len(points); n > 0 {
		_, err := fmt.Fprintf(c.w, "… %s more (top or take choose some)\n", plural(int64(n), "bar"))
		return err
	}
	return nil
}

// pad cuts a text to a width, or fills it up.
func pad(s string, width int) string {
	s = term.Cut(s, width)
	return s + strings.Repeat(" ", width-term.DisplayWidth(s))
}

// The eighths of a block, lying and standing; the whole block is the last.
var (
	lying    = []rune(" ▏▎▍▌▋▊▉█")
	standing = []rune(" ▁▂▃▄▅▆▇█")
)

// eighths returns how much of room, in eighths, a value fills: something for
// everything above 0.
func eighths(value, top float64, room int) int {
	if value <= 0 || top <= 0 {
		return 0
	}
	return min(max(int(math.Round(value/top*float64(room)*8)), 1), room*8)
}

// bar returns a bar of the value on a scale that ends with top.
func bar(value, top float64, room int) string {
	n := eighths(value, top, room)
	s := strings.Repeat(string(lying[8]), n/8)
	if n%8 > 0 {
		s += string(lying[n%8])
	}
	return s
}

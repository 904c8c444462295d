package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/smtplog/smtplog/cmd/internal/export"
	"github.com/smtplog/smtplog/cmd/internal/table"
	"github.com/smtplog/smtplog/cmd/internal/term"
	"github.com/smtplog/smtplog/logparse/query"
)

// A resultTable prints rows as a table. Rows come without end: each thousand of
// them is a table of its own.
type resultTable struct {
	w, stderr io.Writer
	out       *term.Output
	loc       *time.Location
	columns   []export.Column

	cells  [][]string
	shown  []int // the columns that are shown; nil before the first table
	hidden int   // columns that are not
}

const blockRows = 1000

func (t *resultTable) print(row []query.Value) error {
	cells := make([]string, len(row))
	for i, v := range row {
		cells[i] = resultCell(v, t.loc)
	}
	if t.cells = append(t.cells, cells); len(t.cells) >= blockRows {
		return t.flush()
	}
	return nil
}

func (t *resultTable) end() error {
	if len(t.cells) == 0 && t.shown == nil {
		_, err := fmt.Fprintln(t.w, "No rows match.")
		return err
	}
	if err := t.flush(); err != nil {
		return err
	}
	if t.hidden > 0 {
		fmt.Fprintf(t.stderr, "smtplog: %s not shown for want of room (project picks columns; --json and --csv have all)\n",
			plural(int64(t.hidden), "column"))
	}
	return nil
}

func (t *resultTable) flush() error {
	if len(t.cells) == 0 {
		return nil
	}
	if t.shown == nil {
		t.choose()
	}
	columns := make([]table.Column, len(t.shown))
	for i, k := range t.shown {
		c := t.columns[k]
		right := rightAligned(c.Type)
		columns[i] = table.Column{Title: c.Name, Right: right, Flex: !right && c.Type != query.DateTime, Min: 8}
	}
	tab := table.New(columns...)
	for _, row := range t.cells {
		cells := make([]string, len(t.shown))
		for i, k := range t.shown {
			cells[i] = row[k]
		}
		tab.Add(cells...)
	}
	t.cells = t.cells[:0]
	return tab.Render(t.w, t.out)
}

func rightAligned(t query.Type) bool {
	return t == query.Int || t == query.Real || t == query.TimeSpan
}

// choose picks the columns that are shown: all if there is room for them, else
// those that hold anything, from the left, as far as there is room.
func (t *resultTable) choose() {
	all := make([]int, len(t.columns))
	needs := make([]int, len(t.columns)) // columns of the terminal
	filled := make([]bool, len(t.columns))
	total := 0
	for i, c := range t.columns {
		all[i] = i
		widest := 0
		for _, row := range t.cells {
			widest = max(widest, term.DisplayWidth(term.Safe(row[i])))
		}
		filled[i] = widest > 0
		if !rightAligned(c.Type) && c.Type != query.DateTime {
			widest = min(widest, 20)
		}
		needs[i] = max(widest, term.DisplayWidth(c.Name)) + 2
		total += needs[i]
	}
	if t.shown = all; total-2 <= t.out.Width() || len(all) <= 4 {
		return
	}
	t.shown = nil
	room := t.out.Width() + 2
	for i := range t.columns {
		switch {
		case !filled[i]:
		case needs[i] <= room || len(t.shown) == 0:
			t.shown = append(t.shown, i)
			room -= needs[i]
			continue
		default:
			room = 0 // what follows is not taken in its stead
		}
		t.hidden++
	}
	if t.shown == nil {
		t.shown, t.hidden = all[:1], t.hidden-1
	}
}

// resultCell returns a value as people read it. It shares nothing with the row,
// whose strings may be gone with it.
func resultCell(v query.Value, loc *time.Location) string {
	switch v.Type() {
	case query.String:
		return strings.Clone(v.Text())
	case query.Int:
		return strconv.FormatInt(v.Int(), 10)
	case query.Real:
		return strconv.FormatFloat(v.Real(), 'f', -1, 64)
	case query.Bool:
		return strconv.FormatBool(v.Bool())
	case query.DateTime:
		return stamp(v, loc)
	case query.TimeSpan:
		return v.Span().String()
	case query.List:
		return strings.Clone(strings.Join(v.List(), ", "))
	case query.Object:
		return string(export.AppendJSON(nil, v))
	}
	return ""
}

// stamp returns a time with the precision of its log.
func stamp(v query.Value, loc *time.Location) string {
	layout := time.DateTime
	if n := v.Time().Digits(); n > 0 {
		layout += "." + strings.Repeat("0", n)
	}
	return v.Time().Time().In(loc).Format(layout)
}

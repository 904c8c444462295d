// Package table prints tables without borders that fit the terminal, and the
// numbers in them.
package table

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/tw"

	"github.com/smtplog/smtplog/cmd/internal/term"
)

const gap = 2 // blanks between columns

// A Column says how a column is shown. Widths are in columns of the terminal.
//
// Where a line has room for it, a column is as wide as its widest cell. Where
// not, columns that are wider than their Max go down to it, then Flex columns
// go down to their Min, then the others to theirs; of several, the widest gives
// first. Cells that are cut end with "…". Columns aligned to the right hold
// numbers, which are never cut, and no title ever is. Where even so there is no
// room, lines get longer than the terminal is wide.
type Column struct {
	Title string
	Right bool // aligned to the right, never cut
	Min   int  // not narrower than this while a cell needs more; at least the title
	Max   int  // not wider than this while something has to be cut; 0 for no limit
	Flex  bool // cut before the others
}

// A Table collects rows, and prints them when it has them all.
type Table struct {
	columns []Column
	titles  []string
	rows    [][]string
	natural []int // width of the widest cell
}

// New returns a table without rows.
func New(columns ...Column) *Table {
	t := &Table{columns: columns}
	for _, c := range columns {
		title := term.Safe(strings.ToUpper(c.Title))
		t.titles = append(t.titles, title)
		t.natural = append(t.natural, max(term.DisplayWidth(title), 1))
	}
	return t
}

// Add adds a row. Missing cells are empty; it panics when there are more cells
// than columns. Cells may be raw text from a log.
func (t *Table) Add(cells ...string) {
	if len(cells) > len(t.columns) {
		panic(fmt.Sprintf("table: %d cells for %d columns", len(cells), len(t.columns)))
	}
	row := make([]string, len(t.columns))
	for i, cell := range cells {
		row[i] = term.Safe(cell)
		t.natural[i] = max(t.natural[i], term.DisplayWidth(row[i]))
	}
	t.rows = append(t.rows, row)
}

// Render prints the titles and the rows to w, as wide as out allows, each on
// one line without trailing blanks. The titles are in capitals, and bold where
// there is colour.
func (t *Table) Render(w io.Writer, out *term.Output) error {
	if len(t.columns) == 0 {
		return nil
	}
	widths := t.widths(out.Width() - gap*(len(t.columns)-1))
	lines := &lineWriter{w: w, out: out}
	printer := newPrinter(lines, t.columns, widths)
	printer.Header(t.titles)
	for _, row := range t.rows {
		for i := range row {
			row[i] = term.Cut(row[i], widths[i])
		}
		if err := printer.Append(row); err != nil {
			return err
		}
	}
	if err := printer.Render(); err != nil {
		return err
	}
	return lines.err
}

// newPrinter returns a table of tablewriter that does nothing but align: left
// to itself it gives all columns the same width, wraps cells, changes titles
// and takes the width of characters from the locale.
func newPrinter(w io.Writer, columns []Column, widths []int) *tablewriter.Table {
	fixed := tw.NewMapper[int, int]()
	align := make([]tw.Align, len(columns))
	padding := make([]tw.Padding, len(columns))
	for i, c := range columns {
		fixed.Set(i, widths[i]+gap)
		align[i] = tw.AlignLeft
		if c.Right {
			align[i] = tw.AlignRight
		}
		padding[i] = tw.Padding{Right: strings.Repeat(" ", gap), Overwrite: true}
	}
	cells := tw.CellConfig{
		Formatting: tw.CellFormatting{AutoWrap: tw.WrapTruncate, AutoFormat: tw.Off},
		Alignment:  tw.CellAlignment{PerColumn: align},
		Padding:    tw.CellPadding{Global: tw.PaddingNone, PerColumn: padding},
	}
	return tablewriter.NewTable(w,
		tablewriter.WithConfig(tablewriter.Config{Header: cells, Row: cells}),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithTrimSpace(tw.Off),
		tablewriter.WithEastAsian(tw.Off),
		tablewriter.WithColumnWidths(fixed),
		tablewriter.WithRendition(tw.Rendition{
			Borders:  tw.BorderNone,
			Symbols:  tw.NewSymbols(tw.StyleNone),
			Settings: tw.Settings{Lines: tw.LinesNone, Separators: tw.SeparatorsNone},
		}))
}

// A lineWriter trims the blanks at the ends of lines and makes the first line
// bold.
type lineWriter struct {
	w       io.Writer
	out     *term.Output
	partial []byte
	titled  bool
	err     error
}

func (l *lineWriter) Write(p []byte) (int, error) {
	l.partial = append(l.partial, p...)
	for l.err == nil {
		line, rest, found := bytes.Cut(l.partial, []byte("\n"))
		if !found {
			break
		}
		text := strings.TrimRight(string(line), " ")
		if !l.titled {
			text = l.out.Bold(text)
			l.titled = true
		}
		_, l.err = io.WriteString(l.w, text+"\n")
		l.partial = rest
	}
	return len(p), l.err
}

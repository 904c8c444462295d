package table

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/smtplog/smtplog/cmd/internal/term"
)

var update = flag.Bool("update", false, "write the golden files")

// output returns an output of a width.
func output(width int, color string) *term.Output {
	return term.For(nil, color, func(name string) string {
		if name == "COLUMNS" {
			return fmt.Sprint(width)
		}
		return ""
	})
}

func failures() *Table {
	t := New(
		Column{Title: "domain", Flex: true, Min: 12},
		Column{Title: "code"},
		Column{Title: "reason", Flex: true, Max: 20},
		Column{Title: "replies", Right: true},
		Column{Title: "text", Flex: true})
	t.Add("example.com", "550 5.1.1", "user unknown", "1,234,567", "550 5.1.1 User unknown; no mailbox of that name was found on this server")
	t.Add("post.日本語.example.org", "450", "greylisted, to be tried again", "12", "  451 4.7.1 後でもう一度お試しください")
	t.Add("-", "", "total", "9")
	t.Add("evil\x1b[31m.example.net\n", "554", "\u202espoofed", "3", "554 5.7.1 <b>&amp;</b>\tblocked\r\n")
	return t
}

func TestRenderGolden(t *testing.T) {
	for _, width := range []int{60, 80, 100, 140} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			var got bytes.Buffer
			if err := failures().Render(&got, output(width, "never")); err != nil {
				t.Fatal(err)
			}
			name := filepath.Join("testdata", fmt.Sprintf("failures-%d.txt", width))
			if *update {
				if err := os.WriteFile(name, got.Bytes(), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.ReplaceAll(string(want), "\r\n", "\n"), got.String()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			for line := range strings.Lines(got.String()) {
				if w := term.DisplayWidth(strings.TrimSuffix(line, "\n")); w > width {
					t.Errorf("%d columns: %s", w, line)
				}
			}
		})
	}
}

func TestRenderColor(t *testing.T) {
	table := New(Column{Title: "a b"}, Column{Title: "n", Right: true})
	table.Add("x", "1")
	var got bytes.Buffer
	if err := table.Render(&got, output(80, "always")); err != nil {
		t.Fatal(err)
	}
	if want := "\x1b[1mA B  N\x1b[0m\nx    1\n"; got.String() != want {
		t.Errorf("got %q, want %q", got.String(), want)
	}
}

func TestRenderEmpty(t *testing.T) {
	var got bytes.Buffer
	if err := New().Render(&got, output(80, "never")); err != nil || got.Len() != 0 {
		t.Errorf("no columns: %q, %v", got.String(), err)
	}
	if err := New(Column{Title: "domain"}, Column{Title: "code"}).Render(&got, output(80, "never")); err != nil || got.String() != "DOMAIN  CODE\n" {
		t.Errorf("no rows: %q, %v", got.String(), err)
	}
}

func TestAddTooMany(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a cell without a column was taken")
		}
	}()
	New(Column{Title: "a"}).Add("1", "2")
}

type failing struct{ after int }

var errFull = errors.New("disk full")

func (f *failing) Write(p []byte) (int, error) {
	if f.after--; f.after < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestRenderError(t *testing.T) {
	for after := range 5 {
		if err := failures().Render(&failing{after}, output(80, "never")); !errors.Is(err, errFull) {
			t.Errorf("after %d lines: %v", after, err)
		}
	}
}

func TestWidths(t *testing.T) {
	for _, test := range []struct {
		name    string
		columns []Column
		cells   []int // width of the widest cell of each
		room    int
		want    []int
	}{
		{"all fits, Max or not", []Column{{Max: 3}, {Flex: true}}, []int{10, 10}, 20, []int{10, 10}},
		{"beyond Max first", []Column{{Max: 4}, {Flex: true}}, []int{10, 10}, 16, []int{6, 10}},
		{"then flex", []Column{{Max: 4}, {Flex: true}}, []int{10, 10}, 12, []int{4, 8}},
		{"flex to its Min", []Column{{}, {Flex: true, Min: 5}}, []int{10, 10}, 12, []int{7, 5}},
		{"widest flex first", []Column{{Flex: true}, {Flex: true}}, []int{30, 10}, 24, []int{14, 10}},
		{"flex evenly", []Column{{Flex: true}, {Flex: true}}, []int{30, 40}, 25, []int{13, 12}},
		{"titles stay", []Column{{Title: "domain", Flex: true}, {Title: "code"}}, []int{30, 30}, 5, []int{6, 4}},
		{"numbers stay", []Column{{Right: true}, {Flex: true}}, []int{9, 20}, 12, []int{9, 3}},
		{"numbers stay, flex too", []Column{{Right: true, Flex: true, Max: 2}, {}}, []int{9, 20}, 12, []int{9, 3}},
		{"Min above the content", []Column{{Min: 20}, {}}, []int{5, 20}, 12, []int{5, 7}},
	} {
		t.Run(test.name, func(t *testing.T) {
			table := New(test.columns...)
			var row []string
			for _, w := range test.cells {
				row = append(row, strings.Repeat("x", w))
			}
			table.Add(row...)
			if diff := cmp.Diff(test.want, table.widths(test.room)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// slowWidths takes one column at a time from the widest that can give, the
// last of several.
func slowWidths(t *Table, room int) []int {
	widths := append([]int(nil), t.natural...)
	floor := func(i int) int {
		c := t.columns[i]
		if c.Right {
			return t.natural[i]
		}
		return min(t.natural[i], max(c.Min, term.DisplayWidth(t.titles[i]), 1))
	}
	steps := []func(i int) (limit int, ok bool){
		func(i int) (int, bool) { return max(floor(i), t.columns[i].Max), t.columns[i].Max > 0 },
		func(i int) (int, bool) { return floor(i), t.columns[i].Flex },
		func(i int) (int, bool) { return floor(i), !t.columns[i].Flex },
	}
	sum := func() (n int) {
		for _, w := range widths {
			n += w
		}
		return n
	}
	for _, step := range steps {
		for sum() > room {
			widest := -1
			for i, w := range widths {
				if limit, ok := step(i); ok && w > limit && (widest < 0 || w >= widths[widest]) {
					widest = i
				}
			}
			if widest < 0 {
				break
			}
			widths[widest]--
		}
	}
	return widths
}

var cellText = rapid.OneOf(
	rapid.StringN(0, 40, 200),
	rapid.StringMatching(`[a-z0-9.@<> ]{0,60}`),
	rapid.StringMatching(`[日本語メール…é─αЖ☺️👍🏽]{0,30}`),
	rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 20), func(b []byte) string { return string(b) }))

// TestRenderProperties compares the output with one that is put together by
// padding every cell.
func TestRenderProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var columns []Column
		for range rapid.IntRange(1, 6).Draw(t, "columns") {
			columns = append(columns, Column{
				Title: rapid.OneOf(rapid.StringMatching(`[a-z ]{0,12}`), cellText).Draw(t, "title"),
				Right: rapid.Bool().Draw(t, "right"),
				Min:   rapid.IntRange(0, 15).Draw(t, "min"),
				Max:   rapid.IntRange(0, 30).Draw(t, "max"),
				Flex:  rapid.Bool().Draw(t, "flex"),
			})
		}
		table := New(columns...)
		rows := [][]string{nil}
		for i := range columns {
			rows[0] = append(rows[0], term.Safe(strings.ToUpper(columns[i].Title)))
		}
		for range rapid.IntRange(0, 4).Draw(t, "rows") {
			row := rapid.SliceOfN(cellText, len(columns), len(columns)).Draw(t, "row")
			table.Add(row...)
			rows = append(rows, row)
		}
		width := rapid.IntRange(60, 160).Draw(t, "width")
		out := output(width, "never")
		room := width - gap*(len(columns)-1)
		widths := table.widths(room)
		if diff := cmp.Diff(slowWidths(table, room), widths); diff != "" {
			t.Fatalf("widths: -want +got:\n%s", diff)
		}
		minimum := gap * (len(columns) - 1)
		for i, c := range columns {
			if minimum += max(c.Min, term.DisplayWidth(table.titles[i]), 1); c.Right {
				minimum += table.natural[i]
			}
		}

		var want strings.Builder
		for _, row := range rows {
			var line strings.Builder
			for i, cell := range row {
				cell = term.Cut(cell, widths[i])
				blanks := strings.Repeat(" ", widths[i]-term.DisplayWidth(cell))
				if columns[i].Right {
					cell = blanks + cell
				} else {
					cell += blanks
				}
				line.WriteString(cell + strings.Repeat(" ", gap))
			}
			want.WriteString(strings.TrimRight(line.String(), " ") + "\n")
		}
		var got bytes.Buffer
		if err := table.Render(&got, out); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.String(), got.String()); diff != "" {
			t.Fatalf("-want +got:\n%s", diff)
		}
		for line := range strings.Lines(got.String()) {
			if w := term.DisplayWidth(strings.TrimSuffix(line, "\n")); w > width && minimum <= width {
				t.Fatalf("%d columns of %d: %q", w, width, line)
			}
		}
	})
}

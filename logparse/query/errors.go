package query

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/clipperhouse/displaywidth"
)

// An Error tells what is wrong with a query, where, and what to do about it.
type Error struct {
	Src      string // the query
	Pos, End int    // the part of Src that is meant: bytes
	Msg      string // what is wrong
	Hint     string // what to write instead; may be empty
}

func errorAt(src string, pos, end int, msg, hint string) *Error {
	pos = min(pos, len(src))
	return &Error{Src: src, Pos: pos, End: min(max(pos, end), len(src)), Msg: msg, Hint: hint}
}

// Error returns the message and the hint in one line.
func (e *Error) Error() string {
	if e.Hint == "" {
		return e.Msg
	}
	return e.Msg + "; " + e.Hint
}

// The widest part of a line of the query that Show prints, and how much of it
// comes before the place that is meant.
const (
	shownWidth  = 100
	shownBefore = 60
)

// Show returns the message, the line of the query that is meant with carets
// under the place, and the hint, each on a line of its own that ends in "\n".
func (e *Error) Show(color bool) string {
	red, bold, plain := "", "", ""
	if color {
		red, bold, plain = "\x1b[31m", "\x1b[1m", "\x1b[0m"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s%s%s\n", bold, e.Msg, plain)
	if strings.TrimSpace(e.Src) != "" {
		start := strings.LastIndexByte(e.Src[:e.Pos], '\n') + 1
		end := len(e.Src)
		if n := strings.IndexByte(e.Src[e.Pos:], '\n'); n >= 0 {
			end = e.Pos + n
		}
		before, meant, after := shown(e.Src[start:e.Pos]), shown(e.Src[e.Pos:min(max(e.End, e.Pos), end)]), shown(e.Src[min(max(e.End, e.Pos), end):end])
		before = lastColumns(before, shownBefore)
		meant = firstColumns(meant, shownWidth-displaywidth.String(before))
		after = firstColumns(after, shownWidth-displaywidth.String(before)-displaywidth.String(meant))
		fmt.Fprintf(&b, "  %s%s%s\n", before, meant, after)
		fmt.Fprintf(&b, "  %s%s%s%s\n", strings.Repeat(" ", displaywidth.String(before)),
			red, strings.Repeat("^", max(1, displaywidth.String(meant))), plain)
	}
	if e.Hint != "" {
		fmt.Fprintf(&b, "%s\n", e.Hint)
	}
	return b.String()
}

// shown returns text that cannot do harm to a terminal and stays on its line.
func shown(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r == unicode.ReplacementChar || !unicode.IsPrint(r):
			return '\ufffd'
		}
		return r
	}, s)
}

// lastColumns cuts s to what fits, with a mark where it begins late.
func lastColumns(s string, width int) string {
	if displaywidth.String(s) <= width {
		return s
	}
	runes := []rune(s)
	n := len(runes)
	for used := 1; n > 0; n-- {
		if used += displaywidth.String(string(runes[n-1])); used > width {
			break
		}
	}
	return "…" + string(runes[n:])
}

// firstColumns cuts s to what fits, with a mark where it goes on.
func firstColumns(s string, width int) string {
	if displaywidth.String(s) <= width {
		return s
	}
	used := 1
	for i, r := range s {
		if used += displaywidth.String(string(r)); used > width {
			return s[:i] + "…"
		}
	}
	return s
}

// quoted returns a piece of the query for a message, shortened.
func quoted(s string) string {
	runes := []rune(strings.ReplaceAll(shown(strings.ToValidUTF8(s, "\ufffd")), "`", "'"))
	if len(runes) > 40 {
		runes = append(runes[:39], '…')
	}
	return "`" + string(runes) + "`"
}

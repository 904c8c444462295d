// Package term knows the terminal: its width, whether it takes colour, and how
// to write text from a log to it safely.
package term

import (
	"io"
	"strconv"
	"strings"

	"golang.org/x/term"
)

const (
	defaultWidth = 100    // columns, where there is no terminal
	minWidth     = 60     // columns: tables do not get narrower
	maxWidth     = 10_000 // columns: what COLUMNS may ask for
)

// An Output is what is known of a place that text is printed to.
type Output struct {
	width    int
	color    bool
	terminal bool
}

// For looks at w, which is a terminal when it has a file descriptor of one.
//
// The width is that of COLUMNS, else that of the terminal, else 100, and at
// least 60. The colour flag is auto, always or never; with auto (or anything
// else) there is colour on a terminal, unless TERM is dumb or CLICOLOR is 0.
// With CLICOLOR_FORCE there is colour everywhere, and with NO_COLOR
// (no-color.org) nowhere. On Windows, escape sequences are switched on for the
// console; where that fails (before Windows 10), auto means never.
func For(w io.Writer, colorFlag string, env func(string) string) *Output {
	o := &Output{width: defaultWidth}
	escapes := false
	if f, ok := w.(interface{ Fd() uintptr }); ok && IsTerminal(f.Fd()) {
		o.terminal = true
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			o.width = width
		}
		if colorFlag != "never" {
			escapes = enableEscapes(f.Fd())
		}
	}
	if n, err := strconv.Atoi(strings.TrimSpace(env("COLUMNS"))); err == nil && n > 0 {
		o.width = min(n, maxWidth)
	}
	o.width = max(o.width, minWidth)
	o.color = wantsColor(colorFlag, escapes, env)
	return o
}

// wantsColor decides on colour; escapes is whether there is a terminal that
// takes escape sequences.
func wantsColor(flag string, escapes bool, env func(string) string) bool {
	force := env("CLICOLOR_FORCE")
	switch {
	case flag == "always":
		return true
	case flag == "never", env("NO_COLOR") != "":
		return false
	case force != "" && force != "0":
		return true
	case env("CLICOLOR") == "0", env("TERM") == "dumb":
		return false
	}
	return escapes
}

// Width returns the columns of a line.
func (o *Output) Width() int { return o.width }

// Color reports whether the styles have an effect.
func (o *Output) Color() bool { return o.color }

// IsTerminal reports whether this is a terminal.
func (o *Output) IsTerminal() bool { return o.terminal }

// The styles return text for one line in that style, or as it stands where
// there is no colour. The text is not made safe: see [Safe].

func (o *Output) Bold(s string) string   { return o.style("1", s) }
func (o *Output) Dim(s string) string    { return o.style("2", s) }
func (o *Output) Red(s string) string    { return o.style("31", s) }
func (o *Output) Green(s string) string  { return o.style("32", s) }
func (o *Output) Yellow(s string) string { return o.style("33", s) }

// style sets an SGR attribute (ECMA-48 8.3.117) around s.
func (o *Output) style(attribute, s string) string {
	if !o.color || s == "" {
		return s
	}
	return "\x1b[" + attribute + "m" + s + "\x1b[0m"
}

// IsTerminal reports whether a file descriptor is that of a terminal.
func IsTerminal(fd uintptr) bool { return term.IsTerminal(int(fd)) }

package term

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"testing"
)

func TestWidth(t *testing.T) {
	for columns, want := range map[string]int{
		"": 100, "80": 80, " 132 ": 132, "59": 60, "1": 60, "0": 100, "-5": 100, "wide": 100, "1000000": 10000, "99999999999999999999": 100,
	} {
		o := For(&bytes.Buffer{}, "auto", func(name string) string { return map[string]string{"COLUMNS": columns}[name] })
		if o.Width() != want {
			t.Errorf("COLUMNS=%q: width %d, want %d", columns, o.Width(), want)
		}
		if o.IsTerminal() || o.Color() {
			t.Errorf("a buffer is no terminal")
		}
	}
}

func TestColor(t *testing.T) {
	for _, test := range []struct {
		flag     string
		env      map[string]string
		terminal bool
		want     bool
	}{
		{"auto", nil, true, true},
		{"auto", nil, false, false},
		{"auto", map[string]string{"NO_COLOR": "1"}, true, false},
		{"auto", map[string]string{"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, true, false},
		{"auto", map[string]string{"CLICOLOR_FORCE": "1"}, false, true},
		{"auto", map[string]string{"CLICOLOR_FORCE": "0"}, false, false},
		{"auto", map[string]string{"CLICOLOR_FORCE": "1", "TERM": "dumb"}, true, true},
		{"auto", map[string]string{"TERM": "dumb"}, true, false},
		{"auto", map[string]string{"CLICOLOR": "0"}, true, false},
		{"auto", map[string]string{"CLICOLOR": "1", "TERM": "xterm"}, true, true},
		{"always", map[string]string{"NO_COLOR": "1", "TERM": "dumb"}, false, true},
		{"never", map[string]string{"CLICOLOR_FORCE": "1"}, true, false},
	} {
		if got := wantsColor(test.flag, test.terminal, func(name string) string { return test.env[name] }); got != test.want {
			t.Errorf("--color %s, %v, terminal %v: %v", test.flag, test.env, test.terminal, got)
		}
	}
}

func TestStyles(t *testing.T) {
	none := func(string) string { return "" }
	plain, colored := For(nil, "never", none), For(nil, "always", none)
	for _, test := range []struct {
		style func(*Output, string) string
		want  string
	}{
		{(*Output).Bold, "\x1b[1mx\x1b[0m"},
		{(*Output).Dim, "\x1b[2mx\x1b[0m"},
		{(*Output).Red, "\x1b[31mx\x1b[0m"},
		{(*Output).Green, "\x1b[32mx\x1b[0m"},
		{(*Output).Yellow, "\x1b[33mx\x1b[0m"},
	} {
		if got := test.style(colored, "x"); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
		if got := test.style(plain, "x"); got != "x" {
			t.Errorf("without colour: %q", got)
		}
		if got := test.style(colored, ""); got != "" {
			t.Errorf("nothing to colour: %q", got)
		}
	}
}

func TestIsClosedPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer w.Close()
	_, broken := w.Write([]byte("x"))
	if broken == nil {
		t.Fatal("writing to a pipe without a reader succeeded")
	}
	for _, err := range []error{broken, fmt.Errorf("flush: %w", broken), syscall.EPIPE, io.ErrClosedPipe} {
		if !IsClosedPipe(err) {
			t.Errorf("%v is a closed pipe", err)
		}
	}
	for _, err := range []error{nil, io.EOF, errors.New("broken pipe"), os.ErrClosed, syscall.ENOSPC} {
		if IsClosedPipe(err) {
			t.Errorf("%v is no closed pipe", err)
		}
	}
}

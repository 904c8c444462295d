package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// eachCommand calls f for every command that is smtplog's own: help and
// completion are cobra's.
func eachCommand(f func(cmd *cobra.Command)) {
	a := &app{stdin: strings.NewReader(""), stderr: os.Stderr, env: func(string) string { return "" }}
	root := a.rootCommand()
	f(root)
	for _, cmd := range root.Commands() {
		if cmd.Name() != "help" && cmd.Name() != "completion" {
			f(cmd)
		}
	}
}

// TestHelp checks that every command explains itself with examples, and that
// the text fits a terminal.
func TestHelp(t *testing.T) {
	eachCommand(func(cmd *cobra.Command) {
		args := append(strings.Fields(cmd.CommandPath())[1:], "--help")
		text := done(t, args...)
		for _, part := range []string{"\nUsage:\n", "\nExamples:\n", "\nFlags:\n"} {
			if !strings.Contains(text, part) {
				t.Errorf("%s has no %q", args, strings.TrimSpace(part))
			}
		}
		for line := range strings.Lines(cmd.Example) {
			if !strings.HasPrefix(line, "  ") || !strings.Contains(line, cmd.CommandPath()) && !strings.Contains(line, "| smtplog "+cmd.Name()) {
				t.Errorf("%s: %q is no example of it", cmd.CommandPath(), line)
			}
		}
		for line := range strings.Lines(cmd.Long) {
			if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 90 {
				t.Errorf("%s: a line of %d columns: %s", cmd.CommandPath(), n, line)
			}
		}
		if cmd.Short == "" || strings.HasSuffix(cmd.Short, ".") {
			t.Errorf("%s: %q is no short description", cmd.CommandPath(), cmd.Short)
		}
	})
}

// TestFlagExamples checks that the help of every flag has an example.
func TestFlagExamples(t *testing.T) {
	example := regexp.MustCompile(`e\.g\. \S`)
	values := regexp.MustCompile(`\w+, \w+ or \w+`)
	eachCommand(func(cmd *cobra.Command) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Name != "help" && f.Name != "version" && !example.MatchString(f.Usage) && !values.MatchString(f.Usage) {
				t.Errorf("%s --%s: %q has no example", cmd.CommandPath(), f.Name, f.Usage)
			}
		})
	})
}

// TestExamplesParse checks that the flags of all examples exist.
func TestExamplesParse(t *testing.T) {
	a := &app{stdin: strings.NewReader(""), stderr: os.Stderr, env: func(string) string { return "" }}
	tree := a.rootCommand()
	flag := regexp.MustCompile(` --([a-z-]+)`)
	call := regexp.MustCompile(`smtplog ([a-z]+)[^|\n]*`)
	eachCommand(func(cmd *cobra.Command) {
		for _, m := range call.FindAllStringSubmatch(cmd.Example, -1) {
			named, _, err := tree.Find([]string{m[1]})
			if err != nil {
				t.Errorf("%s: %s: %v", cmd.CommandPath(), m[0], err)
				continue
			}
			for _, f := range flag.FindAllStringSubmatch(m[0], -1) {
				if named.Flags().Lookup(f[1]) == nil {
					t.Errorf("%s: %s: no flag --%s", cmd.CommandPath(), m[0], f[1])
				}
			}
		}
	})
}

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smtplog/smtplog/cmd/internal/progress"
	"github.com/smtplog/smtplog/cmd/internal/term"
)

// The exit statuses.
const (
	exitDone        = 0
	exitFailed      = 1 // a file could not be read, a PATH is no log, or nothing matches
	exitUsage       = 2
	exitInterrupted = 130
)

// A usageError is a mistake on the command line.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// errFailed ends a command whose reasons were already printed.
var errFailed = errors.New("failed")

// errUnwritten ends a command that writes files whole, when it is interrupted.
var errUnwritten = errors.New("interrupted: nothing was written")

// An app is one run of the command.
type app struct {
	stdin  io.Reader
	stdout *bufio.Writer
	stderr io.Writer
	raw    io.Writer // what stdout writes to in the end
	env    func(string) string
	bar    *progress.Bar // of the job that was started
}

// A screen is a terminal that output goes to. The progress, which would erase lines
// of it, ends before.
type screen struct{ *app }

func (s screen) Write(p []byte) (int, error) {
	s.bar.Stop()
	return s.raw.Write(p)
}

// run runs the command and returns its exit status.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{stdin: stdin, stderr: stderr, raw: stdout, env: os.Getenv}
	if f, ok := stdout.(interface{ Fd() uintptr }); ok && term.IsTerminal(f.Fd()) {
		stdout = screen{a}
	}
	a.stdout = bufio.NewWriterSize(stdout, 64<<10)
	root := a.rootCommand()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(a.stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	a.bar.Stop()
	if flushErr := a.stdout.Flush(); err == nil {
		err = flushErr
	}
	return a.exitStatus(ctx, err)
}

func (a *app) exitStatus(ctx context.Context, err error) int {
	var usage usageError
	switch {
	case err == nil:
		return exitDone
	case term.IsClosedPipe(err):
		return exitDone
	case ctx.Err() != nil && errors.Is(err, errUnwritten):
		fmt.Fprintf(a.stderr, "smtplog: %v\n", err)
		return exitInterrupted
	case ctx.Err() != nil:
		fmt.Fprintln(a.stderr, "smtplog: interrupted: what was printed is what had been read by then")
		return exitInterrupted
	case errors.Is(err, errFailed):
		return exitFailed
	}
	if text, ok := queryError(err, term.For(a.stderr, "auto", a.env).Color()); ok {
		fmt.Fprintf(a.stderr, "smtplog: %s", text)
	} else {
		fmt.Fprintf(a.stderr, "smtplog: %s\n", term.Safe(err.Error()))
	}
	if errors.As(err, &usage) || isUsage(err) {
		return exitUsage
	}
	return exitFailed
}

// isUsage recognises the errors of cobra, which have no type.
func isUsage(err error) bool {
	msg := err.Error()
	for _, prefix := range []string{"unknown command", "unknown flag", "unknown shorthand", "invalid argument", "flag needs", "accepts ", "requires ", "if any flags"} {
		if strings.HasPrefix(msg, prefix) {
			return true
		}
	}
	return false
}

func (a *app) rootCommand() *cobra.Command {
	cobra.MousetrapHelpText = "" // a double click shows the help instead
	root := &cobra.Command{
		Use:   "smtplog",
		Short: "Read the SMTP and message-tracking logs of Exchange and IIS",
		Long: `smtplog reads the SMTP protocol logs and message-tracking logs that Exchange, IIS
and their ancestors write, rebuilds each connection, and says what became of the
mail: what was accepted, what was refused, why, and who has to act.

PATH is a file, a folder (read with all below it), a glob (quoted or not; ** spans
folders), or - for standard input. Files may be compressed (.gz .zst .bz2 .xz) or
in archives (.zip .tar); what a file is goes by its content, never by its name.

Exit status: 0 done; 1 a file could not be read, a PATH is no log, or nothing
matches; 2 wrong usage; 130 interrupted.`,
		Example: `  smtplog analyze C:\Windows\System32\LogFiles\SMTPSVC1
  smtplog analyze W3SVC*.log --since 2026-11-01
  smtplog sessions --transcript customer.zip
  smtplog explain "550 5.7.1 Unable to relay"`,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noSuchCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w (smtplog %s --help shows the flags)", err, cmd.Name())}
	})
	root.SuggestionsMinimumDistance = 2
	root.SetVersionTemplate("smtplog {{.Version}}\n")
	root.AddCommand(
		a.analyzeCommand(), a.sessionsCommand(), a.recordsCommand(), a.messagesCommand(), a.traceCommand(), a.queryCommand(),
		a.exportCommand(), a.formatsCommand(), a.explainCommand(), a.ndrCommand(), a.probeCommand(), a.manCommand(),
	)
	return root
}

// noSuchCommand says what may have been meant by a command that there is not.
func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	text := fmt.Sprintf("unknown command %q", args[0])
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		text += "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return usageError{errors.New(text + " (smtplog --help lists the commands)")}
}

// version is that of the module, or what the build says of itself.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return info.Main.Version
}

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// errNoTool is returned for commands that need another program where there is
// none.
var errNoTool = errors.New("not installed")

// tools are the programs that README.md may pipe output to.
var tools = []string{"jq", "sort", "uniq", "head"}

// TestReadme runs every block of README.md that begins with "$ smtplog" and
// compares what it prints, standard error after standard output. Commands may
// be piped to the tools, and from there to smtplog.
func TestReadme(t *testing.T) {
	t.Chdir(root)
	readme, err := os.ReadFile("README.md")
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("there is no README.md")
	}
	if err != nil {
		t.Fatal(err)
	}
	var skipped, unwritten []string
	fresh := replayBlocks(string(readme), func(command, output string) string {
		got, err := shell(command)
		switch {
		case errors.Is(err, errNoTool):
			skipped = append(skipped, command)
			return output
		case err != nil:
			t.Errorf("%s: %v", command, err)
			return output
		case output == "" && got != "" && !*update:
			unwritten = append(unwritten, command)
		case got != output && !*update:
			t.Errorf("%s (-README.md +printed; go test ./cmd/smtplog -run Readme -update writes it anew):\n%s", command, cmp.Diff(output, got))
		}
		return got
	})
	if *update && fresh != string(readme) {
		if err := os.WriteFile("README.md", []byte(fresh), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if len(unwritten) > 0 {
		t.Skipf("README.md does not show yet what these print (go test ./cmd/smtplog -run Readme -update writes it):\n%s", strings.Join(unwritten, "\n"))
	}
	if len(skipped) > 0 {
		t.Skipf("without one of %v, these were not run:\n%s", tools, strings.Join(skipped, "\n"))
	}
}

// replayBlocks returns the text with the output of each command in its console
// blocks replaced by what replay returns. A line that ends with a backslash goes
// on in the next.
func replayBlocks(text string, replay func(command, output string) string) string {
	var fresh strings.Builder
	for text != "" {
		before, rest, found := strings.Cut(text, "```console\n")
		fresh.WriteString(before)
		if !found {
			break
		}
		fresh.WriteString("```console\n")
		block, after, _ := strings.Cut(rest, "```\n")
		if strings.HasPrefix(block, "$ smtplog ") {
			block = replayBlock(block, replay)
		}
		fresh.WriteString(block)
		fresh.WriteString("```\n")
		text = after
	}
	return fresh.String()
}

func replayBlock(block string, replay func(command, output string) string) string {
	var fresh strings.Builder
	for _, part := range strings.Split("\n"+block, "\n$ ")[1:] {
		shown, output, _ := strings.Cut(part, "\n")
		for strings.HasSuffix(shown, `\`) {
			var more string
			more, output, _ = strings.Cut(output, "\n")
			shown += "\n" + more
		}
		// The line end before the next command was cut off with it.
		if output != "" && !strings.HasSuffix(output, "\n") {
			output += "\n"
		}
		command := strings.ReplaceAll(shown, "\\\n", "")
		fmt.Fprintf(&fresh, "$ %s\n%s", shown, replay(command, output))
	}
	return fresh.String()
}

// shell runs a command line and returns what it prints.
func shell(line string) (string, error) {
	stages, err := words(line)
	if err != nil {
		return "", err
	}
	var out string
	var stderr bytes.Buffer
	for _, args := range stages {
		var stdin io.Reader = strings.NewReader(out)
		var stdout bytes.Buffer
		if n := len(args); n > 2 && args[n-2] == "<" {
			file, err := os.Open(args[n-1])
			if err != nil {
				return "", err
			}
			defer file.Close()
			stdin, args = file, args[:n-2]
		}
		if args[0] == "smtplog" {
			run(context.Background(), args[1:], stdin, &stdout, &stderr)
		} else if err := tool(args, stdin, &stdout); err != nil {
			return "", err
		}
		out = stdout.String()
	}
	return out + stderr.String(), nil
}

// tool runs one of the tools.
func tool(args []string, stdin io.Reader, stdout io.Writer) error {
	name := args[0]
	if !slices.Contains(tools, name) {
		return fmt.Errorf("only smtplog and %v are run, not %s", tools, name)
	}
	// The others are not the same programs everywhere.
	if _, err := exec.LookPath(name); err != nil || name != "jq" && runtime.GOOS != "linux" {
		return fmt.Errorf("%s: %w", name, errNoTool)
	}
	var stderr bytes.Buffer
	cmd := exec.Command(name, args[1:]...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, &stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, &stderr)
	}
	return nil
}

// words splits a command line as a shell does, into the commands of a pipeline
// and their words. It knows quotes and backslashes.
func words(line string) ([][]string, error) {
	stages := [][]string{nil}
	var word strings.Builder
	inWord := false
	end := func() {
		if inWord {
			last := len(stages) - 1
			stages[last] = append(stages[last], word.String())
			word.Reset()
			inWord = false
		}
	}
	var quote rune
	escaped := false
	for _, c := range line {
		switch {
		case escaped:
			if quote == '"' && !strings.ContainsRune("\"\\$`", c) {
				word.WriteByte('\\')
			}
			word.WriteRune(c)
			escaped = false
		case c == '\\' && quote != '\'':
			escaped, inWord = true, true
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(c)
		case c == '\'' || c == '"':
			quote, inWord = c, true
		case c == ' ':
			end()
		case c == '|':
			end()
			stages = append(stages, nil)
		default:
			word.WriteRune(c)
			inWord = true
		}
	}
	end()
	for _, args := range stages {
		if len(args) == 0 {
			return nil, fmt.Errorf("no command in %q", line)
		}
	}
	if quote != 0 || escaped {
		return nil, fmt.Errorf("%q ends within a quotation", line)
	}
	return stages, nil
}

func TestWords(t *testing.T) {
	for line, want := range map[string][][]string{
		`smtplog analyze 'logs/**/*.LOG' --top 3`:               {{"smtplog", "analyze", "logs/**/*.LOG", "--top", "3"}},
		`smtplog explain "550 5.7.1 Unable to relay"`:           {{"smtplog", "explain", "550 5.7.1 Unable to relay"}},
		`smtplog analyze a\ b --by '' | jq -r '.a[] | "\(.b)"'`: {{"smtplog", "analyze", "a b", "--by", ""}, {"jq", "-r", `.a[] | "\(.b)"`}},
		`smtplog ndr < "a\"b\n"`:                                {{"smtplog", "ndr", "<", `a"b\n`}},
	} {
		got, err := words(line)
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", line, diff)
		}
	}
	for _, line := range []string{`smtplog 'a`, `smtplog |`, `smtplog \`} {
		if got, err := words(line); err == nil {
			t.Errorf("%s: %q", line, got)
		}
	}
}

func TestReplayBlocks(t *testing.T) {
	const text = "# smtplog\n\n```console\n$ go install example.com/x@latest\nkept\n```\n\n" +
		"```console\n$ smtplog one\nold\nlines\n$ smtplog two \\\n    --flag\n$ smtplog three\nold\n```\n\nEnd.\n"
	const want = "# smtplog\n\n```console\n$ go install example.com/x@latest\nkept\n```\n\n" +
		"```console\n$ smtplog one\nnew one\n$ smtplog two \\\n    --flag\nnew two     --flag\n$ smtplog three\nnew three\n```\n\nEnd.\n"
	outputs := map[string]string{}
	got := replayBlocks(text, func(command, output string) string {
		outputs[command] = output
		return "new " + strings.TrimPrefix(command, "smtplog ") + "\n"
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	wantOutputs := map[string]string{"smtplog one": "old\nlines\n", "smtplog two     --flag": "", "smtplog three": "old\n"}
	if diff := cmp.Diff(wantOutputs, outputs); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
	if same := replayBlocks(text, func(_, output string) string { return output }); same != text {
		t.Errorf("replaying what stands there changes it:\n%s", same)
	}
}

func TestShell(t *testing.T) {
	t.Chdir(root)
	got, err := shell("smtplog explain --json 550 | jq -r .code")
	if errors.Is(err, errNoTool) {
		t.Skip(err)
	}
	if err != nil || got != "550\n" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := shell("smtplog analyze missing.log"); err != nil || got != "smtplog: missing.log: no such file or folder\n" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := shell("smtplog ndr < reply/ndr/testdata/postfix.eml"); err != nil || !strings.HasPrefix(got, "Not delivered") {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := shell("rm -r logs"); err == nil {
		t.Error("rm was run")
	}
}

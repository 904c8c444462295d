package main

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/smtplog/smtplog/logparse/testlog"
)

var update = flag.Bool("update", false, "write the scripts, the golden files and README.md anew")

// root is the folder of the module, seen from the package's.
const root = "../.."

// environment is what the command asks of its environment. The tests must not
// hang on that of whoever runs them.
var environment = []string{"COLUMNS", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "TERM"}

// TestMain lets scripts run the program itself as "smtplog-process".
func TestMain(m *testing.M) {
	for _, name := range environment {
		os.Unsetenv(name)
	}
	testscript.Main(m, map[string]func(){"smtplog-process": main})
}

// A result is what one run of the command left behind.
type result struct {
	stdout, stderr string
	code           int
}

// smtplog runs the command with text on its standard input.
func smtplog(stdin string, args ...string) result {
	var stdout, stderr bytes.Buffer
	code := run(context.Background(), args, strings.NewReader(stdin), &stdout, &stderr)
	return result{stdout.String(), stderr.String(), code}
}

// done runs the command and fails the test unless it exits with 0.
func done(t testing.TB, args ...string) string {
	t.Helper()
	r := smtplog("", args...)
	if r.code != exitDone {
		t.Fatalf("smtplog %s: exit status %d\n%s", strings.Join(args, " "), r.code, r.stderr)
	}
	return r.stdout
}

// shared returns the path of a collection of real logs or messages, and skips
// the test where there is none.
func shared(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(root, "..", "shared", name)
	if _, err := os.Stat(path); err != nil {
		t.Skip("the collection of real excerpts is not here: ", err)
	}
	return path
}

// writeFile writes a file below a folder, which it makes.
func writeFile(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// filesBelow returns the files of a folder and of those below it.
func filesBelow(t testing.TB, dir string) []string {
	t.Helper()
	var paths []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// played returns a log that testlog played.
func played(t testing.TB, opt testlog.Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := testlog.Generate(&b, opt); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

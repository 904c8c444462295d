package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScripts runs testdata/script/*.txtar. Each script has the project's own
// logs in the folder logs and the bounce messages in the folder bounces. Beside
// the usual commands it may use
//
//	smtplog ARGS [<FILE]        run the command; every exit status will do
//	status N                    the exit status of the last smtplog
//	pack ARCHIVE FILE…          make a .zip .tar .tar.gz .gz .zst or .xz
//	encode ENCODING FILE OUT    utf-8-bom, utf-16le, utf-16le-bom, utf-16be, utf-16be-bom
//	cut N FILE                  keep the first N bytes
//	base64 FILE OUT             decode
//	crlf FILE                   end lines with CRLF
//	printf OUT TEXT             write TEXT, taken as a Go string without its quotes
//	glob N PATTERN              there are N files with such a name
//
// "smtplog-process" is the program as a process of its own.
func TestScripts(t *testing.T) {
	root, err := filepath.Abs(root) // scripts change the working directory
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                filepath.Join(root, "testdata", "script"),
		UpdateScripts:      *update,
		RequireUniqueNames: true,
		Condition: func(cond string) (bool, error) {
			if cond == "root" { // to whom no file is unreadable
				return os.Geteuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		Setup: func(env *testscript.Env) error {
			env.Values["status"] = new(int)
			if err := os.CopyFS(filepath.Join(env.WorkDir, "logs"), os.DirFS(filepath.Join(root, "testdata", "logs"))); err != nil {
				return err
			}
			return os.CopyFS(filepath.Join(env.WorkDir, "bounces"), os.DirFS(filepath.Join(root, "reply", "ndr", "testdata")))
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"smtplog": scriptSmtplog,
			"status":  scriptStatus,
			"pack":    scriptPack,
			"encode":  scriptEncode,
			"cut":     scriptCut,
			"base64":  scriptBase64,
			"crlf":    scriptCRLF,
			"printf":  scriptPrintf,
			"glob":    scriptGlob,
		},
	})
}

// oneAtATime guards the working directory and the environment, which the
// process has but one of.
var oneAtATime sync.Mutex

// scriptSmtplog runs the command in this process: a process for each run would
// take the scripts a minute longer.
func scriptSmtplog(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("say which exit status: status 1")
	}
	stdin := ""
	if n := len(args) - 1; n >= 0 && strings.HasPrefix(args[n], "<") {
		stdin = ts.ReadFile(args[n][1:])
		args = args[:n]
	}
	oneAtATime.Lock()
	defer oneAtATime.Unlock()
	before, err := os.Getwd()
	ts.Check(err)
	ts.Check(os.Chdir(ts.MkAbs(".")))
	defer func() { ts.Check(os.Chdir(before)) }()
	for _, name := range environment {
		if value := ts.Getenv(name); value != "" {
			os.Setenv(name, value)
			defer os.Unsetenv(name)
		}
	}
	*ts.Value("status").(*int) = run(context.Background(), args, strings.NewReader(stdin), ts.Stdout(), ts.Stderr())
}

func scriptStatus(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || neg {
		ts.Fatalf("usage: status N")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := *ts.Value("status").(*int); got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

func scriptPack(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: pack ARCHIVE FILE…")
	}
	var members []member
	for _, name := range args[1:] {
		members = append(members, member{filepath.ToSlash(name), []byte(ts.ReadFile(name))})
	}
	b, err := pack(args[0], members...)
	ts.Check(err)
	write(ts, args[0], b)
}

func scriptEncode(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: encode ENCODING FILE OUT")
	}
	b, err := encode(args[0], []byte(ts.ReadFile(args[1])))
	ts.Check(err)
	write(ts, args[2], b)
}

func scriptCut(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: cut N FILE")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	write(ts, args[1], []byte(ts.ReadFile(args[1])[:n]))
}

func scriptBase64(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: base64 FILE OUT")
	}
	b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(ts.ReadFile(args[0])), ""))
	ts.Check(err)
	write(ts, args[1], b)
}

func scriptCRLF(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: crlf FILE")
	}
	write(ts, args[0], bytes.ReplaceAll([]byte(ts.ReadFile(args[0])), []byte("\n"), []byte("\r\n")))
}

func scriptPrintf(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: printf OUT TEXT")
	}
	text, err := strconv.Unquote(`"` + args[1] + `"`)
	ts.Check(err)
	write(ts, args[0], []byte(text))
}

func scriptGlob(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: glob N PATTERN")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	found, err := filepath.Glob(ts.MkAbs(args[1]))
	ts.Check(err)
	if len(found) != want {
		ts.Fatalf("%d files, want %d: %q", len(found), want, found)
	}
}

func write(ts *testscript.TestScript, name string, data []byte) {
	path := ts.MkAbs(name)
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o755))
	ts.Check(os.WriteFile(path, data, 0o644))
}

// TestScriptsSayWhatTheyShow checks that every script begins with a comment.
func TestScriptsSayWhatTheyShow(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(root, "testdata", "script", "*.txtar"))
	if err != nil || len(paths) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(b, []byte("# ")) {
			t.Errorf("%s does not begin with a comment that says what it shows", filepath.Base(path))
		}
	}
}

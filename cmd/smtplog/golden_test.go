package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/smtplog/smtplog/cmd/internal/term"
)

// golden compares what a command printed with a file of testdata/golden. The
// working directory is the module's root.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name)
	if *update {
		writeFile(t, path, []byte(got))
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; go test ./cmd/smtplog -update writes it anew):\n%s", path, diff)
	}
}

func TestGoldenText(t *testing.T) {
	t.Chdir(root)
	for _, width := range []string{"100", "140"} {
		t.Setenv("COLUMNS", width)
		golden(t, "analyze-"+width+".txt", done(t, "analyze", "--problems", "testdata/logs"))
	}
}

func TestGoldenJSON(t *testing.T) {
	t.Chdir(root)
	out := done(t, "analyze", "--json", "testdata/logs")
	for _, v := range conform(t, "analysis", out) {
		checkSums(t, v)
	}
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(out), "", " "); err != nil {
		t.Fatal(err)
	}
	golden(t, "analyze.json", b.String())
}

// TestWidth checks that no line is wider than the terminal, whatever is asked
// for.
func TestWidth(t *testing.T) {
	t.Chdir(root)
	dir := t.TempDir()
	long := strings.Repeat("long", 60)
	writeFile(t, filepath.Join(dir, "wide.log"), []byte(
		"SMTP Log started at 11/02/2026 08:50:01\r\n"+
			"SMTP: 08:50:01 [db] Connecting to '"+long+".example.com' on port 25.\r\n"+
			"SMTP: 08:50:01 [tx] MAIL FROM: <"+long+"@example.com>\r\n"+
			"SMTP: 08:50:01 [rx] 250 Ok\r\n"+
			"SMTP: 08:50:01 [tx] RCPT TO: <x@"+long+".example.net>\r\n"+
			"SMTP: 08:50:02 [rx] 550 5.1.1 受取人が見つかりません "+long+" "+long+"\r\n"))
	for _, columns := range []int{60, 80, 100, 140, 200} {
		t.Setenv("COLUMNS", strconv.Itoa(columns))
		commands := [][]string{
			{"analyze"},
			{"analyze", "--by", "reason", "--tz", "Asia/Kolkata"},
			{"sessions"},
			{"formats"},
		}
		if columns >= 80 { // eight columns have no room in less
			commands = append(commands, []string{"analyze", "--top", "0", "--by", "host,domain,code,reason"})
		}
		for _, args := range commands {
			for line := range strings.Lines(done(t, append(args, "testdata/logs", dir)...)) {
				line = strings.TrimSuffix(line, "\n")
				if n := term.DisplayWidth(line); n > columns {
					t.Errorf("%v at %d columns: %d: %s", args, columns, n, line)
				}
			}
		}
	}
}

//go:build unix

package main

import (
	"bytes"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestEndedFromOutside checks that what ends the program from outside leaves no
// temporary file: Ctrl-C, a service manager, a terminal that is closed.
func TestEndedFromOutside(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "smtplog-process")
	if err := os.Symlink(self, program); err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(filepath.Join(root, "testdata", "logs", "iis", "ex261102.log"))
	if err != nil {
		t.Fatal(err)
	}
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if signal.Ignored(sig) {
			continue // the tests run under nohup, and so do the programs that they start
		}
		dir := t.TempDir()
		cmd := exec.Command(program, "query", "records", "-", "--to", "rows.ndjson")
		cmd.Dir = dir
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// More than what the format is told by; the pipe stays open.
		if _, err := in.Write(bytes.Repeat(log, 1<<20/len(log))); err != nil {
			t.Fatal(err)
		}
		begun := func() int {
			entries, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			return len(entries)
		}
		for begun() == 0 {
			time.Sleep(time.Millisecond)
		}
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != exitInterrupted || begun() != 0 {
			t.Errorf("%v: exit status %d, %d files left behind", sig, code, begun())
		}
	}
}

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/input"
	"github.com/smtplog/smtplog/logparse/testlog"
)

// Conversations are the same bytes from plain files, whose rows are read again
// where memory is short, and from pipes, whose rows are kept.
func TestTranscriptsReadAgain(t *testing.T) {
	dir := t.TempDir()
	for _, format := range []logparse.Format{logparse.ExchangeSend, logparse.IISW3C} {
		path := filepath.Join(dir, format.String()+".log")
		var log bytes.Buffer
		if err := testlog.Stream(&log, testlog.Options{Seed: 3, Format: format, Connections: 400, AtOnce: 4, Hold: time.Minute}, nil, nil); err != nil {
			t.Fatal(err)
		}
		writeFile(t, path, log.Bytes())
		kept := smtplog(log.String(), "sessions", "--transcript", "--format", format.String(), "-")
		again := smtplog("", "sessions", "--transcript", "--format", format.String(), "--memory", "2MB", path)
		if kept.code != 0 || again.code != 0 || strings.ReplaceAll(again.stdout, path, "-") != kept.stdout {
			t.Errorf("%v: exit status %d and %d, %d bytes and %d\n%s", format, kept.code, again.code, len(kept.stdout), len(again.stdout), again.stderr)
		}
	}
}

// One file is open at a time, and opened only when it is read.
func TestPlainFiles(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a.log": "aaaa", "b.log": "bbbb", "c.log": "\xff\xfec\x00"} {
		writeFile(t, filepath.Join(dir, name), []byte(text))
	}
	sources, failed := input.Find(t.Context(), []string{dir}, nil)
	if len(failed) > 0 {
		t.Fatal(failed)
	}
	p := newPlainFiles(sources)
	for _, name := range []string{"a", "a", "b", "a"} {
		got := make([]byte, 2)
		if _, err := p.of(filepath.Join(dir, name+".log")).ReadAt(got, 1); err != nil || string(got) != name+name {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if p.of(filepath.Join(dir, "c.log")) != nil || p.of("-") != nil {
		t.Error("UTF-16 or a pipe is to be read at offsets")
	}
	gone := p.of(filepath.Join(dir, "b.log"))
	if err := os.Remove(filepath.Join(dir, "b.log")); err != nil {
		t.Fatal(err)
	}
	if _, err := gone.ReadAt(make([]byte, 1), 0); err == nil {
		t.Error("a file that is gone was read")
	}
	p.close()
}

//go:build unix

package analysis

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/input"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/reply/outcome"
)

// A file that stalls, when it is opened or later, does not keep what was found so
// far from being said.
func TestPartsStalled(t *testing.T) {
	for _, tt := range []struct {
		name  string
		stall func(t *testing.T, pipe, log string, cancel func())
		least int64 // sessions that are found
	}{
		{"read", func(t *testing.T, pipe, log string, cancel func()) {
			w, err := os.OpenFile(pipe, os.O_WRONLY, 0)
			if err != nil {
				return
			}
			defer w.Close()
			w.WriteString(strings.ReplaceAll(log, "08DE000000000001", "08DE000000000002"))
			cancel()
			<-t.Context().Done()
		}, 1},
		{"opened", func(t *testing.T, pipe, _ string, cancel func()) {
			time.Sleep(10 * time.Millisecond) // so that it is likely to be under way
			cancel()
			<-t.Context().Done()
			if w, err := os.OpenFile(pipe, os.O_RDWR, 0); err == nil { // which ends the opening
				w.Close()
			}
		}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) { checkStalled(t, tt.stall, tt.least) })
	}
}

func checkStalled(t *testing.T, stall func(t *testing.T, pipe, log string, cancel func()), least int64) {
	const log = "#Software: Microsoft Exchange Server\r\n#Version: 15.0.0.0\r\n#Log-type: SMTP Receive Protocol Log\r\n#Date: 2026-11-02T08:00:00.000Z\r\n" +
		"#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\r\n" +
		`2026-11-02T08:00:00.000Z,EX1\Default,08DE000000000001,0,10.0.0.1:25,192.0.2.7:50000,+,,` + "\r\n" +
		`2026-11-02T08:00:01.000Z,EX1\Default,08DE000000000001,1,10.0.0.1:25,192.0.2.7:50000,-,,Remote` + "\r\n"
	dir := t.TempDir()
	var paths []string
	for _, name := range []string{"a.log", "b.log", "c.log"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(log), 0o644); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	sources, errs := input.Find(ctx, paths, nil)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	partSize = 2 * int64(len(log)) // the third log is a part of its own
	defer func() { partSize = 0 }()
	o := Options{Read: logparse.Options{Jobs: 2}, By: DefaultKeys()}
	a := &Analysis{Failures: outcome.NewSummary(o.By, nil)}
	logs := Prepare(ctx, sources, &o.Read)
	building := session.Options{Terse: true}
	b := session.NewBuilder(&building, o.counting(a))
	logs.join = o.joiner(a, b, building)

	// Where the second log was is now what stalls behind the log.
	if err := os.Remove(paths[1]); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(paths[1], 0o600); err != nil {
		t.Skip(err)
	}
	go stall(t, paths[1], log, cancel)
	err := logs.ReadFrom(ctx, func(outcome.Time) {}, b.Add)
	b.Close()
	in := logs.Input()
	if err != context.Canceled || a.Sessions.Total < least || in.Counts.Lines%7 != 0 || in.Counts.Lines != 7*a.Sessions.Total || len(in.Failed) > 0 {
		t.Errorf("%v, %+v, %+v", err, a.Sessions, in)
	}
}

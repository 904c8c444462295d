package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/testlog"
)

// TestScreen checks that rows that are printed on a terminal stay there: the progress,
// shown on the same one, erases no line of them and leaves none of its own.
func TestScreen(t *testing.T) {
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	defer master.Close()
	fd := int(master.Fd())
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: 80})
	}
	if err != nil {
		t.Skip(err)
	}
	terminal, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	shown := make(chan string)
	go func() {
		text, _ := io.ReadAll(master) // ends with an error when nobody has the terminal open
		shown <- string(text)
	}()

	// A pipe that is slow in the middle, so that there is a progress to show.
	log := played(t, testlog.Options{Format: logparse.ExchangeReceive, Seed: 31, Connections: 300})
	in, w := io.Pipe()
	go func() {
		w.Write(log[:len(log)/2])
		time.Sleep(time.Second)
		w.Write(log[len(log)/2:])
		w.Close()
	}()
	code := run(context.Background(), []string{"records", "-", "--jobs", "1"}, in, terminal, terminal)
	terminal.Close()
	before, rows, found := strings.Cut(<-shown, `{"`)
	if code != exitDone || !found || strings.Contains(rows, "\x1b") || strings.Contains(rows, "1 file") {
		t.Errorf("exit status %d, %d bytes before the first row, escapes behind it: %d", code, len(before), strings.Count(rows, "\x1b"))
	}
}

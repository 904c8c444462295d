// Smtplog reads SMTP protocol logs and message-tracking logs of Exchange, IIS
// and their ancestors and says what became of the mail.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
)

func main() {
	// The heap holds open sessions and little else; collecting it more often
	// costs a few hundredths of the time and keeps memory flat. Where few are open
	// it would be collected for each megabyte of garbage: ballast, which is never
	// touched and takes no memory, spares that.
	debug.SetGCPercent(50)
	ballast := make([]byte, 8<<20)
	ctx, stop := signal.NotifyContext(context.Background(), endings()...)
	context.AfterFunc(ctx, stop) // the second Ctrl-C ends it at once
	ignoreBrokenPipes()
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	runtime.KeepAlive(ballast)
	os.Exit(code)
}

// endings are the signals that end a run. What has begun is cleared away before:
// a terminal or window that is closed, and a service that is stopped, leave no
// half-written file. A hang-up that nohup keeps off stays off.
func endings() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

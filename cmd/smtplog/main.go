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
	// The heap holds open sessions and messages and little else; collecting it more
	// often keeps memory flat, and costs a few hundredths of the time. It is
	// collected when it has grown by a quarter and 6 MB: ballast, which is never
	// touched and takes no memory, spares a small heap from being collected for each
	// megabyte of garbage.
	debug.SetGCPercent(25)
	ballast := make([]byte, 24<<20)
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

// Smtplog reads SMTP protocol logs and message-tracking logs of Exchange, IIS
// and their ancestors and says what became of the mail.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
)

func main() {
	// The heap holds open sessions and little else; collecting it more often
	// costs a few hundredths of the time and keeps memory flat.
	debug.SetGCPercent(50)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ignoreBrokenPipes()
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

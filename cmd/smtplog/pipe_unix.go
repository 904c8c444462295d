//go:build unix

package main

import (
	"os/signal"
	"syscall"
)

// ignoreBrokenPipes makes writing to a closed pipe an error like any other
// instead of a signal that ends the program.
func ignoreBrokenPipes() { signal.Ignore(syscall.SIGPIPE) }

//go:build !windows

package term

// isBrokenPipe knows the errors of the system beside EPIPE.
func isBrokenPipe(error) bool { return false }

package term

import (
	"errors"

	"golang.org/x/sys/windows"
)

// isBrokenPipe knows the errors of the system beside EPIPE: writing to a pipe
// fails with ERROR_NO_DATA while its reader is closing, then with the others.
func isBrokenPipe(err error) bool {
	return errors.Is(err, windows.ERROR_NO_DATA) ||
		errors.Is(err, windows.ERROR_BROKEN_PIPE) ||
		errors.Is(err, windows.ERROR_PIPE_NOT_CONNECTED)
}

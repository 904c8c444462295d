package term

import (
	"errors"
	"io"
	"syscall"
)

// IsClosedPipe reports whether err says that nobody reads what is written any
// more, as after "smtplog sessions . | head".
func IsClosedPipe(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe) || isBrokenPipe(err)
}

package probe

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// The numbers of Winsock: on Windows, the constants of package syscall are made
// up and never returned.
const (
	wsaeaddrnotavail = 10049
	wsaenetunreach   = 10051
	wsaeconnreset    = 10054
	wsaetimedout     = 10060
	wsaeconnrefused  = 10061
	wsaehostunreach  = 10065
)

// isErrno reports whether err stems from one of the system's errors.
func isErrno(err error, numbers ...syscall.Errno) bool {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return false
	}
	for _, n := range numbers {
		if errno == n {
			return true
		}
	}
	return false
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &ne) && ne.Timeout() || isErrno(err, wsaetimedout)
}

func isRefused(err error) bool { return isErrno(err, syscall.ECONNREFUSED, wsaeconnrefused) }

// hasNoRoute reports whether there is no way to the address from here.
func hasNoRoute(err error) bool {
	return isErrno(err, syscall.ENETUNREACH, syscall.EHOSTUNREACH, syscall.EADDRNOTAVAIL, wsaenetunreach, wsaehostunreach, wsaeaddrnotavail)
}

// netProblem says in a few words why there was no connection or no answer.
func netProblem(err error) string {
	switch {
	case errors.Is(err, io.EOF):
		return "closed without a reply"
	case isTimeout(err):
		return "no answer in time"
	case isRefused(err):
		return "connection refused"
	case isErrno(err, syscall.ECONNRESET, wsaeconnreset):
		return "connection reset"
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		return op.Err.Error()
	}
	return err.Error()
}

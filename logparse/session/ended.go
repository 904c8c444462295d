package session

import (
	"strings"

	"github.com/smtplog/smtplog/reply/outcome"
)

// ended says how the session ended, as far as the log shows it.
func (st *state) ended(b *Builder) Ended {
	switch {
	case st.lost && !st.connected:
		return EndedFailed
	case st.quit && !st.dropped:
		return EndedQuit
	case st.timedOut:
		return EndedTimeout
	case st.lost:
		return closings[st.closed]
	case st.dropped || st.superseded:
		return EndedRemote
	case st.refused && st.direction == outcome.Outbound:
		return EndedRemote
	case st.refused:
		return EndedLocal
	case b.silent(&st.course) || st.cutOff:
		return EndedCut
	}
	return EndedOpen
}

// closed is what a disconnect row says, in one byte.
type closed uint8

var closings = [...]Ended{EndedRemote, EndedLocal, EndedReset, EndedTimeout}

const (
	closedRemote closed = iota
	closedLocal
	closedReset
	closedTimeout
)

// closedBy reads the context of Exchange's disconnect row: "Local", "Remote",
// "Remote(ConnectionReset)", "Remote(SocketError)".
func closedBy(context []byte) closed {
	switch string(context) {
	case "Local":
		return closedLocal
	case "Remote":
		return closedRemote
	}
	cause := strings.ToLower(string(context[:min(len(context), maxTextLength)]))
	switch {
	case strings.Contains(cause, "reset"):
		return closedReset
	case strings.Contains(cause, "timedout"), strings.Contains(cause, "timeout"):
		return closedTimeout
	case strings.HasPrefix(cause, "local"):
		return closedLocal
	}
	return closedRemote
}

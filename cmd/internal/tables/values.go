package tables

import (
	"fmt"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/track"
)

// The values of columns that have but a few.
var (
	directions  = []string{reply.Inbound.String(), reply.Outbound.String()}
	classes     = []string{reply.OK.String(), reply.Transient.String(), reply.Permanent.String()}
	failures    = classes[1:]
	actors      = []string{"sender", "recipient", "ours", "remote", "none"}
	reasons     = names(reply.Reasons())
	formats     = names(logparse.Formats())
	kinds       = []string{"connect", "command", "reply", "info", "disconnect", "raw", "tracking"}
	results     = words(session.Accepted, session.Partial, session.Deferred, session.Rejected, session.Aborted, session.Unknown)
	verdicts    = words(session.Accepted, session.Deferred, session.Rejected, session.Unknown)
	confidences = words(session.Exact, session.Inferred, session.Ambiguous)
	sessionEnds = words(session.EndedQuit, session.EndedRemote, session.EndedLocal, session.EndedReset, session.EndedTimeout, session.EndedFailed, session.EndedCut, session.EndedOpen)
	messageEnds = words(track.EndedComplete, track.EndedOpen, track.EndedCut, track.EndedCapped)
	statuses    = words(track.Delivered, track.Failed, track.Partial, track.Deferred, track.Pending, track.Expanded, track.Redirected, track.Quarantined, track.Dropped)
)

func names[T fmt.Stringer](list []T) []string {
	var names []string
	for _, v := range list {
		names = append(names, v.String())
	}
	return names
}

func words[T ~string](list ...T) []string {
	var words []string
	for _, v := range list {
		words = append(words, string(v))
	}
	return words
}

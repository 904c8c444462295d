package track

import (
	"strings"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply"
)

// An effect is what an event means for its recipients.
type effect uint8

const (
	effectSeen        effect = iota // the message was there
	effectDelivered                 // in the mailbox
	effectSent                      // taken by another server
	effectTraced                    // Exchange Online says that it was taken by the mailbox or another server
	effectFailed                    // given up
	effectDeferred                  // put off
	effectHeld                      // waits for an administrator
	effectDropped                   // discarded without a report
	effectQuarantined               // held back
	effectExpanded                  // a group: the event's recipients are its members
	effectResolved                  // another address of the same recipient
	effectRedirected                // goes to the event's recipients instead
	effectNone                      // says nothing about recipients
)

var effects = map[string]effect{
	"DELIVER": effectDelivered, "DUPLICATEDELIVER": effectDelivered,
	"SEND": effectSent, "SENDEXTERNAL": effectSent,
	"FAIL": effectFailed, "BADMAIL": effectFailed, "SUBMITFAIL": effectFailed, "RESUBMITFAIL": effectFailed,
	"MODERATORREJECT": effectFailed, "MODERATIONEXPIRE": effectFailed, "MODERATORSALLNDR": effectFailed,
	"DEFER": effectDeferred, "SUBMITDEFER": effectDeferred, "RESUBMITDEFER": effectDeferred,
	"POISONMESSAGE": effectHeld,
	"DROP":          effectDropped, "SUPPRESSED": effectDropped,
	"EXPAND": effectExpanded, "RESOLVE": effectResolved, "REDIRECT": effectRedirected,
	// These name recipients that the message has twice.
	"DUPLICATEEXPAND": effectNone, "DUPLICATEREDIRECT": effectNone,
}

// traced are the statuses of message trace: of the cmdlet, and the last step of
// the historical search.
var traced = map[string]effect{
	"DELIVERED": effectTraced, "DELIVER": effectTraced, "SEND": effectTraced, "SENDEXTERNAL": effectTraced,
	"FAILED": effectFailed, "FAIL": effectFailed, "EXPANDED": effectExpanded, "EXPAND": effectExpanded,
	"QUARANTINED": effectQuarantined, "QUARANTINE": effectQuarantined,
	"FILTEREDASSPAM": effectDropped, "DROP": effectDropped, "DEFER": effectDeferred,
}

// effect returns what the event means for the recipient of that status.
func (e *Event) effect(status string) effect {
	switch {
	case e.quick && e.general != effectFailed && e.general != effectSent:
		return e.general
	case e.Source == "TRACE":
		if i := strings.LastIndexByte(status, ','); i >= 0 {
			status = status[i+1:]
		}
		return traced[upper(status)]
	case e.Format == logparse.Agent:
		return e.agentEffect()
	case e.Number == eventArchived:
		return effectQuarantined
	case e.Format == logparse.Tracking5 && status == "1" && e.EventID == "DELIVER":
		return effectSeen // a report that the original was not delivered
	}
	f := e.general
	switch {
	case f == effectFailed && quarantines(status):
		return effectQuarantined
	case f == effectSent && replyClass(status).Failed():
		return effectSeen // refused; another row says what became of it
	}
	return f
}

// agentEffect reads the action of an agent log's row.
func (e *Event) agentEffect() effect {
	switch a := e.EventID; {
	case strings.HasPrefix(a, "QUARANTINE"):
		return effectQuarantined
	case strings.HasPrefix(a, "DELETE"):
		return effectDropped
	case strings.HasPrefix(a, "REJECT"):
		return effectFailed
	}
	return effectNone
}

// quarantines recognises the failure with which the content filter moves a
// message to the quarantine mailbox: "550 5.2.1 Content Filter agent
// quarantined this message". In Exchange Online it is the event's own text.
func quarantines(status string) bool {
	return strings.Contains(lower(status), "quarantined")
}

// replyClass returns the class of a status that begins with a reply's code.
func replyClass(status string) reply.Class {
	code, ok := reply.ParseCode([]byte(status[:min(len(status), 4)]))
	if !ok {
		return reply.ClassNone
	}
	return code.Class()
}

// statusWords are no texts: the kind of a recipient, or the report status of
// Exchange 2003 and before.
func meaningful(status string) bool {
	switch status {
	case "", "To", "Cc", "Bcc", "0", "1", "-", notExported:
		return false
	}
	return true
}

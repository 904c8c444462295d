package track

import (
	"time"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// Status is the verdict about a recipient or a message.
type Status string

// The statuses. A recipient is never Partial.
const (
	Delivered   Status = "delivered"   // in the mailbox, or accepted by an outside host
	Failed      Status = "failed"      // given up
	Partial     Status = "partial"     // a message: some recipients delivered, others not
	Deferred    Status = "deferred"    // put off, and not heard of since
	Pending     Status = "pending"     // no verdict in the logs
	Expanded    Status = "expanded"    // a group: its members have verdicts of their own
	Redirected  Status = "redirected"  // goes to another address, which has its own verdict
	Quarantined Status = "quarantined" // held back, to be released or not
	Dropped     Status = "dropped"     // discarded without a report
)

// Statuses returns all statuses.
func Statuses() []Status {
	return []Status{Delivered, Failed, Partial, Deferred, Pending, Expanded, Redirected, Quarantined, Dropped}
}

// A Message is one mail as the tracking logs saw it, over all servers. What is
// not known is zero. Its strings share the memory of its rows: whoever keeps
// some of them and not the message clones them; the ids stand alone.
type Message struct {
	MessageID      string // with its <> where logged so
	NetworkID      string // network message id, lower case
	Subject        string
	Sender         string
	HasSender      bool  // false where no row has a sender; the null sender is "", true
	Bytes          int64 // the largest size that was logged
	Directionality string
	First          outcome.Time
	Last           outcome.Time
	Status         Status
	Recipients     []RecipientVerdict
	Hops           []Hop

	// Latency runs from the origination, as far as logged, to the last
	// delivery; 0 where nothing was delivered.
	Latency     time.Duration
	HasLatency  bool
	Origination outcome.Time

	Servers  []string // that wrote the rows, in the order in which they came in
	Sessions []Link
	Holes    []Hole
	Related  []Related // other messages: reports, moderation requests
	Inferred bool      // rows were joined by Message-ID, sender and time only
	Ended    Ended
	Formats  []logparse.Format

	number uint64           // tells the outcomes of messages apart
	begin  outcome.Position // of its first row
}

// Ended says why a message is handed out.
type Ended string

// The ends.
const (
	EndedComplete Ended = "complete" // every recipient has a final verdict
	EndedOpen     Ended = "open"     // the logs end first
	EndedCut      Ended = "cut"      // not heard of for the window, though the logs go on
	EndedCapped   Ended = "capped"   // handed out early for want of room
)

// A RecipientVerdict is what became of the message for one recipient.
type RecipientVerdict struct {
	Address string
	Alias   string // the address that it was sent to, where that was resolved to another one
	Status  Status
	At      outcome.Time // of the event that decided
	Server  string       // that logged it
	Pos     outcome.Position

	// The reply or error text that decided, if any.
	Code     reply.Code
	Enhanced reply.Enhanced
	Class    reply.Class
	Reason   reply.Reason
	Actor    reply.Actor
	Text     string
	Host     string // that accepted or refused, where the message had left us

	Deferrals     int          // how often it was put off
	DeferredSince outcome.Time // the first time; zero for never
	ExpandedInto  []string
	RedirectedTo  []string
	From          string // the group or address that brought this recipient in

	format    logparse.Format // of the row that decided
	connector string
}

// A Hop is one step of the message.
type Hop struct {
	Time       outcome.Time
	Server     string
	Source     string
	EventID    string
	Number     int // of a numbered event, else -1
	Detail     string
	Recipients []string
	InternalID string
	Connector  string
	Format     logparse.Format
	Pos        outcome.Position
	Elapsed    time.Duration // since the hop before, 0 for the first
	Latency    []LatencyPart // of what was sent or delivered by Exchange 2013 and later

	names []string // of the message
}

// A Link names a session of the protocol logs that carried the message.
type Link struct {
	Session     string // its id
	Server      string
	Direction   outcome.Direction
	Transaction int // index in the session's transactions, -1 for a front end's session
	Rule        Rule
	Sure        Sure
	Pos         outcome.Position // of the session's first line
	Start       outcome.Time
}

// A Rule names what joined a session and a message.
type Rule string

// The rules.
const (
	RuleSourceContext    Rule = "source_context"     // RECEIVE's source-context is the session's transaction
	RuleInternalID       Rule = "internal_id"        // RecordId, or InternalId in the reply, is the internal id on the same server
	RuleRemoteInternalID Rule = "remote_internal_id" // the next server's reply names its internal id
	RuleProxySession     Rule = "proxy_session"      // the front end's session behind a linked one
	RuleMessageID        Rule = "message_id"         // the same Message-ID, sender and recipient at about the same time
	RuleEnvelope         Rule = "envelope"           // the same server, sender and recipient at about the same time
)

// Sure says how sure a link is.
type Sure string

// The degrees.
const (
	Exact  Sure = "exact"
	Likely Sure = "likely"
)

// A Hole is a part of the trail that must exist and is in no log.
type Hole struct {
	Server   string
	Log      string       // "tracking log" or "mailbox delivery tracking log"
	From, To outcome.Time // where it would be
	Why      Why
	Text     string // a sentence
}

// Why says what is missing.
type Why string

// The kinds of holes.
const (
	NoLog  Why = "no_log"  // the server's log for the time is not among the files
	NoRows Why = "no_rows" // the log is there, but has no row of the message
)

// Related is another message that this one brought about, or was brought
// about by.
type Related struct {
	MessageID string
	Relation  string // RelationDSN, RelationOriginal or RelationModeration
}

// Outcomes yields an outcome for each recipient that failed or was put off, for
// counting.
func (m *Message) Outcomes(yield func(*outcome.Outcome) bool) {
	var o *outcome.Outcome // most messages have none
	for i := range m.Recipients {
		if r := &m.Recipients[i]; r.Status == Failed || r.Status == Deferred {
			if o == nil {
				o = new(outcome.Outcome)
			}
			m.outcome(r, o)
			if !yield(o) {
				return
			}
		}
	}
}

// Package session rebuilds SMTP connections from the records of protocol logs.
//
// A [Builder] takes records in the order of the log and hands out each
// [Session] when it is over. Formats that log a session id are put together by
// it; for the others a state machine follows the conversations and says how
// sure it is. What the log does not show is never made up: a recipient whose
// verdict is missing is unknown, and a session without an end is cut or open.
// Memory holds the open sessions only.
package session

import (
	"slices"
	"time"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// Confidence says how sure it is that the rows of a session belong together.
type Confidence string

// The degrees of confidence.
const (
	Exact     Confidence = "exact"     // the log has session ids
	Inferred  Confidence = "inferred"  // no other placement of the rows was possible or nearly as likely
	Ambiguous Confidence = "ambiguous" // the rows could belong to other sessions of the same host
)

// Ended says how a session ended.
type Ended string

// The ends of a session.
const (
	EndedQuit    Ended = "quit"    // the client said QUIT
	EndedRemote  Ended = "remote"  // the peer closed the connection
	EndedLocal   Ended = "local"   // the logging server closed it
	EndedReset   Ended = "reset"   // the connection was reset
	EndedTimeout Ended = "timeout" // one side waited too long
	EndedFailed  Ended = "failed"  // the connection was never made
	EndedCut     Ended = "cut"     // the log shows no end, though it goes on
	EndedOpen    Ended = "open"    // the log ends first
)

// Result is the verdict about a transaction or a recipient.
type Result string

// The results. A recipient is accepted, deferred, rejected or unknown.
const (
	Accepted Result = "accepted"
	Partial  Result = "partial"  // some recipients were accepted
	Deferred Result = "deferred" // none was, at least one may be tried again
	Rejected Result = "rejected" // all were refused for good
	Aborted  Result = "aborted"  // RSET, QUIT or a lost connection came first
	Unknown  Result = "unknown"  // the log does not show it
)

// Results counts transactions or recipients by their results.
type Results struct {
	Total, Accepted, Partial, Deferred, Rejected, Aborted, Unknown int64
}

// Count counts one with the result r.
func (n *Results) Count(r Result) {
	n.Total++
	switch r {
	case Accepted:
		n.Accepted++
	case Partial:
		n.Partial++
	case Deferred:
		n.Deferred++
	case Rejected:
		n.Rejected++
	case Aborted:
		n.Aborted++
	default:
		n.Unknown++
	}
}

// Add adds other to n.
func (n *Results) Add(other Results) {
	n.Total += other.Total
	n.Accepted += other.Accepted
	n.Partial += other.Partial
	n.Deferred += other.Deferred
	n.Rejected += other.Rejected
	n.Aborted += other.Aborted
	n.Unknown += other.Unknown
}

// A Verdict is a reply as it counts for a command, a recipient or a message.
// The zero Verdict means that none was seen.
type Verdict struct {
	Class    reply.Class
	Code     reply.Code
	Enhanced reply.Enhanced
	Text     string // as logged, lines joined with "\n"; "" where the log has only codes
	Time     outcome.Time
	Pos      outcome.Position

	seen bool
}

// Seen reports whether there was a reply.
func (v *Verdict) Seen() bool { return v.seen }

// A Recipient is one RCPT of a transaction.
type Recipient struct {
	To     string // the address without <>, as logged
	Result Result
	Verdict
}

// A Transaction is one submission of one message: MAIL to the end of the data,
// or to whatever came first.
type Transaction struct {
	From             string // the address without <>; "" for the null sender
	HasFrom          bool   // false where no MAIL was seen
	Size             int64  // octets: of the message where the log says so, else as declared with SIZE=; 0 where not known
	MessageID        string // with its <>
	InternalID       string // internal-message-id on the logging server
	RemoteInternalID string // internal-message-id on the next Exchange server, from its reply
	RemoteServer     string // host that its reply names
	SourceContext    string // "session;time;n" of the receive log: the source-context of the tracking log's RECEIVE
	Result           Result
	Recipients       []Recipient
	Mail             Verdict // the reply to MAIL
	Data             Verdict // the reply to DATA, the go-ahead 354 or a refusal; or of a BDAT that was refused
	EndOfData        Verdict // the reply to the end of the data
	Start            outcome.Time
}

// TLS is what the log says of the connection's encryption.
type TLS struct {
	Version string // "TLS1.2"; "" when the handshake failed
	Cipher  string // as logged, such as "CALG_AES_128"
	Bits    int    // strength of the cipher, 0 where not logged
	Error   string // why the handshake failed, such as "NoCredentials"
}

// Auth is what the log says of the login.
type Auth struct {
	Mechanism string
	User      string
	OK        bool
	Error     string // why it failed, as Exchange notes it: "LogonDenied"
}

// Proxied is the true client behind a front end (XPROXY, XPROXYFROM).
type Proxied struct {
	Client  string // address and port
	Session string // the session's id on the front end
	Helo    string
}

// A Message is a mail that the tracking logs know and the session carried. The
// Builder knows of none: who reads the tracking logs too puts them in.
type Message struct {
	MessageID   string // with its <>
	NetworkID   string
	Transaction int    // index in Transactions, -1 for a front end's session
	Rule        string // what joined the two: "source_context", "internal_id", …
	Sure        string // "exact" or "likely"
}

// A Source is a part of a session in one file.
type Source struct {
	File      string
	FirstLine int64
	LastLine  int64
	Lines     int64 // physical lines, continuation lines included
}

// Replies counts replies by class.
type Replies struct{ OK, Transient, Permanent int64 }

// Add adds other to r.
func (r *Replies) Add(other Replies) {
	r.OK += other.OK
	r.Transient += other.Transient
	r.Permanent += other.Permanent
}

// A Session is one SMTP connection as the log shows it. Builders reuse
// Sessions: what is to outlive the call that handed one out must be cloned.
// Strings are as logged; "" where not known.
type Session struct {
	ID           string // the log's own, or "file:line" of the first record
	Format       logparse.Format
	Direction    outcome.Direction
	Server       string // the server that wrote the log
	Connector    string
	Local        string // our end: address and port as far as logged
	Remote       string // the peer's end
	Greeting     string // the text of the 220
	Helo         string // the name in the last HELO or EHLO
	Start, End   outcome.Time
	Duration     time.Duration // of the connection; what the log says itself (IIS) is preferred to End−Start
	Ended        Ended
	Confidence   Confidence
	Unused       bool // connected, but never got past EHLO
	Proxied      *Proxied
	TLS          *TLS
	Auth         *Auth
	Tarpits      int           // how often Exchange made the peer wait
	Tarpitted    time.Duration // for how long in all
	Transactions []Transaction
	Results      struct{ Transactions, Recipients Results }
	Messages     []Message // of the tracking logs, where they were joined
	Replies      Replies
	Failures     []outcome.Outcome // each refusal and failure, once
	Sources      []Source
	Transcript   []Step // where the Builder was told to keep it
	Shortened    int64  // steps that the Transcript had no room for ([Options.Memory]), or that are not in the log any more

	ehlo      string // the reply to EHLO
	number    uint64
	outcome   *outcome.Outcome // that Outcomes yields
	refusedIn []int            // for each of the Failures its transaction, -1 for none
}

// A Step is a row of a session's transcript.
type Step struct {
	Time outcome.Time
	Kind logparse.Kind
	Sent bool       // by the logging server
	Code reply.Code // of the reply, where the command's row holds it
	Text string     // the command or reply as it went over the wire, or what the server noted
	Line int64
}

// Clone returns a copy that shares nothing with the Builder.
func (s *Session) Clone() *Session {
	c := *s
	c.outcome = nil
	c.Transactions = slices.Clone(s.Transactions)
	for i := range c.Transactions {
		t := &c.Transactions[i]
		t.Recipients = slices.Clone(t.Recipients)
	}
	c.Messages = slices.Clone(s.Messages)
	c.Failures = slices.Clone(s.Failures)
	c.refusedIn = slices.Clone(s.refusedIn)
	c.Sources = slices.Clone(s.Sources)
	c.Transcript = slices.Clone(s.Transcript)
	if s.Proxied != nil {
		p := *s.Proxied
		c.Proxied = &p
	}
	if s.TLS != nil {
		t := *s.TLS
		c.TLS = &t
	}
	if s.Auth != nil {
		a := *s.Auth
		c.Auth = &a
	}
	return &c
}

// Package outcome holds what SMTP sessions, tracked messages and bounce
// messages have in common: the verdict about one recipient or one command, and
// the count of such verdicts by chosen keys.
package outcome

import (
	"cmp"
	"strconv"

	"github.com/smtplog/smtplog/reply"
)

// Direction says on which side of the connection the log was written.
type Direction = reply.Direction

// The directions.
const (
	Inbound  = reply.Inbound  // the logging server was the SMTP server
	Outbound = reply.Outbound // the logging server was the client
)

// A Position is a place in a log.
type Position struct {
	File   string // the path as given or found, "a.zip!inner" in archives, "-" for stdin
	Line   int64  // from 1
	Offset int64  // bytes before the line in the decoded stream
}

// String returns "file:line".
func (p Position) String() string {
	return p.File + ":" + strconv.FormatInt(p.Line, 10)
}

// Compare orders positions by file and line.
func (p Position) Compare(q Position) int {
	if c := cmp.Compare(p.File, q.File); c != 0 {
		return c
	}
	return cmp.Compare(p.Line, q.Line)
}

// An Outcome is one verdict about one recipient, or about one command where no
// recipient is concerned. What is not known is zero.
type Outcome struct {
	Class    reply.Class
	Code     reply.Code
	Enhanced reply.Enhanced
	Reason   reply.Reason
	Actor    reply.Actor

	Direction Direction
	Verb      string // the command that was answered: CONNECT, MAIL, RCPT, EOM, …
	Domain    string // lower case, as logged (A-labels stay A-labels)
	Host      string // the peer
	Server    string // the server that wrote the log
	Connector string
	Format    string // the log's format
	Text      string // the reply as logged, "" where the log has only codes

	Time Time
	Pos  Position

	Recipient string // the address, where one is concerned
	IsReply   bool   // false where no reply was given, such as a failed connection

	// Session and Reply tell sessions, and replies of one session, apart when
	// they are counted. The outcomes of one session are added one after the
	// other, and those that stem from one reply follow each other.
	Session uint64
	Reply   uint32
}

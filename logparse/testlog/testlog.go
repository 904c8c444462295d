// Package testlog writes SMTP logs together with the truth about them: which
// row belongs to which connection, and what became of every recipient.
//
// It plays SMTP connections between made-up hosts, with the pace of bursting
// scripts, of mail servers near and far, and of people typing, and writes what
// IIS or Exchange would have logged. The same [Options] give the same bytes.
package testlog

import (
	"bufio"
	"io"
	"time"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// Options say what is played. The zero value of each field is the default.
type Options struct {
	Seed        uint64
	Format      logparse.Format // IISW3C, IISNCSA, IISMSIIS, ExchangeReceive or ExchangeSend; default IISW3C
	Fields      []string        // columns of a W3C log; default all that the service knows
	Connections int             // default 100
	Hosts       int             // how many peers there are; default 20
	AtOnce      int             // how many connections a peer keeps open at the same time; default 1
	SameHelo    bool            // a peer's connections all give one HELO name; else each of those open at once has its own
	Outbound    float64         // share of the peers that we connect to; an Exchange log has but one direction
	Pace        Pace            // default AnyPace
	Spread      time.Duration   // the peers begin within this time; default 10 minutes
	Hold        time.Duration   // every connection is held open at least this long before its end
	Start       time.Time       // default 2026-03-02 08:00 UTC
}

// Pace is how fast peers go through a conversation.
type Pace uint8

// The paces.
const (
	AnyPace Pace = iota // each peer has one of the following, people the least often
	Burst               // scripts: several commands a millisecond
	Near                // servers on the same network
	Far                 // servers across the internet
	Slow                // overloaded servers and slow lines
	Human               // people at a keyboard
	Even                // programs that wait the same time before each command
)

// A Session is the truth about one connection.
type Session struct {
	Number       int
	ID           string // Exchange's session id, "" in IIS logs
	Direction    outcome.Direction
	Host         string // the peer's address
	Helo         string // the last name given in HELO or EHLO, "" if there was none
	Start, End   time.Time
	Ended        Ended
	Rows         int // how many rows the log has of it
	TLS          bool
	User         string // who logged in, "" if nobody did
	Transactions []Transaction
}

// Ended says how a connection ended, in the words of the sessions' JSON.
type Ended string

// The ways a connection ends.
const (
	Quit   Ended = "quit"   // QUIT was sent
	Remote Ended = "remote" // the peer closed it, which the log shows
	Failed Ended = "failed" // it never came about
	Cut    Ended = "cut"    // the log holds no end
)

// A Transaction is what followed one MAIL.
type Transaction struct {
	From       string // without brackets, "" for the null sender
	Size       int64
	MessageID  string     // with its brackets
	Result     Result     // accepted, partial, deferred, rejected or aborted
	Code       reply.Code // of the last reply to MAIL, DATA, BDAT or the end of the data; 0 if none came
	Recipients []Recipient
}

// A Recipient is one RCPT and its verdict.
type Recipient struct {
	To     string
	Result Result     // accepted, deferred, rejected or unknown
	Code   reply.Code // of the reply that gave the verdict, 0 where it is unknown
}

// Result is a verdict in the words of the sessions' JSON.
type Result string

// The verdicts.
const (
	Accepted Result = "accepted"
	Partial  Result = "partial"
	Deferred Result = "deferred"
	Rejected Result = "rejected"
	Aborted  Result = "aborted"
	Unknown  Result = "unknown"
)

// Truth is what [Generate] wrote.
type Truth struct {
	Rows     []int     // the session number of each row, in the order of the file; header lines are no rows
	Sessions []Session // by number
}

// Generate writes a log and returns the truth about it.
func Generate(w io.Writer, opt Options) (*Truth, error) {
	truth := &Truth{}
	err := Stream(w, opt,
		func(_ int64, session int) { truth.Rows = append(truth.Rows, session) },
		func(s *Session) {
			for len(truth.Sessions) <= s.Number {
				truth.Sessions = append(truth.Sessions, Session{})
			}
			truth.Sessions[s.Number] = *s
		})
	return truth, err
}

// Stream writes a log as it is played, keeping only what is still open. It
// calls row for each row with its line, from 1, and the number of its session,
// and done for each session when its last row has been written. Either may be
// nil.
func Stream(w io.Writer, opt Options, row func(line int64, session int), done func(*Session)) error {
	if row == nil {
		row = func(int64, int) {}
	}
	if done == nil {
		done = func(*Session) {}
	}
	opt = opt.withDefaults()
	out := bufio.NewWriterSize(w, 64<<10)
	if err := newStage(opt, out, row, done).play(); err != nil {
		return err
	}
	return out.Flush()
}

func (o Options) withDefaults() Options {
	if o.Format == logparse.FormatUnknown {
		o.Format = logparse.IISW3C
	}
	if o.Fields == nil {
		o.Fields = allFields
	}
	if o.Connections <= 0 {
		o.Connections = 100
	}
	if o.Hosts <= 0 {
		o.Hosts = 20
	}
	if o.AtOnce <= 0 {
		o.AtOnce = 1
	}
	if o.Spread <= 0 {
		o.Spread = 10 * time.Minute
	}
	if o.Start.IsZero() {
		o.Start = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	}
	switch o.Format {
	case logparse.ExchangeReceive:
		o.Outbound = 0
	case logparse.ExchangeSend:
		o.Outbound = 1
	}
	return o
}

// Package testworld plays the mail of an organisation and writes the protocol
// and tracking logs of its servers together with the truth about every message:
// where it went, by which sessions, and what became of each recipient.
//
// The organisation has two sites with front ends and mailbox servers of
// Exchange 2007 to 2019, an Edge, a bridgehead of Exchange 2003, a server of
// Exchange 5.5 and mailboxes in Exchange Online. Its logs fit together: the
// source-context of a RECEIVE is the transaction of the receive log, the reply
// of a SEND names the internal id that the next server gave, the front end's
// session id stands in the XPROXYFROM of the back end. The same [Options] give
// the same bytes.
package testworld

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Options say what is played. The zero value of each field is the default.
type Options struct {
	Seed     uint64
	Messages int           // how many stories are played, most of them of one message; default 200
	Start    time.Time     // when the first one begins; default 2026-11-02 08:00 UTC
	Span     time.Duration // within which they begin; default 6 hours
	Only     []Story       // the stories that are played, in turn; default all of [Stories]

	// Versions changes the versions of EX1, EX2, EX3 and EDGE1, which are
	// 2016, 2019, 2013 and 2010. The other servers keep theirs.
	Versions map[string]Version

	// Export names servers whose tracking log is given as the output of
	// Get-MessageTrackingLog | Export-Csv in place of the log files.
	Export []string

	Trace TraceLayout // which export of Exchange Online is written
	BOM   bool        // a UTF-8 byte order mark in front of each log of Exchange 2007 and later

	// Lose says of each file whether it is lost: it is not written, and the
	// truth says what can no longer be seen. Nil loses nothing.
	Lose func(path string) bool
}

// TraceLayout is one of the layouts in which Exchange Online exports its
// message trace.
type TraceLayout uint8

// The layouts.
const (
	TraceCmdlet   TraceLayout = iota // Get-MessageTrace | Export-Csv: a row per recipient
	TraceSummary                     // historical search, enhanced summary: a row per message
	TraceExtended                    // historical search, extended: a row per event, UTF-16LE without a BOM
)

// A World is what [Play] wrote.
type World struct {
	Files    []File    // by path
	Lost     []File    // those that [Options.Lose] took away, by path
	Servers  []Server  // of the organisation
	Messages []Message // in the order in which they came into being
	Sessions []Session // by Session.Number
}

// A File is a log. Its path has the server's name in front:
// "EX1/MessageTracking/MSGTRK2026110208-1.LOG".
type File struct {
	Path   string
	Server string
	Data   []byte
	First  time.Time // of the first row
	Last   time.Time
}

// A Server is one that writes logs.
type Server struct {
	Name    string // "EX1", as paths and tracking logs have it
	FQDN    string // "EX1.example.com"
	Address string
	Site    string // "A", "B", "perimeter", "legacy", "cloud"
	Role    Role
	Version Version
}

// Role is what a server is for.
type Role string

// The roles.
const (
	FrontEnd   Role = "front end" // proxies SMTP to mailbox servers; writes no tracking log
	Mailbox    Role = "mailbox"   // hub and mailbox server
	Edge       Role = "edge"
	Bridgehead Role = "bridgehead" // Exchange 2003
	Legacy     Role = "5.5"        // Exchange 5.5 with its Internet Mail Service
	Cloud      Role = "cloud"      // Exchange Online
)

// Version is a generation of Exchange.
type Version int

// The versions.
const (
	V55    Version = 55
	V2003  Version = 2003
	V2007  Version = 2007 // 21 columns in the tracking log
	V2010  Version = 2010 // 26
	V2013  Version = 2013 // 27
	V2016  Version = 2016 // 30
	V2019  Version = 2019 // 30
	Online Version = 365
)

// Play plays what the options say.
func Play(opt Options) *World { return play(opt.withDefaults()) }

func (o Options) withDefaults() Options {
	if o.Messages <= 0 {
		o.Messages = 200
	}
	if o.Start.IsZero() {
		o.Start = time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	}
	o.Start = o.Start.UTC()
	if o.Span <= 0 {
		o.Span = 6 * time.Hour
	}
	if len(o.Only) == 0 {
		o.Only = Stories()
	}
	return o
}

// Write writes the files into the folder.
func (w *World) Write(dir string) error {
	for _, f := range w.Files {
		path := filepath.Join(dir, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("writing the world: %w", err)
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			return fmt.Errorf("writing the world: %w", err)
		}
	}
	return nil
}

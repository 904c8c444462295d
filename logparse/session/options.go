package session

import (
	"io"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply"
)

// Options say what a Builder keeps. A nil *Options is the zero value.
type Options struct {
	Transcript  bool // keep the conversation of each session
	ShowSecrets bool // keep passwords and SASL answers in it

	// Terse leaves out what counting does not need: the texts of replies that
	// accept, with the greeting and the capabilities, the name in HELO, the
	// verdicts that accept, and of the Transactions all but senders, recipients
	// and refusals. Of those that no failure concerns the Results remain alone; in
	// their place are empty ones, none in a session without failures.
	Terse bool

	// Unnamed, beside Terse, may leave out the ID and Local of sessions too, and
	// the Remote of those without failures.
	Unnamed bool

	// Memory is what the open sessions may hold together, in bytes; 0 is
	// DefaultMemory. When they hold more, those longest without an event are cut
	// ([Builder.Capped]). A quarter of it is for rows whose session is in doubt,
	// of logs without session ids: when they hold more, it is decided early. With
	// Transcript a half of it is for transcripts, which are shortened when they
	// hold more ([Session.Shortened]): that never costs a session.
	Memory int64

	// Again returns what reads the bytes of a log at their offsets, nil where
	// that is not possible (a pipe, compressed or UTF-16). With it, transcripts
	// keep no more than a part of the memory for texts: what goes beyond is read
	// again when the session is over.
	Again func(file string) io.ReaderAt

	// Classifier gives each failure its reason; nil is the built-in one.
	Classifier *reply.Classifier

	// Placed is called for each record when the session that it belongs to is
	// known, in the order of the records of one session. id is the session's
	// ID; secret says that the record holds a password or a SASL answer.
	Placed func(rec *logparse.Record, id string, secret bool)
}

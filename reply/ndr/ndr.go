// Package ndr reads bounce messages: non-delivery reports, delay warnings and
// delivery receipts, as delivery status notifications (RFC 3464) and as the
// text for people that mail servers wrote before there were any, and still
// write beside them.
//
// Only about half of real bounces have a machine-readable part that says
// enough, so the text is always read too, and fills in what the other part
// lacks. Broken MIME is read as far as it goes; see Report.Problems.
package ndr

import (
	"bufio"
	"errors"
	"io"

	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// A Kind says what sort of message was read.
type Kind string

// The kinds.
const (
	Bounce     Kind = "bounce"       // at least one recipient failed
	Delay      Kind = "delay"        // no recipient failed, some are still being tried
	Delivered  Kind = "delivered"    // a receipt: delivered, relayed or expanded
	AutoReply  Kind = "auto_reply"   // out of office, vacation (RFC 3834)
	Feedback   Kind = "feedback"     // an abuse report (RFC 5965)
	NotABounce Kind = "not_a_bounce" // anything else
)

// The limits of what is read. Reaching one is told in Report.Problems.
const (
	MaxMessage    = 32 << 20 // bytes of one message
	MaxRecipients = 10_000   // recipients of one message
	maxDepth      = 8        // multiparts inside multiparts
	maxParts      = 1_000    // parts of one message
	maxFields     = 5_000    // header fields of one part
	maxHuman      = 1 << 20  // bytes of text for people
	maxText       = 4 << 10  // bytes of Recipient.Text
	maxNested     = 3        // bounces attached to forwarding messages
	maxProblems   = 20
)

// ErrOutlookMsg is returned for a message that Outlook saved in its own
// format.
var ErrOutlookMsg = errors.New(`this is an Outlook .msg file, which smtplog does not read; ` +
	`save the bounce as .eml instead: open it in Outlook on the web or the new Outlook and choose "Download" or "Save as", ` +
	`or forward it as an attachment and save that, or copy its text into a .txt file`)

// A Report is what one message says.
type Report struct {
	Kind         Kind
	Product      string // the program that wrote it, "" when not known
	ReportingMTA string // the server that wrote it

	// Of the message that the report is about.
	MessageID        string // with its <>
	NetworkMessageID string // X-MS-Exchange-Organization-Network-Message-Id
	Subject          string
	From             string // the address of its From field
	To               string // its To field as it stands
	EnvelopeID       string // ENVID (RFC 3461 section 4.4)
	QueueID          string // under which the reporting server's log has it
	Arrived          outcome.Time

	Date       outcome.Time // of the report itself
	Recipients []Recipient
	Problems   []string // what is broken about the message
	Pos        outcome.Position

	session uint64
}

// A Recipient is the verdict about one recipient.
type Recipient struct {
	Address  string // "" when the report has only a Name
	Original string // the address that the sender wrote, where it is another
	Name     string // the display name, where the report has no address

	Action   string // failed, delayed, delivered, relayed or expanded (RFC 3464 section 2.3.3)
	Enhanced reply.Enhanced
	Code     reply.Code
	Class    reply.Class
	Reason   reply.Reason
	Actor    reply.Actor
	Remedy   string

	RemoteMTA string       // the server that gave the reply
	Text      string       // the diagnostic
	Attempt   outcome.Time // the last attempt
	Retry     outcome.Time // it is tried until then

	said string // what the text for people says about the recipient, with its line ends
}

// Read reads one message. It fails for what cannot be read at all, and with
// ErrOutlookMsg; a message that is no bounce is a Report of that Kind.
func Read(r io.Reader) (*Report, error) {
	br := bufio.NewReader(r)
	if err := refuse(br); err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(br, MaxMessage+1))
	if err != nil {
		return nil, err
	}
	return parse(b, outcome.Position{Line: 1}), nil
}

// refuse looks at the beginning for what is no mail message.
func refuse(br *bufio.Reader) error {
	// [MS-CFB] section 2.2: the signature of a compound file.
	if magic, _ := br.Peek(4); string(magic) == "\xD0\xCF\x11\xE0" {
		return ErrOutlookMsg
	}
	return nil
}

// parse reads the message b, which may be one byte longer than MaxMessage to
// tell that it was cut.
func parse(b []byte, pos outcome.Position) *Report {
	r := &Report{Pos: pos}
	if len(b) > MaxMessage {
		b = b[:MaxMessage]
		r.problem("the message is longer than 32 MiB; only that much was read")
	}
	m := newMessage(plainBytes(b), r)
	r.read(m, 0)
	r.session = sessionOf(r, m)
	return r
}

// read fills in r from m, or from the bounce that it forwards: as a quotation,
// or as an attachment when m itself is none.
func (r *Report) read(m *message, depth int) {
	if depth < maxNested && len(m.status) == 0 {
		for _, b := range m.quoted {
			if inner := newMessage(b, r); inner.reads() {
				trial := &Report{Pos: r.Pos, Problems: r.Problems}
				if trial.read(inner, depth+1); len(trial.Recipients) > 0 {
					*r = *trial
					return
				}
			}
		}
	}
	if r.readOne(m); r.Kind != NotABounce || depth == maxNested {
		return
	}
	for _, p := range m.attached {
		if inner := newMessage(p.decoded(), r); inner.reads() {
			r.read(inner, depth+1)
			return
		}
	}
}

func (r *Report) problem(text string) {
	if len(r.Problems) < maxProblems {
		r.Problems = append(r.Problems, text)
	}
}

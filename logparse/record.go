package logparse

import (
	"iter"
	"slices"

	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// Kind says what step of a conversation an event is.
type Kind uint8

// The kinds.
const (
	KindNone       Kind = iota
	KindConnect         // the connection was opened, or was about to be
	KindCommand         // the client's command; with Code where the row holds the reply's code too
	KindReply           // one line of the server's reply
	KindInfo            // something the logging server noted
	KindDisconnect      // the connection ended
	KindRaw             // the IMS's "IO: |" copy of a line that is logged again in parsed form: a record, but no event
	KindTracking        // a row of a tracking, trace, connectivity or agent log
	kindCount
)

var kindNames = [kindCount]string{"", "connect", "command", "reply", "info", "disconnect", "raw", "tracking"}

// String returns the kind's name as the JSON has it.
func (k Kind) String() string {
	if k < kindCount {
		return kindNames[k]
	}
	return ""
}

// An Event is one step of an SMTP conversation, whichever log it came from.
// Byte slices are nil where the log has no such value; what the log leaves
// empty or writes as "-" is nil too ([Record.Fields] tells them apart).
type Event struct {
	Kind      Kind
	Direction outcome.Direction

	// Where the conversation takes place.
	Session   []byte // the log's own session id (Exchange 2007 and later)
	Sequence  int64  // number of the row in its session, -1 where there is none
	Server    []byte // the server that wrote the log (s-computername, or the part of connector-id before "\")
	Connector []byte // connector-id, or the IIS virtual server (s-sitename, "SMTPSVC1")
	Local     []byte // our end: "10.0.0.1:25", or the address alone
	Remote    []byte // the peer's end, as logged: address with or without port; the IMS writes host names
	Helo      []byte // the name given in HELO, where each row repeats it (IIS inbound)

	// A command.
	Verb     Verb
	VerbText []byte // the verb as logged
	Arg      []byte // what follows the verb: "FROM:<a@example.com> SIZE=10"; IIS's "+" are blanks again

	// A reply, or what a command's row says of its reply.
	Code     reply.Code
	Enhanced reply.Enhanced
	More     bool   // another line of the same reply follows ("250-")
	Text     []byte // the reply's line as logged, code included; nil where the log has only the code

	// Exchange's own columns.
	Data    []byte
	Context []byte

	// IIS's counters, -1 where the row has none.
	Elapsed  int64 // time-taken in milliseconds
	Win32    int64 // sc-win32-status; on QUIT the length of the session in milliseconds
	BytesIn  int64 // cs-bytes: of the command; of the message for DATA and BDAT
	BytesOut int64 // sc-bytes: of the reply
}

// A Record is one row of a log. The Reader reuses it and the bytes it refers
// to, and relies on what it filled in: nobody else may change them, and what is
// to outlive the next call of [Reader.Next] must be cloned.
type Record struct {
	Pos    outcome.Position
	Lines  int // physical lines the record takes
	Format Format
	Time   outcome.Time
	Event

	raw    []byte  // the row as logged, its lines joined with "\n"
	layout *layout // the row's columns

	// The numbers of the knownConnector, or what else IIS has, and of the
	// knownSession whose values are filled in, and of that which the row is of, 0
	// for none. That of a knownStep stands in conversation.
	connector, shared, conversation uint64

	echo   uint32 // length of the raw line in front that is left out, with its end; 0 for none
	sparse bool   // rest fills in the others
	rest   filler // may be nil where nothing is left out
}

// A filler fills in what it left out of the record that it returned last: all of
// it, or what FillEnds says.
type filler interface {
	fill(*Record)
	fillEnds(*Record)
}

// Fill fills in what Next left out of r, with [Options.Sparse]: all but Pos, Lines,
// Format, Direction, Time, Kind, Verb, Code, Enhanced, More, the counters and the
// Conversation, the Arg of commands, and the Data and the Context of what is no
// command and no reply. Until then the rest may be that of earlier records. Fill
// must be called before the Reader's next Next.
func (r *Record) Fill() {
	if r.sparse {
		r.sparse = false
		r.rest.fill(r)
	}
}

// FillEnds is Fill for the Session, Server, Connector, Local, Remote and Helo alone.
func (r *Record) FillEnds() {
	if r.sparse {
		r.rest.fillEnds(r)
	}
}

// reset makes r the empty record.
func (r *Record) reset(pos outcome.Position, format Format) {
	*r = Record{}
	r.Pos, r.Lines, r.Format = pos, 1, format
	r.Sequence, r.Elapsed, r.Win32, r.BytesIn, r.BytesOut = -1, -1, -1, -1, -1
}

// Echoed reports whether a raw line of the IMS stands in front of r that says the
// same, and was left out, with [Options.Sparse].
func (r *Record) Echoed() bool { return r.echo > 0 }

// TakeEcho makes dst the raw line that was left out in front of r, and r a record
// behind one that was not. It reports false if there is none. The raw line is good
// as long as r, and has no columns.
func (r *Record) TakeEcho(dst *Record) bool {
	if r.echo == 0 {
		return false
	}
	*dst = *r
	dst.Kind, dst.raw, dst.layout, dst.echo = KindRaw, nil, nil, 0
	dst.Pos.Line--
	dst.Pos.Offset -= int64(r.echo)
	r.echo = 0
	return true
}

// Conversation returns a number that tells that two records are of the same
// session: those with the same one, but for 0, are of one log and have the same
// Server, Connector, Session, Local and Remote. Records of the same session may
// have different ones.
func (r *Record) Conversation() uint64 { return r.conversation }

// Peer returns a number that tells that two rows of IIS are of the same peer:
// those with the same one, but for 0, are of one log and have the same
// Direction, Remote, Helo, Connector, Server and Local. Rows of the same peer may
// have different ones, and rows of other formats have none. Those of late peers of
// a log differ in their lower 12 bits.
func (r *Record) Peer() uint64 {
	switch r.Format {
	case IISW3C, IISMSIIS, IISNCSA:
		return r.connector
	}
	return 0
}

// Raw returns the row as it stands in the log, decoded to UTF-8 only where the
// whole file had to be.
func (r *Record) Raw() []byte { return r.raw }

// Fields yields every column of the row with its own name and its value as it
// stands in the log: absent columns do not appear, empty and "-" are told
// apart. Values beyond the named columns are named by their number, "22".
func (r *Record) Fields() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		if r.layout == nil {
			return
		}
		i := 0
		r.layout.split(r.raw, func(value []byte) bool {
			i++
			return yield(r.layout.name(i), value)
		})
	}
}

// Values calls yield for each value that Fields yields, in the same order, until
// it returns false. Column has the names.
func (r *Record) Values(yield func(value []byte) bool) {
	if r.layout != nil {
		r.layout.split(r.raw, yield)
	}
}

// Column returns the name of the i-th value of the row, from 0.
func (r *Record) Column(i int) string {
	if r.layout == nil {
		return ""
	}
	return r.layout.name(i + 1)
}

// Columns returns the names of the row's columns, which must not be changed.
// Rows that share the slice share the columns.
func (r *Record) Columns() []string {
	if r.layout == nil {
		return nil
	}
	return r.layout.names
}

// Clone returns a copy of r that shares nothing with the Reader.
func (r *Record) Clone() *Record {
	c := new(Record)
	r.CloneInto(c)
	return c
}

// CloneInto makes dst, which was made by Clone or CloneInto or is the zero
// value, a copy of r that shares nothing with the Reader. It reuses the memory
// of what dst held before.
func (r *Record) CloneInto(dst *Record) {
	r.Fill()
	b := dst.raw[:0]
	*dst = *r
	dst.rest, dst.shared = nil, 0
	fields := [...]*[]byte{&dst.Session, &dst.Server, &dst.Connector, &dst.Local, &dst.Remote, &dst.Helo,
		&dst.VerbText, &dst.Arg, &dst.Text, &dst.Data, &dst.Context}
	size := len(r.raw)
	for _, f := range fields {
		size += len(*f)
	}
	b = append(slices.Grow(b, size), r.raw...)
	for _, f := range fields {
		n := len(*f)
		if n == 0 && *f == nil {
			continue
		}
		// What is a part of the row ends where the memory of the row does.
		at := cap(r.raw) - cap(*f)
		if n == 0 || at < 0 || at+n > len(r.raw) || &r.raw[at] != &(*f)[0] {
			at = len(b)
			b = append(b, *f...)
		}
		*f = b[at : at+n : at+n]
	}
	// What follows the row in its memory is the fields, for the next CloneInto.
	dst.raw = b[:len(r.raw)]
}

package session

import (
	"time"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// A course is what is known of the course of any session in the making. What
// every row touches stands first.
type course struct {
	end       int64  // time of the last row, Unix nanoseconds
	order     uint64 // number of the last record
	lastLine  int64
	lines     uint32
	file      uint32 // number of the file that the rows come from
	stream    uint32 // index of the stream
	accepting uint32 // replies that were ok
	steps     int32  // what counts for MaxSteps

	format      logparse.Format
	direction   outcome.Direction
	closed      closed // what the disconnect row says
	startDigits uint8  // of the time's fraction plus one, 0 for no time
	endDigits   uint8

	connected bool // the connection was seen to be made, or to exist
	begun     bool // its beginning is in the log
	used      bool // something other than greetings was said
	named     bool // HELO or EHLO gave a name
	quit      bool
	lost      bool // the log says that the connection is gone
	challenge bool // the server asked for the next SASL answer

	start     int64
	number    uint64 // of the session
	firstLine int64
}

// follows takes in the time of a row that is not before that of the last. It
// reports false, and does nothing, for another time.
func (c *course) follows(at instant) bool {
	if at.digits != c.endDigits || at.ns < c.end {
		return false
	}
	c.end = at.ns
	return true
}

// at takes in the time of a row.
func (c *course) at(at instant) {
	switch {
	case at.digits == 0:
	case c.endDigits == 0:
		c.start, c.startDigits, c.end, c.endDigits = at.ns, at.digits, at.ns, at.digits
	case (instant{c.end, c.endDigits}).before(at):
		c.end, c.endDigits = at.ns, at.digits
	case at.before(instant{c.start, c.startDigits}):
		c.start, c.startDigits = at.ns, at.digits
	}
}

// count counts the record's lines, which are of the same file as those before.
func (c *course) count(rec *logparse.Record) {
	first, last := rec.Pos.Line, rec.Pos.Line+int64(rec.Lines)-1
	switch {
	case c.lines == 0:
		c.firstLine, c.lastLine = first, last
	case first > c.lastLine:
		c.lastLine = last
	default:
		c.firstLine = min(c.firstLine, first)
		c.lastLine = max(c.lastLine, last)
	}
	c.lines += uint32(rec.Lines)
}

// A state is a session in the making: what is known so far and what the
// conversation waits for. The [Session] is made of it when it is over.
type state struct {
	course
	key
	place        uint32 // in Builder.states
	conversation uint64 // of rows, 0 if not known

	id      string
	remote  string
	ends    *ends
	earlier []Source // the files before that of the last row

	helo         text
	words        words
	transactions []transaction
	recipients   []recipient // of all transactions, one after the other
	refusals     []refusal
	queue        commands // that were not answered yet
	current      int32    // index of the transaction under way, -1 for none
	deferring    uint32   // replies that were transient
	refusing     uint32   // permanent
	greeting     text
	ehlo         text        // the reply to EHLO
	partial      *verdict    // of a reply whose end is to come
	record       *transcript // nil when none is kept
	notes
	settled settled // transactions that are not in the list any more

	confidence confidence
	replied    bool // there was a reply
	dropped    bool // IIS: the QUIT row stands for a lost connection
	timedOut   bool // the last reply was a 421 for one side that waited too long
	over       bool // QUIT was answered
	refused    bool // the last reply was a 421: the server closes the connection
	superseded bool // the next connection began in the same file
	cutOff     bool // a bound was reached

	listed  bool  // it is in Builder.states or Builder.serial, or the matcher's: what it holds counts
	deepest int16 // the queue was
	bytes   int32 // that the session holds, about

	quitMS          int64 // length that IIS logs on QUIT, -1 for none
	lastIn, lastOut int64 // IIS counters of the row before

	announcedMessageID text // what a send log announces before MAIL
	announcedRecordID  text

	raw *rawLine // an IMS raw line that waits for its parsed twin
}

// notes are what the log says of a connection beside the conversation.
type notes struct {
	tls       *TLS
	auth      *Auth
	proxied   *Proxied
	tarpitted time.Duration
	tarpits   int32
	loggedIn  bool // before the last AUTH
}

// settled counts transactions of which nothing failed and no more is to come,
// and their recipients, by their results.
type settled struct {
	accepted, aborted, unknown            uint32
	acceptedRecipients, unknownRecipients uint32
}

// transactions returns how many there were.
func (n *settled) transactions() int { return int(n.accepted + n.aborted + n.unknown) }

// ends are what the connections of one server's connector have in common.
type ends struct{ server, connector, local string }

// A confidence is a Confidence in one byte.
type confidence uint8

var confidences = [...]Confidence{Exact, Inferred, Ambiguous}

const (
	exact confidence = iota
	inferred
	ambiguous
)

// An instant is an outcome.Time in less room, where its digits find some.
type instant struct {
	ns     int64
	digits uint8 // one more than the time has, 0 for no time
}

func instantOf(t outcome.Time) instant {
	return instant{t.UnixNano(), t.Precision()}
}

// before orders instants as [outcome.Time] does.
func (i instant) before(j instant) bool {
	return i.ns < j.ns || i.ns == j.ns && i.digits < j.digits
}

func (i instant) time() outcome.Time {
	if i.digits == 0 {
		return outcome.Time{}
	}
	return outcome.Unix(i.ns, int(i.digits)-1)
}

// A verdict is a Verdict in the making: 40 bytes.
type verdict struct {
	at       int64 // Unix nanoseconds
	line     int64
	text     text
	file     uint32 // index of the source
	enhanced reply.Enhanced
	code     reply.Code
	class    reply.Class
	digits   uint8 // of the time's fraction plus one, 0 for no time
	seen     bool
}

// A recipient is a Recipient in the making.
type recipient struct {
	to text
	verdict
}

// A transaction is a Transaction in the making.
type transaction struct {
	mail, data, endOfData verdict
	from                  text
	messageID             text
	internalID            text
	sourceContext         text
	size                  int64
	at                    int64  // when it began, Unix nanoseconds
	first, count          int32  // its recipients in the session's
	settled               uint32 // transactions before it that are not in the list any more
	inside                int32  // index of the transaction that was under way when its MAIL came, -1 for none
	digits                uint8  // of the time's fraction plus one, 0 for no time
	hasFrom               bool
	failed                bool // a refusal concerns it
	end                   transactionEnd
}

type transactionEnd uint8

const (
	endNone   transactionEnd = iota
	endData                  // the end of data was answered, or DATA was refused
	endByPeer                // RSET, QUIT or HELO came first
	endByMail                // another MAIL came first
)

// A refusal is a failed reply or a failure without a reply, and what it
// concerned.
type refusal struct {
	verdict
	verb        logparse.Verb
	isReply     bool
	name        text  // of a verb that is not known
	domain      text  // that the log names
	transaction int32 // index in the state's, -1 for none
	recipient   int32 // of the transaction
}

// reset makes st a fresh session that uses the memory of the one before.
func (st *state) reset() {
	earlier, words, transactions, recipients := st.earlier[:0], st.words[:0], st.transactions[:0], st.recipients[:0]
	refusals, waiting, record := st.refusals[:0], st.queue.list[:0], st.record
	*st = state{} // in its place: it is not copied there
	st.earlier, st.words, st.transactions, st.recipients = earlier, words, transactions, recipients
	st.refusals, st.queue.list, st.record = refusals, waiting, record
	st.current, st.quitMS, st.lastIn, st.lastOut = -1, -1, -1, -1
}

// trim gives back room that the session had no use for, but for what many need:
// else every state would grow to the largest session that it ever held.
func (st *state) trim() {
	st.earlier = trimmed(st.earlier, 4)
	st.words = trimmed(st.words, 2048)
	st.transactions = trimmed(st.transactions, 8)
	st.recipients = trimmed(st.recipients, 32)
	st.refusals = trimmed(st.refusals, 16)
	st.queue.list = trimmed(st.queue.list, 32)
	if st.record != nil {
		*st.record = transcript{packed: trimmed(st.record.packed, 4<<10)[:0]}
	}
}

// trimmed returns list, or nil when it has room for much more than it holds.
func trimmed[E any, L ~[]E](list L, few int) L {
	if cap(list) > 2*len(list)+few {
		return nil
	}
	return list
}

// verdictAt returns the beginning of a verdict that stands in the record.
func (st *state) verdictAt(rec *logparse.Record, class reply.Class) verdict {
	at := instantOf(rec.Time)
	return verdict{at: at.ns, digits: at.digits, line: rec.Pos.Line, file: uint32(len(st.earlier)), class: class}
}

// replyAt returns the verdict of the reply in the record, but for its text.
func (st *state) replyAt(rec *logparse.Record) verdict {
	v := st.verdictAt(rec, rec.Code.Class())
	v.code, v.enhanced = rec.Code, rec.Enhanced
	return v
}

func (v *verdict) time() outcome.Time { return instant{v.at, v.digits}.time() }

// recipientsOf returns the recipients of a transaction.
func (st *state) recipientsOf(t *transaction) []recipient {
	return st.recipients[t.first : t.first+t.count]
}

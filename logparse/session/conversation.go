package session

import (
	"bytes"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply/outcome"
)

// A state is a session in the making: what is known so far and what the
// conversation waits for.
type state struct {
	Session

	stream *stream
	key    string // in Builder.open; "" for sessions without ids
	last   int64  // time of the last event, Unix nanoseconds; 0 for none
	order  uint64 // number of the last record

	queue    commands // that were not answered yet
	current  int      // index of the transaction under way, -1 for none
	refusals []refusal
	numbered uint32 // replies so far
	ehlo     string // the reply to EHLO

	hasPartial  bool   // a reply's end is to come
	partial     []byte // its lines so far
	partialLine Verdict

	connected  bool // the connection was seen to be made, or to exist
	begun      bool // its beginning is in the log
	used       bool // something other than greetings was said
	quit       bool
	dropped    bool // IIS: the QUIT row stands for a lost connection
	timedOut   bool // the last reply was a 421 for one side that waited too long
	lost       bool // the log says that the connection is gone
	over       bool // QUIT was answered
	refused    bool // the last reply was a 421: the server closes the connection
	superseded bool // the next connection began in the same file
	cutOff     bool // a bound was reached

	steps           int // what counts for MaxSteps
	bytes           int // that the session holds, about
	deepest         int // the queue was
	transcriptBytes int
	closing         string // the context of the disconnect row
	challenge       bool   // the server asked for the next SASL answer
	loggedIn        bool   // before the last AUTH
	quitMS          int64  // length that IIS logs on QUIT, -1 for none

	lastIn, lastOut int64 // IIS counters of the row before

	announcedMessageID string // what a send log announces before MAIL
	announcedRecordID  string

	raw *logparse.Record // an IMS raw line that waits for its parsed twin
}

// A refusal is a failed reply or a failure without a reply, and what it
// concerned.
type refusal struct {
	Verdict
	verb        string
	domain      string // that the log names
	transaction int
	recipient   int
	isReply     bool
}

func (st *state) reset() {
	*st = state{
		Session: Session{
			Transactions: st.Transactions[:0],
			Failures:     st.Failures[:0],
			Sources:      st.Sources[:0],
			Transcript:   st.Transcript[:0],
			refusedIn:    st.refusedIn[:0],
		},
		queue:    commands{list: st.queue.list[:0]},
		refusals: st.refusals[:0],
		partial:  st.partial[:0],
		current:  -1,
		quitMS:   -1,
		lastIn:   -1,
		lastOut:  -1,
	}
}

// event takes the session one step on.
func (b *Builder) event(st *state, rec *logparse.Record) {
	switch rec.Kind {
	case logparse.KindConnect:
		st.connected, st.begun = true, true
		st.queue.add(pending{verb: logparse.VerbConnect, transaction: -1, recipient: -1})
	case logparse.KindCommand:
		st.connected = true
		st.endPartial(b)
		b.command(st, rec)
	case logparse.KindReply:
		st.connected = true
		b.replyLine(st, rec)
	case logparse.KindInfo:
		b.info(st, rec)
	case logparse.KindDisconnect:
		st.endPartial(b)
		st.connected, st.lost = true, true
		st.closing = string(rec.Context[:min(len(rec.Context), maxTextLength)])
	}
}

func (b *Builder) command(st *state, rec *logparse.Record) {
	st.begun = st.begun || !rec.Format.HasSessionID()
	if st.answersChallenge(rec) {
		if rec.Code != 0 {
			b.reply(st, verdictOf(rec), rec.Text)
		}
		return
	}
	if rec.Format == logparse.OutlookSMTP && st.receivesData() && !endsData(rec) {
		return // a line of the message
	}
	waiting := st.queue.waiting()
	if n := len(waiting); n > 0 && waitsForReply(rec.Format, waiting[n-1].verb) {
		st.queue.clear() // a reply that is still missing was not logged
		waiting = nil
	}
	p := pending{verb: rec.Verb, transaction: -1, recipient: -1}
	switch rec.Verb {
	case logparse.VerbHELO, logparse.VerbEHLO, logparse.VerbLHLO:
		st.begun = true
		st.endTransaction()
		if name := bytes.TrimSpace(rec.Arg); len(name) > 0 {
			st.Helo = st.keep(b, name)
		}
	case logparse.VerbMAIL:
		st.used = true
		p.transaction = b.mail(st, rec)
	case logparse.VerbRCPT:
		st.used = true
		p.transaction, p.recipient = b.rcpt(st, rec)
	case logparse.VerbDATA:
		st.used = true
		p.transaction = st.current
		p.last = b.dataRow(st, rec)
	case logparse.VerbBDAT:
		st.used = true
		p.transaction = st.current
		p.last = rec.Arg == nil || endsWithLast(rec.Arg)
	case logparse.VerbAUTH, logparse.VerbXEXPS:
		b.authRow(st, rec)
	case logparse.VerbRSET:
		st.endTransaction()
		if !rec.Format.HasSessionID() {
			// QUIRK: the IIS SMTP service (Exchange 2000/2003) resets a refused
			// transaction and logs no reply row for the RCPT before.
			st.queue.clear()
			waiting = nil
		}
	case logparse.VerbQUIT:
		st.endTransaction()
		st.quitRow(rec)
	case logparse.VerbXPROXY, logparse.VerbXPROXYFROM:
		st.used = true
		st.proxied(rec.Arg)
	case logparse.VerbNOOP, logparse.VerbSTARTTLS, logparse.VerbAnonymousTLS:
	case logparse.VerbOther:
		p.name = b.text.upper(rec.VerbText[:min(len(rec.VerbText), maxTextLength)])
	default:
		st.used = true
	}
	if rec.Code != 0 {
		v := verdictOf(rec)
		v.Text = st.keep(b, rec.Text)
		b.answer(st, p, v)
	} else if len(waiting) < maxQueue {
		if st.queue.add(p); len(waiting) >= st.deepest {
			st.deepest = len(waiting) + 1
			st.hold(b, 2*pendingSize) // there is room for those that do not wait any more
		}
	}
	st.lastIn, st.lastOut = rec.BytesIn, rec.BytesOut
}

// verdictOf returns what the record says of a reply, but for its text.
func verdictOf(rec *logparse.Record) Verdict {
	return Verdict{Class: rec.Code.Class(), Code: rec.Code, Enhanced: rec.Enhanced, Time: rec.Time, Pos: rec.Pos}
}

// keep returns the text as a string and counts it to what the session holds;
// short ones count with the step that they belong to.
func (st *state) keep(b *Builder, text []byte) string {
	if len(text) > maxTextLength {
		st.hold(b, len(text))
	}
	return b.text.string(text)
}

// hiddenAnswer is what Exchange 2007 and later log in place of a SASL answer.
const hiddenAnswer = "<authentication response>"

// answersChallenge reports whether the row is the client's answer to a SASL
// challenge (RFC 4954 section 4), which looks like an unknown command.
func (st *state) answersChallenge(rec *logparse.Record) bool {
	if string(rec.Data) == hiddenAnswer {
		return true
	}
	if !st.challenge {
		return false
	}
	if rec.Verb != logparse.VerbOther && rec.Verb != logparse.VerbNone {
		st.challenge = false
		return false
	}
	st.challenge = false
	return true
}

// endsData reports whether a row is a command for certain, and no line of a
// message that begins like one.
func endsData(rec *logparse.Record) bool {
	switch rec.Verb {
	case logparse.VerbQUIT, logparse.VerbRSET:
		return len(rec.Arg) == 0
	case logparse.VerbMAIL:
		_, _, ok := pathArg(rec.Arg, "FROM:")
		return ok
	}
	return false
}

// waitsForReply reports whether a client sends nothing behind the verb before
// it has its reply (RFC 2920 section 3.1). Behind the end of the data it may,
// but neither IIS nor the IMS logs a client that does.
func waitsForReply(f logparse.Format, v logparse.Verb) bool {
	switch v {
	case logparse.VerbHELO, logparse.VerbEHLO, logparse.VerbLHLO, logparse.VerbSTARTTLS, logparse.VerbAnonymousTLS,
		logparse.VerbAUTH, logparse.VerbXEXPS, logparse.VerbDATA, logparse.VerbQUIT,
		logparse.VerbNOOP, logparse.VerbVRFY, logparse.VerbEXPN, logparse.VerbTURN:
		return true
	case logparse.VerbEOM:
		return !f.HasSessionID()
	}
	return false
}

func (b *Builder) mail(st *state, rec *logparse.Record) int {
	if st.current >= 0 {
		if t := &st.Transactions[st.current]; t.end == endNone {
			t.end = endByMail
		}
	}
	t := st.newTransaction(b, rec.Time)
	t.HasFrom = true
	address, params, ok := pathArg(rec.Arg, "FROM:")
	if !ok {
		address = rec.Arg
	}
	t.From = st.keep(b, address)
	t.Size = number(param(params, "SIZE"))
	t.MessageID, t.InternalID = st.announcedMessageID, st.announcedRecordID
	st.announcedMessageID, st.announcedRecordID = "", ""
	return st.current
}

func (b *Builder) rcpt(st *state, rec *logparse.Record) (transaction, recipient int) {
	if st.current < 0 {
		st.newTransaction(b, rec.Time)
	}
	t := &st.Transactions[st.current]
	address, _, ok := pathArg(rec.Arg, "TO:")
	if !ok {
		address = rec.Arg
	}
	st.step(b)
	t.Recipients = append(t.Recipients, Recipient{To: st.keep(b, address)})
	return st.current, len(t.Recipients) - 1
}

// authRow reads the mechanism of AUTH; an answer may stand behind it.
func (b *Builder) authRow(st *state, rec *logparse.Record) {
	a := st.auth()
	st.loggedIn = a.OK
	if words := bytes.Fields(rec.Arg); len(words) > 0 && !a.OK {
		a.Mechanism = b.text.upper(words[0])
	}
}

// newTransaction begins a transaction. It reuses the recipients of a
// transaction of an earlier session.
func (st *state) newTransaction(b *Builder, at outcome.Time) *Transaction {
	st.step(b)
	n := len(st.Transactions)
	if n < cap(st.Transactions) {
		st.Transactions = st.Transactions[:n+1]
	} else {
		st.Transactions = append(st.Transactions, Transaction{})
	}
	t := &st.Transactions[n]
	*t = Transaction{Recipients: t.Recipients[:0], Start: at}
	st.current = n
	return t
}

// endTransaction ends the transaction under way, if there is one, before its
// data was. Replies that are still to come count for it all the same.
func (st *state) endTransaction() {
	if st.current >= 0 {
		if t := &st.Transactions[st.current]; t.end == endNone {
			t.end = endByPeer
		}
		st.current = -1
	}
}

// dataRow reads what IIS logs on the row of DATA, which it writes when the
// message is through, and reports whether there was a message.
func (b *Builder) dataRow(st *state, rec *logparse.Record) bool {
	id := len(rec.Arg) > 2 && rec.Arg[0] == '<'
	size := rec.BytesIn > int64(len("DATA"))
	if st.current >= 0 {
		t := &st.Transactions[st.current]
		if id {
			t.MessageID = st.keep(b, rec.Arg)
		}
		if size {
			t.Size = rec.BytesIn
		}
	}
	return rec.Code != 0 && (id || size)
}

// quitRow reads what IIS logs on the row of QUIT.
func (st *state) quitRow(rec *logparse.Record) {
	st.quit = true
	if rec.Direction != outcome.Inbound {
		return
	}
	if rec.Win32 > 0 && rec.Win32 <= maxMilliseconds {
		st.quitMS = rec.Win32
	}
	// QUIRK: when the peer vanishes, the IIS SMTP service (Exchange 2000) logs
	// a QUIT with the counters of the row before; a real QUIT is 4 bytes long.
	if rec.BytesIn >= 0 && rec.BytesIn != int64(len("QUIT")) && rec.BytesIn == st.lastIn && rec.BytesOut == st.lastOut {
		st.dropped = true
	}
}

func (st *state) auth() *Auth {
	st.used = true
	if st.Auth == nil {
		st.Auth = &Auth{}
	}
	return st.Auth
}

func endsWithLast(arg []byte) bool {
	arg = bytes.TrimSpace(arg)
	return len(arg) >= 4 && bytes.EqualFold(arg[len(arg)-4:], []byte("LAST"))
}

// number reads a decimal number, 0 when there is none or it is too large.
func number(b []byte) (n int64) {
	if len(b) == 0 || len(b) > 18 {
		return 0
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0
		}
		n = n*10 + int64(c-'0')
	}
	return n
}

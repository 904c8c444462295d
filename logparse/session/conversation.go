package session

import (
	"bytes"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply"
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

	queue    []pending // commands that were not answered yet
	current  int       // index of the transaction under way, -1 for none
	refusals []refusal
	numbered uint32 // replies so far
	ehlo     string // the reply to EHLO

	partial     []byte // lines of a reply whose end is to come
	partialLine Verdict

	connected  bool // the connection was seen to be made, or to exist
	used       bool // something other than greetings was said
	quit       bool
	dropped    bool // IIS: the QUIT row stands for a lost connection
	timedOut   bool // a 421 said that one side waited too long
	lost       bool // the log says that the connection is gone
	over       bool // QUIT was answered
	refused    bool // the last reply was a 421: the server closes the connection
	superseded bool // the next connection began in the same file

	steps           int // what counts for MaxSteps
	transcriptBytes int
	closing         string // the context of the disconnect row
	challenge       bool   // the server asked for the next SASL answer
	quitMS          int64  // length that IIS logs on QUIT, -1 for none

	lastIn, lastOut int64 // IIS counters of the row before

	announcedMessageID string // what a send log announces before MAIL
	announcedRecordID  string

	raw *logparse.Record // an IMS raw line that waits for its parsed twin
}

// A pending command waits for its reply.
type pending struct {
	verb        logparse.Verb
	name        string // of a verb that is not known
	transaction int    // -1 for none
	recipient   int
	last        bool // of BDAT: the last chunk
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
		},
		queue:    st.queue[:0],
		refusals: st.refusals[:0],
		partial:  st.partial[:0],
		current:  -1,
		quitMS:   -1,
		lastIn:   -1,
		lastOut:  -1,
		raw:      nil,
	}
}

// event takes the session one step on.
func (b *Builder) event(st *state, rec *logparse.Record) {
	switch rec.Kind {
	case logparse.KindConnect:
		st.connected = true
		st.queue = append(st.queue, pending{verb: logparse.VerbConnect, transaction: -1})
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
		st.lost = true
		st.closing = string(rec.Context)
	}
}

func (b *Builder) command(st *state, rec *logparse.Record) {
	if st.answersChallenge(rec) {
		return
	}
	if rec.Verb == logparse.VerbOther && rec.Format == logparse.OutlookSMTP && st.receivesData() {
		return // a line of the message
	}
	// A client sends nothing behind these before it has their reply (RFC 2920
	// section 3.1), so a reply that is still missing was not logged.
	if n := len(st.queue); n > 0 && waitsForReply(st.queue[n-1].verb) {
		st.queue = st.queue[:0]
	}
	p := pending{verb: rec.Verb, transaction: -1, recipient: -1}
	switch rec.Verb {
	case logparse.VerbHELO, logparse.VerbEHLO, logparse.VerbLHLO:
		st.endTransaction()
		if name := bytes.TrimSpace(rec.Arg); len(name) > 0 {
			st.Helo = b.text.string(name)
		}
	case logparse.VerbMAIL:
		st.used = true
		st.endTransaction()
		p.transaction = b.mail(st, rec)
	case logparse.VerbRCPT:
		st.used = true
		p.transaction, p.recipient = b.rcpt(st, rec)
	case logparse.VerbDATA:
		st.used = true
		p.transaction = st.current
		b.dataRow(st, rec)
	case logparse.VerbBDAT:
		st.used = true
		p.transaction = st.current
		p.last = rec.Arg == nil || endsWithLast(rec.Arg)
	case logparse.VerbAUTH, logparse.VerbXEXPS:
		st.used = true
		mechanism := rec.Arg
		if i := bytes.IndexByte(mechanism, ' '); i >= 0 {
			mechanism = mechanism[:i]
		}
		st.auth().Mechanism = b.text.upper(mechanism)
	case logparse.VerbRSET:
		st.endTransaction()
		if rec.Format != logparse.ExchangeReceive && rec.Format != logparse.ExchangeSend {
			// QUIRK: the IIS SMTP service (Exchange 2000/2003) resets a refused
			// transaction and logs no reply row for the RCPT before.
			st.queue = st.queue[:0]
		}
	case logparse.VerbQUIT:
		st.endTransaction()
		b.quitRow(st, rec)
	case logparse.VerbXPROXY, logparse.VerbXPROXYFROM:
		st.used = true
		st.proxied(rec.Arg)
	case logparse.VerbNOOP, logparse.VerbSTARTTLS, logparse.VerbAnonymousTLS:
	case logparse.VerbOther:
		p.name = b.text.upper(rec.VerbText)
	default:
		st.used = true
	}
	if rec.Code != 0 {
		b.answer(st, p, Verdict{Class: rec.Code.Class(), Code: rec.Code, Enhanced: rec.Enhanced, Text: b.text.string(rec.Text), Time: rec.Time, Pos: rec.Pos})
	} else if len(st.queue) < maxQueue {
		st.queue = append(st.queue, p)
	}
	st.lastIn, st.lastOut = rec.BytesIn, rec.BytesOut
}

// answersChallenge reports whether the row is the client's answer to a SASL
// challenge (RFC 4954 section 4), which looks like an unknown command.
func (st *state) answersChallenge(rec *logparse.Record) bool {
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

// waitsForReply reports whether the verb must be the last of a pipelined group
// (RFC 2920 section 3.1).
func waitsForReply(v logparse.Verb) bool {
	switch v {
	case logparse.VerbHELO, logparse.VerbEHLO, logparse.VerbLHLO, logparse.VerbSTARTTLS, logparse.VerbAnonymousTLS,
		logparse.VerbAUTH, logparse.VerbXEXPS, logparse.VerbDATA, logparse.VerbEOM, logparse.VerbQUIT,
		logparse.VerbNOOP, logparse.VerbVRFY, logparse.VerbEXPN, logparse.VerbTURN:
		return true
	}
	return false
}

func (b *Builder) mail(st *state, rec *logparse.Record) int {
	t := st.newTransaction(rec.Time)
	if address, params, ok := pathArg(rec.Arg, "FROM:"); ok {
		t.From, t.HasFrom = b.text.string(address), true
		t.Size = number(param(params, "SIZE"))
	}
	t.MessageID, t.InternalID = st.announcedMessageID, st.announcedRecordID
	st.announcedMessageID, st.announcedRecordID = "", ""
	return st.current
}

func (b *Builder) rcpt(st *state, rec *logparse.Record) (transaction, recipient int) {
	if st.current < 0 {
		st.newTransaction(rec.Time)
	}
	t := &st.Transactions[st.current]
	address, _, ok := pathArg(rec.Arg, "TO:")
	if !ok {
		address = rec.Arg
	}
	st.steps++
	t.Recipients = append(t.Recipients, Recipient{To: b.text.string(address)})
	return st.current, len(t.Recipients) - 1
}

// newTransaction begins a transaction. It reuses the recipients of a
// transaction of an earlier session.
func (st *state) newTransaction(at outcome.Time) *Transaction {
	st.steps++
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
// message is through.
func (b *Builder) dataRow(st *state, rec *logparse.Record) {
	if st.current < 0 {
		return
	}
	t := &st.Transactions[st.current]
	if len(rec.Arg) > 2 && rec.Arg[0] == '<' {
		t.MessageID = string(rec.Arg)
	}
	if rec.BytesIn > int64(len("DATA")) {
		t.Size = rec.BytesIn
	}
}

// quitRow reads what IIS logs on the row of QUIT.
func (b *Builder) quitRow(st *state, rec *logparse.Record) {
	st.quit = true
	st.quitMS = rec.Win32
	// QUIRK: when the peer vanishes, the IIS SMTP service (Exchange 2000) logs
	// a QUIT with the counters of the row before; a real QUIT is 4 bytes long.
	if rec.Direction == outcome.Inbound && rec.BytesIn >= 0 && rec.BytesIn != int64(len("QUIT")) &&
		rec.BytesIn == st.lastIn && rec.BytesOut == st.lastOut {
		st.dropped = true
	}
}

// replyLine takes in one line of a reply; the reply counts when its last line
// is there.
func (b *Builder) replyLine(st *state, rec *logparse.Record) {
	if rec.Code == 0 && len(st.partial) == 0 {
		return // no reply: text that belongs to none
	}
	if len(st.partial) > 0 && rec.Code != 0 && rec.Code != st.partialLine.Code {
		st.endPartial(b) // the last line of the reply before was not logged
	}
	if rec.More || len(st.partial) > 0 {
		if len(st.partial) == 0 {
			st.partialLine = Verdict{Class: rec.Code.Class(), Code: rec.Code, Time: rec.Time, Pos: rec.Pos}
		} else {
			st.partial = append(st.partial, '\n')
		}
		if st.partialLine.Enhanced.IsZero() {
			st.partialLine.Enhanced = rec.Enhanced
		}
		if len(st.partial)+len(rec.Text) <= maxReplyText {
			st.partial = append(st.partial, rec.Text...)
		}
		if !rec.More {
			st.endPartial(b)
		}
		return
	}
	b.reply(st, Verdict{Class: rec.Code.Class(), Code: rec.Code, Enhanced: rec.Enhanced, Time: rec.Time, Pos: rec.Pos}, rec.Text)
}

// endPartial counts a reply of several lines with the lines that are there.
func (st *state) endPartial(b *Builder) {
	if len(st.partial) > 0 {
		text := st.partial
		st.partial = nil
		b.reply(st, st.partialLine, text)
		st.partial = text[:0]
	}
}

// reply pairs a whole reply with the oldest command that waits for one. A code
// that only one command gets skips those before, whose replies were not logged.
func (b *Builder) reply(st *state, v Verdict, text []byte) {
	v.Text = b.text.string(text)
	i := 0
	if verb := onlyAnswers(v.Code); verb != logparse.VerbNone {
		for j, p := range st.queue {
			if p.verb == verb || verb == logparse.VerbDATA && p.verb == logparse.VerbXEXCH50 {
				i = j
				break
			}
		}
	}
	if i >= len(st.queue) {
		p := pending{transaction: -1, recipient: -1}
		if !st.greeted() {
			p.verb = logparse.VerbConnect
		}
		b.answer(st, p, v)
		return
	}
	p := st.queue[i]
	st.queue = append(st.queue[:0], st.queue[i+1:]...)
	b.answer(st, p, v)
}

// greeted reports whether a reply or a command was seen, so that a further
// reply cannot be the greeting.
func (st *state) greeted() bool { return st.numbered > 0 || st.Helo != "" || st.used }

// onlyAnswers returns the only verb that the code answers, VerbNone when there
// are several.
func onlyAnswers(c reply.Code) logparse.Verb {
	switch c {
	case 354:
		return logparse.VerbDATA
	case 221:
		return logparse.VerbQUIT
	case 235, 334, 535:
		return logparse.VerbAUTH
	}
	return logparse.VerbNone
}

// answer counts a reply and gives it to the command that it answers.
func (b *Builder) answer(st *state, p pending, v Verdict) {
	st.numbered++
	v.number = st.numbered
	switch v.Class {
	case reply.OK:
		st.Replies.OK++
	case reply.Transient:
		st.Replies.Transient++
	case reply.Permanent:
		st.Replies.Permanent++
	}
	if v.Code == 421 && (v.Enhanced.Subject == 4 && (v.Enhanced.Detail == 1 || v.Enhanced.Detail == 2)) {
		st.timedOut = true
	}
	ok := v.Class == reply.OK
	var t *Transaction
	if p.transaction >= 0 {
		t = &st.Transactions[p.transaction]
	}
	st.refused = v.Code == 421
	verb := p.verb
	switch verb {
	case logparse.VerbQUIT:
		st.over = true
	case logparse.VerbConnect:
		if ok {
			st.Greeting = v.Text
		}
	case logparse.VerbHELO, logparse.VerbEHLO, logparse.VerbLHLO:
		if ok {
			st.ehlo = v.Text
		}
	case logparse.VerbAUTH, logparse.VerbXEXPS:
		if v.Code == 334 {
			st.challenge = true
			st.queue = append(st.queue, pending{})
			copy(st.queue[1:], st.queue)
			st.queue[0] = p
		} else {
			st.challenge = false
			st.auth().OK = ok
		}
	case logparse.VerbMAIL:
		if t != nil {
			t.Mail = v
		}
	case logparse.VerbRCPT:
		if t != nil {
			t.Recipients[p.recipient].Verdict = v
		}
	case logparse.VerbDATA:
		switch {
		case v.Code == 354:
			if t != nil {
				t.Data = v
			}
			st.queue = append(st.queue, pending{})
			copy(st.queue[1:], st.queue)
			st.queue[0] = pending{verb: logparse.VerbEOM, transaction: p.transaction, recipient: -1}
		case t == nil:
		case ok || t.Size > 0 && v.Text == "":
			// IIS logs DATA once, with the reply to the end of the data.
			verb = logparse.VerbEOM
			t.EndOfData = v
			st.endData(p.transaction)
		default:
			t.Data = v
			st.endData(p.transaction)
		}
	case logparse.VerbBDAT:
		switch {
		case t == nil:
		case !ok:
			t.Data = v
			st.endData(p.transaction)
		case p.last:
			st.endOfData(t, v)
			st.endData(p.transaction)
		}
	case logparse.VerbEOM:
		if t != nil {
			st.endOfData(t, v)
			st.endData(p.transaction)
		}
	}
	if v.Class.Failed() {
		name := verb.String()
		if verb == logparse.VerbOther {
			name = p.name
		}
		st.steps++
		st.refusals = append(st.refusals, refusal{Verdict: v, verb: name, transaction: p.transaction, recipient: p.recipient, isReply: true})
	}
}

// endData ends a transaction with the reply to its data.
func (st *state) endData(transaction int) {
	st.Transactions[transaction].end = endData
	if st.current == transaction {
		st.current = -1
	}
}

// endOfData keeps the reply to the end of the data and what Exchange says in
// it: "250 2.6.0 <id> [InternalId=110, Hostname=ex2.example.com] 11511 bytes in
// 0.102, 109,173 KB/sec Queued mail for delivery".
func (st *state) endOfData(t *Transaction, v Verdict) {
	t.EndOfData = v
	q := parseQueued(v.Text)
	if t.MessageID == "" {
		t.MessageID = q.messageID
	}
	if q.bytes > 0 {
		t.Size = q.bytes
	}
	if q.internalID == "" {
		return
	}
	if st.Direction == outcome.Outbound {
		t.RemoteInternalID, t.RemoteServer = q.internalID, q.hostname
	} else {
		t.InternalID = q.internalID
	}
}

func (st *state) auth() *Auth {
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

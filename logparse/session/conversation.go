package session

import (
	"bytes"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply/outcome"
)

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
		st.closed = closedBy(rec.Context)
	}
}

func (b *Builder) command(st *state, rec *logparse.Record) {
	st.begun = st.begun || !rec.Format.HasSessionID()
	if st.answersChallenge(rec) {
		if rec.Code != 0 {
			v := st.replyAt(rec)
			v.text = st.keepOf(b, v.class, rec.Text)
			b.reply(st, v)
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
			b.greeted(st, name)
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
		st.used = true
		if len(rec.Arg) > maxTextLength {
			st.hold(b, len(rec.Arg))
		}
		st.authRow(b, rec.Arg)
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
		b.proxyRow(st, rec.Arg)
	case logparse.VerbNOOP, logparse.VerbSTARTTLS, logparse.VerbAnonymousTLS:
	case logparse.VerbOther:
		p.name = st.keep(b, rec.VerbText[:min(len(rec.VerbText), maxTextLength)])
	default:
		st.used = true
	}
	if rec.Code != 0 {
		v := st.replyAt(rec)
		v.text = st.keepOf(b, v.class, rec.Text)
		b.answer(st, p, v)
	} else if len(waiting) < maxQueue {
		if st.queue.add(p); int16(len(waiting)) >= st.deepest {
			st.deepest = int16(len(waiting)) + 1
			st.hold(b, 2*pendingSize) // there is room for those that do not wait any more
		}
	}
	st.lastIn, st.lastOut = rec.BytesIn, rec.BytesOut
}

// name returns a name that comes again and again as a string, and counts it to
// what the session holds.
func (st *state) name(b *Builder, name []byte) string {
	if len(name) > maxTextLength {
		st.hold(b, len(name))
	}
	return b.text.string(name)
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

func (b *Builder) mail(st *state, rec *logparse.Record) int32 {
	before := st.current
	if before >= 0 {
		if t := &st.transactions[before]; t.end == endNone {
			t.end = endByMail
		}
	}
	t := st.newTransaction(b, rec.Time)
	t.hasFrom, t.inside = true, before
	address, params, ok := pathArg(rec.Arg, "FROM:")
	if !ok {
		address = rec.Arg
	}
	t.from = st.keep(b, address)
	if !b.opt.Terse {
		t.size = number(param(params, "SIZE"))
	}
	t.messageID, t.internalID = st.announcedMessageID, st.announcedRecordID
	st.announcedMessageID, st.announcedRecordID = text{}, text{}
	return st.current
}

func (b *Builder) rcpt(st *state, rec *logparse.Record) (inTransaction, number int32) {
	if st.current < 0 {
		st.newTransaction(b, rec.Time)
	}
	st.step(b)
	st.recipients = append(st.recipients, recipient{to: st.keep(b, addressOf(rec.Arg, "TO:"))})
	t := &st.transactions[st.current]
	t.count++
	return st.current, t.count - 1
}

// newTransaction begins a transaction.
func (st *state) newTransaction(b *Builder, at outcome.Time) *transaction {
	st.step(b)
	st.current = int32(len(st.transactions))
	i := instantOf(at)
	st.transactions = append(st.transactions, transaction{at: i.ns, digits: i.digits, first: int32(len(st.recipients)), inside: -1, settled: uint32(st.settled.transactions())})
	return &st.transactions[st.current]
}

// endTransaction ends the transaction under way, if there is one, before its
// data was. Replies that are still to come count for it all the same.
func (st *state) endTransaction() {
	if st.current >= 0 {
		if t := &st.transactions[st.current]; t.end == endNone {
			t.end = endByPeer
		}
		st.current = -1
	}
}

// dataRow reads what IIS logs on the row of DATA, which it writes when the
// message is through, and reports whether there was a message.
func (b *Builder) dataRow(st *state, rec *logparse.Record) bool {
	if st.current >= 0 {
		t := &st.transactions[st.current]
		if namesMessage(rec) && !b.opt.Terse {
			t.messageID = st.keep(b, rec.Arg)
		}
		if countsMessage(rec) {
			t.size = rec.BytesIn
		}
	}
	return rec.Code != 0 && holdsMessage(rec)
}

// holdsMessage reports whether the row of DATA is about a message, too.
func holdsMessage(rec *logparse.Record) bool { return namesMessage(rec) || countsMessage(rec) }

func namesMessage(rec *logparse.Record) bool { return len(rec.Arg) > 2 && rec.Arg[0] == '<' }

func countsMessage(rec *logparse.Record) bool { return rec.BytesIn > int64(len("DATA")) }

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

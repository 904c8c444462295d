package session

import (
	"bytes"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply"
)

// takeBrief gives a record to its session. What is said here of rows that a
// brief has no place for ends in the state that is made of it.
func (b *Builder) takeBrief(h handle, br *brief, s *stream, rec *logparse.Record) {
	// The server's name is never there in a send log.
	if br.file != s.number || br.lacks != 0 && (br.lacks != lacksServer || len(rec.Server) > 0) && !br.learn(b, rec) {
		rec.Fill()
		st := b.expand(h)
		b.previous = st.handle()
		b.take(st, rec)
		b.over(st, rec)
		return
	}
	if n := rec.Conversation(); n != 0 && br.stream == s.index {
		br.conversation = n
		b.late[n%lateSessions] = late{br, h}
	}
	if at := instantOf(rec.Time); !br.follows(at) {
		br.at(at)
	}
	br.order = b.order
	br.count(rec)
	b.briefEvent(h, br, rec)
}

// briefEvent takes a session on by a row that says nothing new of the
// connection.
func (b *Builder) briefEvent(h handle, br *brief, rec *logparse.Record) {
	ok := false
	switch rec.Kind {
	case logparse.KindConnect:
		br.connected, br.begun = true, true
		ok = br.push(uint8(logparse.VerbConnect))
	case logparse.KindCommand:
		br.connected = true
		ok = b.briefCommand(br, rec)
	case logparse.KindReply:
		br.connected = true
		ok = br.reply(b, rec)
	case logparse.KindInfo:
		if ok = b.briefInfo(br, rec); br.lost && !br.connected {
			b.finishBrief(h)
		}
	case logparse.KindDisconnect:
		if ok = br.partial == 0 || br.endPartial(b); ok {
			br.connected, br.lost = true, true
			br.closed = closedBy(rec.Context)
			b.finishBrief(h)
		}
	}
	if !ok {
		rec.Fill()
		st := b.expand(h)
		b.previous = st.handle()
		b.event(st, rec)
		b.over(st, rec)
	}
}

// learn takes in our end where the record is the first to name it. It reports
// false if the record is the first to name the server or the connector.
func (br *brief) learn(b *Builder, rec *logparse.Record) bool {
	if br.lacks&lacksServer != 0 && len(rec.Server) > 0 || br.lacks&lacksConnector != 0 && len(rec.Connector) > 0 {
		return false
	}
	if br.lacks&lacksLocal != 0 && len(rec.Local) > 0 {
		if len(br.words) > 0 || len(rec.Local) > maxLocal {
			return false
		}
		br.words = append(b.rooms.take(len(rec.Local)), rec.Local...)
		br.ends, br.local = uint16(len(rec.Local)), uint8(len(rec.Local))
		br.lacks &^= lacksLocal
	}
	return true
}

// briefCommand takes in a command row; it reports false, with nothing changed that
// counts, where the row has no place in a brief.
func (b *Builder) briefCommand(br *brief, rec *logparse.Record) bool {
	if rec.Code != 0 || rec.BytesIn >= 0 || rec.Verb == logparse.VerbQUIT && rec.Win32 > 0 || br.partial != 0 && !br.endPartial(b) {
		return false
	}
	if rec.Verb == logparse.VerbOther || rec.Verb == logparse.VerbNone {
		rec.Fill()
		if string(rec.Data) == hiddenAnswer {
			return true
		}
		if br.challenge {
			br.challenge = false
			return true
		}
	}
	br.challenge = false
	return b.briefVerb(br, rec)
}

// briefVerb is briefCommand for a row that surely is a command.
func (b *Builder) briefVerb(br *brief, rec *logparse.Record) bool {
	command := uint8(rec.Verb)
	if n := br.waiting; n > 0 && waitsForReply(br.format, logparse.Verb(br.queue>>(8*(n-1))&verbBits)) {
		br.queue, br.waiting, br.repeats = 0, 0, 0
	}
	if br.waiting == maxBriefQueue && (rec.Verb != logparse.VerbRCPT || !br.takesRCPT()) {
		return false
	}
	switch rec.Verb {
	case logparse.VerbHELO, logparse.VerbEHLO, logparse.VerbLHLO:
		br.begun = true
		br.endTransaction(b)
		br.named = br.named || len(bytes.TrimSpace(rec.Arg)) > 0
	case logparse.VerbMAIL:
		if br.current == endedUnanswered && br.queue&allOfTransaction == 0 {
			br.settle(b, endByPeer, false)
		}
		if br.current != noTransaction || !br.keep(b, rec.Arg) {
			return false
		}
		br.used, br.current = true, underWay
		command |= ofTransaction
	case logparse.VerbRCPT:
		if br.current != underWay || !br.keep(b, rec.Arg) {
			return false
		}
		br.used = true
		br.recipients++
		return br.pushRCPT()
	case logparse.VerbDATA, logparse.VerbBDAT:
		if br.current != underWay {
			return false
		}
		br.used = true
		command |= ofTransaction
		if rec.Verb == logparse.VerbBDAT && (rec.Arg == nil || endsWithLast(rec.Arg)) {
			command |= lastChunk
		}
	case logparse.VerbAUTH, logparse.VerbXEXPS:
		if len(rec.Arg) > maxTextLength {
			return false
		}
		br.used = true
		b.newNotes(br).authRow(b, rec.Arg)
	case logparse.VerbRSET:
		br.endTransaction(b)
	case logparse.VerbQUIT:
		br.endTransaction(b)
		br.quit = true
	case logparse.VerbNOOP, logparse.VerbSTARTTLS, logparse.VerbAnonymousTLS:
	case logparse.VerbOther:
		if !br.keepName(b, rec.VerbText) {
			return false
		}
	default:
		return false
	}
	return br.push(command)
}

// keep keeps the argument of MAIL or RCPT, and counts it as a step.
func (br *brief) keep(b *Builder, arg []byte) bool {
	n := len(arg)
	if len(br.words)+n > maxBriefWords {
		return false
	}
	br.makeRoom(b, 2+n)
	br.words = append(br.words, byte(n), byte(n>>8)) // in place: the words need not be written there
	br.words = append(br.words, arg...)
	br.steps++
	br.hold(b, 2+n)
	return true
}

// hold counts n more bytes to what the session holds.
func (br *brief) hold(b *Builder, n int) { b.held += n }

// reply takes in a line of a reply; it reports false, with nothing changed that
// counts, where the row has no place in a brief.
func (br *brief) reply(b *Builder, rec *logparse.Record) bool {
	code := uint16(rec.Code)
	if code == 0 {
		return true // no reply, or text of the one under way
	}
	if br.partial != 0 && br.partial != code && !br.endPartial(b) {
		return false
	}
	if rec.Code.Class() != reply.OK {
		return br.refuse(b, rec)
	}
	if rec.More {
		if br.answered(code) >= br.waiting {
			return false
		}
		br.partial = code
		return true
	}
	if !br.answer(b, code) {
		return false
	}
	br.partial = 0
	return true
}

// plainly are the verbs of which no more is noted, when they are accepted, than
// that they were.
const plainly = ^uint64(1<<logparse.VerbConnect | 1<<logparse.VerbAUTH | 1<<logparse.VerbXEXPS |
	1<<logparse.VerbDATA | 1<<logparse.VerbBDAT | 1<<logparse.VerbEOM)

// accepts is reply for what most replies are: a line that accepts the first
// command that waits, which is one of plainly. It reports false, and does nothing,
// for any other, and where a code may skip commands.
func (br *brief) accepts(rec *logparse.Record) bool {
	if rec.Code < 200 || rec.Code >= 300 || rec.More || br.partial != 0 || br.repeats != 0 ||
		br.waiting == 0 || br.waiting > 1 && rec.Code != 250 || plainly>>(br.queue&verbBits)&1 == 0 {
		return false
	}
	br.queue >>= 8
	br.waiting--
	br.accepting++
	br.challenge = false
	return true
}

// endPartial counts a reply of several lines with the lines that are there.
func (br *brief) endPartial(b *Builder) bool {
	if !br.answer(b, br.partial) {
		return false
	}
	br.partial = 0
	return true
}

// answer counts a reply that accepts and gives it to the command that it
// answers. It reports false, with nothing changed, if there is no such command,
// or if the transaction is through and more replies to it are to come.
func (br *brief) answer(b *Builder, code uint16) bool {
	i := br.answered(code)
	if i >= br.waiting {
		return false
	}
	command := uint8(br.queue >> (8 * i))
	verb := logparse.Verb(command & verbBits)
	through := verb == logparse.VerbEOM || verb == logparse.VerbDATA && code != 354 ||
		verb == logparse.VerbBDAT && command&lastChunk != 0
	if through && br.queue>>(8*(i+1))&allOfTransaction != 0 {
		return false
	}
	br.drop(i)
	br.accepting++
	br.challenge = code == 334
	switch {
	case through:
		br.settle(b, endData, true)
	case verb == logparse.VerbConnect:
		br.begun = true
	case code == 354 && verb == logparse.VerbDATA:
		br.pushFirst(uint8(logparse.VerbEOM) | ofTransaction)
	case verb == logparse.VerbAUTH || verb == logparse.VerbXEXPS:
		if code == 334 {
			br.pushFirst(command)
		} else {
			b.newNotes(br).loginAnswered(true)
		}
	}
	return true
}

// endTransaction ends the transaction under way before its data was.
func (br *brief) endTransaction(b *Builder) {
	switch {
	case br.current != underWay:
	case br.queue&allOfTransaction != 0:
		br.current = endedUnanswered
	default:
		br.settle(b, endByPeer, false)
	}
}

// settle counts the transaction, which ended that way, or keeps it where
// something was refused meanwhile. One that was accepted whose recipients are
// not in the log is unknown.
func (br *brief) settle(b *Builder, end transactionEnd, accepted bool) {
	switch {
	case br.keeps:
		br.keepEnd(b, end, accepted)
	case accepted && br.recipients > 0:
		br.accepted++
		br.acceptedRecipients += br.recipients
	case accepted:
		br.unknown++
	default:
		br.aborted++
		br.unknownRecipients += br.recipients
	}
	br.forget(b)
}

// settleLast counts the transaction that is left when the session is over.
func (br *brief) settleLast(b *Builder, ended Ended) {
	if br.current == underWay && (ended == EndedCut || ended == EndedOpen) {
		br.unknown++
		br.unknownRecipients += br.recipients
		br.forget(b)
	} else if br.current != noTransaction {
		br.settle(b, endByPeer, false)
	}
}

// forget drops what was said in the transaction, but for what is kept.
func (br *brief) forget(b *Builder) {
	end := br.ends + br.kept
	br.hold(b, int(end)-len(br.words))
	br.words = br.words[:end]
	br.current, br.recipients = noTransaction, 0
}

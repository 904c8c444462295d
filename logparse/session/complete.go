package session

import (
	"strings"
	"time"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// complete makes the session of what is known of it, and works out what can be
// said only when it is over.
func (b *Builder) complete(st *state) {
	s := &b.whole
	whole := !b.opt.Terse || len(st.refusals) > 0
	said := ""
	if whole {
		said = string(st.words)
	}
	ended := st.ended(b)
	b.outline(&st.course, &st.notes, &st.settled, ended)
	s.ID, s.Remote = st.id, st.remote
	s.Server, s.Connector, s.Local = st.ends.server, st.ends.connector, st.ends.local
	s.Greeting, s.Helo, s.ehlo = st.greeting.of(said), st.helo.of(said), st.ehlo.of(said)
	s.Confidence = confidences[st.confidence]
	s.Replies.Transient, s.Replies.Permanent = int64(st.deferring), int64(st.refusing)
	s.Sources = append(append(s.Sources[:0], st.earlier...), b.source(&st.course))
	if st.quitMS >= 0 {
		s.Duration = time.Duration(st.quitMS) * time.Millisecond
	}
	if t := st.record; t != nil {
		s.Transcript, s.Shortened = b.unpack(st.format, t)
	}
	for i := range st.transactions {
		t := &st.transactions[i]
		if whole {
			s.addTransactions(int(t.settled) + i)
		}
		result := st.judge(t, ended, &s.Results.Recipients)
		s.Results.Transactions.Count(result)
		if whole {
			b.transaction(st, t, result, said)
		}
	}
	if whole {
		s.addTransactions(st.settled.transactions() + len(st.transactions))
	}
	if len(st.refusals) > 0 {
		b.failures(st, said)
	}
}

// outline makes b.whole a session of which this much is known.
func (b *Builder) outline(c *course, n *notes, done *settled, ended Ended) {
	s := &b.whole
	sources, transactions, failures, refusedIn, outcome := s.Sources[:0], s.Transactions[:0], s.Failures[:0], s.refusedIn[:0], s.outcome
	*s = Session{} // in its place: a copy would take longer than all else
	s.Sources, s.Transactions, s.Failures, s.refusedIn, s.outcome = sources, transactions, failures, refusedIn, outcome
	s.number, s.Format, s.Direction, s.Confidence = c.number, c.format, c.direction, Exact
	s.Start, s.End = instant{c.start, c.startDigits}.time(), instant{c.end, c.endDigits}.time()
	s.Duration = time.Duration(c.end - c.start)
	s.Ended, s.Unused = ended, c.connected && c.begun && !c.used
	s.Proxied, s.TLS, s.Auth, s.Tarpits, s.Tarpitted = n.proxied, n.tls, n.auth, int(n.tarpits), n.tarpitted
	s.Replies.OK = int64(c.accepting)
	t, r := &s.Results.Transactions, &s.Results.Recipients
	t.Accepted, t.Aborted, t.Unknown = int64(done.accepted), int64(done.aborted), int64(done.unknown)
	r.Accepted, r.Unknown = int64(done.acceptedRecipients), int64(done.unknownRecipients)
	t.Total, r.Total = t.Accepted+t.Aborted+t.Unknown, r.Accepted+r.Unknown
}

// addTransaction appends an empty transaction to the session, which uses the
// memory of an earlier one's recipients.
func (s *Session) addTransaction() *Transaction {
	n := len(s.Transactions)
	if n == cap(s.Transactions) {
		s.Transactions = append(s.Transactions, Transaction{})
	}
	s.Transactions = s.Transactions[:n+1]
	t := &s.Transactions[n]
	*t = Transaction{Recipients: t.Recipients[:0]}
	return t
}

// addTransactions appends empty transactions until there are n.
func (s *Session) addTransactions(n int) {
	for len(s.Transactions) < n {
		s.addTransaction()
	}
}

// transaction appends a transaction to the session. A terse session has those
// that failures concern, and empty ones in the place of the others.
func (b *Builder) transaction(st *state, t *transaction, result Result, said string) {
	to := b.whole.addTransaction()
	if b.opt.Terse && !t.failed {
		return
	}
	to.From, to.HasFrom, to.Result = t.from.of(said), t.hasFrom, result
	b.setVerdict(&to.Mail, st, &t.mail, said)
	b.setVerdict(&to.Data, st, &t.data, said)
	b.setVerdict(&to.EndOfData, st, &t.endOfData, said)
	if !b.opt.Terse {
		to.MessageID, to.InternalID, to.SourceContext = t.messageID.of(said), t.internalID.of(said), t.sourceContext.of(said)
		to.Start, to.Size = instant{t.at, t.digits}.time(), t.size
		to.queued(st.direction)
	}
	for i := range st.recipientsOf(t) {
		r := &st.recipients[int(t.first)+i]
		to.Recipients = append(to.Recipients, Recipient{To: r.to.of(said), Result: resultOf(r.class)})
		b.setVerdict(&to.Recipients[i].Verdict, st, &r.verdict, said)
	}
}

// of returns the text, of which said are all.
func (t text) of(said string) string {
	if said == "" {
		return ""
	}
	return said[t.at : t.at+t.n]
}

// setVerdict makes a Verdict of v, which is to be zero before. Those that accept
// are left out of terse sessions.
func (b *Builder) setVerdict(to *Verdict, st *state, v *verdict, said string) {
	if v.seen && (!b.opt.Terse || v.class.Failed()) {
		*to = Verdict{
			Class: v.class, Code: v.code, Enhanced: v.enhanced, Text: v.text.of(said),
			Time: v.time(), Pos: b.position(st, v), seen: true,
		}
	}
}

func (b *Builder) position(st *state, v *verdict) outcome.Position {
	if int(v.file) < len(st.earlier) {
		return outcome.Position{File: st.earlier[v.file].File, Line: v.line}
	}
	return outcome.Position{File: b.files[st.file], Line: v.line}
}

// judge returns the transaction's result, and gives its recipients the verdicts
// that count for them.
func (st *state) judge(t *transaction, ended Ended, results *Results) Result {
	var accepted, deferred, rejected int32
	recipients := st.recipientsOf(t)
	for i := range recipients {
		r := &recipients[i]
		switch {
		case r.class.Failed():
		case t.mail.class.Failed() && t.endOfData.class != reply.OK:
			r.verdict = t.mail
		case t.data.class.Failed():
			r.verdict = t.data
		default:
			r.verdict = t.endOfData
		}
		switch r.class {
		case reply.OK:
			accepted++
		case reply.Transient:
			deferred++
		case reply.Permanent:
			rejected++
		default:
			r.verdict = verdict{}
		}
		results.Count(resultOf(r.class))
	}
	switch n := t.count; {
	case t.mail.class.Failed() && accepted == 0:
		return resultOf(t.mail.class) // whatever was said to the RCPTs behind it
	case n > 0 && accepted == n:
		return Accepted
	case accepted > 0:
		return Partial
	case n > 0 && deferred+rejected == n && deferred > 0:
		return Deferred
	case n > 0 && rejected == n:
		return Rejected
	case n == 0 && t.end == endData && !t.endOfData.class.Failed() && !t.data.class.Failed():
		return Unknown // its recipients are not in the log
	case n == 0 && t.endOfData.class.Failed():
		return resultOf(t.endOfData.class)
	case n == 0 && t.data.class.Failed():
		return resultOf(t.data.class)
	case t.end == endByPeer || t.end == endByMail:
		return Aborted
	case ended == EndedCut || ended == EndedOpen:
		return Unknown
	}
	return Aborted
}

// queued takes in what Exchange says in the reply to the end of the data: "250
// 2.6.0 <id> [InternalId=110, Hostname=ex2.example.com] 11511 bytes in 0.102,
// 109,173 KB/sec Queued mail for delivery".
func (t *Transaction) queued(d outcome.Direction) {
	if t.EndOfData.Text == "" {
		return
	}
	q := parseQueued(t.EndOfData.Text)
	if t.MessageID == "" {
		t.MessageID = q.messageID
	}
	if q.bytes > 0 {
		t.Size = q.bytes
	}
	if q.internalID == "" {
		return
	}
	if d == outcome.Outbound {
		t.RemoteInternalID, t.RemoteServer = q.internalID, q.hostname
	} else {
		t.InternalID = q.internalID
	}
}

func resultOf(c reply.Class) Result {
	switch c {
	case reply.OK:
		return Accepted
	case reply.Transient:
		return Deferred
	case reply.Permanent:
		return Rejected
	}
	return Unknown
}

// failures turns the session's refusals into its Failures.
func (b *Builder) failures(st *state, said string) {
	s := &b.whole
	var login, tls bool // a reply says that it failed
	for i := range st.refusals {
		if r := &st.refusals[i]; r.isReply {
			login = login || r.verb == logparse.VerbAUTH || r.verb == logparse.VerbXEXPS
			tls = tls || r.verb == logparse.VerbSTARTTLS
		}
	}
	for i := range st.refusals {
		r := &st.refusals[i]
		if !r.isReply && (r.verb == logparse.VerbAUTH && login || r.verb == logparse.VerbSTARTTLS && tls) {
			continue
		}
		verb := r.verb.String()
		if r.verb == logparse.VerbOther {
			verb = strings.ToUpper(r.name.of(said))
		}
		o := outcome.Outcome{
			Class: r.class, Code: r.code, Enhanced: r.enhanced,
			Direction: s.Direction, Verb: verb, Host: Host(s.Remote),
			Server: s.Server, Connector: s.Connector, Format: s.Format.String(), Text: r.text.of(said),
			Time: r.time(), Pos: b.position(st, &r.verdict), IsReply: r.isReply, Session: s.number, Reply: uint32(i + 1),
		}
		if r.domain.n > 0 {
			o.Domain = Domain("@" + r.domain.of(said))
		}
		b.classify(&o)
		if r.transaction >= 0 && r.recipient >= 0 {
			o.Recipient = recipientOf(&s.Transactions[st.placeOf(r.transaction)].Recipients[r.recipient])
			o.Domain = Domain(o.Recipient)
		}
		s.Failures = append(s.Failures, o)
		in := -1
		if r.transaction >= 0 {
			in = st.placeOf(r.transaction)
		}
		s.refusedIn = append(s.refusedIn, in)
	}
}

// placeOf returns the place among all of a transaction in the list.
func (st *state) placeOf(transaction int32) int {
	return int(st.transactions[transaction].settled) + int(transaction)
}

// classify gives the outcome its reason and its actor.
func (b *Builder) classify(o *outcome.Outcome) {
	text := o.Text
	if text == "" {
		text = o.Code.String()
		if !o.Enhanced.IsZero() {
			text += " " + o.Enhanced.String()
		}
	}
	var c reply.Classification
	if b.opt.Classifier != nil {
		c = b.opt.Classifier.Classify(text, o.Direction)
	} else {
		c = reply.Classify(text, o.Direction)
	}
	o.Reason, o.Actor = c.Reason, c.Actor
}

// recipientOf returns the recipient's address, "<>" for an empty one.
func recipientOf(r *Recipient) string {
	if r.To == "" {
		return "<>"
	}
	return r.To
}

// Outcomes yields the failed outcomes of the session, those of one reply one
// after the other: one for each recipient that the reply refused; for a refused
// MAIL without recipients one for the sender's domain (inbound); for one whose
// recipients were refused for themselves one for the sender's domain (inbound)
// or for each of theirs (outbound); else one for the host. One Outcome is
// reused.
func (s *Session) Outcomes(yield func(*outcome.Outcome) bool) {
	if len(s.Failures) == 0 {
		return
	}
	if s.outcome == nil {
		s.outcome = new(outcome.Outcome)
	}
	for i := range s.Failures {
		*s.outcome = s.Failures[i]
		if !s.spread(s.outcome, s.refusedIn[i], yield) {
			return
		}
	}
}

// spread yields o for everything that it concerns.
func (s *Session) spread(o *outcome.Outcome, transaction int, yield func(*outcome.Outcome) bool) bool {
	if o.Recipient != "" || o.Domain != "" || !o.IsReply || transaction < 0 {
		return yield(o)
	}
	t := &s.Transactions[transaction]
	any := false
	for i := range t.Recipients {
		r := &t.Recipients[i]
		if !r.Class.Failed() || r.Pos != o.Pos {
			continue
		}
		any = true
		o.Recipient = recipientOf(r)
		o.Domain = Domain(o.Recipient)
		if !yield(o) {
			return false
		}
	}
	if any {
		return true
	}
	if o.Verb != logparse.VerbMAIL.String() {
		return yield(o)
	}
	if s.Direction == outcome.Inbound {
		o.Domain = Domain(t.From)
		return yield(o)
	}
	seen := map[string]bool{"": true}
	for i := range t.Recipients {
		if d := Domain(t.Recipients[i].To); !seen[d] {
			seen[d] = true
			if o.Domain = d; !yield(o) {
				return false
			}
		}
	}
	return len(seen) > 1 || yield(o)
}

package session

import (
	"bytes"
	"strings"
	"time"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply"
)

// info reads what the logging server noted between the commands: the "*" rows
// of Exchange and the IMS's lines about deliveries put off. Unknown notes are left alone.
func (b *Builder) info(st *state, rec *logparse.Record) {
	if rec.Code.Class().Failed() && (rec.Code == noRoute || len(st.refusals) == 0) {
		b.postponed(st, rec)
		return
	}
	note := rec.Context
	if len(note) == 0 {
		note = rec.Data
	}
	switch {
	case bytes.HasPrefix(note, []byte("TLS protocol ")):
		if len(note) > maxTextLength {
			st.hold(b, len(note))
		}
		st.tls = b.tlsOf(note)
	case bytes.HasPrefix(note, []byte("TLS negotiation failed with error ")):
		st.tls = &TLS{Error: st.name(b, note[len("TLS negotiation failed with error "):])}
		b.fail(st, rec, logparse.VerbSTARTTLS, reply.Transient, note)
	case bytes.HasPrefix(rec.Data, []byte("Tarpit for '")) || bytes.HasPrefix(note, []byte("Tarpit for '")):
		st.tarpit(rec.Data, note)
	case string(note) == authenticated:
		st.login().User = st.name(b, rec.Data)
		st.loginAnswered(true)
	case bytes.HasPrefix(note, []byte("User Name: ")):
		st.login().User = st.name(b, note[len("User Name: "):])
	case bytes.HasPrefix(note, []byte("Inbound AUTH ")):
		b.authNote(st, rec, note)
	case bytes.HasPrefix(note, []byte("Outbound Authentication failed with ")):
		if len(note) > maxTextLength {
			st.hold(b, len(note))
		}
		st.used = true
		st.outboundFailed(b, note)
		b.fail(st, rec, logparse.VerbAUTH, reply.Permanent, note)
	case bytes.Equal(note, []byte("receiving message")):
		if st.current >= 0 && !b.opt.Terse {
			st.transactions[st.current].sourceContext = st.keep(b, rec.Data)
		}
	case bytes.HasPrefix(note, []byte("sending message")):
		if !b.opt.Terse {
			b.sending(st, rec, note)
		}
	case bytes.HasPrefix(note, []byte("Failed to connect")):
		b.fail(st, rec, logparse.VerbConnect, reply.Transient, note)
		st.refusals[len(st.refusals)-1].domain = st.keep(b, destinationOf(note))
		if !st.connected {
			st.lost = true
		}
	}
}

// fail notes a failure that no reply stands for.
func (b *Builder) fail(st *state, rec *logparse.Record, verb logparse.Verb, class reply.Class, text []byte) {
	st.step(b)
	v := st.verdictAt(rec, class)
	v.text = st.keepOf(b, class, text)
	st.refusals = append(st.refusals, refusal{verdict: v, verb: verb, transaction: -1, recipient: -1})
}

// authNote reads the note of a login that failed. It counts as failed once, and
// not at all besides a reply that refuses it.
func (b *Builder) authNote(st *state, rec *logparse.Record, note []byte) {
	if len(note) > maxTextLength {
		st.hold(b, len(note))
	}
	noted, first := st.inboundFailed(b, note)
	st.used = st.used || noted
	if first {
		b.fail(st, rec, logparse.VerbAUTH, reply.Permanent, note)
	}
}

// sending reads what a send log announces before MAIL. Exchange 2013 and later:
// "sending message with RecordId 167503004549 and InternetMessageId <…>" in
// the context; before that "sending message" with the record id in the data.
func (b *Builder) sending(st *state, rec *logparse.Record, note []byte) {
	if id := between(note, "RecordId ", " "); len(id) > 0 {
		st.announcedRecordID = st.keep(b, id)
	} else if number(rec.Data) > 0 {
		st.announcedRecordID = st.keep(b, rec.Data)
	}
	if i := bytes.Index(note, []byte("InternetMessageId ")); i >= 0 {
		st.announcedMessageID = st.keep(b, bytes.TrimSpace(note[i+len("InternetMessageId "):]))
	}
}

// noRoute is the code that the IMS itself gives to a delivery for which the
// connection was lost or never made (KB Q228725).
const noRoute = 499

// postponed reads the IMS's line about a delivery that was put off. It is no
// reply, but may tell of one that is not in the log (KB Q146669).
func (b *Builder) postponed(st *state, rec *logparse.Record) {
	verb := logparse.VerbConnect
	transaction := int32(-1)
	if waiting := st.queue.waiting(); len(waiting) > 0 {
		verb = waiting[0].verb
		transaction = waiting[0].transaction
	} else if n := len(st.transactions); n > 0 {
		verb, transaction = logparse.VerbEOM, int32(n-1)
	}
	st.step(b)
	v := st.replyAt(rec)
	v.text = st.keepOf(b, v.class, rec.Text)
	if transaction >= 0 {
		st.transactions[transaction].failed = true
	}
	st.refusals = append(st.refusals, refusal{
		verdict: v, verb: verb, transaction: transaction, recipient: -1,
		domain: st.keep(b, logparse.NoRouteDomain(rec.Text)),
	})
	if rec.Code == noRoute || !st.connected {
		st.endTransaction()
		st.lost = true
	}
}

// proxyRow reads XPROXY and XPROXYFROM, with which a front end names the true
// client: "SID=08D0… IP=192.0.2.7 PORT=50505 DOMAIN=mail.example.org …".
func (b *Builder) proxyRow(st *state, arg []byte) {
	p := &Proxied{
		Client:  string(param(arg, "IP")),
		Session: string(param(arg, "SID")),
		Helo:    string(param(arg, "DOMAIN")),
	}
	if port := param(arg, "PORT"); len(port) > 0 && p.Client != "" {
		if strings.IndexByte(p.Client, ':') >= 0 && p.Client[0] != '[' {
			p.Client = "[" + p.Client + "]"
		}
		p.Client += ":" + string(port)
	}
	st.hold(b, len(p.Client)+len(p.Session)+len(p.Helo))
	st.proxied = p
}

// maxTLS bounds the kinds of connections that tlsOf remembers.
const maxTLS = 256

// tlsOf is parseTLS, which few different notes need.
func (b *Builder) tlsOf(note []byte) *TLS {
	if t := b.tls[string(note)]; t != nil {
		return t
	}
	t := parseTLS(string(note))
	if b.tls == nil || len(b.tls) >= maxTLS {
		b.tls = map[string]*TLS{}
	}
	if len(note) <= maxTextLength {
		b.tls[string(note)] = t
	}
	return t
}

// parseTLS reads "TLS protocol SP_PROT_TLS1_2_SERVER negotiation succeeded using
// bulk encryption algorithm CALG_AES_128 with strength 128 bits, MAC …".
func parseTLS(note string) *TLS {
	t := &TLS{}
	protocol, rest, _ := strings.Cut(note[len("TLS protocol "):], " ")
	protocol = strings.TrimPrefix(protocol, "SP_PROT_")
	protocol = strings.TrimSuffix(strings.TrimSuffix(protocol, "_SERVER"), "_CLIENT")
	switch {
	case protocol == "TLS1":
		protocol = "TLS1.0"
	case strings.HasPrefix(protocol, "TLS1_"):
		protocol = "TLS1." + strings.TrimPrefix(protocol, "TLS1_")
	case protocol == "SSL3" || protocol == "SSL2":
		protocol += ".0"
	}
	t.Version = protocol
	if _, cipher, found := strings.Cut(rest, "algorithm "); found {
		cipher, rest, _ = strings.Cut(cipher, " ")
		t.Cipher = strings.TrimRight(cipher, ",")
		if _, strength, found := strings.Cut(rest, "strength "); found {
			strength, _, _ = strings.Cut(strength, " ")
			t.Bits = int(number([]byte(strength)))
		}
	}
	return t
}

// parseTarpit reads "Tarpit for '0.00:00:05'" from the data or the context.
func parseTarpit(data, note []byte) (time.Duration, bool) {
	if !bytes.HasPrefix(data, []byte("Tarpit for '")) {
		data = note
	}
	return parseTimeSpan(between(data, "Tarpit for '", "'"))
}

// maxTarpitted is where adding up ends.
const maxTarpitted = 100_000 * time.Hour

// parseTimeSpan reads a .NET TimeSpan, "d.hh:mm:ss[.fff]" with or without the
// days.
func parseTimeSpan(b []byte) (time.Duration, bool) {
	var days int64
	colon := bytes.IndexByte(b, ':')
	if colon < 0 {
		return 0, false
	}
	if dot := bytes.IndexByte(b[:colon], '.'); dot >= 0 {
		days = min(number(b[:dot]), 10_000)
		b = b[dot+1:]
	}
	if len(b) < len("hh:mm:ss") || b[2] != ':' || b[5] != ':' {
		return 0, false
	}
	d := time.Duration(days*24+number(b[:2]))*time.Hour + time.Duration(number(b[3:5]))*time.Minute +
		time.Duration(number(b[6:8]))*time.Second
	if len(b) > 9 && b[8] == '.' {
		unit := time.Second
		for _, c := range b[9:] {
			if c < '0' || c > '9' || unit < 10 {
				break
			}
			unit /= 10
			d += time.Duration(c-'0') * unit
		}
	}
	return d, true
}

// between returns what stands between the two texts, nil when the first is not
// there; to the end when the second is not.
func between(b []byte, before, after string) []byte {
	i := bytes.Index(b, []byte(before))
	if i < 0 {
		return nil
	}
	b = b[i+len(before):]
	if j := bytes.Index(b, []byte(after)); j >= 0 {
		b = b[:j]
	}
	return b
}

// queued is what Exchange says of a message that it took.
type queued struct {
	messageID  string
	internalID string
	hostname   string
	bytes      int64
}

func parseQueued(text string) (q queued) {
	if i := strings.IndexByte(text, '<'); i >= 0 {
		if j := strings.IndexByte(text[i:], '>'); j > 0 {
			q.messageID = text[i : i+j+1]
		}
	}
	_, rest, found := strings.Cut(text, "[InternalId=")
	if !found {
		q.messageID = "" // another server's reply: what it has in <> may be anything
		return q
	}
	inside, rest, _ := strings.Cut(rest, "]")
	q.internalID, inside, _ = strings.Cut(inside, ",")
	if _, name, found := strings.Cut(inside, "Hostname="); found {
		q.hostname, _, _ = strings.Cut(name, ",")
	}
	if size, _, found := strings.Cut(strings.TrimSpace(rest), " bytes in "); found {
		q.bytes = number([]byte(size))
	}
	return q
}

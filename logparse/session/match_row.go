package session

import (
	"bytes"
	"encoding/binary"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// A matchVerb is a command as far as the matcher tells commands apart.
type matchVerb uint8

const (
	verbOther matchVerb = iota
	verbHelo
	verbEhlo
	verbMail
	verbRcpt
	verbData // BDAT too
	verbReset
	verbQuit
	verbAuth
	verbTLS
	matchVerbs

	// What is waited for without a command of its own, outbound.
	verbEOM = matchVerbs
)

// greets reports whether the command names the client.
func (v matchVerb) greets() bool { return v == verbHelo || v == verbEhlo }

var matchVerbOf = func() (t [256]matchVerb) {
	for v, to := range map[logparse.Verb]matchVerb{
		logparse.VerbHELO: verbHelo, logparse.VerbEHLO: verbEhlo, logparse.VerbLHLO: verbEhlo,
		logparse.VerbMAIL: verbMail, logparse.VerbSEND: verbMail, logparse.VerbSOML: verbMail, logparse.VerbSAML: verbMail,
		logparse.VerbRCPT: verbRcpt, logparse.VerbDATA: verbData, logparse.VerbBDAT: verbData, logparse.VerbRSET: verbReset,
		logparse.VerbQUIT: verbQuit, logparse.VerbAUTH: verbAuth, logparse.VerbXEXPS: verbAuth,
		logparse.VerbSTARTTLS: verbTLS, logparse.VerbAnonymousTLS: verbTLS,
	} {
		t[v] = to
	}
	return t
}()

// A matchRow is what the matcher looks at in a row. Times are milliseconds;
// hashes are 0 for nothing.
type matchRow struct {
	number int64 // counts the rows of all logs
	clock  int64 // of its log
	at     int64 // when it was written: the command was over
	timed  bool
	took   int64 // time-taken, -1 where it is not logged
	began  int64 // at without took, where that is logged

	reply    bool // a response that came in, outbound
	outbound bool
	info     bool // neither a command nor a reply
	verb     matchVerb
	bdat     bool
	code     reply.Code

	length  int64     // of the session, on QUIT; -1 where it is not known
	mail    []byte    // inbound, the argument of MAIL; borrowed
	size    int64     // of the message: declared on a MAIL of ours, counted on DATA; -1 where it is not known
	in, out int64     // cs-bytes and sc-bytes, -1 where they are not logged
	name    uint32    // hash of the HELO name, on HELO, what may have been HELO, and QUIT
	domain  uint32    // inbound, hash of the domain of the Message-ID, on DATA (see look)
	address uint32    // hash of the address in a command of ours or the reply to it
	shape   uint32    // see look: hash of the wording of a reply, without what differs from one to the next
	hint    matchVerb // see look: which command a reply's text answers, verbOther for any
}

// read fills r from a record.
func (r *matchRow) read(rec *logparse.Record) {
	r.readOf(rec, nil)
	r.ask(rec)
}

// ask reads what tells the reply to STARTTLS from a greeting, where that matters.
func (r *matchRow) ask(rec *logparse.Record) {
	switch {
	case !r.reply || r.code != 220:
	case !rec.Enhanced.IsZero():
		r.hint = replyHint(rec)
	case saysTLS(rec.Text):
		r.hint = verbTLS
	}
}

// readOf is read for a row of c, which may be nil, without what ask reads.
func (r *matchRow) readOf(rec *logparse.Record, c *cluster) {
	*r = matchRow{} // in its place: it is not copied there
	r.took, r.verb, r.bdat, r.code = rec.Elapsed, matchVerbOf[rec.Verb], rec.Verb == logparse.VerbBDAT, rec.Code
	r.outbound = rec.Direction == outcome.Outbound
	r.length, r.size, r.in, r.out = -1, -1, rec.BytesIn, rec.BytesOut
	if r.timed = !rec.Time.IsZero(); r.timed {
		r.at = milliseconds(rec.Time)
		r.began = r.at - max(r.took, 0)
	}
	switch rec.Kind {
	case logparse.KindReply:
		r.reply = true
		return
	case logparse.KindCommand:
	default:
		r.info = true
		return
	}
	switch r.verb {
	case verbHelo, verbEhlo, verbOther:
		// QUIRK: a Cisco firewall with its SMTP fixup writes "xxxx" over EHLO
		// and leaves the name.
		r.name = c.hashOf(rec.Arg)
	case verbQuit:
		r.name = c.hashOf(rec.Arg)
		if rec.Win32 > 0 && !r.outbound {
			r.length = rec.Win32
		}
	case verbMail:
		if !r.outbound {
			r.mail = rec.Arg
			return
		}
		r.address = hash(bracketed(rec.Arg))
		r.size = declaredSize(rec.Arg)
	case verbRcpt:
		if r.outbound {
			r.address = hash(bracketed(rec.Arg))
		}
	case verbData:
		switch {
		case r.outbound && r.bdat:
			r.size = leadingNumber(rec.Arg)
		case !r.outbound && rec.BytesIn > 0:
			r.size = rec.BytesIn
		}
	}
}

// look reads what only those rows need whose code and time do not tell where they
// belong.
func (r *matchRow) look(rec *logparse.Record) {
	switch {
	case r.reply:
	case r.verb == verbData && !r.outbound && !r.info:
		r.domain = hash(afterAt(bracketed(rec.Arg)))
		return
	default:
		return
	}
	r.hint = replyHint(rec)
	r.shape = shape(rec.Text)
	if r.hint == verbMail || r.hint == verbRcpt || r.hint == verbOther {
		r.address = hash(bracketed(rec.Text))
	}
}

func milliseconds(t outcome.Time) int64 { return t.UnixNano() / 1e6 }

// replyHint tells from a reply's text and enhanced code which command it
// answers.
func replyHint(rec *logparse.Record) matchVerb {
	e := rec.Enhanced
	switch {
	case e.Major == 2 && e.Subject == 1 && e.Detail == 0:
		return verbMail
	case e.Major == 2 && e.Subject == 1 && e.Detail == 5:
		return verbRcpt
	case e.Major == 2 && e.Subject == 6:
		return verbEOM
	}
	switch {
	case rec.Code.Class() != reply.OK:
		return verbOther
	case rec.Code == 220 && (!e.IsZero() || saysTLS(rec.Text)):
		return verbTLS // a greeting has no enhanced code (RFC 2034 section 3)
	}
	if len(rec.Text) > 3 && rec.Text[3] == '-' {
		return verbEhlo // whose reply alone has several lines
	}
	return hintIn(rec.Text[:min(len(rec.Text), maxHinted)])
}

// saysTLS reports whether a reply of 220 is about TLS, which a greeting is not.
func saysTLS(text []byte) bool {
	text = text[:min(len(text), maxHinted)]
	for i := 0; i+2 < len(text); i++ {
		if text[i+1]|0x20 == 'l' && text[i]|0x20 == 't' && text[i+2]|0x20 == 's' && (i+3 == len(text) || !isHost[text[i+3]]) {
			return true
		}
	}
	return false
}

// isHost tells what the name of a host goes on with.
var isHost = func() (t [256]bool) {
	for _, c := range []byte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") {
		t[c] = true
	}
	return t
}()

// maxHinted is how much of a reply is searched for what it answers.
const maxHinted = 200

var hintWords = [...]struct {
	word string // in lower case
	verb matchVerb
}{
	{"sender", verbMail}, {"recipient", verbRcpt}, {"queued", verbEOM}, {"accepted for delivery", verbEOM},
	{"reset", verbReset},
}

// mayHint tells the letters that hintWords begin with, 1, and those that come
// second, 2, in either case.
var mayHint = func() (t [256]uint8) {
	for _, w := range hintWords {
		for i, bit := range []uint8{1, 2} {
			t[w.word[i]] |= bit
			t[w.word[i]-'a'+'A'] |= bit
		}
	}
	return t
}()

// hintIn returns the verb of the first of hintWords that text holds.
func hintIn(text []byte) matchVerb {
	found := len(hintWords)
	before := uint8(0) // of the byte before
	for i, c := range text {
		may := mayHint[c]
		if may&2 == 0 || before&1 == 0 {
			before = may
			continue
		}
		before = may
		for k, w := range hintWords[:found] {
			if hasPrefixFold(text[i-1:], w.word) {
				found = k
				break
			}
		}
	}
	if found == len(hintWords) {
		return verbOther
	}
	return hintWords[found].verb
}

// hasPrefixFold reports whether text begins with word, which is in lower case,
// in any case.
func hasPrefixFold(text []byte, word string) bool {
	if len(text) < len(word) {
		return false
	}
	for i := range len(word) {
		if lowerASCII(text[i]) != word[i] {
			return false
		}
	}
	return true
}

func lowerASCII(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// bracketed returns what stands between the first "<" and the ">" behind it,
// nil where it is no address.
func bracketed(b []byte) []byte {
	i := bytes.IndexByte(b, '<')
	if i < 0 {
		return nil
	}
	j := bytes.IndexByte(b[i:], '>')
	if j < 0 || bytes.IndexByte(b[i:i+j], '@') < 0 {
		return nil
	}
	return b[i+1 : i+j]
}

func afterAt(b []byte) []byte { return b[bytes.LastIndexByte(b, '@')+1:] }

// declaredSize returns the value of MAIL's SIZE parameter (RFC 1870), -1 for
// none.
func declaredSize(arg []byte) int64 {
	const param = " size="
	for {
		i := bytes.IndexByte(arg, ' ')
		if i < 0 || len(arg) <= i+len(param) {
			return -1
		}
		arg = arg[i:]
		if hasPrefixFold(arg, param) {
			return leadingNumber(arg[len(param):])
		}
		arg = arg[1:]
	}
}

// leadingNumber returns the number that b begins with, -1 for none.
func leadingNumber(b []byte) int64 {
	n := int64(-1)
	for _, c := range b {
		if c < '0' || c > '9' || n > 1<<40 {
			break
		}
		n = max(n, 0)*10 + int64(c-'0')
	}
	return n
}

// hash returns a hash of b in lower case, 0 for nothing.
func hash(b []byte) uint32 {
	if len(b) == 0 {
		return 0
	}
	h := uint64(len(b))
	for ; len(b) >= 8; b = b[8:] {
		h = hashWord(h, lowerWord(binary.LittleEndian.Uint64(b)))
	}
	return max(uint32(hashWord(h, lowerWord(lastWord(b)))>>32), 1)
}

// lowerWord is lowerASCII of each of 8 bytes.
func lowerWord(x uint64) uint64 {
	const each = 0x0101_0101_0101_0101
	low := x & (0x7f * each)
	// The top bit of each byte: it is at least 'A', it is more than 'Z'.
	letter := (low + (0x80-'A')*each) &^ (low + (0x7f-'Z')*each) &^ x & (0x80 * each)
	return x | letter>>2
}

// shape returns the hash of the words of a reply that hold neither digits nor an
// address, but for its codes.
func shape(text []byte) uint32 {
	h := uint32(2166136261)
	for n := 0; len(text) > 0 && n < 12; n++ {
		word, rest, _ := bytes.Cut(text, []byte{' '})
		text = rest
		with, fixed := h, true
		for _, c := range word {
			if n > 1 && varies[c] {
				fixed = false
				break
			}
			with = (with ^ uint32(lowerASCII(c))) * 16777619
		}
		if fixed {
			h = (with ^ ' ') * 16777619
		}
	}
	return max(h, 1)
}

// varies tells what words hold that differ from one reply to the next.
var varies = func() (t [256]bool) {
	for _, c := range []byte("0123456789@<[") {
		t[c] = true
	}
	return t
}()

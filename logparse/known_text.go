package logparse

import (
	"bytes"
	"encoding/binary"

	"github.com/smtplog/smtplog/reply"
)

// A knownText is the end of rows of a protocol log, from the event on, and what
// it says.
type knownText struct {
	start knownBytes // the first bytes of "event,data,context" and the line's end
	tail  []byte     // those from beginsMax on
	size  int        // of all of it
	parts textParts

	kind     Kind // KindNone: there is no text
	verb     Verb
	code     reply.Code
	enhanced reply.Enhanced
	more     bool
	coded    bool // a reply whose first beginsMax bytes hold its codes: all that begin so have them

	others uint8  // how many texts began so and went on otherwise
	missed uint64 // the hash of the last text that was another one
}

// textParts says what stands where in a row behind its event. Places are counted
// from the event.
type textParts struct {
	row           int32 // how long it is without the line's end
	data, dataEnd int32 // where data is, without its quotes
	arg           int32 // where a command's argument begins, which ends as data does
	context       int32 // where the context is, without its quotes and the blanks at its end
	contextEnd    int32
	doubled       doubled
}

// doubled says in which values quotes stand twice.
type doubled uint8

const (
	doubledInData doubled = 1 << iota
	doubledInContext
)

// maxKnownText is the length of the longest text that is known, in bytes: notes
// about certificates and ciphers are no longer as a rule.
const maxKnownText = 512

// knownTexts holds what rows often end with: most replies and notes, and commands
// that name no mailbox. It is true for logs of one format.
type knownTexts [256]knownText

// startHash returns a hash of what texts that begin with b begin with.
func startHash(b *[knownMax]byte) uint64 {
	return (binary.LittleEndian.Uint64(b[0:]) ^ binary.LittleEndian.Uint64(b[8:])*0x9e37_79b9_7f4a_7c15) * 0xff51_afd7_ed55_8ccd
}

// textHash returns a hash of what stands here and there in a text: few of those
// that name a session, a mailbox, an address or a time have the same.
func textHash(text []byte) uint64 {
	n := len(text)
	if n < 20 {
		return uint64(n)
	}
	first, middle := binary.LittleEndian.Uint64(text[12:]), binary.LittleEndian.Uint64(text[n/2-4:])
	last := binary.LittleEndian.Uint64(text[n-16:]) ^ binary.LittleEndian.Uint64(text[n-8:])*0xff51_afd7_ed55_8ccd
	return first ^ (middle^last*0x9e37_79b9_7f4a_7c15)*0xff51_afd7_ed55_8ccd + uint64(n)
}

// of returns the place of the text that b begins with, if it is known.
func (s *knownTexts) of(b *[knownMax]byte) *knownText { return &s[startHash(b)>>56] }

// meet makes t the text, whose place it is, when it is met a second time. rec is
// what it says.
func (t *knownText) meet(rec *Record, parts *textParts, text []byte) {
	if rec.Kind == KindCommand && (rec.Verb == VerbMAIL || rec.Verb == VerbRCPT || parts.doubled != 0 || len(text) > textWindow) {
		return
	}
	if hash := textHash(text); t.missed != hash {
		t.missed = hash
		return
	}
	t.start.set(text[:min(len(text), beginsMax)])
	t.tail = append(t.tail[:0], text[t.start.size:]...)
	t.size, t.parts = len(text), *parts
	t.kind, t.verb, t.code, t.enhanced, t.more = rec.Kind, rec.Verb, rec.Code, rec.Enhanced, rec.More
	t.others = 0
	t.coded = rec.Kind == KindReply && len(text) > beginsMax && holdsCodes(text[:beginsMax], parts)
}

// holdsCodes reports whether the codes of a reply hang on nothing but start, with
// which its text begins.
func holdsCodes(start []byte, parts *textParts) bool {
	// An enhanced code has nine bytes at most (RFC 3463 section 2), and two are
	// looked at behind it.
	const width = len("5.123.123") + 2
	return bytes.IndexByte(start[len(`<,"`):], '"') < 0 && len(bytes.TrimLeft(start[parts.data+4:], " ")) > width
}

// beginsOther takes note of a text that begins as t does and goes on otherwise.
// Of texts that say what time it is, one may have been kept, which gives way at
// last.
func (t *knownText) beginsOther() {
	if t.others++; t.others == 0 {
		t.kind = KindNone
	}
}

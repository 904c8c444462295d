package logparse

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/smtplog/smtplog/reply"
)

// quickText reads the rest of the row that r.last says where it begins, of which
// b is the beginning. It fills in what a sparse record has, and r.last.
func (r *exchangeRows) quickText(rec *Record, b *[textWindow]byte) bool {
	switch word := binary.LittleEndian.Uint64(b[0:]); {
	case word == r.short.rcpt && r.mailboxText(rec, VerbRCPT, b), word == r.short.mail && r.mailboxText(rec, VerbMAIL, b):
		return true
	}
	start := (*[knownMax]byte)(b[:])
	t, row := r.known.texts.of(start), &r.last
	if t.kind == KindNone || !t.start.begins(start) || !t.start.beginsOn(start) {
		return r.otherText(rec, start, t, false)
	}
	size := row.event + t.size
	if size > r.lines.max || t.size > beginsMax && !r.goesOn(t) {
		return r.otherText(rec, start, t, true)
	}
	r.lines.take(size)
	row.textParts = t.parts
	rec.Kind, rec.Verb, rec.Code, rec.Enhanced, rec.More = t.kind, t.verb, t.code, t.enhanced, t.more
	switch t.kind {
	case KindReply:
	case KindCommand:
		rec.Arg = some(b[t.parts.arg:t.parts.dataEnd])
	default:
		rec.Data, rec.Context = r.texts(r.lines.buf[row.at+row.event:], &t.parts)
	}
	return true
}

// goesOn reports whether the row at hand, which begins as t does, goes on so.
func (r *exchangeRows) goesOn(t *knownText) bool {
	at := r.last.at + r.last.event
	return at+t.size <= r.lines.end && string(r.lines.buf[at+beginsMax:at+t.size]) == string(t.tail)
}

// mailboxText is quickText for a row whose data begins with the verb, which has
// four letters, and a letter behind one blank. It assumes that nothing follows the
// data, and that this does not take all of b.
func (r *exchangeRows) mailboxText(rec *Record, verb Verb, b *[textWindow]byte) bool {
	comma := plainEnd(b)
	row := comma + 1
	size := row + 1
	if b[row&(textWindow-1)] == '\r' {
		size++
	}
	if comma < 0 || b[(size-1)&(textWindow-1)] != '\n' || r.last.event+size > r.lines.max {
		return false
	}
	r.lines.take(r.last.event + size)
	const arg = len("<,RCPT ")
	r.last.textParts = textParts{int32(row), 2, int32(comma), int32(arg), int32(row), int32(row), 0}
	rec.Kind, rec.Verb, rec.Code, rec.Enhanced, rec.More = KindCommand, verb, 0, reply.Enhanced{}, false
	rec.Arg = b[arg:comma]
	return true
}

// plainEnd returns where the first comma is in the text of a command that begins
// at b, which is behind its verb; -1 if a line ends before, or there is none but
// among the last bytes.
func plainEnd(b *[textWindow]byte) int {
	for i := 8; i <= len(b)-16; i += 8 {
		// A mailbox has few bytes that stand before "-".
		for low := bytesBelow(binary.LittleEndian.Uint64(b[i:]), '-'); low != 0; low &= low - 1 {
			at := i + bits.TrailingZeros64(low)/8
			switch b[at&(len(b)-1)] {
			case ',':
				return at
			case '\n':
				return -1
			}
		}
	}
	return -1
}

// otherText is quickText for any row that is on one line and has the usual
// columns. The place of its text is t; begins says that it begins as the text
// there, but goes on otherwise.
func (r *exchangeRows) otherText(rec *Record, b *[knownMax]byte, t *knownText, begins bool) bool {
	kind, row, lines := r.short.kinds[b[0]], &r.last, r.lines
	if kind == KindNone || b[1] != ',' {
		return false
	}
	text := lines.buf[row.at+row.event : lines.end]
	n := bytes.IndexByte(text, '\n')
	size := n + 1 // with the line's end
	if n < 4 || row.event+size > lines.max || size > math.MaxInt32 {
		return false
	}
	if text[n-1] == '\r' {
		n--
	}
	if last := text[n-1]; last == '\r' || last == 0 || !row.split(text[:n]) {
		return false
	}
	lines.take(row.event + size)
	rec.Kind, rec.Verb, rec.Code, rec.Enhanced, rec.More = kind, VerbNone, 0, reply.Enhanced{}, false
	switch {
	case begins && t.coded:
		rec.Code, rec.Enhanced, rec.More = t.code, t.enhanced, t.more
	case kind == KindReply: // no code has quotes, doubled or not
		rec.Code, rec.More, rec.Enhanced = reply.ParseCodes(text[row.data:row.dataEnd])
	default:
		data, context := r.texts(text, &row.textParts)
		if kind != KindCommand {
			rec.Data, rec.Context = data, context
			break
		}
		verb, _, arg := SplitCommand(data)
		rec.Verb, rec.Arg = verb, some(arg)
		row.arg = row.dataEnd - int32(len(arg))
	}
	if begins {
		t.beginsOther()
	} else if size <= maxKnownText {
		t.meet(rec, &row.textParts, text[:size])
	}
	return true
}

// split finds the parts of a text without its line's end. It reports false if
// data and context are not the last two columns.
func (p *textParts) split(text []byte) bool {
	n := len(text)
	p.row, p.doubled = int32(n), 0
	next := len("<,")
	from, to, twice := next, next, false
	switch text[next] {
	case ',':
		next++
	case '"':
		if from, to, twice, next = csvQuotedAt(text, next); twice {
			p.doubled = doubledInData
		}
	default:
		width := bytes.IndexByte(text[from:], ',')
		to = from + width
		next = to + 1
	}
	if next <= from {
		return false
	}
	p.data, p.dataEnd = int32(from), int32(to)
	from, to = next, n
	if from < n {
		// Few rows have both data and context.
		switch {
		case text[from] == '"':
			if from, to, twice, next = csvQuotedAt(text, from); next != csvEnd {
				return false
			}
			if twice {
				p.doubled |= doubledInContext
			}
		case bytes.IndexByte(text[from:], ',') >= 0:
			return false
		}
		to = from + len(trimContext(text[from:to]))
	}
	p.context, p.contextEnd = int32(from), int32(to)
	return true
}

// says fills in data and what it says as a step of the Kind, which is set.
func (rec *Record) says(data []byte) {
	rec.Data = data
	switch rec.Kind {
	case KindCommand:
		rec.Code, rec.Enhanced, rec.More, rec.Text = 0, reply.Enhanced{}, false, nil
		verb, name, arg := SplitCommand(data)
		rec.Verb, rec.VerbText, rec.Arg = verb, some(name), some(arg)
		return
	case KindReply:
		rec.Code, rec.More, rec.Enhanced = reply.ParseCodes(data)
		rec.Text = data
	default:
		rec.Code, rec.Enhanced, rec.More, rec.Text = 0, reply.Enhanced{}, false, nil
	}
	rec.Verb, rec.VerbText, rec.Arg = VerbNone, nil, nil
}

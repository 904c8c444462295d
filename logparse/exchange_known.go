package logparse

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// knownWindow is how much of the block quick looks at: any place that a byte
// can name, and the longest text behind it.
const knownWindow = 256 + knownMax

// quick implements quickRowReader. It reads, all by itself, the rows of protocol
// logs whose sessions are known and that have the connector-id and the minute of
// the row before, but for the last rows of a block; what of it holds for them is
// what quickProtocol assumes. All others are left to quickOther.
func (r *exchangeRows) quick(rec *Record) bool {
	s, lines := &r.short, r.lines
	c, start := s.connector, lines.start
	if c == nil || lines.end-start < knownWindow {
		return r.quickOther(rec)
	}
	block := lines.buf[start:]
	b := (*[knownWindow]byte)(block)

	x := binary.LittleEndian.Uint64(b[17:]) ^ secondShape
	if (binary.LittleEndian.Uint64(b[0:])^s.clock.first)|(binary.LittleEndian.Uint64(b[8:])^s.clock.last)|
		notSecond(x) != 0 || b[16] != ':' {
		return r.quickOther(rec)
	}
	second, ms := secondOf(x)
	if second > 60 {
		return r.quickOther(rec)
	}
	rec.Time = outcome.Unix(s.clock.ns+second*1e9+ms*1e6, 3)

	if name := (*[knownMax]byte)(b[isoLen+1:]); !c.bytes.begins(name) || c.bytes.size > 32 && !c.bytes.goesOn(name) {
		return r.quickOther(rec)
	}
	id := (*[idLen + 8]byte)(b[c.from:])
	k := r.known.sessions.of(id)
	if k == nil || k.connector != c.number {
		return r.quickOther(rec)
	}
	// The sequence-number stands between two commas.
	sequence, digits := shortNumber(binary.LittleEndian.Uint64(id[idLen:]) >> 8)
	if digits == 0 || id[idLen] != ',' {
		return r.quickOther(rec)
	}
	rec.Sequence = sequence
	at := c.from + idLen + 1 + uint8(digits) // of the ends
	if ends := (*[knownMax]byte)(b[at:]); !k.ends.begins(ends) || k.ends.size > 32 && !k.ends.goesOn(ends) {
		return r.quickOther(rec)
	}
	if rec.conversation != k.number {
		r.beginSession(rec, k)
	}
	at += k.ends.size // of the event
	end := (*[knownMax]byte)(b[at:])
	if t := r.known.texts.of(end); t.kind != KindNone && t.text.begins(end) && r.knownText(rec, t, block, int(at)) {
		return true
	}
	if kind := s.kinds[end[0]]; kind != KindNone && end[1] == ',' {
		rec.Kind = kind
		if block = block[:lines.end-start]; r.knownData(rec, block, block[at+2:], end) {
			return true
		}
	}
	return r.quickOther(rec)
}

// beginSession fills in what the rows of a session have in common. As long as the
// record has the session's number, it need not be done again.
func (r *exchangeRows) beginSession(rec *Record, k *knownSession) {
	if rec.connector != r.short.connector.number {
		r.beginConnector(rec)
	}
	text := r.known.text[k.text:][:idLen+int(k.ends.size)]
	local := text[:idLen+int(k.local)]
	rec.Session, rec.Local, rec.Remote = text[:idLen], local[idLen+1:], text[len(local)+1:len(text)-1]
	rec.conversation = k.number
}

// beginConnector fills in what the rows of a connector have in common. As long as
// the record has the connector's number, it need not be done again.
func (r *exchangeRows) beginConnector(rec *Record) {
	s, c := &r.short, r.short.connector
	rec.Format, rec.Direction, rec.layout = s.format, s.direction, &s.columns.layout
	rec.Connector, rec.Server = present(c.text[:len(c.text)-1]), nil
	if c.server > 0 {
		rec.Server = c.text[:c.server]
	}
	rec.Helo = nil
	rec.Elapsed, rec.Win32, rec.BytesIn, rec.BytesOut = -1, -1, -1, -1
	rec.connector = c.number
}

// knownText reads the row that block begins with from the event on, which is
// at, if that is all of the text.
func (r *exchangeRows) knownText(rec *Record, t *knownText, block []byte, at int) bool {
	size := at + int(t.text.size)
	if size > r.lines.max || t.text.size > 32 && !t.text.goesOn((*[knownMax]byte)(block[at:])) {
		return false
	}
	r.lines.take(size)
	rec.raw = block[:at+int(t.row)]
	data := some(rec.raw[at+2:][:t.data])
	rec.Data, rec.Context = data, nil
	rec.Kind, rec.Verb, rec.VerbText, rec.Arg = t.kind, t.verb, some(data[:t.name]), nil
	rec.Code, rec.Enhanced, rec.More, rec.Text = t.code, t.enhanced, t.more, nil
	if t.kind == KindReply {
		rec.Text = data
	}
	return true
}

// knownData is knownText for other texts: it reads the row from data on, which
// rest begins with, when Kind is set. end is the row from the event on.
func (r *exchangeRows) knownData(rec *Record, block, rest []byte, end *[knownMax]byte) bool {
	lines := r.lines
	size := bytes.IndexByte(rest, '\n') + 1
	row := len(block) - len(rest) + size // with its end
	if size < 3 || row > lines.max {
		return false
	}
	rest = rest[:size-1]
	last := rest[len(rest)-1]
	if last == '\r' {
		rest = rest[:len(rest)-1]
		last = rest[len(rest)-1]
	}
	if last == '\r' || last == 0 {
		return false
	}
	data, next := rest, 0
	if data[0] == '"' {
		data, next = plainQuoted(data)
	} else if width := bytes.IndexByte(data, ','); width >= 0 {
		data, next = data[:width], width+1
	}
	if next == 0 {
		return false
	}
	// Most rows have no context: nothing is behind the comma.
	rec.Context = nil
	if next < len(rest) {
		context := rest[next:]
		if context[0] == '"' || bytes.IndexByte(context, ',') >= 0 {
			return false
		}
		rec.Context = trimContext(context)
	}
	lines.take(row)
	rec.raw = block[:row-size+len(rest)]
	rec.says(some(data))
	if size+2 <= knownMax && next == len(data)+1 && next == len(rest) {
		r.known.texts.meet(rec, end, block[row-size-2:row])
	}
	return true
}

// plainQuoted returns the value that b begins with, in quotes and with none
// inside, and where the next one begins, 0 if there is none.
func plainQuoted(b []byte) (value []byte, next int) {
	end := bytes.IndexByte(b[1:], '"') + 1
	if end == 0 || end+1 >= len(b) || b[end+1] != ',' {
		return nil, 0
	}
	return b[1:end], end + 2
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

// shortNumber reads a number of 1 to 4 digits that the bytes of x begin with,
// and a comma behind it. digits is 0 if there is none.
func shortNumber(x uint64) (v int64, digits int) {
	commas := x ^ ','*each
	digits = bits.TrailingZeros64((commas-each)&^commas&(0x80*each)) / 8
	// The digits come last, and what was in front of them is zero.
	d := (uint32(x) ^ '0'*each32) << (uint(32-8*digits) & 31)
	if uint(digits-1) > 3 || (d|(d+0x76*each32))&(0x80*each32) != 0 {
		return 0, 0
	}
	// Two pairs of digits, then both of them.
	d = (d*10 + d>>8) & 0x00ff_00ff
	return int64((d*100 + d>>16) & 0xffff), digits
}

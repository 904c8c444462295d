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
// logs whose sessions can be known and that have the connector-id and the minute
// of the row before, but for the last rows of a block; what of it holds for them
// is what quickProtocol assumes. All others are left to quickOther.
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

	if name := (*[knownMax]byte)(b[isoLen+1:]); !c.bytes.begins(name) || !c.bytes.beginsOn(name) || c.bytes.size > beginsMax && !c.bytes.goesOn(name) {
		return r.quickOther(rec)
	}
	id := (*[idLen + 8]byte)(b[c.from:])
	// The sequence-number stands between two commas.
	sequence, digits := shortNumber(binary.LittleEndian.Uint64(id[idLen:]) >> 8)
	if digits == 0 || id[idLen] != ',' {
		return r.quickOther(rec)
	}
	at := c.from + idLen + 1 + uint8(digits) // of the ends
	ends := (*[knownMax]byte)(b[at:])
	k := r.known.sessions.of(id)
	if k == nil || k.connector != c.number || !k.ends.begins(ends) || !k.ends.beginsOn(ends) || k.ends.size > beginsMax && !k.ends.goesOn(ends) {
		if k = r.known.meetSession(c, id, ends); k == nil {
			return r.quickOther(rec)
		}
	}
	if rec.connector != c.number {
		r.beginConnector(rec)
	}
	rec.conversation = k.number
	at += k.ends.size // of the event
	end := (*[knownMax]byte)(b[at:])
	if t := r.known.texts.of(end); t.kind == KindNone || !t.text.begins(end) || !t.text.beginsOn(end) || !r.knownText(rec, t, block, int(at)) {
		rec.Kind = s.kinds[end[0]]
		if rec.Kind == KindNone || end[1] != ',' || !r.knownData(rec, block[:lines.end-start], int(at), end) {
			return r.quickOther(rec)
		}
	}
	r.last.at, r.last.digits = start, sequence
	if rec.sparse = r.sparse; !r.sparse {
		r.fill(rec)
	}
	return true
}

// A knownRow is what fill needs to know of the row that quick read.
type knownRow struct {
	at            int // in the buffer
	size          int // without the line's end
	data, dataEnd int // where in the row
	context       int
	digits        uint32 // of the sequence-number
}

// fill implements filler for the row that quick read.
func (r *exchangeRows) fill(rec *Record) {
	row := &r.last
	line := r.lines.buf[row.at:][:row.size]
	k := r.known.sessions.of((*[idLen + 8]byte)(line[r.short.connector.from:]))
	if rec.shared != k.number {
		r.beginSession(rec, k)
	}
	rec.raw, rec.Sequence = line, valueOf(row.digits)
	rec.Data, rec.Context = some(line[row.data:row.dataEnd]), trimContext(line[row.context:])
	rec.VerbText, rec.Arg, rec.Text = nil, nil, nil
	switch rec.Kind {
	case KindCommand:
		_, name, arg := SplitCommand(rec.Data)
		rec.VerbText, rec.Arg = some(name), some(arg)
	case KindReply:
		rec.Text = rec.Data
	}
}

// beginSession fills in what the rows of a session have in common. As long as the
// record shares the session's number, it need not be done again.
func (r *exchangeRows) beginSession(rec *Record, k *knownSession) {
	text := r.known.text[k.text:][:idLen+int(k.ends.size)]
	local := text[:idLen+int(k.local)]
	rec.Session, rec.Local, rec.Remote = text[:idLen], local[idLen+1:], text[len(local)+1:len(text)-1]
	rec.shared = k.number
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
	rec.connector, rec.rest = c.number, r
}

// knownText reads the row that block begins with from the event on, which is
// at, if that is all of the text. It fills in what a sparse record has.
func (r *exchangeRows) knownText(rec *Record, t *knownText, block []byte, at int) bool {
	size := at + int(t.text.size)
	if size > r.lines.max || t.text.size > beginsMax && !t.text.goesOn((*[knownMax]byte)(block[at:])) {
		return false
	}
	r.lines.take(size)
	row := &r.last
	row.size, row.data, row.dataEnd, row.context = at+int(t.row), at+int(t.data), at+int(t.dataEnd), at+int(t.context)
	rec.Kind, rec.Verb, rec.Code, rec.Enhanced, rec.More = t.kind, t.verb, t.code, t.enhanced, t.more
	switch t.kind {
	case KindReply:
	case KindCommand:
		rec.Arg = some(block[at+int(t.arg) : row.dataEnd])
	default:
		rec.Data, rec.Context = some(block[row.data:row.dataEnd]), trimContext(block[row.context:row.size])
	}
	return true
}

// knownData is knownText for other texts, when Kind is set. The event is where
// end begins.
func (r *exchangeRows) knownData(rec *Record, block []byte, at int, end *[knownMax]byte) bool {
	lines, rest := r.lines, block[at+2:]
	n := bytes.IndexByte(rest, '\n')
	size := at + 2 + n + 1 // with the line's end
	if n < 2 || size > lines.max {
		return false
	}
	rest = rest[:n]
	last := rest[n-1]
	if last == '\r' {
		rest = rest[:n-1]
		last = rest[n-2]
	}
	if last == '\r' || last == 0 {
		return false
	}
	data, from, next := rest, 0, 0
	if data[0] == '"' {
		data, next = plainQuoted(data)
		from = 1
	} else if width := bytes.IndexByte(data, ','); width >= 0 {
		data, next = data[:width], width+1
	}
	if next == 0 {
		return false
	}
	// Most rows have no context: nothing is behind the comma.
	context := rest[next:]
	if len(context) > 0 && (context[0] == '"' || bytes.IndexByte(context, ',') >= 0) {
		return false
	}
	lines.take(size)
	row := &r.last
	row.size, row.data, row.context = at+2+len(rest), at+2+from, at+2+next
	row.dataEnd = row.data + len(data)
	rec.Verb, rec.Code, rec.Enhanced, rec.More = VerbNone, 0, reply.Enhanced{}, false
	switch rec.Kind {
	case KindReply:
		rec.Code, rec.More, rec.Enhanced = reply.ParseCodes(data)
	case KindCommand:
		verb, _, arg := SplitCommand(data)
		rec.Verb, rec.Arg = verb, some(arg)
	default:
		rec.Data, rec.Context = some(data), trimContext(context)
	}
	if size-at <= knownMax {
		r.known.texts.meet(rec, row, at, end, block[at:size])
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
// and a comma behind it: what valueOf takes, and how many digits there are, 0 if
// there is no such number.
func shortNumber(x uint64) (d uint32, digits int) {
	commas := x ^ ','*each
	digits = bits.TrailingZeros64((commas-each)&^commas&(0x80*each)) / 8
	// The digits come last, and what was in front of them is zero.
	d = (uint32(x) ^ '0'*each32) << (uint(32-8*digits) & 31)
	if uint(digits-1) > 3 || (d|(d+0x76*each32))&(0x80*each32) != 0 {
		return 0, 0
	}
	return d, digits
}

// valueOf returns the number of which shortNumber returned d.
func valueOf(d uint32) int64 {
	// Two pairs of digits, then both of them.
	d = (d*10 + d>>8) & 0x00ff_00ff
	return int64((d*100 + d>>16) & 0xffff)
}

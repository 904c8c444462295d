package logparse

import (
	"encoding/binary"
	"math/bits"

	"github.com/smtplog/smtplog/reply/outcome"
)

const (
	// textWindow is how much of a text quickText looks at.
	textWindow = 128

	// knownWindow is how much of the block quick looks at: any place that a byte
	// can name, and the text behind it.
	knownWindow = 256 + textWindow
)

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
	b := (*[knownWindow]byte)(lines.buf[start:])

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
	// The sequence-number stands between two commas, and has no quotes.
	sequence := binary.LittleEndian.Uint64(id[idLen:])
	width := bits.TrailingZeros64(bytesBelow(sequence>>8, '-')) / 8
	if uint8(sequence) != ',' || uint8(sequence>>8>>(8*width&63)) != ',' {
		return r.quickOther(rec)
	}
	at := c.from + idLen + 1 + uint8(width) // of the ends
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
	r.last.at, r.last.event, r.last.sequence = start, int(at), width
	if !r.quickText(rec, (*[textWindow]byte)(b[at:])) {
		return r.quickOther(rec)
	}
	if rec.sparse = r.sparse; !r.sparse {
		r.fill(rec)
	}
	return true
}

// A knownRow is what fill needs to know of the row that quick read.
type knownRow struct {
	at       int // in the buffer
	event    int // where in the row
	sequence int // how long the sequence-number is
	textParts
}

// fill implements filler for the row that quick read.
func (r *exchangeRows) fill(rec *Record) {
	r.fillEnds(rec)
	row := &r.last
	line := r.lines.buf[row.at:][:row.event+int(row.row)]
	rec.raw, rec.Sequence = line, sequence(r.sequenceOf(line))
	rec.Data, rec.Context = r.texts(line[row.event:], &row.textParts)
	rec.VerbText, rec.Arg, rec.Text = nil, nil, nil
	switch rec.Kind {
	case KindCommand:
		_, name, arg := SplitCommand(rec.Data)
		rec.VerbText, rec.Arg = some(name), some(arg)
	case KindReply:
		rec.Text = rec.Data
	}
}

// fillEnds implements filler: quick leaves out nothing of the connector.
func (r *exchangeRows) fillEnds(rec *Record) {
	k := r.known.sessions.of((*[idLen + 8]byte)(r.lines.buf[r.last.at+int(r.short.connector.from):]))
	if rec.shared != k.number {
		r.beginSession(rec, k)
	}
}

// texts returns the data and the context of a row, of which text is what stands
// from the event on.
func (r *exchangeRows) texts(text []byte, parts *textParts) (data, context []byte) {
	data, context = text[parts.data:parts.dataEnd], text[parts.context:parts.contextEnd]
	if parts.doubled != 0 {
		r.unescaped = r.unescaped[:0]
		if parts.doubled&doubledInData != 0 {
			data = r.unescape(data)
		}
		if parts.doubled&doubledInContext != 0 {
			context = r.unescape(context)
		}
	}
	return some(data), some(context)
}

// beginSession fills in what the rows of a session have in common. As long as the
// record shares the session's number, it need not be done again.
func (r *exchangeRows) beginSession(rec *Record, k *knownSession) {
	text := r.known.ids[k.slot][:idLen+int(k.ends.size)]
	local := text[:idLen+int(k.local)]
	rec.Session, rec.Local, rec.Remote = text[:idLen], present(local[idLen+1:]), text[len(local)+1:len(text)-1]
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

// sequenceOf returns the sequence-number of the row that quick read.
func (r *exchangeRows) sequenceOf(line []byte) []byte {
	return line[int(r.short.connector.from)+idLen+1:][:r.last.sequence]
}

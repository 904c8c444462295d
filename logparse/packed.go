package logparse

import (
	"math"

	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// A packedRecord is a record on its way from the goroutine that parsed it to the
// one that calls Next, without what it shares with others of its batch. It is as
// long as a cache line, for the other core has to fetch it, and holds no
// pointers, for the garbage collector would follow each of them.
type packedRecord struct {
	time     outcome.Time
	at       uint32 // where the row stands in batch.data
	line     uint32
	size     uint16 // of the row
	like     uint16 // the number of its alike, or of its Record if it is whole
	said     span   // Data, Text or both
	context  span
	name     span // VerbText
	arg      span
	sequence int32
	code     reply.Code
	enhanced reply.Enhanced
	kind     Kind
	verb     Verb
	lines    uint8
	flags    packedFlags
}

type packedFlags uint8

const (
	packedData  packedFlags = 1 << iota // said is Data
	packedText                          // said is Text
	packedMore                          // Event.More
	packedExtra                         // it has the next of batch.extras
	packedWhole                         // it is one of batch.records, for it does not fit
	packedSplit                         // said is a command, whose name is not said apart
)

// An alike is what the records of one conversation have in common.
type alike struct {
	session, local, remote []byte
	conversation           uint64

	// The same for all conversations of the connector.
	connector                 uint64
	format                    Format
	direction                 outcome.Direction
	layout                    *layout
	server, connectorID, helo []byte
}

// An extra is what only records of IIS have: counters, and an argument that
// the row has in another form, if it has bytes.
type extra struct {
	elapsed, win32, in, out int64

	arg, argSize uint32 // in batch.text
}

// noExtra is that of a record that has none.
var noExtra = extra{-1, -1, -1, -1, 0, 0}

// A span is a part of a row: where it begins, and its length in the low 16 bits,
// 0 for none.
type span uint32

// spanOf returns the span of s. It is ok if that is a part of the row that has
// bytes, or nil.
func spanOf(row, s []byte) (_ span, ok bool) {
	if s == nil {
		return 0, true
	}
	// Both go on to the end of what was read, if they are of the same.
	at := cap(row) - cap(s)
	if len(s) == 0 || uint(at) >= uint(len(row)) || at+len(s) > len(row) || &row[at] != &s[0] {
		return 0, false
	}
	return span(at<<16 | len(s)), true
}

// of returns the part of the row.
func (s span) of(row []byte) []byte {
	n := s & 0xffff
	if n == 0 {
		return nil
	}
	return row[s>>16:][:n]
}

// pack adds the record to the batch. Its row begins at the given place of the
// batch's data. It reports false, with nothing added, if the record does not fit.
func (b *batch) pack(rec *Record, at int) bool {
	row := rec.raw
	p := b.next()
	p.time, p.at, p.size, p.lines = rec.Time, uint32(at), uint16(len(row)), uint8(rec.Lines)
	line := uint64(rec.Pos.Line)
	p.line, p.sequence = uint32(line), int32(rec.Sequence)
	p.kind, p.verb, p.code, p.enhanced = rec.Kind, rec.Verb, rec.Code, rec.Enhanced
	fits := line|uint64(at)|uint64(len(b.text)) <= math.MaxUint32 && len(row) <= math.MaxUint16 &&
		uint(rec.Lines) <= math.MaxUint8 && int64(p.sequence) == rec.Sequence

	said, flags := rec.Data, packedData
	if rec.Text != nil {
		if said == nil {
			said, flags = rec.Text, packedText
		} else if flags |= packedText; len(said) != len(rec.Text) || len(said) == 0 || &said[0] != &rec.Text[0] {
			fits = false
		}
	}
	if rec.More {
		flags |= packedMore
	}
	var ok bool
	if p.said, ok = spanOf(row, said); !ok {
		fits = false
	}
	if p.context, ok = spanOf(row, rec.Context); !ok {
		fits = false
	}
	if p.name, ok = spanOf(row, rec.VerbText); !ok {
		fits = false
	}
	p.arg, ok = spanOf(row, rec.Arg)
	if !fits || !ok && len(rec.Arg) == 0 {
		b.packed = b.packed[:len(b.packed)-1]
		return false
	}
	if !ok || rec.Elapsed&rec.Win32&rec.BytesIn&rec.BytesOut != -1 {
		flags |= packedExtra
		b.extra(rec, !ok)
	}
	p.flags, p.like = flags, b.likeOf(rec)
	return true
}

// whole adds the record with a copy of its texts.
func (b *batch) whole(rec *Record) {
	n := len(b.records)
	*b.next() = packedRecord{flags: packedWhole, like: uint16(n)}
	if n < cap(b.records) {
		b.records = b.records[:n+1]
	} else {
		b.records = append(b.records, Record{})
	}
	b.text = rec.appendTo(b.text, &b.records[n])
}

// appendTo makes dst a copy of r whose texts are in b, which it returns longer.
func (r *Record) appendTo(b []byte, dst *Record) []byte {
	*dst = *r
	dst.rest, dst.shared = nil, 0
	for _, f := range [...]*[]byte{&dst.raw, &dst.Session, &dst.Server, &dst.Connector, &dst.Local, &dst.Remote, &dst.Helo,
		&dst.VerbText, &dst.Arg, &dst.Text, &dst.Data, &dst.Context} {
		if *f == nil {
			continue
		}
		n := len(b)
		b = append(b, *f...)
		*f = b[n:len(b):len(b)]
	}
	return b
}

// extra adds what is particular to the record; with apart, its argument too.
func (b *batch) extra(rec *Record, apart bool) {
	x := extra{elapsed: rec.Elapsed, win32: rec.Win32, in: rec.BytesIn, out: rec.BytesOut}
	if apart {
		x.arg, x.argSize = uint32(len(b.text)), uint32(len(rec.Arg))
		b.text = append(b.text, rec.Arg...)
	}
	b.extras = append(b.extras, x)
}

// next returns the place of the next packed record.
func (b *batch) next() *packedRecord {
	n := len(b.packed)
	if n < cap(b.packed) {
		b.packed = b.packed[:n+1]
	} else {
		b.packed = append(b.packed, packedRecord{})
	}
	return &b.packed[n]
}

// likeOf returns the number of the record's alike: that of its conversation; the
// last one, as in logs that tell no ends; that of its peer; or a new one.
func (b *batch) likeOf(rec *Record) uint16 {
	if n := rec.conversation; n != 0 {
		if like := b.likes[n%uint64(len(b.likes))]; int(like) < len(b.alikes) && b.alikes[like].conversation == n {
			return like
		}
		return b.addAlike(rec, n)
	}
	if n := len(b.alikes); n > 0 && b.alikes[n-1].holds(rec) {
		return uint16(n - 1)
	}
	slot := uint64(0)
	for _, c := range rec.Remote {
		slot = slot*31 + uint64(c)
	}
	if like := b.likes[slot%uint64(len(b.likes))]; int(like) < len(b.alikes) && b.alikes[like].holds(rec) {
		return like
	}
	return b.addAlike(rec, slot)
}

// addAlike adds the record's alike, which is found in the slot, and returns its
// number.
func (b *batch) addAlike(rec *Record, slot uint64) uint16 {
	rec.Fill()
	like := uint16(len(b.alikes))
	b.likes[slot%uint64(len(b.likes))] = like
	b.alikes = append(b.alikes, alike{
		b.copy(rec.Session), b.copy(rec.Local), b.copy(rec.Remote), rec.conversation,
		rec.connector, rec.Format, rec.Direction, rec.layout, b.copy(rec.Server), b.copy(rec.Connector), b.copy(rec.Helo),
	})
	return like
}

// holds reports whether the record has all that.
func (l *alike) holds(rec *Record) bool {
	return l.conversation == rec.conversation && l.connector == rec.connector &&
		l.format == rec.Format && l.direction == rec.Direction && l.layout == rec.layout &&
		sameValue(l.remote, rec.Remote) && sameValue(l.session, rec.Session) && sameValue(l.local, rec.Local) &&
		sameValue(l.server, rec.Server) && sameValue(l.connectorID, rec.Connector) && sameValue(l.helo, rec.Helo)
}

// sameValue compares values of events, which are nil where they are empty.
func sameValue(a, b []byte) bool {
	return len(a) == len(b) && (len(a) == 0 || string(a) == string(b))
}

// copy returns a copy of s that is good as long as the batch's records.
func (b *batch) copy(s []byte) []byte {
	if s == nil {
		return nil
	}
	n := len(b.text)
	b.text = append(b.text, s...)
	return b.text[n:len(b.text):len(b.text)]
}

// unpack fills in the record that is packed, with Options.Sparse no more of it
// than there is to be before Fill, where it is of a known session.
func (a *ahead) unpack(p *packedRecord) *Record {
	b, rec := a.b, &a.rec
	rec.Pos.Line, rec.Pos.Offset, rec.Lines = a.line+int64(p.line), b.offset+int64(p.at), int(p.lines)
	rec.Time = p.time
	rec.Kind, rec.Verb, rec.Code, rec.Enhanced, rec.More = p.kind, p.verb, p.code, p.enhanced, p.flags&packedMore != 0
	if p.flags&packedExtra != 0 || a.counted {
		a.takeExtra(p)
	}
	l := &b.alikes[p.like]
	if rec.sparse = l.conversation != 0 && l.connector != 0 && p.flags&packedExtra == 0 && a.r.opt.Sparse; !rec.sparse {
		a.fill(rec)
		return rec
	}
	if l.connector != rec.connector {
		a.shareConnector(l)
		a.like = nil
	}
	rec.conversation = l.conversation
	row := b.data[p.at:][:p.size]
	switch p.kind {
	case KindReply:
	case KindCommand:
		rec.Arg = p.arg.of(row)
	default:
		if rec.Data = nil; p.flags&packedData != 0 {
			rec.Data = p.said.of(row)
		}
		rec.Context = p.context.of(row)
	}
	return rec
}

// fill implements filler for the record that was unpacked last.
func (a *ahead) fill(rec *Record) {
	b := a.b
	p := &b.packed[a.record-1]
	a.fillEnds(rec)
	row := b.data[p.at:][:p.size]
	rec.raw, rec.Sequence = row, int64(p.sequence)
	rec.Context, rec.VerbText, rec.Arg = p.context.of(row), p.name.of(row), p.arg.of(row)
	rec.Data, rec.Text = nil, nil
	if said := p.said.of(row); p.flags&packedData != 0 {
		rec.Data = said
		if p.flags&packedText != 0 {
			rec.Text = said
		}
	} else {
		rec.Text = said
	}
	if p.flags&packedSplit != 0 {
		_, name, _ := SplitCommand(rec.Data)
		rec.VerbText = some(name)
	}
	if p.flags&packedExtra != 0 {
		if x := &b.extras[a.extra-1]; x.argSize > 0 {
			rec.Arg = b.text[x.arg:][:x.argSize]
		}
	}
}

// fillEnds implements filler for the record that was unpacked last.
func (a *ahead) fillEnds(rec *Record) {
	l := &a.b.alikes[a.b.packed[a.record-1].like]
	if l != a.like {
		a.share(l)
	}
	rec.conversation = l.conversation
}

// share fills in what the records that come have in common.
func (a *ahead) share(l *alike) {
	rec := &a.rec
	if a.like == nil || l.conversation == 0 || l.connector == 0 || l.connector != rec.connector {
		a.shareConnector(l)
	}
	rec.Session, rec.Local, rec.Remote = l.session, l.local, l.remote
	a.like = l
}

// shareConnector fills in what the conversations of the connector have in common.
func (a *ahead) shareConnector(l *alike) {
	rec := &a.rec
	rec.Format, rec.Direction, rec.layout = l.format, l.direction, l.layout
	rec.Server, rec.Connector, rec.Helo = l.server, l.connectorID, l.helo
	rec.connector = l.connector
}

// takeExtra fills in the counters of the record, if it has some.
func (a *ahead) takeExtra(p *packedRecord) {
	x, rec := &noExtra, &a.rec
	if a.counted = p.flags&packedExtra != 0; a.counted {
		x = &a.b.extras[a.extra]
		a.extra++
	}
	rec.Elapsed, rec.Win32, rec.BytesIn, rec.BytesOut = x.elapsed, x.win32, x.in, x.out
}

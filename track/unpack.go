package track

import (
	"encoding/binary"
	"math/bits"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply/outcome"
)

// packedRows are rows of a cluster that are being read.
type packedRows struct {
	data []byte
	at   int
}

// next returns the next n bytes as they are packed.
func (u *packedRows) next(n int) []byte {
	u.at += n
	return u.data[u.at-n : u.at]
}

// bytes reads a value of a row in brief.
func (u *packedRows) bytes() []byte { return u.next(int(u.uvarint())) }

func (u *packedRows) uvarint() uint64 {
	if b := u.data[u.at]; b < 0x80 {
		u.at++
		return uint64(b)
	}
	n, size := binary.Uvarint(u.data[u.at:])
	u.at += size
	return n
}

func (u *packedRows) varint() int64 {
	n, size := binary.Varint(u.data[u.at:])
	u.at += size
	return n
}

// An unpacker reads the rows of a cluster in their order.
type unpacker struct {
	packedRows
	lean   bool
	texts  string // the same, for the events to keep; "" where they keep little of it
	shared *sharedText
	latest [slots]string
	quick  quickReader
	short  briefRow
}

// unpack reads all rows as events.
func (c *clusters) unpack(cl *cluster, events []*Event, p *packing) {
	u := unpacker{packedRows: packedRows{data: c.arena.bytes(&cl.data)}, shared: &p.texts}
	// There is one message whose rows all came the short way, and no second
	// copies of them: nobody asks for the columns as they were logged.
	if u.lean = p.verdictsOnly && !cl.mixed && !cl.varied; !u.lean {
		u.texts = string(u.data)
	}
	for _, e := range events {
		switch {
		case u.data[u.at] < quickMark:
			u.row(e, p.common)
		case p.verdictsOnly:
			u.briefEvent(e, p)
		default:
			u.quickRow(e, p)
		}
	}
}

func (u *unpacker) row(e *Event, common *common) {
	format, digits := logparse.Format(u.data[u.at]), u.data[u.at+1]
	u.at += 2
	var at outcome.Time
	if ns := u.varint(); digits > 0 {
		at = outcome.Unix(ns, int(digits)-1)
	}
	pos := outcome.Position{Line: u.varint(), Offset: u.varint()}
	filled := u.uvarint()
	pos.File = u.value(slotFile, common)
	e.reset(pos, format, at)
	for ; filled != 0; filled &= filled - 1 {
		i := column(bits.TrailingZeros64(filled))
		e.fill(i, u.value(i, common))
	}
	if format == logparse.Tracking5 {
		for range u.uvarint() {
			e.Recipients = append(e.Recipients, Recipient{u.text(), u.text()})
		}
	}
	e.read()
}

// value reads the value of a slot.
func (u *unpacker) value(slot column, common *common) string {
	switch n := u.uvarint(); {
	case n < uint64(slots):
		return u.latest[n]
	case n > uint64(slots):
		return common.texts[n-uint64(slots)-1]
	}
	u.latest[slot] = u.text()
	return u.latest[slot]
}

func (u *unpacker) text() string { return u.cut(int(u.uvarint())) }

// cut returns the next n bytes as a text.
func (u *unpacker) cut(n int) string {
	from := u.at
	u.at += n
	if !u.lean {
		return u.texts[from:u.at]
	}
	return u.shared.keep(u.data[from:u.at])
}

package track

import (
	"encoding/binary"
	"math"
	"math/bits"
	"strings"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply/outcome"
)

// maxCommon is how many texts a Builder shares between messages: names of
// servers, connectors, events and files.
const (
	maxCommon       = 1 << 16
	maxCommonLength = 128
)

// common holds the texts that messages share.
type common struct {
	index  map[string]uint32
	texts  []string
	recent [256]uint32 // texts that were asked for last, by a hash
}

func newCommon() *common {
	return &common{index: map[string]uint32{"": 0}, texts: []string{""}}
}

// number returns the text's number. ok is false when it is too long, or there
// are too many.
func (c *common) number(s string) (n uint32, ok bool) {
	size := len(s)
	if size == 0 {
		return 0, true
	}
	if size > maxCommonLength {
		return 0, false
	}
	recent := &c.recent[byte(size+7*int(s[size-1])+31*int(s[size/2])+59*int(s[0]))]
	if c.texts[*recent] == s {
		return *recent, true
	}
	n, ok = c.index[s]
	if !ok {
		if len(c.texts) >= maxCommon {
			return 0, false
		}
		s = strings.Clone(s) // a part of a row must not keep the row
		n = uint32(len(c.texts))
		c.texts, c.index[s] = append(c.texts, s), n
	}
	*recent = n
	return n, true
}

// shared are the columns whose values many messages have in common.
var shared = [slots]bool{
	slotFile: true,
	colEvent: true, colSource: true, colClientIP: true, colClientHostname: true, colServerIP: true,
	colServerHostname: true, colPartner: true, colGateway: true, colConnector: true, colRecipientCount: true,
	colDirectionality: true, colAction: true, colProxied: true,
}

// A slot is a column, or the name of the file.
const (
	slotFile = keptColumns
	slots    = keptColumns + 1
)

// alike names for a column another one that often has the same value.
var alike = [slots]column{
	colSender: colReturnPath, colReturnPath: colSender, colRecipients: colRelated, colRelated: colRecipients,
	colReference: colInternalID, colLinkedID: colMessageID,
}

// A cluster holds the rows that may belong to one message or to several that
// share an id, one after the other in data: format, time, place, which columns
// have a value, and the values of the file and of these columns. Most numbers
// are varints, and a value is
//
//	k below slots: the latest text of slot k
//	slots:         a text of the cluster's own, its length and its bytes
//	slots+1+n:     the n-th common text
//
// A row of Exchange 5.5, which has a line for each recipient, has their number
// at its end, and the address and status of each.
type cluster struct {
	data        []byte
	rows        int
	latest      *[slots]extent    // of its own texts; nil before the first row of the long way
	spans       [spanCount]extent // the latest ones, of rows of the short way
	wrote       uint32            // the server of the row of the latest spanIDs
	file        uint32            // of the latest row of the short way
	first, last int64             // Unix nanoseconds of the rows; one without a time is first
	network     uint64            // the key of the network message id that the rows bear
	mixed       bool              // they do not all bear it
	keys        []uint64
	place       int    // in clusters.open
	order       uint64 // of its first row
}

// An extent is where a text lies in the data of a cluster.
type extent struct{ from, to uint32 }

// add packs the row that e was read from.
func (c *cluster) add(e *Event, common *common) {
	if c.latest == nil {
		c.latest = new([slots]extent)
	}
	filled := e.filled & (1<<keptColumns - 1)
	b := append(c.data, byte(e.Format), digitsOf(e.Time))
	b = binary.AppendVarint(b, e.Time.UnixNano())
	b = binary.AppendVarint(b, e.Pos.Line)
	b = binary.AppendVarint(b, e.Pos.Offset)
	b = binary.AppendUvarint(b, filled)
	b = c.appendValue(b, e.Pos.File, slotFile, common)
	for ; filled != 0; filled &= filled - 1 {
		i := column(bits.TrailingZeros64(filled))
		b = c.appendValue(b, e.raw[i], i, common)
	}
	if e.Format == logparse.Tracking5 {
		b = binary.AppendUvarint(b, uint64(len(e.Recipients)))
		for i := range e.Recipients {
			b = appendText(appendText(b, e.Recipients[i].Address), e.Recipients[i].Status)
		}
	}
	c.data = b
	c.rows++
	if e.Time.IsZero() {
		c.first = math.MinInt64
		return
	}
	ns := e.Time.UnixNano()
	c.first, c.last = min(c.first, ns), max(c.last, ns)
}

// appendValue appends the value of a slot.
func (c *cluster) appendValue(b []byte, s string, slot column, common *common) []byte {
	if shared[slot] {
		if n, ok := common.number(s); ok {
			return binary.AppendUvarint(b, uint64(slots)+1+uint64(n))
		}
	}
	// Most ids, the sender and the subject are those of the row before.
	if is(c.latest[slot], b, s) {
		return append(b, byte(slot))
	}
	if k := alike[slot]; is(c.latest[k], b, s) {
		return append(b, byte(k))
	}
	b = appendText(append(b, byte(slots)), s)
	if len(b) <= math.MaxUint32 {
		c.latest[slot] = extent{uint32(len(b) - len(s)), uint32(len(b))}
	}
	return b
}

// is reports whether s, which is not empty, is the text there.
func is[T string | []byte](x extent, data []byte, s T) bool {
	return int(x.to-x.from) == len(s) && string(data[x.from:x.to]) == string(s)
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// digitsOf returns how many digits the time has, plus one; 0 for no time.
func digitsOf(t outcome.Time) byte {
	if t.IsZero() {
		return 0
	}
	return byte(t.Digits()) + 1
}

// An unpacker reads the rows of a cluster in their order.
type unpacker struct {
	data   []byte
	texts  string // the same, for the events to keep
	at     int
	latest [slots]string
	quick  quickReader
}

// A packing is what clusters share.
type packing struct {
	common       *common
	origins      *origins
	verdictsOnly bool
}

// unpack reads all rows as events.
func (c *cluster) unpack(events []*Event, p *packing) {
	u := unpacker{data: c.data, texts: string(c.data)}
	for _, e := range events {
		if u.data[u.at] == quickMark {
			u.quickRow(e, p)
		} else {
			u.row(e, p.common)
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

func (u *unpacker) text() string {
	size := int(u.uvarint())
	s := u.texts[u.at : u.at+size]
	u.at += size
	return s
}

func (u *unpacker) uvarint() uint64 {
	if b := u.data[u.at]; b < 0x80 {
		u.at++
		return uint64(b)
	}
	n, size := binary.Uvarint(u.data[u.at:])
	u.at += size
	return n
}

func (u *unpacker) varint() int64 {
	n, size := binary.Varint(u.data[u.at:])
	u.at += size
	return n
}

// take moves the rows of d to c. They refer to texts of their own only.
func (c *cluster) take(d *cluster) {
	size := uint64(len(c.data))
	if d.latest != nil {
		if c.latest == nil {
			c.latest = new([slots]extent)
		}
		moved(c.latest[:], d.latest[:], size)
	}
	moved(c.spans[:], d.spans[:], size)
	if d.spans[spanIDs].to > 0 {
		c.wrote, c.file = d.wrote, d.file
	}
	c.data, c.keys = append(c.data, d.data...), append(c.keys, d.keys...)
	c.rows += d.rows
	c.mixed = true
	c.first, c.last, c.order = min(c.first, d.first), max(c.last, d.last), min(c.order, d.order)
}

// moved sets extents to those of data that now comes behind size other bytes.
func moved(to, from []extent, size uint64) {
	for k, x := range from {
		if x.to == 0 {
			continue
		}
		to[k] = extent{}
		if size+uint64(x.to) <= math.MaxUint32 {
			to[k] = extent{uint32(size) + x.from, uint32(size) + x.to}
		}
	}
}

// Bounds of the room that a cluster keeps when it is used again.
const (
	keptData = 8 << 10
	keptKeys = 64
)

// reset empties c but for the room of its slices.
func (c *cluster) reset() {
	data, keys := c.data[:0], c.keys[:0]
	if cap(data) > keptData || cap(keys) > keptKeys {
		data, keys = nil, nil
	}
	*c = cluster{data: data, keys: keys, first: math.MaxInt64, last: math.MinInt64}
}

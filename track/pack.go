package track

import (
	"encoding/binary"
	"hash/maphash"
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
// have a value, and the values of the file and of these columns. (A row of the
// short way is packed otherwise, see quickMark.) Most numbers are varints, and a
// value is
//
//	k below slots: the latest text of slot k
//	slots:         a text of the cluster's own, its length and its bytes
//	slots+1+n:     the n-th common text
//
// A row of Exchange 5.5, which has a line for each recipient, has their number
// at its end, and the address and status of each.
//
// It has no pointers: there are many, and the collector would follow them.
type cluster struct {
	data        region
	first, last int64  // Unix nanoseconds of the rows; one without a time is first
	order       uint64 // of its first row
	rows        int32
	number      uint32 // in clusters.blocks
	place       uint32 // in clusters.open
	file        uint32 // of the latest row of the short way
	mixed       bool   // they do not all bear one network message id
	varied      bool   // they are of several files, or came the long way
	hasExtra    bool   // in clusters.extras
	keyCount    uint8
	keys        [4]uint64 // the first ones
}

// A latest is what rows of the short way are compared with that come to a
// cluster. It is only known of those that had rows lately: most messages get all
// theirs within a second or two, and are held for an hour. Where it is not known,
// what a row has in common with those before is packed again.
type latest struct {
	owner  uint32            // the cluster's number plus one
	wrote  uint32            // the server of the row of the latest spanIDs
	leader uint32            // where the leader of the rows that follow is in data, plus one; 0: there is none
	spans  [spanCount]extent // in brief their hashes
}

// lateClusters is of how many clusters the latest is known; fewer in tests.
var lateClusters = 1 << 12

// latestOf returns the latest of the cluster, an empty one if it is not known.
func (c *clusters) latestOf(cl *cluster) *latest {
	l := &c.late[int(cl.number)&(len(c.late)-1)]
	if l.owner != cl.number+1 {
		*l = latest{owner: cl.number + 1}
	}
	return l
}

// forget forgets the latest of the cluster.
func (c *clusters) forget(cl *cluster) {
	if l := &c.late[int(cl.number)&(len(c.late)-1)]; l.owner == cl.number+1 {
		*l = latest{}
	}
}

// begins notes that a row names that file.
func (cl *cluster) begins(file uint32) {
	cl.varied = cl.varied || cl.rows > 0 && cl.file != file
	cl.file = file
}

// An extra is what few clusters have.
type extra struct {
	latest [slots]extent // of the cluster's own texts, for rows of the long way
	keys   []uint64      // those that the cluster itself has no room for
}

// An extent is where a text lies in the data of a cluster.
type extent struct{ from, to uint32 }

// A packer writes a row of a cluster.
type packer struct {
	old []byte // the rows before
	row []byte
}

// is reports whether s, which is not empty, is the text there.
func is[T string | []byte](p *packer, x extent, s T) bool {
	if int(x.to-x.from) != len(s) {
		return false
	}
	if n := uint32(len(p.old)); x.from >= n {
		return string(p.row[x.from-n:x.to-n]) == string(s)
	}
	return string(p.old[x.from:x.to]) == string(s)
}

// latest returns where the text of n bytes is that was written last.
func (p *packer) latest(n int) extent {
	to := len(p.old) + len(p.row)
	if to > math.MaxUint32 {
		return extent{}
	}
	return extent{uint32(to - n), uint32(to)}
}

// begin begins a row of the cluster.
func (c *clusters) begin(cl *cluster) *packer {
	p := &c.packer
	p.old, p.row = c.arena.bytes(&cl.data), p.row[:0]
	return p
}

// end takes a row, of that time, into the cluster.
func (c *clusters) end(cl *cluster, row []byte, at outcome.Time) {
	c.bytes -= int64(cl.data.room)
	c.arena.append(&cl.data, row)
	c.bytes += int64(cl.data.room)
	c.rows++
	cl.rows++
	if at.IsZero() {
		cl.first = math.MinInt64
		return
	}
	cl.first, cl.last = min(cl.first, at.UnixNano()), max(cl.last, at.UnixNano())
}

// pack packs the row that e was read from.
func (c *clusters) pack(cl *cluster, e *Event, common *common) {
	p := c.begin(cl)
	filled := e.kept()
	b := append(p.row, byte(e.Format), digitsOf(e.Time))
	b = binary.AppendVarint(b, e.Time.UnixNano())
	b = binary.AppendVarint(b, e.Pos.Line)
	b = binary.AppendVarint(b, e.Pos.Offset)
	p.row = binary.AppendUvarint(b, filled)
	latest := &c.extra(cl).latest
	cl.varied = true
	p.value(latest, e.Pos.File, slotFile, common)
	for ; filled != 0; filled &= filled - 1 {
		i := column(bits.TrailingZeros64(filled))
		p.value(latest, e.raw[i], i, common)
	}
	if e.Format == logparse.Tracking5 {
		p.row = binary.AppendUvarint(p.row, uint64(len(e.Recipients)))
		for i := range e.Recipients {
			p.row = appendText(appendText(p.row, e.Recipients[i].Address), e.Recipients[i].Status)
		}
	}
	c.end(cl, p.row, e.Time)
}

// kept returns the set of the columns that have a value and are kept.
func (e *Event) kept() uint64 {
	filled := e.filled
	if e.quick {
		filled = 0
		for i, s := range e.raw[:keptColumns] {
			if s != "" {
				filled |= 1 << i
			}
		}
	}
	return filled & (1<<keptColumns - 1)
}

// value writes the value of a slot.
func (p *packer) value(latest *[slots]extent, s string, slot column, common *common) {
	if shared[slot] {
		if n, ok := common.number(s); ok {
			p.row = binary.AppendUvarint(p.row, uint64(slots)+1+uint64(n))
			return
		}
	}
	// Most ids, the sender and the subject are those of the row before.
	if is(p, latest[slot], s) {
		p.row = append(p.row, byte(slot))
		return
	}
	if k := alike[slot]; is(p, latest[k], s) {
		p.row = append(p.row, byte(k))
		return
	}
	p.row = appendText(append(p.row, byte(slots)), s)
	latest[slot] = p.latest(len(s))
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

// A packing is what clusters share.
type packing struct {
	common       *common
	origins      *origins
	texts        sharedText
	seed         maphash.Seed
	verdictsOnly bool
	scratch      []byte
	fine         [8][]byte // statuses of late rows that may not refuse, by their lengths
	minute       plainMinute
}

// A sharedText is memory that texts share. It never grows: what is full is left to
// the texts in it.
type sharedText struct{ strings.Builder }

// keep returns a copy of the text.
func (b *sharedText) keep(text []byte) string {
	n := len(text)
	if b.Len()+n > b.Cap() {
		b.Builder = strings.Builder{}
		b.Grow(max(n, textRoom))
	}
	b.Write(text)
	return b.String()[b.Len()-n:]
}

// take moves the rows of d to cl. They refer to texts of their own only.
func (c *clusters) take(cl, d *cluster) {
	size := uint64(cl.data.size)
	if d.hasExtra {
		moved(c.extra(cl).latest[:], c.extra(d).latest[:], size)
	}
	c.forget(cl)
	c.arena.append(&cl.data, c.arena.bytes(&d.data))
	cl.rows += d.rows
	cl.mixed = true
	cl.first, cl.last, cl.order = min(cl.first, d.first), max(cl.last, d.last), min(cl.order, d.order)
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

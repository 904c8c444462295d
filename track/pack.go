package track

import (
	"math"
	"strings"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply/outcome"
)

// A packedRow is a row of an unfinished message: the kept columns of its Event
// as numbers of texts, 0 for "".
type packedRow struct {
	at     outcome.Time
	line   int64
	offset int64
	file   uint32
	format logparse.Format
	values [keptColumns]uint32
	lists  *packedLists // of Exchange 5.5, whose rows have a line for each recipient
}

type packedLists struct{ recipients []Recipient }

// maxCommon is how many texts a Builder shares between messages: names of
// servers, connectors, events and files. The numbers from it on are those of a
// cluster's own texts.
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
var shared = [keptColumns]bool{
	colEvent: true, colSource: true, colClientIP: true, colClientHostname: true, colServerIP: true,
	colServerHostname: true, colPartner: true, colGateway: true, colConnector: true, colRecipientCount: true,
	colDirectionality: true, colAction: true, colProxied: true,
}

// A cluster holds the rows that may belong to one message or to several that
// share an id. Its texts are its own.
type cluster struct {
	rows        []packedRow
	text        []byte // its texts, one after the other
	ends        []int  // where each of them ends
	first, last int64  // Unix nanoseconds of the rows
	keys        []uint64
	place       int    // in clusters.open
	order       uint64 // of its first row
}

// lookBack is how many of a cluster's texts are compared with a new one.
const lookBack = 24

// number returns the number of the value of a column.
func (c *cluster) number(s string, share bool, common *common) uint32 {
	if s == "" {
		return 0
	}
	if share {
		if n, ok := common.number(s); ok {
			return n
		}
	}
	n := len(c.ends)
	for i := n - 1; i >= max(0, n-lookBack); i-- {
		if from, to := c.bounds(i); to-from == len(s) && string(c.text[from:to]) == s {
			return uint32(maxCommon + i)
		}
	}
	c.text = append(c.text, s...)
	c.ends = append(c.ends, len(c.text))
	return uint32(maxCommon + n)
}

// is reports whether s is the cluster's own text of that number.
func (c *cluster) is(n uint32, s string) bool {
	if n < maxCommon {
		return false
	}
	from, to := c.bounds(int(n - maxCommon))
	return string(c.text[from:to]) == s
}

// bounds returns where the i-th text begins and ends.
func (c *cluster) bounds(i int) (from, to int) {
	if i > 0 {
		from = c.ends[i-1]
	}
	return from, c.ends[i]
}

// add packs the row that e was read from.
func (c *cluster) add(e *Event, common *common) {
	c.rows = append(c.rows, packedRow{at: e.Time, line: e.Pos.Line, offset: e.Pos.Offset, format: e.Format})
	r := &c.rows[len(c.rows)-1]
	r.file = c.number(e.Pos.File, true, common)
	for i := range r.values {
		s := e.raw[i]
		if s == "" {
			continue
		}
		// Most ids, the sender and the subject are those of the row before.
		if n := len(c.rows); n > 1 && !shared[i] && c.is(c.rows[n-2].values[i], s) {
			r.values[i] = c.rows[n-2].values[i]
			continue
		}
		r.values[i] = c.number(s, shared[i], common)
	}
	if e.Format == logparse.Tracking5 && len(e.Recipients) > 0 {
		r.lists = &packedLists{make([]Recipient, len(e.Recipients))}
		for i, one := range e.Recipients {
			r.lists.recipients[i] = Recipient{strings.Clone(one.Address), strings.Clone(one.Status)}
		}
	}
	if !e.Time.IsZero() {
		ns := e.Time.UnixNano()
		c.first, c.last = min(c.first, ns), max(c.last, ns)
	}
}

// unpack reads the i-th row as e. The texts are those of the cluster.
func (c *cluster) unpack(i int, e *Event, texts string, common *common) {
	r := &c.rows[i]
	text := func(n uint32) string {
		if n < maxCommon {
			return common.texts[n]
		}
		from, to := c.bounds(int(n - maxCommon))
		return texts[from:to]
	}
	e.reset(outcome.Position{File: text(r.file), Line: r.line, Offset: r.offset}, r.format, r.at)
	for i, n := range r.values {
		if n != 0 {
			e.raw[i] = text(n)
		}
	}
	if r.lists != nil {
		e.Recipients = append(e.Recipients, r.lists.recipients...)
	}
	e.read()
}

// take moves the rows of d to c.
func (c *cluster) take(d *cluster) {
	shift, size := uint32(len(c.ends)), len(c.text)
	for i := range d.rows {
		r := &d.rows[i]
		if r.file >= maxCommon {
			r.file += shift
		}
		for j := range r.values {
			if r.values[j] >= maxCommon {
				r.values[j] += shift
			}
		}
	}
	for _, end := range d.ends {
		c.ends = append(c.ends, size+end)
	}
	c.rows, c.text, c.keys = append(c.rows, d.rows...), append(c.text, d.text...), append(c.keys, d.keys...)
	c.first, c.last, c.order = min(c.first, d.first), max(c.last, d.last), min(c.order, d.order)
}

// Bounds of the room that a cluster keeps when it is used again.
const (
	keptRows = 16
	keptText = 4 << 10
)

// reset empties c but for the room of its slices.
func (c *cluster) reset() {
	rows, text, ends, keys := c.rows[:0], c.text[:0], c.ends[:0], c.keys[:0]
	if cap(rows) > keptRows || cap(text) > keptText || cap(ends) > keptText/8 || cap(keys) > keptText/8 {
		rows, text, ends, keys = nil, nil, nil, nil
	}
	clear(rows[:cap(rows)]) // the lists
	*c = cluster{rows: rows, text: text, ends: ends, keys: keys, first: math.MaxInt64, last: math.MinInt64}
}

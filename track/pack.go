package track

import (
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
	index map[string]uint32
	texts []string
}

func newCommon() *common {
	return &common{index: map[string]uint32{"": 0}, texts: []string{""}}
}

// number returns the text's number. ok is false when it is too long, or there
// are too many.
func (c *common) number(s string) (n uint32, ok bool) {
	if n, ok := c.index[s]; ok {
		return n, true
	}
	if len(c.texts) >= maxCommon || len(s) > maxCommonLength {
		return 0, false
	}
	s = string([]byte(s)) // a part of a row must not keep the row
	n = uint32(len(c.texts))
	c.texts, c.index[s] = append(c.texts, s), n
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
	texts       []string
	first, last int64 // Unix nanoseconds of the rows
	recheck     int64 // nothing of it can be over before the watermark is here
	keys        []uint64
	into        *cluster // the cluster that took this one's rows
	order       uint64   // of its first row
}

// lookBack is how many of a cluster's texts are compared with a new one.
const lookBack = 48

// text returns the number of a text of the cluster.
func (c *cluster) text(s string) uint32 {
	if s == "" {
		return 0
	}
	n := len(c.texts)
	for i := n - 1; i >= max(0, n-lookBack); i-- {
		if c.texts[i] == s {
			return uint32(maxCommon + i)
		}
	}
	c.texts = append(c.texts, string([]byte(s)))
	return uint32(maxCommon + n)
}

// add packs the row that e was read from.
func (c *cluster) add(e *Event, common *common) {
	r := packedRow{at: e.Time, line: e.Pos.Line, offset: e.Pos.Offset, format: e.Format}
	r.file = c.number(e.Pos.File, true, common)
	for i := range r.values {
		r.values[i] = c.number(e.raw[i], shared[i], common)
	}
	if e.Format == logparse.Tracking5 && len(e.Recipients) > 0 {
		r.lists = &packedLists{make([]Recipient, len(e.Recipients))}
		for i, one := range e.Recipients {
			r.lists.recipients[i] = Recipient{string([]byte(one.Address)), string([]byte(one.Status))}
		}
	}
	c.rows = append(c.rows, r)
	if !e.Time.IsZero() {
		ns := e.Time.UnixNano()
		c.first, c.last = min(c.first, ns), max(c.last, ns)
	}
}

func (c *cluster) number(s string, share bool, common *common) uint32 {
	if share {
		if n, ok := common.number(s); ok {
			return n
		}
	}
	return c.text(s)
}

// unpack reads the i-th row as an Event.
func (c *cluster) unpack(i int, common *common) *Event {
	r := &c.rows[i]
	e := &Event{}
	e.reset(outcome.Position{File: c.string(r.file, common), Line: r.line, Offset: r.offset}, r.format, r.at)
	for i, n := range r.values {
		e.raw[i] = c.string(n, common)
	}
	if r.lists != nil {
		e.Recipients = r.lists.recipients
	}
	e.read()
	return e
}

func (c *cluster) string(n uint32, common *common) string {
	if n < maxCommon {
		return common.texts[n]
	}
	return c.texts[n-maxCommon]
}

// take moves the rows of d to c.
func (c *cluster) take(d *cluster) {
	shift := uint32(len(c.texts))
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
	c.rows, c.texts, c.keys = append(c.rows, d.rows...), append(c.texts, d.texts...), append(c.keys, d.keys...)
	c.first, c.last, c.order = min(c.first, d.first), max(c.last, d.last), min(c.order, d.order)
	c.recheck = min(c.recheck, d.recheck)
	*d = cluster{into: c}
}

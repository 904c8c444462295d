package track

import (
	"encoding/binary"
	"strings"
	"time"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply/outcome"
)

// A row of the short way is packed as quickMark, flags, the number of its
// origin and that of its directionality (16 bits each), time in milliseconds,
// line and offset (48 bits each), and what the flags say. The columns that the
// rows of a message mostly repeat are kept as they stand in the row, several
// in one span: the length of the span and of all its values but the last one
// come before it.

const (
	quickMark = 0x80 // in place of the format of a row
	quickHead = 24   // bytes in front of what the flags say
)

// Spans.
const (
	spanIDs   = iota // internal-message-id to recipient-address
	spanBody         // recipient-status to reference
	spanAbout        // message-subject to return-path
	spanInfo         // message-info, one value, without its quotes
	spanCount
)

// spanColumns are the first and last columns of the spans.
var spanColumns = [spanInfo][2]int{{atInternalID, atRecipients}, {atStatus, atReference}, {atSubject, atReturnPath}}

// Flags. Those of new spans come first, each 1<<span.
const (
	quickInfo    = 1 << (spanCount + iota) // there is a message-info
	quickContext                           // a source-context follows
	quickFile                              // the number of the file follows
	quickProxied                           // custom-data names a front end's client
)

// packQuick packs a row.
func (c *clusters) packQuick(cl *cluster, q *quickRow, o *origin, rec *logparse.Record) {
	p, late := c.begin(cl), c.latestOf(cl)
	head := [quickHead + 2]byte{0: quickMark}
	binary.LittleEndian.PutUint16(head[2:], uint16(q.origin))
	binary.LittleEndian.PutUint16(head[4:], uint16(q.wayNumber))
	// Each takes six bytes; the next one goes over the others.
	binary.LittleEndian.PutUint64(head[6:], uint64(rec.Time.UnixNano()/int64(time.Millisecond)))
	binary.LittleEndian.PutUint64(head[12:], uint64(rec.Pos.Line))
	binary.LittleEndian.PutUint64(head[18:], uint64(rec.Pos.Offset))
	b := append(p.row, head[:quickHead]...)
	flags := byte(0)
	if late.spans[spanIDs].to == 0 || cl.file != q.fileNumber {
		flags |= quickFile
		cl.begins(q.fileNumber)
		b = binary.AppendUvarint(b, uint64(q.fileNumber))
	}
	for k, columns := range spanColumns {
		s := q.span(columns[0], columns[1])
		if is(p, late.spans[k], s) {
			continue
		}
		flags |= 1 << k
		b = binary.AppendUvarint(b, uint64(len(s)))
		for i := columns[0]; i < columns[1]; i++ {
			b = binary.AppendUvarint(b, uint64(q.ends[i]-q.ends[i-1]-1))
		}
		p.row = append(b, s...)
		b = p.row
		late.spans[k] = p.latest(len(s))
	}
	if info := q.value(atMessageInfo); len(info) > 0 {
		flags |= quickInfo
		if !is(p, late.spans[spanInfo], info) {
			flags |= 1 << spanInfo
			p.row = append(binary.AppendUvarint(b, uint64(len(info))), info...)
			b = p.row
			late.spans[spanInfo] = p.latest(len(info))
		}
	}
	if context := q.value(atSourceContext); len(context) > 0 {
		flags |= quickContext
		b = append(binary.AppendUvarint(b, uint64(len(context))), context...)
	}
	if o.receive && q.proxied() {
		flags |= quickProxied
	}
	b[1] = flags
	p.row = b
	c.end(cl, b, rec.Time)
}

// quickMax bounds the numbers of a row: what 48 bits have room for.
const quickMax = 1 << 47

// int48 reads a number of 48 bits.
func int48(b []byte) int64 {
	return int64(binary.LittleEndian.Uint32(b)) | int64(int16(binary.LittleEndian.Uint16(b[4:])))<<32
}

// A quickReader keeps the latest values of the spans while the rows of a
// cluster are read.
type quickReader struct {
	columns [atReturnPath + 1]string // without their quotes
	info    string
	file    string

	ids         *Event       // the first row with the latest spanIDs
	origination outcome.Time // of info
	bytes       int64        // of the latest spanBody
	recipients  int64
}

// span reads a span and its columns.
func (u *unpacker) span(r *quickReader, k int) {
	first, last := spanColumns[k][0], spanColumns[k][1]
	size := int(u.uvarint())
	var sizes [atReference - atStatus]int
	for i := range last - first {
		sizes[i] = int(u.uvarint())
	}
	s := u.cut(size)
	for i := first; i <= last; i++ {
		v := s
		if i < last {
			n := sizes[i-first]
			v, s = s[:n], s[n+1:]
		}
		if len(v) > 0 && v[0] == '"' {
			v = strings.ReplaceAll(v[1:len(v)-1], `""`, `"`)
		}
		r.columns[i] = v
	}
}

// quickRow reads a row of the short way.
func (u *unpacker) quickRow(e *Event, p *packing) {
	head := u.data[u.at : u.at+quickHead]
	u.at += quickHead
	flags := head[1]
	o := p.origins.list[binary.LittleEndian.Uint16(head[2:])]
	r := &u.quick
	if flags&quickFile != 0 {
		r.file = p.common.texts[u.uvarint()]
	}
	e.resetQuick(outcome.Position{File: r.file, Line: int48(head[12:]), Offset: int48(head[18:])}, outcome.Unix(int48(head[6:])*int64(time.Millisecond), 3))
	for k := range spanColumns {
		if flags&(1<<k) != 0 {
			u.span(r, k)
			switch k {
			case spanIDs:
				r.ids = nil
			case spanBody:
				r.bytes, r.recipients = number(r.columns[atBytes]), number(r.columns[atRecipientCount])
			}
		}
	}
	o.fill(e)
	e.Directionality = p.common.texts[binary.LittleEndian.Uint16(head[4:])]
	if flags&quickInfo != 0 {
		if flags&(1<<spanInfo) != 0 {
			r.info = u.text()
			r.origination = originationOf(r.info)
		}
		e.MessageInfo, e.Origination = r.info, r.origination
	}
	if flags&quickContext != 0 {
		e.SourceContext = u.text()
		e.readContext()
	}
	if e.RemoteServer == "" && o.sends {
		e.RemoteServer = e.ServerHostname
	}
	e.proxied = flags&quickProxied != 0
	r.read(e)
	r.fillRaw(e, o)
}

// fillRaw fills in the columns as they were logged.
func (r *quickReader) fillRaw(e *Event, o *origin) {
	raw := &e.raw
	o.fillRaw(raw)
	raw[colDirectionality], raw[colMessageInfo], raw[colSourceContext] = e.Directionality, e.MessageInfo, e.SourceContext
	for i := atInternalID; i <= atReturnPath; i++ {
		raw[quickKept[i]] = r.columns[i]
	}
	raw[colProxied], raw[colDigest] = "", ""
	if e.proxied {
		raw[colProxied] = "1"
	}
}

// quickKept are the columns of a row.
var quickKept = [atReturnPath + 1]column{
	atInternalID: colInternalID, atMessageID: colMessageID, atNetworkID: colNetworkID, atRecipients: colRecipients,
	atStatus: colStatus, atBytes: colBytes, atRecipientCount: colRecipientCount, atRelated: colRelated, atReference: colReference,
	atSubject: colSubject, atSender: colSender, atReturnPath: colReturnPath,
}

// read does what Event.read does, with what is known from the rows before.
func (r *quickReader) read(e *Event) {
	columns := &r.columns
	e.InternalID, e.MessageID, e.NetworkID = columns[atInternalID], columns[atMessageID], columns[atNetworkID]
	e.RawStatus = columns[atStatus]
	e.Subject, e.Sender, e.ReturnPath = columns[atSubject], columns[atSender], columns[atReturnPath]
	e.Bytes, e.RecipientCount = r.bytes, r.recipients
	if r.ids == nil {
		e.Recipients = appendRecipients(e.Recipients, columns[atRecipients], false)
		r.ids = e
	} else {
		for i := range r.ids.Recipients {
			e.Recipients = append(e.Recipients, Recipient{Address: r.ids.Recipients[i].Address})
		}
	}
	e.alignStatuses()
	e.Related = appendList(e.Related, columns[atRelated])
	e.References = appendList(e.References, columns[atReference])
}

// resetQuick empties e for a row of the short way. What every such row sets is
// left as it is if e was of one before.
func (e *Event) resetQuick(pos outcome.Position, at outcome.Time) {
	if !e.quick {
		e.reset(pos, logparse.Tracking, at)
		e.quick = true
		return
	}
	e.Pos, e.Time, e.Origination = pos, at, outcome.Time{}
	e.Recipients, e.Related, e.References, e.names = e.Recipients[:0], e.Related[:0], e.References[:0], e.names[:0]
	e.Session, e.Reply, e.RemoteInternalID, e.RemoteServer, e.hostOnly = SessionRef{}, "", "", "", false
	e.MDB, e.Mailbox, e.MessageInfo, e.SourceContext = "", "", "", ""
}

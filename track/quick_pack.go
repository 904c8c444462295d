package track

import (
	"bytes"
	"encoding/binary"
	"strings"
	"time"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply/outcome"
)

// A row of the short way is packed as quickMark, flags, the number of its
// origin, time, line, offset, and what the flags say. The columns that the
// rows of a message mostly repeat are kept as they stand in the row, several
// in one span: the length of the span and of all its values but the last one
// come before it.

// quickMark is in place of the format of a row.
const quickMark = 0x80

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

// packQuick packs a row. Where verdicts are all that is wanted, of message-info
// only the time of origination is.
func (c *clusters) packQuick(cl *cluster, q *quickRow, rec *logparse.Record, number uint32, verdictsOnly bool) {
	p := c.begin(cl)
	b := binary.AppendUvarint(append(p.row, quickMark, 0), uint64(number))
	b = binary.AppendVarint(b, rec.Time.UnixNano()/int64(time.Millisecond))
	b = binary.AppendVarint(b, rec.Pos.Line)
	b = binary.AppendVarint(b, rec.Pos.Offset)
	flags := byte(0)
	if cl.spans[spanIDs].to == 0 || cl.file != q.fileNumber {
		cl.file = q.fileNumber
		flags |= quickFile
		b = binary.AppendUvarint(b, uint64(q.fileNumber))
	}
	for k, columns := range spanColumns {
		s := q.span(columns[0], columns[1])
		if is(p, cl.spans[k], s) {
			continue
		}
		flags |= 1 << k
		b = binary.AppendUvarint(b, uint64(len(s)))
		for i := columns[0]; i < columns[1]; i++ {
			b = binary.AppendUvarint(b, uint64(q.ends[i]-q.ends[i-1]-1))
		}
		p.row = append(b, s...)
		b = p.row
		cl.spans[k] = p.latest(len(s))
	}
	info := q.value(atMessageInfo)
	if verdictsOnly {
		info, _, _ = bytes.Cut(info, []byte{';'})
	}
	if len(info) > 0 {
		flags |= quickInfo
		if !is(p, cl.spans[spanInfo], info) {
			flags |= 1 << spanInfo
			p.row = append(binary.AppendUvarint(b, uint64(len(info))), info...)
			b = p.row
			cl.spans[spanInfo] = p.latest(len(info))
		}
	}
	if context := q.value(atSourceContext); len(context) > 0 {
		flags |= quickContext
		b = append(binary.AppendUvarint(b, uint64(len(context))), context...)
	}
	if q.proxied(rec) {
		flags |= quickProxied
	}
	b[1] = flags
	p.row = b
	c.end(cl, rec.Time)
}

// A quickReader keeps the latest values of the spans while the rows of a
// cluster are read.
type quickReader struct {
	columns [atReturnPath + 1]string // without their quotes
	info    string
	file    string

	ids         *Event // the row before with the latest spanIDs
	origination outcome.Time
	infoOf      string // what origination is from
}

// span reads a span and its columns.
func (u *unpacker) span(r *quickReader, k int) {
	first, last := spanColumns[k][0], spanColumns[k][1]
	size := int(u.uvarint())
	var sizes [atReference - atStatus]int
	for i := range last - first {
		sizes[i] = int(u.uvarint())
	}
	s := u.texts[u.at : u.at+size]
	u.at += size
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
	flags := u.data[u.at+1]
	u.at += 2
	o := p.origins.list[u.uvarint()]
	at := outcome.Unix(u.varint()*int64(time.Millisecond), 3)
	pos := outcome.Position{Line: u.varint(), Offset: u.varint()}
	r := &u.quick
	if flags&quickFile != 0 {
		r.file = p.common.texts[u.uvarint()]
	}
	pos.File = r.file
	for k := range spanColumns {
		if flags&(1<<k) != 0 {
			u.span(r, k)
			if k == spanIDs {
				r.ids = nil
			}
		}
	}
	e.reset(pos, logparse.Tracking, at)
	o.fill(e)
	for i := atInternalID; i <= atReturnPath; i++ {
		e.fill(quickKept[i], r.columns[i])
	}
	if flags&quickInfo != 0 {
		if flags&(1<<spanInfo) != 0 {
			r.info = u.text()
		}
		e.fill(colMessageInfo, r.info)
	}
	if flags&quickContext != 0 {
		e.fill(colSourceContext, u.text())
	}
	if flags&quickProxied != 0 {
		e.fill(colProxied, "1")
	}
	r.read(e, o, p.verdictsOnly)
}

// quickKept are the columns of a row.
var quickKept = [atReturnPath + 1]column{
	atInternalID: colInternalID, atMessageID: colMessageID, atNetworkID: colNetworkID, atRecipients: colRecipients,
	atStatus: colStatus, atBytes: colBytes, atRecipientCount: colRecipientCount, atRelated: colRelated, atReference: colReference,
	atSubject: colSubject, atSender: colSender, atReturnPath: colReturnPath,
}

// read does what Event.read does, with what is known from the rows before.
func (r *quickReader) read(e *Event, o *origin, verdictsOnly bool) {
	raw := &e.raw
	e.InternalID, e.MessageID, e.NetworkID = raw[colInternalID], raw[colMessageID], raw[colNetworkID]
	e.RawStatus = raw[colStatus]
	e.Subject, e.Sender, e.ReturnPath = raw[colSubject], raw[colSender], raw[colReturnPath]
	e.MessageInfo, e.SourceContext = raw[colMessageInfo], raw[colSourceContext]
	if !verdictsOnly || o.context || e.SourceContext != "" && e.SourceContext[0] == 'M' {
		e.readContext()
	}
	e.Bytes, e.RecipientCount = number(raw[colBytes]), number(raw[colRecipientCount])
	if r.ids == nil {
		e.Recipients = appendRecipients(e.Recipients, raw[colRecipients], false)
		r.ids = e
	} else {
		for i := range r.ids.Recipients {
			e.Recipients = append(e.Recipients, Recipient{Address: r.ids.Recipients[i].Address})
		}
	}
	e.alignStatuses()
	e.Related = appendList(e.Related, raw[colRelated])
	e.References = appendList(e.References, raw[colReference])
	if e.MessageInfo != r.infoOf {
		r.infoOf, r.origination = e.MessageInfo, originationOf(e.MessageInfo)
	}
	e.Origination = r.origination
}

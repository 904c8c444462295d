package track

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"strings"
	"time"

	"github.com/smtplog/smtplog/logparse"
)

// Where verdicts are all that is wanted, a row is kept in brief: without the
// columns that no verdict depends on. A digest stands for these, as good to tell
// that two rows are not copies of each other. A row of the short way is packed
// as
//
//	quickMark with the number of its origin   16 bits, the highest first
//	flags                                     16 bits
//	time in milliseconds, offset              48 bits each
//	line                                      40 bits
//	digest                                    64 bits
//
// and what the flags say. Ids, recipients, subject with sender, and
// message-info are only there where they are not those of the row of the cluster
// before: its hashes tell, so that the rows before need not be looked at.
const briefHead = 29

// Flags of a row in brief. Those of new values come first, each 1<<span.
const (
	briefInfo    = 1 << (spanCount + iota) // there is a message-info
	briefStatus                            // recipient-status and related-recipient-address follow
	briefContext                           // a source-context follows
	briefFile                              // the number of the file follows
	briefProxied                           // custom-data names a front end's client
)

// The spans of a row in brief, beside spanIDs, spanAbout and spanInfo: ids are
// those without the recipients, and what it is about is subject and sender.
const spanTo = spanBody

// maxBriefLine bounds the lines of rows in brief: what 40 bits have room for.
const maxBriefLine = 1 << 39

// hashed returns what stands for a value that a row in brief has, never the zero
// extent.
func (p *packing) hashed(value []byte) extent {
	h := maphash.Bytes(p.seed, value)
	return extent{uint32(h >> 32), uint32(h) | 1}
}

// packBrief packs a row in brief.
func (c *clusters) packBrief(cl *cluster, q *quickRow, rec *logparse.Record, in *packing) {
	p := &c.packer
	flags := uint16(0)
	var head [briefHead + 8]byte // what is put goes over the end of what is before it
	b := append(p.row[:0], head[:briefHead]...)
	if cl.spans[spanIDs].to == 0 || cl.file != q.fileNumber {
		cl.varied = cl.varied || cl.rows > 0
		cl.file = q.fileNumber
		flags |= briefFile
		b = binary.AppendUvarint(b, uint64(q.fileNumber))
	}
	if x := q.idsHash; x != cl.spans[spanIDs] {
		cl.spans[spanIDs] = x
		flags |= 1 << spanIDs
		b = binary.AppendUvarint(b, uint64(q.ends[atInternalID]-q.ends[atInternalID-1]-1))
		b = binary.AppendUvarint(b, uint64(q.ends[atMessageID]-q.ends[atMessageID-1]-1))
		b = appendBytes(b, q.span(atInternalID, atNetworkID))
	}
	to := q.span(atRecipients, atRecipients)
	if x := in.hashed(to); x != cl.spans[spanTo] {
		cl.spans[spanTo] = x
		flags |= 1 << spanTo
		b = appendBytes(b, to)
	}
	about := q.span(atSubject, atSender)
	if x := in.hashed(about); x != cl.spans[spanAbout] {
		cl.spans[spanAbout] = x
		flags |= 1 << spanAbout
		b = binary.AppendUvarint(b, uint64(q.ends[atSubject]-q.ends[atSubject-1]-1))
		b = appendBytes(b, about)
	}
	if info := briefly(q.value(atMessageInfo)); len(info) > 0 {
		flags |= briefInfo
		if x := in.hashed(info); x != cl.spans[spanInfo] {
			cl.spans[spanInfo] = x
			flags |= 1 << spanInfo
			b = appendBytes(b, info)
		}
	}
	o := q.origin
	if status := q.value(atStatus); statusCounts(o.general, status) {
		flags |= briefStatus
		b = appendBytes(appendBytes(b, status), q.value(atRelated))
	}
	if context := q.value(atSourceContext); o.context || isMailbox(context) {
		if o.sends {
			context = in.shortened(context)
		}
		if len(context) > 0 {
			flags |= briefContext
			b = appendBytes(b, context)
		}
	}
	if o.receive && q.proxied() {
		flags |= briefProxied
	}
	binary.BigEndian.PutUint16(b, quickMark<<8|uint16(q.originNumber))
	binary.LittleEndian.PutUint16(b[2:], flags)
	put := head[:]
	binary.LittleEndian.PutUint64(put[0:], uint64(rec.Time.UnixNano()/int64(time.Millisecond)))
	binary.LittleEndian.PutUint64(put[6:], uint64(rec.Pos.Offset))
	binary.LittleEndian.PutUint64(put[12:], uint64(rec.Pos.Line))
	binary.LittleEndian.PutUint64(put[17:], in.digest(q))
	copy(b[4:briefHead], put)
	p.row = b
	c.end(cl, rec.Time)
}

func appendBytes(b, value []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(value))), value...)
}

// briefly returns what verdicts need of a message-info: the time of origination.
func briefly[T string | []byte](info T) T {
	for i := range len(info) {
		if info[i] == ';' {
			info = info[:i]
			break
		}
	}
	if !mayOriginate(info) {
		return info[:0]
	}
	return info
}

// statusCounts reports whether a verdict may depend on the status of an event of
// that effect, or on its related addresses.
func statusCounts[T string | []byte](f effect, status T) bool {
	switch f {
	case effectSeen, effectDelivered, effectNone:
		return false
	case effectSent:
		return mayRefuse(status)
	}
	return true
}

// mayRefuse reports whether the status of what was sent may tell that it was
// refused: that of a recipient begins where the column or a part of it does.
func mayRefuse[T string | []byte](status T) bool {
	begins := true
	for i := range len(status) {
		switch c := status[i]; {
		case c == ';', c == ',':
			begins = true
		case c == '"', c == ' ', c == '{':
		case c >= 0x80, c < ' ', begins && (c == '4' || c == '5'):
			return true
		default:
			begins = false
		}
	}
	return false
}

// shortened returns a source-context of what was sent that says as much of the
// next server: the beginning of its reply, and the names and ids in it. One that
// is not as Exchange writes it is returned as it is.
func (p *packing) shortened(context []byte) []byte {
	const id = len("08DE5A2000000001")
	reply, short := context, p.scratch[:0]
	if len(reply) > id && reply[id] == ';' && sessionID(reply[:id]) {
		reply = reply[id+1:]
	}
	if i := bytes.Index(reply, clientSubmit); i >= 0 {
		reply = reply[:i]
	}
	// Nothing of it may be taken for a session or its time.
	if len(reply) < 4 || reply[0] < '2' || reply[0] > '5' || reply[3] != ' ' {
		return context
	}
	short = append(short, reply[:4]...)
	if i := bytes.LastIndexByte(reply, '['); i >= 0 {
		inside, _, _ := bytes.Cut(reply[i:], []byte{']'})
		short = append(append(short, inside...), ']')
	}
	p.scratch = short
	return short
}

var clientSubmit = []byte(";ClientSubmitTime:")

// digestColumns are the columns that rows in brief do not have, or not wholly.
var digestColumns = [...]int{atSourceContext, atStatus, atBytes, atRecipientCount, atRelated, atReference, atReturnPath, atMessageInfo, atDirectionality}

// digest returns the digest of a row of the short way.
func (p *packing) digest(q *quickRow) uint64 {
	b := append(append(p.scratch[:0], q.span(atSourceContext, atSourceContext)...), ',')
	b = append(append(b, q.span(atStatus, atReference)...), ',')
	b = append(append(b, q.span(atReturnPath, atReturnPath)...), ',')
	b = appendDigested(b, cutInfo(q.value(atMessageInfo)))
	b = append(append(b, q.span(atDirectionality, atDirectionality)...), ',')
	if bytes.IndexByte(b, '"') >= 0 {
		b = b[:0]
		for _, i := range digestColumns {
			value := q.value(i)
			if i == atMessageInfo {
				value = cutInfo(value)
			}
			b = appendDigested(b, value)
		}
	}
	p.scratch = b
	return maphash.Bytes(p.seed, b)
}

// appendDigested appends a value and the comma behind it; no other comma is.
func appendDigested[T string | []byte](b []byte, value T) []byte {
	for i := range len(value) {
		c := value[i]
		if c == ',' {
			c = 0
		}
		b = append(b, c)
	}
	return append(b, ',')
}

// cutInfo returns the beginning of a message-info: latency trees, which follow
// it, are not asked for.
func cutInfo(info []byte) []byte {
	info, _, _ = bytes.Cut(info, []byte{';'})
	return info
}

// brief leaves out of a row of the long way what a row in brief does not have.
// It has the same digest.
func (p *packing) brief(e *Event) {
	raw := &e.raw
	info, _, _ := strings.Cut(raw[colMessageInfo], ";")
	if e.Format != logparse.Tracking && e.Format != logparse.TrackingPS || e.Source == "TRACE" || e.EventID == "TRANSFER" {
		e.fill(colMessageInfo, info)
		if s := raw[colSourceContext]; s != "" && !contextCounts(e.EventID) && !isMailbox(s) {
			e.fill(colSourceContext, string(p.appendDigest(nil, []byte(s))))
		}
		return
	}
	b := p.scratch[:0]
	for _, i := range digestColumns {
		switch i {
		case atSourceContext:
			b = appendDigested(b, raw[colSourceContext])
		case atMessageInfo:
			b = appendDigested(b, info)
		case atDirectionality:
			b = appendDigested(b, raw[colDirectionality])
		default:
			b = appendDigested(b, raw[quickKept[i]])
		}
	}
	p.scratch = b
	e.fill(colDigest, string(binary.LittleEndian.AppendUint64(nil, maphash.Bytes(p.seed, b))))
	for _, i := range [...]column{colBytes, colRecipientCount, colReference, colReturnPath, colDirectionality} {
		e.fill(i, "")
	}
	e.fill(colMessageInfo, briefly(info))
	if !statusCounts(effects[e.EventID], raw[colStatus]) {
		e.fill(colStatus, "")
		e.fill(colRelated, "")
	}
	switch s := raw[colSourceContext]; {
	case !contextCounts(e.EventID) && !isMailbox(s):
		e.fill(colSourceContext, "")
	case strings.HasPrefix(e.EventID, "SEND"):
		e.fill(colSourceContext, string(p.shortened([]byte(s))))
	}
}

package track

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

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
//
// and what the flags say. Ids, recipients, subject with sender, and
// message-info are only there where they are not those of the row of the cluster
// before: its hashes tell, so that the rows before need not be looked at.
const briefHead = 21

// Flags of a row in brief. Those of new values come first, each 1<<span.
const (
	briefInfo     = 1 << (spanCount + iota) // there is a message-info
	briefStatus                             // recipient-status and related-recipient-address follow
	briefContext                            // a source-context follows
	briefFile                               // the number of the file follows
	briefProxied                            // custom-data names a front end's client
	briefDigest                             // the digest follows, 64 bits
	briefInfoTime                           // of a follower: the new message-info is a time
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

// packBrief packs a row in brief, as a follower if it is one.
func (c *clusters) packBrief(cl *cluster, q *quickRow, o *origin, rec *logparse.Record, in *packing) {
	p, late := &c.packer, c.latestOf(cl)
	flags, digest := uint16(0), uint64(0)
	if !c.oneLog {
		flags |= briefDigest
		digest = in.digest(q) // first: it shares its room with the shortened context
	}
	info := briefly(cutInfo(q.value(atMessageInfo)))
	if len(info) > 0 {
		flags |= briefInfo
		if x := in.hashed(info); x != late.spans[spanInfo] {
			late.spans[spanInfo] = x
			flags |= 1 << spanInfo
		}
	}
	status := q.value(atStatus)
	if in.statusCounts(o.general, status) {
		flags |= briefStatus
	}
	var context []byte
	if o.context || q.mailbox() {
		context = q.value(atSourceContext)
		if o.sends {
			context = o.shortened(context, in)
		}
		if len(context) > 0 {
			flags |= briefContext
		}
	}
	if o.receive && q.proxied() {
		flags |= briefProxied
	}
	if c.packFollower(cl, late, q, o, rec, in, follower{flags, digest, info, context}) {
		return
	}
	b := slices.Grow(p.row[:0], briefRoom)[:briefRoom]
	// What is put goes over the end of what is before it.
	binary.LittleEndian.PutUint64(b[4:], uint64(rec.Time.UnixNano()/int64(time.Millisecond)))
	binary.LittleEndian.PutUint64(b[10:], uint64(rec.Pos.Offset))
	binary.LittleEndian.PutUint64(b[16:], uint64(rec.Pos.Line))
	b = b[:briefHead]
	if flags&briefDigest != 0 {
		b = binary.LittleEndian.AppendUint64(b, digest)
	}
	if late.spans[spanIDs].to == 0 || cl.file != q.fileNumber {
		cl.begins(q.fileNumber)
		flags |= briefFile
		b = binary.AppendUvarint(b, uint64(q.fileNumber))
	}
	if x := q.idsHash; x != late.spans[spanIDs] {
		late.spans[spanIDs] = x
		flags |= 1 << spanIDs
		b = binary.AppendUvarint(b, uint64(q.ends[atInternalID]-q.ends[atInternalID-1]-1))
		b = binary.AppendUvarint(b, uint64(q.ends[atMessageID]-q.ends[atMessageID-1]-1))
		b = appendBytes(b, q.span(atInternalID, atNetworkID))
	}
	if x := q.toHash; x != late.spans[spanTo] {
		late.spans[spanTo] = x
		flags |= 1 << spanTo
		b = appendBytes(b, q.span(atRecipients, atRecipients))
	}
	if x := q.aboutHash; x != late.spans[spanAbout] {
		late.spans[spanAbout] = x
		flags |= 1 << spanAbout
		b = binary.AppendUvarint(b, uint64(q.ends[atSubject]-q.ends[atSubject-1]-1))
		b = appendBytes(b, q.span(atSubject, atSender))
	}
	if flags&(1<<spanInfo) != 0 {
		b = appendBytes(b, info)
	}
	if flags&briefStatus != 0 {
		b = appendBytes(appendBytes(b, status), q.value(atRelated))
	}
	if flags&briefContext != 0 {
		b = appendBytes(b, context)
	}
	binary.BigEndian.PutUint16(b, quickMark<<8|uint16(q.origin))
	binary.LittleEndian.PutUint16(b[2:], flags)
	if cap(b) > cap(p.row) {
		p.row = b
	}
	late.leader = cl.data.size + 1
	c.end(cl, b, rec.Time)
}

// briefRoom is the least room for a row in brief: for its head, which is put as
// if numbers of 64 bits were in it.
const briefRoom = 64

func appendBytes(b, value []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(value))), value...)
}

// briefly returns what verdicts need of the beginning of a message-info: the time
// of origination.
func briefly[T string | []byte](info T) T {
	if !mayOriginate(info) {
		return info[:0]
	}
	return info
}

// statusCounts reports whether a verdict may depend on the status of an event of
// that effect, or on its related addresses.
func statusCounts(f effect, status []byte) bool {
	switch f {
	case effectSeen, effectDelivered, effectNone:
		return false
	case effectSent:
		return mayRefuse(status)
	}
	return true
}

// statusCounts is the same, and remembers late statuses.
func (p *packing) statusCounts(f effect, status []byte) bool {
	if f != effectSent {
		return statusCounts(f, status)
	}
	fine := &p.fine[len(status)%len(p.fine)]
	if bytes.Equal(status, *fine) {
		return false
	}
	if mayRefuse(status) {
		return true
	}
	if len(status) <= maxCommonLength {
		*fine = append((*fine)[:0], status...)
	}
	return false
}

// mayRefuse reports whether the status of what was sent may tell that it was
// refused: that of a recipient begins where the column or a part of it does.
func mayRefuse(status []byte) bool {
	for len(status) > 0 {
		switch c := status[0]; {
		case c == '"' || c == ' ' || c == '{':
			status = status[1:]
			continue
		case c == '4' || c == '5' || c < ' ' || c >= utf8.RuneSelf:
			return true
		}
		i := 0
		for i < len(status) && status[i] != ';' && status[i] != ',' {
			i++
		}
		status = status[min(i+1, len(status)):]
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
	if len(reply) < 4 || reply[0] < '2' || reply[0] > '5' || reply[2] < '0' || reply[2] > '9' || reply[3] != ' ' {
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

// shortened is packing.shortened, of which it remembers the last result. The next
// server mostly gives the same reply, but for what is not kept of it.
func (o *origin) shortened(context []byte, p *packing) []byte {
	const id, code = len("08DE5A2000000001"), len("250 ")
	if len(context) > id+1+code && len(o.reply) > code && context[id] == ';' && sessionID(context[:id]) {
		reply := context[id+1:]
		// The brackets are the only ones, nothing ends the reply in front of them.
		if at := bytes.IndexByte(reply, '['); at >= code && string(reply[:code]) == string(o.reply[:code]) && bytes.HasPrefix(reply[at:], o.reply[code:]) &&
			bytes.IndexByte(reply[:at], ';') < 0 && bytes.IndexByte(reply[at+1:], '[') < 0 {
			return o.reply
		}
	}
	short := p.shortened(context)
	if n := len(short); n > code && n < len(context) && n <= maxCommonLength && short[code] == '[' && short[n-1] == ']' {
		o.reply = append(o.reply[:0], short...)
	}
	return short
}

var clientSubmit = []byte(";ClientSubmitTime:")

// digest returns the digest of a row of the short way: of all that rows in brief
// do not have, and what stands between it. Quotes do not count.
func (p *packing) digest(q *quickRow) uint64 {
	context, way := q.span(atSourceContext, atSourceContext), q.span(atDirectionality, atDirectionality)
	body, back := q.span(atStatus, atReference), q.span(atReturnPath, atMessageInfo)
	info := q.ends[atReturnPath] - q.ends[atSender] // where it begins in back
	if i := bytes.IndexByte(back[info:], ';'); i >= 0 {
		back = back[:info+i]
	}
	if !hasQuote(context) && !hasQuote(way) && !hasQuote(body) && !hasQuote(back) {
		return p.digestOf(context, body, back, way)
	}
	b := p.scratch[:0]
	for i := atStatus; i <= atReference; i++ {
		b = append(appendDigested(b, q.value(i)), ',')
	}
	n1 := len(b)
	b = append(appendDigested(b, q.value(atReturnPath)), ',')
	b = appendDigested(b, cutInfo(q.value(atMessageInfo)))
	n2 := len(b)
	b = appendDigested(b, q.value(atSourceContext))
	n3 := len(b)
	b = appendDigested(b, q.value(atDirectionality))
	p.scratch = b
	return p.digestOf(b[n2:n3], b[:n1-1], b[n1:n2], b[n3:])
}

func hasQuote(b []byte) bool { return bytes.IndexByte(b, '"') >= 0 }

// digestOf returns the digest of a row with these source-context, columns from
// recipient-status to reference, return-path with message-info, and
// directionality.
func (p *packing) digestOf(context, body, back, way []byte) uint64 {
	h := maphash.Bytes(p.seed, context)
	h = bits.RotateLeft64(h, 21) ^ maphash.Bytes(p.seed, body)
	h = bits.RotateLeft64(h, 21) ^ maphash.Bytes(p.seed, back)
	return bits.RotateLeft64(h, 21) ^ maphash.Bytes(p.seed, way)
}

// appendDigested appends a value without commas, which stand between values.
func appendDigested[T string | []byte](b []byte, value T) []byte {
	for i := range len(value) {
		c := value[i]
		if c == ',' {
			c = 0
		}
		b = append(b, c)
	}
	return b
}

// cutInfo returns the beginning of a message-info: latency trees, which follow
// it, are not asked for.
func cutInfo(info []byte) []byte {
	if i := bytes.IndexByte(info, ';'); i >= 0 {
		return info[:i]
	}
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
	var body []byte
	for i := atStatus; i <= atReference; i++ {
		body = append(appendDigested(body, raw[quickKept[i]]), ',')
	}
	back := appendDigested(append(appendDigested(nil, raw[colReturnPath]), ','), info)
	digest := p.digestOf(appendDigested(nil, raw[colSourceContext]), body[:len(body)-1], back, appendDigested(nil, raw[colDirectionality]))
	e.fill(colDigest, string(binary.LittleEndian.AppendUint64(nil, digest)))
	for _, i := range [...]column{colBytes, colRecipientCount, colReference, colReturnPath, colDirectionality} {
		e.fill(i, "")
	}
	e.fill(colMessageInfo, briefly(info))
	if !statusCounts(effects[e.EventID], []byte(raw[colStatus])) {
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

package logparse

import "math"

// packKnown is pack for a sparse record of a chunk, whose row quick read: it need
// not be filled in for that, and its places are known. Fill of the record that is
// unpacked finds the command in its text again.
func (b *batch) packKnown(rec *Record, r *exchangeRows) bool {
	row := &r.last
	size := row.event + int(row.row)
	if size > math.MaxUint16 || uint64(rec.Pos.Line)|uint64(row.at) > math.MaxUint32 || row.doubled != 0 {
		return false
	}
	like := b.likeOf(rec)
	data, context := row.event+int(row.data), row.event+int(row.context)
	p := b.next()
	p.time, p.at, p.line, p.size, p.lines, p.like = rec.Time, uint32(row.at), uint32(rec.Pos.Line), uint16(size), 1, like
	p.said, p.context, p.name, p.arg = spanAt(data, int(row.dataEnd-row.data)), spanAt(context, int(row.contextEnd-row.context)), 0, 0
	p.sequence = int32(sequence(r.sequenceOf(r.lines.buf[row.at:][:size])))
	p.kind, p.verb, p.code, p.enhanced, p.flags = rec.Kind, rec.Verb, rec.Code, rec.Enhanced, packedData
	switch rec.Kind {
	case KindReply:
		if p.flags |= packedText; rec.More {
			p.flags |= packedMore
		}
	case KindCommand:
		p.flags |= packedSplit
		p.arg = spanAt(row.event+int(row.dataEnd)-len(rec.Arg), len(rec.Arg))
	}
	return true
}

// spanAt returns the span of n bytes.
func spanAt(at, n int) span { return span(at<<16 | n) }

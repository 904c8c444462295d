package track

import (
	"bytes"
	"encoding/binary"
	"math"
	"time"

	"github.com/smtplog/smtplog/logparse"
)

// Most rows in brief have the ids, the recipients, the subject and the sender of
// the row of the cluster before, and tell of a step that rows of many messages
// told of. Such a row is a follower, and packed as
//
//	followMark with the number of its step   16 bits, the highest first
//	time in milliseconds, line, offset       32 bits each: how far behind its leader
//
// and what the flags of the step say: the digest, a new message-info, and a
// source-context that is not the step's. The leader is the latest row that was
// packed otherwise.
const (
	followMark = 0xc0
	followHead = 14 // bytes in front of what the flags say
)

// A briefStep is what followers have in common.
type briefStep struct {
	origin  uint16
	flags   uint16
	context []byte // the source-context; empty if each has its own, or none
}

// Bounds of the steps, and of those of one origin.
const (
	maxBriefSteps  = 1 << 14
	maxOriginSteps = 12
	maxOwnContexts = 6 // steps of an origin with a source-context
)

// A follower is what a row has beside what it shares with its leader.
type follower struct {
	flags         uint16
	digest        uint64
	info, context []byte
}

// packFollower packs a row as a follower. It reports false, and has done nothing,
// where it is none.
func (c *clusters) packFollower(cl *cluster, late *latest, q *quickRow, o *origin, rec *logparse.Record, in *packing, f follower) bool {
	flags, info, context := f.flags, f.info, f.context
	if late.leader == 0 || flags&briefStatus != 0 || cl.file != q.fileNumber ||
		late.spans[spanIDs] != q.idsHash || late.spans[spanTo] != q.toHash || late.spans[spanAbout] != q.aboutHash {
		return false
	}
	leader := c.arena.bytes(&cl.data)[late.leader-1:]
	leaderAt := int48(leader[4:])
	at, line, offset := rec.Time.UnixNano()/int64(time.Millisecond)-leaderAt, rec.Pos.Line-int40(leader[16:]), rec.Pos.Offset-int48(leader[10:])
	if uint64(at|line|offset) > math.MaxUint32 {
		return false
	}
	var origination int64
	if flags&(1<<spanInfo) != 0 && len(info) == quickTime {
		if t, ok := in.minute.originates(info); ok {
			flags |= briefInfoTime
			origination = t.UnixNano() / int64(time.Millisecond)
		}
	}
	step, ok := in.origins.followerStep(o, uint16(q.origin), flags, context)
	if !ok {
		return false
	}
	p := &c.packer
	head := [followHead]byte{byte(followMark | step>>8), byte(step)}
	binary.LittleEndian.PutUint32(head[2:], uint32(at))
	binary.LittleEndian.PutUint32(head[6:], uint32(line))
	binary.LittleEndian.PutUint32(head[10:], uint32(offset))
	b := append(p.row[:0], head[:]...)
	if flags&briefDigest != 0 {
		b = binary.LittleEndian.AppendUint64(b, f.digest)
	}
	switch {
	case flags&briefInfoTime != 0:
		b = binary.AppendVarint(b, leaderAt-origination)
	case flags&(1<<spanInfo) != 0:
		b = appendBytes(b, info)
	}
	if flags&briefContext != 0 && len(in.origins.brief[step].context) == 0 {
		b = appendBytes(b, context)
	}
	p.row = b
	c.end(cl, b, rec.Time)
	return true
}

// followerStep returns the number of the step of an origin with these flags, and that
// source-context or, where it has too many, with contexts of the rows' own. It
// fails where there are too many steps.
func (s *origins) followerStep(o *origin, origin, flags uint16, context []byte) (number uint16, ok bool) {
	own, found, contexts := uint16(0), false, 0
	for _, n := range o.steps {
		known := &s.brief[n]
		if len(known.context) > 0 {
			contexts++
		}
		if known.flags != flags {
			continue
		}
		if string(known.context) == string(context) {
			return n, true
		}
		if len(known.context) == 0 {
			own, found = n, true
		}
	}
	var text []byte
	if contexts < maxOwnContexts && len(context) <= maxCommonLength {
		text = bytes.Clone(context)
	} else if found {
		return own, true
	}
	if len(o.steps) >= maxOriginSteps || len(s.brief) >= maxBriefSteps {
		return own, found
	}
	number = uint16(len(s.brief))
	s.brief = append(s.brief, briefStep{origin, flags, text})
	o.steps = append(o.steps, number)
	return number, true
}

// follower reads a follower behind the row that r was before.
func (u *packedRows) follower(r *briefRow, steps []briefStep) {
	head := u.next(followHead)
	step := &steps[stepOf(head)]
	r.number, r.flags = step.origin, step.flags
	r.at = r.leaderAt + int64(binary.LittleEndian.Uint32(head[2:]))
	r.line = r.leaderLine + int64(binary.LittleEndian.Uint32(head[6:]))
	r.offset = r.leaderOffset + int64(binary.LittleEndian.Uint32(head[10:]))
	r.digest, r.info, r.status, r.related, r.context = nil, nil, nil, nil, nil
	if r.flags&briefDigest != 0 {
		r.digest = u.next(8)
	}
	switch {
	case r.flags&briefInfoTime != 0:
		r.origination = r.leaderAt - u.varint()
	case r.flags&(1<<spanInfo) != 0:
		r.latestInfo = u.bytes()
	}
	if r.flags&briefInfo != 0 {
		r.info = r.latestInfo
	}
	if r.flags&briefContext != 0 {
		if r.context = step.context; len(r.context) == 0 {
			r.context = u.bytes()
		}
	}
}

// stepOf returns the number of the step of a follower.
func stepOf(head []byte) uint16 { return binary.BigEndian.Uint16(head) &^ (followMark << 8) }

// int40 reads a number of 40 bits.
func int40(b []byte) int64 { return int64(binary.LittleEndian.Uint32(b)) | int64(b[4])<<32 }

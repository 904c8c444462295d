package track

import (
	"encoding/binary"
	"strings"
	"time"

	"github.com/smtplog/smtplog/reply/outcome"
)

// A briefRow is a row in brief while it is read. Its values are parts of the
// packed rows, those that it has not itself of the rows before.
type briefRow struct {
	flags        uint16
	number       uint16 // of the origin
	file         uint32
	at           int64 // Unix milliseconds
	line, offset int64
	digest       []byte

	internalID, messageID, networkID []byte
	recipients                       []byte
	subject, sender                  []byte
	info                             []byte // "" where there is none, or a time
	origination                      int64  // Unix milliseconds, of a message-info that is new and a time
	status, related                  []byte // without quotes
	context                          []byte // without quotes

	latestInfo []byte

	leaderAt, leaderLine, leaderOffset int64
}

// brief reads a row in brief behind the one that r was before.
func (u *packedRows) brief(r *briefRow, steps []briefStep) {
	if u.data[u.at] >= followMark {
		u.follower(r, steps)
		return
	}
	head := u.next(briefHead)
	r.number = binary.BigEndian.Uint16(head) &^ (quickMark << 8)
	flags := binary.LittleEndian.Uint16(head[2:])
	r.flags = flags
	r.at, r.offset = int48(head[4:]), int48(head[10:])
	r.line = int40(head[16:])
	r.leaderAt, r.leaderOffset, r.leaderLine = r.at, r.offset, r.line
	r.digest = nil
	if flags&briefDigest != 0 {
		r.digest = u.next(8)
	}
	if flags&briefFile != 0 {
		r.file = uint32(u.uvarint())
	}
	if flags&(1<<spanIDs) != 0 {
		n, k := int(u.uvarint()), int(u.uvarint())
		ids := u.bytes()
		r.internalID, r.messageID, r.networkID = ids[:n], ids[n+1:n+1+k], ids[n+k+2:]
	}
	if flags&(1<<spanTo) != 0 {
		r.recipients = u.bytes()
	}
	if flags&(1<<spanAbout) != 0 {
		n := int(u.uvarint())
		about := u.bytes()
		r.subject, r.sender = about[:n], about[n+1:]
	}
	r.info = nil
	if flags&briefInfo != 0 {
		if flags&(1<<spanInfo) != 0 {
			r.latestInfo = u.bytes()
		}
		r.info = r.latestInfo
	}
	r.status, r.related, r.context = nil, nil, nil
	if flags&briefStatus != 0 {
		r.status, r.related = u.bytes(), u.bytes()
	}
	if flags&briefContext != 0 {
		r.context = u.bytes()
	}
}

// briefEvent reads a row in brief as an event.
func (u *unpacker) briefEvent(e *Event, p *packing) {
	r, q := &u.short, &u.quick
	u.brief(r, p.origins.brief)
	o := p.origins.list[r.number]
	e.resetQuick(outcome.Position{File: p.common.texts[r.file], Line: r.line, Offset: r.offset}, outcome.Unix(r.at*int64(time.Millisecond), 3))
	columns := &q.columns
	if r.flags&(1<<spanIDs) != 0 {
		columns[atInternalID], columns[atMessageID], columns[atNetworkID] = u.unquoted(r.internalID), u.unquoted(r.messageID), u.unquoted(r.networkID)
	}
	if r.flags&(1<<spanTo) != 0 {
		columns[atRecipients], q.ids = u.unquoted(r.recipients), nil
	}
	if r.flags&(1<<spanAbout) != 0 {
		columns[atSubject], columns[atSender] = u.unquoted(r.subject), u.unquoted(r.sender)
	}
	columns[atStatus], columns[atRelated] = u.shared.keep(r.status), u.shared.keep(r.related)
	q.bytes, q.recipients = -1, -1
	o.fill(e)
	e.Directionality = ""
	if r.flags&briefInfo != 0 {
		switch {
		case r.flags&briefInfoTime != 0:
			q.origination = outcome.Unix(r.origination*int64(time.Millisecond), 3)
			q.info = q.origination.Time().UTC().Format("2006-01-02T15:04:05.000Z")
		case r.flags&(1<<spanInfo) != 0:
			q.info = u.shared.keep(r.info)
			q.origination = originationOf(q.info)
		}
		e.MessageInfo, e.Origination = q.info, q.origination
	}
	if len(r.context) > 0 {
		e.SourceContext = u.shared.keep(r.context)
		e.readContext()
	}
	if e.RemoteServer == "" && o.sends {
		e.RemoteServer = e.ServerHostname
	}
	e.proxied = r.flags&briefProxied != 0
	q.read(e)
	if !u.lean {
		q.fillRaw(e, o)
		e.raw[colDigest] = u.shared.keep(r.digest)
	}
}

// unquoted keeps a value without its quotes.
func (u *unpacker) unquoted(v []byte) string {
	if len(v) > 0 && v[0] == '"' {
		return strings.ReplaceAll(u.shared.keep(v[1:len(v)-1]), `""`, `"`)
	}
	return u.shared.keep(v)
}

package track

import (
	"bytes"
	"encoding/binary"
)

// The rows of a message repeat most columns of its first one. A row in brief is
// compared with a late one that has the same ids; where that has the same bytes,
// the ends of the columns need not be looked for, and their hashes are known.

// noLate is in place of the number of a late row.
const noLate = -1

// lateText is how many bytes of a late row are kept at most. Longer ones are not.
const lateText = 320

// lateRows holds rows, by the beginnings of their ids.
type lateRows [1 << 10]lateRow

// A lateRow is a row that was packed in brief.
type lateRow struct {
	// internal-message-id to network-message-id, recipient-address, and
	// total-bytes to return-path, each with the comma behind it.
	text    [lateText]byte
	ids, to uint16                                 // where the first two end in text; 0: there is none
	size    uint16                                 // of text
	ends    [atReturnPath + 1 - atBytes]uint16     // of the columns from total-bytes on, from its beginning
	first   [atNetworkID + 1 - atInternalID]uint16 // of the ids, likewise

	idsHash, toHash, aboutHash extent

	cluster uint32 // the number of the row's cluster
}

// slot returns the place of rows whose ids begin with b.
func (l *lateRows) slot(b *[16]byte) int {
	x := binary.LittleEndian.Uint64(b[:8])*0x9e37_79b9_7f4a_7c15 ^ binary.LittleEndian.Uint64(b[8:])*0xff51_afd7_ed55_8ccd
	return int(x * 0x9e37_79b9_7f4a_7c15 >> 54)
}

// compare compares the row, of which the ends up to the event-id are known, with
// the late one that has the same ids. It fails where find does.
func (q *quickRow) compare(late *lateRows) bool {
	q.late, q.sameTo, q.sameAbout = noLate, false, false
	at := q.ends[atEventID] + 1
	if at+16 > len(q.row) {
		return true
	}
	slot := late.slot((*[16]byte)(q.row[at:]))
	l := &late[slot]
	if l.ids == 0 || !bytes.HasPrefix(q.row[at:], l.text[:l.ids]) {
		return true
	}
	q.late = slot
	for i, end := range l.first {
		q.ends[atInternalID+i] = at + int(end)
	}
	q.next = atRecipients
	at += int(l.ids)
	if to := l.text[l.ids:l.to]; bytes.HasPrefix(q.row[at:], to) {
		q.ends[atRecipients], q.next, q.sameTo = at+len(to)-1, atStatus, true
	}
	if !q.find(atStatus) {
		return false
	}
	at = q.ends[atStatus] + 1
	if at <= len(q.row) && bytes.HasPrefix(q.row[at:], l.text[l.to:l.size]) {
		for i, end := range l.ends {
			q.ends[atBytes+i] = at + int(end)
		}
		q.next, q.sameAbout = atMessageInfo, true
	}
	return true
}

// hash works out what stands for the row's values. Those of the late one it has
// already.
func (q *quickRow) hash(late *lateRows, p *packing) {
	if q.late != noLate {
		l := &late[q.late]
		q.idsHash, q.toHash, q.aboutHash = l.idsHash, l.toHash, l.aboutHash
	} else {
		q.idsHash = p.hashed(q.span(atInternalID, atNetworkID))
	}
	if !q.sameTo {
		q.toHash = p.hashed(q.span(atRecipients, atRecipients))
	}
	if !q.sameAbout {
		q.aboutHash = p.hashed(q.span(atSubject, atSender))
	}
}

// keep notes the row, which is packed into the cluster.
func (late *lateRows) keep(q *quickRow, cl *cluster) {
	if q.late != noLate {
		late[q.late].cluster = cl.number
		return
	}
	from, to, body := q.ends[atEventID]+1, q.ends[atRecipients]+1, q.ends[atStatus]+1
	front, back := q.row[from:to], q.row[body:q.ends[atReturnPath]+1]
	if len(front)+len(back) > lateText || len(front) < 16 {
		return
	}
	l := &late[late.slot((*[16]byte)(front))]
	copy(l.text[copy(l.text[:], front):], back)
	for i := range l.first {
		l.first[i] = uint16(q.ends[atInternalID+i] - from)
	}
	for i := range l.ends {
		l.ends[i] = uint16(q.ends[atBytes+i] - body)
	}
	l.ids, l.to, l.size = uint16(q.ends[atNetworkID]+1-from), uint16(len(front)), uint16(len(front)+len(back))
	l.idsHash, l.toHash, l.aboutHash = q.idsHash, q.toHash, q.aboutHash
	l.cluster = cl.number
}

// lately returns the cluster of the row where the late row with its ids is on the
// same server, and no row with other ids came since. One that names a mailbox has
// another key.
func (c *clusters) lately(q *quickRow, o *origin) *cluster {
	if q.late == noLate {
		return nil
	}
	cl := c.at(c.lateRows[q.late].cluster)
	if l := c.latestOf(cl); l.wrote != o.place || l.spans[spanIDs] != q.idsHash || q.mailbox() {
		return nil
	}
	return cl
}

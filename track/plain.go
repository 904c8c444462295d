package track

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/smtplog/smtplog/reply/outcome"
)

// The short way to the verdicts about a message, where they are all that is
// wanted. It is for the message that all recipients got and whose trail has no
// hole, if all its rows came the short way; it makes no events of them. Every
// other message goes the long way, which is assembler.split and
// assembler.message: of a message of the short way they would say the same.

// Bounds of such a message.
const (
	maxPlainRows       = 32
	maxPlainRecipients = 64 // as a set has bits
)

// A plainRow is what a verdict needs of a row.
type plainRow struct {
	at           int64 // Unix milliseconds
	line, offset int64
	origin       *origin
	number       uint16 // of the origin
	file         uint32
	proxied      bool
	to           uint64 // the set of its recipients

	// Values, parts of the packed rows.
	recipients, context []byte
}

// A plainJudge works out the verdicts of one such message, and then those of the
// next.
type plainJudge struct {
	a    *assembler
	rows []plainRow
	keys []string // of the addresses of m.Recipients
	m    *Message

	have, mailbox uint64 // the recipients that got it, and those in whose mailbox it is
	messageID     []byte
	networkID     []byte
	sender        []byte
	origination   outcome.Time

	teller storyTeller
	plainMinute
	ours  []knownServer // whether the client of each origin is a server of ours
	nexts []knownNext   // where the rows of each origin were sent
	event Event         // to read a reply with
}

// A knownNext remembers which server a source-context of what was sent names.
type knownNext struct {
	context string // the last one
	server  string
}

// A knownServer remembers an answer of servers.has for as long as it holds.
type knownServer struct {
	version uint32 // of the servers then, plus one
	has     bool
}

// message returns the message of a cluster, nil if it goes the long way.
func (j *plainJudge) message(c *cluster) *Message {
	a := j.a
	if !a.packing.verdictsOnly || c.mixed || c.rows > maxPlainRows {
		return nil
	}
	data := a.b.clusters.arena.bytes(&c.data)
	m, story := j.story(&packedRows{data: data}, int(c.rows))
	if m != nil {
		return m
	}
	if !j.read(&packedRows{data: data}, int(c.rows)) || !j.order() {
		return nil
	}
	j.m = a.newMessage()
	if j.deliver() && j.sound() {
		if story != nil {
			j.learn(story)
		}
		return j.finish(&j.rows[0], j.rows[len(j.rows)-1].at)
	}
	a.reuse(j.m)
	return nil
}

// read reads the rows. All must be of steps of the ordinary way, and bear the
// same ids and sender.
func (j *plainJudge) read(u *packedRows, n int) bool {
	j.rows = j.rows[:0]
	j.origination = outcome.Time{}
	r := new(briefRow)
	for i := range n {
		if u.data[u.at] < quickMark {
			return false
		}
		u.brief(r, j.a.packing.origins.brief)
		o := j.a.packing.origins.list[r.number]
		if o.plain == plainNot || r.flags&briefStatus != 0 {
			return false
		}
		if i == 0 {
			j.messageID, j.networkID, j.sender = r.messageID, r.networkID, r.sender
			if quoted(j.messageID) || quoted(j.sender) {
				return false
			}
		} else if r.flags&(1<<spanIDs) != 0 && !(bytes.Equal(r.messageID, j.messageID) && bytes.Equal(r.networkID, j.networkID)) ||
			r.flags&(1<<spanAbout) != 0 && !bytes.Equal(r.sender, j.sender) {
			return false
		}
		if r.flags&(1<<spanTo) != 0 && bytes.IndexByte(r.recipients, '"') >= 0 {
			return false
		}
		if r.flags&(1<<spanInfo) != 0 {
			at, ok := outcome.Unix(r.origination*int64(time.Millisecond), 3), true
			if r.flags&briefInfoTime == 0 {
				at, ok = j.originates(r.info)
			}
			if !ok {
				return false
			}
			if !at.IsZero() && (j.origination.IsZero() || at.Before(j.origination)) {
				j.origination = at
			}
		}
		j.rows = longer(j.rows)
		row := &j.rows[i]
		row.at, row.line, row.offset, row.origin, row.number, row.file = r.at, r.line, r.offset, o, r.number, r.file
		row.proxied, row.recipients, row.context = r.flags&briefProxied != 0, r.recipients, r.context
	}
	return true
}

// quoted reports whether a value has quotes around it, which are not undone here.
func quoted(value []byte) bool { return len(value) > 0 && value[0] == '"' }

// A plainMinute reads times of late minutes, of which a log has many.
type plainMinute struct {
	text [len("2006-01-02T15:04:")]byte
	ns   int64 // when it begins
}

// originates is originationOf for what Exchange writes.
func (m *plainMinute) originates(info []byte) (at outcome.Time, ok bool) {
	const usual, n = len("2006-01-02T15:04:05.000Z"), len(m.text)
	if len(info) == usual && string(info[:n]) == string(m.text[:]) && info[19] == '.' && info[23] == 'Z' {
		s1, s2, f1, f2, f3 := info[17]-'0', info[18]-'0', info[20]-'0', info[21]-'0', info[22]-'0'
		if s1 < 6 && s2 < 10 && f1 < 10 && f2 < 10 && f3 < 10 {
			ms := (int64(s1)*10+int64(s2))*1000 + int64(f1)*100 + int64(f2)*10 + int64(f3)
			return outcome.Unix(m.ns+ms*int64(time.Millisecond), 3), true
		}
	}
	t, digits, ok := plainTime(string(info))
	if !ok || t.Year() < 1980 || t.Year() > 2200 {
		return at, false
	}
	copy(m.text[:], info)
	m.ns = t.Truncate(time.Minute).UnixNano()
	return outcome.At(t, digits), true
}

// order puts the rows in the order of compareEvents. It fails where rows may be
// second copies of others.
func (j *plainJudge) order() bool {
	rows := j.rows
	for i := 1; i < len(rows); i++ {
		if j.compare(&rows[i-1], &rows[i]) > 0 {
			slices.SortFunc(rows, func(x, y plainRow) int { return j.compare(&x, &y) })
			break
		}
	}
	for i := 1; i < len(rows); i++ {
		if rows[i-1].at == rows[i].at && rows[i-1].file != rows[i].file {
			return false
		}
	}
	return true
}

func (j *plainJudge) compare(x, y *plainRow) int {
	if x.at != y.at {
		return cmp.Compare(x.at, y.at)
	}
	if c := cmp.Or(cmp.Compare(x.origin.rank, y.origin.rank), strings.Compare(x.origin.server, y.origin.server)); c != 0 {
		return c
	}
	texts := j.a.packing.common.texts
	return cmp.Or(strings.Compare(texts[x.file], texts[y.file]), cmp.Compare(x.line, y.line), cmp.Compare(x.offset, y.offset))
}

// deliver takes the verdicts from the rows. It fails if not all recipients got
// the message, or a row may say anything but that.
func (j *plainJudge) deliver() bool {
	j.keys, j.have, j.mailbox = j.keys[:0], 0, 0
	for i := range j.rows {
		r := &j.rows[i]
		if i > 0 && bytes.Equal(r.recipients, j.rows[i-1].recipients) {
			r.to = j.rows[i-1].to
		} else if !j.address(r) {
			return false
		}
		switch r.origin.plain {
		case plainDelivered:
			j.settle(r, r.to&^j.mailbox)
			j.mailbox |= r.to
		case plainExternal:
			j.settle(r, r.to&^j.mailbox)
		}
	}
	n := len(j.m.Recipients)
	return n > 0 && j.have == math.MaxUint64>>(maxPlainRecipients-n)
}

// settle notes that recipients got the message.
func (j *plainJudge) settle(r *plainRow, who uint64) {
	j.have |= who
	for i := range j.m.Recipients {
		if who&(1<<i) != 0 {
			j.m.Recipients[i].At = outcome.Unix(r.at*int64(time.Millisecond), 3)
		}
	}
}

// address finds out who the recipients of a row are. It fails if an address is
// written in two ways.
func (j *plainJudge) address(r *plainRow) bool {
	r.to = 0
	if string(r.recipients) == notExported {
		return false
	}
next:
	for rest := r.recipients; len(rest) > 0; {
		var address []byte
		address, rest, _ = bytes.Cut(rest, []byte{';'})
		if len(address) == 0 {
			continue
		}
		if mayTrim(address[0]) || mayTrim(address[len(address)-1]) {
			return false
		}
		for i := range j.m.Recipients {
			if j.m.Recipients[i].Address == string(address) {
				r.to |= 1 << i
				continue next
			}
		}
		n := len(j.m.Recipients)
		if n == maxPlainRecipients {
			return false
		}
		text := j.a.packing.texts.keep(address)
		if n > 0 && j.again(text) {
			return false
		}
		j.m.Recipients = longer(j.m.Recipients)
		v := &j.m.Recipients[n]
		v.Address, v.Status = text, Delivered
		r.to |= 1 << n
	}
	return true
}

// again reports whether a new address is another way to write one before.
func (j *plainJudge) again(address string) bool {
	for i := len(j.keys); i < len(j.m.Recipients); i++ {
		j.keys = append(j.keys, addressKey(j.m.Recipients[i].Address))
	}
	return slices.Contains(j.keys, addressKey(address))
}

// mayTrim reports whether the byte is of those that are trimmed from addresses.
func mayTrim(c byte) bool { return c == ' ' || c == '\t' || c == '{' || c == '}' }

// finish fills in the message, of which that is the first row and the time of the
// last one.
func (j *plainJudge) finish(first *plainRow, last int64) *Message {
	m := j.m
	texts := &j.a.packing.texts
	m.MessageID, m.NetworkID, m.Sender = texts.keep(j.messageID), texts.keep(j.networkID), texts.keep(j.sender)
	m.First, m.Last = outcome.Unix(first.at*int64(time.Millisecond), 3), outcome.Unix(last*int64(time.Millisecond), 3)
	m.begin = outcome.Position{File: j.a.packing.common.texts[first.file], Line: first.line, Offset: first.offset}
	m.Status, m.Origination = Delivered, j.origination
	m.latency()
	return m
}

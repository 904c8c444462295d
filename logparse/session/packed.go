package session

import (
	"encoding/binary"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// A transcript is what was said, as far as it is kept: one step behind the
// other, told by what differs from the step before. Behind each stands its text,
// or where to read that again.
type transcript struct {
	packed    []byte
	before    packedStep // the last one
	size      int        // that the steps take when they are handed out, about
	shortened int64
}

// A packedStep is what the next step is told by.
type packedStep struct {
	line int64
	at   int64 // Unix nanoseconds
	row  rowAt // the last one that is to be read again
}

// A rowAt is where a row stands in a log.
type rowAt struct {
	file    uint32 // in Builder.files
	columns uint32 // in rereader.columns
	offset  int64
	size    int
	sum     uint32 // CRC-32 of the row
}

// The first byte of a step: its kind and what else there is.
const (
	packedKind   = 1<<3 - 1
	packedSent   = 1 << 3
	packedCode   = 1 << 4
	packedAgain  = 1 << 5 // the row is to be read again
	packedSecret = 1 << 6 // and its text to be redacted
)

// pack writes the record's step but for its text.
func (t *transcript) pack(rec *logparse.Record, flags byte) {
	inbound := rec.Direction == outcome.Inbound
	if rec.Kind == logparse.KindReply && inbound || rec.Kind == logparse.KindCommand && !inbound {
		flags |= packedSent
	}
	if rec.Kind == logparse.KindCommand && rec.Code != 0 {
		flags |= packedCode
	}
	at := instantOf(rec.Time)
	p := append(t.packed, byte(rec.Kind)|flags, at.digits)
	p = binary.AppendVarint(p, rec.Pos.Line-t.before.line)
	p = binary.AppendVarint(p, at.ns-t.before.at)
	if flags&packedCode != 0 {
		p = binary.AppendUvarint(p, uint64(rec.Code))
	}
	t.packed, t.before.line, t.before.at = p, rec.Pos.Line, at.ns
}

// packText writes the text of a step.
func (t *transcript) packText(text []byte) {
	t.packed = append(binary.AppendUvarint(t.packed, uint64(len(text))), text...)
}

// packRow writes where the row of a step is read again.
func (t *transcript) packRow(row rowAt) {
	before := &t.before.row
	p := binary.AppendUvarint(t.packed, uint64(row.file))
	p = binary.AppendUvarint(p, uint64(row.columns))
	p = binary.AppendVarint(p, row.offset-before.offset)
	p = binary.AppendUvarint(p, uint64(row.size))
	t.packed, *before = binary.LittleEndian.AppendUint32(p, row.sum), row
}

// An unpacker reads what pack, packText and packRow wrote.
type unpacker struct {
	rest   []byte
	before packedStep
}

func (u *unpacker) uvarint() uint64 {
	n, size := binary.Uvarint(u.rest)
	u.rest = u.rest[size:]
	return n
}

func (u *unpacker) varint() int64 {
	n, size := binary.Varint(u.rest)
	u.rest = u.rest[size:]
	return n
}

// step returns the next step but for its text.
func (u *unpacker) step() (s Step, flags byte) {
	flags, digits := u.rest[0], u.rest[1]
	u.rest = u.rest[2:]
	u.before.line += u.varint()
	u.before.at += u.varint()
	s = Step{
		Kind: logparse.Kind(flags & packedKind), Sent: flags&packedSent != 0,
		Line: u.before.line, Time: instant{u.before.at, digits}.time(),
	}
	if flags&packedCode != 0 {
		s.Code = reply.Code(u.uvarint())
	}
	return s, flags
}

func (u *unpacker) text() []byte {
	n := u.uvarint()
	text := u.rest[:n]
	u.rest = u.rest[n:]
	return text
}

func (u *unpacker) row() rowAt {
	row := &u.before.row
	row.file, row.columns = uint32(u.uvarint()), uint32(u.uvarint())
	row.offset += u.varint()
	row.size = int(u.uvarint())
	row.sum = binary.LittleEndian.Uint32(u.rest)
	u.rest = u.rest[4:]
	return *row
}

// unpack returns the steps of a session's transcript, which are good until the
// next one is unpacked, and how many are left out.
func (b *Builder) unpack(format logparse.Format, t *transcript) (steps []Step, shortened int64) {
	u := unpacker{rest: t.packed}
	again := &b.again
	steps, again.wanted = b.steps[:0], again.wanted[:0]
	for len(u.rest) > 0 {
		s, flags := u.step()
		if flags&packedAgain == 0 {
			s.Text = b.text.string(u.text())
		} else {
			again.wanted = append(again.wanted, wantedRow{rowAt: u.row(), step: len(steps), secret: flags&packedSecret != 0})
		}
		steps = append(steps, s)
	}
	all := len(steps)
	b.steps = steps
	steps = b.readAgain(format, steps)
	return steps, t.shortened + int64(all-len(steps))
}

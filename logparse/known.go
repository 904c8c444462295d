package logparse

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"sync"
	"sync/atomic"

	"github.com/smtplog/smtplog/reply/outcome"
)

// Times a byte: a word of that byte.
const (
	each   = 0x0101_0101_0101_0101
	each32 = 0x0101_0101
)

// knownMax is the length of the longest text that is known, in bytes.
const knownMax = 64

// A knownBytes is a text that the bytes of a row are compared with, word by
// word. The zero value is the empty text.
type knownBytes struct {
	words [knownMax / 8]uint64 // its bytes, then others
	masks [5]uint64            // of the first words, the bits that belong to it
	size  uint8
}

// knownMasks has the masks of texts by their size.
var knownMasks = func() (masks [knownMax + 1][5]uint64) {
	for size := range masks {
		for i := range masks[size] {
			masks[size][i] = lowBytes(size - 8*i)
		}
	}
	return masks
}()

// set makes k the text, of at most knownMax bytes.
func (k *knownBytes) set(text []byte) {
	var b [knownMax]byte
	copy(b[:], text)
	k.fit(&b, len(text))
}

// fit makes k the first size bytes of b. What is behind them is never compared.
func (k *knownBytes) fit(b *[knownMax]byte, size int) {
	for i := range k.words {
		k.words[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	k.masks, k.size = knownMasks[size], uint8(size)
}

// beginsMax is how much of a text begins and beginsOn compare, in bytes.
const beginsMax = 40

// begins reports whether b begins with the text, but for its bytes from the
// 32nd on.
func (k *knownBytes) begins(b *[knownMax]byte) bool {
	return (binary.LittleEndian.Uint64(b[0:])^k.words[0])&k.masks[0]|
		(binary.LittleEndian.Uint64(b[8:])^k.words[1])&k.masks[1]|
		(binary.LittleEndian.Uint64(b[16:])^k.words[2])&k.masks[2]|
		(binary.LittleEndian.Uint64(b[24:])^k.words[3])&k.masks[3] == 0
}

// beginsOn reports whether b has the text's bytes from the 32nd up to beginsMax.
func (k *knownBytes) beginsOn(b *[knownMax]byte) bool {
	return (binary.LittleEndian.Uint64(b[32:])^k.words[4])&k.masks[4] == 0
}

// goesOn reports whether b has the text's bytes from beginsMax on.
func (k *knownBytes) goesOn(b *[knownMax]byte) bool {
	for i := beginsMax / 8; 8*i < int(k.size); i++ {
		if (binary.LittleEndian.Uint64(b[8*i:])^k.words[i])&lowBytes(int(k.size)-8*i) != 0 {
			return false
		}
	}
	return true
}

// lowBytes returns the bits of those n bytes of a word that come first in
// memory: none for fewer than 1, all for more than 7.
func lowBytes(n int) uint64 {
	switch {
	case n <= 0:
		return 0
	case n >= 8:
		return ^uint64(0)
	}
	return 1<<(8*n) - 1
}

// lastNumber is the last number that is for a connector or a session.
var lastNumber atomic.Uint64

// numbersAtOnce is how many of them a knownRows takes.
const numbersAtOnce = 64

// A knownConnector is the connector-id of rows of one log that went the short
// way.
type knownConnector struct {
	text   []byte // with the comma behind it
	server int    // the length of the server's name in front of its "\"
	number uint64 // 0: there is none

	// For quick. from is where the value behind it begins, 0 if it is too long
	// for that, and no session of it is known.
	bytes knownBytes
	from  uint8
}

// A knownSession is what the rows of a session have in common, if its id has
// idLen bytes.
type knownSession struct {
	id        [2]uint64
	connector uint64     // the number of its connector
	ends      knownBytes // ",local-endpoint,remote-endpoint,"
	local     uint8      // the place of the comma in the middle
	slot      uint16     // in knownRows.ids
	number    uint64     // Record.Conversation
}

// idLen is the length of a session's id in bytes, as Exchange writes it.
const idLen = 16

// knownSessions holds sessions of late rows.
type knownSessions [512]knownSession

// of returns the session with the id, nil if it is not known.
func (s *knownSessions) of(id *[idLen + 8]byte) *knownSession {
	last := binary.LittleEndian.Uint64(id[8:])
	k := &s[sessionSlot(last)]
	if (binary.LittleEndian.Uint64(id[0:])^k.id[0])|(last^k.id[1]) != 0 {
		return nil
	}
	return k
}

// sessionSlot returns the place of sessions whose ids end with the bytes of
// last. Exchange counts ids up in hexadecimal digits: those that are open at
// once differ in the last three.
func sessionSlot(last uint64) uint64 {
	digits := last >> 40
	digits = (digits + 9*(digits>>6&0x01_01_01)) & 0x0f_0f_0f
	// The product brings the three digits together.
	return digits * 0x100_1001 >> 16 & (uint64(len(knownSessions{})) - 1)
}

// knownRows is what is known of the rows of a protocol log.
type knownRows struct {
	log     *ahead      // that the rows are of, nil where it is not read in chunks
	format  Format      // of the log
	columns *columnList // of the rows, nil while nothing was known when they began

	connectors [4]knownConnector
	replaced   int // which of them was replaced last
	sessions   *knownSessions
	ids        *[len(knownSessions{})]sessionText // of the sessions
	number     uint64                             // the last that was given
	texts      knownTexts
}

// spareRows are those of readers that came to their end.
var spareRows = sync.Pool{New: func() any { return &knownRows{sessions: new(knownSessions)} }}

func newKnownRows() *knownRows { return spareRows.Get().(*knownRows) }

// release gives up what is known.
func (k *knownRows) release() {
	k.forget()
	k.log = nil
	spareRows.Put(k)
}

// newNumber returns a number that no other connector or session has.
func (k *knownRows) newNumber() uint64 {
	if k.number%numbersAtOnce == 0 {
		k.number = lastNumber.Add(numbersAtOnce) - numbersAtOnce
	}
	k.number++
	return k.number
}

// goOn lets r go on with what is known of the rows of another part of the log,
// where they are of the same kind. Nothing is known of the rows of another log:
// numbers tell logs apart, too.
func (k *knownRows) goOn(r *exchangeRows, log *ahead) {
	if columns := r.short.columns; columns == nil || k.log != log || k.columns != columns || k.format != r.short.format {
		k.forget()
		k.log, k.format, k.columns = log, r.short.format, columns
	}
	r.known = k
}

// forget begins a log: another one, or one with other columns.
func (k *knownRows) forget() {
	k.columns = nil
	for i := range k.connectors {
		k.connectors[i].number = 0 // and with it those sessions
	}
	k.texts = knownTexts{}
}

// connector returns the connector-id that rest, the row from there on, begins
// with, nil if the short way cannot read it.
func (k *knownRows) connector(rest []byte, direction outcome.Direction) *knownConnector {
	for i := range k.connectors {
		if c := &k.connectors[i]; c.number != 0 && bytes.HasPrefix(rest, c.text) {
			return c
		}
	}
	width := bytes.IndexByte(rest, ',')
	if width < 0 || rest[0] == '"' {
		return nil
	}
	server := 0
	if direction == outcome.Inbound {
		server = max(bytes.IndexByte(rest[:width], '\\'), 0)
	}
	if name := rest[:server]; server > 0 && (len(bytes.TrimSpace(name)) != server || present(name) == nil) {
		return nil
	}
	k.replaced = (k.replaced + 1) % len(k.connectors)
	c := &k.connectors[k.replaced]
	*c = knownConnector{text: append(c.text[:0], rest[:width+1]...), server: server, number: k.newNumber()}
	if width < knownMax && present(rest[:width]) != nil {
		c.bytes.set(c.text)
		c.from = uint8(isoLen + 1 + width + 1)
	}
	return c
}

// meetSession is session for a row that has the id and goes on with ends behind
// its sequence-number. It leaves ids and ends with bytes that stand before "-",
// but for their commas, to the caller: quotes, blanks and line ends are among
// them, and none that Exchange writes there.
func (k *knownRows) meetSession(connector *knownConnector, id *[idLen + 8]byte, ends *[knownMax]byte) *knownSession {
	if bytesBelow(binary.LittleEndian.Uint64(id[0:]), '-')|bytesBelow(binary.LittleEndian.Uint64(id[8:]), '-') != 0 {
		return nil
	}
	local, commas := 0, 0
	for i := 0; i < len(ends); i += 8 {
		for low := bytesBelow(binary.LittleEndian.Uint64(ends[i:]), '-'); low != 0; low &= low - 1 {
			at := i + bits.TrailingZeros64(low)/8
			switch c := ends[at&(len(ends)-1)]; {
			case c == '-': // see bytesBelow
				continue
			case c != ',':
				return nil
			}
			switch commas++; commas {
			case 2:
				local = at
			case 3:
				return k.session(connector, (*[idLen]byte)(id[:]), ends, at+1, local)
			}
		}
	}
	return nil
}

// bytesBelow returns the top bits of the bytes of x that are less than c, which
// is at most 0x80, and of some that are c: those behind one that is less.
func bytesBelow(x uint64, c uint64) uint64 { return (x - c*each) &^ x & (0x80 * each) }

// session returns the session that a row shows: its id, and its ends, which are
// the first size bytes of ",local-endpoint,remote-endpoint,", not quoted, with the
// second comma at local. It returns nil if they are of another shape.
func (k *knownRows) session(connector *knownConnector, id *[idLen]byte, ends *[knownMax]byte, size, local int) *knownSession {
	if remote := ends[local+1 : size-1]; connector.from == 0 || present(remote) == nil {
		return nil
	}
	first, last := binary.LittleEndian.Uint64(id[0:]), binary.LittleEndian.Uint64(id[8:])
	slot := sessionSlot(last)
	s := &k.sessions[slot]
	if s.id == [2]uint64{first, last} && s.connector == connector.number && s.local == uint8(local) && s.ends.size == uint8(size) &&
		s.ends.begins(ends) && s.ends.beginsOn(ends) && s.ends.goesOn(ends) {
		return s
	}
	if k.ids == nil {
		k.ids = new([len(knownSessions{})]sessionText)
	}
	text := &k.ids[slot]
	*(*[idLen]byte)(text[:]), *(*[knownMax]byte)(text[idLen:]) = *id, *ends
	s.id, s.connector, s.slot = [2]uint64{first, last}, connector.number, uint16(slot)
	s.ends.fit(ends, size)
	s.local, s.number = uint8(local), k.newNumber()
	return s
}

// A sessionText is a session's id and its ends, and what stood behind them.
type sessionText [idLen + knownMax]byte

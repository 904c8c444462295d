package logparse

import (
	"encoding/binary"
	"math/bits"

	"github.com/smtplog/smtplog/reply/outcome"
)

// An iisFront is the part of rows that names the peer, as it stands in them, and
// what it says. All that the rows of one connection have in common is in it.
type iisFront struct {
	hash      uint64
	number    uint64 // Record.Peer; 0: there is none
	size      uint8  // of text that the rows have there
	more      uint8  // how much of text they have behind the time
	kind      Kind   // KindReply or KindCommand
	direction outcome.Direction

	text                              *[iisFrontMax]byte // to which these refer
	remote, helo, site, server, local []byte
}

// iisFrontMax is the length of the longest front that is kept, in bytes.
const iisFrontMax = 96

// iisFronts holds fronts of late rows of one log, by their hash: each in one of two
// places. There are more places where there are many peers.
type iisFronts struct {
	run iisRun // that the fronts are

	list  []iisFront // a power of two
	shift uint8      // of a hash, for its place
	added int        // since the list has its size
}

const (
	fewFronts  = 64
	mostFronts = 4096
)

func newIISFronts() *iisFronts {
	t := &iisFronts{}
	t.grow(fewFronts)
	return t
}

// begin makes t ready for rows with such fronts: others are forgotten.
func (t *iisFronts) begin(run iisRun) {
	if t.run != run {
		t.run = run
		for i := range t.list {
			t.list[i].number = 0
		}
	}
}

// at returns the front that b begins with, nil if it is not known.
func (t *iisFronts) at(b *[iisFrontMax]byte) *iisFront {
	h := hashFront(b)
	i := h >> (t.shift & 63)
	for range 2 {
		f := &t.list[i]
		i ^= 1
		if f.hash != h || f.number == 0 {
			continue
		}
		x, m := f.text, (*[iisFrontMax]byte)(frontMasks[iisFrontMax-min(int(f.size), iisFrontMax):])
		if (word(b[0:])^word(x[0:]))&word(m[0:])|(word(b[8:])^word(x[8:]))&word(m[8:])|
			(word(b[16:])^word(x[16:]))&word(m[16:])|(word(b[24:])^word(x[24:]))&word(m[24:])|
			(word(b[32:])^word(x[32:]))&word(m[32:])|(word(b[40:])^word(x[40:]))&word(m[40:])|
			(word(b[48:])^word(x[48:]))&word(m[48:])|(word(b[56:])^word(x[56:]))&word(m[56:]) != 0 {
			continue
		}
		if f.size <= 64 || (word(b[64:])^word(x[64:]))&word(m[64:])|(word(b[72:])^word(x[72:]))&word(m[72:])|
			(word(b[80:])^word(x[80:]))&word(m[80:])|(word(b[88:])^word(x[88:]))&word(m[88:]) == 0 {
			return f
		}
	}
	return nil
}

// goesOn reports whether b begins with what rows of the front have behind the time.
func (f *iisFront) goesOn(b *[iisFrontMax]byte) bool {
	more := f.text[min(f.size, iisFrontMax):]
	more = more[:min(int(f.more), len(more))]
	return string(b[:len(more)]) == string(more)
}

// word returns the first eight bytes of b.
func word(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

// frontMasks has, so many bytes before its middle, the bits that belong to a front
// of so many bytes.
var frontMasks = func() (m [2 * iisFrontMax]byte) {
	for i := range iisFrontMax {
		m[i] = 0xff
	}
	return m
}()

// add returns the place for a front that is not known: the first bytes of b, and
// more behind the time. It has a number. It returns nil if it is too long.
func (t *iisFronts) add(b *[iisFrontMax]byte, size int, more []byte) *iisFront {
	if size+len(more) > iisFrontMax {
		return nil
	}
	h := hashFront(b)
	if t.added++; t.added > len(t.list)/2 && len(t.list) < mostFronts {
		t.grow(4 * len(t.list))
	}
	i := t.place(h)
	f := &t.list[i]
	if f.text == nil {
		f.text = new([iisFrontMax]byte)
	}
	*f = iisFront{hash: h, number: peerNumber(lastNumber.Add(1), i), text: f.text, size: uint8(size), more: uint8(len(more))}
	copy(f.text[:], b[:size])
	copy(f.text[size:], more)
	return f
}

// place returns where a front with the hash is put: in place of an older one.
func (t *iisFronts) place(h uint64) uint64 {
	i := h >> t.shift
	if t.list[i^1].number < t.list[i].number {
		return i ^ 1
	}
	return i
}

// peerNumber is the number n of a front in the i-th place, as one that nothing but
// fronts has. Late peers of a log differ in its lower bits.
func peerNumber(n, i uint64) uint64 { return peerMark | n<<peerBits | i }

const (
	peerMark = 1 << 63
	peerBits = 12
)

var _ [1<<peerBits - mostFronts]struct{} // there is a number for each place

// grow makes the list longer.
func (t *iisFronts) grow(size int) {
	old := t.list
	t.list, t.shift, t.added = make([]iisFront, size), uint8(64-bits.TrailingZeros(uint(size))), 0
	for i := range old {
		if f := &old[i]; f.number != 0 {
			to := t.place(f.hash)
			t.list[to] = *f
			t.list[to].number = peerNumber(lastNumber.Add(1), to)
		}
	}
}

// hashFront returns the hash of fronts that begin with b. Most differ in the first
// bytes, and what is behind a short one is no part of it.
func hashFront(b *[iisFrontMax]byte) uint64 {
	x := word(b[0:]) ^ bits.RotateLeft64(word(b[16:]), 29)
	return (x ^ word(b[8:])*0x9e37_79b9_7f4a_7c15) * 0xff51_afd7_ed55_8ccd
}

// An iisPart is where a value stands in a front; nowhere, with no bytes, if there
// is none.
type iisPart struct{ begin, end uint8 }

// fill says what is in the front, whose columns stand there in its text.
func (f *iisFront) fill(at *[iisColumns]iisPart) {
	in := func(c iisColumn) []byte { return present(f.text[at[c].begin:at[c].end]) }
	f.remote, f.site, f.server, f.local = in(iisClient), in(iisSite), in(iisServer), in(iisLocal)
	user := in(iisUser)
	f.kind, f.direction = quickSide(user)
	if f.local != nil && string(in(iisPort)) == "0" {
		f.kind, f.direction = KindCommand, outcome.Inbound // it was accepted, whatever its name
	}
	if f.direction == outcome.Inbound {
		f.helo = user
	}
}

// beginFront fills in what the rows with the front have in common. As long as the
// record has its number, it need not be done again. A record with another number
// has from that front's rows what all rows of the format have in common.
func (rec *Record) beginFront(f *iisFront, format Format, l *layout) {
	if rec.connector == 0 {
		rec.Format, rec.layout = format, l
		rec.Session, rec.Sequence, rec.Data, rec.Context, rec.More = nil, -1, nil, nil, false
		rec.Elapsed, rec.Win32, rec.BytesIn = -1, -1, -1
	}
	rec.Direction = f.direction
	rec.Remote, rec.Helo, rec.Connector, rec.Server, rec.Local = f.remote, f.helo, f.site, f.server, f.local
	rec.connector = f.number
}

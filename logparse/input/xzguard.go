package input

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// An xzGuard passes an xz file through and stops it before a block whose
// dictionary is larger than maxWindow: the decoder allocates what the block
// header asks for, up to 4 GiB. To find the headers it follows the container
// (The .xz File Format 1.2.1, sections 2 to 5) and the sizes of the LZMA2
// chunks; the decoder checks everything else, but for a cut between blocks.
type xzGuard struct {
	r    io.Reader
	skip int64  // bytes that need no look
	want int    // bytes to collect for step
	buf  []byte // collected
	step func(*xzGuard, []byte) error
	err  error
	last bool // the index has been read: the file may end after its footer

	check   int64 // size of a block's check
	block   int64 // bytes of the block's data so far, to find its padding
	index   int64 // bytes of the index so far
	numbers int64 // numbers of the index still to come; -1 before their count
	number  uint64
	shift   uint
}

var errXZ = errors.New("invalid container")

func (g *xzGuard) Read(p []byte) (int, error) {
	if g.err != nil {
		return 0, g.err
	}
	if g.step == nil {
		g.collect(12, (*xzGuard).streamHeader)
	}
	n, err := g.r.Read(p)
	for i := 0; i < n; {
		if g.skip > 0 {
			k := min(g.skip, int64(n-i))
			g.skip -= k
			i += int(k)
			continue
		}
		g.buf = append(g.buf, p[i])
		if len(g.buf) == g.want {
			b := g.buf
			g.buf = g.buf[:0]
			if g.err = g.step(g, b); g.err != nil {
				return i, g.err // without the byte that completes the header
			}
		}
		i++
	}
	if err == io.EOF && (!g.last || g.skip > 0 || len(g.buf) > 0) {
		// The decoder takes an end before a block for the end of the file.
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (g *xzGuard) collect(n int, step func(*xzGuard, []byte) error) { g.want, g.step = n, step }

func (g *xzGuard) streamHeader(b []byte) error {
	if string(b[:6]) != "\xfd7zXZ\x00" {
		return errXZ
	}
	sizes := [16]int64{0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64}
	g.check = sizes[b[7]&0x0f]
	g.last = false
	g.collect(1, (*xzGuard).blockOrIndex)
	return nil
}

func (g *xzGuard) blockOrIndex(b []byte) error {
	if b[0] == 0 {
		g.index, g.numbers, g.number, g.shift = 1, -1, 0, 0
		g.collect(1, (*xzGuard).indexByte)
		return nil
	}
	g.collect(int(b[0])*4+3, (*xzGuard).blockHeader)
	return nil
}

func (g *xzGuard) blockHeader(b []byte) error {
	flags, b := b[0], b[1:]
	number := func() uint64 {
		v, n := binary.Uvarint(b)
		b = b[max(n, 0):]
		return v
	}
	if flags&0x40 != 0 {
		number() // compressed size
	}
	if flags&0x80 != 0 {
		number() // uncompressed size
	}
	for range flags&3 + 1 {
		id, size := number(), number()
		if size > uint64(len(b)) {
			return errXZ
		}
		if id == 0x21 && size == 1 { // LZMA2
			code := b[0] & 0x3f
			if dict := uint64(2|code&1) << (code/2 + 11); dict > maxWindow {
				return fmt.Errorf("it needs a dictionary of %d MiB; %d MiB is the most allowed", dict>>20, maxWindow>>20)
			}
		}
		b = b[size:]
	}
	g.block = 0
	g.collect(1, (*xzGuard).chunk)
	return nil
}

// chunk takes the control byte of an LZMA2 chunk.
func (g *xzGuard) chunk(b []byte) error {
	g.block++
	switch control := b[0]; {
	case control == 0:
		g.skip = -g.block&3 + g.check
		g.collect(1, (*xzGuard).blockOrIndex)
	case control <= 2:
		g.collect(2, (*xzGuard).stored)
	case control < 0x80:
		return errXZ
	case control < 0xc0:
		g.collect(4, (*xzGuard).compressed)
	default:
		g.collect(5, (*xzGuard).compressed)
	}
	return nil
}

func (g *xzGuard) stored(b []byte) error {
	g.skip = int64(binary.BigEndian.Uint16(b)) + 1
	return g.chunkData(b)
}

func (g *xzGuard) compressed(b []byte) error {
	g.skip = int64(binary.BigEndian.Uint16(b[2:])) + 1
	return g.chunkData(b)
}

func (g *xzGuard) chunkData(header []byte) error {
	g.block += int64(len(header)) + g.skip
	g.collect(1, (*xzGuard).chunk)
	return nil
}

func (g *xzGuard) indexByte(b []byte) error {
	g.index++
	if g.shift > 63 {
		return errXZ
	}
	g.number |= uint64(b[0]&0x7f) << g.shift
	g.shift += 7
	if b[0]&0x80 != 0 {
		return nil
	}
	switch {
	case g.numbers >= 0:
		g.numbers--
	case g.number > 1<<60:
		return errXZ
	default:
		g.numbers = 2 * int64(g.number)
	}
	g.number, g.shift = 0, 0
	if g.numbers == 0 {
		const crc, footer = 4, 12
		g.last = true
		g.skip = -g.index&3 + crc + footer
		g.collect(4, (*xzGuard).paddingOrStream)
	}
	return nil
}

func (g *xzGuard) paddingOrStream(b []byte) error {
	if string(b) == "\x00\x00\x00\x00" {
		return nil
	}
	g.buf = b // the start of another stream's header
	g.collect(12, (*xzGuard).streamHeader)
	return nil
}

package input

import (
	"archive/zip"
	"bytes"
	"compress/bzip2"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"
)

// maxZipDirectory bounds the directory of one zip archive, which is held in
// memory: about half a million members.
const (
	maxZipDirectory = 64 << 20 // bytes
	zipRecordSize   = 46       // of a member without a name
)

func isZip(head []byte) bool {
	return bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06"))
}

// Compression methods of zip (APPNOTE.TXT section 4.4.5) other than store and
// deflate.
const (
	methodDeflate64 = 9
	methodBzip2     = 12
	methodXZ        = 95
)

// zip goes through the members of a zip archive.
func (p *prober) zip(it item, c *container) {
	if n := zipRecords(c, c.size); n > maxZipDirectory/zipRecordSize {
		p.fail(it, fmt.Errorf("the zip directory claims %d members", n))
		return
	}
	guard := &directoryGuard{r: c, left: maxZipDirectory}
	z, err := zip.NewReader(guard, c.size)
	guard.open = true
	switch {
	case errors.Is(err, zip.ErrInsecurePath): // names are only labels here
	case c.short != nil:
		p.fail(it, c.short)
		return
	case guard.left < 0:
		p.fail(it, fmt.Errorf("the zip directory is larger than %s", byteCount(maxZipDirectory)))
		return
	case err != nil:
		p.fail(it, fmt.Errorf("the zip directory at the end of the file is missing or damaged, is the file complete? (%w)", err))
		return
	}
	z.RegisterDecompressor(zip.Deflate, flate.NewReader)
	z.RegisterDecompressor(zstd.ZipMethodWinZip, zstd.ZipDecompressor(zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow)))
	z.RegisterDecompressor(methodBzip2, func(r io.Reader) io.ReadCloser { return io.NopCloser(bzip2.NewReader(r)) })
	var total float64
	for _, zf := range z.File {
		total += float64(zf.CompressedSize64)
	}
	for _, zf := range z.File {
		if !zf.Mode().IsRegular() || strings.HasSuffix(zf.Name, `\`) {
			continue
		}
		n := &zipNode{container: c, file: zf, tally: tally{budget: p.budget}}
		length := int64(min(zf.UncompressedSize64, 1<<62))
		if !p.member(it, n, zf.Name, length, float64(zf.CompressedSize64)/max(total, 1)) {
			return
		}
	}
}

// zipRecords returns the largest number of members that the file's end may
// be understood to claim (APPNOTE.TXT sections 4.3.14 to 4.3.16). The zip
// reader allocates for that number before it reads the directory.
func zipRecords(r io.ReaderAt, size int64) uint64 {
	const endSize, locatorSize = 22, 20
	const searched = 65 << 10 // by archive/zip, from the end
	tail := make([]byte, min(size, searched+locatorSize))
	n, _ := r.ReadAt(tail, size-int64(len(tail)))
	tail = tail[:n]
	var most uint64
	for i := 0; i+endSize <= len(tail); i++ {
		if string(tail[i:i+4]) != "PK\x05\x06" {
			continue
		}
		most = max(most, uint64(binary.LittleEndian.Uint16(tail[i+10:])))
		if i < locatorSize || string(tail[i-locatorSize:i-locatorSize+4]) != "PK\x06\x07" {
			continue
		}
		var end64 [56]byte
		offset := binary.LittleEndian.Uint64(tail[i-locatorSize+8:])
		if offset > uint64(size) {
			continue
		}
		if _, err := r.ReadAt(end64[:], int64(offset)); err == nil {
			most = max(most, binary.LittleEndian.Uint64(end64[32:]))
		}
	}
	return most
}

// directoryGuard bounds what is read until it is open.
type directoryGuard struct {
	r    io.ReaderAt
	left int64
	open bool
}

func (g *directoryGuard) ReadAt(p []byte, off int64) (int, error) {
	if !g.open {
		if g.left -= int64(len(p)); g.left < 0 {
			return 0, errors.New("directory too large")
		}
	}
	return g.r.ReadAt(p, off)
}

// zipNode is a member of a zip archive.
type zipNode struct {
	container *container
	file      *zip.File
	tally     tally
}

func (n *zipNode) open(ctx context.Context, m *meter) (*chain, error) {
	const encrypted = 1 // flag bit, APPNOTE.TXT section 4.4.4
	switch {
	case n.file.Flags&encrypted != 0:
		return nil, errors.New("encrypted with a password; unpack it first")
	case n.file.Method == methodDeflate64:
		return nil, errors.New("compressed with Deflate64, which is not supported; unpack it first")
	case n.file.Method == methodXZ:
		return nil, errors.New("compressed with the xz method of zip, which is not supported; unpack it first")
	}
	if err := n.container.retain(ctx); err != nil {
		return nil, err
	}
	r, err := n.file.Open()
	if err != nil {
		n.container.release()
		return nil, explain(noEOF(err), "zip")
	}
	c := &chain{unpacks: true}
	c.onClose(n.container.release)
	c.onClose(func() { r.Close() })
	c.Reader = metered(newUnpacked(r, "zip", &n.tally), m)
	return c, nil
}

// noEOF is for where a header was expected.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

package input

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"context"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// maxWindow bounds the memory of one decoder: zstd's own limit (--long=27),
// and twice what xz -9 asks for.
const maxWindow = 128 << 20

// readAhead is the buffer before a decoder.
const readAhead = 64 << 10

// A codec is one kind of compression.
type codec struct {
	name  string
	magic func(head []byte) bool
	// reader returns the decompressed data and what releases the decoder,
	// which may be nil.
	reader func(r io.Reader) (io.Reader, func(), error)
}

var codecs = []*codec{
	{"gzip", prefix("\x1f\x8b\x08"), func(r io.Reader) (io.Reader, func(), error) {
		z, err := gzip.NewReader(r)
		return z, nil, err
	}},
	{"zstd", zstdMagic, func(r io.Reader) (io.Reader, func(), error) {
		// The stream has a goroutine of its own already, so the decoder needs none.
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, nil, err
		}
		return z, z.Close, nil
	}},
	{"bzip2", bzip2Magic, func(r io.Reader) (io.Reader, func(), error) {
		return bzip2.NewReader(r), nil, nil
	}},
	{"xz", prefix("\xfd7zXZ\x00"), func(r io.Reader) (io.Reader, func(), error) {
		z, err := xz.NewReader(&xzGuard{r: r})
		return z, nil, err
	}},
}

// codecOf returns the compression that the first bytes of a stream show, or nil.
func codecOf(head []byte) *codec {
	for _, c := range codecs {
		if c.magic(head) {
			return c
		}
	}
	return nil
}

func prefix(magic string) func([]byte) bool {
	return func(head []byte) bool { return bytes.HasPrefix(head, []byte(magic)) }
}

// zstdMagic also takes a skippable frame, which pzstd writes first (RFC 8878
// section 3.1.2).
func zstdMagic(head []byte) bool {
	return len(head) >= 4 && (string(head[:4]) == "\x28\xb5\x2f\xfd" || head[0]&0xf0 == 0x50 && string(head[1:4]) == "\x2a\x4d\x18")
}

// bzip2Magic asks for the magic of the first block too: "BZh1" alone could
// begin a text.
func bzip2Magic(head []byte) bool {
	if len(head) < 10 || string(head[:3]) != "BZh" || head[3] < '1' || head[3] > '9' {
		return false
	}
	block := string(head[4:10])
	return block == "1AY&SY" || block == "\x17\x72\x45\x38\x50\x90"
}

// codecNode is what another node decompresses to.
type codecNode struct {
	parent node
	codec  *codec
	tally  tally
}

func (n *codecNode) open(ctx context.Context, m *meter) (*chain, error) {
	c, err := n.parent.open(ctx, m)
	if err != nil {
		return nil, err
	}
	r, release, err := n.codec.reader(bufio.NewReaderSize(c.Reader, readAhead))
	if err != nil {
		c.close()
		return nil, explain(noEOF(err), n.codec.name)
	}
	if release != nil {
		c.onClose(release)
	}
	c.Reader = newUnpacked(r, n.codec.name, &n.tally)
	c.unpacks = true
	return c, nil
}

package input

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"strings"
)

// isTar knows the POSIX and GNU formats by their magic, at offset 257.
func isTar(head []byte) bool {
	return len(head) >= 512 && string(head[257:262]) == "ustar"
}

// tar goes through the members of a tar archive. Each is read later from its
// place in the archive, so that no reading goes over those before it.
func (p *prober) tar(it item, c *container) {
	at := io.NewSectionReader(c, 0, c.size)
	r := tar.NewReader(at)
	cut := false // the last member ends beyond the archive
	for {
		h, err := r.Next()
		if err == io.EOF {
			err = c.short
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			if c.short != nil {
				err = c.short
			}
			if !cut { // else reading that member reports it
				p.fail(it, explain(err, "tar"))
			}
			return
		}
		if h == nil {
			return
		}
		if h.Typeflag != tar.TypeReg && h.Typeflag != tar.TypeGNUSparse {
			continue
		}
		offset, err := at.Seek(0, io.SeekCurrent)
		if err != nil {
			p.fail(it, err)
			return
		}
		n := &tarNode{container: c, offset: offset, size: h.Size, sparse: isSparse(h)}
		cut = h.Size > c.size-offset
		if !p.member(it, n, h.Name, h.Size, float64(h.Size)/float64(c.size)) {
			return
		}
	}
}

// isSparse tells members that leave out their holes: their bytes in the
// archive are not their contents.
func isSparse(h *tar.Header) bool {
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return h.Typeflag == tar.TypeGNUSparse
}

// tarNode is a member of a tar archive.
type tarNode struct {
	container    *container
	offset, size int64
	sparse       bool
}

func (n *tarNode) open(ctx context.Context, m *meter) (*chain, error) {
	if n.sparse {
		return nil, errors.New("stored as a sparse file, which is not supported; unpack it first")
	}
	if err := n.container.retain(ctx); err != nil {
		return nil, err
	}
	var r io.Reader = io.NewSectionReader(n.container, n.offset, n.size)
	if n.size > n.container.size-n.offset {
		end := n.container.short
		if end == nil {
			end = io.ErrUnexpectedEOF
		}
		r = io.MultiReader(r, failingReader{explain(end, "tar")})
	}
	return &chain{Reader: metered(r, m), closers: []func(){n.container.release}}, nil
}

type failingReader struct{ err error }

func (f failingReader) Read([]byte) (int, error) { return 0, f.err }

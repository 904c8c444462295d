package input

import (
	"context"
	"io"
	"os"
)

// A node is a place where bytes come from: a file, a pipe, a member of an
// archive, or what another node decompresses to.
type node interface {
	// open starts at the node's first byte. The meter, which may be nil, is
	// told of the bytes read where the source's length is counted: in a file,
	// in a member of an archive, in a pipe.
	open(ctx context.Context, m *meter) (*chain, error)
}

// A chain is an opened node with all that it reads through.
type chain struct {
	io.Reader
	closers   []func()
	interrupt func() // makes a Read that waits for a pipe return; nil where none waits for long
	unpacks   bool   // reading costs more than copying
}

// close closes the outermost layer first. It may be called only when no Read
// is under way, except on a plain file or pipe.
func (c *chain) close() {
	for i := len(c.closers) - 1; i >= 0; i-- {
		c.closers[i]()
	}
	c.closers = nil
}

func (c *chain) onClose(f func()) { c.closers = append(c.closers, f) }

// fileNode is a regular file on disk.
type fileNode struct{ path string }

func (f *fileNode) open(_ context.Context, m *meter) (*chain, error) {
	file, err := os.Open(f.path)
	if err != nil {
		return nil, err
	}
	return &chain{Reader: metered(file, m), closers: []func(){func() { file.Close() }}}, nil
}

// metered returns a reader of r that tells m what it reads.
func metered(r io.Reader, m *meter) io.Reader {
	if m == nil {
		return r
	}
	return &meteredReader{r, m}
}

type meteredReader struct {
	r io.Reader
	m *meter
}

func (r *meteredReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.m.add(n)
	return n, err
}

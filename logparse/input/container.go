package input

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"
)

// maxIdleSpools is how many temporary files are kept after use. Members are
// read in the order of their times, not archive by archive, so an archive is
// wanted again and again.
const maxIdleSpools = 16

// A container is an archive that is read at offsets. One that is a file on
// disk is open while it is used. Any other is unpacked to a temporary file,
// which is kept for a while after use, and unpacked again when it is needed
// after that.
type container struct {
	node   node
	spools *spools
	once   bool // it cannot be unpacked again: the temporary file stays

	mu    sync.Mutex
	file  *os.File
	size  int64
	refs  int
	short error // why a temporary file holds less than all: the limit, damaged data
}

// retain opens the container for use; release must follow.
func (c *container) retain(ctx context.Context) error {
	c.spools.remove(c)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.file == nil {
		if err := c.open(ctx); err != nil {
			return err
		}
	}
	c.refs++
	return nil
}

func (c *container) open(ctx context.Context) error {
	disk, ok := c.node.(*fileNode)
	if !ok {
		return c.spool(ctx)
	}
	f, err := os.Open(disk.path)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return err
	}
	c.file, c.size = f, info.Size()
	return nil
}

// spool unpacks to a temporary file. Data that ends in an error is kept as
// far as it goes.
func (c *container) spool(ctx context.Context) error {
	in, err := c.node.open(ctx, nil)
	if err != nil {
		return err
	}
	defer in.close()
	f, err := tempFile()
	if err != nil {
		return fmt.Errorf("cannot unpack to a temporary file: %w", err)
	}
	c.size, c.short = 0, nil
	buf := make([]byte, 256<<10)
	for {
		n, err := in.Read(buf)
		if _, werr := f.Write(buf[:n]); werr != nil {
			f.Close()
			return fmt.Errorf("cannot unpack to a temporary file: %w", werr)
		}
		c.size += int64(n)
		if cerr := ctx.Err(); cerr != nil {
			f.Close()
			return cerr
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			c.short = err
			break
		}
	}
	c.file = f
	return nil
}

func (c *container) release() {
	c.mu.Lock()
	c.refs--
	idle := c.refs == 0
	if _, disk := c.node.(*fileNode); disk && idle {
		c.file.Close()
		c.file = nil
		idle = false
	}
	c.mu.Unlock()
	if idle && !c.once {
		c.spools.add(c)
	}
}

// drop removes the temporary file unless it has come into use again.
func (c *container) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refs == 0 && c.file != nil {
		c.file.Close()
		c.file = nil
	}
}

// ReadAt reads from a retained container. Its errors do not name the
// temporary file.
func (c *container) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.file.ReadAt(p, off)
	if pe, ok := err.(*fs.PathError); ok {
		err = pe.Err
	}
	return n, err
}

// spools are the containers with a temporary file that nobody reads now,
// oldest use first.
type spools struct {
	mu   sync.Mutex
	idle []*container
}

func (s *spools) add(c *container) {
	var old *container
	s.mu.Lock()
	if !slices.Contains(s.idle, c) {
		s.idle = append(s.idle, c)
	}
	if len(s.idle) > maxIdleSpools {
		old = s.idle[0]
		s.idle = slices.Delete(s.idle, 0, 1)
	}
	s.mu.Unlock()
	if old != nil {
		old.drop()
	}
}

func (s *spools) remove(c *container) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.idle, c); i >= 0 {
		s.idle = slices.Delete(s.idle, i, i+1)
	}
}

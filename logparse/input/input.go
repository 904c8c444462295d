// Package input finds log files and opens them as decoded streams.
//
// [Find] turns the paths of a command line (files, folders, globs, "-") into
// sources: one for each file, member of an archive and pipe, each file once
// however many names lead to it. [Source.Open] gives the text of one of them,
// decompressed and converted to UTF-8 where it was UTF-16. What a file is goes
// by its first bytes, never by its name.
//
// Nothing stays open between Find and Open, so a million files cost a million
// small structs and no file handles. Only what cannot be read at an offset
// (an archive within compressed data or a pipe) is unpacked to a temporary
// file, which the system removes even after a crash.
//
// Memory does not grow with the size of a file. Hostile input is bounded by
// [Options.MaxDecompressed], by [MaxMembers], by [MaxDepth] and by the largest
// decoder window accepted (128 MiB).
package input

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync/atomic"
)

// Bounds on what is unpacked.
const (
	DefaultMaxDecompressed = 64 << 30  // bytes, for each file on disk
	MaxMembers             = 1_000_000 // members of archives, for each file on disk
	MaxDepth               = 6         // layers of compression and archives: a .tar.gz has two
)

var maxMembers = MaxMembers // lower in tests

// Options says how sources are found and read. The zero value and nil mean
// the defaults.
type Options struct {
	// Stdin is what "-" reads. With nil, "-" is an error; os.Stdin is never
	// taken by itself.
	Stdin io.Reader

	// MaxDecompressed bounds the bytes that one file on disk (or one pipe) may
	// decompress to, in all layers and members together. Reading the same
	// member again does not count again. 0 means DefaultMaxDecompressed,
	// below 0 no limit.
	MaxDecompressed int64

	// Progress, when not nil, counts what is read from all sources.
	Progress *Progress
}

func (o *Options) limit() int64 {
	if o.MaxDecompressed == 0 {
		return DefaultMaxDecompressed
	}
	return o.MaxDecompressed
}

// A Source is one stream of log text: a file, a member of an archive, or a
// pipe. It is safe for concurrent use, but a pipe can be open only once at a
// time.
type Source struct {
	Name     string // as given or found; "a.zip!inner/x.log" in archives; "-" for stdin
	Explicit bool   // named outright as a PATH: not found in a folder, by a glob or in an archive
	Plain    bool   // a regular file, not compressed and not UTF-16: it can be read at offsets
	Piped    bool   // standard input or a named pipe, compressed or not: see Open

	node     node
	enc      encoding
	size     int64 // bytes on disk, -1 when unknown
	length   int64 // bytes that size stands for where the meter counts
	progress *Progress
	expected atomic.Int32 // readings that the progress was told of
	done     atomic.Bool  // it was read to its end
}

// Size returns the bytes on disk that the source accounts for: the sizes of
// all members of an archive add up to no more than the archive. It is -1 for
// a pipe.
func (s *Source) Size() int64 { return s.size }

// Open opens the source at its start. A source can be opened any number of
// times, at the same time too, but for pipes: these keep their first 2 MiB,
// and can be opened again, one at a time, until more than that has been read.
// Cancelling the context ends reading with the context's error; of what is Piped,
// once all that was taken from the pipe has been read, which never takes long.
func (s *Source) Open(ctx context.Context) (*Stream, error) {
	return s.open(ctx, s.progress.meter(s.size, s.length, &s.done))
}

func (s *Source) open(ctx context.Context, m *meter) (*Stream, error) {
	c, err := s.node.open(ctx, m)
	if err != nil {
		return nil, s.named(err)
	}
	return newStream(ctx, s, c, m), nil
}

// OpenFile opens a plain file, to be read at offsets; it is an error for other
// sources. It does not count as progress.
func (s *Source) OpenFile() (*os.File, error) {
	file, ok := s.node.(*fileNode)
	if !s.Plain || !ok {
		return nil, s.named(errors.New("cannot be read at an offset"))
	}
	f, err := os.Open(file.path)
	if err != nil {
		return nil, s.named(err)
	}
	return f, nil
}

// Head returns the first n bytes of decoded text, fewer when the source is
// shorter, and of a pipe, which may be slow, no more than so many lines. The
// error is that of opening or reading; the text before it is returned too. It
// does not count as progress. For a pipe n should not be above 64 KiB, so that
// what was read ahead is still kept for the next Open.
func (s *Source) Head(ctx context.Context, n, lines int) ([]byte, error) {
	st, err := s.open(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer st.Close()
	if s.Plain && s.size >= 0 {
		n = int(min(int64(n), s.size+1)) // a million small files take little
	}
	buf := make([]byte, n)
	got := 0
	for got < n && err == nil {
		var k int
		k, err = st.Read(buf[got:])
		if s.size < 0 {
			for line := buf[got : got+k]; lines > 0; lines-- {
				i := bytes.IndexByte(line, '\n')
				if i < 0 {
					break
				}
				line = line[i+1:]
				if lines == 1 {
					return buf[:got+k-len(line)], nil
				}
			}
		}
		got += k
	}
	if err == io.EOF {
		err = nil
	}
	return buf[:got], err
}

func (s *Source) named(err error) error { return named(s.Name, err) }

// Error is what went wrong with one path, file or member.
type Error struct {
	Name string // the source's name, or the path as it was given
	Err  error
}

func (e *Error) Error() string { return e.Name + ": " + e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// named puts a name to an error that has none yet. The operation and path of
// a PathError are dropped: they would say the same twice, or name a temporary
// file.
func named(name string, err error) error {
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	var limit *LimitError
	if errors.As(err, &limit) {
		return limit
	}
	if pe, ok := err.(*fs.PathError); ok {
		err = pe.Err
	}
	return &Error{name, err}
}

// LimitError says that a file decompresses to more than is allowed. What came
// before the limit has been read.
type LimitError struct {
	Name  string // the file on disk, or "-"
	Limit int64  // bytes
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("%s: decompresses to more than %s; the rest is not read (raise --max-decompressed)", e.Name, byteCount(e.Limit))
}

// byteCount prints n in the largest binary unit that divides it.
func byteCount(n int64) string {
	units := []string{"bytes", "KiB", "MiB", "GiB", "TiB"}
	i := 0
	for n >= 1024 && n%1024 == 0 && i < len(units)-1 {
		n /= 1024
		i++
	}
	return fmt.Sprintf("%d %s", n, units[i])
}

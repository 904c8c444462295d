package input

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// lines returns about n bytes of log text.
func lines(n int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "2026-11-01T00:%02d:%02d.%03dZ,EX1\\Default EX1,08DE1C%010X,%d,10.0.0.1:25,192.0.2.%d:%d,>,250 2.6.0 <%x@example.org> Queued,\r\n",
			i/60%60, i%60, i*7%1000, i, i%9, i%250, 1024+i*31%60000, i*i*7919)
	}
	return b.Bytes()
}

func gz(t testing.TB, data []byte) []byte {
	return squeeze(t, data, func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil })
}

func zst(t testing.TB, data []byte) []byte {
	return squeeze(t, data, func(w io.Writer) (io.WriteCloser, error) {
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<17), zstd.WithLowerEncoderMem(true))
	})
}

func xzip(t testing.TB, data []byte) []byte {
	return squeeze(t, data, func(w io.Writer) (io.WriteCloser, error) {
		return xz.WriterConfig{DictCap: 1 << 16, BlockSize: 40_000}.NewWriter(w)
	})
}

func squeeze(t testing.TB, data []byte, open func(io.Writer) (io.WriteCloser, error)) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := open(&b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A file is a member of an archive in a test.
type file struct {
	name string
	data []byte
}

func zipOf(t testing.TB, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		w, err := z.Create(f.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarOf(t testing.TB, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		h := &tar.Header{Name: f.name, Mode: 0o644, Size: int64(len(f.data)), Typeflag: tar.TypeReg}
		if strings.HasSuffix(f.name, "/") {
			h.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// write puts files into a new folder and returns it.
func write(t testing.TB, files ...file) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// find is Find without errors.
func find(t testing.TB, opt *Options, paths ...string) []*Source {
	t.Helper()
	sources, errs := Find(context.Background(), paths, opt)
	for _, err := range errs {
		t.Errorf("Find: %v", err)
	}
	return sources
}

// read returns all the text of a source and the error that ended it.
func read(t testing.TB, s *Source) ([]byte, error) {
	t.Helper()
	st, err := s.Open(context.Background())
	if err != nil {
		return nil, err
	}
	defer st.Close()
	return io.ReadAll(st)
}

// names returns the sources' names below dir, with slashes.
func names(dir string, sources []*Source) []string {
	var all []string
	for _, s := range sources {
		name := strings.TrimPrefix(s.Name, dir)
		all = append(all, strings.TrimPrefix(filepath.ToSlash(name), "/"))
	}
	return all
}

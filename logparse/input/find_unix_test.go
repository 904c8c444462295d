//go:build unix

package input

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func TestNamedPipe(t *testing.T) {
	dir := write(t, file{"x.log", []byte("x")})
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Skipf("no named pipes here: %v", err)
	}
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Skipf("no sockets here: %v", err)
	}
	defer l.Close()
	if got := names(dir, find(t, nil, dir)); !slices.Equal(got, []string{"x.log"}) {
		t.Errorf("a folder with a pipe and a socket: %q", got)
	}

	text := lines(300_000)
	go func() {
		f, err := os.OpenFile(fifo, os.O_WRONLY, 0)
		if err != nil {
			return
		}
		defer f.Close()
		f.Write(gz(t, text))
	}()
	sources := find(t, nil, fifo, fifo)
	if len(sources) != 1 || sources[0].Name != fifo || !sources[0].Explicit || sources[0].Size() != -1 {
		t.Fatalf("%d sources", len(sources))
	}
	for range 2 {
		if head, err := sources[0].Head(t.Context(), 1000, 1e6); err != nil || string(head) != string(text[:1000]) {
			t.Errorf("head: %d bytes, %v", len(head), err)
		}
	}
	st, err := sources[0].Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if got, err := io.ReadAll(st); err != nil || string(got) != string(text) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestNoPermission(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may read everything")
	}
	dir := write(t, file{"no/x.log", nil}, file{"no.log", nil}, file{"x.log", nil})
	for _, name := range []string{"no", "no.log"} {
		path := filepath.Join(dir, name)
		if err := os.Chmod(path, 0); err != nil {
			t.Fatal(err)
		}
		defer os.Chmod(path, 0o700)
	}
	sources, errs := Find(t.Context(), []string{dir}, nil)
	if len(sources) != 1 || len(errs) != 2 || !strings.Contains(errs[0].Error(), "permission denied") {
		t.Errorf("%q, %v", names(dir, sources), errs)
	}
}

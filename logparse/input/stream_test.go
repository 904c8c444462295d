package input

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// noLeak fails when goroutines that the test started are still there.
func noLeak(t *testing.T) func() {
	before := runtime.NumGoroutine()
	return func() {
		t.Helper()
		for range 500 {
			if runtime.NumGoroutine() <= before {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		buf := make([]byte, 1<<16)
		t.Errorf("goroutines left:\n%s", buf[:runtime.Stack(buf, true)])
	}
}

func TestCloseEarly(t *testing.T) {
	defer noLeak(t)()
	text := lines(600_000)
	dir := write(t, file{"plain", text}, file{"a.gz", gz(t, text)}, file{"b.zst", zst(t, text)},
		file{"c.zip", zipOf(t, file{"x", text})}, file{"d.tgz", gz(t, tarOf(t, file{"x", text}))})
	p := &Progress{}
	for _, s := range find(t, &Options{Progress: p}, dir) {
		for _, n := range []int64{0, 1, 100_000} {
			st, err := s.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.CopyN(io.Discard, st, n); err != nil {
				t.Errorf("%s: %v", s.Name, err)
			}
			if got := st.Bytes(); got < n {
				t.Errorf("%s: Bytes() = %d after %d", s.Name, got, n)
			}
			st.Close()
			st.Close()
			if _, err := st.Read(make([]byte, 1)); err != os.ErrClosed {
				t.Errorf("%s: read after close: %v", s.Name, err)
			}
		}
	}
	if p.Read() != 0 {
		t.Errorf("progress %d after streams were given up", p.Read())
	}
}

// TestStalledPipe closes and cancels while the writer of a pipe is silent.
func TestStalledPipe(t *testing.T) {
	text := lines(200_000)
	for _, packed := range [][]byte{text, gz(t, text)} {
		check := noLeak(t)
		r, w := io.Pipe()
		go w.Write(packed[:len(packed)/2])
		sources := find(t, &Options{Stdin: r}, "-")
		s := sources[0]

		st, err := s.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Open(t.Context()); err == nil {
			t.Error("a pipe was opened twice at the same time")
		}
		ended := make(chan error)
		go func() {
			_, err := io.Copy(io.Discard, st)
			ended <- err
		}()
		for st.Bytes() == 0 {
			time.Sleep(time.Millisecond)
		}
		st.Close()
		if err := <-ended; err != os.ErrClosed {
			t.Errorf("after Close: %v", err)
		}

		ctx, cancel := context.WithCancel(t.Context())
		st, err = s.Open(ctx)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			_, err := io.Copy(io.Discard, st)
			ended <- err
		}()
		cancel()
		if err := <-ended; err != context.Canceled {
			t.Errorf("after cancel: %v", err)
		}
		st.Close()

		// What the writer sends in the end is not lost to the next reader.
		go func() {
			w.Write(packed[len(packed)/2:])
			w.Close()
		}()
		if got, err := read(t, s); err != nil || !bytes.Equal(got, text) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		check()
	}
}

func TestPipeReplay(t *testing.T) {
	text := lines(2*maxReplay + 1000)
	s := find(t, &Options{Stdin: bytes.NewReader(text)}, "-")[0]
	for range 3 {
		if head, err := s.Head(t.Context(), 64<<10, 1e6); err != nil || !bytes.Equal(head, text[:64<<10]) {
			t.Fatalf("head: %d bytes, %v", len(head), err)
		}
	}
	if got, err := read(t, s); err != nil || !bytes.Equal(got, text) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if _, err := s.Open(t.Context()); err == nil || !strings.Contains(err.Error(), "only once") {
		t.Errorf("opened after all was read: %v", err)
	}
}

func TestPipeError(t *testing.T) {
	broken := errors.New("broken pipe")
	s := find(t, &Options{Stdin: io.MultiReader(strings.NewReader("220 ready\r\n"), failingReader{broken})}, "-")[0]
	for range 2 {
		got, err := read(t, s)
		if string(got) != "220 ready\r\n" || !errors.Is(err, broken) || err.Error() != "-: broken pipe" {
			t.Errorf("%q, %v", got, err)
		}
	}
}

func TestOpenFile(t *testing.T) {
	text := lines(1000)
	dir := write(t, file{"u.log", append([]byte("\xff\xfe"), "a\x00"...)}, file{"x.log", text}, file{"y.gz", gz(t, text)})
	sources := find(t, nil, dir)
	for i, plain := range []bool{false, true, false} {
		if sources[i].Plain != plain {
			t.Errorf("%s: plain %v", sources[i].Name, !plain)
		}
		f, err := sources[i].OpenFile()
		if (err == nil) != plain {
			t.Errorf("%s: %v", sources[i].Name, err)
		}
		if err != nil {
			continue
		}
		got := make([]byte, 100)
		if _, err := f.ReadAt(got, 200); err != nil || !bytes.Equal(got, text[200:300]) {
			t.Errorf("%q, %v", got, err)
		}
		f.Close()
	}
	os.Remove(filepath.Join(dir, "x.log"))
	if _, err := sources[1].OpenFile(); err == nil || !strings.Contains(err.Error(), "x.log") {
		t.Errorf("a file that is gone: %v", err)
	}
}

// TestSpools reads members of more unpacked archives than are kept, in turns
// and at the same time.
func TestSpools(t *testing.T) {
	var files []file
	for i := range maxIdleSpools + 4 {
		name := string(rune('a' + i))
		files = append(files, file{name, gz(t, tarOf(t, file{"1", []byte("1" + name)}, file{"2", []byte("2" + name)}))})
	}
	dir := write(t, files...)
	sources := find(t, nil, dir)
	var wg sync.WaitGroup
	for start := range 4 {
		wg.Go(func() {
			for i := range sources {
				s := sources[(i*7+start*11)%len(sources)]
				got, err := read(t, s)
				inner := s.Name[len(s.Name)-1:]
				if err != nil || string(got) != inner+filepath.Base(strings.TrimSuffix(s.Name, "!"+inner)) {
					t.Errorf("%s: %q, %v", s.Name, got, err)
				}
			}
		})
	}
	wg.Wait()
	spools := sources[0].node.(*tarNode).container.spools
	if n := len(spools.idle); n > maxIdleSpools {
		t.Errorf("%d temporary files kept", n)
	}
	open := 0
	for i := 0; i < len(sources); i += 2 {
		if sources[i].node.(*tarNode).container.file != nil {
			open++
		}
	}
	if open != len(spools.idle) {
		t.Errorf("%d temporary files open, %d known", open, len(spools.idle))
	}
}

// A Read that hangs can be left behind.
func TestAbandon(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a"), []byte("some text\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	sources := find(t, nil, dir)
	st, err := sources[0].Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	hangs, released, ended := make(chan bool), make(chan bool), make(chan bool)
	st.text = readerFunc(func([]byte) (int, error) {
		hangs <- true
		<-released
		return 0, io.EOF
	})
	if st.Abandon() {
		t.Error("no Read is under way")
	}
	go func() {
		defer close(ended)
		st.Read(make([]byte, 10))
		t.Error("the Read returned")
	}()
	<-hangs
	if !st.Abandon() || st.Abandon() {
		t.Error("the Read is abandoned once")
	}
	if _, err := st.Read(make([]byte, 10)); err == nil {
		t.Error("read behind an abandoned Read")
	}
	close(released)
	<-ended
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// UTF-16 comes whole in reads of any size.
func TestWideReads(t *testing.T) {
	dir := t.TempDir()
	text := strings.Repeat("some text\r\n", 2000)
	wide := []byte("\xff\xfe")
	for _, c := range []byte(text) {
		wide = append(wide, c, 0)
	}
	if err := os.WriteFile(filepath.Join(dir, "a"), wide, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{1, 2, 3, 1000, 1 << 20} {
		st, err := find(t, nil, dir)[0].Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got []byte
		for buf := make([]byte, size); err == nil; {
			var n int
			n, err = st.Read(buf)
			got = append(got, buf[:n]...)
		}
		if err != io.EOF || string(got) != text {
			t.Errorf("reads of %d bytes: %d bytes and %v", size, len(got), err)
		}
		st.Close()
	}
}

// The head of a slow pipe is there as soon as its lines are.
func TestHeadOfPipe(t *testing.T) {
	text := string(lines(100_000))
	in, out := io.Pipe()
	defer in.Close()
	go func() {
		for rest := text; len(rest) > 0; rest = rest[min(100, len(rest)):] {
			io.WriteString(out, rest[:min(100, len(rest))])
		}
		// It is not closed.
	}()
	sources, errs := Find(t.Context(), []string{"-"}, &Options{Stdin: in})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	for _, n := range []int{1, 2, 7, 500} {
		head, err := sources[0].Head(t.Context(), 1<<20, n)
		if want := strings.Join(strings.SplitAfter(text, "\n")[:n], ""); err != nil || string(head) != want {
			t.Errorf("%d lines: %d bytes and %v, want %d", n, len(head), err, len(want))
		}
	}
}

// What was taken from a pipe can be read when the context has ended, and nothing is
// taken any more.
func TestPipeCancelled(t *testing.T) {
	text := lines(8000)
	r, w := io.Pipe()
	defer r.Close()
	go w.Write(text) // and nothing more
	s := find(t, &Options{Stdin: r}, "-")[0]
	if head, err := s.Head(t.Context(), len(text), 1e6); err != nil || !bytes.Equal(head, text) {
		t.Fatalf("head: %d bytes, %v", len(head), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 2 {
		st, err := s.Open(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(st); err != context.Canceled || !bytes.Equal(got, text) {
			t.Errorf("%d bytes of %d, %v", len(got), len(text), err)
		}
		st.Close()
	}
	if s.node.(*pipe).reading {
		t.Error("more is taken from the pipe")
	}
}

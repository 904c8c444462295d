package input

import (
	"io"
	"os"
	"path/filepath"
	"testing"
)

// twoSources returns sources of 6 and of 11 bytes, and what counts their progress.
func twoSources(t *testing.T) (*Progress, []*Source) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"a": "first\n", "b": "the second\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := &Progress{}
	sources, errs := Find(t.Context(), []string{dir}, &Options{Progress: p})
	if len(errs) > 0 || len(sources) != 2 {
		t.Fatal(sources, errs)
	}
	return p, sources
}

// Sources that are read again make more work, which is told before.
func TestProgressAgain(t *testing.T) {
	p, sources := twoSources(t)
	const total = 6 + 11
	for reading := range int64(3) {
		for _, s := range sources {
			s.Expect()
		}
		if want := reading * total; p.Extra() != want || p.Read() != want {
			t.Errorf("before reading %d: %d bytes read, %d again", reading, p.Read(), p.Extra())
		}
		for _, s := range sources {
			st, err := s.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, st); err != nil {
				t.Fatal(err)
			}
			st.Close()
		}
		if p.Files() != 2 {
			t.Errorf("%d files", p.Files())
		}
	}
}

// Sources that are not read make less work.
func TestProgressSkip(t *testing.T) {
	p, sources := twoSources(t)
	sources[1].Skip()
	if p.Extra() != -11 || p.Files() != 1 || p.Read() != 0 {
		t.Errorf("%d bytes and %d files read, %d bytes more than there are", p.Read(), p.Files(), p.Extra())
	}
}

// What is found and looked at is told before anything is read.
func TestProgressBefore(t *testing.T) {
	p, sources := twoSources(t)
	if p.Found() != 2 || p.Looked() != 0 {
		t.Errorf("%d files found, %d looked at", p.Found(), p.Looked())
	}
	sources[1].Look()
	if p.Looked() != 1 || p.Files() != 0 || p.Read() != 0 {
		t.Errorf("%d files looked at, %d files and %d bytes read", p.Looked(), p.Files(), p.Read())
	}
}

package input

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestFindOnce(t *testing.T) {
	dir := write(t, file{"b/x.log", []byte("x")}, file{"b/y.log", []byte("y")})
	at := func(name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }
	link := func(err error) {
		t.Helper()
		if err != nil {
			t.Skipf("no links here: %v", err)
		}
	}
	link(os.Symlink(at("b/x.log"), at("b/link.log")))
	link(os.Link(at("b/y.log"), at("a.log")))
	link(os.Symlink(at("b"), at("c")))
	link(os.Symlink(dir, at("b/loop")))

	want := []string{"a.log", "b/link.log"}
	for _, paths := range [][]string{
		{dir},
		{at("b"), dir},
		{at("b/y.log"), at("b/../b/x.log"), at("c"), dir},
		{dir + "/**/*.log", dir},
	} {
		sources := find(t, nil, paths...)
		got := names(dir, sources)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", paths, got, want)
		}
	}

	sources := find(t, nil, dir, at("b/y.log"))
	for _, s := range sources {
		if want := strings.HasSuffix(s.Name, "a.log"); s.Explicit != want {
			t.Errorf("%s: Explicit is %v", s.Name, s.Explicit)
		}
	}
	if got := find(t, &Options{Stdin: strings.NewReader("a")}, "-", "-"); len(got) != 1 || !got[0].Explicit {
		t.Errorf("- given twice: %d sources", len(got))
	}
}

func TestFindErrors(t *testing.T) {
	good := lines(1000)
	encrypted := zipOf(t, file{"secret.log", good}, file{"open.log", good})
	first := bytes.Index(encrypted, []byte("PK\x01\x02")) // its directory record
	encrypted[first+8] |= 1
	deflate64 := zipOf(t, file{"big.log", good})
	deflate64[bytes.Index(deflate64, []byte("PK\x01\x02"))+10] = methodDeflate64
	deep := good
	for range MaxDepth + 1 {
		deep = gz(t, deep)
	}
	full := zipOf(t, file{"x.log", good})
	tests := []struct {
		name    string
		data    []byte
		errs    []string
		sources []string
	}{
		{"encrypted.zip", encrypted, []string{"encrypted.zip!secret.log: encrypted"}, []string{"encrypted.zip!open.log"}},
		{"d64.zip", deflate64, []string{"d64.zip!big.log: compressed with Deflate64"}, nil},
		{"deep.gz", deep, []string{"deep.gz: archives and compression are nested more than 6 deep"}, nil},
		{"cut.zip", full[:len(full)-30], []string{"cut.zip: the zip directory at the end"}, nil},
		{"empty.zip", zipOf(t), []string{"empty.zip: the archive holds no files"}, nil},
		{"tiny.gz", gz(t, good)[:10], []string{"tiny.gz: the gzip data is cut short"}, nil},
		{"tiny.zst", zst(t, good)[:7], []string{"tiny.zst: the zstd data is cut short"}, nil},
		{"tiny.xz", xzip(t, good)[:14], []string{"tiny.xz: the xz data is cut short"}, nil},
	}
	for _, tt := range tests {
		dir := write(t, file{tt.name, tt.data})
		sources, errs := Find(t.Context(), []string{filepath.Join(dir, tt.name)}, nil)
		if got := names(dir, sources); !slices.Equal(got, tt.sources) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.sources)
		}
		if len(errs) != len(tt.errs) {
			t.Errorf("%s: %v, want %v", tt.name, errs, tt.errs)
			continue
		}
		for i, err := range errs {
			var e *Error
			if !strings.HasPrefix(err.Error(), filepath.Join(dir, tt.errs[i])) || !errors.As(err, &e) {
				t.Errorf("%s: %v, want %s", tt.name, err, tt.errs[i])
			}
		}
	}

	empty := t.TempDir()
	for path, want := range map[string]string{
		empty:                              "no files in this folder",
		"-":                                "no standard input",
		filepath.Join(empty, "n", "x.log"): "no such file or folder",
	} {
		sources, errs := Find(t.Context(), []string{path}, nil)
		if len(sources) != 0 || len(errs) != 1 || !strings.HasPrefix(errs[0].Error(), path+": ") || !strings.Contains(errs[0].Error(), want) {
			t.Errorf("%s: %v, want %s", path, errs, want)
		}
	}
}

// TestVanished removes what was found before it is opened.
func TestVanished(t *testing.T) {
	dir := write(t, file{"x.log", []byte("x")}, file{"y.zip", zipOf(t, file{"y", []byte("y")})})
	sources := find(t, nil, dir)
	for _, name := range []string{"x.log", "y.zip"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range sources {
		_, err := s.Open(t.Context())
		if !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), s.Name+": ") || strings.Count(err.Error(), dir) != 1 {
			t.Errorf("%s: %v", s.Name, err)
		}
	}
}

func TestFindCancelled(t *testing.T) {
	dir := write(t, file{"x.log", []byte("x")})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	sources, errs := Find(ctx, []string{dir}, nil)
	if len(sources) != 0 || len(errs) != 1 || errs[0] != context.Canceled {
		t.Errorf("%d sources, %v", len(sources), errs)
	}
}

func TestMembersLimit(t *testing.T) {
	defer func(n int) { maxMembers = n }(maxMembers)
	maxMembers = 3
	a := zipOf(t, file{"1", nil}, file{"2", nil})
	dir := write(t, file{"a.zip", zipOf(t, file{"a", a}, file{"b", a})})
	sources, errs := Find(t.Context(), []string{dir}, nil)
	if len(sources) != 2 || len(errs) == 0 || !strings.Contains(errs[0].Error(), "more than 3 members") {
		t.Errorf("%d sources, %v", len(sources), errs)
	}
}

// TestZipClaims makes a small archive claim more members than it can hold.
func TestZipClaims(t *testing.T) {
	z := zipOf(t, file{"x", nil})
	end := bytes.LastIndex(z, []byte("PK\x05\x06"))
	for _, claimed := range []uint64{1 << 40, 2_000_000} {
		end64 := append([]byte("PK\x06\x06"), make([]byte, 52)...)
		for i := range 8 {
			end64[32+i] = byte(claimed >> (8 * i))
		}
		locator := append([]byte("PK\x06\x07"), make([]byte, 16)...)
		for i := range 4 {
			locator[8+i] = byte(end >> (8 * i))
		}
		locator[16] = 1
		last := bytes.Clone(z[end:])
		copy(last[8:], "\xff\xff\xff\xff")
		data := slices.Concat(z[:end], end64, locator, last)
		if got := zipRecords(bytes.NewReader(data), int64(len(data))); got != claimed {
			t.Errorf("zipRecords = %d, want %d", got, claimed)
		}
		dir := write(t, file{"x.zip", data})
		sources, errs := Find(t.Context(), []string{dir}, nil)
		if len(sources) != 0 || len(errs) != 1 || !strings.Contains(errs[0].Error(), "claims") {
			t.Errorf("%d sources, %v", len(sources), errs)
		}
	}
}

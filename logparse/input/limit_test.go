package input

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"path/filepath"
	"strings"
	"testing"
)

func TestLimit(t *testing.T) {
	bomb := make([]byte, 3<<18)
	inner := zipOf(t, file{"a", bomb})
	tests := []struct {
		name   string
		packed []byte
		limit  int64
		want   int64 // bytes of text, over all sources
		over   bool
	}{
		{"plain", bomb, 1000, 3 << 18, false},
		{"gzip", gz(t, bomb), 1 << 18, 1 << 18, true},
		{"gzip below 4 KiB", gz(t, bomb), 1000, 1000, true},
		{"gzip just fits", gz(t, bomb), 3 << 18, 3 << 18, false},
		{"gzip by one", gz(t, bomb), 3<<18 - 1, 3<<18 - 1, true},
		{"gzip without limit", gz(t, bomb), -1, 3 << 18, false},
		{"zstd", zst(t, bomb), 1 << 18, 1 << 18, true},
		{"xz", xzip(t, bomb[:1<<17]), 1 << 16, 1 << 16, true},
		{"zip", zipOf(t, file{"a", bomb}), 1 << 18, 1 << 18, true},
		{"zip members together", zipOf(t, file{"a", bomb}, file{"b", bomb}), 4 << 18, 4 << 18, true},
		{"zip members fit", zipOf(t, file{"a", bomb}, file{"b", bomb}), 6 << 18, 6 << 18, false},
		{"tar.gz", gz(t, tarOf(t, file{"a", bomb}, file{"b", bomb})), 4<<18 + 1024, 4 << 18, true},
		{"zip in zip", zipOf(t, file{"a.zip", inner}), 1 << 18, 1<<18 - int64(len(inner)), true},
		{"gzip of empty gzip", gz(t, bytes.Repeat(gz(t, nil), 1<<14)), 1 << 17, 0, true},
	}
	for _, tt := range tests {
		path := filepath.Join(write(t, file{"f", tt.packed}), "f")
		for _, in := range []string{path, "-"} {
			sources, errs := Find(t.Context(), []string{in}, &Options{MaxDecompressed: tt.limit, Stdin: bytes.NewReader(tt.packed)})
			var total int64
			for range 2 { // reading again does not count again
				total = 0
				for _, s := range sources {
					st, err := s.Open(t.Context())
					if err != nil {
						errs = append(errs, err)
						continue
					}
					n, err := io.Copy(io.Discard, st)
					total += n
					if err != nil {
						errs = append(errs, err)
					}
					st.Close()
				}
				if in == "-" {
					break
				}
			}
			over := false
			for _, err := range errs {
				var limit *LimitError
				if !errors.As(err, &limit) || limit.Name != in || limit.Limit != tt.limit || !strings.Contains(err.Error(), "--max-decompressed") {
					t.Errorf("%s: %v", tt.name, err)
				}
				over = true
			}
			// A member of a spooled archive may be cut where its first bytes are.
			if total != tt.want && !(tt.name == "tar.gz" && total > tt.want-4096 && total <= tt.want) || over != tt.over {
				t.Errorf("%s from %s: %d bytes, limit reached: %v; want %d, %v", tt.name, filepath.Base(in), total, over, tt.want, tt.over)
			}
		}
	}
}

// TestCut checks that cut and damaged data is read as far as it goes.
func TestCut(t *testing.T) {
	large := lines(400_000)
	text := large[:160_000]
	tests := []struct {
		name   string
		packed []byte
		least  int // bytes of text that half of the data gives
	}{
		{"gzip", gz(t, text), 60_000},
		{"zstd", zst(t, large), 0}, // whole blocks of 128 KiB only
		{"xz", xzip(t, text), 40_000},
		{"tar", tarOf(t, file{"a", text[:1000]}, file{"b", text}), 60_000},
		{"tar.gz", gz(t, tarOf(t, file{"a", text[:1000]}, file{"b", text})), 60_000},
	}
	for _, tt := range tests {
		for _, keep := range []int{len(tt.packed) / 2, len(tt.packed) * 9 / 10, len(tt.packed) - 1} {
			if tt.name == "tar" && keep > len(tt.packed)-1024 {
				continue // only the padding is missing
			}
			path := filepath.Join(write(t, file{"f", tt.packed[:keep]}), "f")
			sources, errs := Find(t.Context(), []string{path}, nil)
			if len(errs) > 0 && tt.name != "tar.gz" {
				t.Errorf("%s cut at %d: %v", tt.name, keep, errs)
			}
			if len(sources) == 0 {
				t.Errorf("%s cut at %d: no sources", tt.name, keep)
				continue
			}
			last := sources[len(sources)-1]
			got, err := read(t, last)
			if err == nil && len(errs) > 0 {
				err = errs[0]
			}
			if err == nil || !strings.HasPrefix(err.Error(), path) || !strings.Contains(err.Error(), "cut short") {
				t.Errorf("%s cut at %d: %v", tt.name, keep, err)
			}
			if !bytes.HasPrefix(large, got) || len(got) < tt.least {
				t.Errorf("%s cut at %d: %d bytes", tt.name, keep, len(got))
			}
		}
	}
}

func TestDamaged(t *testing.T) {
	text := lines(200_000)
	for name, packed := range map[string][]byte{"gzip": gz(t, text), "zstd": zst(t, lines(400_000)), "xz": xzip(t, text), "zip": zipOf(t, file{"x", text})} {
		packed = bytes.Clone(packed)
		for i := range 8 {
			packed[len(packed)/2+i] ^= 0x55
		}
		path := filepath.Join(write(t, file{"f", packed}), "f")
		sources := find(t, nil, path)
		got, err := read(t, sources[0])
		if err == nil || !strings.HasPrefix(err.Error(), sources[0].Name+": the "+name+" data is ") {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
}

// TestXZDictionary changes the dictionary size in a block header, the first
// or that of a later stream.
func TestXZDictionary(t *testing.T) {
	small := xzip(t, []byte("250 OK\n"))
	large := bytes.Clone(small)
	header := large[12:]
	i := bytes.Index(header[:32], []byte{0x21, 1})
	header[i+2] = 40 // 4 GiB - 1
	size := (int(header[0]) + 1) * 4
	binary.LittleEndian.PutUint32(header[size-4:], crc32.ChecksumIEEE(header[:size-4]))
	for _, data := range [][]byte{large, append(bytes.Clone(small), large...)} {
		dir := write(t, file{"x.xz", data})
		sources, errs := Find(t.Context(), []string{dir}, nil)
		if len(sources) > 0 {
			got, err := read(t, sources[0])
			if string(got) != "250 OK\n" {
				t.Errorf("read %q", got)
			}
			errs = append(errs, err)
		}
		if len(errs) != 1 || errs[0] == nil || !strings.Contains(errs[0].Error(), "dictionary") {
			t.Errorf("%v", errs)
		}
	}
}

// TestXZGuard checks that the guard changes no byte, whatever the cut.
func TestXZGuard(t *testing.T) {
	data := xzip(t, lines(100_000))
	data = append(data, make([]byte, 8)...)
	data = append(data, xzip(t, nil)...)
	for _, n := range []int{1, 7, 4096} {
		got, err := io.ReadAll(&xzGuard{r: &cutReader{data, n}})
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("in parts of %d: %d of %d bytes, %v", n, len(got), len(data), err)
		}
	}
	for cut := range min(len(data), 3000) {
		if _, err := io.ReadAll(&xzGuard{r: bytes.NewReader(data[:cut])}); err != io.ErrUnexpectedEOF {
			t.Fatalf("cut at %d: %v", cut, err)
		}
	}
}

// A cutReader returns at most n bytes at a time.
type cutReader struct {
	data []byte
	n    int
}

func (r *cutReader) Read(p []byte) (int, error) {
	if len(r.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), r.n)], r.data)
	r.data = r.data[n:]
	return n, nil
}

package input

import (
	"bytes"
	"encoding/base64"
	"testing"
)

// bzip2Lines is what bzip2 makes of "250 2.1.0 Sender OK\n": the standard
// library only reads bzip2.
const bzip2Lines = "QlpoOTFBWSZTWYqQRnIAAAVfgAAQQAFyAAAIiAAGARAAIAAhqG0m0h6hAAAovO6SCRuA++Y+LuSKcKEhFSCM5A=="

func bz(t testing.TB) (packed, text []byte) {
	t.Helper()
	packed, err := base64.StdEncoding.DecodeString(bzip2Lines)
	if err != nil {
		t.Fatal(err)
	}
	return packed, []byte("250 2.1.0 Sender OK\n")
}

func TestFormats(t *testing.T) {
	large := lines(150_000) // more than one buffer
	text := lines(9_000)    // more than the first look
	other := []byte("#Software: Microsoft Exchange Server\r\n")
	bzPacked, bzText := bz(t)
	tests := []struct {
		name   string
		packed []byte
		want   []file // name after that of the file
	}{
		{"plain", large, []file{{"", large}}},
		{"empty", nil, []file{{"", nil}}},
		{"gzip", gz(t, large), []file{{"", large}}},
		{"gzip members", append(gz(t, text), gz(t, other)...), []file{{"", append(bytes.Clone(text), other...)}}},
		{"gzip of nothing", gz(t, nil), []file{{"", nil}}},
		{"zstd", zst(t, large), []file{{"", large}}},
		{"zstd frames", append(zst(t, text), zst(t, other)...), []file{{"", append(bytes.Clone(text), other...)}}},
		{"zstd skippable", append([]byte("\x50\x2a\x4d\x18\x02\x00\x00\x00ab"), zst(t, text)...), []file{{"", text}}},
		{"bzip2", bzPacked, []file{{"", bzText}}},
		{"xz", xzip(t, large), []file{{"", large}}},
		{"xz streams", append(append(xzip(t, text), 0, 0, 0, 0), xzip(t, other)...), []file{{"", append(bytes.Clone(text), other...)}}},
		{"gzip twice", gz(t, gz(t, text)), []file{{"", text}}},
		{"zip", zipOf(t, file{"b/x.log", text}, file{"dir/", nil}, file{`a\y.log`, other}, file{"none", nil}),
			[]file{{"!b/x.log", text}, {"!a/y.log", other}, {"!none", nil}}},
		{"zip of gzip", zipOf(t, file{"x.gz", gz(t, text)}), []file{{"!x.gz", text}}},
		{"gzip of zip", gz(t, zipOf(t, file{"x.log", text})), []file{{"!x.log", text}}},
		{"zip of zip", zipOf(t, file{"in.zip", zipOf(t, file{"x", text}, file{"y", other})}, file{"z", other}),
			[]file{{"!in.zip!x", text}, {"!in.zip!y", other}, {"!z", other}}},
		{"tar", tarOf(t, file{"logs/", nil}, file{"logs/x.log", text}, file{"logs/y.log", other}, file{"../z", nil}),
			[]file{{"!logs/x.log", text}, {"!logs/y.log", other}, {"!../z", nil}}},
		{"tar.gz", gz(t, tarOf(t, file{"x.log", text}, file{"y.zip", zipOf(t, file{"z", other})})),
			[]file{{"!x.log", text}, {"!y.zip!z", other}}},
		{"tar.xz", xzip(t, tarOf(t, file{"x.log", text})), []file{{"!x.log", text}}},
		{"zip of tar.gz", zipOf(t, file{"a.tgz", gz(t, tarOf(t, file{"x", text}))}), []file{{"!a.tgz!x", text}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := write(t, file{"f.dat", tt.packed})
			p := &Progress{}
			check := func(sources []*Source, base string) {
				t.Helper()
				if len(sources) != len(tt.want) {
					t.Fatalf("%d sources %v, want %d", len(sources), names(dir, sources), len(tt.want))
				}
				for i, s := range sources {
					if want := base + tt.want[i].name; names(dir, sources)[i] != want {
						t.Errorf("name %q, want %q", s.Name, want)
					}
					head, err := s.Head(t.Context(), 10, 1e6)
					if want := tt.want[i].data[:min(10, len(tt.want[i].data))]; err != nil || !bytes.Equal(head, want) {
						t.Errorf("%s: head %q, %v", s.Name, head, err)
					}
					st, err := s.Open(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					got := new(bytes.Buffer)
					if _, err := got.ReadFrom(st); err != nil || !bytes.Equal(got.Bytes(), tt.want[i].data) {
						t.Errorf("%s: %d bytes and %v, want %d", s.Name, got.Len(), err, len(tt.want[i].data))
					}
					if st.Bytes() != int64(len(tt.want[i].data)) {
						t.Errorf("%s: Bytes() = %d, want %d", s.Name, st.Bytes(), len(tt.want[i].data))
					}
					st.Close()
					if plain := tt.name == "plain" || tt.name == "empty"; s.Plain != (plain && base != "-") {
						t.Errorf("%s: Plain is %v", s.Name, s.Plain)
					}
				}
			}
			sources := find(t, &Options{Progress: p}, dir)
			check(sources, "f.dat")
			var total int64
			for _, s := range sources {
				total += s.Size()
			}
			if disk := int64(len(tt.packed)); total > disk || total < disk*9/10-5000 {
				t.Errorf("sizes add up to %d, the file has %d", total, disk)
			}
			if p.Read() != total {
				t.Errorf("progress %d, want %d", p.Read(), total)
			}
			check(find(t, &Options{Stdin: bytes.NewReader(tt.packed)}, "-"), "-")
		})
	}
}

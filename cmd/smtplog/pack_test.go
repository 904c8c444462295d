package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// A member is a file of an archive.
type member struct {
	name string
	data []byte
}

// pack returns an archive or a compressed file of the kind that the extension
// of name says.
func pack(name string, members ...member) ([]byte, error) {
	var b bytes.Buffer
	switch {
	case strings.HasSuffix(name, ".zip"):
		err := zipTo(&b, members)
		return b.Bytes(), err
	case strings.HasSuffix(name, ".tar"):
		err := tarTo(&b, members)
		return b.Bytes(), err
	case strings.HasSuffix(name, ".tar.gz"):
		w := gzip.NewWriter(&b)
		if err := tarTo(w, members); err != nil {
			return nil, err
		}
		err := w.Close()
		return b.Bytes(), err
	}
	if len(members) != 1 {
		return nil, fmt.Errorf("%s holds one file", name)
	}
	w, err := compressor(name, &b)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(members[0].data); err != nil {
		return nil, err
	}
	err = w.Close()
	return b.Bytes(), err
}

func compressor(name string, w io.Writer) (io.WriteCloser, error) {
	switch {
	case strings.HasSuffix(name, ".gz"):
		return gzip.NewWriter(w), nil
	case strings.HasSuffix(name, ".zst"):
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
	case strings.HasSuffix(name, ".xz"):
		return xz.WriterConfig{DictCap: 1 << 16}.NewWriter(w)
	}
	return nil, fmt.Errorf("%s: its extension is not known", name)
}

func zipTo(b *bytes.Buffer, members []member) error {
	z := zip.NewWriter(b)
	for _, m := range members {
		w, err := z.Create(m.name)
		if err != nil {
			return err
		}
		if _, err := w.Write(m.data); err != nil {
			return err
		}
	}
	return z.Close()
}

func tarTo(w io.Writer, members []member) error {
	t := tar.NewWriter(w)
	for _, m := range members {
		if err := t.WriteHeader(&tar.Header{Name: m.name, Mode: 0o644, Size: int64(len(m.data)), Typeflag: tar.TypeReg}); err != nil {
			return err
		}
		if _, err := t.Write(m.data); err != nil {
			return err
		}
	}
	return t.Close()
}

// encode returns UTF-8 text in another encoding: utf-8-bom, utf-16le or
// utf-16be, the latter two also with "-bom".
func encode(encoding string, text []byte) ([]byte, error) {
	if encoding == "utf-8-bom" {
		return append([]byte("\ufeff"), text...), nil
	}
	name, bom := strings.CutSuffix(encoding, "-bom")
	var order binary.AppendByteOrder
	switch name {
	case "utf-16le":
		order = binary.LittleEndian
	case "utf-16be":
		order = binary.BigEndian
	default:
		return nil, fmt.Errorf("unknown encoding %q", encoding)
	}
	var b []byte
	if bom {
		b = order.AppendUint16(b, 0xfeff)
	}
	for _, unit := range utf16.Encode([]rune(string(text))) {
		b = order.AppendUint16(b, unit)
	}
	return b, nil
}

// mustPack is pack for tests.
func mustPack(t testing.TB, name string, members ...member) []byte {
	t.Helper()
	b, err := pack(name, members...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func mustEncode(t testing.TB, encoding string, text []byte) []byte {
	t.Helper()
	b, err := encode(encoding, text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

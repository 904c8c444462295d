package input

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"
)

// result is what reading a stream of any kind gave.
type result struct {
	name string
	text string
	err  string
}

// readAll reads every source of data, given in parts of n bytes.
func readAll(t *testing.T, data []byte, n int, limit int64) []result {
	sources, errs := Find(context.Background(), []string{"-"}, &Options{Stdin: &cutReader{data, n}, MaxDecompressed: limit})
	var all []result
	for _, err := range errs {
		all = append(all, result{err: err.Error()})
	}
	var total int64
	for _, s := range sources {
		st, err := s.Open(context.Background())
		if err != nil {
			all = append(all, result{name: s.Name, err: err.Error()})
			continue
		}
		var text bytes.Buffer
		_, err = io.CopyBuffer(struct{ io.Writer }{&text}, st, make([]byte, n))
		st.Close()
		total += st.Bytes()
		r := result{name: s.Name, text: text.String()}
		if err != nil {
			var known *Error
			var limit *LimitError
			if !errors.As(err, &known) && !errors.As(err, &limit) {
				t.Errorf("%s: error without a name: %v", s.Name, err)
			}
			r.err = err.Error()
		}
		if enc := s.enc; enc == utf16LE || enc == utf16BE {
			order := binary.ByteOrder(binary.LittleEndian)
			if enc == utf16BE {
				order = binary.BigEndian
			}
			if s.Name == "-" && codecOf(data) == nil && !bytes.HasPrefix(data, []byte("\xfe\xff")) && !bytes.HasPrefix(data, []byte("\xff\xfe")) {
				// x/text makes one U+FFFD of two low surrogates in a row.
				if want := decode16(data, order); oneEach(r.text) != oneEach(want) {
					t.Errorf("%q as %s: %q, want %q", data, enc, r.text, want)
				}
			}
		}
		all = append(all, r)
	}
	// Members of a tar are counted with the layer they are in, or are bytes of the input.
	if most := limit + int64(len(data)); total > most {
		t.Errorf("%d bytes read, limit %d", total, most)
	}
	return all
}

// oneEach leaves one of several U+FFFD in a row.
func oneEach(text string) string {
	var b strings.Builder
	var last rune
	for _, r := range text {
		if r != utf8.RuneError || last != r {
			b.WriteRune(r)
		}
		last = r
	}
	return b.String()
}

func FuzzDecode(f *testing.F) {
	text := lines(600)
	f.Add(text, 7)
	f.Add(encode16(string(text), binary.LittleEndian, false), 3)
	f.Add(encode16(string(text), binary.BigEndian, true), 1)
	f.Add(gz(f, text), 5)
	f.Add(zst(f, text), 5)
	f.Add(xzip(f, text), 5)
	f.Add(zipOf(f, file{"a", text}, file{"b.gz", gz(f, text)}), 5)
	f.Add(gz(f, tarOf(f, file{"a", text}, file{"b.zip", zipOf(f, file{"c", text})})), 50)
	f.Add(tarOf(f, file{"a", text}), 500)
	f.Fuzz(func(t *testing.T, data []byte, n int) {
		if n <= 0 || n > 1<<16 || len(data) > 1<<20 || len(data)/n > 1<<14 {
			return
		}
		const limit = 1 << 18
		want := readAll(t, data, max(len(data), 1), limit)
		got := readAll(t, data, n, limit)
		if len(got) != len(want) {
			t.Fatalf("in parts of %d: %d results, want %d", n, len(got), len(want))
		}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("in parts of %d: %.200q, want %.200q", n, got[i], want[i])
			}
		}
	})
}

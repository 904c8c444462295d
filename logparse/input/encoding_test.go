package input

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"
	"unicode/utf8"
)

// encode16 is the UTF-16 form of a text.
func encode16(text string, order binary.AppendByteOrder, bom bool) []byte {
	var b []byte
	if bom {
		b = order.AppendUint16(b, 0xfeff)
	}
	for _, u := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, u)
	}
	return b
}

// decode16 is a plain implementation to compare with.
func decode16(b []byte, order binary.ByteOrder) string {
	var units []uint16
	for ; len(b) >= 2; b = b[2:] {
		units = append(units, order.Uint16(b))
	}
	text := strings.TrimPrefix(string(utf16.Decode(units)), "\ufeff")
	if len(b) == 1 {
		text += "\ufffd"
	}
	return text
}

func TestSniffEncoding(t *testing.T) {
	le := func(s string) string { return string(encode16(s, binary.LittleEndian, false)) }
	be := func(s string) string { return string(encode16(s, binary.BigEndian, false)) }
	russian := "2026-11-01,\"Соединитель отправки\",08DE1C,+,,\r\n"
	tests := []struct {
		head string
		want encoding
	}{
		{"", unknown},
		{"a", unknown},
		{"\x00", unknown},
		{"#Software: x\r\n", unknown},
		{"\xef\xbb\xbf#Software", utf8BOM},
		{"\xff\xfea\x00", utf16LE},
		{"\xfe\xff\x00a", utf16BE},
		{"\xff\xfe", utf16LE},
		{le("ab"), utf16LE},
		{be("ab"), utf16BE},
		{le("#\r\n"), utf16LE},
		{le("#Software: x\r\n") + "2", utf16LE}, // cut in a character
		{be("#Software: x\r\n") + "\x00", utf16BE},
		{le(russian), utf16LE},
		{be(russian), utf16BE},
		{le("#Software: Āx\r\n"), utf16LE}, // U+0100 has its zero on the other side
		{le("2026 x\r\n") + strings.Repeat("\x00", 500), utf16LE},
		{be("2026 x\r\n") + strings.Repeat("\x00", 500), utf16BE},
		{"250 OK\r\n" + strings.Repeat("\x00", 500), unknown},
		{"250 OK\r\n\x00", unknown},
		{"250 OK\r\n" + strings.Repeat("\x00", 31) + "250 OK\r\n", unknown},
		{strings.Repeat("\x00", 500), unknown},
		{strings.Repeat("\x00", 8) + "250 OK\r\n", unknown},
		{"250 \x00 OK with a stray NUL\r\n", unknown},
		{"Verbinder \xfcber \xe4\r\n", unknown},
		{russian, unknown},
	}
	for _, tt := range tests {
		if got := sniffEncoding([]byte(tt.head)); got != tt.want {
			t.Errorf("%.40q: %q, want %q", tt.head, got, tt.want)
		}
	}
}

// TestUTF16 decodes what it encoded, whatever the cut of the reads.
func TestUTF16(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	runes := []rune("az09 ,\"\r\n\x00éĀЖ組\ufffd\ufeff\U00010000🙂\U0010ffff")
	for range 8 {
		var b strings.Builder
		b.WriteString("#") // a byte order mark inside the text is a character
		for range rnd.IntN(3000) {
			b.WriteRune(runes[rnd.IntN(len(runes))])
		}
		text := b.String()
		for enc, order := range map[encoding]binary.AppendByteOrder{utf16LE: binary.LittleEndian, utf16BE: binary.BigEndian} {
			for _, bom := range []bool{false, true} {
				data := encode16(text, order, bom)
				for _, r := range []io.Reader{
					bytes.NewReader(data),
					iotest.OneByteReader(bytes.NewReader(data)),
					iotest.HalfReader(bytes.NewReader(data)),
					iotest.DataErrReader(bytes.NewReader(data)),
				} {
					if got, err := io.ReadAll(enc.decode(r)); err != nil || string(got) != text {
						t.Fatalf("%s, bom %v: %d bytes, want %d, %v", enc, bom, len(got), len(text), err)
					}
				}
			}
		}
	}
	for data, want := range map[string]string{
		"a\x00\x00\xd8b\x00":          "a\ufffdb",      // high surrogate alone
		"a\x00\x00\xdcb\x00":          "a\ufffdb",      // low one
		"\x00\xd8\x00\xd8\x00\xdca":   "\ufffd𐀀\ufffd", // two high, one low, half a unit
		"a\x00b":                      "a\ufffd",
		"a\x00\x00\xd8":               "a\ufffd",
		"\xff\xfe\xff\xfea\x00\r\x00": "\ufeffa\r",
	} {
		for _, r := range []io.Reader{strings.NewReader(data), iotest.OneByteReader(strings.NewReader(data))} {
			if got, err := io.ReadAll(utf16LE.decode(r)); err != nil || string(got) != want {
				t.Errorf("%q: %q, %v, want %q", data, got, err, want)
			}
		}
	}
}

// TestEncodings reads files in every encoding, compressed and not.
func TestEncodings(t *testing.T) {
	text := string(lines(20_000)) + "Verbindung 組織\r\n"
	for _, tt := range []struct {
		name, want string
		data       []byte
	}{
		{"utf-16le", text, encode16(text, binary.LittleEndian, false)},
		{"utf-16le", text, encode16(text, binary.LittleEndian, true)},
		{"utf-16be", text, encode16(text, binary.BigEndian, false)},
		{"utf-16be", text, encode16(text, binary.BigEndian, true)},
		{"utf-8", "\ufeff" + text, []byte("\ufeff" + text)},
		{"", text, []byte(text)},
		{"", "\xfcber\xff", []byte("\xfcber\xff")},
	} {
		for i, data := range [][]byte{tt.data, gz(t, tt.data), zipOf(t, file{"x", tt.data})} {
			s := find(t, nil, filepath.Join(write(t, file{"f", data}), "f"))[0]
			st, err := s.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(st)
			if err != nil || string(got) != tt.want || st.Encoding() != tt.name || st.Bytes() != int64(len(tt.data)) {
				t.Errorf("%s: %d bytes of text (%s) from %d, %v", tt.name, len(got), st.Encoding(), st.Bytes(), err)
			}
			if s.Plain != (i == 0 && !strings.HasPrefix(tt.name, "utf-16")) {
				t.Errorf("%s: Plain is %v", tt.name, s.Plain)
			}
			st.Close()
		}
	}
}

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"":                         "",
		"250 OK":                   "250 OK",
		"Müller":                   "Müller",
		"M\xfcller":                "Müller",
		"M\xfcller \x80 \x93x\x94": "Müller € “x”",
		"\x81\x8d\x8f\x90\x9d":     "\ufffd\ufffd\ufffd\ufffd\ufffd",
		"\xff\x00\xa0":             "ÿ\x00\u00a0",
		"\xed\xa0\x80":             "í\u00a0€", // a surrogate is not valid UTF-8
	} {
		if got := Text([]byte(in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
		if got := AppendText([]byte("x:"), []byte(in)); string(got) != "x:"+want {
			t.Errorf("append %q: %q, want %q", in, got, want)
		}
	}
	dst := make([]byte, 0, 100)
	for _, in := range []string{"250 2.1.0 Sender OK", "Müller"} {
		b := []byte(in)
		if n := testing.AllocsPerRun(100, func() { dst = AppendText(dst[:0], b) }); n != 0 {
			t.Errorf("%s: %v allocations", in, n)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add([]byte("250 OK"))
	f.Add([]byte("M\xfcller \x81"))
	f.Add([]byte("\xe2\x82"))
	f.Fuzz(func(t *testing.T, b []byte) {
		text := Text(b)
		if !utf8.ValidString(text) {
			t.Errorf("%q: not UTF-8: %q", b, text)
		}
		if utf8.Valid(b) {
			if text != string(b) {
				t.Errorf("%q became %q", b, text)
			}
			return
		}
		if utf8.RuneCountInString(text) != len(b) {
			t.Errorf("%q: %d characters in %q", b, utf8.RuneCountInString(text), text)
		}
		for _, r := range text {
			if r >= 0x80 && r < 0xa0 {
				t.Errorf("%q: control character %U", b, r)
			}
		}
	})
}

package input

import (
	"bytes"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// An encoding is how the text of a source is written, as [Stream.Encoding]
// names it.
type encoding string

const (
	unknown encoding = ""
	utf8BOM encoding = "utf-8"
	utf16LE encoding = "utf-16le"
	utf16BE encoding = "utf-16be"
)

// decode returns r converted to UTF-8 where it is UTF-16, without its byte
// order mark. Lone surrogates and an odd byte at the end become U+FFFD, two
// low surrogates in a row one of them.
func (e encoding) decode(r io.Reader) io.Reader {
	switch e {
	case utf16LE:
		return transform.NewReader(r, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder())
	case utf16BE:
		return transform.NewReader(r, unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder())
	}
	return r
}

// sniffEncoding tells the encoding from the first bytes of a text. UTF-16
// without a byte order mark is known by its zero bytes: most of a log is
// ASCII, so every other byte is zero, always on the same side. A text of one
// character is left alone, as are runs of NULs, which a crash leaves at the
// end of a file of any encoding.
func sniffEncoding(head []byte) encoding {
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		return utf8BOM
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		return utf16LE
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		return utf16BE
	}
	head = bytes.TrimRight(head, "\x00")
	var even, odd int // zero bytes at even and odd offsets
	for i, b := range head {
		if b == 0 && i%2 == 0 {
			even++
		} else if b == 0 {
			odd++
		}
	}
	// Names in other scripts may hold up to 60 % of the characters, and a few
	// characters (U+0100, U+0200) a zero on the other side.
	const enough, stray = 0.4, 0.1
	pairs := float64(len(head)) / 2
	switch {
	case float64(odd) >= max(1, enough*float64(len(head)/2)) && float64(even) <= stray*pairs:
		return utf16LE
	case float64(even) >= max(1, enough*pairs) && float64(odd) <= stray*pairs:
		return utf16BE
	}
	return unknown
}

// windows1252 is the UTF-8 form of the bytes 0x80 to 0xFF. The five that the
// code page does not define are U+FFFD: as C1 control characters they could
// reach a terminal.
var windows1252 = func() (table [128]string) {
	for i := range table {
		r := charmap.Windows1252.DecodeByte(byte(0x80 + i))
		if r >= 0x80 && r < 0xa0 {
			r = utf8.RuneError
		}
		table[i] = string(r)
	}
	return table
}()

// Text returns b as text: as it stands when it is valid UTF-8, else decoded
// as Windows-1252, where the undefined bytes 81, 8D, 8F, 90 and 9D become
// U+FFFD.
func Text(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return string(AppendText(nil, b))
}

// AppendText appends b, as [Text] returns it, to dst.
func AppendText(dst, b []byte) []byte {
	if utf8.Valid(b) {
		return append(dst, b...)
	}
	for _, c := range b {
		if c < utf8.RuneSelf {
			dst = append(dst, c)
		} else {
			dst = append(dst, windows1252[c-0x80]...)
		}
	}
	return dst
}

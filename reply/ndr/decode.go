package ndr

import (
	"bytes"
	"encoding/base64"
	"html"
	"io"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
)

// plainBytes turns a message that an editor saved as UTF-16, or with a byte
// order mark, into what it was.
func plainBytes(b []byte) []byte {
	switch {
	case bytes.HasPrefix(b, []byte("\xEF\xBB\xBF")):
		return b[3:]
	case bytes.HasPrefix(b, []byte("\xFF\xFE")), bytes.HasPrefix(b, []byte("\xFE\xFF")):
		d := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder()
		if u, err := d.Bytes(b); err == nil {
			return u
		}
	}
	return b
}

// decoded returns the body without its transfer encoding. Broken encodings are
// decoded as far as they make sense.
func (p *part) decoded() []byte {
	cte := strings.ToLower(p.header.get("content-transfer-encoding"))
	if i := strings.IndexAny(cte, " ;("); i >= 0 {
		cte = cte[:i]
	}
	switch cte {
	case "quoted-printable":
		return decodeQuotedPrintable(p.body)
	case "base64":
		return decodeBase64(p.body)
	}
	return p.body
}

// decodeQuotedPrintable decodes RFC 2045 section 6.7. What is no escape stays
// as it stands, where mime/quotedprintable would stop.
func decodeQuotedPrintable(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for len(b) > 0 {
		var line []byte
		n := bytes.IndexByte(b, '\n')
		if n < 0 {
			line, b = b, nil
		} else {
			line, b = b[:n+1], b[n+1:]
		}
		text := bytes.TrimRight(line, " \t\r\n")
		soft := bytes.HasSuffix(text, []byte("="))
		text = bytes.TrimSuffix(text, []byte("="))
		for i := 0; i < len(text); i++ {
			if text[i] == '=' && i+2 < len(text) {
				if hi, lo := unhex(text[i+1]), unhex(text[i+2]); hi >= 0 && lo >= 0 {
					out = append(out, byte(hi<<4|lo))
					i += 2
					continue
				}
			}
			out = append(out, text[i])
		}
		if !soft && n >= 0 {
			out = append(out, '\n')
		}
	}
	return out
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}

// decodeBase64 decodes RFC 2045 section 6.8 up to the padding, and passes over
// what is not of its alphabet.
func decodeBase64(b []byte) []byte {
	clean := make([]byte, 0, len(b))
	for _, c := range b {
		if c == '=' {
			break
		}
		if c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/' {
			clean = append(clean, c)
		}
	}
	if len(clean)%4 == 1 {
		clean = clean[:len(clean)-1]
	}
	out := make([]byte, base64.RawStdEncoding.DecodedLen(len(clean)))
	n, _ := base64.RawStdEncoding.Decode(out, clean)
	return out[:n]
}

// text returns the body as UTF-8 with "\n" line ends.
func (p *part) text() string {
	b := p.decoded()
	if len(b) > maxHuman {
		b = b[:maxHuman]
	}
	s := strings.ReplaceAll(toUTF8(b, p.params["charset"]), "\r\n", "\n")
	if p.media == "text/html" {
		s = htmlText(s)
	}
	return strings.ReplaceAll(s, "\u00a0", " ")
}

// toUTF8 decodes b. A charset that is unknown, absent or evidently wrong is
// taken to be UTF-8, and where that does not fit, Windows-1252.
func toUTF8(b []byte, charset string) string {
	if e := findEncoding(charset); e != nil {
		if u, err := e.NewDecoder().Bytes(b); err == nil {
			return strings.ToValidUTF8(string(u), "\uFFFD")
		}
	}
	if utf8.Valid(b) {
		return string(b)
	}
	u, _ := charmap.Windows1252.NewDecoder().Bytes(b)
	return string(u)
}

// findEncoding returns nil for UTF-8, US-ASCII and what is unknown.
func findEncoding(charset string) encoding.Encoding {
	charset = strings.ToLower(strings.TrimSpace(charset))
	switch charset {
	case "", "utf-8", "utf8", "us-ascii", "ascii":
		return nil
	}
	if e, err := htmlindex.Get(charset); err == nil {
		if name, _ := htmlindex.Name(e); name != "utf-8" && name != "replacement" {
			return e
		}
		return nil
	}
	e, err := ianaindex.MIME.Encoding(charset)
	if err != nil {
		return nil
	}
	return e
}

var words = mime.WordDecoder{CharsetReader: func(charset string, r io.Reader) (io.Reader, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return strings.NewReader(toUTF8(b, charset)), nil
}}

// decodeWords decodes a header field's text (RFC 2047).
func decodeWords(s string) string {
	if d, err := words.DecodeHeader(s); err == nil {
		s = d
	}
	if !utf8.ValidString(s) {
		s = toUTF8([]byte(s), "")
	}
	return strings.TrimSpace(s)
}

// htmlText returns the text of an HTML document, with the line breaks that
// its elements stand for.
func htmlText(s string) string {
	var b strings.Builder
	skip := "" // the element whose content is not shown
	for len(s) > 0 {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			i = len(s)
		}
		if skip == "" {
			for n, w := range strings.Fields(html.UnescapeString(s[:i])) {
				if n > 0 || i > 0 && isBlank(s[0]) {
					b.WriteByte(' ')
				}
				b.WriteString(w)
			}
			if i > 0 && isBlank(s[i-1]) {
				b.WriteByte(' ')
			}
		}
		if i == len(s) {
			break
		}
		s = s[i+1:]
		if strings.HasPrefix(s, "!--") {
			_, s, _ = strings.Cut(s, "-->")
			continue
		}
		tag, rest, ok := strings.Cut(s, ">")
		if !ok {
			break
		}
		s = rest
		name := tag
		if j := strings.IndexAny(tag, " \t\r\n"); j >= 0 {
			name = tag[:j]
		}
		name = strings.ToLower(strings.TrimSuffix(name, "/"))
		switch {
		case skip != "":
			if name == "/"+skip {
				skip = ""
			}
		case name == "style" || name == "script" || name == "title":
			skip = name
		case strings.Contains(" br p /p div /div tr /tr li table /table h1 h2 h3 /h1 /h2 /h3 pre /pre hr ", " "+name+" "):
			b.WriteByte('\n')
		case name == "td" || name == "/td":
			b.WriteByte(' ')
		}
	}
	return b.String()
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

package ndr

import (
	"bytes"
	"mime"
	"strings"
)

// A part is a MIME entity (RFC 2045).
//
// The parts are told apart here and not by mime/multipart, which gives up at
// the first line that it does not expect: real bounces lack the closing
// boundary or the one that their header names, or have no blank line after a
// part's header, and what follows is worth reading. Media types, encoded words
// and addresses are read by the standard library.
type part struct {
	header header
	media  string // lower case, such as "text/plain"
	params map[string]string
	body   []byte // not decoded
	parts  []*part
}

type mimeReader struct {
	parts   int
	problem func(string)
}

// read reads the entity b. Fallback is its media type when it names none.
func (m *mimeReader) read(b []byte, depth int, fallback string) *part {
	p := &part{}
	p.header, p.body = readHeader(b, depth == 0, m.problem)
	p.media, p.params = mediaType(p.header.get("content-type"), fallback)
	m.parts++
	if !strings.HasPrefix(p.media, "multipart/") {
		return p
	}
	if depth == maxDepth {
		m.problem("multiparts are nested too deeply")
		return p
	}
	inner := "text/plain"
	if p.media == "multipart/digest" {
		inner = "message/rfc822"
	}
	bodies, closed := splitParts(p.body, p.params["boundary"])
	if len(bodies) == 0 {
		if guess := guessBoundary(p.body); guess != "" && guess != p.params["boundary"] {
			m.problem("the boundary is not the one that the header names")
			bodies, closed = splitParts(p.body, guess)
		}
	}
	if len(bodies) == 0 {
		m.problem("a multipart without parts")
		p.media = "text/plain"
		return p
	}
	if !closed {
		m.problem("the closing boundary is missing")
	}
	for _, body := range bodies {
		if m.parts >= maxParts {
			m.problem("too many parts")
			break
		}
		p.parts = append(p.parts, m.read(body, depth+1, inner))
	}
	return p
}

// mediaType reads a Content-Type field, broken ones as far as it goes.
func mediaType(value, fallback string) (string, map[string]string) {
	if value == "" {
		return fallback, nil
	}
	media, params, err := mime.ParseMediaType(value)
	if err == nil {
		return media, params
	}
	// A doubled parameter, an unquoted boundary with an "=" in it, and so on.
	media, rest, _ := strings.Cut(value, ";")
	media = strings.ToLower(strings.TrimSpace(media))
	if !strings.Contains(media, "/") {
		media = fallback
	}
	params = map[string]string{}
	for s := range strings.SplitSeq(rest, ";") {
		name, v, ok := strings.Cut(s, "=")
		name = strings.ToLower(strings.TrimSpace(name))
		if _, dup := params[name]; ok && !dup {
			params[name] = strings.Trim(strings.TrimSpace(v), `"`)
		}
	}
	return media, params
}

// splitParts returns what stands between the boundary's lines (RFC 2046
// section 5.1.1), and whether the closing one was there.
func splitParts(b []byte, boundary string) (parts [][]byte, closed bool) {
	if boundary == "" {
		return nil, false
	}
	mark := []byte("--" + boundary)
	start := -1
	for at := 0; at < len(b); {
		end := len(b)
		if n := bytes.IndexByte(b[at:], '\n'); n >= 0 {
			end = at + n + 1
		}
		if line := b[at:end]; bytes.HasPrefix(line, mark) {
			tail := bytes.TrimRight(line[len(mark):], " \t\r\n")
			last := string(tail) == "--"
			if len(tail) == 0 || last {
				if start >= 0 {
					parts = append(parts, trimLineEnd(b[start:at]))
				}
				if last {
					return parts, true
				}
				start = end
			}
		}
		at = end
	}
	if start >= 0 && start < len(b) {
		parts = append(parts, b[start:])
	}
	return parts, false
}

func trimLineEnd(b []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r"))
}

// guessBoundary returns what looks like the boundary of b: a line that begins
// with two hyphens, right before a Content-Type field or the like.
func guessBoundary(b []byte) string {
	for len(b) > 0 {
		line, rest := cutLine(b)
		if bytes.HasPrefix(line, []byte("--")) && len(line) > 4 && len(line) < 140 {
			next, _ := cutLine(rest)
			if len(next) > 8 && bytes.EqualFold(next[:8], []byte("content-")) {
				return strings.TrimRight(string(line[2:]), " \t")
			}
		}
		b = rest
	}
	return ""
}

package ndr

import (
	"hash/fnv"
	"strings"
)

// A message is one message taken apart.
type message struct {
	header   header
	subject  string // decoded
	from     string // the address, "" for <> and for none
	fromText string // the From field as a whole, decoded

	status   []*part  // message/delivery-status
	attached []*part  // message/rfc822
	feedback bool     // a message/feedback-report
	receipt  bool     // a message/disposition-notification (RFC 8098)
	lines    []string // the text for people, up to the original message
	original header   // of the message that this one is about
	quoted   [][]byte // messages that the text quotes, if it is a forwarding one

	root *part
	own  map[string]bool // addresses that cannot be the recipient, lower case
}

func newMessage(b []byte, r *Report) *message {
	mr := &mimeReader{problem: r.problem}
	root := mr.read(b, 0, "text/plain")
	m := &message{header: root.header, root: root}
	m.subject = decodeWords(root.header.get("subject"))
	m.fromText = decodeWords(root.header.get("from"))
	m.from = firstAddress(root.header.get("from"))
	var w walker
	w.walk(m, root)
	text := w.text(r)
	lines := strings.Split(text, "\n")
	if quoted := unquote(lines); quoted != nil {
		m.quoted = append(m.quoted, []byte(strings.Join(quoted, "\n")))
		lines = quoted
	}
	human, rest := splitOriginal(lines)
	m.lines = human
	if w.original != nil {
		m.original, _ = readHeader(w.original.decoded(), true, func(string) {})
	}
	if len(m.original) == 0 && len(rest) > 0 {
		b := []byte(strings.Join(rest, "\n"))
		m.original, _ = readHeader(b, true, func(string) {})
		if forwards(m.subject) {
			m.quoted = append(m.quoted, b)
		}
	}
	m.own = map[string]bool{}
	for _, name := range []string{"to", "from", "return-path", "reply-to", "sender", "delivered-to", "x-original-to", "envelope-to"} {
		for _, a := range addresses(m.header.get(name), 20) {
			m.own[strings.ToLower(a)] = true
		}
	}
	return m
}

// unquote returns what a message quotes with "> ", from the first such line
// on, nil when it does not do so with most of its lines.
func unquote(lines []string) []string {
	quoted, filled, first := 0, 0, 0
	for i, line := range lines {
		if strings.TrimSpace(line) != "" {
			filled++
		}
		if strings.HasPrefix(line, "> ") {
			if quoted == 0 {
				first = i
			}
			quoted++
		}
	}
	if quoted < 5 || quoted*2 < filled {
		return nil
	}
	plain := make([]string, len(lines)-first)
	for i, line := range lines[first:] {
		plain[i] = strings.TrimPrefix(strings.TrimPrefix(line, ">"), " ")
	}
	return plain
}

// forwards tells whether a subject is that of a forwarded message.
func forwards(subject string) bool {
	prefix, _, ok := strings.Cut(strings.ToLower(subject), ":")
	return ok && forwardPrefixes[strings.TrimSpace(prefix)]
}

var forwardPrefixes = map[string]bool{
	"fw": true, "fwd": true, "wg": true, "tr": true, "i": true, "rv": true, "enc": true, "doorst": true, "vs": true, "vb": true, "videresendt": true,
}

// reads tells whether there is anything to read: a header that a message has.
func (m *message) reads() bool {
	return m.header.has("from") || m.header.has("subject") || m.header.has("content-type")
}

// A walker sorts the parts of a message.
type walker struct {
	plain, html, late []*part // texts: late ones come after the original
	original          *part
}

func (w *walker) walk(m *message, p *part) {
	switch {
	case len(p.parts) > 0:
		w.alternatives(p)
		for _, sub := range p.parts {
			w.walk(m, sub)
		}
	case strings.HasPrefix(p.media, "multipart/"):
	case p.media == "message/delivery-status" || p.media == "message/global-delivery-status":
		m.status = append(m.status, p)
	case p.media == "message/feedback-report":
		m.feedback = true
	case p.media == "message/disposition-notification" || p.media == "message/global-disposition-notification":
		m.receipt = true
	case p.media == "message/rfc822" || p.media == "message/global":
		m.attached = append(m.attached, p)
		w.setOriginal(p)
	case strings.HasPrefix(p.media, "message/") || strings.HasPrefix(p.media, "text/rfc822"):
		w.setOriginal(p)
	case p.media == "text/plain" || p.media == "text/html" || p.media == "text" || p == m.root:
		switch disposition := strings.ToLower(p.header.get("content-disposition")); {
		case w.original != nil:
			w.late = append(w.late, p)
		case strings.HasPrefix(disposition, "attachment") && len(w.plain)+len(w.html) > 0:
			if fieldName(firstLine(p.body)) > 0 {
				w.setOriginal(p) // the headers of the original, as a text file
			}
		case p.media == "text/html":
			w.html = append(w.html, p)
		default:
			w.plain = append(w.plain, p)
		}
	}
}

func firstLine(b []byte) []byte {
	line, _ := cutLine(b)
	return line
}

func (w *walker) setOriginal(p *part) {
	if w.original == nil {
		w.original = p
	}
}

// alternatives drops the HTML beside a plain text that says something.
func (w *walker) alternatives(p *part) {
	if p.media != "multipart/alternative" {
		return
	}
	said := false
	for _, sub := range p.parts {
		said = said || sub.media == "text/plain" && len(strings.TrimSpace(string(sub.decoded()))) > 20
	}
	if said {
		for _, sub := range p.parts {
			if sub.media == "text/html" {
				sub.media = "text/x-dropped"
			}
		}
	}
}

// text returns the text for people: the plain one if there is any.
func (w *walker) text(r *Report) string {
	var b strings.Builder
	for _, list := range [][]*part{w.plain, w.html, w.late} {
		for _, p := range list {
			if b.Len() >= maxHuman {
				r.problem("the text is longer than 1 MiB; the rest of it was not read")
				break
			}
			b.WriteString(p.text())
			b.WriteByte('\n')
		}
		if len(strings.TrimSpace(b.String())) > 0 {
			break
		}
	}
	return b.String()
}

// sessionOf makes outcomes of different messages count as different sessions,
// the same in every run.
func sessionOf(r *Report, m *message) uint64 {
	h := fnv.New64a()
	h.Write([]byte(r.Pos.String()))
	h.Write([]byte{0})
	h.Write([]byte(m.header.get("message-id")))
	return h.Sum64()
}

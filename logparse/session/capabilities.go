package session

import (
	"bytes"
	"strings"

	"github.com/smtplog/smtplog/reply"
)

// Capabilities returns what the server offered in its reply to EHLO, a keyword
// with its parameters each. The reply has a line for each, or is folded to one
// line as Exchange 2016 and later log it.
func (s *Session) Capabilities() []string {
	var list []string
	s.capabilities(nil, func(c []byte) { list = append(list, string(c)) })
	return list
}

// capabilities calls yield for each of Capabilities. It returns buf, which it
// uses for what it yields.
func (s *Session) capabilities(buf []byte, yield func([]byte)) []byte {
	greets, lines, several := strings.Cut(s.ehlo, "\n")
	if several {
		for line := range strings.SplitSeq(lines, "\n") {
			buf = append(buf[:0], line...)
			if l, ok := reply.ParseLine(buf); ok {
				yield(l.Text)
			} else {
				yield(buf)
			}
		}
		return buf
	}
	// The first line greets: "host Hello [192.0.2.7]", and in the folded form
	// the keywords follow it.
	buf = append(buf[:0], greets...)
	text := buf
	l, ok := reply.ParseLine(buf)
	if ok {
		text = l.Text
	}
	if i := bytes.Index(text, []byte("] ")); i >= 0 && !l.More {
		foldedCapabilities(text[i+len("] "):], yield)
	}
	return buf
}

// foldedCapabilities joins keywords with their parameters: "SIZE 37748736",
// "AUTH NTLM LOGIN", "X-EXPS GSSAPI NTLM". It writes over text.
func foldedCapabilities(text []byte, yield func([]byte)) {
	list := text[:0] // the keyword under way with its parameters
	takes := false
	for w := range bytes.FieldsSeq(text) {
		switch string(w) {
		case "GSSAPI", "NTLM", "LOGIN", "PLAIN", "CRAM-MD5", "EXCHANGEAUTH", "SHA256", "0":
		default:
			takes = takes && number(w) > 0
		}
		if takes {
			list = append(append(list, ' '), w...)
			continue
		}
		if len(list) > 0 {
			yield(list)
		}
		takes = string(w) == "SIZE" || string(w) == "AUTH" || string(w) == "X-EXPS"
		list = append(list[:0], w...)
	}
	if len(list) > 0 {
		yield(list)
	}
}

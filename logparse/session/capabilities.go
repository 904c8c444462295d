package session

import (
	"strings"

	"github.com/smtplog/smtplog/reply"
)

// Capabilities returns what the server offered in its reply to EHLO, a keyword
// with its parameters each. The reply has a line for each, or is folded to one
// line as Exchange 2016 and later log it.
func (s *Session) Capabilities() []string {
	var list []string
	lines := strings.Split(s.ehlo, "\n")
	for i, line := range lines {
		l, ok := reply.ParseLine([]byte(line))
		text := string(l.Text)
		if !ok {
			text = line
		}
		if i > 0 {
			list = append(list, text)
			continue
		}
		// The first line greets: "host Hello [192.0.2.7]", and in the folded form
		// the keywords follow it.
		if _, folded, found := strings.Cut(text, "] "); found && len(lines) == 1 && !l.More {
			list = append(list, foldedCapabilities(strings.Fields(folded))...)
		}
	}
	return list
}

// foldedCapabilities joins keywords with their parameters: "SIZE 37748736",
// "AUTH NTLM LOGIN", "X-EXPS GSSAPI NTLM".
func foldedCapabilities(words []string) []string {
	var list []string
	takes := false
	for _, w := range words {
		if takes && (w == "GSSAPI" || w == "NTLM" || w == "LOGIN" || w == "PLAIN" || w == "CRAM-MD5" || w == "EXCHANGEAUTH" || w == "SHA256" || number([]byte(w)) > 0 || w == "0") {
			list[len(list)-1] += " " + w
			continue
		}
		list = append(list, w)
		takes = w == "SIZE" || w == "AUTH" || w == "X-EXPS"
	}
	return list
}

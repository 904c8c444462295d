package logparse

import (
	"bytes"

	"github.com/smtplog/smtplog/reply"
)

// imsLook tells the Internet Mail Service's log from that of Exchange 5.5's
// Internet News Service, which has the same writer.
type imsLook struct {
	sure  int // lines as the IMS writes them
	smtp  int // of them, those that only SMTP has
	nntp  int // lines that only NNTP has
	dated int // other lines with a date in front
}

func (l *imsLook) decide(e *evidence) {
	switch {
	case l.nntp > 0 && l.smtp == 0:
		e.voteService(serviceNews55, l.nntp+l.sure+l.dated)
	case l.sure > 0:
		e.vote(IMS, l.sure+l.dated)
	default:
		e.strange += l.dated
	}
}

// dated lets a line with a date and " : " in front vote.
func (e *evidence) dated(line []byte) bool {
	if c := line[0]; c != '"' && (c < '0' || c > '9') {
		return false
	}
	if i := bytes.Index(line[:min(len(line), 64)], []byte("(TID:")); i > 0 {
		e.exchange55(line[i:])
		return true
	}
	_, text := parseIMSStamp(line)
	if text == 0 {
		return false
	}
	e.ims.line(line[text:])
	return true
}

// line looks at what stands behind the stamp.
func (l *imsLook) line(text []byte) {
	if hasPrefixFold(text, "CONNECTION TO [") {
		l.nntp++
		return
	}
	entry := parseIMSEntry(text)
	if newsText(entry.text) {
		l.nntp++
		return
	}
	verb, _, _ := SplitCommand(entry.text)
	code, isReply := reply.ParseLine(entry.text)
	switch {
	case entry.connection != imsNoConnection:
		l.sure++
		l.smtp++
	case verb > VerbConnect && verb < VerbOther && verb != VerbQUIT && verb != VerbHELP:
		l.sure++
		l.smtp++
	case isReply && (code.Code == 250 || code.Code == 354 || code.Code == 499):
		l.sure++
		l.smtp++
	case isReply || verb == VerbQUIT || entry.arrow != imsNoArrow:
		l.sure++
	default:
		l.dated++
	}
}

// newsText reports whether a line of a conversation is NNTP's (RFC 977).
func newsText(b []byte) bool {
	for _, s := range []string{"MODE READER", "NEWNEWS", "NEWGROUPS", "IHAVE ", "ARTICLE <", "XOVER", "LIST ACTIVE",
		"AUTHINFO ", "GROUP ", "111 ", "211 ", "215 ", "222 ", "224 ", "230 ", "231 ", "335 "} {
		if hasPrefixFold(b, s) {
			return true
		}
	}
	return hasPrefixFold(b, "20") && (contains(b, "NNRP") || contains(b, "posting") || contains(b, "NNTP"))
}

// exchange55 lets a row of Exchange 5.5's POP3 and IMAP4 logs vote,
// "01/26/1998 17:31:43.139 >>> (TID:141): +OK".
func (e *evidence) exchange55(text []byte) {
	_, text, _ = bytes.Cut(text, []byte(": "))
	for _, word := range []string{"+OK", "-ERR", "USER ", "PASS ", "RETR ", "STAT", "UIDL", "LIST", "TOP "} {
		if hasPrefixFold(text, word) {
			e.voteService(servicePOP355, 1)
			return
		}
	}
	e.voteService(serviceIMAP455, 1)
}

// mailClient lets a line of Outlook Express's logs vote, or of the Microsoft
// Mail gateway, which marks what it received and sent in the same way.
func (e *evidence) mailClient(line []byte) bool {
	for _, c := range []struct{ prefix, service string }{
		{"SMTP", ""}, {"POP3", servicePOP3Client}, {"IMAP4", serviceIMAPClient}, {"IMAP", serviceIMAPClient},
		{"NNTP", serviceNNTPClient}, {"HTTP", serviceHTTPClient},
	} {
		if !hasPrefixFold(line, c.prefix) {
			continue
		}
		rest := line[len(c.prefix):]
		row := len(rest) > 14 && rest[0] == ':' && rest[1] == ' ' && clockAhead(rest[2:10])
		if !row && !hasPrefixFold(rest, " LOG STARTED AT ") {
			return false
		}
		if c.service == "" {
			e.vote(OutlookSMTP, 1)
		} else {
			e.voteService(c.service, 1)
		}
		return true
	}
	gateway := len(line) > 11 && clockAhead(line[:8]) && string(line[8:11]) == " - "
	if gateway || bytes.HasPrefix(line, []byte("[tx] ")) || bytes.HasPrefix(line, []byte("[rx] ")) {
		e.voteService(serviceMSMail, 1)
		return true
	}
	return false
}

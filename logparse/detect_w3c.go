package logparse

import (
	"bytes"
	"slices"
)

// A site is the IIS service that a site name such as "SMTPSVC1" belongs to.
type site uint8

const (
	siteNone site = iota
	siteSMTP
	siteHTTP
	siteFTP
	siteNNTP
)

// siteService returns the service of an IIS site name.
func siteService(name []byte) site {
	for _, s := range []struct {
		name string
		site site
	}{{"SMTPSVC", siteSMTP}, {"W3SVC", siteHTTP}, {"MSFTPSVC", siteFTP}, {"FTPSVC", siteFTP}, {"NNTPSVC", siteNNTP}} {
		if hasPrefixFold(name, s.name) && (len(name) == len(s.name) || digitsOnly(name[len(s.name):])) {
			return s.site
		}
	}
	return siteNone
}

// w3cLook finds out which service a W3C Extended log is of: all of IIS's
// services share the header.
type w3cLook struct {
	weight               int // of the headers seen
	smtp, http, ftp, nnt int // rows
	rows                 int // rows of a service that could not be told
}

func (w *w3cLook) header(weight int) { w.weight += weight }

// decide turns what was seen into votes. One row of SMTP is enough: servers
// with one log for all sites do exist, and a log without rows is taken as one.
func (w *w3cLook) decide(e *evidence) {
	others := w.http + w.ftp + w.nnt
	switch {
	case w.smtp > 0 || others == 0:
		e.vote(IISW3C, w.weight+w.smtp+others)
		if w.weight > 0 {
			e.vote(IISW3C, w.rows)
		} else {
			e.strange += w.rows
		}
		return
	case w.http >= w.ftp && w.http >= w.nnt:
		e.voteService(serviceHTTP, w.weight+others+w.rows)
	case w.ftp >= w.nnt:
		e.voteService(serviceFTP, w.weight+others+w.rows)
	default:
		e.voteService(serviceNNTP, w.weight+others+w.rows)
	}
}

// w3cRow lets a row with blanks between its columns vote.
func (e *evidence) w3cRow(line []byte) bool {
	var buf [64][]byte
	c := columns(buf[:0], line, ' ')
	if len(c) < 4 {
		return false
	}
	// Without a header many a log of many a program begins with a date, but
	// then the client's address must be among the next.
	shaped := (dashedDate(c[0]) || clockAhead(c[0]) || addressLike(c[0])) && slices.ContainsFunc(c[:3], addressLike)
	if !shaped && e.w3c.weight == 0 {
		return false
	}
	first := siteNone
	for i, v := range c {
		if s := w3cValue(v, i); s == siteSMTP {
			first = s
			break
		} else if first == siteNone {
			first = s
		}
	}
	w := &e.w3c
	switch first {
	case siteSMTP:
		w.smtp++
	case siteHTTP:
		w.http++
	case siteFTP:
		w.ftp++
	case siteNNTP:
		w.nnt++
	default:
		if !shaped {
			return false
		}
		w.rows++
	}
	return true
}

// w3cValue returns the service that the i-th value of a row gives away, if it
// does.
func w3cValue(v []byte, i int) site {
	if s := siteService(v); s != siteNone {
		return s
	}
	if bytes.HasPrefix(v, []byte("HTTP/")) {
		return siteHTTP
	}
	switch string(v) {
	case "SMTP", "OutboundConnectionCommand", "OutboundConnectionResponse",
		"HELO", "EHLO", "MAIL", "RCPT", "BDAT", "STARTTLS", "XEXCH50":
		return siteSMTP
	case "GET", "POST", "HEAD", "PUT", "OPTIONS", "PROPFIND", "RPC_IN_DATA", "RPC_OUT_DATA":
		return siteHTTP
	case "USER", "PASS", "RETR", "STOR", "ControlChannelOpened", "DataChannelOpened":
		return siteFTP
	case "newnews", "newgroups", "article", "ihave", "xover":
		return siteNNTP
	}
	// The FTP service writes the number of the connection: "[12]USER".
	if i > 0 && len(v) > 3 && v[0] == '[' {
		if end := bytes.IndexByte(v, ']'); end > 1 && end < len(v)-1 && digitsOnly(v[1:end]) {
			return siteFTP
		}
	}
	return siteNone
}

// clockAhead reports whether b is "13:17:37".
func clockAhead(b []byte) bool {
	_, ok := clockSeconds(b)
	return ok
}

// addressLike reports whether b looks like an IPv4 or IPv6 address.
func addressLike(b []byte) bool {
	separators := 0
	for _, c := range b {
		switch {
		case c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f':
		case c == '.' || c == ':':
			separators++
		default:
			return false
		}
	}
	return separators >= 2 && len(b) <= 45 && !clockAhead(b)
}

// ncsaRow lets a row of the NCSA common format vote:
// ip - user [date] "VERB -?args SMTP" 250 46.
func (e *evidence) ncsaRow(line []byte) bool {
	// The HELO name in front may be an address in brackets too.
	end := bytes.Index(line, []byte(`] "`))
	if end < 0 {
		return false
	}
	open := bytes.LastIndex(line[:end], []byte(" ["))
	if open < 0 || end-open < 20 || line[open+4] != '/' || line[open+8] != '/' {
		return false
	}
	request := line[end+3:]
	verb, name, _ := SplitCommand(request)
	switch {
	case contains(request, ` SMTP"`) || bytes.HasSuffix(request, []byte(" SMTP")) ||
		verb == VerbHELO || verb == VerbEHLO || verb == VerbMAIL || verb == VerbRCPT:
		e.vote(IISNCSA, 1)
	case contains(request, " HTTP/"):
		e.voteService(serviceHTTPNCSA, 1)
	case contains(request, ` FTP"`) || len(name) > 0 && name[0] == '[':
		e.voteService(serviceFTPNCSA, 1)
	case verb != VerbNone && verb != VerbOther || len(name) == 1 && name[0] == '-':
		e.vote(IISNCSA, 1)
	default:
		return false
	}
	return true
}

package logparse

import (
	"bytes"
	"slices"
)

// csvRow lets a row with commas vote: those of Exchange 2007 and later, the
// Microsoft IIS format, and a CSV export of its ODBC table.
func (e *evidence) csvRow(line []byte) bool {
	if bytes.IndexByte(line, ',') < 0 {
		return false
	}
	var buf [64][]byte
	c := columns(buf[:0], line, ',')
	for i, v := range c {
		c[i] = unquoted(v)
	}
	switch n := len(c); {
	case n >= 8 && isExchangeEvent(c[6]) && digitsOnly(c[3]):
		e.vote(ExchangeReceive, 1)
		e.exchange.row(c)
	case n >= 9 && isTrackingSource(c[7]) && isTrackingEvent(c[8]):
		e.vote(Tracking, 1)
		e.widths[n]++
	case n >= 16 && isoTimeAhead(c[0]) && bytes.HasPrefix(c[11], []byte("On")):
		e.vote(Agent, 1)
	case n >= 6 && n <= 8 && isoTimeAhead(c[0]) && len(c[4]) == 1 && bytes.IndexByte([]byte("+->*"), c[4][0]) >= 0:
		if !e.headed { // else the list of columns says what the fifth is
			e.vote(Connectivity, 1)
		}
	case n >= 14:
		return e.iisService(c[4], IISMSIIS) || e.iisService(c[3], IISODBC)
	default:
		return false
	}
	return true
}

// iisService lets a row with the service's name vote: a CSV export of the ODBC
// table has it in its fourth column, the Microsoft IIS format in its fifth.
func (e *evidence) iisService(name []byte, format Format) bool {
	switch site := siteService(name); {
	case site == siteSMTP:
		e.vote(format, 1)
	case site == siteHTTP:
		e.voteService(serviceHTTPMSIIS, 1)
	case site == siteFTP:
		e.voteService(serviceFTPMSIIS, 1)
	case site == siteNNTP:
		e.voteService(serviceNNTPMSIIS, 1)
	default:
		return false
	}
	return true
}

func isExchangeEvent(b []byte) bool {
	return len(b) == 1 && (b[0] == '+' || b[0] == '-' || b[0] == '<' || b[0] == '>' || b[0] == '*') ||
		string(b) == "&lt;" || string(b) == "&gt;"
}

// isoTimeAhead reports whether b begins with "2026-11-01T".
func isoTimeAhead(b []byte) bool {
	return len(b) >= 11 && digitsOnly(b[:4]) && b[4] == '-' && digitsOnly(b[5:7]) && b[7] == '-' &&
		digitsOnly(b[8:10]) && (b[10] == 'T' || b[10] == ' ')
}

var trackingSources = []string{"ADMIN", "AGENT", "APPROVAL", "BOOTLOADER", "DNS", "DSN", "GATEWAY", "MAILBOXRULE",
	"MEETINGMESSAGEPROCESSOR", "ORAR", "PICKUP", "POISONMESSAGE", "PUBLICFOLDER", "QUEUE", "REDUNDANCY", "RESOLVER",
	"ROUTING", "SAFETYNET", "SMTP", "STOREDRIVER"}

func isTrackingSource(b []byte) bool {
	return slices.ContainsFunc(trackingSources, func(s string) bool { return equalFoldASCII(b, s) })
}

// isTrackingEvent reports whether b looks like an event id; new ones come up
// with every version.
func isTrackingEvent(b []byte) bool {
	for _, c := range b {
		if c|0x20 < 'a' || c|0x20 > 'z' {
			return false
		}
	}
	return len(b) >= 3
}

// exchangeLook finds out which side of the connection an Exchange protocol log
// was written on.
type exchangeLook struct {
	logType       Format // the header's word, FormatUnknown without one
	receive, send int
}

func (x *exchangeLook) logged(f Format) {
	if x.logType == FormatUnknown {
		x.logType = f
	}
}

func (x *exchangeLook) proven() bool { return x.logType != FormatUnknown || x.receive != x.send }

func (x *exchangeLook) format() Format {
	switch {
	case x.logType != FormatUnknown:
		return x.logType
	case x.send > x.receive:
		return ExchangeSend
	}
	return ExchangeReceive
}

// row looks at a row's columns. On a receive log "<" is the client's command
// and ">" our reply; on a send log it is the other way round.
func (x *exchangeLook) row(c [][]byte) {
	const certain, likely = 8, 3
	data := []byte(nil)
	if len(c) > 7 {
		data = c[7]
	}
	verb, _, arg := SplitCommand(data)
	command := verb > VerbConnect && verb < VerbOther && (len(arg) == 0 || arg[0] != '=')
	reply := len(data) >= 3 && digitsOnly(data[:3]) && (len(data) == 3 || data[3] == ' ' || data[3] == '-')
	if command || reply {
		switch received := c[6][0] == '<' || string(c[6]) == "&lt;"; {
		case !received && c[6][0] != '>' && string(c[6]) != "&gt;":
		case received == command:
			x.receive += certain
		default:
			x.send += certain
		}
	}
	local, remote := receivePort(c[4]), receivePort(c[5])
	switch {
	case len(c[4]) == 0: // not connected yet, which only a client can be
		x.send += likely
	case local && !remote:
		x.receive += likely
	case remote && !local:
		x.send += likely
	}
	if bytes.IndexByte(c[1], '\\') >= 0 { // SERVER\Connector
		x.receive++
	} else {
		x.send++
	}
}

// receivePort reports whether an endpoint has a port that Exchange listens on:
// 25 and 587, 2525, 465, 475 and 717 between its services.
func receivePort(endpoint []byte) bool {
	switch string(endpoint[bytes.LastIndexByte(endpoint, ':')+1:]) {
	case "25", "587", "2525", "465", "475", "717":
		return true
	}
	return false
}

// tabbed lets a row with tabs vote: the tracking logs up to Exchange 2003.
func (e *evidence) tabbed(line []byte) bool {
	var buf [64][]byte
	if isMTSID(line) {
		e.vote(Tracking5, 1)
		return true
	}
	if bytes.IndexByte(line, '\t') < 0 {
		return false
	}
	c := columns(buf[:0], line, '\t')
	switch {
	case len(c) >= 18 && dashedDate(c[0]) && bytes.IndexByte(c[1], ':') > 0 && digitsOnly(c[8]):
		e.vote(Tracking2000, 1)
	case len(c) >= 6 && digitsOnly(c[1]) && len(c[1]) <= 4 && dottedTime(c[2]):
		e.vote(Tracking5, 1)
	default:
		return false
	}
	return true
}

// isMTSID reports whether a line begins with the X.400 id of a message and a
// number: "c=US;a= ;p=EXAMPLE;l=SERVER-960701173047Z-2", event 1000.
func isMTSID(line []byte) bool {
	if !hasPrefixFold(line, "C=") {
		return false
	}
	i := bytes.IndexAny(line, "\t")
	if i < 0 {
		if i = bytes.LastIndexByte(line, ' '); i < 0 {
			return false
		}
	}
	id := bytes.ToUpper(line[:min(i, 512)])
	return contains(id, ";P=") && contains(id, ";L=")
}

// dashedDate reports whether b is "2012-11-29", with or without leading zeros.
func dashedDate(b []byte) bool {
	if len(b) > 10 {
		return false
	}
	parts := bytes.Split(b, []byte{'-'})
	return len(parts) == 3 && len(parts[0]) == 4 && digitsOnly(parts[0]) && digitsOnly(parts[1]) && digitsOnly(parts[2])
}

// dottedTime reports whether b begins with "1996.7.1 ".
func dottedTime(b []byte) bool {
	parts := bytes.SplitN(b, []byte{'.'}, 3)
	return len(parts) == 3 && len(parts[0]) == 4 && digitsOnly(parts[0]) && digitsOnly(parts[1]) &&
		len(parts[2]) > 0 && digitsOnly(parts[2][:1])
}

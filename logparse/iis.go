package logparse

import (
	"strings"

	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// An iisColumn is what a column of an IIS log holds. The four formats log the
// same things under different names and in different orders.
type iisColumn uint8

const (
	iisOther    iisColumn = iota // nothing that an Event has
	iisDate                      // date
	iisTime                      // time; in ODBC's LogTime the date too
	iisClient                    // c-ip: the peer
	iisUser                      // cs-username: the HELO name, or which kind of outbound row it is
	iisSite                      // s-sitename: the virtual server, "SMTPSVC1"
	iisServer                    // s-computername
	iisLocal                     // s-ip
	iisPort                      // s-port: 0 inbound, the peer's port outbound
	iisMethod                    // cs-method: the verb
	iisQuery                     // cs-uri-query: what follows the verb, or the reply
	iisStatus                    // sc-status: the reply's code, 0 outbound
	iisWin32                     // sc-win32-status
	iisSent                      // sc-bytes
	iisReceived                  // cs-bytes
	iisElapsed                   // time-taken
	iisColumns
)

// The values of cs-username in the rows of an outbound connection.
const (
	iisOutboundCommand  = "OutboundConnectionCommand"
	iisOutboundResponse = "OutboundConnectionResponse"
)

// An iisRow is a row taken apart.
type iisRow struct {
	val   [iisColumns][]byte // nil for a column that the log does not have
	plain []byte             // scratch for the one value whose "+" were replaced

	spans iisSpans // of a row that goes the short way
}

// value returns what is in a column, nil for nothing.
func (r *iisRow) value(c iisColumn) []byte {
	v := r.val[c]
	if len(v) == 0 || len(v) == 1 && v[0] == '-' {
		return nil
	}
	return v
}

// event fills e from the row. e.Arg and e.Text are good until the next call.
func (r *iisRow) event(e *Event) {
	e.Remote = r.value(iisClient)
	e.Local = r.value(iisLocal)
	e.Server = r.value(iisServer)
	e.Connector = r.value(iisSite)
	e.Elapsed = iisNumber(r.val[iisElapsed])
	e.Win32 = iisNumber(r.val[iisWin32])
	e.BytesIn = iisNumber(r.val[iisReceived])
	e.BytesOut = iisNumber(r.val[iisSent])
	e.VerbText = r.value(iisMethod)
	e.Verb = iisVerb(e.VerbText)
	query := r.value(iisQuery)

	// QUIRK: IIS logs 240 for QUIT where it replied 221. It is kept.
	status := iisNumber(r.val[iisStatus])
	if status >= 200 && status <= 599 {
		e.Code = reply.Code(status)
	}

	switch e.Kind, e.Direction = r.side(e.Verb, query); {
	case e.Kind == KindReply:
		e.replied(r.blanks(query))
		return
	case e.Direction == outcome.Inbound:
		e.Helo = r.value(iisUser)
	}
	e.Arg = r.argument(query)
}

// replied fills in a reply that came in over a connection of ours.
func (e *Event) replied(text []byte) {
	e.Text = text
	// QUIRK: of a reply with several lines IIS logs the first alone, "250-"
	// and all, so no other line of it follows.
	if code, _, enhanced := reply.ParseCodes(text); code != 0 {
		e.Code, e.Enhanced = code, enhanced
	}
}

// argument returns what follows the verb, nil for nothing.
//
// The blank between verb and argument is logged too, as "+", but only for
// commands that came in. Arguments that IIS made up, the message id it gave to
// a message without one and the HELO name at QUIT, are logged without.
func (r *iisRow) argument(query []byte) []byte {
	if len(query) > 0 && (query[0] == '+' || query[0] == ' ') {
		query = query[1:]
	}
	if len(query) == 0 {
		return nil
	}
	return r.blanks(query)
}

// side tells what kind of row it is and which end of the connection wrote it.
func (r *iisRow) side(verb Verb, query []byte) (Kind, outcome.Direction) {
	switch user := r.val[iisUser]; {
	case user == nil:
		return r.sideByLook(verb, query)
	case string(user) == iisOutboundCommand && !r.accepted():
		return KindCommand, outcome.Outbound
	case string(user) == iisOutboundResponse && !r.accepted():
		return KindReply, outcome.Outbound
	case verb == VerbNone:
		return KindInfo, outcome.Inbound
	}
	return KindCommand, outcome.Inbound
}

// accepted reports whether the row says outright that it is of a connection
// that came in, so that a client cannot hide by the name that it gives in HELO.
func (r *iisRow) accepted() bool {
	return string(r.val[iisPort]) == "0" && r.value(iisLocal) != nil
}

// sideByLook is side for logs without cs-username.
func (r *iisRow) sideByLook(verb Verb, query []byte) (Kind, outcome.Direction) {
	if verb == VerbNone {
		if _, ok := reply.ParseCode(query); ok {
			return KindReply, outcome.Outbound
		}
		return KindInfo, outcome.Inbound
	}
	if r.connectedOut(verb, query) {
		return KindCommand, outcome.Outbound
	}
	return KindCommand, outcome.Inbound
}

// connectedOut tells a command that was sent from one that was received by the
// columns other than cs-username: of a connection that came in, IIS logs port
// 0, the reply's code, its own address, and "+" in front of an argument.
func (r *iisRow) connectedOut(verb Verb, query []byte) bool {
	switch {
	case r.val[iisPort] != nil:
		return iisNumber(r.val[iisPort]) > 0
	case r.val[iisStatus] != nil:
		return iisNumber(r.val[iisStatus]) == 0
	case r.val[iisLocal] != nil:
		return r.value(iisLocal) == nil
	}
	switch verb {
	case VerbHELO, VerbEHLO, VerbMAIL, VerbRCPT:
		return len(query) > 0 && query[0] != '+'
	}
	return false
}

// iisVerb returns the verb that a row names.
//
// QUIRK: the Windows help shows "MAIL FROM" and "RCPT TO" as verbs; the service
// writes MAIL and RCPT.
func iisVerb(name []byte) Verb {
	switch len(name) {
	case len("MAIL FROM"):
		if equalFoldASCII(name, "MAIL FROM") {
			return VerbMAIL
		}
	case len("RCPT TO"):
		if equalFoldASCII(name, "RCPT TO") {
			return VerbRCPT
		}
	}
	return ParseVerb(name)
}

// iisNumber returns the number that b is, -1 when it is none.
func iisNumber(b []byte) int64 {
	if len(b) == 0 || len(b) > 18 {
		return -1
	}
	var n int64
	for _, c := range b {
		if c < '0' || c > '9' {
			return -1
		}
		n = n*10 + int64(c-'0')
	}
	return n
}

// iisMaxColumns bounds the columns that the look of a line may name.
const iisMaxColumns = 64

// iisColumnsOf returns what the columns of these names hold. Of two columns of
// one name the first counts.
func iisColumnsOf(names []string, known map[string]iisColumn) []iisColumn {
	columns := make([]iisColumn, len(names))
	var seen [iisColumns]bool
	for i, name := range names {
		c := known[strings.ToLower(strings.TrimSpace(name))]
		if !seen[c] {
			columns[i] = c
			seen[c] = c != iisOther
		}
	}
	return columns
}

// clip returns the beginning of a value for a message.
func clip(b []byte) []byte { return b[:min(len(b), 40)] }

// trimBlanks drops blanks and tabs from both ends of b.
func trimBlanks(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	return trimBlanksRight(b)
}

func trimBlanksRight(b []byte) []byte {
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}

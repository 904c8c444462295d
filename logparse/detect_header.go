package logparse

import (
	"bytes"
	"slices"
	"strings"
)

// header lets a header line vote: "#Fields: …", also without its "#", which
// forums and shells eat, and a bare row of column names.
func (e *evidence) header(line []byte) bool {
	weight := headerWeight
	if e.place > headerPlace {
		weight = quotedWeight
	}
	line, marked := bytes.CutPrefix(unquoted(line), []byte{'#'})
	line = bytes.TrimLeft(line, " \t")
	key, value, ok := bytes.Cut(line, []byte{':'})
	value = bytes.TrimSpace(value)
	switch {
	case ok && equalFoldASCII(key, "SOFTWARE") && (marked || hasPrefixFold(value, "MICROSOFT")):
		e.software(value, weight)
		return true
	case ok && equalFoldASCII(key, "LOG-TYPE"):
		e.logType(value, weight)
		return true
	case ok && equalFoldASCII(key, "FIELDS"):
		e.names(splitNames(value), weight)
		return true
	case hasPrefixFold(line, "MESSAGE TRACKING LOG FILE") || hasPrefixFold(line, "EXCHANGE SYSTEM ATTENDANT VERSION"):
		e.vote(Tracking2000, weight)
		return true
	case hasPrefixFold(line, "MICROSOFT DHCP SERVICE ACTIVITY LOG") || hasPrefixFold(line, "MICROSOFT WINDOWS DHCP SERVICE"):
		e.voteService(serviceDHCP, weight)
		return true
	case !bareNames(line):
		return marked
	}
	return e.names(splitNames(line), weight) || marked
}

// software lets "#Software: …" vote. Exchange's and IIS's logs are told by
// what follows.
func (e *evidence) software(name []byte, weight int) {
	switch {
	case hasPrefixFold(name, "MICROSOFT EXCHANGE"):
	case hasPrefixFold(name, "MICROSOFT INTERNET INFORMATION S"):
		e.w3c.header(weight)
	case contains(name, "Firewall"):
		e.voteService(serviceFirewall, weight)
	case contains(name, "HTTP"):
		e.voteService(serviceHTTPErr, weight)
	default:
		e.voteService("log of "+printable(name), quotedWeight)
	}
}

// logType lets Exchange's "#Log-type: …" vote. Microsoft's pages write
// "#Log-Type", the files have "#Log-type".
func (e *evidence) logType(value []byte, weight int) {
	name := strings.ToLower(printable(value))
	switch {
	case strings.Contains(name, "smtp receive protocol log"):
		e.exchange.logged(ExchangeReceive)
		e.vote(ExchangeReceive, weight)
	case strings.Contains(name, "smtp send protocol log"):
		e.exchange.logged(ExchangeSend)
		e.vote(ExchangeReceive, weight)
	case strings.Contains(name, "message tracking log"):
		e.vote(Tracking, weight)
	case strings.Contains(name, "connectivity log"):
		e.vote(Connectivity, weight)
	case strings.HasPrefix(name, "agent log"):
		e.vote(Agent, weight)
	default:
		e.voteService(exchangeService(name), weight)
	}
}

// names lets a list of column names vote.
func (e *evidence) names(names []string, weight int) bool {
	lower := make([]string, len(names))
	for i, n := range names {
		lower[i] = strings.ToLower(strings.Trim(n, "\" \t"))
	}
	has := func(all ...string) bool {
		for _, n := range all {
			if !slices.Contains(lower, n) {
				return false
			}
		}
		return true
	}
	any := func(some ...string) bool {
		return slices.ContainsFunc(some, func(n string) bool { return slices.Contains(lower, n) })
	}
	service := serviceOfNames(has)
	switch {
	case service != "":
		// Less than a log type, which says more.
		e.voteService(service, weight/4)
	case has("session-id", "remote-endpoint") || has("connector-id", "sequence-number"):
		e.vote(ExchangeReceive, weight)
	case any("origin_timestamp_utc", "date_time_utc") || has("messagetraceid") ||
		has("received", "senderaddress", "recipientaddress", "status"):
		e.vote(MessageTrace, weight)
	case has("event-id", "partner-name") || has("linked-msgid"):
		e.vote(Tracking2000, weight)
	case has("event-id", "source") || has("message-id", "source-context"):
		e.vote(Tracking, weight)
	case has("session", "destination", "direction"):
		e.vote(Connectivity, weight)
	case has("sessionid", "p1fromaddress") || has("sessionid", "agent", "smtpresponse"):
		e.vote(Agent, weight)
	case has("eventid") && any("recipients", "messageid", "messagesubject", "sourcecontext", "clienthostname") ||
		has("timestamp", "sender", "recipients"):
		e.vote(TrackingPS, weight)
	case has("clienthost") && any("logtime", "servicestatus", "operation", "processingtime"):
		e.vote(IISODBC, weight)
	case any("cs-method", "cs-uri-query", "cs-username", "s-sitename") || has("c-ip", "sc-status"):
		e.w3c.header(weight)
	default:
		return false
	}
	e.headed = true
	return true
}

// splitNames splits a list of column names at its separator.
func splitNames(list []byte) []string {
	for _, sep := range []byte{',', '\t', ';'} {
		if bytes.IndexByte(list, sep) >= 0 {
			var names []string
			for _, n := range columns(make([][]byte, 0, 128), list, sep) {
				names = append(names, string(n))
			}
			return names
		}
	}
	return strings.Fields(string(list))
}

// bareNames reports whether a line could be a row of column names: several
// words, in letters, digits and what joins them.
func bareNames(line []byte) bool {
	seps := 0
	for _, c := range line {
		switch {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9':
		case c == ',' || c == ';' || c == '\t' || c == ' ':
			seps++
		case c == '-' || c == '_' || c == '"' || c == '(' || c == ')' || c == '#':
		default:
			return false
		}
	}
	return seps >= 2
}

// printable returns the printable ASCII of b, at most 60 bytes: it goes into
// messages.
func printable(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		if c >= ' ' && c < 0x7f && s.Len() < 60 {
			s.WriteByte(c)
		}
	}
	return s.String()
}

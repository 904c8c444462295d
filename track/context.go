package track

import (
	"encoding/binary"
	"hash/maphash"
	"strings"
)

// readContext reads the source-context, whose meaning is that of the event.
func (e *Event) readContext() {
	s := e.SourceContext
	switch {
	case s == "":
	case isMailbox(s):
		e.MDB, e.Mailbox = contextValue(s, "MDB:"), contextValue(s, "Mailbox:")
	case strings.HasPrefix(e.EventID, "HAREDIRECT"):
		// "EX2.example.com=250 2.6.0 <…> [InternalId=…, Hostname=…] Queued mail for redundancy"
		server, text, ok := strings.Cut(s, "=")
		if ok {
			e.RemoteServer, e.Reply = strings.TrimSpace(server), strings.TrimSpace(text)
		}
	default:
		e.readSession(s)
	}
	if e.Reply != "" {
		e.readReply()
	}
	if e.RemoteServer == "" && strings.HasPrefix(e.EventID, "SEND") {
		e.RemoteServer = e.ServerHostname
	}
}

// isMailbox reports whether the source-context is that of a mailbox.
func isMailbox[T string | []byte](s T) bool {
	return len(s) >= 4 && s[0] == 'M' && (string(s[:4]) == "MDB:" || len(s) >= 8 && string(s[:8]) == "Mailbox:")
}

// contextCounts reports whether a verdict may depend on the source-context of
// such an event.
func contextCounts(event string) bool {
	f := effects[event]
	return f != effectSeen && f != effectDelivered || strings.HasPrefix(event, "SEND") || strings.HasPrefix(event, "HAREDIRECT")
}

// appendDigest appends what stands for a source-context that nobody will read:
// as good to tell that two rows are not copies of each other.
func (p *packing) appendDigest(b, context []byte) []byte {
	return binary.LittleEndian.AppendUint64(append(b, 0), maphash.Bytes(p.seed, context))
}

// readSession reads "session;time;n" of what was received, and "reply" or
// "session;reply;ClientSubmitTime:…" of what was sent.
func (e *Event) readSession(s string) {
	// Some rows of what was sent leave the session out: ";250 2.6.0 …".
	s = strings.TrimPrefix(s, ";")
	id, rest, _ := strings.Cut(s, ";")
	if sessionID(id) {
		e.Session.ID, s = id, rest
		if at, n, ok := strings.Cut(rest, ";"); ok && isSessionTime(at) {
			e.Session.Time = at
			e.Session.N = int(max(0, min(number(n), 1<<30)))
			return
		}
		if isSessionTime(rest) {
			e.Session.Time = rest
			return
		}
	}
	if !strings.HasPrefix(e.EventID, "SEND") {
		return
	}
	s, _, _ = strings.Cut(s, ";ClientSubmitTime:")
	if s = strings.TrimSpace(s); len(s) >= 3 && s[0] >= '2' && s[0] <= '5' {
		e.Reply = s
	}
}

// readReply reads "… [InternalId=…, Hostname=…] …" in the next server's reply.
//
// QUIRK: HAREDIRECT of Exchange 2013 has the two values the wrong way round.
func (e *Event) readReply() {
	i := strings.LastIndexByte(e.Reply, '[')
	if i < 0 {
		return
	}
	inside, _, _ := strings.Cut(e.Reply[i+1:], "]")
	id, host := "", ""
	for part := range strings.SplitSeq(inside, ",") {
		name, value, _ := strings.Cut(part, "=")
		switch name, value = strings.TrimSpace(name), strings.TrimSpace(value); {
		case strings.EqualFold(name, "InternalId"):
			id = value
		case strings.EqualFold(name, "Hostname"):
			host = value
		}
	}
	if number(id) < 0 && number(host) >= 0 {
		id, host = host, id
	}
	e.RemoteInternalID = id
	e.hostOnly = host != "" && id == ""
	if host != "" {
		e.RemoteServer = host
	}
}

// sessionID reports whether s is the id of a protocol session: 16 hex digits,
// fewer where the log was made anonymous.
func sessionID[T string | []byte](s T) bool {
	if len(s) < 8 || len(s) > 32 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9', c >= 'A' && c <= 'F', c >= 'a' && c <= 'f':
		default:
			return false
		}
	}
	return true
}

// isSessionTime reports whether s is the time in a source-context.
func isSessionTime(s string) bool {
	if len(s) < len("2006-01-02T15:04:05Z") || s[4] != '-' || s[10] != 'T' {
		return false
	}
	_, _, ok := isoTime(s)
	return ok
}

// contextValue returns the value behind the name in "MDB:…, Mailbox:…, Event:…".
func contextValue(s, name string) string {
	_, s, ok := strings.Cut(s, name)
	if !ok {
		return ""
	}
	s, _, _ = strings.Cut(s, ",")
	return strings.TrimSpace(s)
}

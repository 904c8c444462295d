package session

import (
	"bytes"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply"
)

// briefInfo takes in a note of the server; it reports false where there is no
// room for it.
func (b *Builder) briefInfo(br *brief, rec *logparse.Record) bool {
	if rec.Code != 0 {
		return false
	}
	note := rec.Context
	if len(note) == 0 {
		note = rec.Data
	}
	if len(note) == 0 {
		return true
	}
	switch note[0] {
	case 'T', 'U', 'I', 'O', 'F':
	default:
		if string(note) != authenticated && (len(rec.Data) == 0 || rec.Data[0] != 'T') {
			return true
		}
	}
	return b.briefNote(br, rec, note)
}

// authenticated is the note about a login, whose data is the user.
const authenticated = "authenticated"

// briefNote is briefInfo for what may be one of the notes that count.
func (b *Builder) briefNote(br *brief, rec *logparse.Record, note []byte) bool {
	data := rec.Data
	unconnected := bytes.HasPrefix(note, []byte("Failed to connect"))
	switch {
	case max(len(data), len(note)) > maxTextLength && !unconnected:
		return false
	case bytes.HasPrefix(note, []byte("TLS protocol ")):
		b.newNotes(br).tls = b.tlsOf(note)
	case bytes.HasPrefix(note, []byte("TLS negotiation failed ")):
		return false
	case bytes.HasPrefix(data, []byte("Tarpit for '")) || bytes.HasPrefix(note, []byte("Tarpit for '")):
		b.newNotes(br).tarpit(data, note)
	case string(note) == authenticated:
		br.used = true
		n := b.newNotes(br)
		n.login().User = b.text.string(data)
		n.loginAnswered(true)
	case bytes.HasPrefix(note, []byte("User Name: ")):
		br.used = true
		b.newNotes(br).login().User = b.text.string(note[len("User Name: "):])
	case bytes.HasPrefix(note, []byte("Inbound AUTH ")):
		if !br.hasRoom(len(note)) {
			return false
		}
		noted, first := b.newNotes(br).inboundFailed(b, note)
		br.used = br.used || noted
		return !first || br.keepFailure(b, rec, logparse.VerbAUTH, reply.Permanent, note)
	case bytes.HasPrefix(note, []byte("Outbound Authentication failed with ")):
		if !br.keepFailure(b, rec, logparse.VerbAUTH, reply.Permanent, note) {
			return false
		}
		br.used = true
		b.newNotes(br).outboundFailed(b, note)
	case unconnected:
		if !br.keepFailure(b, rec, logparse.VerbConnect, reply.Transient, note) {
			return false
		}
		br.lost = br.lost || !br.connected
	}
	return true
}

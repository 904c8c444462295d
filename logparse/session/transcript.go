package session

import (
	"bytes"

	"github.com/smtplog/smtplog/logparse"
)

// Redacted stands for a password or a SASL answer.
const Redacted = "[redacted]"

// secretRow reports whether the record holds a SASL answer, a challenge or what
// came with AUTH. challenge is that of its session before the record.
func secretRow(rec *logparse.Record, challenge bool) bool {
	if rec.Kind == logparse.KindCommand || rec.Kind == logparse.KindRaw && rec.Code == 0 {
		switch rec.Verb {
		case logparse.VerbAUTH, logparse.VerbXEXPS:
			return bytes.ContainsAny(bytes.TrimSpace(rec.Arg), " \t")
		case logparse.VerbOther, logparse.VerbNone:
			return challenge || len(rec.Arg) == 0 && looksLikeSASL(rec.VerbText)
		}
		return false
	}
	return rec.Code == 334 && len(rec.Text) > len("334 ")
}

// looksLikeSASL reports whether a line could be a SASL answer whose AUTH is not
// in the log: a long word of base64.
func looksLikeSASL(word []byte) bool {
	if len(word) < 16 {
		return false
	}
	for i, c := range word {
		switch {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+' || c == '/':
		case c == '=' && i >= len(word)-2:
		default:
			return false
		}
	}
	return true
}

// Redact returns what a line with a secret may show: "AUTH LOGIN [redacted]",
// "334 [redacted]", "[redacted]".
func Redact(line []byte) []byte {
	keep := 0
	if words := bytes.Fields(line); len(words) > 1 {
		switch v := logparse.ParseVerb(words[0]); {
		case v == logparse.VerbAUTH || v == logparse.VerbXEXPS:
			keep = bytes.Index(line, words[1]) + len(words[1])
		case bytes.HasPrefix(words[0], []byte("334")):
			keep = len("334")
		}
	}
	if keep == 0 {
		return []byte(Redacted)
	}
	return append(append(bytes.Clone(line[:keep]), ' '), Redacted...)
}

// step keeps the record for the transcript.
func (b *Builder) step(st *state, rec *logparse.Record, secret bool) {
	if rec.Kind == logparse.KindRaw {
		return
	}
	if st.record == nil {
		st.record = &transcript{}
	}
	t := st.record
	// A transcript must not cost a session: it is shortened before one is cut.
	room := b.memory / transcriptsShare
	if b.recorded >= room || t.size >= room/transcriptShare {
		t.shortened++
		return
	}
	text := wireText(rec)
	if secret && !b.opt.ShowSecrets {
		text = Redact(text)
	}
	before := len(t.packed)
	if b.recorded < b.textRoom || !b.packAgain(t, rec, secret) {
		t.pack(rec, 0)
		t.packText(text)
	}
	b.recorded += len(t.packed) - before
	t.size += transcriptSize + len(text)
}

// wireText returns the record as the line that went over the wire, or what the
// server noted.
func wireText(rec *logparse.Record) []byte {
	switch rec.Kind {
	case logparse.KindCommand:
		if len(rec.Arg) == 0 {
			return rec.VerbText
		}
		line := append(bytes.Clone(rec.VerbText), ' ')
		return append(line, rec.Arg...)
	case logparse.KindReply:
		return rec.Text
	case logparse.KindConnect:
		return []byte("connected")
	case logparse.KindDisconnect:
		if len(rec.Context) == 0 {
			return []byte("disconnected")
		}
		return append([]byte("disconnected: "), rec.Context...)
	case logparse.KindInfo:
		if len(rec.Data) > 0 && len(rec.Context) > 0 {
			line := append(bytes.Clone(rec.Context), ": "...)
			return append(line, rec.Data...)
		}
		if len(rec.Data) > 0 {
			return rec.Data
		}
		if len(rec.Context) == 0 {
			return rec.Text
		}
	}
	return rec.Context
}

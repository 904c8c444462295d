package logparse

import (
	"bytes"

	"github.com/smtplog/smtplog/logparse/jsontext"
)

// AppendJSON appends the record as one JSON object, without a line end. The
// session is the id of the session that the record belongs to, "" for none.
// redact, where it is not nil, is asked what to show of a value that holds a
// secret.
func (r *Record) AppendJSON(b []byte, session string, redact func([]byte) []byte) []byte {
	w := &jsontext.Writer{Buf: b}
	w.Open('{')
	w.Key("file")
	w.String(r.Pos.File)
	w.Key("line")
	w.Int(r.Pos.Line)
	if !r.Time.IsZero() {
		w.Key("time")
		w.Text(r.Time)
	}
	w.StringMember("format", r.Format.String())
	w.StringMember("direction", r.Direction.String())
	w.StringMember("session", session)
	w.StringMember("kind", r.Kind.String())
	w.BytesMember("local", r.Local)
	w.BytesMember("remote", r.Remote)
	verb := r.Verb.String()
	switch {
	case verb != "":
		w.StringMember("verb", verb)
	case r.VerbText != nil:
		w.Key("verb")
		w.Bytes(shown(r.VerbText, redact))
	}
	if arg := r.Arg; arg != nil {
		switch {
		case redact != nil && verb == "":
			arg = redact(arg)
		case redact != nil:
			line := redact(append(append(append([]byte(nil), verb...), ' '), arg...))
			arg = bytes.TrimPrefix(line[len(verb):], []byte(" "))
		}
		w.BytesMember("arg", arg)
	}
	w.IntMember("code", int64(r.Code))
	if !r.Enhanced.IsZero() {
		w.Key("enhanced")
		w.Text(r.Enhanced)
	}
	if r.Text != nil {
		w.Key("text")
		w.Bytes(shown(r.Text, redact))
	}
	w.Key("fields")
	w.Open('{')
	var secret []byte
	if redact != nil {
		secret = r.secretPart()
	}
	for name, value := range r.Fields() {
		w.AnyKey(name)
		if len(secret) > 0 && (bytes.Contains(value, secret) || bytes.Contains(plain(value), secret)) {
			value = redact(value)
		}
		w.Bytes(value)
	}
	w.Close('}')
	w.Close('}')
	return w.Buf
}

func shown(value []byte, redact func([]byte) []byte) []byte {
	if redact != nil {
		return redact(value)
	}
	return value
}

// secretPart returns what a record that holds a secret must not show: the last
// word of its command or reply.
func (r *Record) secretPart() []byte {
	line := r.Text
	if r.Kind == KindCommand || r.Kind == KindRaw && r.Code == 0 {
		if line = r.Arg; len(bytes.TrimSpace(line)) == 0 {
			line = r.VerbText
		}
	}
	words := bytes.Fields(line)
	if len(words) == 0 {
		return nil
	}
	return words[len(words)-1]
}

// plain undoes IIS's "+" for blanks.
func plain(value []byte) []byte {
	if bytes.IndexByte(value, '+') < 0 {
		return value
	}
	return bytes.ReplaceAll(value, []byte("+"), []byte(" "))
}

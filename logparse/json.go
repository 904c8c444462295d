package logparse

import (
	"bytes"
	"sync"

	"github.com/smtplog/smtplog/logparse/jsontext"
)

// AppendJSON appends the record as one JSON object, without a line end. The
// session is the id of the session that the record belongs to, "" for none.
// redact, where it is not nil, is asked what to show of a value that holds a
// secret.
func (r *Record) AppendJSON(b []byte, session string, redact func([]byte) []byte) []byte {
	f := fieldWriters.Get().(*fieldWriter)
	defer fieldWriters.Put(f)
	f.Writer = jsontext.Writer{Buf: b}
	w := &f.Writer
	w.Open('{')
	w.Key("file")
	w.String(r.Pos.File)
	w.Key("line")
	w.Int(r.Pos.Line)
	if !r.Time.IsZero() {
		w.Key("time")
		w.Text(r.Time)
	}
	w.WordMember("format", r.Format.String())
	w.WordMember("direction", r.Direction.String())
	w.StringMember("session", session)
	w.WordMember("kind", r.Kind.String())
	w.BytesMember("local", r.Local)
	w.BytesMember("remote", r.Remote)
	verb := r.Verb.String()
	switch {
	case verb != "":
		w.WordMember("verb", verb)
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
	if r.layout != nil {
		f.name(r.layout)
		f.columns, f.redact, f.secret = 0, redact, nil
		if redact != nil {
			f.secret = r.secretPart()
		}
		r.layout.split(r.raw, f.yield)
	}
	w.Close('}')
	w.Close('}')
	b, w.Buf = w.Buf, nil
	return b
}

// A fieldWriter writes the columns of a row. It is used again, for making one
// costs more than what it writes.
type fieldWriter struct {
	jsontext.Writer
	layout  *layout
	keys    []jsontext.EncodedKey // of its columns
	columns int                   // so far
	redact  func([]byte) []byte
	secret  []byte // what values must not show
	yield   func(value []byte) bool
}

var fieldWriters = sync.Pool{New: func() any {
	f := &fieldWriter{}
	f.yield = f.field
	return f
}}

// name prepares the names of the columns, which few rows change.
func (f *fieldWriter) name(l *layout) {
	if f.layout == l {
		return
	}
	f.layout, f.keys = l, f.keys[:0]
	for _, name := range l.names {
		f.keys = append(f.keys, jsontext.EncodeKey(name))
	}
}

func (f *fieldWriter) field(value []byte) bool {
	f.columns++
	if f.columns <= len(f.keys) {
		f.EncodedKey(f.keys[f.columns-1])
	} else {
		f.EncodedKey(jsontext.EncodeKey(f.layout.name(f.columns)))
	}
	if len(f.secret) > 0 && (bytes.Contains(value, f.secret) || bytes.Contains(plain(value), f.secret)) {
		value = f.redact(value)
	}
	f.Bytes(value)
	return true
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

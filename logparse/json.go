package logparse

import (
	"bytes"
	"strconv"

	"github.com/smtplog/smtplog/logparse/jsontext"
	"github.com/smtplog/smtplog/reply/outcome"
)

// AppendJSON appends the record as one JSON object, without a line end. The
// session is the id of the session that the record belongs to, "" for none.
// redact, where it is not nil, is asked what to show of a value that holds a
// secret.
func (r *Record) AppendJSON(b []byte, session string, redact func([]byte) []byte) []byte {
	b = r.appendPlace(b)
	b = AppendJSONSession(b, session)
	return r.appendStep(b, redact)
}

// AppendJSONAround is AppendJSON for a record whose session is not known yet. It
// returns the length of b up to where [AppendJSONSession] belongs.
func (r *Record) AppendJSONAround(b []byte, redact func([]byte) []byte) (_ []byte, session int) {
	b = r.appendPlace(b)
	return r.appendStep(b, redact), len(b)
}

// AppendJSONSession appends what the JSON of a record says of its session.
func AppendJSONSession(b []byte, session string) []byte {
	if session == "" {
		return b
	}
	return jsontext.AppendString(append(b, `,"session":`...), session)
}

// appendPlace appends what stands in front of the session.
func (r *Record) appendPlace(b []byte) []byte {
	b = jsontext.AppendString(append(b, `{"file":`...), r.Pos.File)
	b = strconv.AppendInt(append(b, `,"line":`...), r.Pos.Line, 10)
	if !r.Time.IsZero() {
		b = append(r.Time.Append(append(b, `,"time":"`...)), '"')
	}
	b = append(b, formatMembers[r.Format]...)
	switch r.Direction {
	case outcome.Inbound:
		b = append(b, `,"direction":"inbound"`...)
	case outcome.Outbound:
		b = append(b, `,"direction":"outbound"`...)
	}
	return b
}

// appendStep appends what stands behind the session.
func (r *Record) appendStep(b []byte, redact func([]byte) []byte) []byte {
	b = append(b, kindMembers[r.Kind]...)
	if r.Local != nil {
		b = jsontext.AppendString(append(b, `,"local":`...), r.Local)
	}
	if r.Remote != nil {
		b = jsontext.AppendString(append(b, `,"remote":`...), r.Remote)
	}
	verb := verbMembers[r.Verb]
	switch {
	case verb != "":
		b = append(b, verb...)
	case r.VerbText != nil:
		b = jsontext.AppendString(append(b, `,"verb":`...), shown(r.VerbText, redact))
	}
	if arg := r.Arg; arg != nil {
		if arg = r.shownArg(redact); arg != nil {
			b = jsontext.AppendString(append(b, `,"arg":`...), arg)
		}
	}
	if r.Code != 0 {
		b = strconv.AppendInt(append(b, `,"code":`...), int64(r.Code), 10)
	}
	if !r.Enhanced.IsZero() {
		b = append(r.Enhanced.Append(append(b, `,"enhanced":"`...)), '"')
	}
	if r.Text != nil {
		b = jsontext.AppendString(append(b, `,"text":`...), shown(r.Text, redact))
	}
	b = append(b, `,"fields":{`...)
	switch {
	case r.layout == nil:
	case redact != nil:
		b = r.appendRedacted(b, redact)
	case r.layout.separator != 0:
		b = r.layout.appendSeparated(b, r.raw)
	default:
		b = r.layout.appendSplit(b, r.raw)
	}
	return append(b, "}}"...)
}

// The members of a record whose values are words of the program's own, each with
// the comma in front of it.
var (
	formatMembers = func() (t [256]string) {
		for f := range formatCount {
			t[f] = wordMember("format", f.String())
		}
		return t
	}()
	kindMembers = func() (t [256]string) {
		for k := range kindCount {
			t[k] = wordMember("kind", k.String())
		}
		return t
	}()
	verbMembers = func() (t [256]string) {
		for v := range verbCount {
			t[v] = wordMember("verb", v.String())
		}
		return t
	}()
)

func wordMember(name, word string) string {
	if word == "" {
		return ""
	}
	return `,"` + name + `":"` + word + `"`
}

func shown(value []byte, redact func([]byte) []byte) []byte {
	if redact != nil {
		return redact(value)
	}
	return value
}

// shownArg returns what may be shown of the argument.
func (r *Record) shownArg(redact func([]byte) []byte) []byte {
	if redact == nil {
		return r.Arg
	}
	verb := r.Verb.String()
	if verb == "" {
		return redact(r.Arg)
	}
	line := redact(append(append([]byte(verb), ' '), r.Arg...))
	return bytes.TrimPrefix(line[len(verb):], []byte(" "))
}

// appendRedacted appends the columns of a record that holds a secret.
func (r *Record) appendRedacted(b []byte, redact func([]byte) []byte) []byte {
	secret := r.secretPart()
	column := 0
	r.layout.split(r.raw, func(value []byte) bool {
		if column++; column > 1 {
			b = append(b, ',')
		}
		b = append(jsontext.AppendString(b, r.layout.name(column)), ':')
		if len(secret) > 0 && (bytes.Contains(value, secret) || bytes.Contains(plain(value), secret)) {
			value = redact(value)
		}
		b = jsontext.AppendString(b, value)
		return true
	})
	return b
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

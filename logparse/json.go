package logparse

import (
	"bytes"
	"strconv"
	"sync"

	"github.com/smtplog/smtplog/logparse/jsontext"
	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// A JSONWriter appends records as JSON. It keeps what records that follow one
// another have in common. The zero JSONWriter is ready.
type JSONWriter struct {
	times outcome.Stamper
	place []byte // of the last record: its file and line
	file  string
	line  int64
	front []byte // of sessions that are named after a line of the file

	// The last value that had to be escaped, and how.
	value, escaped []byte

	// What the last record of a log of whole seconds had of these, and as JSON.
	at        outcome.Time
	format    Format
	direction outcome.Direction
	when      []byte

	// The same for the IMS, whose records follow one another session by session.
	session     string
	sessionText []byte
	remote      []byte
	remoteText  []byte
	stamp       []byte // with which rows begin
	stampColumn []byte // and the beginning of the next column

	ends [512]jsonEnds // by Record.Peer or Record.Conversation

	log *JSONLog // of the last record that was kept

	layout   *layout
	keys     []jsonKey // of its columns
	keysSize int       // of their texts
	runs     []*jsonRun
	columns  int // of the row that were written, by column
	buf      []byte
	yield    func(value []byte) bool // column
}

// jsonEnds are both ends of the connections with a number.
type jsonEnds struct {
	number uint64
	text   []byte
}

var jsonWriters = sync.Pool{New: func() any { return &JSONWriter{} }}

// AppendJSON appends the record as a JSONWriter does.
func (r *Record) AppendJSON(b []byte, session string, redact func([]byte) []byte) []byte {
	w := jsonWriters.Get().(*JSONWriter)
	b = w.Append(b, r, session, redact)
	jsonWriters.Put(w)
	return b
}

// Append appends a record as one JSON object, without a line end. The session is
// the id of the session that the record belongs to, "" for none. redact, where
// it is not nil, is asked what to show of a value that holds a secret.
func (w *JSONWriter) Append(b []byte, r *Record, session string, redact func([]byte) []byte) []byte {
	b = w.appendPlace(b, r.Pos, r.Time, r.Format, r.Direction)
	b = w.appendSession(b, r.layout, session)
	b = w.appendSaid(b, r, redact)
	if redact != nil && r.layout != nil {
		return append(r.appendRedacted(append(b, `,"fields":{`...), redact), "}}"...)
	}
	return w.appendFields(b, r.layout, r.raw)
}

// appendPlace appends what stands in front of the session.
func (w *JSONWriter) appendPlace(b []byte, pos outcome.Position, at outcome.Time, format Format, direction outcome.Direction) []byte {
	last := len(w.place) - 1
	switch {
	case last < 0 || w.file != pos.File:
		w.place = append(jsontext.AppendString(append(w.place[:0], `{"file":`...), pos.File), `,"line":`...)
		w.place = strconv.AppendInt(w.place, pos.Line, 10)
		w.file = pos.File
		w.front = jsontext.AppendString(append(w.front[:0], `,"session":`...), pos.File)
		w.front[len(w.front)-1] = ':'
	case pos.Line == w.line+1 && w.place[last] != '9':
		w.place[last]++
	default:
		w.place = strconv.AppendInt(w.place[:bytes.LastIndexByte(w.place, ':')+1], pos.Line, 10)
	}
	w.line = pos.Line
	b = append(b, w.place...)
	if at.Digits() > 0 {
		return appendKind(w.appendTime(b, at), format, direction)
	}
	// In logs of whole seconds, rows that follow one another often have the same.
	if at != w.at || format != w.format || direction != w.direction || len(w.when) == 0 {
		w.at, w.format, w.direction = at, format, direction
		w.when = appendKind(w.appendTime(w.when[:0], at), format, direction)
	}
	return append(b, w.when...)
}

func (w *JSONWriter) appendTime(b []byte, at outcome.Time) []byte {
	if at.IsZero() {
		return b
	}
	return append(w.times.Append(append(b, `,"time":"`...), at), '"')
}

// appendKind appends what a record has in common with many of its log.
func appendKind(b []byte, format Format, direction outcome.Direction) []byte {
	b = append(b, formatMembers[format]...)
	switch direction {
	case outcome.Inbound:
		b = append(b, `,"direction":"inbound"`...)
	case outcome.Outbound:
		b = append(b, `,"direction":"outbound"`...)
	}
	return b
}

// appendSession appends the session, behind appendPlace.
func (w *JSONWriter) appendSession(b []byte, l *layout, session string) []byte {
	if session == "" {
		return b
	}
	if l != imsLayout {
		if first := FirstLineOf(session, w.file); first != 0 {
			return w.appendFirst(b, first)
		}
		return jsontext.AppendString(append(b, `,"session":`...), session)
	}
	if session != w.session {
		w.session = session
		w.sessionText = jsontext.AppendString(append(w.sessionText[:0], `,"session":`...), session)
	}
	return append(b, w.sessionText...)
}

// appendFirst appends the session that is named after a line of the file.
func (w *JSONWriter) appendFirst(b []byte, first FirstLine) []byte {
	return append(first.append(append(b, w.front...)), '"')
}

// appendEnds appends both ends of the connection, which most records have in common
// with some of the last ones.
func (w *JSONWriter) appendEnds(b []byte, r *Record) []byte {
	n := r.Peer()
	if n == 0 {
		if n = r.conversation; n == 0 {
			return w.appendEndsOf(b, r)
		}
	}
	e := &w.ends[n%uint64(len(w.ends))]
	if e.number != n {
		e.number, e.text = n, w.appendEndsOf(e.text[:0], r)
	}
	return append(b, e.text...)
}

func (w *JSONWriter) appendEndsOf(b []byte, r *Record) []byte {
	if r.Local != nil {
		b = jsontext.AppendString(append(b, `,"local":`...), r.Local)
	}
	if r.Remote != nil {
		b = w.appendRemote(b, r)
	}
	return b
}

// appendRemote appends the peer's end.
func (w *JSONWriter) appendRemote(b []byte, r *Record) []byte {
	if r.layout != imsLayout {
		return jsontext.AppendString(append(b, `,"remote":`...), r.Remote)
	}
	if string(r.Remote) != string(w.remote) || len(w.remoteText) == 0 {
		w.remote = append(w.remote[:0], r.Remote...)
		w.remoteText = jsontext.AppendString(append(w.remoteText[:0], `,"remote":`...), r.Remote)
	}
	return append(b, w.remoteText...)
}

// appendSaid appends what stands between the session and the columns.
func (w *JSONWriter) appendSaid(b []byte, r *Record, redact func([]byte) []byte) []byte {
	b = append(b, kindMembers[r.Kind]...)
	b = w.appendEnds(b, r)
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
		b = appendCode(append(b, `,"code":`...), r.Code)
	}
	if !r.Enhanced.IsZero() {
		b = append(r.Enhanced.Append(append(b, `,"enhanced":"`...)), '"')
	}
	if r.Text != nil {
		b = jsontext.AppendString(append(b, `,"text":`...), shown(r.Text, redact))
	}
	return b
}

// appendFields appends the columns of a row, and what stands behind them.
func (w *JSONWriter) appendFields(b []byte, l *layout, row []byte) []byte {
	b = append(b, `,"fields":{`...)
	if l != nil {
		switch w.use(l); {
		case l.separator != 0:
			b = w.appendSeparated(b, row)
		case l == imsLayout:
			b = w.appendIMS(b, row)
		case l == ncsaLayout:
			b = w.appendNCSA(b, row)
		case l == msiisLayout:
			b = w.appendMSIIS(b, row)
		default:
			b = w.appendSplit(b, row)
		}
	}
	return append(b, "}}"...)
}

// appendCode appends the code, which nearly always has three digits.
func appendCode(b []byte, code reply.Code) []byte {
	if code < 100 || code > 999 {
		return strconv.AppendInt(b, int64(code), 10)
	}
	return append(b, '0'+byte(code/100), '0'+byte(code/10%10), '0'+byte(code%10))
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

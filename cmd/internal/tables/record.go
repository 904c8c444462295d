package tables

import (
	"encoding/json"
	"strings"
	"unsafe"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/query"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/reply/outcome"
)

// A Record is a row of the table records. It is reused by [Record.Set].
type Record struct {
	rec     *logparse.Record
	session string
	secret  bool
	hidden  *hiddenRecord // of a record that holds a secret, where it was asked for
	fields  recordFields
	scratch [16]byte
	json    logparse.JSONWriter
}

// Set makes r the row of a record that belongs to the session with that id.
// Where secret is set, the record holds a password or a SASL answer, which the
// row does not show.
func (r *Record) Set(rec *logparse.Record, session string, secret bool) *Record {
	r.rec, r.session, r.secret, r.hidden = rec, session, secret, nil
	r.fields.row = r
	return r
}

// AppendJSON appends the record as one JSON object, without a line end.
func (r *Record) AppendJSON(b []byte) []byte {
	return r.json.Append(b, r.rec, r.session, r.redact())
}

// JSON returns what writes the JSON of rows.
func (r *Record) JSON() *logparse.JSONWriter { return &r.json }

// redact returns what hides secrets, nil where there are none.
func (r *Record) redact() func([]byte) []byte {
	if r.secret {
		return session.Redact
	}
	return nil
}

// shown returns what may be shown of a record that holds a secret, nil for one
// that does not.
func (r *Record) shown() *hiddenRecord {
	if r.secret && r.hidden == nil {
		r.hidden = hide(r.rec)
	}
	return r.hidden
}

// A hiddenRecord is a record without its secret, as its JSON has it.
type hiddenRecord struct {
	Verb, Arg, Text string
	Fields          json.RawMessage
	names, values   []string
}

// hide has the redacted JSON say what may be shown, so that the two cannot
// differ. Few rows come this way.
func hide(rec *logparse.Record) *hiddenRecord {
	h := &hiddenRecord{}
	if err := json.Unmarshal(rec.AppendJSON(nil, "", session.Redact), h); err != nil {
		return h // it shows nothing
	}
	d := json.NewDecoder(strings.NewReader(string(h.Fields)))
	var texts []string
	for {
		token, err := d.Token()
		if err != nil {
			break
		}
		if s, ok := token.(string); ok {
			texts = append(texts, s)
		}
	}
	for i := 0; i+1 < len(texts); i += 2 {
		h.names = append(h.names, texts[i])
		h.values = append(h.values, texts[i+1])
	}
	return h
}

// lent returns bytes as a string that is good as long as they are.
func lent(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// lentOr returns bytes as a value, null for nil.
func lentOr(b []byte) query.Value {
	if b == nil {
		return query.Null
	}
	return stringOf(lent(b))
}

// recordFields are the columns of a record's own row.
type recordFields struct{ row *Record }

// Field returns the first column with that name.
func (f *recordFields) Field(name string) (value string, ok bool) {
	f.Each(func(n, v string) bool {
		if strings.EqualFold(n, name) {
			value, ok = v, true
			return false
		}
		return true
	})
	return value, ok
}

// Each yields all columns.
func (f *recordFields) Each(yield func(name, value string) bool) {
	if h := f.row.shown(); h != nil {
		for i, name := range h.names {
			if !yield(name, h.values[i]) {
				return
			}
		}
		return
	}
	for name, value := range f.row.rec.Fields() {
		if !yield(stringOf(name).Text(), stringOf(lent(value)).Text()) {
			return
		}
	}
}

// RecordSession is the column of records that takes a look at other records to
// know, where the log has no session ids.
const RecordSession = "session"

// HoldsSecrets reports whether a column of the table records may hold a
// password or a SASL answer.
func HoldsSecrets(column string) bool {
	switch column {
	case "verb", "arg", "text", "fields":
		return true
	}
	return false
}

func recordColumns() []query.Column {
	type R = Record
	return []query.Column{
		moment("time", "when it was logged", func(r *R) outcome.Time { return r.rec.Time }),
		word("kind", "connect, command, reply, info, disconnect, raw or tracking", kinds, func(r *R) string { return r.rec.Kind.String() }),
		col("verb", query.String, "the command: MAIL, RCPT, …", func(r *R) query.Value {
			if v := r.rec.Verb.String(); v != "" {
				return query.StringOf(v)
			}
			if h := r.shown(); h != nil {
				return known(h.Verb)
			}
			return lentOr(r.rec.VerbText)
		}),
		col("arg", query.String, "what follows the command", func(r *R) query.Value {
			if h := r.shown(); h != nil {
				return known(h.Arg)
			}
			return lentOr(r.rec.Arg)
		}),
		positive("code", "three-digit code of the reply", func(r *R) int64 { return int64(r.rec.Code) }),
		text("enhanced", "enhanced code of the reply: 5.7.1", func(r *R) string { return lent(r.rec.Enhanced.Append(r.scratch[:0])) }),
		col("text", query.String, "the reply's line as logged", func(r *R) query.Value {
			if h := r.shown(); h != nil {
				return known(h.Text)
			}
			return lentOr(r.rec.Text)
		}),
		col("remote", query.String, "the peer's end: address, with port where logged", func(r *R) query.Value { return lentOr(r.rec.Remote) }),
		col("local", query.String, "our end: address, with port where logged", func(r *R) query.Value { return lentOr(r.rec.Local) }),
		text(RecordSession, "id of the session that it belongs to", func(r *R) string { return r.session }),
		word("direction", "inbound: the logging server was the SMTP server; outbound: it was the client", directions, func(r *R) string { return r.rec.Direction.String() }),
		col("server", query.String, "the server that wrote the log", func(r *R) query.Value { return lentOr(r.rec.Server) }),
		col("connector", query.String, "connector, or IIS's virtual server", func(r *R) query.Value { return lentOr(r.rec.Connector) }),
		word("format", "exchange-receive, iis-w3c, tracking, … (smtplog formats)", formats, func(r *R) string { return r.rec.Format.String() }),
		text("file", "the log's path", func(r *R) string { return r.rec.Pos.File }),
		number("line", "line in the file, from 1", func(r *R) int64 { return r.rec.Pos.Line }),
		col("fields", query.Object, "every column of the row by its own name: fields[\"cs-uri-query\"]", func(r *R) query.Value { return query.ObjectOf(&r.fields) }),
	}
}

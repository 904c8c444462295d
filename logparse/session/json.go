package session

import (
	"sync"

	"github.com/smtplog/smtplog/logparse/jsontext"
	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// AppendJSON appends the session as one JSON object, without a line end. Times
// are UTC with the log's own precision; what is not known is absent.
func (s *Session) AppendJSON(b []byte) []byte {
	w := jsonWriters.Get().(*jsonWriter)
	w.Writer = jsontext.Writer{Buf: b}
	s.appendJSON(w)
	b, w.Buf = w.Buf, nil
	jsonWriters.Put(w)
	return b
}

// A jsonWriter writes sessions as JSON. It is used again.
type jsonWriter struct {
	jsontext.Writer
	times      outcome.Stamper
	capability []byte
}

var jsonWriters = sync.Pool{New: func() any { return &jsonWriter{} }}

func (s *Session) appendJSON(w *jsonWriter) {
	w.Open('{')
	w.StringMember("id", s.ID)
	w.WordMember("format", s.Format.String())
	w.WordMember("direction", s.Direction.String())
	w.StringMember("server", s.Server)
	w.StringMember("connector", s.Connector)
	w.StringMember("local", s.Local)
	w.StringMember("remote", s.Remote)
	w.StringMember("helo", s.Helo)
	w.time("start", s.Start)
	w.time("end", s.End)
	if !s.Start.IsZero() {
		w.Key("duration_ms")
		w.Int(s.Duration.Milliseconds())
	}
	w.WordMember("ended", string(s.Ended))
	w.WordMember("confidence", string(s.Confidence))
	w.Key("unused")
	w.Bool(s.Unused)
	w.StringMember("greeting", s.Greeting)
	s.appendCapabilities(w)
	if p := s.Proxied; p != nil {
		w.Key("proxied")
		w.Open('{')
		w.StringMember("client", p.Client)
		w.StringMember("session", p.Session)
		w.StringMember("helo", p.Helo)
		w.Close('}')
	}
	if t := s.TLS; t != nil {
		w.Key("tls")
		w.Open('{')
		w.StringMember("version", t.Version)
		w.StringMember("cipher", t.Cipher)
		w.IntMember("bits", int64(t.Bits))
		w.StringMember("error", t.Error)
		w.Close('}')
	}
	if a := s.Auth; a != nil {
		w.Key("auth")
		w.Open('{')
		w.StringMember("mechanism", a.Mechanism)
		w.StringMember("user", a.User)
		w.Key("ok")
		w.Bool(a.OK)
		w.StringMember("error", a.Error)
		w.Close('}')
	}
	if s.Tarpits > 0 {
		w.Key("tarpits")
		w.Int(int64(s.Tarpits))
		w.Key("tarpitted_ms")
		w.Int(s.Tarpitted.Milliseconds())
	}
	w.Key("transactions")
	w.Open('[')
	for i := range s.Transactions {
		s.Transactions[i].appendJSON(w)
	}
	w.Close(']')
	if len(s.Messages) > 0 {
		s.appendMessages(w)
	}
	w.Key("failures")
	w.Open('[')
	for i := range s.Failures {
		appendFailure(w, &s.Failures[i])
	}
	w.Close(']')
	w.Key("sources")
	w.Open('[')
	for i := range s.Sources {
		src := &s.Sources[i]
		w.Open('{')
		w.Key("file")
		w.String(src.File)
		w.Key("first_line")
		w.Int(src.FirstLine)
		w.Key("last_line")
		w.Int(src.LastLine)
		w.Key("lines")
		w.Int(src.Lines)
		w.Close('}')
	}
	w.Close(']')
	if len(s.Transcript) > 0 {
		s.appendTranscript(w)
	}
	w.Close('}')
}

func (s *Session) appendCapabilities(w *jsonWriter) {
	if s.ehlo == "" {
		return
	}
	some := false
	w.capability = s.capabilities(w.capability, func(c []byte) {
		if !some {
			some = true
			w.Key("capabilities")
			w.Open('[')
		}
		w.Bytes(c)
	})
	if some {
		w.Close(']')
	}
}

func (t *Transaction) appendJSON(w *jsonWriter) {
	w.Open('{')
	if t.HasFrom {
		w.Key("from")
		w.String(t.From)
	}
	w.IntMember("size", t.Size)
	w.StringMember("message_id", t.MessageID)
	w.StringMember("internal_id", t.InternalID)
	w.StringMember("remote_internal_id", t.RemoteInternalID)
	w.StringMember("remote_server", t.RemoteServer)
	w.StringMember("source_context", t.SourceContext)
	w.WordMember("result", string(t.Result))
	if t.Mail.Class.Failed() {
		w.Key("mail")
		w.Open('{')
		t.Mail.appendJSON(w)
		w.Close('}')
	}
	w.Key("recipients")
	w.Open('[')
	for i := range t.Recipients {
		r := &t.Recipients[i]
		w.Open('{')
		w.Key("to")
		w.String(r.To)
		w.WordMember("result", string(r.Result))
		r.Verdict.appendJSON(w)
		w.Close('}')
	}
	w.Close(']')
	if t.EndOfData.Seen() {
		w.Key("end_of_data")
		w.Open('{')
		t.EndOfData.appendJSON(w)
		w.Close('}')
	}
	w.Close('}')
}

func (s *Session) appendMessages(w *jsonWriter) {
	w.Key("messages")
	w.Open('[')
	for i := range s.Messages {
		m := &s.Messages[i]
		w.Open('{')
		w.StringMember("message_id", m.MessageID)
		w.StringMember("network_message_id", m.NetworkID)
		if m.Transaction >= 0 {
			w.Key("transaction")
			w.Int(int64(m.Transaction))
		}
		w.StringMember("rule", m.Rule)
		w.StringMember("sure", m.Sure)
		w.Close('}')
	}
	w.Close(']')
}

func (v *Verdict) appendJSON(w *jsonWriter) {
	w.WordMember("class", v.Class.String())
	w.IntMember("code", int64(v.Code))
	w.enhanced(v.Enhanced)
	w.StringMember("text", v.Text)
}

func appendFailure(w *jsonWriter, o *outcome.Outcome) {
	w.Open('{')
	w.StringMember("verb", o.Verb)
	w.StringMember("to", o.Recipient)
	w.StringMember("domain", o.Domain)
	w.WordMember("class", o.Class.String())
	w.IntMember("code", int64(o.Code))
	w.enhanced(o.Enhanced)
	if o.Reason != 0 {
		w.StringMember("reason", o.Reason.String())
		w.StringMember("actor", o.Actor.String())
	}
	w.StringMember("text", o.Text)
	w.time("time", o.Time)
	w.StringMember("file", o.Pos.File)
	w.Key("line")
	w.Int(o.Pos.Line)
	w.Close('}')
}

func (s *Session) appendTranscript(w *jsonWriter) {
	w.Key("transcript")
	w.Open('[')
	for i := range s.Transcript {
		st := &s.Transcript[i]
		w.Open('{')
		w.time("time", st.Time)
		w.StringMember("kind", st.Kind.String())
		w.Key("sent")
		w.Bool(st.Sent)
		w.StringMember("text", st.Text)
		w.IntMember("code", int64(st.Code))
		w.Key("line")
		w.Int(st.Line)
		w.Close('}')
	}
	w.Close(']')
	w.IntMember("transcript_shortened", s.Shortened)
}

func (w *jsonWriter) time(name string, t outcome.Time) {
	if !t.IsZero() {
		w.Key(name)
		w.Value()
		w.Buf = append(w.times.Append(append(w.Buf, '"'), t), '"')
	}
}

func (w *jsonWriter) enhanced(e reply.Enhanced) {
	if !e.IsZero() {
		w.Key("enhanced")
		w.Value()
		w.Buf = append(e.Append(append(w.Buf, '"')), '"')
	}
}

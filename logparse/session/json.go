package session

import (
	"strconv"
	"sync"

	"github.com/smtplog/smtplog/logparse/jsontext"
	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// AppendJSON appends the session as one JSON object, without a line end. Times
// are UTC with the log's own precision; what is not known is absent.
func (s *Session) AppendJSON(b []byte) []byte {
	w := jsonWriters.Get().(*jsonWriter)
	b = w.session(b, s)
	jsonWriters.Put(w)
	return b
}

// A jsonWriter appends sessions as JSON. It is used again.
type jsonWriter struct {
	times      outcome.Stamper
	capability []byte

	// The last reply but for its text, and as JSON: most have it in common.
	class     reply.Class
	code      reply.Code
	enhanced  reply.Enhanced
	replyText []byte
}

var jsonWriters = sync.Pool{New: func() any { return &jsonWriter{} }}

// Members of objects and elements of arrays are appended with a comma in front of
// them each. That of the first gives way to the bracket.

func (w *jsonWriter) session(b []byte, s *Session) []byte {
	object := len(b)
	b = appendText(b, `,"id":`, s.ID)
	b = appendWord(b, `,"format":"`, s.Format.String())
	b = appendWord(b, `,"direction":"`, s.Direction.String())
	b = appendText(b, `,"server":`, s.Server)
	b = appendText(b, `,"connector":`, s.Connector)
	b = appendText(b, `,"local":`, s.Local)
	b = appendText(b, `,"remote":`, s.Remote)
	b = appendText(b, `,"helo":`, s.Helo)
	b = w.time(b, `,"start":"`, s.Start)
	b = w.time(b, `,"end":"`, s.End)
	if !s.Start.IsZero() {
		b = strconv.AppendInt(append(b, `,"duration_ms":`...), s.Duration.Milliseconds(), 10)
	}
	b = appendWord(b, `,"ended":"`, string(s.Ended))
	b = appendWord(b, `,"confidence":"`, string(s.Confidence))
	b = appendBool(b, `,"unused":`, s.Unused)
	b = appendText(b, `,"greeting":`, s.Greeting)
	b = w.capabilities(b, s)
	b = s.appendConnection(b)
	b = append(b, `,"transactions":`...)
	array := len(b)
	for i := range s.Transactions {
		b = w.transaction(append(b, ','), &s.Transactions[i])
	}
	b = enclosed(b, array, '[', ']')
	if len(s.Messages) > 0 {
		b = s.appendMessages(b)
	}
	b = append(b, `,"failures":`...)
	array = len(b)
	for i := range s.Failures {
		b = w.failure(append(b, ','), &s.Failures[i])
	}
	b = append(enclosed(b, array, '[', ']'), `,"sources":`...)
	array = len(b)
	for i := range s.Sources {
		src := &s.Sources[i]
		b = jsontext.AppendString(append(b, `,{"file":`...), src.File)
		b = strconv.AppendInt(append(b, `,"first_line":`...), src.FirstLine, 10)
		b = strconv.AppendInt(append(b, `,"last_line":`...), src.LastLine, 10)
		b = strconv.AppendInt(append(b, `,"lines":`...), src.Lines, 10)
		b = append(b, '}')
	}
	b = enclosed(b, array, '[', ']')
	if len(s.Transcript) > 0 {
		b = w.transcript(b, s)
	}
	return enclosed(b, object, '{', '}')
}

// enclosed puts the brackets around what was appended from at on.
func enclosed(b []byte, at int, open, end byte) []byte {
	if at == len(b) {
		return append(b, open, end)
	}
	b[at] = open
	return append(b, end)
}

func (w *jsonWriter) capabilities(b []byte, s *Session) []byte {
	if s.ehlo == "" {
		return b
	}
	const key = `,"capabilities":`
	before := len(b)
	b = append(b, key...)
	w.capability = s.capabilities(w.capability, func(c []byte) {
		b = jsontext.AppendString(append(b, ','), c)
	})
	if len(b) == before+len(key) {
		return b[:before]
	}
	return enclosed(b, before+len(key), '[', ']')
}

// appendConnection appends what the log says of the connection beside the
// conversation.
func (s *Session) appendConnection(b []byte) []byte {
	if p := s.Proxied; p != nil {
		b = append(b, `,"proxied":`...)
		at := len(b)
		b = appendText(b, `,"client":`, p.Client)
		b = appendText(b, `,"session":`, p.Session)
		b = appendText(b, `,"helo":`, p.Helo)
		b = enclosed(b, at, '{', '}')
	}
	if t := s.TLS; t != nil {
		b = append(b, `,"tls":`...)
		at := len(b)
		b = appendText(b, `,"version":`, t.Version)
		b = appendText(b, `,"cipher":`, t.Cipher)
		b = appendNumber(b, `,"bits":`, int64(t.Bits))
		b = appendText(b, `,"error":`, t.Error)
		b = enclosed(b, at, '{', '}')
	}
	if a := s.Auth; a != nil {
		b = append(b, `,"auth":`...)
		at := len(b)
		b = appendText(b, `,"mechanism":`, a.Mechanism)
		b = appendText(b, `,"user":`, a.User)
		b = appendBool(b, `,"ok":`, a.OK)
		b = appendText(b, `,"error":`, a.Error)
		b = enclosed(b, at, '{', '}')
	}
	if s.Tarpits > 0 {
		b = strconv.AppendInt(append(b, `,"tarpits":`...), int64(s.Tarpits), 10)
		b = strconv.AppendInt(append(b, `,"tarpitted_ms":`...), s.Tarpitted.Milliseconds(), 10)
	}
	return b
}

func (w *jsonWriter) transaction(b []byte, t *Transaction) []byte {
	object := len(b)
	if t.HasFrom {
		b = jsontext.AppendString(append(b, `,"from":`...), t.From)
	}
	b = appendNumber(b, `,"size":`, t.Size)
	b = appendText(b, `,"message_id":`, t.MessageID)
	b = appendText(b, `,"internal_id":`, t.InternalID)
	b = appendText(b, `,"remote_internal_id":`, t.RemoteInternalID)
	b = appendText(b, `,"remote_server":`, t.RemoteServer)
	b = appendText(b, `,"source_context":`, t.SourceContext)
	b = appendWord(b, `,"result":"`, string(t.Result))
	if t.Mail.Class.Failed() {
		b = append(b, `,"mail":`...)
		at := len(b)
		b = enclosed(w.verdict(b, &t.Mail), at, '{', '}')
	}
	b = append(b, `,"recipients":`...)
	array := len(b)
	for i := range t.Recipients {
		r := &t.Recipients[i]
		b = jsontext.AppendString(append(b, `,{"to":`...), r.To)
		b = appendWord(b, `,"result":"`, string(r.Result))
		b = append(w.verdict(b, &r.Verdict), '}')
	}
	b = enclosed(b, array, '[', ']')
	if t.EndOfData.Seen() {
		b = append(b, `,"end_of_data":`...)
		at := len(b)
		b = enclosed(w.verdict(b, &t.EndOfData), at, '{', '}')
	}
	return enclosed(b, object, '{', '}')
}

func (s *Session) appendMessages(b []byte) []byte {
	b = append(b, `,"messages":`...)
	array := len(b)
	for i := range s.Messages {
		m := &s.Messages[i]
		b = append(b, ',')
		at := len(b)
		b = appendText(b, `,"message_id":`, m.MessageID)
		b = appendText(b, `,"network_message_id":`, m.NetworkID)
		if m.Transaction >= 0 {
			b = strconv.AppendInt(append(b, `,"transaction":`...), int64(m.Transaction), 10)
		}
		b = appendText(b, `,"rule":`, m.Rule)
		b = appendText(b, `,"sure":`, m.Sure)
		b = enclosed(b, at, '{', '}')
	}
	return enclosed(b, array, '[', ']')
}

func (w *jsonWriter) verdict(b []byte, v *Verdict) []byte {
	b = w.reply(b, v.Class, v.Code, v.Enhanced)
	return appendText(b, `,"text":`, v.Text)
}

func (w *jsonWriter) reply(b []byte, class reply.Class, code reply.Code, enhanced reply.Enhanced) []byte {
	if class != w.class || code != w.code || enhanced != w.enhanced {
		w.class, w.code, w.enhanced = class, code, enhanced
		t := appendWord(w.replyText[:0], `,"class":"`, class.String())
		t = appendNumber(t, `,"code":`, int64(code))
		if !enhanced.IsZero() {
			t = append(enhanced.Append(append(t, `,"enhanced":"`...)), '"')
		}
		w.replyText = t
	}
	return append(b, w.replyText...)
}

func (w *jsonWriter) failure(b []byte, o *outcome.Outcome) []byte {
	object := len(b)
	b = appendText(b, `,"verb":`, o.Verb)
	b = appendText(b, `,"to":`, o.Recipient)
	b = appendText(b, `,"domain":`, o.Domain)
	b = w.reply(b, o.Class, o.Code, o.Enhanced)
	if o.Reason != 0 {
		b = appendWord(b, `,"reason":"`, o.Reason.String())
		b = appendWord(b, `,"actor":"`, o.Actor.String())
	}
	b = appendText(b, `,"text":`, o.Text)
	b = w.time(b, `,"time":"`, o.Time)
	b = appendText(b, `,"file":`, o.Pos.File)
	b = strconv.AppendInt(append(b, `,"line":`...), o.Pos.Line, 10)
	return enclosed(b, object, '{', '}')
}

func (w *jsonWriter) transcript(b []byte, s *Session) []byte {
	b = append(b, `,"transcript":`...)
	array := len(b)
	for i := range s.Transcript {
		st := &s.Transcript[i]
		b = append(b, ',')
		at := len(b)
		b = w.time(b, `,"time":"`, st.Time)
		b = appendWord(b, `,"kind":"`, st.Kind.String())
		b = appendBool(b, `,"sent":`, st.Sent)
		b = appendText(b, `,"text":`, st.Text)
		b = appendNumber(b, `,"code":`, int64(st.Code))
		b = strconv.AppendInt(append(b, `,"line":`...), st.Line, 10)
		b = enclosed(b, at, '{', '}')
	}
	b = enclosed(b, array, '[', ']')
	return appendNumber(b, `,"transcript_shortened":`, s.Shortened)
}

// appendText appends a member unless text is empty.
func appendText(b []byte, key, text string) []byte {
	if text == "" {
		return b
	}
	return jsontext.AppendString(append(b, key...), text)
}

// appendWord is appendText for a word of the program's own, which needs no
// escaping. The key ends with the quote in front of it.
func appendWord(b []byte, key, word string) []byte {
	if word == "" {
		return b
	}
	return append(append(append(b, key...), word...), '"')
}

// appendNumber appends a member unless n is 0.
func appendNumber(b []byte, key string, n int64) []byte {
	if n == 0 {
		return b
	}
	return strconv.AppendInt(append(b, key...), n, 10)
}

func appendBool(b []byte, key string, v bool) []byte {
	return strconv.AppendBool(append(b, key...), v)
}

// time appends a member unless t is zero. The key ends with the quote in front of
// it.
func (w *jsonWriter) time(b []byte, key string, t outcome.Time) []byte {
	if t.IsZero() {
		return b
	}
	return append(w.times.Append(append(b, key...), t), '"')
}

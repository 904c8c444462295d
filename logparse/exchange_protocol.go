package logparse

import (
	"bytes"
	"fmt"

	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// What the events of the protocol logs are.
var (
	receiveKinds = [256]Kind{'+': KindConnect, '-': KindDisconnect, '*': KindInfo, '<': KindCommand, '>': KindReply}
	sendKinds    = [256]Kind{'+': KindConnect, '-': KindDisconnect, '*': KindInfo, '>': KindCommand, '<': KindReply}
)

// protocol fills in the step of the conversation that a row of a protocol log
// stands for. It returns what is wrong with the row, "" for nothing.
//
// A row counts as long as its event can be read: what a log lost of the
// columns behind it, or has too many, does not lose the step.
func (r *exchangeRows) protocol(rec *Record, c *columnList) string {
	event := r.value(c.at[atEvent])
	if len(event) != 1 {
		if event = bytes.TrimSpace(event); len(event) != 1 {
			return r.noEvent(c)
		}
	}
	kinds := &receiveKinds
	rec.Direction = outcome.Inbound
	if r.log.format == ExchangeSend {
		kinds = &sendKinds
		rec.Direction = outcome.Outbound
	}
	if rec.Kind = kinds[event[0]]; rec.Kind == KindNone {
		return r.noEvent(c)
	}

	rec.Session = present(r.value(c.at[atSession]))
	rec.Sequence = sequence(r.value(c.at[atSequence]))
	rec.Connector = present(r.value(c.at[atConnector]))
	rec.Local = present(r.value(c.at[atLocal]))
	rec.Remote = present(r.value(c.at[atRemote]))
	if rec.Direction == outcome.Inbound {
		if i := bytes.IndexByte(rec.Connector, '\\'); i >= 0 {
			rec.Server = present(bytes.TrimSpace(rec.Connector[:i]))
		}
	}
	rec.Data = r.value(c.at[atData])
	rec.Context = trimContext(r.value(c.at[atContext]))

	switch rec.Kind {
	case KindCommand:
		rec.Verb, rec.VerbText, rec.Arg = SplitCommand(rec.Data)
		rec.VerbText, rec.Arg = some(rec.VerbText), some(rec.Arg)
	case KindReply:
		rec.Text = rec.Data
		if line, ok := reply.ParseLine(rec.Text); ok {
			rec.Code, rec.Enhanced, rec.More = line.Code, line.Enhanced, line.More
		}
		// A reply with line breaks inside is a whole one; its last line says
		// whether more follows.
		if bytes.IndexByte(rec.Text, '\n') >= 0 {
			last, _ := reply.ParseLine(rec.Text[bytes.LastIndexByte(rec.Text, '\n')+1:])
			rec.More = last.More
		}
	}
	return ""
}

// noEvent is what is wrong with a row without an event.
func (r *exchangeRows) noEvent(c *columnList) string {
	switch i := c.at[atEvent]; {
	case i < 0:
		return "#Fields names no event"
	case i >= r.count:
		return r.wrongCount(c)
	default:
		return fmt.Sprintf("event %s is none of + - > < *", excerpt(r.value(i)))
	}
}

// trimContext returns a context without the blanks behind it.
//
// QUIRK: logs that went through a web page have blanks at the end of rows.
func trimContext(context []byte) []byte {
	n := len(context)
	for n > 0 && (context[n-1] == ' ' || context[n-1] == '\t') {
		n--
	}
	return some(context[:n])
}

// present returns b, nil when the log wrote that there is no such value.
func present(b []byte) []byte {
	if len(b) == 0 || len(b) == 1 && b[0] == '-' {
		return nil
	}
	return b
}

// some returns b, nil when it is empty.
func some(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

// sequence reads a sequence-number, -1 if it is none.
func sequence(b []byte) int64 {
	if len(b) == 0 || len(b) > 9 {
		return -1
	}
	v, ok := digits(b, len(b))
	if !ok {
		return -1
	}
	return int64(v)
}

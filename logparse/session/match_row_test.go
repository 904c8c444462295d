package session

import (
	"strings"
	"testing"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply"
)

// TestReplyHint checks what tells commands from each other in replies.
func TestReplyHint(t *testing.T) {
	tests := []struct {
		text string
		want matchVerb
	}{
		{"250 a@example.com... Sender ok", verbMail},
		{"250 2.0.0 RECIPIENT ok, sender known", verbMail},
		{"250 Recipient accepted, message not queued", verbRcpt},
		{"250 i2259883 Message accepted for delivery", verbEOM},
		{"250 resetting, queued", verbEOM},
		{"250 Reset state", verbReset},
		{"250 accepted for deliver", verbOther},
		{"250 sende", verbOther},
		{"250-mail.example.com", verbEhlo},
		{"550 Recipient unknown", verbOther},
		{"250 " + strings.Repeat("x", 190) + " sender", verbOther},
	}
	for _, tt := range tests {
		line, _ := reply.ParseLine([]byte(tt.text))
		rec := &logparse.Record{Event: logparse.Event{Kind: logparse.KindReply, Text: []byte(tt.text), Code: line.Code}}
		if got := replyHint(rec); got != tt.want {
			t.Errorf("%.40q: got %v, want %v", tt.text, got, tt.want)
		}
	}
}

// TestShape checks that a wording is known again whatever it is about.
func TestShape(t *testing.T) {
	a := shape([]byte("250 2.1.5 <x@example.com>... Recipient OK"))
	if b := shape([]byte("250 2.1.5 <someone@example.net>... recipient ok")); a != b {
		t.Error("the same words about another address have another shape")
	}
	for _, other := range []string{"250 2.1.0 <x@example.com>... Recipient OK", "250 2.1.5 <x@example.com>... Recipient fine", "250 2.1.5"} {
		if shape([]byte(other)) == a {
			t.Errorf("%q has the same shape", other)
		}
	}
}

// TestAsk checks that the reply to STARTTLS is told from a greeting as it is where
// the whole reply is looked at.
func TestAsk(t *testing.T) {
	for _, text := range []string{"220 ready", "220 2.0.0 ready", "220 2.1.0 ready", "220 2.1.5 ready", "220 2.6.0 ready", "220 Ready to start TLS",
		"220 tls", "220 tLS.", "220 TLS go ahead", "220 tlsmail.example.org", "220 mail.tls", "220 tl", "220 stls-t", "220-mx1.example.org",
		"220 " + strings.Repeat("x", 193) + "tls", "220 " + strings.Repeat("x", 194) + "tls", "250 2.0.0 ready", "454 TLS"} {
		line, _ := reply.ParseLine([]byte(text))
		rec := &logparse.Record{Event: logparse.Event{Kind: logparse.KindReply, Text: []byte(text), Code: line.Code, Enhanced: line.Enhanced}}
		var r matchRow
		r.read(rec)
		if want := rec.Code == 220 && replyHint(rec) == verbTLS; (r.hint == verbTLS) != want {
			t.Errorf("%q: got %v, want %v", text, r.hint == verbTLS, want)
		}
	}
}

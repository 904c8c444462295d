package session_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/reply"
)

func TestAppendJSON(t *testing.T) {
	for _, test := range []struct{ name, rows, want string }{
		{"everything", `
			+
			> 220 gate.example.com ready
			< EHLO mail.example.org
			> 250  gate.example.com Hello [192.0.2.11] SIZE 37748736 STARTTLS
			< STARTTLS
			> 220 2.0.0 SMTP server ready
			* |TLS protocol SP_PROT_TLS1_2_SERVER negotiation succeeded using bulk encryption algorithm CALG_AES_256 with strength 256 bits, MAC
			< XPROXY SID=08DE0000000000FE IP=198.51.100.7 PORT=50505 DOMAIN=mx.example.org
			> 250 2.0.0 ok
			< AUTH LOGIN
			> 334 <authentication response>
			* EXAMPLE\anna|authenticated
			> 235 2.7.0 Authentication successful
			< MAIL FROM:<> SIZE=1460
			* 08DE10000000000A;2026-11-02T08:00:00.000Z;1|receiving message
			> 250 2.1.0 Sender OK
			< RCPT TO:<"a<b>&c"@example.com>
			* Tarpit for '0.00:00:05'|
			> 550 5.7.1 Unable to relay "there"
			< QUIT
			> 221 2.0.0 bye
			- |Local`, `{"id":"08DE10000000000A","format":"exchange-receive","direction":"inbound","server":"EX1","connector":"EX1\\Default EX1",
			"local":"10.0.0.1:25","remote":"192.0.2.11:51000","helo":"mail.example.org",
			"start":"2026-11-02T08:00:00.000Z","end":"2026-11-02T08:00:02.100Z","duration_ms":2100,"ended":"quit","confidence":"exact","unused":false,
			"greeting":"220 gate.example.com ready","capabilities":["SIZE 37748736","STARTTLS"],
			"proxied":{"client":"198.51.100.7:50505","session":"08DE0000000000FE","helo":"mx.example.org"},
			"tls":{"version":"TLS1.2","cipher":"CALG_AES_256","bits":256},"auth":{"mechanism":"LOGIN","user":"EXAMPLE\\anna","ok":true},
			"tarpits":1,"tarpitted_ms":5000,
			"transactions":[{"from":"","size":1460,"source_context":"08DE10000000000A;2026-11-02T08:00:00.000Z;1","result":"rejected",
				"recipients":[{"to":"\"a<b>&c\"@example.com","result":"rejected","class":"permanent","code":550,"enhanced":"5.7.1","text":"550 5.7.1 Unable to relay \"there\""}]}],
			"failures":[{"verb":"RCPT","to":"\"a<b>&c\"@example.com","domain":"example.com","class":"permanent","code":550,"enhanced":"5.7.1",
				"reason":"relay_denied","actor":"sender","text":"550 5.7.1 Unable to relay \"there\"","time":"2026-11-02T08:00:01.800Z","file":"test.log","line":24}],
			"sources":[{"file":"test.log","first_line":6,"last_line":27,"lines":22}]}`},
		{"next to nothing", "* |a note", `{"id":"08DE10000000000A","format":"exchange-receive","direction":"inbound","server":"EX1","connector":"EX1\\Default EX1",
			"local":"10.0.0.1:25","remote":"192.0.2.11:51000","start":"2026-11-02T08:00:00.000Z","end":"2026-11-02T08:00:00.000Z","duration_ms":0,
			"ended":"open","confidence":"exact","unused":false,"transactions":[],"failures":[],"sources":[{"file":"test.log","first_line":6,"last_line":6,"lines":1}]}`},
		{"end of data and a refused MAIL", mailOK + rcptX + dataOK + "\n< MAIL FROM:<b@example.org>\n> 421 4.3.2 Later", `{"id":"08DE10000000000A",
			"format":"exchange-receive","direction":"inbound","server":"EX1","connector":"EX1\\Default EX1","local":"10.0.0.1:25","remote":"192.0.2.11:51000",
			"start":"2026-11-02T08:00:00.000Z","end":"2026-11-02T08:00:00.800Z","duration_ms":800,"ended":"local","confidence":"exact","unused":false,
			"transactions":[{"from":"a@example.org","size":1200,"message_id":"<m1@example.org>","internal_id":"110","result":"accepted",
				"recipients":[{"to":"x@example.com","result":"accepted","class":"ok","code":250,"enhanced":"2.6.0","text":"250 2.6.0 <m1@example.org> [InternalId=110, Hostname=ex1.example.com] 1200 bytes in 0.102, 11,489 KB/sec Queued mail for delivery"}],
				"end_of_data":{"class":"ok","code":250,"enhanced":"2.6.0","text":"250 2.6.0 <m1@example.org> [InternalId=110, Hostname=ex1.example.com] 1200 bytes in 0.102, 11,489 KB/sec Queued mail for delivery"}},
				{"from":"b@example.org","result":"deferred","mail":{"class":"transient","code":421,"enhanced":"4.3.2","text":"421 4.3.2 Later"},"recipients":[]}],
			"failures":[{"verb":"MAIL","class":"transient","code":421,"enhanced":"4.3.2","reason":"REASON","actor":"ACTOR","text":"421 4.3.2 Later","time":"2026-11-02T08:00:00.800Z","file":"test.log","line":14}],
			"sources":[{"file":"test.log","first_line":6,"last_line":14,"lines":9}]}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := build(t, strings.NewReader(exchangeLog(logparse.ExchangeReceive, test.rows)), logparse.ExchangeReceive, nil)[0]
			line := s.AppendJSON([]byte("before "))
			line = bytes.TrimPrefix(line, []byte("before "))
			if bytes.ContainsRune(line, '\n') || bytes.Contains(line, []byte(`\u003c`)) {
				t.Errorf("escaped, or no line: %s", line)
			}
			for _, f := range s.Failures {
				test.want = strings.NewReplacer("REASON", f.Reason.String(), "ACTOR", f.Actor.String()).Replace(test.want)
			}
			want := strings.NewReplacer("\n", "", "\t", "").Replace(test.want)
			if diff := cmp.Diff(want, string(line)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if !json.Valid(line) {
				t.Error("not valid")
			}
		})
	}
}

// Replies that follow one another differ in a part or in none.
func TestJSONOfReplies(t *testing.T) {
	var replies []session.Verdict
	for _, class := range []reply.Class{reply.ClassNone, reply.OK, reply.Permanent} {
		for _, code := range []reply.Code{0, 250, 551} {
			for _, enhanced := range []reply.Enhanced{{}, {Major: 2}, {Major: 2, Subject: 1, Detail: 5}} {
				replies = append(replies, session.Verdict{Class: class, Code: code, Enhanced: enhanced})
			}
		}
	}
	for _, first := range replies {
		for _, second := range replies {
			s := session.Session{Transactions: []session.Transaction{{Recipients: []session.Recipient{{Verdict: first}, {Verdict: second}}}}}
			var got struct {
				Transactions []struct {
					Recipients []struct {
						Class, Enhanced string
						Code            reply.Code
					}
				}
			}
			if err := json.Unmarshal(s.AppendJSON(nil), &got); err != nil {
				t.Fatal(err)
			}
			for i, want := range []session.Verdict{first, second} {
				r := got.Transactions[0].Recipients[i]
				if r.Class != want.Class.String() || r.Code != want.Code || r.Enhanced != want.Enhanced.String() {
					t.Fatalf("%v, want %v %v %v", r, want.Class, want.Code, want.Enhanced)
				}
			}
		}
	}
}

func TestTranscriptJSON(t *testing.T) {
	log := exchangeLog(logparse.ExchangeReceive, "+\n> 220 gate.example.com\n< EHLO mail.example.org\n* a|b\n* |c\n* d|\n- |Remote")
	s := build(t, strings.NewReader(log), logparse.ExchangeReceive, &session.Options{Transcript: true})[0]
	s.Shortened = 3
	var got struct {
		Transcript []struct {
			Time, Kind, Text string
			Sent             bool
			Line             int
		}
		Shortened int `json:"transcript_shortened"`
	}
	if err := json.Unmarshal(s.AppendJSON(nil), &got); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for i, step := range got.Transcript {
		if step.Line != 6+i || !strings.HasSuffix(step.Time, "00Z") {
			t.Errorf("step %+v", step)
		}
		arrow := "<"
		if step.Sent {
			arrow = ">"
		}
		lines = append(lines, step.Kind+" "+arrow+" "+step.Text)
	}
	want := []string{"connect < connected", "reply > 220 gate.example.com", "command < EHLO mail.example.org", "info < b: a", "info < c", "info < d",
		"disconnect < disconnected: Remote"}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got.Shortened != 3 {
		t.Errorf("shortened by %d", got.Shortened)
	}
}

// A Session is good until emit returns; a copy is good for ever.
func TestClone(t *testing.T) {
	log := exchangeLog(logparse.ExchangeReceive, greeting+"\n< XPROXY SID=1\n> 250 ok\n< AUTH LOGIN\n> 235 ok\n* |TLS negotiation failed with error X"+
		mailOK+rcptX+dataOK+quit+"\n@1s"+strings.ReplaceAll(greeting+mailOK+rcptY+quit, "\n\t\t", "\nB "))
	var copies []*session.Session
	var texts []string
	b := session.NewBuilder(&session.Options{Transcript: true}, func(s *session.Session) {
		copies = append(copies, s.Clone())
		texts = append(texts, string(s.AppendJSON(nil)))
	})
	for i := range 3 {
		addLog(t, b, strings.NewReader(log), string(rune('a'+i)), logparse.ExchangeReceive)
	}
	b.Close()
	if len(copies) != 6 {
		t.Errorf("%d sessions", len(copies))
	}
	for i, c := range copies {
		if got := string(c.AppendJSON(nil)); got != texts[i] {
			t.Errorf("session %d was\n%s\nis\n%s", i, texts[i], got)
		}
	}
}

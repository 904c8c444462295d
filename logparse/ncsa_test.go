package logparse

import (
	"strings"
	"testing"
	"time"

	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

func TestNCSAEvents(t *testing.T) {
	event := func(kind Kind, direction outcome.Direction, e Event) Event {
		e.Kind, e.Direction = kind, direction
		e.Sequence, e.Elapsed, e.Win32, e.BytesIn = -1, -1, -1, -1
		if e.Remote == nil {
			e.Remote = []byte("192.0.2.7")
		}
		return e
	}
	in := func(e Event) Event { return event(KindCommand, outcome.Inbound, e) }
	out := func(e Event) Event { return event(KindCommand, outcome.Outbound, e) }
	answer := func(e Event) Event { return event(KindReply, outcome.Outbound, e) }
	tests := []struct {
		name, before, behind string // the time
		want                 Event
	}{
		{"HELO", `192.0.2.7 - pc.example.org`, `"HELO -?+pc.example.org SMTP" 250 46`,
			in(Event{Helo: []byte("pc.example.org"), Verb: VerbHELO, VerbText: []byte("HELO"), Arg: []byte("pc.example.org"), Code: 250, BytesOut: 46})},
		{"an address literal as name", `192.0.2.7 - [192.0.2.7]`, `"MAIL -?+FROM:+<a@example.org> SMTP" 250 46`,
			in(Event{Helo: []byte("[192.0.2.7]"), Verb: VerbMAIL, VerbText: []byte("MAIL"), Arg: []byte("FROM: <a@example.org>"), Code: 250, BytesOut: 46})},
		{"a name with blanks and a bracket", `192.0.2.7 - my [big] pc`, `"QUIT -?my SMTP" 240 68`,
			in(Event{Helo: []byte("my [big] pc"), Verb: VerbQUIT, VerbText: []byte("QUIT"), Arg: []byte("my"), Code: 240, BytesOut: 68})},
		{"a name made to look like a time", `192.0.2.7 - [11/Oct/2006:00:00:00 -0600] "x`, `"RSET - SMTP" 250 68`,
			in(Event{Helo: []byte(`[11/Oct/2006:00:00:00 -0600] "x`), Verb: VerbRSET, VerbText: []byte("RSET"), Code: 250, BytesOut: 68})},
		{"no name, unknown verb", `192.0.2.7 - -`, `"user-agent: -?+x/1.0 SMTP" 500 32`,
			in(Event{Verb: VerbOther, VerbText: []byte("user-agent:"), Arg: []byte("x/1.0"), Code: 500, BytesOut: 32})},
		{"IPv6, no counters", `2001:db8::7 - pc`, `"DATA -?+<1@example.org> SMTP" - -`,
			in(Event{Remote: []byte("2001:db8::7"), Helo: []byte("pc"), Verb: VerbDATA, VerbText: []byte("DATA"), Arg: []byte("<1@example.org>"), BytesOut: -1})},
		{"the end of the count is cut off", `192.0.2.7 - pc`, `"RCPT -?+TO:<b@example.com> SMTP" 250 3`,
			in(Event{Helo: []byte("pc"), Verb: VerbRCPT, VerbText: []byte("RCPT"), Arg: []byte("TO:<b@example.com>"), Code: 250, BytesOut: 3})},
		{"another stem", `192.0.2.7 - pc`, `"RCPT x?+TO:<b@example.com> SMTP" 250 3 `,
			in(Event{Helo: []byte("pc"), Verb: VerbRCPT, VerbText: []byte("RCPT"), Arg: []byte("TO:<b@example.com>"), Code: 250, BytesOut: 3})},
		{"the verb of the help", `192.0.2.7 - pc`, `"RCPT TO -?TO:<b@example.com> SMTP" 250 3`,
			in(Event{Helo: []byte("pc"), Verb: VerbRCPT, VerbText: []byte("RCPT TO"), Arg: []byte("TO:<b@example.com>"), Code: 250, BytesOut: 3})},
		{"an empty line from the client", `192.0.2.7 - pc`, `" -?+ SMTP" 500 3`,
			event(KindInfo, outcome.Inbound, Event{Helo: []byte("pc"), Code: 500, BytesOut: 3})},
		{"outbound command", `192.0.2.7 - OutboundConnectionCommand`, `"EHLO -?mail.example.com SMTP" 0 4`,
			out(Event{Verb: VerbEHLO, VerbText: []byte("EHLO"), Arg: []byte("mail.example.com"), BytesOut: 4})},
		{"outbound command without query", `192.0.2.7 - OutboundConnectionCommand`, `"DATA - SMTP" 0 4`,
			out(Event{Verb: VerbDATA, VerbText: []byte("DATA"), BytesOut: 4})},
		{"quotes in a reply", `192.0.2.7 - OutboundConnectionResponse`, `"- -?354+END+WITH+"."+ON+A+LINE SMTP" 0 54`,
			answer(Event{Text: []byte(`354 END WITH "." ON A LINE`), Code: 354, BytesOut: 54})},
		{"a reply with all that could mislead", `192.0.2.7 - OutboundConnectionResponse`, `"- -?550-5.7.1+-?+"x+SMTP"+0+0+ SMTP" 0 54`,
			answer(Event{Text: []byte(`550-5.7.1 -? "x SMTP" 0 0 `), Code: 550, Enhanced: reply.Enhanced{Major: 5, Subject: 7, Detail: 1}, BytesOut: 54})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := readIIS(t, strings.NewReader(tt.before+" [11/Oct/2006:23:16:40 -0600] "+tt.behind+"\r\n"), Options{Format: IISNCSA})
			diffIIS(t, got.errors, []string(nil))
			diffIIS(t, got.events(), []iisEvent{{"2006-10-12T05:16:40Z", tt.want}})
		})
	}
}

func TestNCSAMonths(t *testing.T) {
	for day := time.Date(2027, 12, 31, 0, 0, 0, 0, time.UTC); day.Year() < 2029; day = day.AddDate(0, 0, 1) {
		year, month, d, ok := ncsaDate([]byte(day.Format("02/Jan/2006")))
		if y, m, dd := day.Date(); !ok || year != y || month != int(m) || d != dd {
			t.Fatalf("%v is read as %d-%d-%d", day, year, month, d)
		}
	}
	for _, bad := range []string{"01/anF/2026", "01/jan/2026", "01/   /2026", "1./Jan/2026"} {
		if _, _, _, ok := ncsaDate([]byte(bad)); ok {
			t.Errorf("%q is read as a date", bad)
		}
	}
}

func TestNCSATimes(t *testing.T) {
	for in, want := range map[string]string{
		"11/Oct/2006:13:16:40 +0000": "2006-10-11T13:16:40Z",
		"11/Oct/2006:13:16:40 +0530": "2006-10-11T07:46:40Z",
		"01/Jan/2006:00:16:40 +1400": "2005-12-31T10:16:40Z",
		"31/Dec/2006:23:16:40 -1000": "2007-01-01T09:16:40Z",
		"31/Feb/2006:23:16:40 -1000": `x.log:1: "31/Feb/2006:23:16:40 -1000" is no time`,
		"31/Dec/2006:23:16:40 *1000": `x.log:1: "31/Dec/2006:23:16:40 *1000" is no time`,
		"31/Dec/2006:23:16:40 +1500": `x.log:1: "31/Dec/2006:23:16:40 +1500" is no time`,
		"31/Dec/2006:23:16:40 -1060": `x.log:1: "31/Dec/2006:23:16:40 -1060" is no time`,
		"31/Dec/2006:24:16:40 -1000": `x.log:1: "31/Dec/2006:24:16:40 -1000" is no time`,
	} {
		got := readIIS(t, strings.NewReader("192.0.2.7 - pc ["+in+"] \"RSET - SMTP\" 250 1\n"), Options{Format: IISNCSA})
		read := got.errors
		for _, rec := range got.records {
			read = append(read, rec.Time.String())
		}
		diffIIS(t, read, []string{want})
	}
}

func TestNCSAFields(t *testing.T) {
	got := readIIS(t, strings.NewReader(`192.0.2.7 - pc [11/Oct/2006:13:16:40 -0600] "- -?354+"."+ SMTP" 0 54 `+"\n"), Options{Format: IISNCSA})
	diffIIS(t, iisFields(got.records[0]), map[string]string{"remotehost": "192.0.2.7", "rfc931": "-", "authuser": "pc",
		"date": "11/Oct/2006:13:16:40 -0600", "request": `- -?354+"."+ SMTP`, "status": "0", "bytes": "54"})
}

func TestNCSAMalformed(t *testing.T) {
	for row, want := range map[string]string{
		"192.0.2.7":      "no address in front",
		" - pc":          "no address in front",
		`192.0.2.7 - pc`: `no time in brackets before the request: [dd/Mon/yyyy:hh:mm:ss +hhmm] "`,
		`192.0.2.7 - pc [11/Oct/2006:13:16:40 -0600]`:                               `no time in brackets before the request: [dd/Mon/yyyy:hh:mm:ss +hhmm] "`,
		`192.0.2.7 - pc [11/Oct/2006:13:16:40 - 0600] "MAIL FROM - SMTP" 250 1`:     `no time in brackets before the request: [dd/Mon/yyyy:hh:mm:ss +hhmm] "`,
		`192.0.2.7 - pc [11/Oct/2006:13:16:40 -0600] "MAIL -?+FROM:<a@exam`:         "no quote behind the request",
		`192.0.2.7 - pc [11/Oct/2006:13:16:40 -0600] "MAIL -?+FROM:<a> SMTP"`:       "no status and bytes behind the request",
		`192.0.2.7 - pc [11/Oct/2006:13:16:40 -0600] "MAIL -?+FROM:<a> SMTP" 250`:   "no status and bytes behind the request",
		`192.0.2.7 - pc [11/Oct/2006:13:16:40 -0600] "MAIL -?+FROM:<a> SMTP" x 250`: "no status and bytes behind the request",
		`192.0.2.7 - pc [11/Oct/2006:13:16:40 -0600] "MAIL -?+FROM:<a> SMTP" 250 x`: "no status and bytes behind the request",
		`192.0.2.7 - pc [11/Oct/2006:13:16:40 -0600] "GET / HTTP/1.0" 200 17`:       "the request does not end in SMTP",
	} {
		got := readIIS(t, strings.NewReader(row+"\n"), Options{Format: IISNCSA})
		diffIIS(t, got.errors, []string{"x.log:1: " + want})
	}
}

func FuzzNCSA(f *testing.F) {
	addIISSeeds(f, IISNCSA)
	f.Fuzz(func(t *testing.T, log []byte) { checkIISFuzz(t, log, Options{Format: IISNCSA}) })
}

package session_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/session"
)

// imsLog turns a script into a log of the IMS: "8:00:01 <<< QUIT" is a row.
// Other lines stay as they are.
func imsLog(script string) string {
	var b strings.Builder
	for line := range strings.Lines(script) {
		line = strings.TrimLeft(strings.TrimRight(line, "\n"), "\t")
		if clock, text, ok := strings.Cut(line, " "); ok && strings.Count(clock, ":") == 2 {
			line = "11/2/99 " + clock + " AM : " + text
		}
		b.WriteString(line + "\r\n")
	}
	return b.String()
}

func TestIMS(t *testing.T) {
	const accepted = `8:00:00 A connection was accepted from mail.example.org.
		8:00:00 >>> 220 gate.example.com ESMTP Server (Microsoft Exchange Internet Mail Service 5.5.2650.21) ready
		8:00:00 <<< HELO mail.example.org
		8:00:00 >>> 250 OK
		8:00:01 <<< MAIL FROM:<a@example.org>
		8:00:01 >>> 250 OK - mail from <a@example.org>
		8:00:01 <<< RCPT TO:<x@example.com>
		8:00:01 >>> 250 OK - Recipient <x@example.com>
		8:00:01 <<< DATA
		8:00:01 >>> 354 Send data.  End with CRLF.CRLF
		8:00:02 >>> 250 OK
		8:00:02 <<< QUIT
		8:00:02 >>> 221 closing connection
		`
	for _, test := range []struct {
		name, rows string
		want       []string
	}{
		{"two sessions", accepted + accepted, []string{
			"quit\n<a@example.org> accepted: x@example.com accepted 250",
			"quit\n<a@example.org> accepted: x@example.com accepted 250"}},
		{"the next connection ends one", `8:00:00 A connection was accepted from mail.example.org.
			8:00:00 >>> 220 gate.example.com ready
			8:00:00 <<< HELO mail.example.org
			8:00:00 >>> 250 OK
			8:00:01 <<< MAIL FROM:<a@example.org>
			` + accepted, []string{
			"remote\n<a@example.org> aborted:",
			"quit\n<a@example.org> accepted: x@example.com accepted 250"}},
		{"dropped at once", "8:00:00 A connection to mx.example.net was established.\n" + accepted, []string{
			"remote unused", "quit\n<a@example.org> accepted: x@example.com accepted 250"}},
		{"twice, raw and parsed", `8:00:00 A connection was accepted from mail.example.org.
			8:00:00 <<< IO: |HELO  mail.example.org
			8:00:00 <<< HELO mail.example.org
			8:00:00 >>> 250 OK
			8:00:01 <<< IO: |MAIL  From:<a@example.org>
			8:00:01 <<< MAIL From:<a@example.org>
			8:00:01 >>> 250 OK - mail from <a@example.org>
			8:00:01 <<< IO: |RCPT To:<x@example.com>
			8:00:01 <<< RCPT To:<x@example.com>
			8:00:01 >>> 250 OK - Recipient <x@example.com>
			8:00:01 <<< IO: |DATA
			8:00:01 <<< DATA
			8:00:01 >>> 354 Send data.  End with CRLF.CRLF
			8:00:02 <<< IO: |From: a@example.org
			To: x@example.com

			8:00:02 <<< IO: |RSET
			QUIT
			.
			8:00:03 >>> 250 OK
			8:00:03 <<< IO: |QUIT
			8:00:03 <<< QUIT
			8:00:03 >>> 221 closing connection
			`, []string{"quit\n<a@example.org> accepted: x@example.com accepted 250"}},
		{"raw alone, outbound", `8:00:00 A connection to mx.example.net was established.
			8:00:00 <<< IO: |220 mx.example.net ready
			8:00:00 >>> EHLO gate.example.com
			8:00:00 <<< IO: |250 mx.example.net
			8:00:01 >>> MAIL FROM:<a@example.com>
			8:00:01 <<< IO: |250 ok
			8:00:01 >>> RCPT TO:<x@example.net>
			8:00:01 <<< IO: |250 ok
			8:00:01 >>> DATA
			8:00:01 <<< IO: |354 go ahead
			8:00:02 <<< IO: |554 no
			8:00:02 >>> QUIT
			8:00:02 <<< IO: |221 bye
			`, []string{`quit
			<a@example.com> rejected: x@example.net rejected 554
			! EOM permanent 554 for x@example.net at example.net`}},
		{"499 behind DATA", `8:00:00 A connection to mx.example.net was established.
			8:00:00 <<< 220 mx.example.net ready
			8:00:00 >>> EHLO gate.example.com
			8:00:00 <<< 250 mx.example.net
			8:00:01 >>> MAIL FROM:<a@example.com>
			8:00:01 <<< 250 ok
			8:00:01 >>> RCPT TO:<x@example.net>
			8:00:01 <<< 250 ok
			8:00:01 >>> DATA
			8:00:01 <<< 354 go ahead
			8:00:02 499 No routing hosts are reachable for Example.NET. Message subject: "100%s". Rescheduling delivery for later.
			8:00:05 A connection to mx.example.net was established.
			`, []string{`remote
			<a@example.com> aborted: x@example.net unknown
			! EOM transient 499 no reply at example.net`, "open unused"}},
		{"499 alone", `8:00:02 499 No routing hosts are reachable for example.net. Message subject: "x". Rescheduling delivery for later.
			8:00:03 499 No routing hosts are reachable for example.org. Message subject: "x". Rescheduling delivery for later.
			`, []string{"failed\n! CONNECT transient 499 no reply at example.net", "failed\n! CONNECT transient 499 no reply at example.org"}},
		{"put off with the peer's words, no reply in the log", `8:00:02 451 Try later. Message subject: "x". Rescheduling delivery for later.
			`, []string{"failed\n! CONNECT transient 451 no reply"}},
		{"put off with the peer's words", `8:00:00 A connection to mx.example.net was established.
			8:00:00 <<< 220 mx.example.net ready
			8:00:01 >>> MAIL FROM:<a@example.com>
			8:00:01 <<< 451 Try later
			8:00:01 451 Try later. Message subject: "x". Rescheduling delivery for later.
			8:00:01 >>> QUIT
			8:00:02 <<< 221 bye
			`, []string{"quit\n<a@example.com> deferred:\n! MAIL transient 451"}},
		{"499 behind a session that came in", `8:00:00 A connection was accepted from mail.example.org.
			8:00:00 <<< HELO mail.example.org
			8:00:00 >>> 250 OK
			8:00:02 499 No routing hosts are reachable for example.net. Message subject: "x". Rescheduling delivery for later.
			`, []string{"remote unused", "failed\n! CONNECT transient 499 no reply at example.net"}},
		{"silent for ten minutes", `8:00:00 A connection was accepted from mail.example.org.
			8:00:00 <<< HELO mail.example.org
			8:10:00 >>> 250 OK
			8:10:01 <<< QUIT
			`, []string{"cut unused", "quit"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			checkBriefly(t, logparse.IMS, imsLog(test.rows), test.want...)
		})
	}
}

// The IMS has a file for each of its workers, which write at the same time.
func TestIMSWorkers(t *testing.T) {
	const first = `8:00:00 A connection was accepted from one.example.org.
		8:00:00 <<< HELO one.example.org
		8:30:00 A connection was accepted from two.example.org.
		8:30:01 <<< QUIT
		`
	const second = `8:05:00 A connection was accepted from three.example.org.
		8:05:01 <<< HELO three.example.org
		8:05:02 >>> 250 OK
		8:05:03 <<< QUIT
		8:05:03 >>> 221 closing connection
		8:06:00 A connection was accepted from four.example.org.
		`
	want := []string{
		"1 one.example.org cut L0.LOG:1-2/2",
		"3 two.example.org quit L0.LOG:3-4/2",
		"1 three.example.org quit L1.LOG:1-5/5",
		"6 four.example.org open L1.LOG:6-6/1",
	}
	got := ends(buildParts(t, logparse.IMS, nil, part{"L0.LOG", imsLog(first)}, part{"L1.LOG", imsLog(second)}))
	if diff := cmp.Diff(want, got, sorted); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Raw lines that stand alone are in the transcript where they were received.
func TestIMSTranscript(t *testing.T) {
	log := imsLog(`8:00:00 A connection to mx.example.net was established.
		8:00:00 <<< IO: |220 mx.example.net ready
		8:00:01 >>> HELO gate.example.com
		8:00:01 <<< IO: |250  mx.example.net
		8:00:01 <<< 250 mx.example.net
		8:00:02 >>> QUIT
		`)
	s := build(t, strings.NewReader(log), logparse.IMS, &session.Options{Transcript: true})[0]
	var got []string
	for _, step := range s.Transcript {
		got = append(got, step.Text)
	}
	want := []string{"connected", "220 mx.example.net ready", "HELO gate.example.com", "250 mx.example.net", "QUIT"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if s.Replies.OK != 2 {
		t.Errorf("%d replies, want 2", s.Replies.OK)
	}
}

func TestOutlook(t *testing.T) {
	const header = "Outlook Express 6.00.2900.5512\r\nSMTP Log started at 11/02/2005 08:00:00\r\n"
	row := func(rows ...string) string {
		var b strings.Builder
		for _, r := range rows {
			b.WriteString("SMTP: 08:00:01 " + r + "\r\n")
		}
		return b.String()
	}
	message := row("[rx] 220 mx.example.net ESMTP", "[tx] HELO deskpc", "[rx] 250 hello", "[tx] MAIL FROM: <a@example.com>", "[rx] 250 ok",
		"[tx] RCPT TO: <x@example.net>", "[rx] 250 ok", "[tx] DATA", "[rx] 354 go ahead", "[tx] Help me out", "[tx] quit it", "[tx] .", "[rx] 250 taken")
	quit := row("[tx] QUIT", "[rx] 221 bye")
	for _, test := range []struct {
		name, log string
		want      []string
	}{
		{"one", header + row("[db] Connecting to 'mx.example.net' on port 25.") + message + quit,
			[]string{"quit\n<a@example.com> accepted: x@example.net accepted 250"}},
		{"two", header + message + quit + message + quit,
			[]string{"quit\n<a@example.com> accepted: x@example.net accepted 250", "quit\n<a@example.com> accepted: x@example.net accepted 250"}},
		{"QUIT without an answer", header + message + row("[tx] QUIT") + message + quit,
			[]string{"quit\n<a@example.com> accepted: x@example.net accepted 250", "quit\n<a@example.com> accepted: x@example.net accepted 250"}},
		{"given up", header + row("[rx] 220 mx.example.net", "[tx] HELO deskpc", "[rx] 250 hello") + header + message,
			[]string{"remote unused", "open\n<a@example.com> accepted: x@example.net accepted 250"}},
		{"STARTTLS", header + row("[rx] 220 mx.example.net", "[tx] EHLO deskpc", "[rx] 250 hello", "[tx] STARTTLS", "[rx] 220 go ahead", "[tx] EHLO deskpc", "[rx] 250 hello") + quit,
			[]string{"quit unused"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			checkBriefly(t, logparse.OutlookSMTP, test.log, test.want...)
		})
	}
}

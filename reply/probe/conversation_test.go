package probe

import (
	"strings"
	"testing"

	"github.com/smtplog/smtplog/reply"
)

// shape writes the exchanges in a line each: verb, command, last code, result.
func shape(c *Conversation) string {
	var b strings.Builder
	for _, e := range c.Exchanges {
		said := e.Note
		if said == "" {
			said = e.Command
			if r := strings.Split(e.Reply, "\n"); e.Reply != "" {
				said += " = " + r[len(r)-1][:3]
			}
		}
		b.WriteString(e.Verb + " | " + strings.TrimSpace(said) + " | " + string(e.Result) + "\n")
	}
	return b.String()
}

func TestReadConversation(t *testing.T) {
	for name, c := range map[string]struct {
		text    string
		want    string
		result  Result
		verdict string
		reason  reply.Reason
		line    int
		message int
	}{
		"swaks": {text: `=== Trying mx1.example.net:25...
=== Connected to mx1.example.net.
<-  220 mx1.example.net ESMTP
 -> EHLO client.example.org
<-  250-mx1.example.net
<-  250-SIZE 1000
<-  250 STARTTLS
 -> STARTTLS
<-  220 2.0.0 Ready
=== TLS started with cipher TLSv1.3:TLS_AES_256_GCM_SHA384:256
 ~> EHLO client.example.org
<~  250 mx1.example.net
 ~> MAIL FROM:<alice@example.org>
<~  250 2.1.0 Ok
 ~> RCPT TO:<bob@example.net>
<~* 550 5.1.1 User unknown
 ~> QUIT
<~  221 2.0.0 Bye
=== Connection closed with remote host.
`, want: `CONNECT | Trying mx1.example.net:25... | info
NOTE | Connected to mx1.example.net. | info
CONNECT | = 220 | passed
EHLO | EHLO client.example.org = 250 | passed
STARTTLS | STARTTLS = 220 | passed
TLS | TLS started with cipher TLSv1.3:TLS_AES_256_GCM_SHA384:256 | passed
EHLO | EHLO client.example.org = 250 | passed
MAIL | MAIL FROM:<alice@example.org> = 250 | passed
RCPT | RCPT TO:<bob@example.net> = 550 | failed
QUIT | QUIT = 221 | passed
NOTE | Connection closed with remote host. | info
`, result: Failed, verdict: "RCPT was refused: 550 5.1.1 User unknown.", reason: reply.ReasonUserUnknown, line: 15},
		"swaks, accepted": {text: ` -> DATA
<-  354 go on
 -> Date: Fri, 20 Nov 2026 12:00:00 +0000
 -> Subject: 550 test
 -> 
 -> QUIT
 -> .
<-  250 2.0.0 Ok: queued as 4711
`, want: "DATA | DATA = 354 | passed\nEOM | . = 250 | passed\n", result: Passed, verdict: "took the message: 250 2.0.0 Ok: queued as 4711.", line: 7, message: 4},
		"swaks, login": {text: ` -> AUTH PLAIN AGFsaWNlAHNlY3JldA==
<** 535 5.7.8 Authentication failed
 -> AUTH LOGIN
<-  334 VXNlcm5hbWU6
 -> YWxpY2U=
<-  334 UGFzc3dvcmQ6
 -> c2VjcmV0
<-  235 ok
`, want: `AUTH | AUTH PLAIN [redacted] = 535 | failed
AUTH | AUTH LOGIN = 334 | passed
AUTH | [redacted] = 334 | passed
AUTH | [redacted] = 235 | passed
`, result: Failed, verdict: "AUTH was refused", reason: reply.ReasonAuthFailed, line: 1},
		"swaks, no connection": {text: `=== Trying mx1.example.net:25...
*** Error connecting to mx1.example.net:25:
*** 	IO::Socket::INET6: connect: Connection refused
`, want: `CONNECT | Trying mx1.example.net:25... | info
CONNECT | Error connecting to mx1.example.net:25: IO::Socket::INET6: connect: Connection refused | failed
`, result: Failed, verdict: "There was no connection", reason: reply.ReasonConnectionRefused, line: 2},
		"swaks, dropped": {text: `=== Trying mx1.example.net:25...
<-  220 mx1.example.net ESMTP
 -> EHLO client.example.org
*** Remote host closed connection unexpectedly.
`, want: `CONNECT | Trying mx1.example.net:25... | info
CONNECT | = 220 | passed
EHLO | EHLO client.example.org | skipped
NOTE | Remote host closed connection unexpectedly. | failed
`, result: Failed, verdict: "The conversation failed", reason: reply.ReasonConnectionDropped, line: 4},
		"SMTPDiag": {text: `Searching for Exchange external DNS settings.
Computer name is EX1.

Checking SOA for example.net.
Checking external DNS servers.
SOA serial number match: Passed.

Checking remote domain records.
Checking MX records using TCP: example.net.
Both TCP and UDP queries succeeded. Remote DNS test passed.

Checking MX servers listed for bob@example.net.
Connecting to mx1.example.net [192.0.2.25] on port 25.
Connecting to the server failed. Error: 10060
Failed to submit mail to mx1.example.net.
Connecting to mx2.example.net [192.0.2.26] on port 25.
Received:
220 mx2.example.net Microsoft ESMTP MAIL Service


Sent:
ehlo example.org

Received:
250-mx2.example.net Hello [198.51.100.7]
250-SIZE
250 OK

Sent:
mail from: <alice@example.org>

Received:
250 2.1.0 alice@example.org....Sender OK

Sent:
rcpt to: <bob@example.net>

Received:
550 5.7.1 Unable to relay for bob@example.net

Error: Expected "250". Server rejected the recipient address.
Failed to submit mail to mx2.example.net.
`, want: `NOTE | Checking SOA for example.net. | info
NOTE | Checking external DNS servers. | info
NOTE | SOA serial number match: Passed. | passed
NOTE | Checking remote domain records. | info
NOTE | Checking MX records using TCP: example.net. | info
NOTE | Both TCP and UDP queries succeeded. Remote DNS test passed. | passed
NOTE | Checking MX servers listed for bob@example.net. | info
CONNECT | Connecting to mx1.example.net [192.0.2.25] on port 25. | info
CONNECT | Connecting to the server failed. Error: 10060 | failed
NOTE | Failed to submit mail to mx1.example.net. | info
CONNECT | Connecting to mx2.example.net [192.0.2.26] on port 25. | info
CONNECT | = 220 | passed
EHLO | ehlo example.org = 250 | passed
MAIL | mail from: <alice@example.org> = 250 | passed
RCPT | rcpt to: <bob@example.net> = 550 | failed
NOTE | Error: Expected "250". Server rejected the recipient address. | info
NOTE | Failed to submit mail to mx2.example.net. | info
`, result: Failed, verdict: "RCPT was refused: 550 5.7.1 Unable to relay", reason: reply.ReasonRelayDenied, line: 36},
		"SMTPDiag, no answer": {text: "Connecting to mx1.example.net [192.0.2.25] on port 25.\nConnecting to the server failed. Error: 10060\nFailed to submit mail to mx1.example.net.\n",
			want:   "CONNECT | Connecting to mx1.example.net [192.0.2.25] on port 25. | info\nCONNECT | Connecting to the server failed. Error: 10060 | failed\nNOTE | Failed to submit mail to mx1.example.net. | info\n",
			result: Failed, verdict: "no connection", reason: reply.ReasonConnectionTimeout, line: 2},
		"telnet": {text: "$ telnet mx1.example.net 25\nTrying 192.0.2.25...\nConnected to mx1.example.net.\nEscape character is '^]'.\r\n220 mx1.example.net ESMTP\r\n" +
			"helo client\r\n250 mx1.example.net\r\nmail fron\b \bm:<alice@example.org>\r\n250 2.1.0 Ok\r\nrcpt to:<bob@example.net>\r\n451 4.7.1 Greylisted, try again later\r\nquit\r\n221 Bye\r\nConnection closed by foreign host.\r\n",
			want: `CONNECT | Trying 192.0.2.25... | info
CONNECT | Connected to mx1.example.net. | passed
CONNECT | = 220 | passed
HELO | helo client = 250 | passed
MAIL | mail from:<alice@example.org> = 250 | passed
RCPT | rcpt to:<bob@example.net> = 451 | failed
QUIT | quit = 221 | passed
NOTE | Connection closed by foreign host. | info
`, result: Failed, verdict: "RCPT was put off for now: 451 4.7.1 Greylisted", reason: reply.ReasonGreylisted, line: 10},
		"telnet, message": {text: "220 mx\nEHLO c\n500 what\nHELO c\n250 mx\nDATA\n354 go on\nSubject: x\n\n250 looks like a reply\nQUIT\n.\n250 taken\n",
			want:   "CONNECT | = 220 | passed\nEHLO | EHLO c = 500 | failed\nHELO | HELO c = 250 | passed\nDATA | DATA = 354 | passed\nEOM | . = 250 | passed\n",
			result: Passed, verdict: "took the message", line: 12, message: 4},
		"telnet, refused": {text: "Trying 192.0.2.25...\ntelnet: Unable to connect to remote host: Connection refused\n",
			want:   "CONNECT | Trying 192.0.2.25... | info\nCONNECT | telnet: Unable to connect to remote host: Connection refused | failed\n",
			result: Failed, verdict: "no connection", reason: reply.ReasonConnectionRefused, line: 2},
		"telnet, Windows": {text: "Connecting To mx1.example.net...Could not open connection to the host, on port 25: Connect failed\n",
			want:   "CONNECT | Connecting To mx1.example.net...Could not open connection to the host, on port 25: Connect failed | failed\n",
			result: Failed, verdict: "no connection", reason: reply.ReasonConnectionTimeout, line: 1},
		"telnet, dropped": {text: "220 mx\nMAIL FROM:<a@example.org>\nConnection to host lost.\n",
			want:   "CONNECT | = 220 | passed\nMAIL | MAIL FROM:<a@example.org> | skipped\nNOTE | Connection to host lost. | failed\n",
			result: Failed, verdict: "The conversation failed", reason: reply.ReasonConnectionDropped, line: 3},
		"openssl": {text: `CONNECTED(00000003)
depth=0 CN = mx1.example.net
verify error:num=18:self-signed certificate
verify return:1
---
Certificate chain
 0 s:CN = mx1.example.net
   i:CN = mx1.example.net
---
Server certificate
-----BEGIN CERTIFICATE-----
250 this is no reply
-----END CERTIFICATE-----
subject=CN = mx1.example.net
---
New, TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384
Verify return code: 18 (self-signed certificate)
---
250 SMTPUTF8
---
SSL-Session:
    Protocol  : TLSv1.3
    Verify return code: 18 (self-signed certificate)
---
mail from:<alice@example.org>
250 2.1.0 Ok
RCPT TO:<bob@example.net>
RENEGOTIATING
rcpt to:<bob@example.net>
250 2.1.5 Ok
quit
221 Bye
closed
`, want: `CONNECT | connected | passed
TLS | TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384 | passed
TLS | the certificate is not trusted: Verify return code: 18 (self-signed certificate) | warning
EHLO | = 250 | passed
MAIL | mail from:<alice@example.org> = 250 | passed
RCPT | RCPT TO:<bob@example.net> | skipped
NOTE | openssl takes a line that begins with R for an order to renegotiate: RCPT was not sent (write it in small letters, or use -quiet) | warning
RCPT | rcpt to:<bob@example.net> = 250 | passed
QUIT | quit = 221 | passed
NOTE | closed | info
`, result: Warning, verdict: "Nothing was refused, but: the certificate is not trusted", reason: reply.ReasonTLSFailed, line: 17},
		"openssl, no TLS": {text: "CONNECTED(00000003)\n40C7:error:0A000102:SSL routines:ssl_choose_client_version:unsupported protocol:ssl/statem/statem_lib.c:2000:\nNew, (NONE), Cipher is (NONE)\n",
			want:   "CONNECT | connected | passed\nTLS | TLS failed: unsupported protocol (40C7:error:0A000102:SSL routines:ssl_choose_client_version:unsupported protocol:ssl/statem/statem_lib.c:2000:) | failed\nTLS | no TLS: New, (NONE), Cipher is (NONE) | failed\n",
			result: Failed, verdict: "TLS failed: TLS failed: unsupported protocol", reason: reply.ReasonTLSFailed, line: 2},
		"openssl, no STARTTLS": {text: "CONNECTED(00000003)\nDidn't find STARTTLS in server response, trying anyway...\n", want: "CONNECT | connected | passed\nTLS | the server does not offer STARTTLS | warning\n", result: Skipped, verdict: "No reply"},
		"openssl, unreachable": {text: "connect:errno=111\n", want: "CONNECT | connect:errno=111 | failed\n", result: Failed, verdict: "no connection", line: 1},
		"openssl, trusted": {text: "CONNECTED(00000003)\nVerify return code: 0 (ok)\n250 OK\nquit\n221 bye\nDONE\n",
			want:   "CONNECT | connected | passed\nTLS | Verify return code: 0 (ok) | passed\nEHLO | = 250 | passed\nQUIT | quit = 221 | passed\nNOTE | DONE | info\n",
			result: Passed, verdict: "Nothing was refused; no message was sent."},
		"transcript": {text: `08DE1234ABCD0001  outbound  192.0.2.25:25
  12:00:00 +
  12:00:00 < 220 mx1.example.net ESMTP
  12:00:00 > EHLO client.example.org
  12:00:01 < 250-mx1.example.net
           < 250 SIZE 1000
  12:00:01 > MAIL FROM:<alice@example.org>
  12:00:01 > RCPT TO:<bob@example.net>
  12:00:01 < 250 2.1.0 Ok
  12:00:02 < 554 5.7.1 Service unavailable; client blocked using zen.spamhaus.org
  12:00:02 * some note
  12:00:02 - Remote
  ended: quit (exact)  SEND.LOG:1-9
`, want: `CONNECT | connected | info
CONNECT | = 220 | passed
EHLO | EHLO client.example.org = 250 | passed
MAIL | MAIL FROM:<alice@example.org> = 250 | passed
RCPT | RCPT TO:<bob@example.net> = 554 | failed
NOTE | some note | info
NOTE | disconnected Remote | info
`, result: Failed, verdict: "RCPT was refused", reason: reply.ReasonBlocklisted, line: 8},
		"transcript of IIS": {text: "  12:00:00 < EHLO client  → 250\n  12:00:00 < DATA  → 354\n  12:00:00 < QUIT  → 240\n",
			want: "EHLO | EHLO client = 250 | passed\nDATA | DATA = 354 | passed\nQUIT | QUIT = 240 | passed\n", result: Passed, verdict: "Nothing was refused"},
		"transcript without the dot": {text: "  12:00:00 > DATA\n  12:00:00 < 354 go\n  12:00:00 < 250 2.6.0 queued\n",
			want: "DATA | DATA = 354 | passed\nEOM | = 250 | passed\n", result: Passed, verdict: "took the message", line: 3},
		"letters":            {text: "S: 220 mx\nC: QUIT\nS: 221 bye\n>>> RSET\n<<< 250 ok\n", want: "CONNECT | = 220 | passed\nQUIT | QUIT = 221 | passed\nRSET | RSET = 250 | passed\n", result: Passed, verdict: "Nothing was refused"},
		"curl":               {text: "< 220 mx\n> QUIT\n< 221 bye\n", want: "CONNECT | = 220 | passed\nQUIT | QUIT = 221 | passed\n", result: Passed, verdict: "Nothing was refused"},
		"an unknown command": {text: "S: 220 mx\nC: FOO\nS: 500 5.5.1 what\n", want: "CONNECT | = 220 | passed\nFOO | FOO = 500 | failed\n", result: Failed, verdict: "FOO was refused", line: 2},
		"a stray reply":      {text: "220 mx\n421 4.4.2 Timeout\n", want: "CONNECT | = 220 | passed\n? | = 421 | failed\n", result: Failed, verdict: "421 4.4.2 Timeout", line: 2},
		"nothing":            {text: "Dear all,\nthe mail does not work.\n", want: "", result: Skipped, verdict: "No SMTP conversation"},
		"empty":              {text: "", want: "", result: Skipped, verdict: "No SMTP conversation"},
		"accepted, then not": {text: "220 mx\nDATA\n354 go\n.\n250 taken\nRCPT TO:<x@example.net>\n550 5.1.1 no\n", want: "CONNECT | = 220 | passed\nDATA | DATA = 354 | passed\nEOM | . = 250 | passed\nRCPT | RCPT TO:<x@example.net> = 550 | failed\n",
			result: Warning, verdict: "took a message (line 4), but RCPT failed", line: 6},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ReadConversation(strings.NewReader(c.text), nil, reply.Outbound)
			if err != nil {
				t.Fatal(err)
			}
			if s := shape(got); s != c.want {
				t.Errorf("got\n%s\nwant\n%s", s, c.want)
			}
			if got.Result != c.result || !strings.Contains(got.Text, c.verdict) {
				t.Errorf("%s: %q, want %s: %q", got.Result, got.Text, c.result, c.verdict)
			}
			if (got.Decided == nil) != (c.line == 0) || got.Decided != nil && got.Decided.Line != c.line {
				t.Errorf("decided by %+v, want line %d", got.Decided, c.line)
			}
			if c.reason != reply.ReasonNone && (got.Decided == nil || got.Decided.Classification == nil || got.Decided.Classification.Reason != c.reason) {
				t.Errorf("decided by %+v, want reason %s", got.Decided, c.reason)
			}
			if got.Message != c.message {
				t.Errorf("%d lines of messages, want %d", got.Message, c.message)
			}
			// The same with line ends of Windows.
			if !strings.Contains(c.text, "\r") {
				again, _ := ReadConversation(strings.NewReader(strings.ReplaceAll(c.text, "\n", "\r\n")), nil, reply.Outbound)
				if shape(again) != c.want {
					t.Errorf("with CRLF:\n%s", shape(again))
				}
			}
		})
	}
}

func TestConversationBounds(t *testing.T) {
	for name, text := range map[string]string{
		"endless line": "220 mx\n" + strings.Repeat("x", 20<<20),
		"many":         strings.Repeat("QUIT\n221 bye\n", 20_000),
		"long reply":   strings.Repeat("250-"+strings.Repeat("x", 1000)+"\n", 2000) + "250 ok\n",
	} {
		c, err := ReadConversation(strings.NewReader(text), nil, reply.Outbound)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if len(c.Exchanges) > maxExchanges || c.Cut != (name != "long reply") {
			t.Errorf("%s: %d exchanges, cut %v", name, len(c.Exchanges), c.Cut)
		}
		for _, e := range c.Exchanges {
			if len(e.Reply) > 2*maxReplyText {
				t.Errorf("%s: a reply of %d octets", name, len(e.Reply))
			}
		}
	}
}

func FuzzReadConversation(f *testing.F) {
	for _, s := range []string{
		"220 mx\nEHLO x\n250-a\n250 b\nDATA\n354 go\nx\n.\n250 ok\n", "<-  220 mx\n -> AUTH LOGIN\n<-  334 x\n -> secret\n", "Sent:\nehlo\n\nReceived:\n250 ok\n",
		"CONNECTED(3)\n-----BEGIN X\n250\n-----END X\nVerify return code: 1 (x)\n", "  12:00:00 < A → 250\n           < b\n", "\b\b\x1b[31m220 x\n", "*** TLS\n=== Trying x\n=== Connection closed\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ReadConversation(strings.NewReader(text), nil, reply.Inbound)
		if err != nil || c.Text == "" || c.Result == "" {
			t.Fatalf("%v: %+v", err, c)
		}
		lines, last := strings.Count(text, "\n")+1, 0
		if c.Message+c.Ignored > lines {
			t.Fatalf("%d lines of messages and %d ignored of %d", c.Message, c.Ignored, lines)
		}
		for i := range c.Exchanges {
			e := &c.Exchanges[i]
			if e.Verb == "" || e.Result == "" && e.Reply == "" || e.Line < last || e.Line > lines {
				t.Fatalf("exchange %d of %d lines: %+v", i, lines, e)
			}
			last = e.Line
		}
	})
}

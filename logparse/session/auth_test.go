package session_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/session"
)

func TestAuth(t *testing.T) {
	for _, test := range []struct{ name, rows, auth, want string }{
		{"LOGIN", `
			< AUTH LOGIN
			> 334 <authentication response>
			> 334 <authentication response>
			* EXAMPLE\anna|authenticated
			* SMTPSubmit SMTPAcceptAnyRecipient|Set Session Permissions
			> 235 2.7.0 Authentication successful`, `LOGIN EXAMPLE\anna true `, "quit"},
		{"LOGIN with answers", `
			< AUTH LOGIN
			> 334 <authentication response>
			< <authentication response>
			> 334 <authentication response>
			< <authentication response>
			> 235 2.7.0 Authentication successful
			< MAIL FROM:<a@example.org>
			> 250 2.1.0 Sender OK`, "LOGIN  true ", `quit
			<a@example.org> aborted:`},
		{"answers whose challenges are not logged", `
			< AUTH LOGIN
			< <authentication response>
			> 235 2.7.0 Authentication successful`, "LOGIN  true ", "quit"},
		{"NTLM", `
			< AUTH ntlm
			> 334 <authentication response>
			< <authentication response>
			> 235 <authentication response>`, "NTLM  true ", "quit"},
		{"X-EXPS", `
			< X-EXPS GSSAPI <authentication response>
			> 334 <authentication response>
			< <authentication response>
			> 235 <authentication response>`, "GSSAPI  true ", "quit"},
		{"by the note alone", `
			< AUTH PLAIN
			* anna@example.com|authenticated`, "PLAIN anna@example.com true ", "quit"},
		{"failed, note and reply", `
			< AUTH LOGIN
			> 334 <authentication response>
			* |Inbound AUTH LOGIN failed because of LogonDenied
			* |Inbound AUTH LOGIN failed because of LogonDenied
			* |User Name: anna@example.com
			* Tarpit for '0.00:00:05'|
			> 535 5.7.3 Authentication unsuccessful`, "LOGIN anna@example.com false LogonDenied", `quit
			! AUTH permanent 535`},
		{"failed, note alone", `
			< AUTH LOGIN
			> 334 <authentication response>
			* |Inbound AUTH LOGIN failed because of LogonDenied
			* |Inbound AUTH LOGIN failed because of LogonDenied
			* |User Name: anna@example.com`, "LOGIN anna@example.com false LogonDenied", `quit
			! AUTH permanent no reply`},
		{"failed, note without AUTH row", `
			* |Inbound AUTH NTLM failed because of LogonDenied`, "NTLM  false LogonDenied", `quit
			! AUTH permanent no reply`},
		{"failed twice", `
			< AUTH LOGIN
			> 334 <authentication response>
			> 535 5.7.3 Authentication unsuccessful
			< AUTH LOGIN
			> 334 <authentication response>
			> 535 5.7.3 Authentication unsuccessful`, "LOGIN  false ", `quit
			! AUTH permanent 535
			! AUTH permanent 535`},
		{"failed, then succeeded", `
			< AUTH LOGIN
			> 334 <authentication response>
			* |Inbound AUTH LOGIN failed because of LogonDenied
			> 535 5.7.3 Authentication unsuccessful
			< AUTH LOGIN
			> 334 <authentication response>
			* EXAMPLE\anna|authenticated
			> 235 2.7.0 Authentication successful`, `LOGIN EXAMPLE\anna true `, `quit
			! AUTH permanent 535`},
		{"one AUTH too many", `
			< AUTH LOGIN
			> 334 <authentication response>
			* EXAMPLE\anna|authenticated
			> 235 2.7.0 Authentication successful
			< AUTH NTLM
			> 503 5.5.2 Already authenticated`, `LOGIN EXAMPLE\anna true `, `quit
			! AUTH permanent 503`},
		{"authenticated but not let in", `
			< AUTH LOGIN
			> 334 <authentication response>
			* EXAMPLE\anna|authenticated
			> 535 5.7.3 Authentication unsuccessful`, `LOGIN EXAMPLE\anna false `, `quit
			! AUTH permanent 535`},
		{"not offered", `
			< AUTH LOGIN
			* Tarpit for '0.00:00:05'|
			> 504 5.7.4 Unrecognized authentication type`, "LOGIN  false ", `quit
			! AUTH permanent 504`},
		{"given up", `
			< AUTH LOGIN
			> 334 <authentication response>
			< *
			> 501 5.5.4 Authentication cancelled`, "LOGIN  false ", `quit
			! AUTH permanent 501`},
	} {
		t.Run(test.name, func(t *testing.T) {
			log := exchangeLog(logparse.ExchangeReceive, greeting+test.rows+quit)
			for _, s := range checkBriefly(t, logparse.ExchangeReceive, log, test.want) {
				if s.Auth == nil {
					t.Fatal("no Auth")
				}
				if got := fmt.Sprintf("%s %s %v %s", s.Auth.Mechanism, s.Auth.User, s.Auth.OK, s.Auth.Error); got != test.auth {
					t.Errorf("auth %q, want %q", got, test.auth)
				}
			}
		})
	}
	t.Run("outbound", func(t *testing.T) {
		log := exchangeLog(logparse.ExchangeSend, `
			+
			< 220 smart.example.net ESMTP
			> EHLO ex1.example.com
			< 250 smart.example.net Hello
			> AUTH LOGIN
			< 334 <authentication response>
			> <authentication response>
			* |Outbound Authentication failed with LogonDenied
			- |Local`)
		s := checkBriefly(t, logparse.ExchangeSend, log, `local
			! AUTH permanent no reply`)[0]
		if s.Auth == nil || s.Auth.OK || s.Auth.Error != "LogonDenied" {
			t.Errorf("auth %+v", s.Auth)
		}
	})
}

// The words that must never be shown, in the ways that logs hold them.
const (
	blob1 = "YW5uYUBleGFtcGxlLmNvbQ=="
	blob2 = "c2VjcmV0"
)

var secretLogs = []struct {
	name   string
	format logparse.Format
	log    string
}{
	{"Exchange, initial answer", logparse.ExchangeReceive, exchangeLog(logparse.ExchangeReceive, greeting+`
		< AUTH PLAIN `+blob1+`
		> 235 2.7.0 Authentication successful`+quit)},
	{"Exchange, tab", logparse.ExchangeReceive, exchangeLog(logparse.ExchangeReceive, greeting+"\n< AUTH PLAIN\t"+blob2+quit)},
	{"Exchange, answers", logparse.ExchangeReceive, exchangeLog(logparse.ExchangeReceive, greeting+`
		< AUTH LOGIN
		> 334 VXNlcm5hbWU6
		< `+blob1+`
		> 334 UGFzc3dvcmQ6
		< `+blob2+`
		> 535 5.7.3 Authentication unsuccessful`+quit)},
	{"Exchange, AUTH not in the log", logparse.ExchangeReceive, exchangeLog(logparse.ExchangeReceive, `
		> 334 UGFzc3dvcmQ6
		< `+blob2+`
		> 535 5.7.3 Authentication unsuccessful`)},
	{"IMS", logparse.IMS, `5/13/00 2:36:27 PM : A connection was accepted from deskpc.
5/13/00 2:36:27 PM : <<< EHLO deskpc
5/13/00 2:36:27 PM : >>> 250-gate.example.com Hello [deskpc]
250 AUTH=LOGIN

5/13/00 2:36:28 PM : <<< AUTH LOGIN ` + blob1 + `
5/13/00 2:36:28 PM : >>> 334 UGFzc3dvcmQ6
5/13/00 2:36:28 PM : <<< ` + blob2 + `
5/13/00 2:36:28 PM : >>> 235 login authentication successful
5/13/00 2:36:28 PM : <<< QUIT
5/13/00 2:36:28 PM : >>> 221 closing connection
`},
	{"IMS, folded", logparse.IMS, "5/13/00 2:36:27 PM : A connection was accepted from deskpc.\n" +
		"5/13/00 2:36:28 PM : <<< AUTH NTLM\n" +
		"5/13/00 2:36:28 PM : >>> 334 VGVzdA==\n" +
		"5/13/00 2:36:28 PM : <<< " + blob1 + "\n" + blob2 + "\n" +
		"5/13/00 2:36:28 PM : >>> 535 failed\n"},
	{"IMS, twice", logparse.IMS, `5/13/00 2:36:27 PM : A connection was accepted from deskpc.
5/13/00 2:36:28 PM : <<< IO: |AUTH LOGIN
5/13/00 2:36:28 PM : <<< AUTH LOGIN
5/13/00 2:36:28 PM : >>> 334 VXNlcm5hbWU6
5/13/00 2:36:28 PM : <<< IO: |` + blob2 + `
5/13/00 2:36:28 PM : <<< ` + blob2 + `
5/13/00 2:36:28 PM : >>> 535 failed
`},
	{"IMS, raw lines alone", logparse.IMS, `5/13/00 2:36:27 PM : A connection to mx.example.net was established.
5/13/00 2:36:28 PM : >>> AUTH LOGIN
5/13/00 2:36:28 PM : IO: |334 VXNlcm5hbWU6
5/13/00 2:36:28 PM : >>> ` + blob2 + `
5/13/00 2:36:28 PM : IO: |535 failed
`},
	{"IIS", logparse.IISW3C, "#Software: Microsoft Internet Information Services 6.0\r\n#Version: 1.0\r\n#Date: 2026-11-02 08:00:00\r\n" +
		"#Fields: date time c-ip cs-username s-sitename s-computername s-ip s-port cs-method cs-uri-stem cs-uri-query sc-status sc-win32-status sc-bytes cs-bytes time-taken\r\n" +
		"2026-11-02 08:00:00 192.0.2.7 deskpc SMTPSVC1 GATE 10.0.0.1 0 EHLO - +deskpc 250 0 300 11 0\r\n" +
		"2026-11-02 08:00:00 192.0.2.7 deskpc SMTPSVC1 GATE 10.0.0.1 0 AUTH - +LOGIN+" + blob1 + " 334 0 18 10 0\r\n" +
		"2026-11-02 08:00:00 192.0.2.7 deskpc SMTPSVC1 GATE 10.0.0.1 0 " + blob2 + " - - 235 0 18 10 0\r\n" +
		"2026-11-02 08:00:00 192.0.2.7 deskpc SMTPSVC1 GATE 10.0.0.1 0 QUIT - deskpc 240 120 68 4 0\r\n"},
	{"Outlook", logparse.OutlookSMTP, "Outlook Express 6.00.2900.5512\r\nSMTP Log started at 07/09/2005 11:20:01\r\n" +
		"SMTP: 11:20:01 [rx] 220 mx.example.net ESMTP\r\n" +
		"SMTP: 11:20:01 [tx] EHLO deskpc\r\n" +
		"SMTP: 11:20:01 [rx] 250 AUTH=LOGIN\r\n" +
		"SMTP: 11:20:01 [tx] AUTH LOGIN\r\n" +
		"SMTP: 11:20:01 [rx] 334 VXNlcm5hbWU6\r\n" +
		"SMTP: 11:20:01 [tx] " + blob2 + "\r\n" +
		"SMTP: 11:20:01 [rx] 235 ok\r\n"},
}

// TestSecrets looks for passwords and SASL answers in everything that is shown.
func TestSecrets(t *testing.T) {
	shows := func(text string) bool { return strings.Contains(text, blob1) || strings.Contains(text, blob2) }
	for _, test := range secretLogs {
		t.Run(test.name, func(t *testing.T) {
			for _, show := range []bool{false, true} {
				var records strings.Builder
				opt := &session.Options{Transcript: true, ShowSecrets: show, Placed: func(rec *logparse.Record, id string, secret bool) {
					var redact func([]byte) []byte
					if secret && !show {
						redact = session.Redact
					}
					records.Write(rec.AppendJSON(nil, id, redact))
				}}
				var sessions strings.Builder
				for _, s := range build(t, strings.NewReader(test.log), test.format, opt) {
					sessions.Write(s.AppendJSON(nil))
					for _, tr := range s.Transactions {
						t.Errorf("transaction %+v", tr)
					}
					for _, o := range s.Failures {
						if o.Verb != "AUTH" {
							t.Errorf("outcome of %q: %s", o.Verb, o.Text)
						}
					}
				}
				if shows(sessions.String()) != show {
					t.Errorf("ShowSecrets %v: sessions %s", show, sessions.String())
				}
				if shows(records.String()) != show {
					t.Errorf("ShowSecrets %v: records %s", show, records.String())
				}
			}
		})
	}
}

// The rows of IIS hold the replies, too.
func TestAuthIIS(t *testing.T) {
	for _, test := range []struct {
		rows, brief string
		ok          bool
	}{
		{"08:00:00 EHLO +deskpc 250\n08:00:00 AUTH +LOGIN 334\n08:00:00 " + blob1 + " - 334\n08:00:00 " + blob2 + " - 235\n08:00:01 QUIT deskpc 240", "quit", true},
		{"08:00:00 EHLO +deskpc 250\n08:00:00 AUTH +LOGIN 334\n08:00:00 " + blob1 + " - 535\n08:00:01 QUIT deskpc 240", "quit\n! AUTH permanent 535", false},
	} {
		for _, s := range checkBriefly(t, logparse.IISW3C, iisLog(test.rows), test.brief) {
			if s.Auth == nil || s.Auth.OK != test.ok || s.Auth.Mechanism != "LOGIN" {
				t.Errorf("auth %+v", s.Auth)
			}
		}
	}
}

func TestRedact(t *testing.T) {
	for _, test := range []struct{ line, want string }{
		{"AUTH PLAIN AGFubmEAc2VjcmV0", "AUTH PLAIN [redacted]"},
		{"auth  login  YQ== YQ==", "auth  login [redacted]"},
		{"X-EXPS GSSAPI YQ==", "X-EXPS GSSAPI [redacted]"},
		{"334 VXNlcm5hbWU6", "334 [redacted]"},
		{"YW5uYQ==", "[redacted]"},
		{"YW5uYQ== YW5uYQ==", "[redacted]"},
		{"", "[redacted]"},
	} {
		if got := string(session.Redact([]byte(test.line))); got != test.want {
			t.Errorf("Redact(%q) = %q, want %q", test.line, got, test.want)
		}
	}
}

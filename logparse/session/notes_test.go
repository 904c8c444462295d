package session_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/session"
)

func TestTLS(t *testing.T) {
	const aes = " negotiation succeeded using bulk encryption algorithm CALG_AES_256 with strength 256 bits, MAC hash algorithm " +
		"CALG_SHA_384 with strength 0 bits and key exchange algorithm CALG_ECDH_EPHEM with strength 256 bits"
	const startTLS = `
		< STARTTLS
		> 220 2.0.0 SMTP server ready`
	for _, test := range []struct {
		name, rows string
		want       session.TLS
		brief      string
	}{
		{"2010, six rows", startTLS + `
			* |Sending certificate
			* CN=gate.example.com|Certificate subject
			* CN=Example CA, O=Example, C=US|Certificate issuer name
			* 5F0000001234ABCD|Certificate serial number
			* 9A8B7C6D5E4F3021|Certificate thumbprint
			* gate.example.com|Certificate alternate names
			* |TLS protocol SP_PROT_TLS1_SERVER` + aes, session.TLS{Version: "TLS1.0", Cipher: "CALG_AES_256", Bits: 256}, "open unused"},
		{"2016, one row", startTLS + `
			*  CN=gate.example.com CN=Example CA 5F00 9A8B 2025-06-01T00:00:00.000Z 2027-06-01T00:00:00.000Z gate.example.com;a.example.com|Sending certificate Subject Issuer name Serial number Thumbprint Not before Not after Subject alternate names
			* |TLS protocol SP_PROT_TLS1_2_SERVER` + aes + `
			< EHLO mail.example.org
			* |Client certificate chain validation status: 'EmptyCertificate'
			* |TlsDomainCapabilities='None'; Status='NoRemoteCertificate'
			> 250  gate.example.com Hello [192.0.2.11] SIZE 37748736 AUTH NTLM LOGIN X-EXPS GSSAPI NTLM 8BITMIME`,
			session.TLS{Version: "TLS1.2", Cipher: "CALG_AES_256", Bits: 256}, "open unused"},
		{"2019", startTLS + `
			* |TLS protocol SP_PROT_TLS1_3_SERVER` + aes, session.TLS{Version: "TLS1.3", Cipher: "CALG_AES_256", Bits: 256}, "open unused"},
		{"old", startTLS + `
			* |TLS protocol SP_PROT_SSL3_SERVER negotiation succeeded using bulk encryption algorithm CALG_RC4 with strength 128 bits`,
			session.TLS{Version: "SSL3.0", Cipher: "CALG_RC4", Bits: 128}, "open unused"},
		{"cut short", startTLS + `
			* |TLS protocol SP_PROT_TLS1_1_SERVER nego`, session.TLS{Version: "TLS1.1"}, "open unused"},
		{"failed", startTLS + `
			* |TLS negotiation failed with error NoCredentials
			- |Local`, session.TLS{Error: "NoCredentials"}, `local unused
			! STARTTLS transient no reply`},
		{"failed and refused", `
			< STARTTLS
			* |TLS negotiation failed with error SocketError
			> 454 4.7.0 TLS not available
			- |Local`, session.TLS{Error: "SocketError"}, `local unused
			! STARTTLS transient 454`},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := checkBriefly(t, logparse.ExchangeReceive, exchangeLog(logparse.ExchangeReceive, greeting+test.rows), test.brief)[0]
			if s.TLS == nil {
				t.Fatal("no TLS")
			}
			if diff := cmp.Diff(test.want, *s.TLS); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestCapabilities(t *testing.T) {
	for _, test := range []struct{ name, reply, want string }{
		{"a row each", "> 250-gate.example.com Hello [192.0.2.11] glad to see you\n> 250-SIZE 37748736\n> 250-AUTH NTLM LOGIN\n> 250 CHUNKING",
			"SIZE 37748736;AUTH NTLM LOGIN;CHUNKING"},
		{"folded", "> 250  gate.example.com Hello [192.0.2.11] SIZE 37748736 PIPELINING AUTH NTLM LOGIN X-EXPS GSSAPI NTLM 8BITMIME SIZE 0",
			"SIZE 37748736;PIPELINING;AUTH NTLM LOGIN;X-EXPS GSSAPI NTLM;8BITMIME;SIZE 0"},
		{"first line alone", "> 250-gate.example.com Hello [192.0.2.11] glad to see you", ""},
		{"none", "> 250 gate.example.com Hello [192.0.2.11]", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			log := exchangeLog(logparse.ExchangeReceive, "+\n> 220 gate.example.com\n< EHLO mail.example.org\n"+test.reply+"\n- |Remote")
			s := build(t, strings.NewReader(log), logparse.ExchangeReceive, nil)[0]
			if got := strings.Join(s.Capabilities(), ";"); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestTarpits(t *testing.T) {
	for _, test := range []struct {
		rows  string
		count int
		total time.Duration
	}{
		{"* Tarpit for '0.00:00:05'|", 1, 5 * time.Second},
		{"* Tarpit for '0.00:00:05',|", 1, 5 * time.Second},
		{"* Tarpit for '0.00:00:25.639' due to 'DelayedAck'|Delivered", 1, 25639 * time.Millisecond},
		{"* Tarpit for '00:00:05.5'|\n* |Tarpit for '1.02:03:04'", 2, 26*time.Hour + 3*time.Minute + 9*time.Second + 500*time.Millisecond},
		{"* Tarpit for ''|\n* Tarpit for '5'|\n* Tarpit for '0.0:0:5'|\n* Tarpit for|", 0, 0},
		{"* Tarpit for '999999999999.00:00:05'|\n* Tarpit for '99999999.00:00:05'|", 2, 100_000 * time.Hour},
	} {
		s := build(t, strings.NewReader(exchangeLog(logparse.ExchangeReceive, "+\n"+test.rows)), logparse.ExchangeReceive, nil)[0]
		if s.Tarpits != test.count || s.Tarpitted != test.total {
			t.Errorf("%s: %d tarpits, %v; want %d, %v", test.rows, s.Tarpits, s.Tarpitted, test.count, test.total)
		}
	}
}

func TestProxied(t *testing.T) {
	for _, test := range []struct {
		row  string
		want session.Proxied
	}{
		{"XPROXY SID=08DE0000000000FE IP=198.51.100.7 PORT=50505 DOMAIN=mail.example.org CAPABILITIES=0",
			session.Proxied{Client: "198.51.100.7:50505", Session: "08DE0000000000FE", Helo: "mail.example.org"}},
		{"XPROXYFROM SID=08DE0000000000FE IP=2001:db8::7 PORT=50505 DOMAIN=mail.example.org SEQNUM=1 PERMS=1073 AUTHSRC=Anonymous",
			session.Proxied{Client: "[2001:db8::7]:50505", Session: "08DE0000000000FE", Helo: "mail.example.org"}},
		{"XPROXYFROM SID=08DE0000000000FE IP=[2001:db8::7] PORT=50505",
			session.Proxied{Client: "[2001:db8::7]:50505", Session: "08DE0000000000FE"}},
		{"XPROXY SID=08DE0000000000FE PORT=50505", session.Proxied{Session: "08DE0000000000FE"}},
	} {
		s := build(t, strings.NewReader(exchangeLog(logparse.ExchangeReceive, greeting+"\n< "+test.row)), logparse.ExchangeReceive, nil)[0]
		if s.Proxied == nil || *s.Proxied != test.want || s.Unused {
			t.Errorf("%s: got %+v, unused %v", test.row, s.Proxied, s.Unused)
		}
	}
}

// identified is what a log tells of a message by itself.
func identified(t *session.Transaction) string {
	return fmt.Sprintf("size %d, id %s, internal %s, remote %s at %s, source %s",
		t.Size, t.MessageID, t.InternalID, t.RemoteInternalID, t.RemoteServer, t.SourceContext)
}

func TestIdentities(t *testing.T) {
	for _, test := range []struct {
		name   string
		format logparse.Format
		rows   string
		want   []string
	}{
		{"receive", logparse.ExchangeReceive, `
			< MAIL FROM:<a@example.org> SIZE=1460 BODY=8BITMIME
			* 08DE10000000000A;2026-11-02T08:00:00.000Z;1|receiving message
			> 250 2.1.0 Sender OK` + rcptX + dataOK + `
			< MAIL FROM:<a@example.org>
			* 08DE10000000000A;2026-11-02T08:00:00.000Z;2|receiving message
			> 250 2.1.0 Sender OK` + rcptX + `
			< DATA
			> 354 Start mail input; end with <CRLF>.<CRLF>
			> 250 2.6.0 <m2@example.org> [InternalId=237172389052427, Hostname=EX1.example.com] 11511 bytes in 0,102, 109.173 KB/sec Queued mail for delivery`,
			[]string{
				"size 1200, id <m1@example.org>, internal 110, remote  at , source 08DE10000000000A;2026-11-02T08:00:00.000Z;1",
				"size 11511, id <m2@example.org>, internal 237172389052427, remote  at , source 08DE10000000000A;2026-11-02T08:00:00.000Z;2"}},
		{"receive, 2010", logparse.ExchangeReceive, mailOK + rcptX + `
			< DATA
			> 354 Start mail input; end with <CRLF>.<CRLF>
			> 250 2.6.0 <m1@example.org> [InternalId=110] Queued mail for delivery`,
			[]string{"size 0, id <m1@example.org>, internal 110, remote  at , source "}},
		{"send", logparse.ExchangeSend, `
			* |sending message with RecordId 167503004549 and InternetMessageId <m1@example.com>
			> MAIL FROM:<a@example.com> SIZE=900
			< 250 2.1.0 Sender OK
			> RCPT TO:<x@example.net>
			< 250 2.1.5 Recipient OK
			> DATA
			< 354 Start mail input; end with <CRLF>.<CRLF>
			< 250 2.6.0 <m1@example.com> [InternalId=77, Hostname=ex9.example.net] 1200 bytes in 0.102, 11,489 KB/sec Queued mail for delivery
			* 63|sending message
			> MAIL FROM:<a@example.com>
			< 250 2.1.0 Sender OK
			> RCPT TO:<x@example.net>
			< 250 2.1.5 Recipient OK
			> BDAT 700 LAST
			< 250 ok <queue-5@example.net> taken`,
			[]string{
				"size 1200, id <m1@example.com>, internal 167503004549, remote 77 at ex9.example.net, source ",
				"size 0, id , internal 63, remote  at , source "}},
	} {
		t.Run(test.name, func(t *testing.T) {
			rows := greeting
			if test.format == logparse.ExchangeSend {
				rows = "* |attempting to connect\n+\n< 220 mx.example.net\n> EHLO ex1.example.com\n< 250 mx.example.net"
			}
			var got []string
			s := build(t, strings.NewReader(exchangeLog(test.format, rows+test.rows)), test.format, nil)[0]
			for i := range s.Transactions {
				got = append(got, identified(&s.Transactions[i]))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestFailedToConnect(t *testing.T) {
	const refused = "Failed to connect. Winsock error code: 10061, Win32 error code: 10061, Destination domain: "
	log := exchangeLog(logparse.ExchangeSend, `
		A/1 * |attempting to connect
		A/1 * |`+refused+`Example.NET., Error Message: No connection could be made because the target machine actively refused it 198.51.100.11:25."
		A/2 * |attempting to connect
		A/2 * |Failed to connect. Winsock error code: 10060, Win32 error code: 10060
		A/3 * |attempting to connect
		A/3 +
		A/3 < 220 mx.example.net
		A/3 > QUIT
		A/3 < 221 bye
		A/3 - |Local`)
	checkBriefly(t, logparse.ExchangeSend, log, `failed
		! CONNECT transient no reply at example.net`, `failed
		! CONNECT transient no reply`, "quit unused")
}

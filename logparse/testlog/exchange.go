package testlog

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/smtplog/smtplog/logparse"
)

// The rows of Exchange 2016 and later around one exchange.
const (
	rowAttempt       = iota // send: attempting to connect
	rowFailed               // send: the attempt failed
	rowOpen                 // +
	rowPermission           // receive: what the client may do
	rowSent                 // the command
	rowTransaction          // receive: the id of the transaction
	rowRecord               // send: which message follows
	rowChallenge            // AUTH: the first 334
	rowSecret               // AUTH: what answers it, blanked out
	rowChallenge2           // AUTH: the second 334
	rowCertificate          // the certificate in use
	rowRemoteCert           // send: the peer's certificate
	rowTLS                  // the outcome of the handshake
	rowLogonDenied          // AUTH failed
	rowUserName             // AUTH failed: for whom
	rowTarpit               // receive: a refusal is held back
	rowProxy                // receive: where the message goes
	rowReplied              // the reply
	rowAuthenticated        // receive: who logged in
	rowClose                // -
)

type exchangeLog struct {
	opt *Options
}

func (l *exchangeLog) send() bool { return l.opt.Format == logparse.ExchangeSend }

func (l *exchangeLog) header(b []byte) []byte {
	kind := "Receive"
	if l.send() {
		kind = "Send"
	}
	b = append(b, "#Software: Microsoft Exchange Server\r\n#Version: 15.0.0.0\r\n#Log-type: SMTP "...)
	b = append(append(b, kind...), " Protocol Log\r\n#Date: "...)
	b = l.opt.Start.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
	return append(b, "\r\n#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\r\n"...)
}

func (l *exchangeLog) plan(c *connection) {
	c.s.ID = fmt.Sprintf("08DE%012X", 0x42C8FF2361AF+uint64(c.s.Number)*3)
	add := func(at int64, step, part int) {
		c.rows = append(c.rows, rowRef{at, int32(step), int32(part)})
	}
	if l.send() {
		add(c.start, 0, rowAttempt)
		if c.s.Ended == Failed {
			add(c.end, 0, rowFailed)
			return
		}
	}
	for i := range c.steps {
		e := &c.steps[i]
		switch e.verb {
		case logparse.VerbConnect:
			add(c.start, i, rowOpen)
			if !l.send() {
				add(c.start, i, rowPermission)
			}
			add(e.done, i, rowReplied)
		case logparse.VerbEOM:
			if !l.send() && e.code < 400 {
				add(e.sent, i, rowProxy)
			}
			add(e.done, i, rowReplied)
		case logparse.VerbMAIL:
			if l.send() {
				add(e.sent, i, rowRecord)
			}
			add(e.sent, i, rowSent)
			if !l.send() && e.code < 400 {
				add(e.sent, i, rowTransaction)
			}
			add(e.done, i, rowReplied)
		case logparse.VerbAUTH:
			add(e.sent, i, rowSent)
			add(e.sent, i, rowChallenge)
			if l.send() {
				add(e.sent, i, rowSecret)
			} else {
				add(e.sent, i, rowChallenge2)
			}
			switch {
			case e.code < 400:
			case l.send():
				add(e.done, i, rowLogonDenied)
			default:
				add(e.done, i, rowLogonDenied)
				add(e.done, i, rowUserName)
				add(e.done, i, rowTarpit)
			}
			if !l.send() && e.code < 400 {
				add(e.done, i, rowAuthenticated)
			}
			add(e.done, i, rowReplied)
		case logparse.VerbSTARTTLS:
			add(e.sent, i, rowSent)
			add(e.done, i, rowReplied)
			add(e.done, i, rowCertificate)
			if l.send() {
				add(e.done, i, rowRemoteCert)
			}
			add(e.done, i, rowTLS)
		default:
			add(e.sent, i, rowSent)
			if !l.send() && e.code >= 400 {
				add(e.done, i, rowTarpit)
			}
			add(e.done, i, rowReplied)
		}
	}
	add(c.end, len(c.steps)-1, rowClose)
}

func (l *exchangeLog) row(b []byte, c *connection, r rowRef) []byte {
	b = clock(l.opt, r.at).AppendFormat(b, "2006-01-02T15:04:05.000Z")
	b = append(b, ',')
	if l.send() {
		b = append(b, "Outbound to the internet,"...)
	} else {
		b = append(b, `GATE\Default Frontend GATE,`...)
	}
	b = append(append(b, c.s.ID...), ',')
	b = append(strconv.AppendInt(b, int64(c.sequence), 10), ',')
	c.sequence++
	local, remote := ourAddr+":25", c.host.address+":"+strconv.Itoa(c.port)
	if l.send() {
		local, remote = ourAddr+":"+strconv.Itoa(c.port), c.host.address+":25"
		if r.part <= rowFailed {
			local = ""
		}
	}
	b = append(append(b, local...), ',')
	b = append(append(b, remote...), ',')
	event, data, context := l.say(c, r)
	b = append(append(b, event...), ',')
	b = append(appendCSV(b, data), ',')
	return append(appendCSV(b, context), "\r\n"...)
}

// say returns the last three columns of a row.
func (l *exchangeLog) say(c *connection, r rowRef) (event, data, context string) {
	e := &exchange{}
	if len(c.steps) > 0 {
		e = &c.steps[r.step]
	}
	sent, got := ">", "<" // as the client logs them
	if !l.send() {
		sent, got = got, sent
	}
	switch r.part {
	case rowAttempt:
		return "*", "", "attempting to connect"
	case rowFailed:
		return "*", "", "Failed to connect. Winsock error code: 10061, Win32 error code: 10061, Destination domain: " + c.host.domain +
			", Error Message: No connection could be made because the target machine actively refused it " + c.host.address + ":25."
	case rowOpen:
		return "+", "", ""
	case rowPermission:
		return "*", "SMTPSubmit SMTPAcceptAnySender SMTPAcceptAuthoritativeDomainSender AcceptRoutingHeaders", "Set Session Permissions"
	case rowSent:
		line := verbName(e.verb)
		if arg := c.argument(e); arg != "" {
			line += " " + arg
		}
		return sent, line, ""
	case rowTransaction:
		return "*", fmt.Sprintf("%s;%s;%d", c.s.ID, clock(l.opt, c.start).Format("2006-01-02T15:04:05.000Z"), e.msg+1), "receiving message"
	case rowRecord:
		return "*", "", fmt.Sprintf("sending message with RecordId %d and InternetMessageId %s",
			internalID(c.s, e.msg), c.s.Transactions[e.msg].MessageID)
	case rowChallenge, rowChallenge2:
		return got, "334 <authentication response>", ""
	case rowSecret:
		return sent, "<authentication response>", ""
	case rowCertificate:
		return "*", " CN=" + ourName + " CN=Example Issuing CA 5F0000001234ABCD 9A8B7C6D5E4F30211203948576A1B2C3D4E5F607 " +
				"2025-06-01T00:00:00.000Z 2027-06-01T00:00:00.000Z " + ourName + ";autodiscover." + ourDomain,
			"Sending certificate Subject Issuer name Serial number Thumbprint Not before Not after Subject alternate names"
	case rowRemoteCert:
		return "*", " CN=" + c.host.name + ` CN="Example CA, Second" 02AB 11223344556677889900AABBCCDDEEFF00112233 ` +
				"2025-09-01T00:00:00.000Z 2026-09-01T00:00:00.000Z " + c.host.name,
			"Remote certificate Subject Issuer name Serial number Thumbprint Not before Not after Subject alternate names"
	case rowTLS:
		side := "SERVER"
		if l.send() {
			side = "CLIENT"
		}
		return "*", "", "TLS protocol SP_PROT_TLS1_2_" + side + " negotiation succeeded using bulk encryption algorithm CALG_AES_256 " +
			"with strength 256 bits, MAC hash algorithm CALG_SHA_384 with strength 0 bits and key exchange algorithm " +
			"CALG_ECDH_EPHEM with strength 256 bits"
	case rowLogonDenied:
		if l.send() {
			return "*", "", "Outbound Authentication failed with LogonDenied"
		}
		return "*", "", "Inbound AUTH LOGIN failed because of LogonDenied"
	case rowUserName:
		return "*", "", "User Name: " + c.host.user
	case rowAuthenticated:
		return "*", c.host.user, "authenticated"
	case rowTarpit:
		return "*", "Tarpit for '0.00:00:05'", ""
	case rowProxy:
		return "*", "", fmt.Sprintf("Proxy destination(s) obtained from OnProxyInboundMessage event. "+
			"Correlation Id:%08x-0000-4000-8000-%012x", c.s.Number, e.msg)
	case rowReplied:
		return got, l.replied(c, e), ""
	case rowClose:
		if c.s.Ended == Quit {
			if l.send() {
				return "-", "", "Remote"
			}
			return "-", "", "Local"
		}
		return "-", "", "Remote(ConnectionReset)"
	}
	return "*", "", ""
}

// replied returns the reply to e as one row holds it.
func (l *exchangeLog) replied(c *connection, e *exchange) string {
	if l.send() {
		text := c.host.replyText(e, c.s)
		if e.verb == logparse.VerbEHLO && e.code == 250 {
			return "250  " + c.host.name + " Hello [" + ourAddr + "] SIZE 37748736 PIPELINING DSN ENHANCEDSTATUSCODES STARTTLS 8BITMIME CHUNKING"
		}
		return text
	}
	if e.code >= 400 {
		return c.host.replyText(e, c.s)
	}
	switch e.verb {
	case logparse.VerbConnect:
		return "220 " + ourName + " Microsoft ESMTP MAIL Service ready at " + clock(l.opt, e.done).Format("Mon, 2 Jan 2006 15:04:05 -0700")
	case logparse.VerbHELO:
		return "250 " + ourName + " Hello [" + c.host.address + "]"
	case logparse.VerbEHLO:
		return "250  " + ourName + " Hello [" + c.host.address + "] SIZE 37748736 PIPELINING DSN ENHANCEDSTATUSCODES STARTTLS " +
			"X-ANONYMOUSTLS AUTH NTLM LOGIN X-EXPS GSSAPI NTLM 8BITMIME BINARYMIME CHUNKING XRDST"
	case logparse.VerbSTARTTLS:
		return "220 2.0.0 SMTP server ready"
	case logparse.VerbAUTH:
		return "235 2.7.0 Authentication successful"
	case logparse.VerbRSET:
		return "250 2.0.0 Resetting"
	case logparse.VerbMAIL:
		return "250 2.1.0 Sender OK"
	case logparse.VerbRCPT:
		return "250 2.1.5 Recipient OK"
	case logparse.VerbDATA:
		return "354 Start mail input; end with <CRLF>.<CRLF>"
	case logparse.VerbEOM, logparse.VerbBDAT:
		tr := &c.s.Transactions[e.msg]
		return fmt.Sprintf("250 2.6.0 %s [InternalId=%d, Hostname=%s] %d bytes in 0.102, 109,173 KB/sec Queued mail for delivery",
			tr.MessageID, internalID(c.s, e.msg), ourName, tr.Size)
	case logparse.VerbQUIT:
		return "221 2.0.0 Service closing transmission channel"
	}
	return e.code.String() + " OK"
}

// internalID returns the server's own number for a message.
func internalID(s *Session, msg int) int64 { return 237172389052427 + int64(s.Number)*64 + int64(msg) }

// appendCSV appends a value, in quotes only where it holds a comma or a quote.
func appendCSV(b []byte, s string) []byte {
	if !strings.ContainsAny(s, `,"`) {
		return append(b, s...)
	}
	b = append(b, '"')
	b = append(b, strings.ReplaceAll(s, `"`, `""`)...)
	return append(b, '"')
}

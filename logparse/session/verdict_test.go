package session_test

import (
	"strings"
	"testing"

	"github.com/smtplog/smtplog/logparse"
)

const (
	greeting = `
		+
		> 220 gate.example.com Microsoft ESMTP MAIL Service ready at Mon, 2 Nov 2026 08:00:00 +0000
		< EHLO mail.example.org
		> 250  gate.example.com Hello [192.0.2.11] SIZE 37748736 PIPELINING DSN CHUNKING`
	mailOK = `
		< MAIL FROM:<a@example.org>
		> 250 2.1.0 Sender OK`
	rcptX = `
		< RCPT TO:<x@example.com>
		> 250 2.1.5 Recipient OK`
	rcptY = `
		< RCPT TO:<y@example.net>
		> 250 2.1.5 Recipient OK`
	dataOK = `
		< DATA
		> 354 Start mail input; end with <CRLF>.<CRLF>
		> 250 2.6.0 <m1@example.org> [InternalId=110, Hostname=ex1.example.com] 1200 bytes in 0.102, 11,489 KB/sec Queued mail for delivery`
	quit = `
		< QUIT
		> 221 2.0.0 Service closing transmission channel
		- |Local`
)

// The verdicts of DESIGN: a recipient's is the reply to its RCPT if that refused
// it, else the one that refused DATA or BDAT, else the one to the end of the
// data.
func TestVerdicts(t *testing.T) {
	for _, test := range []struct{ name, rows, want string }{
		{"accepted", mailOK + rcptX + rcptY + dataOK + quit, `quit
			<a@example.org> accepted: x@example.com accepted 250 y@example.net accepted 250`},
		{"nothing", quit, "quit unused"},
		{"refused MAIL", `
			< MAIL FROM:<a@Example.ORG>
			> 550 5.7.1 Sender denied` + quit, `quit
			<a@Example.ORG> rejected:
			! MAIL permanent 550 at example.org`},
		{"put off MAIL", `
			< MAIL FROM:<a@example.org>
			> 451 4.7.1 Try later` + quit, `quit
			<a@example.org> deferred:
			! MAIL transient 451 at example.org`},
		{"null sender refused", `
			< MAIL FROM:<>
			> 550 5.7.1 No bounces` + quit, `quit
			<> rejected:
			! MAIL permanent 550`},
		{"one refused", mailOK + rcptX + `
			< RCPT TO:<y@example.net>
			> 550 5.1.1 User unknown` + dataOK + quit, `quit
			<a@example.org> partial: x@example.com accepted 250 y@example.net rejected 550
			! RCPT permanent 550 for y@example.net at example.net`},
		{"all refused", mailOK + `
			< RCPT TO:<x@example.com>
			> 550 5.1.1 User unknown
			< RCPT TO:<y@example.net>
			> 554 5.7.1 Denied
			< RSET
			> 250 2.0.0 Resetting` + quit, `quit
			<a@example.org> rejected: x@example.com rejected 550 y@example.net rejected 554
			! RCPT permanent 550 for x@example.com at example.com
			! RCPT permanent 554 for y@example.net at example.net`},
		{"all refused, one for now", mailOK + `
			< RCPT TO:<x@example.com>
			> 550 5.1.1 User unknown
			< RCPT TO:<y@example.net>
			> 450 4.2.0 Greylisted
			< DATA
			> 503 5.5.2 Need rcpt command` + quit, `quit
			<a@example.org> deferred: x@example.com rejected 550 y@example.net deferred 450
			! RCPT permanent 550 for x@example.com at example.com
			! RCPT transient 450 for y@example.net at example.net
			! DATA permanent 503`},
		{"DATA refused for two domains", mailOK + rcptX + rcptY + `
			< RCPT TO:<z@example.com>
			> 550 5.1.1 User unknown
			< DATA
			> 451 4.3.2 Not now` + quit, `quit
			<a@example.org> deferred: x@example.com deferred 451 y@example.net deferred 451 z@example.com rejected 550
			! RCPT permanent 550 for z@example.com at example.com
			! DATA transient 451 for x@example.com at example.com
			! DATA transient 451 for y@example.net at example.net`},
		{"end of data refused", mailOK + rcptX + rcptY + `
			< DATA
			> 354 Start mail input; end with <CRLF>.<CRLF>
			> 554 5.6.0 Virus` + quit, `quit
			<a@example.org> rejected: x@example.com rejected 554 y@example.net rejected 554
			! EOM permanent 554 for x@example.com at example.com
			! EOM permanent 554 for y@example.net at example.net`},
		{"chunks", mailOK + rcptX + `
			< BDAT 700
			> 250 2.0.0 700 octets received
			< BDAT 20 LAST
			> 250 2.6.0 <m1@example.org> [InternalId=111] Queued mail for delivery` + quit, `quit
			<a@example.org> accepted: x@example.com accepted 250`},
		{"first chunk refused, the others behind it", mailOK + rcptX + `
			< BDAT 700
			< BDAT 700
			< BDAT 20 LAST
			> 452 4.3.1 Insufficient system resources
			> 503 5.5.1 Bad sequence
			> 503 5.5.1 Bad sequence` + quit, `quit
			<a@example.org> deferred: x@example.com deferred 452
			! BDAT transient 452 for x@example.com at example.com
			! BDAT permanent 503
			! BDAT permanent 503`},
		{"last chunk refused", mailOK + rcptX + `
			< BDAT 20 LAST
			> 550 5.7.1 Spam` + quit, `quit
			<a@example.org> rejected: x@example.com rejected 550
			! BDAT permanent 550 for x@example.com at example.com`},
		{"given up with RSET", mailOK + rcptX + `
			< RSET
			> 250 2.0.0 Resetting` + quit, `quit
			<a@example.org> aborted: x@example.com unknown`},
		{"given up with QUIT", mailOK + rcptX + quit, `quit
			<a@example.org> aborted: x@example.com unknown`},
		{"one refused, then given up", mailOK + rcptX + `
			< RCPT TO:<y@example.net>
			> 550 5.1.1 User unknown` + quit, `quit
			<a@example.org> aborted: x@example.com unknown y@example.net rejected 550
			! RCPT permanent 550 for y@example.net at example.net`},
		{"connection lost", mailOK + rcptX + `
			< DATA
			> 354 Start mail input; end with <CRLF>.<CRLF>
			- |Remote(ConnectionReset)`, `reset
			<a@example.org> aborted: x@example.com unknown`},
		{"log ends", mailOK + rcptX, `open
			<a@example.org> unknown: x@example.com unknown`},
		{"log ends behind MAIL", mailOK, `open
			<a@example.org> unknown:`},
		{"log ends behind a refusal", mailOK + `
			< RCPT TO:<x@example.com>
			> 550 5.1.1 User unknown`, `open
			<a@example.org> rejected: x@example.com rejected 550
			! RCPT permanent 550 for x@example.com at example.com`},
		{"MAIL alone", mailOK + quit, `quit
			<a@example.org> aborted:`},
		{"two messages", mailOK + rcptX + dataOK + `
			< MAIL FROM:<b@example.org>
			> 250 2.1.0 Sender OK` + rcptY + dataOK + quit, `quit
			<a@example.org> accepted: x@example.com accepted 250
			<b@example.org> accepted: y@example.net accepted 250`},
		{"EHLO ends a transaction", mailOK + rcptX + `
			< EHLO mail.example.org
			> 250 gate.example.com Hello [192.0.2.11]` + mailOK + rcptY + dataOK + quit, `quit
			<a@example.org> aborted: x@example.com unknown
			<a@example.org> accepted: y@example.net accepted 250`},
		{"nested MAIL refused", mailOK + rcptX + `
			< MAIL FROM:<b@example.org>
			> 503 5.5.2 Sender already specified` + rcptY + dataOK + quit, `quit
			<a@example.org> accepted: x@example.com accepted 250 y@example.net accepted 250
			<b@example.org> rejected:
			! MAIL permanent 503 at example.org`},
		{"nested MAIL refused, pipelined", mailOK + rcptX + `
			< MAIL FROM:<b@example.org>
			< RCPT TO:<y@example.net>
			< RCPT TO:<z@example.net>
			> 503 5.5.2 Sender already specified
			> 250 2.1.5 Recipient OK
			> 550 5.1.1 User unknown` + dataOK + quit, `quit
			<a@example.org> partial: x@example.com accepted 250 y@example.net accepted 250 z@example.net rejected 550
			<b@example.org> rejected:
			! MAIL permanent 503 at example.org
			! RCPT permanent 550 for z@example.net at example.net`},
		{"nested MAIL and DATA refused, pipelined", mailOK + rcptX + `
			< MAIL FROM:<b@example.org>
			< RCPT TO:<y@example.net>
			< DATA
			> 503 5.5.2 Sender already specified
			> 250 2.1.5 Recipient OK
			> 451 4.3.2 Not now` + quit, `quit
			<a@example.org> deferred: x@example.com deferred 451 y@example.net deferred 451
			<b@example.org> rejected:
			! MAIL permanent 503 at example.org
			! DATA transient 451 for x@example.com at example.com
			! DATA transient 451 for y@example.net at example.net`},
		{"nested MAIL taken", mailOK + rcptX + `
			< MAIL FROM:<b@example.org>
			> 250 2.1.0 Sender OK` + rcptY + dataOK + quit, `quit
			<a@example.org> aborted: x@example.com unknown
			<b@example.org> accepted: y@example.net accepted 250`},
		{"pipelined", `
			< MAIL FROM:<a@example.org>
			< RCPT TO:<x@example.com>
			> 250 2.1.0 Sender OK
			< RCPT TO:<y@example.net>
			< DATA
			> 550 5.1.1 User unknown
			> 250 2.1.5 Recipient OK
			> 354 Start mail input; end with <CRLF>.<CRLF>
			> 250 2.6.0 <m1@example.org> [InternalId=112] Queued mail for delivery` + quit, `quit
			<a@example.org> partial: x@example.com rejected 550 y@example.net accepted 250
			! RCPT permanent 550 for x@example.com at example.com`},
		{"pipelined behind the end of the data", mailOK + rcptX + `
			< DATA
			> 354 Start mail input; end with <CRLF>.<CRLF>
			< MAIL FROM:<b@example.org>
			< RCPT TO:<y@example.net>
			> 554 5.6.0 Virus
			> 250 2.1.0 Sender OK
			> 250 2.1.5 Recipient OK` + dataOK + quit, `quit
			<a@example.org> rejected: x@example.com rejected 554
			<b@example.org> accepted: y@example.net accepted 250
			! EOM permanent 554 for x@example.com at example.com`},
		{"QUIT behind the end of the data", mailOK + rcptX + `
			< DATA
			> 354 Start mail input; end with <CRLF>.<CRLF>
			< QUIT
			> 250 2.6.0 <m1@example.org> [InternalId=112] Queued mail for delivery
			> 221 2.0.0 Service closing transmission channel
			- |Local`, `quit
			<a@example.org> accepted: x@example.com accepted 250`},
		{"pipelined behind a refused MAIL", `
			< MAIL FROM:<a@example.org>
			< RCPT TO:<x@example.com>
			< DATA
			> 451 4.7.1 Try later
			> 503 5.5.2 Need mail command
			> 503 5.5.2 Need mail command` + quit, `quit
			<a@example.org> deferred: x@example.com rejected 503
			! MAIL transient 451 at example.org
			! RCPT permanent 503 for x@example.com at example.com
			! DATA permanent 503`},
		{"421 in the middle", mailOK + rcptX + `
			< RCPT TO:<y@example.net>
			> 421 4.7.0 Too many errors
			- |Local`, `local
			<a@example.org> aborted: x@example.com unknown y@example.net deferred 421
			! RCPT transient 421 for y@example.net at example.net`},
		{"421 for waiting too long", mailOK + rcptX + `
			> 421 4.4.1 Connection timed out
			- |Local`, `timeout
			<a@example.org> aborted: x@example.com unknown
			!  transient 421`},
		{"421 long before the end", `
			< MAIL FROM:<a@example.org>
			> 421 4.4.2 Timeout while waiting
			< RSET
			> 250 2.0.0 Resetting
			- |Remote`, `remote
			<a@example.org> deferred:
			! MAIL transient 421 at example.org`},
		{"RCPT without MAIL", `
			< RCPT TO:<x@example.com>
			> 503 5.5.2 Need mail command` + quit, `quit
			? rejected: x@example.com rejected 503
			! RCPT permanent 503 for x@example.com at example.com`},
		{"empty RCPT", mailOK + `
			< RCPT TO:<>
			> 501 5.1.3 Invalid address` + quit, `quit
			<a@example.org> rejected:  rejected 501
			! RCPT permanent 501 for <>`},
		{"MAIL without a path", `
			< MAIL a@example.org
			> 501 5.5.4 Unrecognized parameter` + quit, `quit
			<a@example.org> rejected:
			! MAIL permanent 501 at example.org`},
		{"unknown command", `
			< xyzzy now
			> 500 5.3.3 Unrecognized command` + quit, `quit unused
			! XYZZY permanent 500`},
		{"XEXCH50", mailOK + rcptX + `
			< XEXCH50 1024 2
			> 354 Send binary data
			> 250 XEXCH50 OK` + dataOK + quit, `quit
			<a@example.org> accepted: x@example.com accepted 250`},
		{"XEXCH50 with its answer late", mailOK + rcptX + `
			< XEXCH50 1024 2
			> 354 Send binary data
			< DATA
			> 504 5.7.4 Unrecognized
			> 354 Start mail input; end with <CRLF>.<CRLF>
			> 250 2.6.0 Queued` + quit, `quit
			<a@example.org> accepted: x@example.com accepted 250
			! XEXCH50 permanent 504`},
		{"XEXCH50 with its answer missing", mailOK + rcptX + `
			< XEXCH50 1024 2
			> 354 Send binary data
			< DATA
			> 354 Start mail input; end with <CRLF>.<CRLF>
			> 250 2.6.0 Queued` + quit, `quit
			<a@example.org> accepted: x@example.com accepted 250`},
		{"a line of a reply without the code", `
			< MAIL FROM:<a@example.org>
			< RCPT TO:<x@example.com>
			> 250-2.1.0 Sender
			> is known
			> 250 2.1.0 OK
			> 550 5.1.1 User unknown` + quit, `quit
			<a@example.org> rejected: x@example.com rejected 550
			! RCPT permanent 550 for x@example.com at example.com`},
		{"several rows to a reply", `
			< MAIL FROM:<a@example.org>
			> 250-2.1.0 Sender
			> 250 2.1.0 OK
			< RCPT TO:<x@example.com>
			> 550-5.7.1 Blocked, see
			> 550-5.7.1 https://bl.example.net
			> 550 5.7.1 Good bye` + quit, `quit
			<a@example.org> rejected: x@example.com rejected 550
			! RCPT permanent 550 for x@example.com at example.com`},
		{"end of a reply missing", `
			< MAIL FROM:<a@example.org>
			> 250-2.1.0 Sender
			< RCPT TO:<x@example.com>
			> 550-5.7.1 Blocked
			- |Remote`, `remote
			<a@example.org> rejected: x@example.com rejected 550
			! RCPT permanent 550 for x@example.com at example.com`},
		{"reply cut by the next", `
			< MAIL FROM:<a@example.org>
			< RCPT TO:<x@example.com>
			> 250-2.1.0 Sender
			> 550 5.1.1 User unknown` + quit, `quit
			<a@example.org> rejected: x@example.com rejected 550
			! RCPT permanent 550 for x@example.com at example.com`},
		{"reply without its command", `
			> 250 2.0.0 OK
			` + mailOK + `
			> 452 4.5.3 Too many` + rcptX + dataOK + quit, `quit
			<a@example.org> accepted: x@example.com accepted 250
			!  transient 452`},
	} {
		t.Run(test.name, func(t *testing.T) {
			checkBriefly(t, logparse.ExchangeReceive, exchangeLog(logparse.ExchangeReceive, greeting+test.rows), test.want)
		})
	}
}

// What is said where the beginning of a session is not in the log.
func TestVerdictsWithoutBeginning(t *testing.T) {
	for _, test := range []struct{ name, rows, want string }{
		{"RCPT first", rcptX + dataOK + quit, `quit
			? accepted: x@example.com accepted 250`},
		{"DATA first", dataOK + quit, `quit
			? unknown:`},
		{"reply first", `
			> 250 2.6.0 <m1@example.org> [InternalId=110] Queued mail for delivery` + quit, `quit`},
		{"refusal first", `
			> 550 5.1.1 User unknown` + quit, `quit
			!  permanent 550`},
		{"disconnect alone", `- |Local`, `local`},
		{"a note and the disconnect", `
			* |TLS negotiation failed with error SocketError
			- |Remote`, `remote
			! STARTTLS transient no reply`},
		{"greeting first", `
			> 220 gate.example.com Microsoft ESMTP MAIL Service ready
			- |Remote`, `remote unused`},
		{"EHLO first", `
			< EHLO mail.example.org
			> 250 gate.example.com Hello [192.0.2.11]` + quit, `quit unused`},
		{"greeting missing", `
			+
			< EHLO mail.example.org
			> 250 gate.example.com Hello [192.0.2.11]
			< MAIL FROM:<a@example.org>
			> 550 5.7.1 Denied` + quit, `quit
			<a@example.org> rejected:
			! MAIL permanent 550 at example.org`},
		{"greeting missing, no EHLO", `
			+
			< MAIL FROM:<a@example.org>
			> 250 2.1.0 Sender OK
			< RCPT TO:<x@example.com>
			> 550 5.1.1 User unknown
			- |Remote`, `remote
			<a@example.org> rejected: x@example.com rejected 550
			! RCPT permanent 550 for x@example.com at example.com`},
		{"MAIL inside a transaction that began earlier", `
			< MAIL FROM:<b@example.org>
			> 503 5.5.2 Sender already specified` + rcptX + dataOK + quit, `quit
			<b@example.org> accepted: x@example.com accepted 250
			! MAIL permanent 503 at example.org`},
		{"turned away", `
			+
			> 421 4.3.2 Service not available
			- |Local`, `local unused
			! CONNECT transient 421`},
	} {
		t.Run(test.name, func(t *testing.T) {
			checkBriefly(t, logparse.ExchangeReceive, exchangeLog(logparse.ExchangeReceive, test.rows), test.want)
		})
	}
}

// A send log has the same rules with the arrows the other way round, and other
// domains for a refused MAIL.
func TestVerdictsOutbound(t *testing.T) {
	for _, test := range []struct{ name, rows, want string }{
		{"refused MAIL", `
			< MAIL FROM:<a@example.org>
			> 550 5.7.1 Sender denied` + quit, `quit
			<a@example.org> rejected:
			! MAIL permanent 550`},
		{"refused MAIL, recipients not answered", `
			< MAIL FROM:<a@example.org>
			< RCPT TO:<x@example.com>
			< RCPT TO:<y@example.net>
			> 550 5.7.1 Sender denied
			- |Remote`, `remote
			<a@example.org> rejected: x@example.com rejected 550 y@example.net rejected 550
			! MAIL permanent 550 for x@example.com at example.com
			! MAIL permanent 550 for y@example.net at example.net`},
		{"refused MAIL, recipients refused for it", `
			< MAIL FROM:<a@example.org>
			< RCPT TO:<x@example.com>
			< RCPT TO:<y@example.net>
			< RCPT TO:<z@example.net>
			> 550 5.7.1 Sender denied
			> 503 5.5.1 MAIL first
			> 503 5.5.1 MAIL first
			> 503 5.5.1 MAIL first` + quit, `quit
			<a@example.org> rejected: x@example.com rejected 503 y@example.net rejected 503 z@example.net rejected 503
			! MAIL permanent 550 at example.com
			! MAIL permanent 550 at example.net
			! RCPT permanent 503 for x@example.com at example.com
			! RCPT permanent 503 for y@example.net at example.net
			! RCPT permanent 503 for z@example.net at example.net`},
		{"one reply, two domains", mailOK + rcptX + rcptY + `
			< DATA
			> 354 Go ahead
			> 554 5.7.1 Spam` + quit, `quit
			<a@example.org> rejected: x@example.com rejected 554 y@example.net rejected 554
			! EOM permanent 554 for x@example.com at example.com
			! EOM permanent 554 for y@example.net at example.net`},
	} {
		t.Run(test.name, func(t *testing.T) {
			rows := strings.NewReplacer("< ", "> ", "> ", "< ").Replace(greeting + test.rows)
			checkBriefly(t, logparse.ExchangeSend, exchangeLog(logparse.ExchangeSend, rows), test.want)
		})
	}
}

package session_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/smtplog/smtplog/logparse"
)

// iisLog turns a script into a W3C log. A line is a row of a connection that
// came in, "08:00:01 MAIL +FROM:<a@example.org> 250", or of one that went out,
// "08:00:01 > MAIL FROM:<a@example.org>" and "08:00:01 < 250+ok". Numbers behind
// the code are sc-win32-status, sc-bytes and cs-bytes.
func iisLog(script string) string {
	var b strings.Builder
	b.WriteString("#Software: Microsoft Internet Information Services 6.0\r\n#Version: 1.0\r\n#Date: 2026-11-02 08:00:00\r\n" +
		"#Fields: date time c-ip cs-username s-sitename s-computername s-ip s-port cs-method cs-uri-stem cs-uri-query sc-status sc-win32-status sc-bytes cs-bytes time-taken\r\n")
	for line := range strings.Lines(script) {
		f := strings.Fields(line)
		if len(f) < 3 {
			continue
		}
		switch f[1] {
		case ">":
			query := "-"
			if len(f) > 3 {
				query = f[3]
			}
			fmt.Fprintf(&b, "2026-11-02 %s 198.51.100.7 OutboundConnectionCommand SMTPSVC1 GATE - 25 %s - %s 0 0 4 0 0\r\n", f[0], f[2], query)
		case "<":
			fmt.Fprintf(&b, "2026-11-02 %s 198.51.100.7 OutboundConnectionResponse SMTPSVC1 GATE - 25 - - %s 0 0 %d 0 0\r\n", f[0], f[2], len(f[2]))
		default:
			f = append(f, "0", "32", fmt.Sprint(len(f[1])))
			fmt.Fprintf(&b, "2026-11-02 %s 192.0.2.7 mail.example.org SMTPSVC1 GATE 10.0.0.1 0 %s - %s %s %s %s %s 0\r\n", f[0], f[1], f[2], f[3], f[4], f[5], f[6])
		}
	}
	return b.String()
}

func TestIIS(t *testing.T) {
	const begun = "08:00:00 HELO +mail.example.org 250\n08:00:00 MAIL +FROM:<a@example.org>+SIZE=900 250\n"
	const rcpt = "08:00:01 RCPT +TO:<x@example.com> 250\n"
	const quit = "08:00:03 QUIT mail.example.org 240 3120\n"
	const connected = `08:00:00 < 220+mx.example.net
		08:00:00 > EHLO gate.example.com
		08:00:00 < 250-mx.example.net
		08:00:00 > MAIL FROM:<a@example.com>
		08:00:00 < 250+ok
		`
	for _, test := range []struct {
		name, rows, want string
		duration         time.Duration
	}{
		{"accepted", begun + rcpt + "08:00:02 DATA +<m1@example.org> 250 0 120 1200\n" + quit, `quit
			<a@example.org> accepted: x@example.com accepted 250`, 3120 * time.Millisecond},
		{"end of data refused", begun + rcpt + "08:00:02 DATA +<m1@example.org> 554 0 120 1200\n" + quit, `quit
			<a@example.org> rejected: x@example.com rejected 554
			! EOM permanent 554 for x@example.com at example.com`, 3120 * time.Millisecond},
		{"DATA refused", begun + rcpt + "08:00:02 DATA - 451\n" + quit, `quit
			<a@example.org> deferred: x@example.com deferred 451
			! DATA transient 451 for x@example.com at example.com`, 3120 * time.Millisecond},
		{"chunks", begun + rcpt + "08:00:02 BDAT +700 250 0 60 700\n08:00:02 BDAT +500+LAST 250 0 60 500\n" + quit, `quit
			<a@example.org> accepted: x@example.com accepted 250`, 3120 * time.Millisecond},
		{"refused RCPT", begun + "08:00:01 RCPT +TO:<x@example.com> 550\n" + quit, `quit
			<a@example.org> rejected: x@example.com rejected 550
			! RCPT permanent 550 for x@example.com at example.com`, 3120 * time.Millisecond},
		{"vanished", begun + "08:00:01 RCPT +TO:<x@example.com> 250 0 32 41\n08:00:02 QUIT - 240 2250 32 41\n", `remote
			<a@example.org> aborted: x@example.com unknown`, 2250 * time.Millisecond},
		{"no length on QUIT", begun + rcpt + "08:00:05 QUIT mail.example.org 240\n", `quit
			<a@example.org> aborted: x@example.com unknown`, 5 * time.Second},
		{"QUIT alone", "08:00:05 QUIT - 240 15\n", "quit unused", 15 * time.Millisecond},
		{"outbound", connected + `08:00:00 > RCPT TO:<x@example.net>
			08:00:01 < 250+ok
			08:00:01 > DATA
			08:00:01 < 354+go+ahead
			08:00:02 < 250+taken
			08:00:02 > QUIT
			08:00:02 < 221+bye`, `quit
			<a@example.com> accepted: x@example.net accepted 250`, 2 * time.Second},
		{"outbound, RSET and no reply to RCPT", connected + `08:00:00 > RCPT TO:<x@example.net>
			08:00:01 > RSET
			08:00:01 < 250+flushed
			08:00:01 > MAIL FROM:<b@example.com>
			08:00:01 < 550+no
			08:00:02 > QUIT
			08:00:02 < 221+bye`, `quit
			<a@example.com> aborted: x@example.net unknown
			<b@example.com> rejected:
			! MAIL permanent 550`, 2 * time.Second},
		{"outbound, turned away", "08:00:00 < 554+no\n08:00:02 > QUIT\n08:00:02 < 221+bye", `quit unused
			! CONNECT permanent 554`, 2 * time.Second},
		{"outbound, 421", connected + "08:00:01 < 421+4.7.0+[TSS04]+Try+later\n", `remote
			<a@example.com> aborted:
			!  transient 421`, time.Second},
		{"outbound, waited too long", connected + "08:00:01 > DATA\n08:00:01 < 421+4.4.2+Timeout\n", `timeout
			<a@example.com> deferred:
			! DATA transient 421`, time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, s := range checkBriefly(t, logparse.IISW3C, iisLog(test.rows), test.want) {
				if s.Duration != test.duration {
					t.Errorf("duration %v, want %v", s.Duration, test.duration)
				}
			}
		})
	}
}

package track

import (
	"fmt"
	"strings"
	"testing"

	"github.com/smtplog/smtplog/logparse"
)

// However many rows share an id, building stays near linear: these would not
// take minutes if it were quadratic in what strangers choose.
func TestHostile(t *testing.T) {
	const n = 3000
	for name, values := range map[string]func(i int) string{
		"one Message-ID": func(int) string { return "message-id=<1@example.org>|" + receive + toA },
		"one Message-ID, many mails": func(i int) string {
			return fmt.Sprintf("message-id=<1@example.org>|network-message-id=a%d|", i) + receive + toA
		},
		"one Message-ID, many internal ids": func(i int) string {
			return fmt.Sprintf("message-id=<1@example.org>|client-hostname=x|server-hostname=EX%d|source=SMTP|event-id=RECEIVE|internal-message-id=%d|", i%7, i) + toA
		},
		"one internal id":   func(i int) string { return fmt.Sprintf("message-id=<%d@example.org>|", i) + receive + toA },
		"sends to a server": func(int) string { return mail + intra + toA },
		"aliases": func(i int) string {
			return mail + onEX1 + fmt.Sprintf("source=ROUTING|event-id=RESOLVE|recipient-address=%d@example.com|related-recipient-address=%d@example.com", i+1, i)
		},
		"groups": func(i int) string {
			return mail + onEX1 + fmt.Sprintf("source=ROUTING|event-id=EXPAND|recipient-address=%d@example.com|related-recipient-address=g@example.com", i)
		},
		"forks": func(i int) string {
			return mail + onEX1 + fmt.Sprintf("source=ROUTING|event-id=TRANSFER|internal-message-id=%d|reference=%d", i, i/2)
		},
		"no recipients": func(int) string { return mail + onEX1 + "source=SMTP|event-id=FAIL|recipient-status=550 5.1.1 No" },
		"many recipients": func(i int) string {
			return mail + onEX1 + fmt.Sprintf("source=SMTP|event-id=DEFER|recipient-address=%d@example.com", i)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log strings.Builder
			log.WriteString("#Fields: " + names2016 + "\n")
			for i := range n {
				log.WriteString(row(names2016, fmt.Sprintf("date-time=2026-11-01T14:%02d:%02d.000Z|", i/60%60, i%60)+values(i)) + "\n")
			}
			hops := 0
			for _, m := range build(records(t, []byte(log.String()), logparse.Tracking)) {
				hops += len(m.Hops)
			}
			if hops != n {
				t.Errorf("%d hops of %d rows", hops, n)
			}
		})
	}
}

package track

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/smtplog/smtplog/logparse"
)

// tell builds the messages of rows in the columns of Exchange 2016, each
// "hour:minute:second values", and writes what became of them.
func tell(t *testing.T, rows ...string) string {
	t.Helper()
	var log strings.Builder
	log.WriteString("#Fields: " + names2016 + "\n")
	for _, r := range rows {
		clock, values, _ := strings.Cut(r, " ")
		log.WriteString(row(names2016, "date-time=2026-11-01T"+clock+".000Z|"+values) + "\n")
	}
	var b strings.Builder
	for _, m := range build(records(t, []byte(log.String()), logparse.Tracking)) {
		fmt.Fprintf(&b, "%s %s\n", m.MessageID, m.Status)
		for _, r := range m.Recipients {
			fmt.Fprintf(&b, " %s %s", r.Address, r.Status)
			for _, extra := range []string{r.Alias, r.From, strings.Join(r.ExpandedInto, "+"), strings.Join(r.RedirectedTo, "+"), r.Host, r.Text} {
				if extra != "" {
					fmt.Fprintf(&b, " [%s]", extra)
				}
			}
			if r.Deferrals > 0 {
				fmt.Fprintf(&b, " deferred %d", r.Deferrals)
			}
			if r.Class.Failed() {
				fmt.Fprintf(&b, " %s %s", r.Class, r.Reason)
			}
			b.WriteString("\n")
		}
		for _, h := range m.Holes {
			fmt.Fprintf(&b, " hole: %s\n", h.Text)
		}
		for _, r := range m.Related {
			fmt.Fprintf(&b, " %s: %s\n", r.Relation, r.MessageID)
		}
	}
	return b.String()
}

const (
	mail    = "message-id=<1@example.org>|network-message-id=0c6e7f10-0000-4000-8000-00000000000a|sender-address=c@example.org|"
	mail2   = "message-id=<1@example.org>|network-message-id=0c6e7f10-0000-4000-8000-00000000000b|sender-address=c@example.org|"
	other   = "message-id=<2@example.org>|network-message-id=0c6e7f10-0000-4000-8000-00000000000c|sender-address=c@example.org|"
	receive = "client-hostname=mx.example.net|server-hostname=EX1|source=SMTP|event-id=RECEIVE|internal-message-id=7|"
	onEX1   = "server-hostname=EX1|"
	intra   = "client-hostname=EX1|server-hostname=EX2.example.com|connector-id=Intra-Organization SMTP Send Connector|source=SMTP|event-id=SEND|internal-message-id=7|" +
		"source-context=08DE000000000002;250 2.6.0 <1@example.org> [InternalId=77, Hostname=EX2.example.com] Queued mail for delivery|"
	outside = "client-hostname=EX1|server-hostname=mx.example.net|connector-id=Internet|source=SMTP|event-id=SENDEXTERNAL|internal-message-id=7|source-context=08DE000000000003;250 2.0.0 OK|"
	toA     = "recipient-address=a@example.com|"
)

func TestStories(t *testing.T) {
	for _, test := range []struct {
		name string
		rows []string
		want string
	}{
		{"the next server's log is missing", []string{"14:10:00 " + mail + receive + toA, "14:10:01 " + mail + intra + toA},
			"<1@example.org> pending\n a@example.com pending\n hole: EX2.example.com's tracking log for 2026-11-01 14:00–15:00 UTC is not among the files\n"},
		{"the next server's log is there without the message", []string{"14:10:00 " + mail + receive + toA, "14:10:01 " + mail + intra + toA,
			"14:05:00 " + other + "client-hostname=x|server-hostname=EX2|source=SMTP|event-id=RECEIVE|recipient-address=b@example.com",
			"14:15:00 " + other + "client-hostname=EX2|source=STOREDRIVER|event-id=DELIVER|recipient-address=b@example.com",
			"14:20:00 " + other + "client-hostname=x|server-hostname=EX2|source=SMTP|event-id=RECEIVE|recipient-address=b@example.com"},
			"<1@example.org> pending\n a@example.com pending\n hole: EX2's tracking log for 2026-11-01 14:00–15:00 UTC has no row of this message\n" +
				"<2@example.org> delivered\n b@example.com delivered\n"},
		{"put off, then taken outside", []string{"14:10:00 " + mail + receive + toA,
			"14:10:01 " + mail + onEX1 + toA + "source=QUEUE|event-id=DEFER|recipient-status=451 4.7.1 Greylisted, try again in 300 seconds",
			"14:20:01 " + mail + outside + toA},
			"<1@example.org> delivered\n a@example.com delivered [mx.example.net] [250 2.0.0 OK] deferred 1\n"},
		{"put off for good", []string{"14:10:00 " + mail + receive + toA,
			"14:10:01 " + mail + onEX1 + toA + "source=QUEUE|event-id=DEFER|recipient-status=451 4.7.1 Greylisted"},
			"<1@example.org> deferred\n a@example.com deferred [451 4.7.1 Greylisted] deferred 1 transient greylisted\n"},
		{"failed, with its report", []string{"14:10:00 " + mail + receive + toA,
			"14:10:01 " + mail + onEX1 + toA + "source=ROUTING|event-id=FAIL|recipient-status=[{LED=550 5.1.1 User unknown};{FQDN=mx.example.net}]|reference=<9@example.com>",
			"14:10:02 message-id=<9@example.com>|network-message-id=0c6e7f10-0000-4000-8000-00000000000f|return-path=<>|" + onEX1 + "source=DSN|event-id=DSN|reference=<1@example.org>|recipient-address=c@example.org"},
			"<1@example.org> failed\n a@example.com failed [mx.example.net] [550 5.1.1 User unknown] permanent user_unknown\n dsn: <9@example.com>\n" +
				"<9@example.com> pending\n c@example.org pending\n original: <1@example.org>\n"},
		{"a group, an alias and a deputy", []string{"14:10:00 " + mail + receive + "recipient-address=team@example.com;info@example.com;boss@example.com",
			"14:10:01 " + mail + onEX1 + "source=ROUTING|event-id=EXPAND|recipient-address=a@example.com;b@example.com|related-recipient-address=team@example.com",
			"14:10:01 " + mail + onEX1 + "source=ROUTING|event-id=RESOLVE|recipient-address=i@example.com|related-recipient-address=info@example.com",
			"14:10:02 " + mail + onEX1 + "source=ROUTING|event-id=REDIRECT|recipient-address=d@example.com|related-recipient-address=boss@example.com",
			"14:10:03 " + mail + "client-hostname=EX1|source=STOREDRIVER|event-id=DELIVER|recipient-address=a@example.com;b@example.com;i@example.com;d@example.com"},
			"<1@example.org> delivered\n team@example.com expanded [a@example.com+b@example.com]\n i@example.com delivered [info@example.com]\n" +
				" boss@example.com redirected [d@example.com]\n a@example.com delivered [team@example.com]\n b@example.com delivered [team@example.com]\n d@example.com delivered [boss@example.com]\n"},
		{"one Message-ID, two mails", []string{"14:10:00 " + mail + receive + toA, "14:10:01 " + mail + "client-hostname=EX1|source=STOREDRIVER|event-id=DELIVER|" + toA,
			"14:11:00 " + mail2 + receive + toA, "14:11:01 " + mail2 + onEX1 + "source=AGENT|event-id=DROP|" + toA},
			"<1@example.org> delivered\n a@example.com delivered\n<1@example.org> dropped\n a@example.com dropped\n"},
		{"a shadow copy is no delivery", []string{"14:10:00 " + mail + "client-hostname=EX2.example.com|server-hostname=EX1|source=SMTP|event-id=HARECEIVE|" + toA,
			"14:12:00 " + mail + onEX1 + "source=REDUNDANCY|event-id=HADISCARD|" + toA},
			"<1@example.org> pending\n a@example.com pending\n hole: EX2.example.com's tracking log for 2026-11-01 14:00–15:00 UTC is not among the files\n"},
		{"quarantined", []string{"14:10:00 " + mail + receive + toA,
			"14:10:01 " + mail + onEX1 + toA + "source=AGENT|event-id=FAIL|recipient-status=550 5.2.1 Content Filter agent quarantined this message"},
			"<1@example.org> quarantined\n a@example.com quarantined [550 5.2.1 Content Filter agent quarantined this message] permanent spam\n"},
		{"an Exchange server outside is outside", []string{"14:10:00 " + mail + receive + toA,
			"14:10:01 " + mail + "client-hostname=EX1|server-hostname=mx.example.net|connector-id=Internet|source=SMTP|event-id=SEND|source-context=08DE000000000003;250 2.6.0 <1@example.org> [InternalId=5, Hostname=HUB.example.net] Queued mail for delivery|" + toA},
			"<1@example.org> delivered\n a@example.com delivered [HUB.example.net] [250 2.6.0 <1@example.org> [InternalId=5, Hostname=HUB.example.net] Queued mail for delivery]\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, tell(t, test.rows...)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

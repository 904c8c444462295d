package track

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/track/testworld"
)

// comparePlain judges the messages of all clusters on both ways and returns how
// many there are, and how many went the short one.
func comparePlain(t testing.TB, rows []*logparse.Record) (all, short int) {
	t.Helper()
	b := NewBuilder(&Options{VerdictsOnly: true}, func(*Message) {})
	for _, rec := range rows {
		b.Add(rec)
	}
	for _, o := range b.clusters.open {
		c := b.clusters.at(o.number)
		all++
		m := b.own.plain.message(c)
		if m == nil {
			continue
		}
		short++
		got := tally(m) + fmt.Sprint(m.begin)
		groups := b.own.split(c)
		if len(groups) != 1 {
			t.Fatalf("%s is %d messages", m.NetworkID, len(groups))
		}
		long := b.own.message(&groups[0])
		if want := tally(long) + fmt.Sprint(long.begin); got != want {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
		if !m.complete() || m.Status != Delivered || c.last != groups[0].last() {
			t.Fatalf("%s is %s", m.NetworkID, m.Status)
		}
	}
	return all, short
}

func TestPlainMessages(t *testing.T) {
	all, short := 0, 0
	for seed := range uint64(4) {
		random := rand.New(rand.NewPCG(seed, 7))
		opt := testworld.Options{Seed: seed, Messages: 80, Span: 30 * time.Hour}
		if seed > 1 {
			opt.Lose = func(string) bool { return random.IntN(4) == 0 }
		}
		rows := trackingRecords(t, testworld.Play(opt))
		random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		n, k := comparePlain(t, rows)
		all, short = all+n, short+k
	}
	if short < all/20 {
		t.Errorf("%d of %d messages went the short way", short, all)
	}
	short = 0
	all = 0
	for seed := range uint64(1200) {
		random := rand.New(rand.NewPCG(seed, 8))
		rows := twoFiles(t, random, []byte(nearlyPlain(random)))
		n, k := comparePlain(t, rows)
		all, short = all+n, short+k
		if seed%8 == 0 {
			checkShortWay(t, rows)
		}
	}
	if short < 150 || all-short < 150 {
		t.Errorf("%d of %d odd messages went the short way", short, all)
	}
}

// nearlyPlain writes the rows of a message that went the ordinary way, in any
// order, with a few values that do not belong there.
func nearlyPlain(random *rand.Rand) string {
	steps := []string{
		mail + receive + toA, mail + receive + toA, delivered + toA, sentOut + toA + "|recipient-status=250 2.1.5 OK",
		mail + "client-hostname=EX1|source=AGENT|event-id=AGENTINFO|internal-message-id=7|" + toA,
		sentIn + toA + "|source-context=08DE5A2000000001;250 2.0.0 OK [Hostname=EX1.example.com]",
		mail + "server-hostname=EX1|source=DSN|event-id=DSN|internal-message-id=7|" + toA,
	}
	odd := []string{
		"recipient-address=b@example.com", "recipient-address=a@example.com;b@example.com", "recipient-address=A@example.com", "recipient-address=", "recipient-address= a@example.com;",
		`recipient-address="""a"";b"@example.com`, "recipient-status=550 5.1.1 No", "recipient-status=250 OK; 450 later", "event-id=DEFER", "event-id=FAIL", "event-id=RESOLVE",
		"event-id=HARECEIVE", "event-id=HADISCARD", "event-id=SUBMIT", "event-id=DUPLICATEDELIVER", "event-id=SEND", "event-id=DROP", "source=STOREDRIVER", "source=ROUTING",
		"client-hostname=EX2", "client-hostname=EX1.example.com", "client-hostname=", "server-hostname=EX2", "server-hostname=", "sender-address=b@example.org", "sender-address=",
		`sender-address="a,b"@example.org`, "message-subject=another", "message-id=<2@example.org>", "message-info=2026-11-01T13:59:59.900Z;SRV=EX1", "message-info=2026-11-31T13:59:59.900Z",
		"message-info=2026-11-01T13:59:50.900Z", "internal-message-id=8", "custom-data=S:ProxiedClientIPAddress=192.0.2.9", "return-path=<>", "directionality=Originating",
		"source-context=08DE5A2000000001;250 2.0.0 OK [Hostname=EX2.example.com]", "date-time=2026-11-01T14:20:00.000Z", "date-time=2026-11-01T14:00:03.000Z",
	}
	var b strings.Builder
	b.WriteString("#Log-type: Message Tracking Log\n#Fields: " + names2016 + "\n")
	for range 1 + random.IntN(6) {
		values := fmt.Sprintf("date-time=2026-11-01T14:00:%02d.000Z|", random.IntN(12)) + steps[random.IntN(len(steps))]
		if random.IntN(4) == 0 {
			values += "|" + odd[random.IntN(len(odd))]
		}
		b.WriteString(row(names2016, values) + "\n")
	}
	return b.String()
}

const (
	delivered = mail + "client-hostname=EX1|server-hostname=EX1|source=STOREDRIVER|event-id=DELIVER|internal-message-id=7|"
	sentOut   = mail + "client-hostname=EX1|server-hostname=mx.example.net|source=SMTP|event-id=SENDEXTERNAL|internal-message-id=7|"
	sentIn    = mail + "client-hostname=EX1|server-hostname=EX1.example.com|source=SMTP|event-id=SEND|internal-message-id=7|"
)

// Each of the steps that make a message another than a plain one, and some that
// do not.
func TestPlainOrNot(t *testing.T) {
	for _, c := range []struct {
		name string
		rows []string
		want bool
	}{
		{"delivered", []string{mail + receive + toA, delivered + toA}, true},
		{"taken outside", []string{mail + receive + toA, sentOut + toA + "|recipient-status=250 2.1.5 OK"}, true},
		{"refused outside", []string{mail + receive + toA, sentOut + toA + "|recipient-status=550 5.1.1 No"}, false},
		{"nothing yet", []string{mail + receive + toA}, false},
		{"one of two", []string{mail + receive + "recipient-address=a@example.com;b@example.com", delivered + toA}, false},
		{"two ways to write it", []string{mail + receive + toA, delivered + "recipient-address=A@example.com"}, false},
		{"to mailbox delivery", []string{mail + receive + toA, delivered + toA, sentIn + toA + "|source-context=08DE5A2000000001;250 2.0.0 OK [Hostname=EX1.example.com]"}, true},
		{"to mailbox delivery without its rows", []string{mail + receive + toA, sentOut + toA, sentIn + toA}, false},
		{"a step of mailbox delivery alone", []string{mail + receive + toA, sentOut + toA, sentIn + toA + "|source=STOREDRIVER"}, false},
		{"put off", []string{mail + receive + toA, mail + "client-hostname=EX1|source=SMTP|event-id=DEFER|internal-message-id=7|" + toA, delivered + toA}, false},
		{"no arrival", []string{mail + "server-hostname=EX1|source=ROUTING|event-id=PROCESS|internal-message-id=7|" + toA, delivered + toA}, false},
	} {
		log := "#Fields: " + names2016 + "\n"
		for i, values := range c.rows {
			log += row(names2016, fmt.Sprintf("date-time=2026-11-01T14:00:%02d.000Z|", i)+values) + "\n"
		}
		rows := records(t, []byte(log), logparse.Tracking)
		if _, short := comparePlain(t, rows); (short == 1) != c.want {
			t.Errorf("%s: %d on the short way, want %v", c.name, short, c.want)
		}
		checkShortWay(t, rows)
	}
}

// Rows in brief have the digest of their long way, and another where a column
// that they lack is another.
func TestDigests(t *testing.T) {
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 9))
		rows := records(t, []byte(oddTracking(random, 30)), logparse.Tracking)
		b := NewBuilder(&Options{VerdictsOnly: true}, func(*Message) {})
		known := map[string]string{}
		for _, rec := range rows {
			var e Event
			Parse(rec, &e)
			if e.EventID == "TRANSFER" || e.Source == "TRACE" || b.origin(rec) == nil {
				continue
			}
			info, _, _ := strings.Cut(e.raw[colMessageInfo], ";")
			columns := []string{e.raw[colSourceContext], info, e.raw[colDirectionality], e.raw[colReturnPath]}
			for i := atStatus; i <= atReference; i++ {
				columns = append(columns, e.raw[quickKept[i]])
			}
			digest := fmt.Sprint(b.digest(&b.row))
			b.brief(&e)
			var long uint64
			for i := range 8 {
				long |= uint64(e.raw[colDigest][i]) << (8 * i)
			}
			if fmt.Sprint(long) != digest {
				t.Fatalf("%q: %s in brief, %d on the long way", rec.Raw(), digest, long)
			}
			text := fmt.Sprintf("%q", columns)
			if old, ok := known[digest]; ok && old != text {
				t.Fatalf("%s and %s have one digest", old, text)
			}
			known[digest] = text
		}
	}
}

// A shortened source-context tells of the next server what the whole one does.
func TestShortened(t *testing.T) {
	parts := []string{"08DE5A2000000001", ";", ";", "250 2.0.0 OK", "25", "4", " ", "[", "]", "[a]", " [a]", "250 [a]", "25x [a]", "25x b [a]", "Hostname=EX1.example.com", "InternalId=7", ", ", "=",
		";ClientSubmitTime:", "2026-11-01T09:30:00.250Z", "abcdef01", "<1@example.org>", "MDB:1, Mailbox:2", "-"}
	random := rand.New(rand.NewPCG(1, 10))
	var p packing
	var o origin
	short := 0
	for range 50_000 {
		s := ""
		for range random.IntN(9) {
			s += parts[random.IntN(len(parts))]
		}
		if random.IntN(2) == 0 {
			s = "08DE5A2000000001;250 2.0.0 OK " + s
		}
		whole := Event{EventID: "SEND", ServerHostname: "mx.example.net", SourceContext: s}
		again := whole
		again.SourceContext = string(p.shortened([]byte(s)))
		if again.SourceContext != s {
			short++
		}
		last := string(o.reply)
		if remembered := string(o.shortened([]byte(s), &p)); remembered != again.SourceContext {
			t.Fatalf("%q became %q, %q after %q", s, again.SourceContext, remembered, last)
		}
		whole.readContext()
		again.readContext()
		if whole.RemoteServer != again.RemoteServer || whole.RemoteInternalID != again.RemoteInternalID || whole.hostOnly != again.hostOnly ||
			(whole.Reply == "") != (again.Reply == "") || whole.Mailbox != again.Mailbox {
			t.Fatalf("%q became %q: %+v %+v", s, again.SourceContext, whole, again)
		}
	}
	if short < 10_000 {
		t.Errorf("%d were shortened", short)
	}
	// What was not shortened says nothing of others.
	for _, s := range []string{"25x [a]", "08DE5A2000000001;25x b [a]"} {
		if got, want := string(o.shortened([]byte(s), &p)), string(p.shortened([]byte(s))); got != want {
			t.Errorf("%q became %q, want %q", s, got, want)
		}
	}
}

// A status that may not refuse does not.
func TestMayRefuse(t *testing.T) {
	parts := []string{"250 2.1.5 OK", "550 5.1.1 No", "450", ";", ";", ",", " ", "[{LED=550 No}]", "{", "}", "\u00a0", "\t", `"`, "x", "To"}
	random := rand.New(rand.NewPCG(1, 11))
	for range 50_000 {
		status := ""
		for range random.IntN(7) {
			status += parts[random.IntN(len(parts))]
		}
		if mayRefuse([]byte(status)) {
			continue
		}
		for _, format := range []logparse.Format{logparse.Tracking, logparse.TrackingPS} {
			e := Event{Format: format, RawStatus: status}
			if format == logparse.TrackingPS {
				e.RawStatus, _ = unbraced(status)
			}
			for range 1 + random.IntN(3) {
				e.Recipients = append(e.Recipients, Recipient{})
			}
			e.alignStatuses()
			if i := slices.IndexFunc(e.Recipients, func(r Recipient) bool { return replyClass(r.Status).Failed() }); i >= 0 {
				t.Fatalf("%q: recipient %d is refused", status, i)
			}
		}
	}
}

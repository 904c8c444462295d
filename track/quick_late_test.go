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

// checkColumns checks what is known of rows in brief, whether they were compared
// with late ones or not: where columns end, and what stands for them. It returns
// how many were compared.
func checkColumns(t *testing.T, rows []*logparse.Record) (compared, same int) {
	t.Helper()
	b := NewBuilder(&Options{VerdictsOnly: true}, func(*Message) {})
	q := &b.row
	for _, rec := range rows {
		if b.origin(rec) != nil {
			known := q.next
			q.hash(b.clusters.lateRows, &b.packing)
			var alone quickRow
			if !alone.cut(rec) || !alone.find(known-1) {
				t.Fatalf("%q: no columns", rec.Raw())
			}
			if !slices.Equal(q.ends[atEventID:known], alone.ends[atEventID:known]) || q.ends[atSourceContext] != alone.ends[atSourceContext] {
				t.Fatalf("%q: columns end at %v, want %v", rec.Raw(), q.ends[:known], alone.ends[:known])
			}
			// The ends are those of the values.
			i := 0
			rec.Values(func(value []byte) bool {
				if got := string(alone.span(max(i, 1), max(i, 1))); i > 0 && got != string(value) && !strings.HasPrefix(got, `"`) {
					t.Fatalf("%q: value %d is %q, want %q", rec.Raw(), i, got, value)
				}
				i++
				return i < known
			})
			if q.idsHash != b.hashed(alone.span(atInternalID, atNetworkID)) || q.toHash != b.hashed(alone.span(atRecipients, atRecipients)) ||
				q.aboutHash != b.hashed(alone.span(atSubject, atSender)) {
				t.Fatalf("%q: other hashes", rec.Raw())
			}
			if q.late != noLate {
				compared++
			}
			if q.sameTo && q.sameAbout {
				same++
			}
		}
		b.Add(rec)
	}
	return compared, same
}

func TestLateRows(t *testing.T) {
	rows, compared, same := 0, 0, 0
	check := func(list []*logparse.Record) {
		n, k := checkColumns(t, list)
		rows, compared, same = rows+len(list), compared+n, same+k
	}
	for seed := range uint64(60) {
		check(twoFiles(t, rand.New(rand.NewPCG(seed, 15)), []byte(oddTracking(rand.New(rand.NewPCG(seed, 15)), 60))))
	}
	list := trackingRecords(t, testworld.Play(testworld.Options{Seed: 1, Messages: 100, Span: time.Hour}))
	slices.SortStableFunc(list, func(x, y *logparse.Record) int { return x.Time.Compare(y.Time) })
	check(list)
	if compared < rows/8 || same < rows/16 {
		t.Errorf("%d rows, %d compared, %d the same", rows, compared, same)
	}
}

// Rows whose columns begin as those of a late row do, and go on otherwise.
func TestNearlyLateRows(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 16))
	values := func(of ...string) string { return of[random.IntN(len(of))] }
	for range 80 {
		var log strings.Builder
		log.WriteString("#Fields: " + names2016 + "\n")
		for i := range 30 {
			fmt.Fprintf(&log, "2026-11-01T09:30:%02d.250Z,,EX1,,,,,AGENT,AGENTINFO,1234567890123456,%s,08dabc12-0000-4000-8000-0000000000%s,%s,%s,%s,1,,,%s,%s,%s,%s,Incoming,,,,,,,\n", i,
				values("<1@example.org>", "<1@example.org>", "<1@example.org", "<1>"), values("0a", "0a", "0a", "0b", "0ab", `0a,x`),
				values("a@example.com", "a@example.com", "a@example.com", "a@example.com;b@example.com", "a@example", `"a@example.com"`, "", "a@example.com,"),
				values("", "", "250 OK", `"a,b"`, `"a"b`, `"`), values("7", "7", "77", ""),
				values("Lunch", "Lunch", "Lunch at noon", `"Lunch, at noon"`, `"Lunch"`, ""), values("c@example.org", "c@example.org", "c@example"),
				values("c@example.org", "c@example.org", "c@example.org.x", "<>"), values("", "", "2026-11-01T09:29:59.250Z", "00A: NTS:", `"x`))
		}
		rows := records(t, []byte(log.String()), logparse.Tracking)
		checkColumns(t, rows)
		checkShortWay(t, rows)
	}
}

// A mailbox that a late row's message names later belongs to it.
func TestMailboxOfLateRow(t *testing.T) {
	mailbox := "|source-context=MDB:1, Mailbox:2, Event:3, MessageClass:IPM.Note"
	log := "#Fields: " + names2016 + "\n"
	for i, values := range []string{
		mail + receive + toA,
		mail + "server-hostname=EX2|source=AGENT|event-id=AGENTINFO|internal-message-id=7|" + toA,
		mail + "server-hostname=EX2|source=AGENT|event-id=AGENTINFO|internal-message-id=7|" + toA + mailbox,
		"client-hostname=EX2|source=STOREDRIVER|event-id=NOTIFYMAPI" + mailbox,
	} {
		log += row(names2016, fmt.Sprintf("date-time=2026-11-01T14:00:%02d.000Z|", i)+values) + "\n"
	}
	rows := records(t, []byte(log), logparse.Tracking)
	messages := 0
	b := NewBuilder(&Options{VerdictsOnly: true}, func(*Message) { messages++ })
	for _, rec := range rows {
		b.Add(rec)
	}
	b.Close()
	if messages != 1 {
		t.Errorf("%d messages", messages)
	}
	checkShortWay(t, rows)
}

// Rows of one moment that differ only in what rows in brief do not have are no
// copies of each other.
func TestCopiesInBrief(t *testing.T) {
	for bytes, want := range map[string]int{"100": 1, "101": 2} {
		log := "#Fields: " + names2016 + "\n"
		deferred := "date-time=2026-11-01T14:00:01.000Z|" + mail + "client-hostname=EX1|source=SMTP|event-id=DEFER|internal-message-id=7|" + toA
		log += row(names2016, "date-time=2026-11-01T14:00:00.000Z|"+mail+receive+toA) + "\n" +
			row(names2016, deferred+"|total-bytes=100") + "\n" + row(names2016, deferred+"|total-bytes="+bytes) + "\n"
		rows := records(t, []byte(log), logparse.Tracking)
		rows[2].Pos.File = "y.log"
		checkShortWay(t, rows)
		b := NewBuilder(&Options{VerdictsOnly: true}, func(m *Message) {
			if n := m.Recipients[0].Deferrals; n != want {
				t.Errorf("%s bytes: put off %d times, want %d", bytes, n, want)
			}
		})
		for _, rec := range rows {
			b.Add(rec)
		}
		b.Close()
	}
}

// Rows in brief keep their places, those that follow one of another file too: the
// messages of one moment are in the order of their first rows.
func TestPlacesInBrief(t *testing.T) {
	followers := 0
	for seed := range uint64(8) {
		random := rand.New(rand.NewPCG(seed, 18))
		rows := twoFiles(t, random, []byte(fewStories(random, 100)))
		b := NewBuilder(&Options{VerdictsOnly: true}, func(*Message) {})
		var want, got []string
		for _, rec := range rows {
			b.Add(rec)
			want = append(want, fmt.Sprint(rec.Pos.File, rec.Pos.Line, rec.Pos.Offset))
		}
		for _, o := range b.clusters.open {
			c := b.clusters.at(o.number)
			events := make([]*Event, c.rows)
			for i := range events {
				events[i] = new(Event)
			}
			b.clusters.unpack(c, events, &b.packing)
			for _, e := range events {
				got = append(got, fmt.Sprint(e.Pos.File, e.Pos.Line, e.Pos.Offset))
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("rows are at %v, want %v", got, want)
		}
		followers += len(b.origins.brief)
	}
	if followers == 0 {
		t.Error("no row follows another")
	}
}

// What a message before says of the next server is not said of this one.
func TestNextServers(t *testing.T) {
	log := "#Fields: " + names2016 + "\n"
	for i, host := range []string{"EX1.example.com", "EX2.example.com", "EX1.example.com", "", "EX1.example.com"} {
		id := fmt.Sprintf("|internal-message-id=%d|message-id=<%d@example.org>|network-message-id=08dabc12-0000-4000-8000-00000000000%d", i, i, i)
		for k, values := range []string{receive, delivered, sentIn + "source-context=08DE5A2000000001;250 2.0.0 OK [Hostname=" + host + "]"} {
			log += row(names2016, fmt.Sprintf("date-time=2026-11-01T14:%02d:%02d.000Z|%s|", i, k, mail+values)+toA+id) + "\n"
		}
	}
	rows := records(t, []byte(log), logparse.Tracking)
	if all, short := comparePlain(t, rows); all != 5 || short != 3 && short != 4 {
		t.Errorf("%d of %d messages on the short way", short, all)
	}
	checkShortWay(t, rows)
}

// Messages that end at the same moment are in the order of their ids.
func TestEndings(t *testing.T) {
	log := "#Fields: " + names2016 + "\n"
	for i := range 20 {
		id := fmt.Sprintf("|internal-message-id=%d|message-id=<%d@example.org>|network-message-id=08dabc12-0000-4000-8000-0000000000%02d", i, i, 7*i%20)
		log += row(names2016, fmt.Sprintf("date-time=2026-11-01T14:00:%02d.000Z|", i/7)+mail+receive+toA+id) + "\n"
	}
	var got []string
	b := NewBuilder(&Options{VerdictsOnly: true}, func(m *Message) { got = append(got, m.Last.String()+" "+m.NetworkID) })
	for _, rec := range records(t, []byte(log), logparse.Tracking) {
		b.Add(rec)
	}
	b.Close()
	if len(got) != 20 || !slices.IsSorted(got) {
		t.Errorf("%q", got)
	}
}

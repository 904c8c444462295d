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
			q.hash(b.clusters.late, &b.packing)
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
	for range 300 {
		var log strings.Builder
		log.WriteString("#Fields: " + names2016 + "\n")
		for i := range 30 {
			fmt.Fprintf(&log, "2026-11-01T09:30:%02d.250Z,,EX1,,,,,AGENT,AGENTINFO,1234567890123456,%s,08dabc12-0000-4000-8000-0000000000%s,%s,%s,%s,1,,,%s,%s,%s,%s,Incoming,,,,,,,\n", i,
				values("<1@example.org>", "<1@example.org>", "<1@example.org", "<1>"), values("0a", "0a", "0a", "0b", "0", `0a,x`),
				values("a@example.com", "a@example.com", "a@example.com", "a@example.com;b@example.com", "a@example", `"a@example.com"`, "", "a@example.com,"),
				values("", "", "250 OK", `"a,b"`, `"a"b`, `"`), values("7", "7", "77", ""),
				values("Lunch", "Lunch", "Lunch at noon", `"Lunch, at noon"`, `"Lunch"`, ""), values("c@example.org", "c@example.org", "c@example"),
				values("c@example.org", "c@example.org", "<>"), values("", "", "2026-11-01T09:29:59.250Z", "00A: NTS:", `"x`))
		}
		rows := records(t, []byte(log.String()), logparse.Tracking)
		checkColumns(t, rows)
		checkShortWay(t, rows)
	}
}

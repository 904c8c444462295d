package track

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/smtplog/smtplog/logparse"
)

// fewStories writes the rows of many messages that tell few stories, with a few
// values that make another story of one, or none that is plain.
func fewStories(random *rand.Rand, messages int) string {
	const sent = "|source-context=08DE5A2000000001;250 2.0.0 OK [Hostname=EX1.example.com]"
	agent := "client-hostname=EX1|source=AGENT|event-id=AGENTINFO|internal-message-id=7|"
	stories := [][]string{
		{receive, agent, delivered, sentIn + sent},
		{receive, agent, sentOut + "recipient-status=250 2.1.5 OK"},
		{receive, delivered},
		{strings.Replace(receive, "mx.example.net", "EX5", 1), delivered},
		{receive, sentOut, delivered, sentOut},
		{sentIn + sent, receive, delivered},
		{receive + "sender-address=|", delivered},
		{sentOut, receive},
		{receive, delivered, sentIn + strings.Replace(sent, "[", "[x=%d, ", 1)},
		{receive, delivered, sentIn + strings.Replace(sent, "[Hostname=EX1", "[x=%d, Hostname=EX5", 1)},
	}
	info := func(at time.Time) string { return "|message-info=" + at.Format("2006-01-02T15:04:05.000Z") }
	type timed struct {
		at   time.Time
		text string
	}
	var rows []timed
	begin := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	add := func(at time.Time, values string) {
		rows = append(rows, timed{at, row(names2016, strings.TrimSuffix(values, "|")+at.Format("|date-time=2006-01-02T15:04:05.000Z"))})
	}
	for i := range messages {
		id := fmt.Sprintf("|internal-message-id=%d|message-id=<%d@example.org>|network-message-id=08dabc12-0000-4000-8000-%012d|message-subject=Order %d|recipient-address=u%d@example.com;v@example.com", 7+i, i, i, i, i%5)
		at := begin.Add(time.Duration(random.IntN(6*3600)) * time.Second)
		arrived := at
		story := stories[random.IntN(len(stories))]
		odd := random.IntN(2 * len(story))
		if random.IntN(8) == 0 {
			id += []string{"|message-id=<" + fmt.Sprint(i) + ",a@example.org>", `|sender-address="a,b"@example.org`, `|recipient-address="""a"";b"@example.com`, "|recipient-address=", "|recipient-address=a@example.com;A@example.com",
				"|custom-data=S:ProxiedClientIPAddress=192.0.2.9", "|recipient-status=550 5.1.1 No;550 5.1.1 No", "|recipient-address= a@example.com"}[random.IntN(8)]
		}
		for k, step := range story {
			values := mail + strings.Replace(step, "%d", fmt.Sprint(i%12), 1) + id
			if k > 0 && i%3 > 0 {
				values += info(arrived)
			}
			if k == odd {
				values += []string{"|event-id=DEFER", "|recipient-address=w@example.com", "|sender-address=b@example.org", "|recipient-status=452 4.2.2 Full", "|recipient-status=452 4.2.2 Full;550 5.1.1 No",
					"|source-context=08DE5A2000000001;250 2.0.0 OK [Hostname=EX2.example.com]", "|source-context=08DE5A2000000001;250 2.0.0 OK [Hostname=EX5.example.com]", "|source-context=08DE5A2000000001;250 2.0.0 OK [Hostname=EX5.example.com]",
					"|message-info=2026-11-31T13:59:59.900Z", "|message-info=2026-11-01T08:59:59.900Z;SRV=EX1", "|message-info=2026-11-01T08:59:59Z", "|server-hostname=EX3", "|total-bytes=7"}[random.IntN(13)]
			}
			add(at, values)
			switch random.IntN(12) {
			case 0:
			case 1:
				at = at.Add(-time.Second)
			case 2:
				at = at.Add(time.Duration(14+random.IntN(3)) * time.Minute)
			default:
				at = at.Add(time.Duration(1+random.IntN(5000)) * time.Millisecond)
			}
		}
	}
	// EX5 turns out to be a server of ours.
	add(begin.Add(3*time.Hour), mail+"server-hostname=EX5|source=AGENT|event-id=AGENTINFO|internal-message-id=7|network-message-id=08dabc12-0000-4000-8000-999999999999")
	slices.SortStableFunc(rows, func(x, y timed) int { return x.at.Compare(y.at) })
	var b strings.Builder
	b.WriteString("#Log-type: Message Tracking Log\n#Fields: " + names2016 + "\n")
	for _, r := range rows {
		b.WriteString(r.text + "\n")
	}
	return b.String()
}

// Messages that tell the story of one before get the verdict that their rows
// give them, of one log and of several, while servers become known.
func TestPlainStories(t *testing.T) {
	all, told := 0, 0
	for seed := range uint64(16) {
		random := rand.New(rand.NewPCG(seed, 17))
		forgetful(t, seed == 12)
		rows := records(t, []byte(fewStories(random, 250)), logparse.Tracking)
		if seed%2 > 0 {
			rows = twoFiles(t, random, []byte(fewStories(random, 250)))
		}
		checkShortWay(t, rows)
		for _, one := range []bool{false, true} {
			n, k := compareStories(t, rows, one && seed%2 == 0)
			all, told = all+n, told+k
		}
	}
	if told < all/5 {
		t.Errorf("%d of %d messages told a story again", told, all)
	}
}

// compareStories judges messages by their stories and by their rows. It returns
// how many there are, and how many told a story.
func compareStories(t *testing.T, rows []*logparse.Record, oneLog bool) (all, told int) {
	t.Helper()
	b := NewBuilder(&Options{VerdictsOnly: true, OneLog: oneLog}, func(*Message) {})
	for _, rec := range rows {
		b.Add(rec)
	}
	for range 2 { // all stories are known the second time
		for _, o := range b.clusters.open {
			c := b.clusters.at(o.number)
			j := &b.own.plain
			if j.message(c) == nil || c.mixed {
				continue
			}
			all++
			m, _ := j.story(&packedRows{data: b.clusters.arena.bytes(&c.data)}, int(c.rows))
			if m == nil {
				continue
			}
			told++
			long := b.own.message(&b.own.split(c)[0])
			if got, want := tally(m)+fmt.Sprint(m.begin), tally(long)+fmt.Sprint(long.begin); got != want {
				t.Fatalf("got  %s\nwant %s", got, want)
			}
		}
	}
	return all, told
}

// What the row says of the next server is part of a story, and a message whose
// rows have a source-context of their own tells none.
func TestStoriesOfServers(t *testing.T) {
	for _, leads := range []bool{false, true} {
		log := "#Fields: " + names2016 + "\n"
		for i := range 40 {
			context := []string{"[Hostname=EX1.example.com]", "[Hostname=EX5.example.com]"}[i%2]
			if !leads {
				context = strings.Replace(context, "[", fmt.Sprintf("[x=%d, ", i), 1)
			}
			// Only the source-context says where it went.
			sent := strings.Replace(sentIn, "server-hostname=EX1.example.com", "server-hostname=EX9", 1) + "source-context=08DE5A2000000001;250 2.0.0 OK " + context + "|"
			stored := "client-hostname=EX1|server-hostname=EX1|source=STOREDRIVER|event-id=AGENTINFO|internal-message-id=7|"
			steps := []string{receive, sentOut, stored, sent}
			if leads {
				steps = []string{sent, receive, sentOut, stored}
			}
			for k, step := range steps {
				log += row(names2016, fmt.Sprintf("%s%s%sdate-time=2026-11-01T14:%02d:%02d.000Z|internal-message-id=%d|message-id=<%d@example.org>|network-message-id=08dabc12-0000-4000-8000-0000000000%02d",
					mail, step, toA, i, k, i, i, i)) + "\n"
			}
		}
		// EX5 is a server of ours: it lacks rows of every other message.
		log += row(names2016, mail+"server-hostname=EX5.example.com|source=AGENT|event-id=AGENTINFO|internal-message-id=7|") + "\n"
		rows := records(t, []byte(log), logparse.Tracking)
		checkShortWay(t, rows)
		if all, told := compareStories(t, rows, true); all == 0 || leads && told > 0 {
			t.Errorf("%d messages, %d told a story again", all, told)
		}
	}
}

package track

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/track/testworld"
)

// everything keeps every row. Where rows are chosen, all go the long way.
func everything(*Event) bool { return true }

// checkShortWay checks that messages are the same whether rows go the short way
// or the long one, where they are wanted whole and where their verdicts are, of
// one log or of several. It returns how many rows went the short way, all times
// together.
func checkShortWay(t testing.TB, rows []*logparse.Record) (short int) {
	t.Helper()
	several := slices.ContainsFunc(rows, func(rec *logparse.Record) bool { return rec.Pos.File != rows[0].Pos.File })
	for number := range 3 {
		verdictsOnly, oneLog := number > 0, number > 1
		if oneLog && several {
			continue
		}
		var both [2][]string
		var numbers [2]string
		for way, keep := range []func(*Event) bool{nil, everything} {
			b := NewBuilder(&Options{VerdictsOnly: verdictsOnly, OneLog: oneLog, Keep: keep}, func(m *Message) {
				text := tally(m)
				if !verdictsOnly {
					text += fmt.Sprintf(" %v %v %v %q\n", m.HasSender, m.Servers, m.Formats, m.Directionality) + string(m.AppendJSON(nil))
				}
				both[way] = append(both[way], text)
			})
			for i, rec := range rows {
				if i%40 == 0 && !rec.Time.IsZero() {
					b.Upcoming(rec.Time)
				}
				if o := b.origin(rec); o != nil && way == 0 && plainID(b.row.value(atNetworkID)) {
					short++
				}
				b.Add(rec)
			}
			b.Close()
			var coverage strings.Builder
			for _, s := range b.Coverage().Servers() {
				fmt.Fprintln(&coverage, s, b.Coverage().Spans(s))
			}
			numbers[way] = fmt.Sprint(b.Capped(), b.Cut(), b.Unassigned(), b.servers.names, b.servers.short, b.servers.domains, coverage.String())
		}
		if got, want := strings.Join(both[0], "\n"), strings.Join(both[1], "\n"); got != want {
			t.Fatalf("verdicts only: %v, one log: %v\n%s", verdictsOnly, oneLog, firstDifference(got, want))
		}
		if numbers[0] != numbers[1] {
			t.Fatalf("got  %s\nwant %s", numbers[0], numbers[1])
		}
	}
	return short
}

func TestShortWay(t *testing.T) {
	for seed := range uint64(3) {
		random := rand.New(rand.NewPCG(seed, 2))
		opt := testworld.Options{Seed: seed, Messages: 60, Span: 30 * time.Hour, Trace: testworld.TraceLayout(seed % 3), Export: []string{"EX3"}}
		if seed > 1 {
			opt.Lose = func(string) bool { return random.IntN(4) == 0 }
		}
		rows := trackingRecords(t, testworld.Play(opt))
		slices.SortStableFunc(rows, func(x, y *logparse.Record) int { return x.Time.Compare(y.Time) })
		if short := checkShortWay(t, rows); short < len(rows)/4 {
			t.Errorf("seed %d: %d of %d rows went the short way", seed, short, len(rows))
		}
		random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		checkShortWay(t, rows)
	}
}

// oddTracking writes rows of a few messages, most columns with ordinary values,
// some with one that the short way may stumble over.
func oddTracking(random *rand.Rand, rows int) string {
	odd := []string{"", "-", `"`, `""`, `"a"`, `"a,b"`, `"a""b"`, `"a" `, `"a"b`, ` "a"`, `a"b`, "é", "\u00a0x", "<>", "x;y", `"x;y,z"`, `"{LED=550 5.1.1 No}"`}
	usual := map[string][]string{
		"date-time": {"2026-11-01T09:30:00.250Z", "2026-11-01T09:30:01.000Z", "2026-11-01T09:31:00.250Z", "2026-11-01T11:31:00.250Z", "2026-11-01T09:30:00Z"},
		"client-ip": {"", "10.0.0.1", "192.0.2.7"}, "client-hostname": {"", "EX1", "EX2.example.com", "mail.example.org"},
		"server-ip": {"", "10.0.0.2", "198.51.100.7"}, "server-hostname": {"", "EX1", "EX2", "mx.example.net"},
		"source-context": {"", "08DE5A2000000001;2026-11-01T09:30:00.250Z;1", "08DE5A2000000001;250 2.0.0 OK <1@example.org> [Hostname=EX1.example.com];ClientSubmitTime:",
			`"08DE5A2000000002;250 2.6.0 <1@example.org> [InternalId=7, Hostname=EX2.example.com] 1234 bytes in 0.1, 12 KB/sec"`,
			`"MDB:1, Mailbox:2, Event:3, MessageClass:IPM.Note"`, "MDB:", "EX2.example.com=250 2.6.0 OK", "No recipients"},
		"connector-id": {"", `EX1\Default EX1`, "Intra-Organization SMTP Send Connector"},
		"source":       {"SMTP", "STOREDRIVER", "AGENT", "ROUTING", "DSN", "smtp", "TRACE"},
		"event-id": {"RECEIVE", "RECEIVE", "SEND", "SEND", "DELIVER", "DELIVER", "SENDEXTERNAL", "AGENTINFO", "FAIL", "DEFER", "EXPAND", "RESOLVE", "REDIRECT", "TRANSFER",
			"HAREDIRECT", "HARECEIVE", "HADISCARD", "SUBMIT", "NOTIFYMAPI", "DROP", "DSN", "POISONMESSAGE", "deliver"},
		"internal-message-id": {"7", "8", "7", ""}, "message-id": {"<1@example.org>", "<1@EXAMPLE.org>", "<2@example.org>", "1@example.org", ""},
		"network-message-id": {"08dabc12-0000-4000-8000-00000000000a", "08dabc12-0000-4000-8000-00000000000a", "08dabc12-0000-4000-8000-00000000000b",
			"08DABC12-0000-4000-8000-00000000000A", "00000000-0000-0000-0000-000000000000", ""},
		"recipient-address": {"x@example.com", "x@example.com", "x@example.com;y@example.com", "X@example.com", `"a;b"@example.com;y@example.com`, ""},
		"recipient-status":  {"", "", "550 5.1.1 User unknown", "250 2.1.5 Recipient OK;250 2.1.5 Recipient OK", "452 4.2.2 Full", "To", "550 5.2.1 quarantined"},
		"total-bytes":       {"100", "100", "200", " 7", "-1"}, "recipient-count": {"1", "2"},
		"related-recipient-address": {"", "", "", "g@example.com"}, "reference": {"", "", "", "<2@example.org>", "7"},
		"message-subject": {"Order 1", "Order 1", `"Lunch, tea"`, `"He said ""yes"""`}, "sender-address": {"a@example.org", "a@example.org", "b@example.org"},
		"return-path":    {"a@example.org", "<>", ""},
		"message-info":   {"", "00A: NTS:", "2026-11-01T09:29:59.250Z;SRV=EX1:TOTAL-HUB=0.1", `"2026-11-01T09:29:59.250Z;LSRV=EX1:TOTAL-HUB=0,1"`, "2026-11-01T09:29:58.250Z"},
		"directionality": {"Incoming", "Originating", "Undefined", ""}, "tenant-id": {""}, "original-client-ip": {"192.0.2.9", ""}, "original-server-ip": {"10.0.0.2", ""},
		"custom-data": {"", "S:A=1", "S:ProxiedClientIPAddress=192.0.2.9", `"S:ProxiedClientHostname=a,b;S:X=""1"""`}, "transport-traffic-type": {"Email", "ProxiedClient"},
		"log-id": {"08dabc12-0000-4000-8000-00000000000c"}, "schema-version": {"15.01.2507.027"},
	}
	names := strings.Split(names2016, ",")
	strange := 4 + random.IntN(200)
	var b strings.Builder
	b.WriteString("#Log-type: Message Tracking Log\n#Fields: " + names2016 + "\n")
	last := make([]string, len(names))
	for range rows {
		for i, name := range names {
			values := usual[name]
			switch {
			case random.IntN(strange*10) == 0:
				last[i] = odd[random.IntN(len(odd))]
			case random.IntN(3) > 0 || last[i] == "":
				last[i] = values[random.IntN(len(values))]
			}
		}
		row := slices.Clone(last)
		if random.IntN(8) == 0 { // the internal id is all that tells of the message
			row[slices.Index(names, "network-message-id")], row[slices.Index(names, "message-id")] = "", ""
		}
		b.WriteString(strings.Join(row, ",") + "\n")
	}
	return b.String()
}

// twoFiles returns the rows of a log, half of them as of another file, and
// second copies of some; now and then all as of one.
func twoFiles(t testing.TB, random *rand.Rand, data []byte) []*logparse.Record {
	rows := records(t, data, logparse.Tracking)
	if random.IntN(4) == 0 {
		return rows
	}
	for _, rec := range rows[:len(rows):len(rows)] {
		switch random.IntN(8) {
		case 0:
			again := rec.Clone()
			again.Pos.File = "z.log"
			rows = append(rows, again)
		case 1:
			rec.Pos.File = "y.log"
		}
	}
	return rows
}

// forgetful lets a Builder of the test know the latest of one cluster only.
func forgetful(t *testing.T, is bool) {
	if is {
		old := lateClusters
		lateClusters = 1
		t.Cleanup(func() { lateClusters = old })
	}
}

func FuzzShortWay(f *testing.F) {
	for seed := range uint64(40) {
		f.Add([]byte(oddTracking(rand.New(rand.NewPCG(seed, 3)), 30)), seed)
		f.Add([]byte(nearlyPlain(rand.New(rand.NewPCG(seed, 3)))), seed)
	}
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		if len(data) < 1000 { // too short to be a log of its own
			random := rand.New(rand.NewPCG(seed, uint64(len(data))))
			data = []byte(nearlyPlain(random))
			switch seed % 4 {
			case 0, 2:
				data = []byte(oddTracking(random, 5+int(seed%60)))
			case 1:
				data = []byte(fewStories(random, 5+int(seed%40)))
			}
		}
		forgetful(t, seed%3 == 0)
		if bytes.Count(data, []byte{'\n'}) < 500 {
			checkShortWay(t, twoFiles(t, rand.New(rand.NewPCG(seed, 4)), data))
		}
	})
}

// Many small worlds of odd rows.
func TestOddRows(t *testing.T) {
	short := 0
	for seed := range uint64(100) {
		if seed == 60 {
			forgetful(t, true)
		}
		random := rand.New(rand.NewPCG(seed, 5))
		short += checkShortWay(t, twoFiles(t, random, []byte(oddTracking(random, 3+random.IntN(40)))))
	}
	if short < 1000 {
		t.Errorf("%d rows went the short way", short)
	}
}

// A row that names the ids of one before on another server is found by its
// internal id there as well.
func TestSameIDsElsewhere(t *testing.T) {
	log := "#Fields: " + names2016 + "\n"
	for i, values := range []string{
		mail + receive + toA,
		mail + "server-hostname=EX2|source=AGENT|event-id=AGENTINFO|internal-message-id=7|" + toA,
		"server-hostname=EX2|source=SMTP|event-id=FAIL|internal-message-id=7|recipient-status=550 5.1.1 No|" + toA,
	} {
		log += row(names2016, fmt.Sprintf("date-time=2026-11-01T14:00:%02d.000Z|", i)+values) + "\n"
	}
	rows := records(t, []byte(log), logparse.Tracking)
	if n := len(build(rows)); n != 1 {
		t.Errorf("%d messages", n)
	}
	if short := checkShortWay(t, rows); short != 6 {
		t.Errorf("%d rows went the short way", short)
	}
}

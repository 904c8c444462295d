package logparse

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// record5 is the first line of a record that says it has that many recipients.
func record5(recipients string) string {
	return "c=US;a= ;p=Example;l=EX1-960701173047Z-2\t1000\t1996.7.1 17:3:8\t/o=Example/cn=Gateway\tpartner\t" +
		"<1@example.org>[PBZ70AAB]\t/o=Example/cn=Anna\t0\t454\t0\t1\t\t" + recipients
}

const fields5 = "Message-ID=c=US;a= ;p=Example;l=EX1-960701173047Z-2|Event=1000|Date-Time=1996.7.1 17:3:8|" +
	"Gateway-Name=/o=Example/cn=Gateway|Partner-Name=partner|Remote-ID=<1@example.org>[PBZ70AAB]|Originator=/o=Example/cn=Anna|" +
	"Priority=0|Length=454|Seconds=0|Cost=1|Subject-ID=|Recipients="

func TestTracking5(t *testing.T) {
	const recipient = "|Recipient-Name=%s|Report-Status=%s"
	for _, test := range []struct {
		name, log string
		fields    []string
		bad       []string
		blank     int64
	}{
		{"one recipient", rows(record5("1"), "/o=Example/cn=Ben"),
			[]string{fields5 + "1" + fmt.Sprintf(recipient, "/o=Example/cn=Ben", "")}, nil, 0},
		{"three recipients and statuses", rows(record5("3"), "Ben\t0", "Clara\t1", "Dora\t1\tx"),
			[]string{fields5 + "3" + fmt.Sprintf(recipient+recipient+recipient, "Ben", "0", "Clara", "1", "Dora", "1\tx")}, nil, 0},
		{"no recipient", rows(record5("0"), record5("0")), []string{fields5 + "0", fields5 + "0"}, nil, 0},
		{"fewer than it says", rows(record5("5"), "Ben", record5("1"), "Clara"),
			[]string{fields5 + "5" + fmt.Sprintf(recipient, "Ben", ""), fields5 + "1" + fmt.Sprintf(recipient, "Clara", "")}, nil, 0},
		{"more than it says", rows(record5("1"), "Ben", "Clara", record5("0")),
			[]string{fields5 + "1" + fmt.Sprintf(recipient, "Ben", ""), fields5 + "0"},
			[]string{"3: a recipient that the record before it does not count"}, 0},
		{"blank line", rows(record5("2"), "Ben", "", record5("0")),
			[]string{fields5 + "2" + fmt.Sprintf(recipient, "Ben", ""), fields5 + "0"}, nil, 1},
		{"the file ends", record5("2") + "\r\nBen",
			[]string{fields5 + "2" + fmt.Sprintf(recipient, "Ben", "")}, nil, 0},
		{"recipient on the same line", rows(record5("0") + "\tBen\t0"),
			[]string{fields5 + "0" + fmt.Sprintf(recipient, "Ben", "0")}, nil, 0},
		{"cut short", rows(record5("")[:80], record5("0")), []string{fields5 + "0"},
			[]string{"1: 4 columns where a record begins with 13"}, 0},
		{"no number of recipients", rows(record5("x"), record5("0")), []string{fields5 + "0"},
			[]string{`1: number of recipients "x" is no number`}, 0},
		{"event that is none", rows(strings.Replace(record5("0"), "\t1000\t", "\tSEND\t", 1)), nil,
			[]string{`1: event "SEND" at "1996.7.1 17:3:8" is no event at a time`}, 0},
		{"time that is none", rows(strings.Replace(record5("0"), "17:3:8", "noon", 1)), nil,
			[]string{`1: event "1000" at "1996.7.1 noon" is no event at a time`}, 0},
		{"folded by the reader of the log", rows("c=US;a= ;p=MICROSOFT;l=EX1 1000 1996.7.1"), nil,
			[]string{"1: a recipient that the record before it does not count"}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := readText(t, Tracking5, test.log)
			if diff := cmp.Diff(test.fields, got.Fields); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if diff := cmp.Diff(test.bad, got.Bad); diff != "" || got.Counts.Blank != test.blank {
				t.Errorf("%+v -want +got:\n%s", got.Counts, diff)
			}
			for _, rec := range got.Records {
				if rec.Kind != KindTracking || rec.Time.String() != "1996-07-01T17:03:08Z" {
					t.Errorf("%v %v", rec.Kind, rec.Time)
				}
			}
		})
	}
}

// Whatever number of recipients a record claims, no other record is lost.
func TestTracking5Numbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var log strings.Builder
		records, recipients := rapid.IntRange(1, 8).Draw(t, "records"), 0
		for range records {
			log.WriteString(rows(record5(fmt.Sprint(rapid.IntRange(0, 99).Draw(t, "claimed")))))
			n := rapid.IntRange(0, 12).Draw(t, "recipients")
			log.WriteString(strings.Repeat("Ben\t0\r\n", n))
			recipients += n
		}
		r := NewReader(strings.NewReader(log.String()), "x.log", &Options{Format: Tracking5})
		for range r.Records() {
		}
		c := r.Counts()
		if c.Records != int64(records) || c.Continuation+c.Malformed != int64(recipients) {
			t.Fatalf("%+v of %d records and %d recipients", c, records, recipients)
		}
	})
}

func TestTracking5ManyRecipients(t *testing.T) {
	log := rows(record5("999999")) + strings.Repeat("Ben\t0\r\n", maxRecipients+2) + rows(record5("0"))
	got := readText(t, Tracking5, log)
	if len(got.Records) != 2 || got.Records[0].Lines != 1+maxRecipients || len(got.Bad) != 2 {
		t.Errorf("%+v", got.Counts)
	}
	if !strings.HasSuffix(got.Fields[0], "|Recipient-Name=Ben|Report-Status=0") {
		t.Error("the last recipients have no names")
	}
}

func TestTracking5Chunks(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	var log strings.Builder
	for range 50 {
		log.WriteString(rows(record5(fmt.Sprint(random.IntN(4)))))
		log.WriteString(strings.Repeat("/o=Example/cn=Ben\r\n", random.IntN(4)))
	}
	checkChunks(t, Tracking5, log.String())
}

func TestTracking5DoesNotAllocate(t *testing.T) {
	checkAllocations(t, Tracking5, []byte(strings.Repeat(rows(record5("2"), "Ben\t0", "Clara\t0"), 3000)))
}

func FuzzTracking5(f *testing.F) {
	f.Add([]byte(rows(record5("2"), "Ben", "Clara\t1", record5("0"))))
	f.Add([]byte(rows(record5("99"), record5("1"), "", "x")))
	f.Fuzz(func(t *testing.T, log []byte) { checkAnyLog(t, log, Tracking5) })
}

package logparse

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	tracking2007 = trackingHead + trackingTail
	tracking2010 = trackingHead + trackingTail + trackingAdd2010
	tracking2013 = trackingHead + trackingAdd2013 + trackingTail + trackingAdd2010
	tracking2016 = trackingHead + trackingAdd2013 + trackingTail + trackingAdd2010 + trackingAdd2016
)

// trackingRow is a row with these columns: each value is its column's name in
// brackets, but for those given.
func trackingRow(columns string, values map[string]string) string {
	var row []string
	for name := range strings.SplitSeq(columns, ",") {
		value, ok := values[name]
		if name == "date-time" && !ok {
			value = "2026-11-01T09:30:00.250Z"
		} else if !ok {
			value = "[" + name + "]"
		}
		row = append(row, csvQuote(value))
	}
	return strings.Join(row, ",")
}

func trackingRow2007() string { return trackingRow(tracking2007, nil) }

func TestTrackingLists(t *testing.T) {
	for columns, count := range map[string]int{tracking2007: 21, tracking2010: 26, tracking2013: 27, tracking2016: 30} {
		if n := len(strings.Split(columns, ",")); n != count {
			t.Errorf("%d columns, want %d", n, count)
		}
		subject := map[string]string{"message-subject": `Lunch, "at" noon`, "client-hostname": "EX1", "server-hostname": "EX2", "event-id": "SEND"}
		row := trackingRow(columns, subject)
		var want []string
		for name := range strings.SplitSeq(columns, ",") {
			value := "[" + name + "]"
			if name == "date-time" {
				value = "2026-11-01T09:30:00.250Z"
			} else if v, ok := subject[name]; ok {
				value = v
			}
			want = append(want, name+"="+value)
		}
		tooMany := "#Fields: " + tracking2016 + strings.Repeat(",x", 19)
		for name, log := range map[string]string{
			"header":                     rows("#Log-type: Message Tracking Log", "#Fields: "+columns, row),
			"no header":                  rows(row),
			"header of too many names":   rows(tooMany, row),
			"bare header row":            rows(columns, row),
			"header of an older version": rows("#Fields: "+tracking2007, row),
		} {
			got := readText(t, Tracking, log)
			if len(got.Fields) != 1 || got.Fields[0] != strings.Join(want, "|") {
				t.Errorf("%s of %d columns: %q %q", name, count, got.Fields, got.Bad)
				continue
			}
			rec := got.Records[0]
			if rec.Kind != KindTracking || rec.Time.String() != "2026-11-01T09:30:00.250Z" || string(rec.Server) != "EX1" {
				t.Errorf("%v %v %q", rec.Kind, rec.Time, rec.Server)
			}
		}
	}
}

func TestTrackingServer(t *testing.T) {
	for _, test := range []struct{ event, client, server, want string }{
		{"RECEIVE", "mail.example.org", "EX1", "EX1"},
		{"HARECEIVE", "EX2", "EX1", "EX1"},
		{"SEND", "EX1", "mx.example.net", "EX1"},
		{"SENDEXTERNAL", "EX1", "mx.example.net", "EX1"},
		{"AGENTINFO", "EX1", "", "EX1"},
		{"HAREDIRECT", "", "EX1", "EX1"},
		{"RECEIVE", "EX1", "", "EX1"},
		{"DROP", "", "", ""},
	} {
		row := trackingRow(tracking2013, map[string]string{"event-id": test.event, "client-hostname": test.client, "server-hostname": test.server})
		got := readText(t, Tracking, rows(row))
		if len(got.Records) != 1 || string(got.Records[0].Server) != test.want {
			t.Errorf("%v: %+v", test, got.Records)
		}
	}
}

func TestTrackingMalformed(t *testing.T) {
	row := trackingRow(tracking2016, nil)
	cut := func(n int) string { return strings.Join(strings.Split(row, ",")[:n], ",") }
	for _, test := range []struct{ name, log, want string }{
		{"cut short", "#Fields: " + tracking2016 + "\n" + cut(29), "2: 29 columns where #Fields names 30"},
		{"cut to the length of another list", "#Fields: " + tracking2016 + "\n" + cut(27), "2: 27 columns where #Fields names 30"},
		{"a comma too many", "#Fields: " + tracking2016 + "\n" + row + ",x", "2: 31 columns where #Fields names 30"},
		{"no list of that length", cut(29), "1: 29 columns, which no version of the Message Tracking Log has"},
		{"no time", strings.Replace(row, "2026", "x", 1), `1: date-time "x-11-01T09:30:00.250Z" is no time`},
		{"cut in a quoted value", "#Fields: " + tracking2016 + "\n" + cut(25) + `,"S:AMA=SUM|v=0`, "2: " + unclosed},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := readText(t, Tracking, test.log)
			if diff := cmp.Diff([]string{test.want}, got.Bad); diff != "" || len(got.Records) != 0 {
				t.Errorf("-want +got:\n%s%d records", diff, len(got.Records))
			}
		})
	}
	for name, log := range map[string]string{
		"empty columns from a spreadsheet": rows("#Fields: "+tracking2016, row+",,,"),
		"line break in the subject":        rows("#Fields: "+tracking2016, trackingRow(tracking2016, map[string]string{"message-subject": "two\r\nlines"})),
	} {
		if got := readText(t, Tracking, log); len(got.Records) != 1 || len(got.Bad) != 0 {
			t.Errorf("%s: %d records, %q", name, len(got.Records), got.Bad)
		}
	}
}

func randomTrackingLog(random *rand.Rand, n int) string {
	var b strings.Builder
	b.WriteString("#Software: Microsoft Exchange Server\r\n#Log-type: Message Tracking Log\r\n#Fields: " + tracking2016 + "\r\n")
	for i := range n {
		b.WriteString(trackingRow(tracking2016, map[string]string{
			"date-time":       fmt.Sprintf("2026-11-01T09:%02d:%02d.%03dZ", i/60%60, i%60, random.IntN(1000)),
			"message-subject": []string{"Lunch", "Lunch, at noon", `"quoted"`, "two\nlines", ""}[random.IntN(5)],
			"custom-data":     []string{"S:AMA=SUM|v=0", "S:A=1,S:B=2", ""}[random.IntN(3)],
		}) + "\r\n")
	}
	return b.String()
}

func TestTrackingChunks(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 10 {
		checkChunks(t, Tracking, randomTrackingLog(random, 20))
	}
}

func TestTrackingDoesNotAllocate(t *testing.T) {
	subject := map[string]string{"message-subject": `Lunch, "at" noon`}
	checkAllocations(t, Tracking, []byte(strings.Repeat(rows(trackingRow(tracking2016, nil), trackingRow(tracking2016, subject)), 2000)))
}

func FuzzTracking(f *testing.F) {
	f.Add([]byte(rows("#Fields: "+tracking2016, trackingRow(tracking2016, nil))))
	f.Add([]byte(rows(trackingRow2007(), trackingRow(tracking2010, nil), trackingRow(tracking2013, nil), `"`)))
	f.Add([]byte(randomTrackingLog(rand.New(rand.NewPCG(5, 6)), 5)))
	f.Fuzz(func(t *testing.T, log []byte) { checkAnyLog(t, log, Tracking) })
}

// Values are counted, and their ends found, as splitCSV does, or not at all.
func TestCountValues(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	parts := []string{"a", "bc", ",", ",", ",", `"`, `"`, `""`, " ", "\n", "0123456789"}
	counted := 0
	for range 20_000 {
		var row []byte
		for range random.IntN(60) {
			row = append(row, parts[random.IntN(len(parts))]...)
		}
		var want []string
		splitCSV(row, func(value []byte) bool { want = append(want, string(value)); return true })
		from := 0
		for i := range want {
			count, ok := countValues(row, from)
			if !ok && !strings.Contains(string(row), `"`) || ok && count != len(want)-i {
				t.Fatalf("%q from %d: %d values, %v, want %q", row, from, count, ok, want[i:])
			}
			if ok {
				counted++
			}
			end := quickEnd(row, from)
			if end < 0 {
				if ok {
					t.Fatalf("%q from %d: counted, and no end", row, from)
				}
				break
			}
			value := string(row[from:end])
			if strings.HasPrefix(value, `"`) {
				value = strings.ReplaceAll(value[1:len(value)-1], `""`, `"`)
			}
			if value != want[i] || end < len(row) && row[end] != ',' || (end == len(row)) != (i == len(want)-1) {
				t.Fatalf("%q: value %d is %q, want %q", row, i, value, want)
			}
			from = end + 1
		}
	}
	if counted < 20_000 {
		t.Errorf("counted %d times", counted)
	}
}

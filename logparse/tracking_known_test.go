package logparse

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// stepsLog writes rows of a few steps, as servers do, some of them with a value
// that does not belong there, and now and then another list of columns.
func stepsLog(random *rand.Rand, n int) string {
	names := strings.Split(tracking2016, ",")
	ends := []string{
		"10.0.0.1,EX1,10.0.0.2,EX2", ",EX1,,", "192.0.2.7,mail.example.org,10.0.0.1,EX1", "10.0.0.1,EX1,10.0.0.2,EX2.example.com", "10.0.0.1,EX1,192.0.2.7,mx.example.net",
		",,,EX2", ",,,", "10.0.0.1,EX1,,", "10.0.0.1,EX1,10.0.0.2,EX", `10.0.0.1,EX1,"10.0.0.2",EX2`, `"a,b",EX1,,`, "10.0.0.1,E X1,10.0.0.2,é",
	}
	for i := range 12 { // more than there is room for
		ends = append(ends, fmt.Sprintf("10.0.0.1,EX1,198.51.100.%d,mx%d.example.net", i, i))
	}
	steps := []string{
		`EX1\Default EX1,SMTP,RECEIVE`, "Outbound,SMTP,SEND", "Outbound,SMTP,SENDEXTERNAL", ",STOREDRIVER,DELIVER", ",AGENT,AGENTINFO", ",DSN,DSN", ",SMTP,DEFER",
		",ROUTING,FAIL", ",ROUTING,FAILED", `"Out, bound",SMTP,SEND`, `,"SMTP",SEND`, `,SMTP,"SEND"`, ",,",
	}
	contexts := []string{"", "08DE000000000001;2026-11-01T09:30:00.250Z;0", `"MDB:1, Mailbox:2"`, `"a ""b"", c"`, `"a,Outbound,SMTP,SEND,7"`, `"a,Outbound,SMTP,SEND,` + strings.Repeat(",", 15) + `"`, `"a"b`, `a"b`, ",", "EX2=250 2.6.0 OK"}
	tails := []string{"", "", "", "", "", ",x", `,"x"y`, `,"x,y"`, `,a"b,c"d`, `,"`, `,""`, `,"a""`, "\x00", `"`}
	var b strings.Builder
	columns := len(names)
	for i := range n {
		if i == 0 || random.IntN(80) == 0 {
			columns = []int{30, 30, 27, 26, 31}[random.IntN(5)]
			list := append(slices.Clone(names), "more")[:columns]
			switch random.IntN(6) {
			case 0: // as many, but others
				list[2], list[4] = list[4], list[2]
			case 1:
				list[20] = "another"
			}
			if random.IntN(3) > 0 {
				b.WriteString("#Fields: " + strings.Join(list, ",") + "\r\n")
			}
		}
		at := func(list []string) string { // most are of the first ones
			x := random.Float64()
			return list[int(x*x*x*x*float64(len(list)))]
		}
		id, tail := []string{"", "", "", `"Lunch, at noon"`, `"a ""b"""`}[random.IntN(5)], at(tails)
		more := columns - 10 + random.IntN(20)/19 // columns behind the internal-message-id
		if strings.HasPrefix(tail, ",") {
			more--
		}
		fmt.Fprintf(&b, "2026-11-01T09:%02d:%02d.250Z,%s,%s,%s,%d,%s%s%s\r\n", i/60%60, i%60, at(ends), at(contexts), at(steps), i, id, strings.Repeat(",", more-1), tail)
	}
	return b.String()
}

// Rows that tell of known steps are read as the long way reads them.
func TestKnownSteps(t *testing.T) {
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 13))
		checkQuick(t, []byte(stepsLog(random, 200)), Options{Format: Tracking})
	}
}

// Rows with the number of a step have its columns, in all logs that a Pool reads.
func TestStep(t *testing.T) {
	type step struct{ columns, ends, rest, server string }
	of := map[uint64]step{}
	known := 0
	check := func(r *Reader) (rows []string) {
		for {
			rec, err := r.Next()
			if err == io.EOF {
				return rows
			}
			if err != nil {
				continue
			}
			rows = append(rows, fmt.Sprintf("%d %q %q %q", rec.Pos.Line, rec.Raw(), rec.Columns(), rec.Server))
			if rec.Step() == 0 {
				continue
			}
			known++
			var values []string
			splitCSV(rec.Raw(), func(value []byte) bool { values = append(values, string(value)); return true })
			raw := string(rec.Raw())
			s := step{strings.Join(rec.Columns(), ","), strings.Join(values[1:5], ","), strings.Join(values[6:9], ","), string(rec.Server)}
			if !strings.Contains(raw, ","+s.ends+",") || !strings.Contains(raw, ","+s.rest+",") {
				t.Fatalf("%q: %+v is not in the row as it stands there", raw, s)
			}
			if before, ok := of[rec.Step()]; ok && before != s {
				t.Fatalf("step %d is %+v and %+v", rec.Step(), before, s)
			}
			of[rec.Step()] = s
		}
	}
	pool := NewPool(3)
	defer pool.Close()
	pool.Chunk = 2000
	for seed := range uint64(12) {
		random := rand.New(rand.NewPCG(seed, 14))
		log := stepsLog(random, 300)
		want := check(NewReader(strings.NewReader(log), "a.log", &Options{Format: Tracking}))
		if got := check(pool.NewReader(strings.NewReader(log), "b.log", &Options{Format: Tracking})); !slices.Equal(got, want) {
			t.Fatalf("seed %d: the Pool reads other rows", seed)
		}
	}
	if known < len(of)+800 {
		t.Errorf("%d rows of %d steps", known, len(of))
	}
}

// What is met once does not drive out what most rows have.
func TestStepsStay(t *testing.T) {
	var log bytes.Buffer
	for i := range 300 {
		// One place holds all of these.
		fmt.Fprintf(&log, "2026-11-01T09:30:00.250Z,10.0.0.1,EX1,10.0.0.2,EX2,,Outbound,SMTP,SEND,1%s\n", strings.Repeat(",", 20))
		fmt.Fprintf(&log, "2026-11-01T09:30:00.250Z,10.0.0.1,EX1,192.0.2.7,mx%d.example.net,,Outbound,SMTP,SEND,1%s\n", i, strings.Repeat(",", 20))
	}
	numbers := map[uint64]bool{}
	for rec, err := range NewReader(&log, "x.log", &Options{Format: Tracking}).Records() {
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(rec.Raw()), "EX2") {
			numbers[rec.Step()] = true
		}
	}
	if len(numbers) > 2 {
		t.Errorf("%d numbers of one step", len(numbers))
	}
}

// No row costs an allocation, whether it tells of a new step or not.
func TestStepsDoNotAllocate(t *testing.T) {
	var log bytes.Buffer
	for i := range 4000 {
		fmt.Fprintf(&log, "2026-11-01T09:30:00.250Z,10.0.0.1,EX1,192.0.2.7,mx%04d.example.net,,Outbound,SMTP,SEND,1%s\n", i%1000, strings.Repeat(",", 20))
	}
	checkAllocations(t, Tracking, log.Bytes())
}

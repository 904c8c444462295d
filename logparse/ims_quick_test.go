package logparse

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// rawIMSLog plays connections of which the IMS logged each line that came in
// twice, now and then not quite the same.
func rawIMSLog(rng *rand.Rand, lines int) []byte {
	var b strings.Builder
	second := 0
	line := func(text string) {
		if rng.IntN(3) == 0 {
			second++
		}
		end := "\r\n"
		if rng.IntN(5) == 0 {
			end = "\n"
		}
		fmt.Fprintf(&b, "11/2/00 9:%02d:%02d AM : %s%s", second/60, second%60, text, end)
	}
	texts := []string{"250 2.1.0 Ok", "250-mx.example.net", "250 ", "354 go ahead", "RSET", "MAIL FROM:<a@example.org>", "help", "QUIT ", "", "bWFyaWE=", "IO: |RSET", "550 5.1.1 no\r\nuser", "4", "450-x\r\n450 y"}
	connections := []string{"A connection was accepted from a.example.org.", "A connection to b.example.net was established."}
	line(connections[rng.IntN(2)])
	for range lines {
		if rng.IntN(20) == 0 {
			line(connections[rng.IntN(2)])
		}
		text := texts[rng.IntN(len(texts))]
		first, _, _ := strings.Cut(text, "\r\n")
		switch rng.IntN(12) {
		case 0:
			line("<<< " + text)
		case 1:
			line(">>> " + text)
		case 2:
			line("<<< IO: |" + text)
			line(">>> " + text)
		case 3:
			line("<<< IO: |" + text)
			b.WriteString("\r\n")
			line("<<< " + text)
		case 4:
			line("<<< IO: |" + text)
			line("<<< " + text + " \r\nmore")
		case 5:
			line("<<< IO: |" + text)
			line("<<< " + first)
		default:
			line("<<< IO: |" + first)
			line("<<< " + text)
		}
	}
	if rng.IntN(2) == 0 {
		return []byte(strings.TrimSuffix(b.String(), "\n"))
	}
	return []byte(b.String())
}

// checkFreshRecords checks that a record holds the same whatever it held before.
func checkFreshRecords(t testing.TB, log []byte) {
	t.Helper()
	want, _, _, _ := readRows(t, log, Options{Format: IMS}, true)
	rd := NewReader(bytes.NewReader(log), "x.log", &Options{Format: IMS})
	used := &Record{Format: IISW3C, layout: &layout{}, raw: []byte("x"), Event: Event{Session: []byte("1"), Server: []byte("EX1"), Helo: []byte("a"), Sequence: 3}}
	for i := 0; ; {
		rec := new(Record)
		if i%3 > 0 {
			used.CloneInto(rec)
		}
		_, err := rd.read(rec)
		if err == io.EOF {
			break
		}
		if err != nil {
			continue
		}
		if got := rec.Clone(); !reflect.DeepEqual(got, want[i]) {
			t.Fatalf("record %d is %+v\nwant %+v", i, got, want[i])
		}
		i++
	}
}

// checkEchoes checks that what raw lines that are left out say is in the records
// that echo them, and returns how many those are.
func checkEchoes(t testing.TB, log []byte, opt Options) (echoes int) {
	t.Helper()
	want, wantErrs, wantCounts, _ := readRows(t, log, opt, false)
	opt.Sparse = true
	got, gotErrs, gotCounts, _ := readRows(t, log, opt, true)
	if gotCounts != wantCounts || !slices.Equal(gotErrs, wantErrs) || len(got) != len(want) {
		t.Fatalf("%d records, %d errors, %+v, want %d, %d, %+v\n%q", len(got), len(gotErrs), gotCounts, len(want), len(wantErrs), wantCounts, log)
	}
	for i, rec := range got {
		if rec.layout == nil && want[i].Kind == KindRaw {
			echoes++
			want[i].layout, want[i].raw = nil, nil
			rec.raw = nil
		}
		if !reflect.DeepEqual(rec, want[i]) {
			t.Fatalf("record %d is %+v\nwant %+v\n%q", i, rec, want[i], log)
		}
	}
	return echoes
}

func TestRawLinesOfIMS(t *testing.T) {
	rng := rand.New(rand.NewPCG(51, 52))
	echoes := 0
	for i := range 400 {
		log := rawIMSLog(rng, 20)
		if i%4 == 0 {
			log = spoil(rng, log)
		}
		checkShortWay(t, log, Options{Format: IMS, MaxLine: []int{0, 40}[i%2]})
		checkFreshRecords(t, log)
		echoes += checkEchoes(t, log, Options{Format: IMS, MaxLine: []int{0, 40}[i%2]})
	}
	if echoes < 200 {
		t.Errorf("%d raw lines were left out", echoes)
	}
}

func FuzzRawLinesOfIMS(f *testing.F) {
	rng := rand.New(rand.NewPCG(53, 54))
	for range 10 {
		f.Add(rawIMSLog(rng, 6))
	}
	f.Fuzz(func(t *testing.T, log []byte) {
		checkShortWay(t, log, Options{Format: IMS, MaxLine: 300})
		checkFreshRecords(t, log)
		checkEchoes(t, log, Options{Format: IMS, MaxLine: 300})
	})
}

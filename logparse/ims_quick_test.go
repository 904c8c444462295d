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
	"time"
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

// checkFreshRecords checks that a record holds the same whatever it held before,
// but for the twin of a raw line, which takes what it says from that.
func checkFreshRecords(t testing.TB, log []byte) {
	t.Helper()
	want, _, _, _ := readRows(t, log, Options{Format: IMS}, true)
	rd := NewReader(bytes.NewReader(log), "x.log", &Options{Format: IMS})
	used := &Record{Format: IISW3C, layout: &layout{}, raw: []byte("x"), Event: Event{Session: []byte("1"), Server: []byte("EX1"), Helo: []byte("a"), Sequence: 3}}
	for i := 0; ; {
		if rows, _ := rd.rows.(*imsRows); rows == nil || rows.raw == nil {
			rec := new(Record)
			if i%3 > 0 {
				used.CloneInto(rec)
			}
			rec.Pos.File = "x.log"
			rd.rec = *rec
		}
		rec, err := rd.read()
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

func TestShortWayOfIMS(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 22))
	for seed := range uint64(15) {
		log := []byte(strings.ReplaceAll(randomIMSLog(rng, 40)+imsInbound, "\r\n", "\n"))
		if seed%2 == 0 {
			log = bytes.ReplaceAll(log, []byte("\n"), []byte("\r\n"))
		}
		opt := Options{Format: IMS, DateOrder: DateOrder(seed % 4), MaxLine: []int{0, 20, 200}[seed%3]}
		if seed%5 == 0 {
			opt.Location = time.FixedZone("", 3600)
		}
		for range 10 {
			checkShortWay(t, log, opt)
			log = spoil(rng, log)
		}
	}
	// Of what the log of the level Maximum holds, nearly all goes the short way,
	// whatever the zone.
	for _, loc := range []*time.Location{nil, time.FixedZone("", 3600)} {
		for _, end := range []string{"\n", "\r\n"} {
			log := []byte(strings.ReplaceAll(strings.Repeat(imsInbound, 20), "\n", end))
			if rows, quickly := checkShortWay(t, log, Options{Format: IMS, Location: loc}); quickly < rows-1 {
				t.Errorf("%v: %d of %d rows went the short way", loc, quickly, rows)
			}
		}
	}
	// Times that look as if their minutes were the seconds.
	for _, stamp := range []string{"2. 4. 2001 11:44:%02d : ", "2.4.2001 11.44.%02d : ", "4/2/01 11:44:%02d AM : ", "4/2/01  1:44:%02d pm : "} {
		var log []byte
		for i := range 50 {
			log = append(fmt.Appendf(log, stamp, i%61), "<<< RSET\n"...)
		}
		if rows, quickly := checkShortWay(t, log, Options{Format: IMS}); rows != 50 || quickly < 48 && !strings.HasPrefix(stamp, "2. ") {
			t.Errorf("%s: %d of %d rows went the short way", stamp, quickly, rows)
		}
	}
}

func FuzzShortWayOfIMS(f *testing.F) {
	f.Add(imsInbound)
	f.Add("2. 4. 2001 11:44:31 : <<< a\n2. 4. 2001 11:45:31 : <<< b\n2. 4. 2001 11:45:31 : <<< b\n\n")
	f.Add(randomIMSLog(rand.New(rand.NewPCG(1, 1)), 30))
	f.Add("11/2/00 9:05:01 AM : <<< 250-a\r\n250-b\r\n250 c\r\n11/2/00 9:05:02 AM : <<< 250-a\n1.2-x\n11/2/00 9:05:03 AM : >>> IO: |RSET\n\x00\n")
	f.Add("11/2/00 9:05:59 AM : A connection to b was established.\n11/2/00 9:05:58 AM : <<< 354 a\n250 b\n11/2/00 9:05:60 AM : >>> 550 \n11/2/00 9:05:07 PM : <<< IO: |\n.\n")
	f.Add("2. 4. 2001 11:45:31 :\n <<< b\n\n")
	f.Fuzz(func(t *testing.T, log string) {
		checkShortWay(t, []byte(log), Options{Format: IMS, MaxLine: 200})
		checkShortWay(t, []byte(log), Options{Format: IMS, DateOrder: YMD, Location: time.FixedZone("", -3600)})
		records, _, _, _ := readRows(t, []byte(log), Options{Format: IMS}, true)
		for _, rec := range records {
			first, _, _ := bytes.Cut(rec.raw, []byte{'\n'})
			if _, text := parseIMSStamp(first); imsText(rec.raw) != text {
				t.Errorf("the text of %q begins at %d, want %d", rec.raw, imsText(rec.raw), text)
			}
		}
	})
}

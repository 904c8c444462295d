package logparse

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// A countingRows counts the rows that go the short way.
type countingRows struct {
	quickRowReader
	quickly int
}

func (c *countingRows) quick(rec *Record) bool {
	ok := c.quickRowReader.quick(rec)
	if ok {
		c.quickly++
	}
	return ok
}

// readRows reads a whole log, with or without the short way, and returns the
// number of rows that went it.
func readRows(t testing.TB, log []byte, opt Options, quick bool) (records []*Record, errs []string, counts Counts, quickly int) {
	t.Helper()
	rd := NewReader(bytes.NewReader(log), "x.log", &opt)
	if err := rd.start(); err != nil {
		t.Fatal(err)
	}
	var counting countingRows
	if quick && rd.quick != nil {
		counting.quickRowReader = rd.quick
		rd.quick = &counting
	} else {
		rd.quick = nil
	}
	for {
		rec, err := rd.Next()
		var syntax *SyntaxError
		switch {
		case err == nil:
			records = append(records, rec.Clone())
		case errors.As(err, &syntax):
			errs = append(errs, err.Error())
		case err == io.EOF:
			return records, errs, rd.Counts(), counting.quickly
		default:
			t.Fatal(err)
		}
	}
}

// checkShortWay checks that the short way gives what the long one does, and
// returns how many rows there were and how many went it.
func checkShortWay(t testing.TB, log []byte, opt Options) (rows, quickly int) {
	t.Helper()
	want, wantErrs, wantCounts, _ := readRows(t, log, opt, false)
	got, gotErrs, gotCounts, quickly := readRows(t, log, opt, true)
	if gotCounts != wantCounts || !slices.Equal(gotErrs, wantErrs) {
		t.Fatalf("%+v: the short way has %d errors, the long one %d\n%q", opt, len(gotErrs), len(wantErrs), log)
	}
	for i, rec := range got {
		long := want[i]
		if !slices.Equal(rec.layout.names, long.layout.names) {
			t.Fatalf("record %d has the columns %q, the long way %q", i, rec.layout.names, long.layout.names)
		}
		rec.layout, long.layout, rec.connector = nil, nil, 0
		if !reflect.DeepEqual(rec, long) {
			t.Fatalf("record %d is %+v\nthe long way %+v\n%q", i, rec, long, long.raw)
		}
	}
	return len(got), quickly
}

// spoil changes some bytes of a log, mostly to such as mean something.
func spoil(rng *rand.Rand, log []byte) []byte {
	const telling = "  \t--++,,:;\"[]<>@/0159aAMDP#.\r\n\x00\xef"
	log = bytes.Clone(log)
	for range rng.IntN(40) {
		i := rng.IntN(len(log))
		switch rng.IntN(4) {
		case 0:
			log = slices.Delete(log, i, min(i+1+rng.IntN(3), len(log)))
		case 1:
			j := rng.IntN(len(log))
			log = slices.Insert(log, i, bytes.Clone(log[j:min(j+rng.IntN(30), len(log))])...)
		default:
			log[i] = telling[rng.IntN(len(telling))]
		}
	}
	return log
}

func TestShortWayOfIIS(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for seed := range uint64(24) {
		rows := iisRows(seed, 3)
		logs := iisLogs(rows)
		columns := w3cUsual
		if seed%2 == 0 {
			columns = w3cUsual[seed%3 : 16+seed%5]
		}
		if seed%3 == 0 {
			columns = slices.Clone(columns)
			rng.Shuffle(len(columns), func(i, j int) { columns[i], columns[j] = columns[j], columns[i] })
		}
		logs[IISW3C] = append(logs[IISW3C], w3cLog(rows, columns, true)...)
		for format, log := range logs {
			opt := Options{Format: format, DateOrder: DateOrder(seed % 4)}
			all, quickly := checkShortWay(t, log, opt)
			if quickly < all*9/10 && (format == IISW3C || format == IISNCSA || format == IISMSIIS && opt.DateOrder < DMY) {
				t.Errorf("%v, seed %d: %d of %d rows went the short way", format, seed, quickly, all)
			}
			for range 5 {
				checkShortWay(t, spoil(rng, log), opt)
			}
		}
	}
}

// Rows of several kinds of logs, of which each rule of the short way turns some
// down.
func FuzzShortWayOfIIS(f *testing.F) {
	for seed := range uint64(4) {
		for format, log := range iisLogs(iisRows(seed, 2)) {
			f.Add(uint8(format), uint8(seed), log)
		}
	}
	columns := slices.Clone(w3cUsual)
	slices.Reverse(columns)
	f.Add(uint8(IISW3C), uint8(0), w3cLog(iisRows(9, 2), columns, true))
	f.Add(uint8(IISW3C), uint8(0), []byte("#Date: 2026-03-01 05:00:15\n#Fields: time cs-username x cs-method\n05:00:15 a  MAIL\n05:00:15 a  MAIL \nDATE: a  b\n"))
	f.Fuzz(func(t *testing.T, format, order uint8, log []byte) {
		opt := Options{Format: IISW3C + Format(format%4), DateOrder: DateOrder(order % 4), MaxLine: 4096}
		checkShortWay(t, log, opt)
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

// plainly is blanks, byte by byte.
func plainly(s []byte) []byte {
	plain := bytes.ReplaceAll(s, []byte{'+'}, []byte{' '})
	open, address := -1, false
	for i, c := range s {
		switch c {
		case '<':
			open, address = i, false
		case '@':
			address = true
		case '>':
			if open >= 0 && address {
				copy(plain[open:i], s[open:i])
			}
			open = -1
		}
	}
	return plain
}

func TestBlanksPlainly(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var r iisRow
	for range 50_000 {
		s := make([]byte, rng.IntN(40))
		for i := range s {
			s[i] = "++<>@aB \xab*,\x00"[rng.IntN(12)]
		}
		if got, want := r.blanks(s), plainly(s); !bytes.Equal(got, want) {
			t.Fatalf("blanks(%q) = %q, want %q", s, got, want)
		}
	}
}

package logparse

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"maps"
	"math/rand/v2"
	"reflect"
	"regexp"
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
			if echo := new(Record); rec.TakeEcho(echo) {
				records = append(records, echo.Clone())
			}
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
		rows := iisRows(seed, 3+int(seed)%12)
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
				log := spoil(rng, log)
				checkShortWay(t, log, opt)
				checkQuick(t, log, opt)
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
		if order >= 128 {
			checkQuick(t, log, opt)
		}
	})
}

// Rows that are like the one before but for one value: a long one, a number of
// many digits, or none.
func TestShortWayOfIISByValue(t *testing.T) {
	values := map[string][]string{}
	for n := 0; n < 500; n += 1 + n/100 {
		long := strings.Repeat("a+b", n)[:n]
		values["cs-uri-query"] = append(values["cs-uri-query"], long, "+"+long, "<"+long+"@>")
		if n < 110 || n > 420 {
			values["cs-username"] = append(values["cs-username"], long)
			values["s-computername"] = append(values["s-computername"], long)
			values["s-port"] = append(values["s-port"], long)
		}
	}
	for _, counter := range []string{"sc-status", "sc-win32-status", "sc-bytes", "cs-bytes", "time-taken"} {
		for n := range 22 {
			values[counter] = append(values[counter], "9876543210987654321098"[:n], strings.Repeat("0", n), "-"+strings.Repeat("1", n))
		}
		values[counter] = append(values[counter], "25x", "+5", "/", ":", "0:", "--", "250 0", " 0", "0 ", "199", "200", "599", "600")
	}
	for _, name := range []string{"c-ip", "cs-username", "s-sitename", "s-computername", "s-ip", "s-port", "cs-method", "cs-uri-stem", "cs-uri-query", "cs-version", "cs(Referer)"} {
		values[name] = append(values[name], "", "-", "--", "+", "++", "-+", "+-", "0", "00", "a b", "\t", "a\tb", "\x00", "\r", "a\rb", "\x80\xff", "\ufeff", "\ufeffx", "Date:", "MAIL", "mail", "QUIT", "STARTTLS",
			iisOutboundCommand, iisOutboundResponse, "250 x", "<a+b@c>", "<a+b>", ">", ",", "a,b")
	}
	values["date"] = []string{"2026-03-01", "2026-03-0", "2026-02-30", "2026-03-011", "2026/03/01", "-", ""}
	values["time"] = []string{"23:58:59", "23:58:60", "23:58:61", "23:58:5:", "23:58:/0", "23:59:00", "24:00:00", "23-58-00", "-", ""}
	usual := iisRows(1, 3)
	reversed := slices.Clone(w3cUsual)
	slices.Reverse(reversed)
	for name, values := range values {
		var rows []map[string]string
		for i, value := range values {
			for range 2 {
				row := maps.Clone(usual[i/7%len(usual)])
				rows = append(rows, maps.Clone(row))
				row[name] = value
				rows = append(rows, row)
			}
		}
		logs := [][]byte{w3cLog(rows, w3cUsual, true), w3cLog(rows, reversed, true)}
		for _, log := range logs {
			checkShortWay(t, log, Options{Format: IISW3C})
			checkShortWay(t, log, Options{Format: IISW3C, MaxLine: 250})
		}
		if name != "date" && name != "time" {
			checkShortWay(t, ncsaLog(rows), Options{Format: IISNCSA})
			checkShortWay(t, msiisLog(rows), Options{Format: IISMSIIS, MaxLine: 240})
		}
	}
}

// Rows in turns with seconds that no clock shows, in any zone.
func TestShortWayOfIISClocks(t *testing.T) {
	clock := regexp.MustCompile(`(\d\d:\d\d:)\d\d([ ,])`)
	for _, seconds := range []string{"00", "59", "60", "61", "99", "5:", "/0", "5 "} {
		for format, log := range iisLogs(iisRows(1, 12)) {
			row := 0
			log := clock.ReplaceAllFunc(log, func(was []byte) []byte {
				if row++; row%2 == 0 {
					return clock.ReplaceAll(was, []byte("${1}"+seconds+"${2}"))
				}
				return was
			})
			for _, zone := range []*time.Location{nil, time.FixedZone("", 5400)} {
				checkShortWay(t, log, Options{Format: format, Location: zone})
			}
		}
	}
}

// quickLogs are logs of the rows in the formats that have a short way, and one of
// W3C whose columns stand in reverse.
func quickLogs(rows []map[string]string) iter.Seq2[Format, []byte] {
	return func(yield func(Format, []byte) bool) {
		logs := iisLogs(rows)
		for _, format := range []Format{IISW3C, IISMSIIS, IISNCSA} {
			if !yield(format, logs[format]) {
				return
			}
		}
		reversed := slices.Clone(w3cUsual)
		slices.Reverse(reversed)
		yield(IISW3C, w3cLog(rows, reversed, true))
	}
}

// Rows that are cut where the reading stopped, with those of before behind them.
func TestShortWayOfCutRows(t *testing.T) {
	rng := rand.New(rand.NewPCG(31, 32))
	for format, log := range quickLogs(iisRows(3, 100)) {
		head := bytes.LastIndexByte(log[:min(len(log), 600)], '\n') + 1
		all := bytes.Repeat(log[head:], 6)
		all = append(slices.Clone(log[:head]), all...)
		want, wantCounts := readAll(t, bytes.NewReader(all), Options{Format: format}, false)
		for range 4 {
			got, counts := readAll(t, &unevenReader{rng, all}, Options{Format: format}, true)
			if counts != wantCounts || !reflect.DeepEqual(got, want) {
				t.Fatalf("%v: %+v, want %+v", format, counts, wantCounts)
			}
		}
	}
}

// An unevenReader gives less than what is asked for.
type unevenReader struct {
	rng  *rand.Rand
	rest []byte
}

func (r *unevenReader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), 1+r.rng.IntN(2000))], r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// Rows that differ in one byte from the one before.
func TestShortWayOfIISByByte(t *testing.T) {
	for format, log := range quickLogs(iisRows(3, 3)) {
		lines := bytes.SplitAfter(log, []byte("\n"))
		head := lines[:4]
		if format != IISW3C {
			head = nil
		}
		for i, row := range lines[len(head)+1 : len(lines)-1] {
			if i%6 != 0 {
				continue
			}
			all := bytes.Join(head, nil)
			for i := range row {
				for _, c := range []string{"", "\t", " ", "  ", "\x00", "\r", "\v", ",", "+", "-", "9", "x", "<", ">", "\n"} {
					all = append(append(all, row...), row[:i]...)
					all = append(append(all, c...), row[i+1:]...)
				}
			}
			checkShortWay(t, all, Options{Format: format})
		}
	}
}

func TestShortWayOfLineEnds(t *testing.T) {
	for format, log := range iisLogs(iisRows(3, 6)) {
		for _, end := range []string{"\n", " \n", "\t\n", "\v\n", "\x00\n", "\r\r\n", "\x00\r\n", " \r\n", "\t\r\n", " -\r\n", "\r"} {
			checkShortWay(t, bytes.ReplaceAll(log, []byte("\r\n"), []byte(end)), Options{Format: format})
		}
	}
}

func TestShortWayOfDigits(t *testing.T) {
	for format, log := range iisLogs(iisRows(3, 6)) {
		for _, n := range []int{500, 600, 5000} {
			digits := strings.Repeat("1", n)
			for _, row := range []string{digits, "1 " + digits, "2026-03-01 23:58:01 " + digits, "192.0.2.1 - a [" + digits} {
				rows := append(bytes.Clone(log), row+"\r\n"+row+"\r\n"...)
				checkShortWay(t, append(rows, log...), Options{Format: format})
			}
			columns := append([]string{"sc-status", "sc-bytes"}, w3cUsual...)
			row := "#Fields: " + strings.Join(columns, " ") + "\r\n" + digits + " 1 " + digits + "\r\n"
			checkShortWay(t, []byte(row+strings.Repeat(digits+"\r\n", 3)), Options{Format: IISW3C})
		}
	}
}

// What looks like the rest of an address stands in the next line.
func TestShortWayOfNextLine(t *testing.T) {
	rows := iisRows(3, 3)
	rows[2]["cs-uri-query"] = "+TO:<a+b@c"
	for format, log := range iisLogs(rows) {
		for _, next := range []string{">\n", "@>\n", "<+@>\n"} {
			checkShortWay(t, append(bytes.ReplaceAll(log, []byte("\r\n"), []byte("\n"+next)), log...), Options{Format: format})
		}
	}
}

// Columns that are nearly the usual ones.
func TestShortWayOfColumns(t *testing.T) {
	rows := iisRows(7, 6)
	for i := range w3cUsual {
		without := slices.Delete(slices.Clone(w3cUsual), i, i+1)
		twice := slices.Insert(slices.Clone(w3cUsual), i, "cs-host")
		swapped := slices.Clone(w3cUsual)
		swapped[i], swapped[(i+1)%len(swapped)] = swapped[(i+1)%len(swapped)], swapped[i]
		var log []byte
		for _, columns := range [][]string{without, twice, swapped, w3cUsual, w3cUsual[i:], w3cUsual[:i+1]} {
			log = append(log, w3cLog(rows, columns, true)...)
			checkShortWay(t, w3cLog(rows, columns, true), Options{Format: IISW3C})
		}
		// The same rows under other names.
		usual, other := w3cLog(rows, w3cUsual, true), []byte(strings.Join(swapped, " "))
		log = append(append(log, usual...), bytes.Replace(usual, []byte(strings.Join(w3cUsual, " ")), other, 1)...)
		checkShortWay(t, log, Options{Format: IISW3C})
	}
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

package logparse

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Fronts that differ in their last bytes alone, and columns whose names change in
// the middle of the log.
func TestShortWayOfLikeRows(t *testing.T) {
	renamed := slices.Clone(w3cUsual)
	renamed[len(renamed)-1] = "x-other"
	var log []byte
	for i := range 4 {
		rows := iisRows(2, 4)
		for k, row := range rows {
			row["s-computername"], row["s-ip"] = fmt.Sprint("MAIL0", k%3), fmt.Sprint("10.0.0.", k%2)
			if row["s-port"] == "0" && row["cs-username"] != "-" {
				row["c-ip"], row["cs-username"] = "192.0.2.1", strings.Repeat("host.", 8+i)+"org"
			}
		}
		columns := w3cUsual
		if i%2 == 1 {
			columns = renamed
		}
		log = append(log, w3cLog(append(rows, rows...), columns, true)...)
	}
	checkShortWay(t, log, Options{Format: IISW3C})
}

// Nearly all rows of a log with the usual columns are like rows before them.
func TestKnownRowsOfIIS(t *testing.T) {
	for _, format := range []Format{IISW3C, IISMSIIS} {
		log := iisLogs(iisRows(5, 40))[format]
		records, _, _, _ := readRows(t, log, Options{Format: format}, true)
		known := 0
		for _, rec := range records {
			if rec.connector != 0 {
				known++
			}
		}
		if known < len(records)*6/10 {
			t.Errorf("%v: %d of %d rows were known", format, known, len(records))
		}
	}
}

// Fronts are found as long as there is room for them, and are never taken for others.
func TestIISFronts(t *testing.T) {
	for _, peers := range []int{10, 60, 1000, 9000} {
		fronts := newIISFronts()
		found, number := 0, map[uint64]int{}
		for k := range 3 * peers {
			peer := k * 7919 % peers
			var b [iisFrontMax]byte
			text := fmt.Sprintf("192.0.%d.%d mx%d.example.org SMTPSVC1 %s 10.0.0.5 0 ", peer/200%200, peer%200, peer, strings.Repeat("M", peer%30))
			copy(b[:], text+"MAIL"[:k%4])
			f := fronts.at(&b)
			if f != nil {
				found++
			} else if f = fronts.add(&b, len(text), nil); string(f.text[:f.size]) != text {
				t.Fatalf("%q is kept as %q", text, f.text[:f.size])
			}
			if p, ok := number[f.number]; ok && p != peer {
				t.Fatalf("peer %d has the number of %d", peer, p)
			}
			number[f.number] = peer
		}
		if peers <= 1000 && found < 3*peers/2 || len(fronts.list) > mostFronts {
			t.Errorf("%d of %d found, %d places", found, 3*peers, len(fronts.list))
		}
	}
}

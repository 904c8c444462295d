package session

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/testlog"
)

// addFiles adds the rows of a log that stands in two files of one server, so many
// of the one in turn with as many of the other.
func addFiles(log []byte, format logparse.Format, turn int) func(each func(*logparse.Record)) {
	return func(each func(*logparse.Record)) {
		var readers []*logparse.Reader
		for _, name := range []string{"a/x.log", "a/y.log"} {
			opt := &logparse.Options{Format: format, DateOrder: logparse.MDY, Sparse: true}
			readers = append(readers, logparse.NewReader(bytes.NewReader(log), name, opt))
		}
		for i := 0; len(readers) > 0; i++ {
			r := i % len(readers)
			for range turn {
				rec, err := readers[r].Next()
				if err == io.EOF {
					readers = slices.Delete(readers, r, r+1)
					break
				}
				if err == nil {
					each(rec)
				}
			}
		}
	}
}

// FuzzPeers holds rows of IIS that go on with what their peer said before against
// those that are placed one by one.
func FuzzPeers(f *testing.F) {
	formats := []logparse.Format{logparse.IISW3C, logparse.IISNCSA, logparse.IISMSIIS}
	for i, format := range formats {
		var log bytes.Buffer
		opt := testlog.Options{Seed: uint64(i), Format: format, Connections: 12, Hosts: 4, Outbound: 0.4}
		if _, err := testlog.Generate(&log, opt); err != nil {
			f.Fatal(err)
		}
		f.Add(log.Bytes(), uint8(i), uint8(7))
		// Hours that go on, and back; rows without a time; another server; names that
		// come late.
		rows := strings.SplitAfter(log.String(), "\n")
		for k := range rows {
			switch k % 11 {
			case 3:
				rows[k] = strings.Replace(rows[k], "08:", fmt.Sprintf("%02d:", 7+k%3), 1)
			case 5:
				rows[k] = strings.Replace(rows[k], " GATE", " GATF", 1)
			case 7:
				rows[k] = strings.Replace(rows[k], ".example", ".example.org", 1)
			}
		}
		f.Add([]byte(strings.Join(rows, "")), uint8(i), uint8(1))
		f.Add([]byte(strings.Replace(log.String(), "date time", "x y", 1)), uint8(i), uint8(2))
	}
	f.Fuzz(func(t *testing.T, log []byte, format, turn uint8) {
		if len(log) > 20_000 {
			return
		}
		add := addFiles(log, formats[int(format)%len(formats)], 1+int(turn))
		checkBriefs(t, add)
		checkBounded(t, add)
	})
}

// A session that was silent for too long is over with the same row of another
// peer, whether that goes on with what its peer said or is placed by itself.
func TestSilentSessionsAreOverInTime(t *testing.T) {
	var log bytes.Buffer
	if _, err := testlog.Generate(&log, testlog.Options{Seed: 3, Format: logparse.IISW3C, Connections: 2000, Hosts: 500}); err != nil {
		t.Fatal(err)
	}
	var over [2][]int
	for i := range over {
		n := 0
		b := NewBuilder(&Options{Terse: true}, func(*Session) { n++ })
		b.briefly = i == 1
		rd := logparse.NewReader(bytes.NewReader(log.Bytes()), "x.log", &logparse.Options{Format: logparse.IISW3C, Sparse: true})
		for rec, err := range rd.Records() {
			if err != nil {
				t.Fatal(err)
			}
			b.Add(rec)
			over[i] = append(over[i], n)
		}
	}
	if !slices.Equal(over[0], over[1]) {
		t.Error("sessions are over at other rows")
	}
}

// TestFewClustersAreKept has many hosts come and go: what is kept for their next
// connections is bounded.
func TestFewClustersAreKept(t *testing.T) {
	b := NewBuilder(nil, func(*Session) {})
	for i := range 5 * len(lateClusters{}) {
		for _, text := range []string{"EHLO mail.example.org", "QUIT"} {
			rec := receiveRow(i/1000, "", logparse.KindCommand, text)
			rec.Format, rec.Code, rec.Session = logparse.IISW3C, 250, nil
			rec.Remote = fmt.Appendf(nil, "10.0.%d.%d", i/256, i%256)
			b.Add(rec)
		}
		if n := len(b.matcher.clusters); n > len(lateClusters{})+1 {
			t.Fatalf("%d clusters", n)
		}
	}
	b.Close()
	empty(t, b)
}

// A session that goes on for very long is split where it is when its rows are
// placed one by one.
func TestPeersOfLongSessions(t *testing.T) {
	log := []byte("#Fields: date time c-ip cs-username cs-method cs-uri-query sc-status\n" +
		"2026-11-01 08:00:00 192.0.2.7 a EHLO +a 250\n2026-11-01 08:00:00 192.0.2.7 a MAIL +FROM:<> 250\n")
	log = append(log, bytes.Repeat([]byte("2026-11-01 08:00:00 192.0.2.7 a RCPT +TO:<b> 250\n"), MaxSteps+10)...)
	lines := func(way func(*Builder, *logparse.Record)) (lines []int64) {
		b := NewBuilder(nil, func(s *Session) { lines = append(lines, s.Sources[0].Lines) })
		for rec, err := range logparse.NewReader(bytes.NewReader(log), "x.log", nil).Records() {
			if err != nil {
				t.Fatal(err)
			}
			way(b, rec)
		}
		b.Close()
		return lines
	}
	want, got := lines((*Builder).add), lines((*Builder).Add)
	if !slices.Equal(got, want) || len(want) != 2 {
		t.Errorf("%d rows, want %d", got, want)
	}
}

package session

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/testlog"
)

// An iisRow is a row of a client's command that was accepted, in the second of the
// log.
type iisRow struct {
	second     int
	host, helo string
	verb, arg  string
}

// iisRows writes rows as a log of IIS.
func iisRows(format logparse.Format, rows func(yield func(iisRow) bool)) []byte {
	var b bytes.Buffer
	if format == logparse.IISW3C {
		b.WriteString("#Software: Microsoft Internet Information Services 6.0\r\n#Version: 1.0\r\n#Date: 2026-11-02 08:00:00\r\n" +
			"#Fields: date time c-ip cs-username s-sitename s-computername s-ip s-port cs-method cs-uri-stem cs-uri-query sc-status sc-win32-status sc-bytes cs-bytes time-taken\r\n")
	}
	start := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	for r := range rows {
		at := start.Add(time.Duration(r.second) * time.Second)
		if format == logparse.IISW3C {
			fmt.Fprintf(&b, "%s %s %s SMTPSVC1 GATE 10.0.0.1 0 %s - +%s 250 0 32 24 0\r\n", at.Format("2006-01-02 15:04:05"), r.host, r.helo, r.verb, r.arg)
		} else {
			fmt.Fprintf(&b, "%s - %s [%s] \"%s -?+%s SMTP\" 250 32\r\n", r.host, r.helo, at.Format("02/Jan/2006:15:04:05 -0700"), r.verb, r.arg)
		}
	}
	return b.Bytes()
}

// addAll adds the rows of a log, and calls then after each.
func addAll(t *testing.T, b *Builder, log []byte, format logparse.Format, then func()) {
	t.Helper()
	rd := logparse.NewReader(bytes.NewReader(log), "x.log", &logparse.Options{Format: format, Sparse: true})
	for rec, err := range rd.Records() {
		if err != nil {
			t.Fatal(err)
		}
		b.Add(rec)
		then()
	}
}

func heap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// Many connections of as many peers hold what they may, counted and in truth; of
// more, those silent for longest are cut.
func TestMaxHeldWithoutID(t *testing.T) {
	const peers, memory = 5000, 3 << 20
	for _, format := range []logparse.Format{logparse.IISW3C, logparse.IISNCSA} {
		for _, terse := range []bool{false, true} {
			t.Run(fmt.Sprint(format, ", terse ", terse), func(t *testing.T) {
				log := iisRows(format, func(yield func(iisRow) bool) {
					for round, command := range []string{"EHLO mx.example.org", "MAIL FROM:<a@example.org>", "RCPT TO:<x@example.com>", "RCPT TO:<y@example.com>"} {
						verb, arg, _ := strings.Cut(command, " ")
						for i := range peers {
							yield(iisRow{second: round, host: fmt.Sprintf("10.0.%d.%d", i>>8, i&255), helo: "mx.example.org", verb: verb, arg: arg})
						}
					}
				})
				before, taken, most := heap(), 0, 0
				var cut []string
				b := NewBuilder(&Options{Terse: terse, Memory: memory}, func(s *Session) {
					if s.Ended == EndedCut {
						cut = append(cut, s.Remote)
					}
				})
				addAll(t, b, log, format, func() {
					held := b.held + b.matcher.holds()
					most = max(most, held)
					if held > memory {
						t.Fatalf("%d bytes are held", held)
					}
					if taken == 0 && held > memory*9/10 && b.Capped() > peers {
						taken = heap() - before
					}
				})
				if most < memory*9/10 {
					t.Errorf("at most %d bytes were held of %d", most, memory)
				}
				if taken < memory/2 || taken > memory+2<<20 { // tables and buffers that have one size, beside
					t.Errorf("%d bytes are taken, where %d may be held", taken, memory)
				}
				if b.Capped() < peers || int64(len(cut)) != b.Capped() {
					t.Errorf("%d sessions were cut, and bounds reached %d times", len(cut), b.Capped())
				}
				for i, remote := range cut[:peers/10] {
					if want := fmt.Sprintf("10.0.%d.%d", i>>8, i&255); !strings.HasPrefix(remote, want) {
						t.Fatalf("session %d that was cut is of %s, want %s", i, remote, want)
					}
				}
				runtime.KeepAlive(log)
				b.Close()
				empty(t, b)
			})
		}
	}
}

// checkBounded checks that sessions that hold more than they may are cut at the same
// rows, whether these go on with what their peer said or are placed one by one.
func checkBounded(t *testing.T, add func(each func(*logparse.Record))) (cut int64) {
	t.Helper()
	for _, terse := range []bool{false, true} {
		var said [2][]string
		var capped [2]int64
		for i, way := range []func(*Builder, *logparse.Record){(*Builder).add, (*Builder).Add} {
			b := NewBuilder(&Options{Terse: terse, Memory: 12_000}, func(s *Session) { said[i] = append(said[i], described(s)) })
			add(func(rec *logparse.Record) { way(b, rec) })
			b.Close()
			empty(t, b)
			capped[i] = b.Capped()
		}
		if !slices.Equal(said[0], said[1]) || capped[0] != capped[1] {
			t.Errorf("terse %v: %d sessions, bounds reached %d times:\n%s\nwant %d, %d times:\n%s", terse,
				len(said[1]), capped[1], strings.Join(said[1], "\n"), len(said[0]), capped[0], strings.Join(said[0], "\n"))
		}
		cut = capped[0]
	}
	return cut
}

// Where sessions are cut does not hang on how their rows are taken.
func TestBoundedAlike(t *testing.T) {
	for i, format := range []logparse.Format{logparse.IISW3C, logparse.IISNCSA, logparse.IISMSIIS} {
		var log bytes.Buffer
		if _, err := testlog.Generate(&log, testlog.Options{Seed: uint64(i), Format: format, Connections: 200, Hosts: 40, Outbound: 0.3}); err != nil {
			t.Fatal(err)
		}
		if cut := checkBounded(t, addFiles(log.Bytes(), format, 5)); cut < 20 {
			t.Errorf("%v: bounds were reached %d times", format, cut)
		}
	}
}

// So do those of one peer, which are too many to tell apart; the others are left.
func TestMaxHeldOfCrowd(t *testing.T) {
	const connections, memory = 8000, 2 << 20
	for _, format := range []logparse.Format{logparse.IISW3C, logparse.IISNCSA} {
		log := iisRows(format, func(yield func(iisRow) bool) {
			yield(iisRow{host: "192.0.2.1", helo: "mail.example.net", verb: "EHLO", arg: "mail.example.net"})
			for i := range connections {
				yield(iisRow{second: i / 100, host: "10.0.0.1", helo: "mx.example.org", verb: "EHLO", arg: "mx.example.org"})
			}
		})
		most, last, capped := 0, int64(0), int64(0)
		var first string
		b := NewBuilder(&Options{Terse: true, Memory: memory}, func(s *Session) {
			if first == "" {
				first = s.Remote
			} else if line := s.Sources[0].FirstLine; line < last {
				t.Errorf("the session that begins in line %d was cut after that of line %d", line, last)
			} else {
				last = line
			}
		})
		addAll(t, b, log, format, func() {
			held := b.held + b.matcher.holds()
			most = max(most, held)
			for _, c := range b.matcher.clusters {
				if w := c.crowd; w != nil && capped != b.Capped() && len(w.members) > 2*w.open {
					t.Fatalf("%d places are left of %d members", len(w.members), w.open)
				}
			}
			capped = b.Capped()
			if held > memory {
				t.Fatalf("%v: %d bytes are held", format, held)
			}
		})
		if most < memory*9/10 || b.Capped() < connections/2 || first != "192.0.2.1" {
			t.Errorf("%v: at most %d bytes of %d, bounds reached %d times, the first that was cut is of %s", format, most, memory, b.Capped(), first)
		}
		b.Close()
		empty(t, b)
	}
}

// Of logs with ids and without, those sessions are cut that were silent for longest.
func TestMaxHeldOfSeveralLogs(t *testing.T) {
	const peers, sessions = 300, 100
	for connections := 1; connections <= 2; connections++ {
		log := iisRows(logparse.IISW3C, func(yield func(iisRow) bool) {
			for i := range peers {
				for range connections {
					yield(iisRow{host: fmt.Sprintf("10.0.%d.%d", i>>8, i&255), helo: "mx.example.org", verb: "EHLO", arg: "mx.example.org"})
				}
			}
		})
		var cut []logparse.Format
		b := NewBuilder(&Options{Memory: 400_000}, func(s *Session) { cut = append(cut, s.Format) })
		for i := range sessions {
			b.Add(receiveRow(i, fmt.Sprint(i), logparse.KindConnect, ""))
		}
		addAll(t, b, log, logparse.IISW3C, func() {})
		if b.Capped() < sessions || slices.Contains(cut[:sessions/2], logparse.IISW3C) || !slices.Contains(cut, logparse.IISW3C) {
			t.Errorf("%d connections of a peer: bounds were reached %d times, cut were %v", connections, b.Capped(), cut)
		}
		b.Close()
		empty(t, b)
	}
}

// What one connection brings counts, too: names and what is said.
func TestHeldWithoutIDIsCounted(t *testing.T) {
	const size, sessions, memory = 2 * maxBriefWords, 300, 1 << 20
	long := strings.Repeat("x", size)
	for name, change := range map[string]func(r *iisRow){
		"HELO": func(r *iisRow) { r.helo += long },
		"MAIL": func(r *iisRow) { r.verb, r.arg = "MAIL", "FROM:<"+long+"@example.org>" },
	} {
		for _, terse := range []bool{false, true} {
			log := iisRows(logparse.IISW3C, func(yield func(iisRow) bool) {
				for i := range sessions {
					r := iisRow{host: fmt.Sprintf("10.0.%d.%d", i>>8, i&255), helo: "mx.example.org", verb: "NOOP", arg: "x"}
					yield(r)
					change(&r)
					yield(r)
				}
			})
			b := NewBuilder(&Options{Terse: terse, Memory: memory}, func(s *Session) {})
			addAll(t, b, log, logparse.IISW3C, func() {
				if n := len(b.matcher.clusters); n > memory/size+20 && name == "MAIL" || n > 2*memory/size+20 {
					t.Fatalf("%s, terse %v: %d clusters hold %d bytes each, where %d may be held", name, terse, n, size, memory)
				}
			})
			b.Close()
			empty(t, b)
		}
	}
}

// What is counted for a thing is about what it takes.
func TestSizes(t *testing.T) {
	for name, size := range map[string][2]int{
		"cluster":    {clusterSize, int(unsafe.Sizeof(cluster{}) + unsafe.Sizeof(idleLink{}))},
		"hypothesis": {hypothesisSize, int(unsafe.Sizeof(hypothesis{}))},
		"conn":       {connSize, int(unsafe.Sizeof(conn{}))},
		"member":     {memberSize, int(unsafe.Sizeof(member{}))},
		"crowd":      {crowdSize, int(unsafe.Sizeof(crowd{}))},
		"slot":       {slotSize, int(unsafe.Sizeof(slot{}))},
		"node":       {nodeSize, int(unsafe.Sizeof(node{}))},
		"row":        {rowSize, int(unsafe.Sizeof(heldRow{}))},
		"loose":      {looseSize, int(unsafe.Sizeof(loose{}))},
		"state":      {stateSize, int(unsafe.Sizeof(state{}))},
		"brief":      {briefSize, int(unsafe.Sizeof(brief{}))},
	} {
		if size[0] < size[1] || size[0] > 2*size[1] {
			t.Errorf("a %s counts for %d bytes and has %d", name, size[0], size[1])
		}
	}
}

package session

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/smtplog/smtplog/logparse"
)

// addIMSLogs adds the records of IMS logs in turns of so many, and with strange
// a row of another log behind every so many.
//
// Of one log alone, raw lines are left out every other time: the sessions are the
// same.
func addIMSLogs(t *testing.T, turn, strange int, logs ...string) func(each func(*logparse.Record)) {
	times := 0
	return func(each func(*logparse.Record)) {
		times++
		var readers []*logparse.Reader
		for i, log := range logs {
			opt := &logparse.Options{Format: logparse.IMS, DateOrder: logparse.MDY, Sparse: len(logs) > 1 || strange > 0 || times%2 == 0}
			readers = append(readers, logparse.NewReader(strings.NewReader(log), fmt.Sprintf("L%d.LOG", i), opt))
		}
		for n := 0; len(readers) > 0; n++ {
			i := n / turn % len(readers)
			rec, err := readers[i].Next()
			var bad *logparse.SyntaxError
			switch {
			case err == nil:
				each(rec)
			case err == io.EOF:
				readers = slices.Delete(readers, i, i+1)
			case !errors.As(err, &bad):
				t.Fatal(err)
			}
			if strange > 0 && n%strange == strange-1 {
				each(receiveRow(n/100, "08D06729BA48D0CA", logparse.KindCommand, "NOOP"))
			}
		}
	}
}

// imsConnections are as they are logged most of the time, and as they seldom
// are.
var imsConnections = [][]string{
	{"A connection to mx.example.net was established.", "<<< IO: |220 mx.example.net ESMTP", "<<< 220 mx.example.net ESMTP", ">>> EHLO ims.example.com",
		"<<< IO: |250-mx.example.net", "<<< 250-mx.example.net\n250 SIZE 1000", ">>> MAIL FROM:<a@example.com>", "<<< IO: |250 2.1.0 Ok", "<<< 250 2.1.0 Ok",
		">>> RCPT TO:<x@example.net>", "<<< IO: |250 2.1.5 Ok", "<<< 250 2.1.5 Ok", ">>> DATA", "<<< IO: |354 go ahead", "<<< 354 go ahead",
		"<<< IO: |250 2.0.0 queued", "<<< 250 2.0.0 queued", ">>> QUIT", "<<< IO: |221 2.0.0 Bye", "<<< 221 2.0.0 Bye"},
	{"A connection was accepted from mail.example.org.", ">>> 220 ims.example.com", "<<< IO: |EHLO  mail.example.org", "<<< EHLO mail.example.org",
		">>> 250-ims.example.com\n250 XEXCH50", "<<< IO: |MAIL FROM:<a@example.org>", "<<< MAIL FROM:<a@example.org>", ">>> 250 OK",
		"<<< IO: |RCPT TO:<x@example.com>", "<<< RCPT TO:<x@example.com>", ">>> 250 OK", "<<< IO: |DATA", "<<< DATA", ">>> 354 Send data",
		"<<< IO: |Help yourself", "<<< Help yourself", ">>> 250 OK", "<<< IO: |QUIT", "<<< QUIT", ">>> 221 closing"},
	{"A connection to mx.example.org was established.", "<<< 220-mx", "<<< 220 mx", ">>> HELO ims.example.com", "<<< IO: |250 hello", "<<< 250 hello",
		">>> STARTTLS", "<<< 220 go on", ">>> RSET", "<<< IO: |250 2.0.0 Ok", ">>> MAIL FROM:<>", "<<< 250 Ok", ">>> RCPT TO:<y@example.org>", "<<< 450 4.2.1 later",
		"<<< IO: |550 5.1.1 no", "<<< 550 5.1.1 no", ">>> QUIT", "<<< IO: |221-bye", "<<< 221-bye\n221 bye", "<<< IO: |221 bye"},
	{"A connection was accepted from b.example.org.", "<<< AUTH LOGIN", ">>> 334 VXNlcm5hbWU6", "<<< dGVzdA==", ">>> 235 ok", "<<< MAIL FROM:<b@example.org>", ">>> 250 ok",
		"<<< BDAT 10", ">>> 250 ok", "<<< BDAT 3 LAST", ">>> 250 ok", "<<< RSET", "<<< QUIT", "<<< NOOP", ">>> 221 bye", "<<< IO: |220 x", ">>> 220 again"},
	{"499 No routing hosts are reachable for example.net. Message subject: \"\". Rescheduling delivery for later.", "A connection was accepted from ."},
}

// imsLogOf writes lines, some seconds or many minutes after one another; no
// minutes without rng.
func imsLogOf(rng *rand.Rand, lines []string) string {
	var b strings.Builder
	at := 8 * 3600
	for _, line := range lines {
		fmt.Fprintf(&b, "11/2/99 %d:%02d:%02d AM : %s\n", at/3600, at/60%60, at%60, line)
		if rng == nil {
			at += len(line) % 2
			continue
		}
		switch rng.IntN(40) {
		case 0, 1, 2, 3, 4:
			at++
		case 5:
			at += rng.IntN(1000)
		case 6:
			at = max(8*3600, at-rng.IntN(1000))
		}
		at = min(at, 12*3600-1)
	}
	return b.String()
}

// spoiledIMSLog returns the log of some connections of which so many lines are
// missing, came twice or stand elsewhere.
func spoiledIMSLog(rng *rand.Rand, connections, spoiled int) string {
	var lines []string
	for range connections {
		lines = append(lines, imsConnections[min(rng.IntN(8), len(imsConnections)-1)]...)
	}
	for range spoiled {
		switch i, j := rng.IntN(len(lines)), rng.IntN(len(lines)); rng.IntN(4) {
		case 0:
			lines = slices.Delete(lines, i, i+1)
		case 1:
			lines[i], lines[j] = lines[j], lines[i]
		case 2:
			lines = slices.Insert(lines, i, lines[j])
		case 3:
			lines = slices.Insert(lines, i, lines[i])
		}
		if len(lines) == 0 {
			return ""
		}
	}
	return imsLogOf(rng, lines)
}

// Nothing is said in a usual connection that takes more than a brief.
func TestSerialBriefsOfUsualLogs(t *testing.T) {
	for _, connection := range imsConnections[:2] {
		log := imsLogOf(nil, slices.Concat(connection, connection, connection))
		b := NewBuilder(&Options{Terse: true}, func(s *Session) {
			if s.Ended != EndedQuit || s.Results.Transactions.Accepted != 1 || s.Results.Recipients.Accepted != 1 {
				t.Errorf("%s", described(s))
			}
		})
		addIMSLogs(t, 1, 0, log)(func(rec *logparse.Record) {
			b.Add(rec)
			if b.lastSerial.brief == nil {
				t.Errorf("line %d: a state", rec.Pos.Line)
			}
		})
		b.Close()
		if b.number != 3 {
			t.Errorf("%d sessions", b.number)
		}
	}
}

// What stands behind QUIT, and behind times that go back and forth.
func TestSerialBriefsOfOddEnds(t *testing.T) {
	begin := []string{"A connection was accepted from a.example.org.", ">>> 220 hello", "<<< QUIT", ">>> 221 bye"}
	for _, end := range [][]string{
		{"<<< NOOP", ">>> 250 ok"}, {"<<< IO: |NOOP", ">>> 250 ok"}, {"<<< QUIT", ">>> 221 bye"}, {"<<< IO: |221 x", "<<< 221 x"},
		{">>> 221 bye"}, {">>> 250 ok"}, {"499 Rescheduling delivery for later."}, begin,
	} {
		for n := range begin {
			for _, bye := range []string{"221 bye", "221-bye", "221-bye\n221 bye", "421 bye", "250 bye"} {
				lines := slices.Concat(begin[:n+1], end, end, begin)
				if n == 3 {
					lines[3] = ">>> " + bye
				}
				checkBriefs(t, addIMSLogs(t, 1, 0, imsLogOf(nil, lines)))
			}
		}
	}
	for _, minutes := range [][]int{{0, 12, 4, 13}, {0, 12, 4, 14}, {0, 12, 4, 15}, {0, 9, 18, 28}, {0, 10, 0, 10}, {5, 0, 9, 15}} {
		var log strings.Builder
		for i, minute := range minutes {
			fmt.Fprintf(&log, "11/2/99 8:%02d:00 AM : %s\n", minute, []string{begin[0], begin[0], begin[0], "<<< NOOP"}[i])
		}
		checkBriefs(t, addIMSLogs(t, 1, 0, log.String()))
	}
}

// Raw lines whose parsed twin ends the brief, or begins the next session: they
// still wait in the session that they are of.
func TestSerialBriefsOfRawLines(t *testing.T) {
	begin := []string{"A connection to mx.example.org was established.", "<<< 220 mx", ">>> MAIL FROM:<a@example.com>", "<<< 250 ok"}
	for _, raw := range []string{"220 mx.example.net", "220 2.0.0 mx", "220-mx", "250 ok", "550 no", "421 bye", "RSET", "EHLO  x", "QUIT"} {
		for _, twin := range []string{"<<< " + raw, ">>> " + raw, "<<< 220 other", "<<< 250 other", "<<< NOOP"} {
			for n := range begin {
				lines := slices.Concat(begin[:n+1], []string{"<<< IO: |" + raw, twin, ">>> QUIT", "<<< IO: |221 x", "<<< 221 x"})
				checkBriefs(t, addIMSLogs(t, 1, 0, imsLogOf(nil, lines)))
			}
		}
	}
}

func TestSerialBriefsOfSpoiledLogs(t *testing.T) {
	rng := rand.New(rand.NewPCG(41, 42))
	for i := range 180 {
		spoiled := i % 9
		checkBriefs(t, addIMSLogs(t, 1, 0, spoiledIMSLog(rng, 3, spoiled)))
		checkBriefs(t, addIMSLogs(t, 1+rng.IntN(30), rng.IntN(60), spoiledIMSLog(rng, 3, spoiled), spoiledIMSLog(rng, 2, spoiled)))
	}
}

// FuzzSerialBriefs compares the sessions of briefs of IMS logs with those of
// states.
func FuzzSerialBriefs(f *testing.F) {
	rng := rand.New(rand.NewPCG(43, 44))
	for range 20 {
		f.Add(uint8(rng.Uint32()), uint8(rng.Uint32()), spoiledIMSLog(rng, 2, 4), spoiledIMSLog(rng, 1, 2))
	}
	f.Fuzz(func(t *testing.T, turn, strange uint8, one, other string) {
		if len(one)+len(other) < 16<<10 && !bytes.Contains([]byte(one+other), []byte{0}) {
			checkBriefs(t, addIMSLogs(t, int(turn)+1, int(strange), one, other))
		}
	})
}

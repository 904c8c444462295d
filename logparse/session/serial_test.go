package session_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/session"
)

// imsSessions returns the sessions of logs of the IMS, which are read in turns,
// and how their records were placed. With apart, a row of another log stands
// between any two, so that none follows on the one before.
func imsSessions(t testing.TB, opt session.Options, apart bool, logs ...string) string {
	t.Helper()
	var out bytes.Buffer
	opt.Placed = func(rec *logparse.Record, id string, secret bool) {
		if rec.Format == logparse.IMS {
			fmt.Fprintf(&out, "%v %s %v\n", rec.Pos, id, secret)
		}
	}
	b := session.NewBuilder(&opt, func(s *session.Session) {
		if s.Format == logparse.IMS {
			fmt.Fprintf(&out, "%s\n", s.AppendJSON(nil))
		}
	})
	strange := logparse.NewReader(strings.NewReader(exchangeLog(logparse.ExchangeReceive, "+\n")), "RECV.LOG", nil)
	stranger, err := strange.Next()
	if err != nil {
		t.Fatal(err)
	}
	var readers []*logparse.Reader
	for i, log := range logs {
		readers = append(readers, logparse.NewReader(strings.NewReader(log), fmt.Sprintf("L%d.LOG", i), &logparse.Options{Format: logparse.IMS, DateOrder: logparse.MDY}))
	}
	for turn := 0; len(readers) > 0; turn++ {
		// Nearly always a few records of one log, then those of another.
		i := turn / 5 % len(readers)
		rec, err := readers[i].Next()
		var bad *logparse.SyntaxError
		switch {
		case err == nil:
			if apart {
				b.Add(stranger)
			}
			b.Add(rec)
		case err == io.EOF:
			readers = append(readers[:i], readers[i+1:]...)
		case !errors.As(err, &bad):
			t.Fatal(err)
		}
	}
	b.Close()
	return out.String()
}

// Records that follow on the one before are taken as all others are.
func checkIMSFollowing(t testing.TB, logs ...string) {
	t.Helper()
	for _, opt := range []session.Options{{}, {Terse: true}, {Transcript: true}} {
		want, got := imsSessions(t, opt, true, logs...), imsSessions(t, opt, false, logs...)
		if got != want {
			t.Fatalf("%+v: got\n%s\nwant\n%s\nof %q", opt, got, want, logs)
		}
	}
}

// randomIMSLog plays connections of which lines may be missing.
func randomIMSLog(random *rand.Rand, lines int) string {
	texts := []string{"A connection was accepted from a.example.org.", "A connection to b.example.net was established.",
		"<<< IO: |MAIL  FROM:<a@example.org>", "<<< MAIL FROM:<a@example.org>", "<<< IO: |220 a", "<<< 220 a", "<<< IO: |250-a\r\n250 b", "<<< 250-a\r\n250 b",
		"<<< IO: |550 5.1.1 no", "<<< 550 5.1.1 no", ">>> 250 OK", ">>> RCPT TO:<x@example.net>", "<<< RCPT TO:<y@example.com>", "<<< IO: |DATA", "<<< DATA", ">>> 354 go",
		"<<< 354 go", "<<< IO: |RSET", ">>> QUIT", "<<< IO: |221 bye", "<<< 221 bye", "<<< QUIT", ">>> 221 bye", ">>> ", "<<< AUTH LOGIN dGVzdA==", "<<< 334 a", ">>> dGVzdA==",
		"499 No routing hosts are reachable for example.net. Message\r\nsubject: \"\". Rescheduling delivery for later."}
	var b strings.Builder
	at, minute := 0, 0
	for range lines {
		switch random.IntN(12) {
		case 0:
			at++
		case 1:
			at = random.IntN(60)
		case 2:
			minute = min(59, minute+random.IntN(12))
		}
		fmt.Fprintf(&b, "11/2/99 8:%02d:%02d AM : %s\r\n", minute, at%60, texts[random.IntN(len(texts))])
	}
	return b.String()
}

func TestIMSFollowing(t *testing.T) {
	random := rand.New(rand.NewPCG(31, 32))
	for range 30 {
		checkIMSFollowing(t, randomIMSLog(random, 60))
		checkIMSFollowing(t, randomIMSLog(random, 40), randomIMSLog(random, 40), randomIMSLog(random, 40))
	}
}

func FuzzIMSFollowing(f *testing.F) {
	random := rand.New(rand.NewPCG(33, 34))
	for range 10 {
		f.Add(randomIMSLog(random, 20), randomIMSLog(random, 10))
	}
	f.Fuzz(func(t *testing.T, one, other string) {
		if len(one)+len(other) < 16<<10 {
			checkIMSFollowing(t, one, other)
		}
	})
}

package logparse_test

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"strings"
	"testing"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/testlog"
	"github.com/smtplog/smtplog/reply"
)

// Logs that were played with the truth beside them are read as what was played.
func TestIISAgainstTruth(t *testing.T) {
	for _, format := range []logparse.Format{logparse.IISW3C, logparse.IISMSIIS, logparse.IISNCSA} {
		t.Run(format.String(), func(t *testing.T) {
			for seed := range uint64(3) {
				var log bytes.Buffer
				truth, err := testlog.Generate(&log, testlog.Options{Seed: seed, Format: format, Connections: 100, Outbound: 0.4})
				if err != nil {
					t.Fatal(err)
				}
				checkIISTruth(t, &log, format, truth)
			}
		})
	}
}

func checkIISTruth(t *testing.T, log io.Reader, format logparse.Format, truth *testlog.Truth) {
	rd := logparse.NewReader(log, "x.log", nil)
	senders := make([]map[string]int, len(truth.Sessions))
	rows := make([]int, len(truth.Sessions))
	for i := 0; ; i++ {
		rec, err := rd.Next()
		if errors.Is(err, io.EOF) {
			if i != len(truth.Rows) {
				t.Errorf("%d records of %d rows", i, len(truth.Rows))
			}
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		n := truth.Rows[i]
		s := &truth.Sessions[n]
		rows[n]++
		if rec.Format != format || rec.Direction != s.Direction || string(rec.Remote) != s.Host {
			t.Fatalf("%v: format %v, %v %s; played was %v %s", rec.Pos, rec.Format, rec.Direction, rec.Remote, s.Direction, s.Host)
		}
		if at := rec.Time.Time(); at.Unix() < s.Start.Unix() || at.After(s.End) {
			t.Errorf("%v: %v is not between %v and %v", rec.Pos, at, s.Start, s.End)
		}
		if rec.Helo != nil && rec.Direction == reply.Outbound {
			t.Errorf("%v: HELO name %s outbound", rec.Pos, rec.Helo)
		}
		if _, err := netip.ParseAddr(string(rec.Remote)); err != nil {
			t.Errorf("%v: %v", rec.Pos, err)
		}
		if rec.Kind == logparse.KindReply && rec.Code == 0 {
			t.Errorf("%v: reply without code: %s", rec.Pos, rec.Text)
		}
		if rec.Kind == logparse.KindCommand && rec.Verb == logparse.VerbMAIL {
			arg := string(rec.Arg)
			from, _, _ := strings.Cut(arg[strings.Index(arg, "<")+1:], ">")
			if senders[n] == nil {
				senders[n] = map[string]int{}
			}
			senders[n][from]++
		}
	}
	for n := range truth.Sessions {
		s := &truth.Sessions[n]
		if rows[n] != s.Rows {
			t.Errorf("session %d: %d records of %d rows", n, rows[n], s.Rows)
		}
		for i := range s.Transactions {
			// A command is logged when its reply is sent, which may never be.
			tr := &s.Transactions[i]
			if from := tr.From; len(tr.Recipients) > 0 && senders[n][from] == 0 {
				t.Errorf("session %d: no MAIL FROM:<%s>: %v", n, from, senders[n])
			}
		}
	}
}

package testlog

import (
	"bytes"
	"io"
	"testing"
	"time"

	"github.com/smtplog/smtplog/logparse"
)

var formats = []logparse.Format{logparse.IISW3C, logparse.IISNCSA, logparse.IISMSIIS, logparse.ExchangeReceive, logparse.ExchangeSend}

func TestGenerateIsReproducible(t *testing.T) {
	for _, f := range formats {
		var a, b, c bytes.Buffer
		opt := Options{Seed: 7, Format: f, Connections: 50, AtOnce: 2, Outbound: 0.5}
		for _, w := range []*bytes.Buffer{&a, &b} {
			if _, err := Generate(w, opt); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Errorf("%v: two runs differ", f)
		}
		opt.Seed++
		if _, err := Generate(&c, opt); err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(a.Bytes(), c.Bytes()) {
			t.Errorf("%v: two seeds give the same log", f)
		}
	}
}

// TestGenerateIsRead checks that each row that the truth counts is a record.
func TestGenerateIsRead(t *testing.T) {
	for _, f := range formats {
		var log bytes.Buffer
		truth, err := Generate(&log, Options{Seed: 3, Format: f, Connections: 200, AtOnce: 3, Outbound: 0.4})
		if err != nil {
			t.Fatal(err)
		}
		rd := logparse.NewReader(&log, "test.log", &logparse.Options{Format: f, DateOrder: logparse.MDY})
		n := 0
		var last time.Time
		for {
			rec, err := rd.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if rec.Time.Time().Before(last) {
				t.Fatalf("%v: row %d is earlier than the one before", f, n)
			}
			last = rec.Time.Time()
			if n < len(truth.Rows) {
				s := &truth.Sessions[truth.Rows[n]]
				if got, want := rec.Direction, s.Direction; got != want {
					t.Fatalf("%v: row %d: direction %v, want %v", f, n, got, want)
				}
				if got := string(rec.Session); got != s.ID {
					t.Fatalf("%v: row %d: session %q, want %q", f, n, got, s.ID)
				}
			}
			n++
		}
		if n != len(truth.Rows) {
			t.Errorf("%v: %d records, %d rows in the truth", f, n, len(truth.Rows))
		}
	}
}

// TestTruthAddsUp checks the sessions of the truth against its rows and their
// recipients against their transactions.
func TestTruthAddsUp(t *testing.T) {
	for _, f := range formats {
		truth, err := Generate(io.Discard, Options{Seed: 5, Format: f, Connections: 500, AtOnce: 2, Outbound: 0.5})
		if err != nil {
			t.Fatal(err)
		}
		if len(truth.Sessions) != 500 {
			t.Fatalf("%v: %d sessions", f, len(truth.Sessions))
		}
		rows := make([]int, len(truth.Sessions))
		for _, s := range truth.Rows {
			rows[s]++
		}
		results := map[Result]int{}
		ended := map[Ended]int{}
		for i, s := range truth.Sessions {
			if s.Number != i || s.Rows != rows[i] {
				t.Fatalf("%v: session %d: number %d, %d rows of %d", f, i, s.Number, s.Rows, rows[i])
			}
			ended[s.Ended]++
			for _, tr := range s.Transactions {
				results[tr.Result]++
				for _, r := range tr.Recipients {
					if tr.Result == Accepted && r.Result != Accepted {
						t.Errorf("%v: session %d: accepted, but %v", f, i, r)
					}
					if (r.Code == 0) != (r.Result == Unknown) {
						t.Errorf("%v: session %d: %v", f, i, r)
					}
				}
			}
		}
		for _, r := range []Result{Accepted, Partial, Deferred, Rejected, Aborted} {
			if results[r] == 0 {
				t.Errorf("%v: no transaction was %s", f, r)
			}
		}
		if ended[Quit] == 0 || ended[Remote]+ended[Cut] == 0 {
			t.Errorf("%v: sessions ended %v", f, ended)
		}
	}
}

// TestHold checks that as many connections are open at once as were asked for.
func TestHold(t *testing.T) {
	const hosts = 300
	first, rows, open, most := map[int]bool{}, map[int]int{}, 0, 0
	opt := Options{Seed: 1, Format: logparse.ExchangeReceive, Hosts: hosts, Connections: hosts, Pace: Near,
		Spread: 10 * time.Second, Hold: 5 * time.Minute}
	err := Stream(io.Discard, opt, func(_ int64, s int) {
		if !first[s] {
			first[s] = true
			open++
			most = max(most, open)
		}
		rows[s]++
	}, func(s *Session) {
		open--
		if rows[s.Number] != s.Rows {
			t.Errorf("session %d is done after %d of %d rows", s.Number, rows[s.Number], s.Rows)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if most != hosts || open != 0 {
		t.Errorf("%d open at once, %d at the end", most, open)
	}
}

package session

import (
	"testing"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/testlog"
)

// A command that a current connection takes as it stands is surely its next row,
// and leaves the connection and what is known of its peer as it would be
// otherwise.
func TestStep(t *testing.T) {
	rows, stepped, over, besides := 0, 0, 0, 0
	for seed := range uint64(12) {
		format := []logparse.Format{logparse.IISW3C, logparse.IISNCSA, logparse.IISMSIIS}[seed%3]
		records := played(t, testlog.Options{Seed: seed, Format: format, Connections: 400, Hosts: 20, AtOnce: 1 + int(seed%2),
			Outbound: float64(seed%4) / 6, SameHelo: true})
		m := newMatcher(func(*slot, *logparse.Record) {}, func(*slot) {})
		other := newMatcher(nil, nil)
		for _, rec := range records {
			if rows++; rows%5 == 0 && rec.Verb == logparse.VerbQUIT && rec.BytesIn == quitBytes {
				rec.BytesIn = 17 // of a QUIT with more behind it, or of another connection
			}
			key := clusterKey{m.clock(1), rec.Direction, rec.Connector, rec.Remote, rec.Helo}
			c := m.clusters.find(&key, key.hash())
			at, took := milliseconds(rec.Time), max(rec.Elapsed, 0)
			if c == nil || c.current.conn == nil || !c.steps(rec, at, took) {
				m.add(1, rec)
				continue
			}
			stepped++
			x := &c.current
			r := &other.row
			r.read(rec)
			r.number, r.clock = 12345, max(m.clock(1).now, at)
			if !c.goesOn(r) {
				t.Fatalf("seed %d, %v: it is not surely the next row", seed, rec.Pos)
			}
			want, wantHabits := *x.conn, *x.habits
			wantOver := want.take(r, c.order+1, &wantHabits)

			conn, habits := *x.conn, *x.habits
			now := *c
			now.current.conn, now.current.habits = &conn, &habits
			now.order, now.clock = c.order+1, r.clock
			got := other.step(&now, rec, r.number, at, took)
			switch {
			case got != wantOver:
				t.Fatalf("seed %d, %v: over %v, want %v", seed, rec.Pos, got, wantOver)
			case got && len(c.hypotheses) == 0:
				over++ // nothing is kept of it
			case conn != want || habits != wantHabits:
				t.Fatalf("seed %d, %v:\n got %+v\nwant %+v", seed, rec.Pos, conn, want)
			case len(c.hypotheses) > 0:
				besides++
			}
			m.add(1, rec)
		}
	}
	if stepped < rows/4 || over < rows/50 || besides < rows/100 {
		t.Errorf("of %d rows %d were taken as they stand, %d of them the last, %d beside others", rows, stepped, over, besides)
	}
}

// What MAIL declares is the same whether it is read at once or when it is asked for.
func TestDeclares(t *testing.T) {
	for _, arg := range []string{"", "FROM:<a@example.org> SIZE=100", "FROM:<> size=7", "FROM:<a@example.net>",
		"FROM:<somebody.with.a.long.name.somewhere@a.department.of.an.organisation.example.org> SIZE=12345"} {
		var c conn
		c.declares([]byte("FROM:<b@example.com> SIZE=1"))
		c.declares([]byte(arg))
		c.readMail()
		if size, domain := declaredSize([]byte(arg)), hash(afterAt(bracketed([]byte(arg)))); c.size != size || c.domain != domain {
			t.Errorf("%q: got %d and %x, want %d and %x", arg, c.size, c.domain, size, domain)
		}
	}
}

// The hash of a name is that of any, whichever cluster asks for it.
func TestHashOf(t *testing.T) {
	var c cluster
	c.setKey(&clusterKey{remote: []byte("192.0.2.1"), helo: []byte("MX.example.org")}, 1)
	for range 2 {
		for _, name := range []string{"MX.example.org", "mx.example.org", "", "x"} {
			if got := c.hashOf([]byte(name)); got != hash([]byte(name)) {
				t.Errorf("%q has the hash %x", name, got)
			}
		}
	}
	c.setKey(&clusterKey{remote: []byte("192.0.2.1"), helo: []byte("other")}, 2)
	if got := c.hashOf([]byte("other")); got != hash([]byte("other")) {
		t.Errorf("the hash is that of the name before")
	}
}

package session

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/testlog"
)

// What is placed without weighing is what weighing would find the likeliest, or
// nearly so, and mostly without doubt.
func TestSurely(t *testing.T) {
	for seed := range uint64(12) {
		format := []logparse.Format{logparse.IISW3C, logparse.IISNCSA, logparse.IISMSIIS}[seed%3]
		records := played(t, testlog.Options{Seed: seed, Format: format, Connections: 250, Hosts: 40, AtOnce: 1 + int(seed%2),
			Outbound: float64(seed%4) / 3, SameHelo: seed%2 == 0})
		m := newMatcher(func(*slot, *logparse.Record) {}, func(*slot) {})
		weighing := newMatcher(nil, nil)
		lone, surely, doubted := 0, 0, 0
		for _, rec := range records {
			key := clusterKey{m.clock(1), rec.Direction, rec.Connector, rec.Remote, rec.Helo}
			if c := m.clusters.find(&key, key.hash()); c != nil && len(c.hypotheses) == 0 && c.lone.open {
				lone++
				r := &weighing.row
				r.read(rec)
				if c.lone.conn.surely(r) {
					surely++
					r.look(rec)
					h := &hypothesis{conns: []conn{c.lone.conn}, habits: c.lone.habits}
					weighing.collect(&cluster{order: c.order + 1, hypotheses: []*hypothesis{h}})
					got := weighing.beam.candidates
					i := slices.IndexFunc(got, func(x candidate) bool { return x.conn == 0 })
					if i < 0 || got[0].rank-got[i].rank > 1 {
						t.Errorf("seed %d, %v: surely the next row, but weighing has %+v", seed, rec.Pos, got)
					}
					if len(got) > 1 && got[0].rank-got[1].rank < 3 {
						doubted++
					}
				}
			}
			m.add(1, rec)
		}
		if surely < lone*9/10 || lone < len(records)/4 || doubted > surely/20 {
			t.Errorf("seed %d: %d of %d rows were for a lone connection, %d surely, %d of them in doubt", seed, lone, len(records), surely, doubted)
		}
	}
}

func TestLowerWord(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		var b, lower [8]byte
		for i := range b {
			b[i] = byte(rng.IntN(256))
			if rng.IntN(2) == 0 {
				b[i] = "@AZ[`az{"[rng.IntN(8)]
			}
			lower[i] = lowerASCII(b[i])
		}
		if got := lowerWord(binary.LittleEndian.Uint64(b[:])); got != binary.LittleEndian.Uint64(lower[:]) {
			t.Fatalf("%q in lower case is %x, want %q", b, got, lower)
		}
	}
}

// Texts have the same hash if they are the same but for their case, and only
// then as far as can be seen.
func TestHash(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	seen := map[uint32]string{}
	for range 20000 {
		b := make([]byte, rng.IntN(20))
		for i := range b {
			b[i] = "abAB.@\x00"[rng.IntN(7)]
		}
		h := hash(b)
		if h != hash(bytes.ToUpper(b)) || (h == 0) != (len(b) == 0) {
			t.Fatalf("%q has the hash %x", b, h)
		}
		lower := string(bytes.ToLower(b))
		if other, ok := seen[h]; ok && other != lower {
			t.Fatalf("%q and %q have the same hash", lower, other)
		}
		seen[h] = lower
	}
}

func TestClusterTable(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	log := &logClock{log: 7}
	table := clusterTable{}
	var held []*cluster
	for range 3000 {
		word := func() []byte { return []byte([]string{"", "a", "ab", "abcdefghi"}[rng.IntN(4)]) }
		key := clusterKey{log: log, connector: word(), remote: word(), helo: word()}
		hash := key.hash() % 3 // so that many share one
		i := slices.IndexFunc(held, func(c *cluster) bool { return c.is(&key) })
		c := table.find(&key, hash)
		switch {
		case i < 0 && c != nil || i >= 0 && c != held[i]:
			t.Fatalf("the table has %v, held are %d clusters", c, len(held))
		case i < 0:
			c = &cluster{}
			c.setKey(&key, hash)
			table.add(c)
			held = append(held, c)
		case rng.IntN(2) == 0:
			table.remove(c)
			held = slices.Delete(held, i, i+1)
		}
	}
}

func TestIdleList(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	var list idleList
	var want []*cluster // the oldest first
	for range 5000 {
		i := rng.IntN(len(want) + 1)
		switch {
		case i == len(want) || rng.IntN(4) == 0 && len(want) < 20:
			c := &cluster{}
			list.add(c)
			want = append(want, c)
		case rng.IntN(3) == 0:
			list.remove(want[i])
			want = slices.Delete(want, i, i+1)
		default:
			c := want[i]
			list.moveToBack(c)
			want = append(slices.Delete(want, i, i+1), c)
		}
		var got []*cluster
		for id := list.front; id != 0; id = list.links[id].next {
			got = append(got, list.links[id].cluster)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%d clusters are listed, want %d", len(got), len(want))
		}
	}
	if len(list.links) > 30 {
		t.Errorf("%d links", len(list.links))
	}
}

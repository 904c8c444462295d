package logparse

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/smtplog/smtplog/reply/outcome"
)

// iisPeers is what rows with the number of a peer have said so far.
type iisPeers map[uint64]iisPeer

type iisPeer struct {
	log       int
	direction outcome.Direction
	said      string
}

// check checks that a row of the log is of the peer that it has the number of.
// It reports whether it has one.
func (p iisPeers) check(t testing.TB, log int, rec *Record) bool {
	n := rec.Peer()
	if n == 0 {
		return false
	}
	got := iisPeer{log, rec.Direction, fmt.Sprintf("%q %q %q %q %q", rec.Remote, rec.Helo, rec.Connector, rec.Server, rec.Local)}
	if want, ok := p[n]; ok && got != want {
		t.Fatalf("%v: %+v has the number of %+v", rec.Pos, got, want)
	}
	p[n] = got
	return true
}

// checkPeers reads a log twice over, in one pass and twice at a time in chunks of
// one Pool, and checks the numbers of its peers. It returns how many rows have
// one, in one pass.
func checkPeers(t testing.TB, log []byte, opt Options, seed uint64) (numbered, rows int) {
	t.Helper()
	const logs = 2
	peers := iisPeers{}
	readers := make([]*Reader, 0, 2*logs)
	for range logs {
		readers = append(readers, NewReader(bytes.NewReader(log), "x.log", &opt))
	}
	pool := NewPool(2)
	defer pool.Close()
	rng := rand.New(rand.NewPCG(seed, 3))
	var mu sync.Mutex
	pool.size = func() int {
		mu.Lock()
		defer mu.Unlock()
		return 1 + rng.IntN(4000)
	}
	for range logs {
		readers = append(readers, pool.NewReader(bytes.NewReader(log), "x.log", &opt))
	}
	over := 0
	for over < len(readers) {
		over = 0
		for i, rd := range readers {
			for range 1 + i*7 {
				rec, err := rd.Next()
				var bad *SyntaxError
				if errors.As(err, &bad) {
					continue
				}
				if err != nil {
					if err != io.EOF {
						t.Fatal(err)
					}
					over++
					break
				}
				rec = rec.Clone() // it is still the same peer's
				ok := peers.check(t, i, rec)
				if i == 0 {
					rows++
					if ok {
						numbered++
					}
				}
			}
		}
	}
	return numbered, rows
}

// likePeers makes values of some rows those of others.
func likePeers(rng *rand.Rand, rows []map[string]string) {
	for range len(rows) {
		name := []string{"c-ip", "cs-username", "s-sitename", "s-computername", "s-ip", "s-port"}[rng.IntN(6)]
		rows[rng.IntN(len(rows))][name] = rows[rng.IntN(len(rows))][name]
	}
}

// Rows with the number of a peer are that peer's, in all formats of IIS.
func TestPeersOfIIS(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for seed := range uint64(12) {
		rows := iisRows(seed, 20)
		if seed%2 == 1 {
			likePeers(rng, rows)
		}
		logs := iisLogs(rows)
		for format, log := range logs {
			opt := Options{Format: format}
			numbered, all := checkPeers(t, log, opt, seed)
			if format != IISODBC && seed%2 == 0 && numbered < all*8/10 {
				t.Errorf("%v, seed %d: %d of %d rows have a number", format, seed, numbered, all)
			}
			for range 3 {
				checkPeers(t, spoil(rng, log), opt, seed)
			}
		}
	}
}

func FuzzPeersOfIIS(f *testing.F) {
	for seed := range uint64(4) {
		for format, log := range iisLogs(iisRows(seed, 3)) {
			f.Add(uint8(format), seed, log)
		}
	}
	f.Fuzz(func(t *testing.T, format uint8, seed uint64, log []byte) {
		checkPeers(t, log, Options{Format: IISW3C + Format(format%4), MaxLine: 4096}, seed)
	})
}

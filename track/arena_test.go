package track

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// Regions hold what was appended to them, whatever becomes of others.
func TestArena(t *testing.T) {
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 1))
		var a arena
		var regions [40]region
		var want [40][]byte
		for step := range 4000 {
			if step == 3000 {
				a.close()
			}
			i := random.IntN(len(regions))
			if random.IntN(6) == 0 {
				a.give(&regions[i])
				want[i] = want[i][:0]
			} else {
				size := random.IntN(300)
				if random.IntN(100) == 0 {
					size = random.IntN(100_000)
				}
				b := bytes.Repeat([]byte{byte(step)}, size)
				a.append(&regions[i], b)
				want[i] = append(want[i], b...)
			}
			for k := range regions {
				if k != i && step%40 != 39 {
					continue // a look at all of them now and then is enough
				}
				if !bytes.Equal(a.bytes(&regions[k]), want[k]) {
					t.Fatalf("step %d: region %d is not as it was", step, k)
				}
			}
		}
		held := 0
		for i := range regions {
			a.give(&regions[i])
		}
		for n, b := range a.blocks {
			if b != nil && uint32(n) != a.last {
				held++
			}
		}
		if held > 0 {
			t.Errorf("%d blocks are held that nothing is in", held)
		}
	}
}

// A keyTable answers as a map does.
func TestKeyTable(t *testing.T) {
	for seed := range uint64(12) {
		random := rand.New(rand.NewPCG(seed, 2))
		// Many of the keys want the same slot, and have the same tag.
		key := func() uint64 { return random.Uint64N(41) | random.Uint64N(41)<<32 }
		want := map[uint64]uint32{}
		table := keyTable{holds: func(n uint32, k uint64) bool {
			w, known := want[k]
			return known && n == w
		}}
		check := func(k uint64) {
			n, ok := table.get(k)
			if w, known := want[k]; ok != known || ok && n != w {
				t.Fatalf("seed %d: %x is %d %v, want %d %v", seed, k, n, ok, w, known)
			}
		}
		for range random.IntN(4000) {
			k := key()
			if random.IntN(3) == 0 {
				table.remove(k)
				delete(want, k)
			} else {
				n := random.Uint32N(10)
				_, known := want[k]
				if added := table.add(k, n); added == known {
					t.Fatalf("seed %d: %x was added: %v, known: %v", seed, k, added, known)
				}
				if known {
					table.move(k, n)
				}
				want[k] = n
			}
			check(k)
			check(key())
		}
		for low := range uint64(41) {
			for high := range uint64(41) {
				check(low | high<<32)
			}
		}
		if table.count != len(want) {
			t.Fatalf("%d keys, want %d", table.count, len(want))
		}
		for k := range want { // until it is small again
			table.remove(k)
			delete(want, k)
			check(k)
			check(key())
		}
		if len(table.slots) > minKeys {
			t.Errorf("seed %d: %d slots for no keys", seed, len(table.slots))
		}
	}
}

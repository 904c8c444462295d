package track

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
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
	rapid.Check(t, func(t *rapid.T) {
		var table keyTable
		want := map[uint64]uint32{}
		// Many of the keys want the same slot.
		key := rapid.Custom(func(t *rapid.T) uint64 {
			return rapid.Uint64Range(0, 40).Draw(t, "low") | rapid.Uint64Range(0, 40).Draw(t, "high")<<32
		})
		for range rapid.IntRange(0, 3000).Draw(t, "steps") {
			k := key.Draw(t, "key")
			if rapid.IntRange(0, 2).Draw(t, "what") == 0 {
				table.remove(k)
				delete(want, k)
			} else {
				n := rapid.Uint32Range(0, 9).Draw(t, "cluster")
				table.set(k, n)
				want[k] = n
			}
		}
		for low := range uint64(41) {
			for high := range uint64(41) {
				k := low | high<<32
				n, ok := table.get(k)
				if w, known := want[k]; ok != known || ok && n != w {
					t.Fatalf("%x is %d %v, want %d %v", k, n, ok, w, known)
				}
			}
		}
		if table.count != len(want) {
			t.Fatalf("%d keys, want %d", table.count, len(want))
		}
	})
}

package main

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// Lines stay as they are until they are released, whatever the order, and the
// memory is used again.
func TestTexts(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var x texts
	var kept []keptText
	var lines [][]byte
	for step := range 20_000 {
		if len(kept) < 500 && rng.IntN(20) > 0 {
			size := rng.IntN(1000)
			if rng.IntN(500) == 0 {
				size += 3 * textBlockSize / 2
			}
			line := bytes.Repeat([]byte{byte(step)}, 1+size)
			var k keptText
			x.keep(&k, line)
			kept, lines = append(kept, k), append(lines, line)
			if rng.IntN(10) == 0 {
				var same keptText
				x.share(&same, &k)
				kept, lines = append(kept, same), append(lines, line)
			}
		}
		for len(kept) > 400 || len(kept) > 0 && rng.IntN(50) == 0 {
			i := rng.IntN(min(len(kept), 30))
			if got := x.line(&kept[i]); !bytes.Equal(got, lines[i]) || kept[i].size() != len(lines[i]) {
				t.Fatalf("%d bytes of %d, not %d of %d", len(got), got[0], len(lines[i]), lines[i][0])
			}
			x.release(&kept[i])
			x.release(&kept[i]) // nothing
			kept, lines = append(kept[:i], kept[i+1:]...), append(lines[:i], lines[i+1:]...)
		}
	}
	if n := len(x.blocks); n > 100 {
		t.Errorf("%d blocks", n)
	}
	for i := range kept {
		x.release(&kept[i])
	}
	for i := range x.blocks {
		if x.blocks[i].lines != 0 || len(x.blocks[i].buf) != 0 {
			t.Errorf("block %d still holds lines", i)
		}
	}
	if len(x.unused) != len(x.blocks)-1 {
		t.Errorf("%d of %d blocks can be used again", len(x.unused)+1, len(x.blocks))
	}
}

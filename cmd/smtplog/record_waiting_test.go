package main

import (
	"math/rand/v2"
	"testing"
)

// However many wait, each is found by its number, and the memory is used again.
func TestWaitingRecords(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	var r waitingRecords
	most := 0
	for step := range 200_000 {
		// They become many and few in turn.
		if grow := step/30_000%2 == 0; r.len() == 0 || rng.IntN(8) < 3 == !grow {
			number := r.next
			if w := r.add(waitingRecord{line: int64(number)}); w != r.at(number) {
				t.Fatalf("record %d was put elsewhere", number)
			}
		} else {
			r.removeFirst()
		}
		most = max(most, r.len())
		if n := r.len(); n > 0 {
			for _, i := range []int{r.first, r.next - 1, r.first + rng.IntN(n)} {
				if got := r.at(i).line; got != int64(i) {
					t.Fatalf("record %d is %d", i, got)
				}
			}
		}
	}
	pages := len(r.free)
	for _, p := range r.pages {
		if p != nil {
			pages++
		}
	}
	if bound := most/waitingPageSize + 2; most < 5000 || pages > bound {
		t.Errorf("%d pages for %d records", pages, most)
	}
}

package session

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestCommands does the same to commands and to a plain list.
func TestCommands(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 9))
	var q commands
	var want []pending
	for i := range 20_000 {
		switch rng.IntN(8) {
		case 0, 1, 2, 3:
			q.add(pending{recipient: int32(i)})
			want = append(want, pending{recipient: int32(i)})
		case 4:
			q.addFirst(pending{recipient: int32(i)})
			want = slices.Insert(want, 0, pending{recipient: int32(i)})
		case 5, 6:
			if len(want) > 0 {
				n := rng.IntN(min(len(want), 3))
				if got := q.take(n); got != want[n] {
					t.Fatalf("took %+v, want %+v", got, want[n])
				}
				want = want[n+1:]
			}
		case 7:
			if rng.IntN(100) == 0 {
				q.clear()
				want = nil
			}
		}
		if !slices.Equal(q.waiting(), want) {
			t.Fatalf("step %d: %v wait, want %v", i, q.waiting(), want)
		}
	}
}

// A session that pipelines for ever does not make the list grow.
func TestCommandsKeepTheirSize(t *testing.T) {
	var q commands
	for i := range 100_000 {
		q.add(pending{recipient: int32(i)})
		if i >= 10 {
			q.take(0)
		}
	}
	if n := cap(q.list); n > 64 {
		t.Errorf("room for %d commands where 11 wait", n)
	}
}

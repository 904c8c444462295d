package analysis

import (
	"cmp"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A Top counts as a map does, and names the most frequent first.
func TestTop(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOf(rapid.StringOfN(rapid.RuneFrom([]rune("abc")), 0, 2, -1)).Draw(t, "names")
		n := rapid.IntRange(0, 8).Draw(t, "n")
		var top Top
		counts := map[string]int64{}
		for _, name := range names {
			top.add(name)
			counts[name]++
		}
		want := []Count{}
		for _, name := range slices.Sorted(maps.Keys(counts)) {
			want = append(want, Count{name, counts[name]})
		}
		slices.SortStableFunc(want, func(a, b Count) int { return cmp.Compare(b.Count, a.Count) })
		if n > 0 {
			want = want[:min(n, len(want))]
		}
		if got := top.Most(n); !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

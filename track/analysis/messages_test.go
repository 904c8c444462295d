package analysis

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
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

// Names are told apart however many they are; those beyond the bound are dropped.
func TestManyNames(t *testing.T) {
	var top Top
	name := func(i int) string { return strings.Repeat("x", i%40) + strconv.Itoa(i) }
	for i := range MaxNames + 10 {
		top.add(name(i))
		top.add(name(i / 2))
	}
	list := top.Most(0)
	if n := top.Dropped(); n != 10 || top.count != MaxNames {
		t.Errorf("%d names, %d dropped", top.count, n)
	}
	for _, c := range list {
		i, err := strconv.Atoi(strings.TrimLeft(c.Name, "x"))
		want := int64(1)
		if 2*i < MaxNames+10 {
			want = 3
		}
		if err != nil || c.Count != want || c.Name != name(i) {
			t.Fatalf("%d times %s, want %d", c.Count, c.Name, want)
		}
	}
}

package track

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/smtplog/smtplog/reply/outcome"
)

func at(minutes int) outcome.Time {
	return outcome.At(time.Date(2026, 11, 1, 0, minutes, 0, 0, time.UTC), 0)
}

func TestCoverage(t *testing.T) {
	var c Coverage
	for _, m := range []int{10, 300, 60, 200, 130, 119} {
		c.Add(&Event{Server: "EX1", Time: at(m)})
	}
	c.Add(&Event{Server: "ex1.example.com", Time: at(240), Source: "STOREDRIVER", EventID: "DELIVER"})
	c.Add(&Event{Server: "EX2", Time: at(5)})
	got := fmt.Sprint(c.Servers(), c.Spans("EX1.example.com"))
	want := fmt.Sprint([]string{"EX1", "EX2"}, []Span{{at(10), at(130)}, {at(200), at(240)}, {at(300), at(300)}})
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	for m, want := range map[int]bool{9: false, 10: true, 125: true, 131: false, 240: true, 300: true, 301: false} {
		if c.Covers("EX1", at(m)) != want {
			t.Errorf("minute %d: %v", m, !want)
		}
	}
}

// The spans are those of the sorted times, in whatever order they come.
func TestCoverageOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		minutes := rapid.SliceOfN(rapid.IntRange(0, 1500), 1, 30).Draw(t, "minutes")
		var want []Span
		for _, m := range slices.Sorted(slices.Values(minutes)) {
			if n := len(want); n > 0 && at(m).Sub(want[n-1].Last) < time.Hour {
				want[n-1].Last = at(m)
			} else {
				want = append(want, Span{at(m), at(m)})
			}
		}
		rand.Shuffle(len(minutes), func(i, j int) { minutes[i], minutes[j] = minutes[j], minutes[i] })
		var c Coverage
		for _, m := range minutes {
			c.Add(&Event{Server: "EX1", Time: at(m)})
		}
		if diff := cmp.Diff(fmt.Sprint(want), fmt.Sprint(c.Spans("EX1"))); diff != "" {
			t.Fatalf("%v: %s", minutes, diff)
		}
	})
}

func TestSpanText(t *testing.T) {
	for want, span := range map[string][2]outcome.Time{
		"2026-11-01 14:00–15:00 UTC":            {at(14 * 60), at(15 * 60)},
		"2026-11-01 23:00–24:00 UTC":            {at(23 * 60), at(24 * 60)},
		"2026-11-01 23:00–2026-11-02 02:00 UTC": {at(23 * 60), at(26 * 60)},
	} {
		if got := spanText(span[0], span[1]); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

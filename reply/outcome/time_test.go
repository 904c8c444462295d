package outcome

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestTimeFormat(t *testing.T) {
	at := time.Date(2026, 11, 1, 0, 0, 2, 120_000_000, time.UTC)
	zone := time.FixedZone("", -(3*3600 + 1800))
	for _, test := range []struct {
		time Time
		loc  *time.Location
		want string
	}{
		{At(at, 3), time.UTC, "2026-11-01T00:00:02.120Z"},
		{At(at, 0), time.UTC, "2026-11-01T00:00:02Z"},
		{At(at, 1), time.UTC, "2026-11-01T00:00:02.1Z"},
		{At(at, 9), time.UTC, "2026-11-01T00:00:02.120000000Z"},
		{At(at, 12), time.UTC, "2026-11-01T00:00:02.120000000Z"},
		{At(at, -1), time.UTC, "2026-11-01T00:00:02Z"},
		{At(at.Truncate(time.Second), 3), time.UTC, "2026-11-01T00:00:02.000Z"},
		{At(at, 3), zone, "2026-10-31T20:30:02.120-03:30"},
		{Unix(0, 0), time.UTC, "1970-01-01T00:00:00Z"},
		{Unix(-1e6, 3), time.UTC, "1969-12-31T23:59:59.999Z"},
		{Time{}, time.UTC, ""},
	} {
		if got := string(test.time.AppendIn([]byte("x"), test.loc)); got != "x"+test.want {
			t.Errorf("got %s, want x%s", got, test.want)
		}
		if test.loc == time.UTC && test.time.String() != test.want {
			t.Errorf("String() = %s, want %s", test.time, test.want)
		}
	}
	b, err := json.Marshal(map[string]Time{"t": At(at, 3)})
	if err != nil || string(b) != `{"t":"2026-11-01T00:00:02.120Z"}` {
		t.Errorf("%s, %v", b, err)
	}
}

// What is written is read back as the same moment, in any zone.
func TestTimeRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 1000 {
		digits := rng.IntN(10)
		unit := int64(1)
		for range 9 - digits {
			unit *= 10
		}
		want := Unix(rng.Int64N(4e18/unit)*unit, digits)
		loc := time.FixedZone("", rng.IntN(26*60)*60-12*3600)
		text := string(want.AppendIn(nil, loc))
		got, err := time.Parse(time.RFC3339Nano, text)
		if err != nil || At(got, digits) != want || !got.Equal(want.Time()) {
			t.Fatalf("%d digits of %d: %s read as %v, %v", digits, want.UnixNano(), text, got, err)
		}
	}
}

// Append writes what AppendIn leaves to package time.
func TestTimeAppend(t *testing.T) {
	var stamps Stamper
	check := func(ns int64, digits int) {
		at := Unix(ns, digits)
		if got, want := string(stamps.Append([]byte("x"), at)), "x"+string(at.Append(nil)); got != want {
			t.Fatalf("%d digits of %d: %s, want %s", digits, ns, got, want)
		}
		if got, want := at.String(), string(at.AppendIn(nil, time.UTC)); got != want {
			t.Fatalf("%d digits of %d: %s, want %s", digits, ns, got, want)
		}
	}
	const day = int64(86400 * 1e9)
	for d := int64(math.MinInt64) / day; d <= math.MaxInt64/day; d++ {
		check(d*day, 0)
		check(d*day-1, 9)
	}
	rng := rand.New(rand.NewPCG(2, 2))
	for range 10_000 {
		ns := int64(rng.Uint64())
		for range 3 {
			check(ns, rng.IntN(10))
			ns += rng.Int64N(40e9) - 20e9
		}
	}
	if got := stamps.Append(nil, Time{}); len(got) > 0 {
		t.Errorf("no time: %s", got)
	}
	check(math.MinInt64, 9)
	check(math.MaxInt64, 9)
}

func TestTimeOrder(t *testing.T) {
	times := []Time{Unix(5, 3), {}, Unix(5, 0), Unix(-5, 0), Unix(6, 0)}
	slices.SortFunc(times, Time.Compare)
	if want := []Time{{}, Unix(-5, 0), Unix(5, 0), Unix(5, 3), Unix(6, 0)}; !slices.Equal(times, want) {
		t.Errorf("%v", times)
	}
	if d := Unix(5, 0).Sub(Unix(2, 0)); d != 3 {
		t.Errorf("Sub = %v", d)
	}
	if d := Unix(5, 0).Sub(Time{}); d != 0 {
		t.Errorf("Sub of no time = %v", d)
	}
	if !(Time{}).IsZero() || Unix(0, 0).IsZero() || !(Time{}).Time().IsZero() {
		t.Error("the epoch is a time, the zero Time is none")
	}
}

func TestTimeAllocations(t *testing.T) {
	b := make([]byte, 0, 64)
	at := Unix(1e18, 3)
	if n := testing.AllocsPerRun(100, func() { b = at.Append(b[:0]) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestPosition(t *testing.T) {
	p := Position{File: "a.zip!x.log", Line: 7, Offset: 99}
	if p.String() != "a.zip!x.log:7" {
		t.Error(p.String())
	}
	for _, q := range []Position{{File: "b", Line: 1}, {File: "a.zip!x.log", Line: 8}} {
		if p.Compare(q) >= 0 || q.Compare(p) <= 0 || p.Compare(p) != 0 {
			t.Errorf("%v and %v", p, q)
		}
	}
}

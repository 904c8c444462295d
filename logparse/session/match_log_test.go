package session

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestLogOf(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	values := []float64{1, 2, 0.5, math.Nextafter(1, 0), math.Nextafter(1, 2), math.SmallestNonzeroFloat64 * (1 << 60), math.MaxFloat64}
	for range 100_000 {
		values = append(values, math.Exp(rng.NormFloat64()*20))
	}
	for _, x := range values {
		if got, want := logOf(x), math.Log(x); math.Abs(got-want) > 1e-10 {
			t.Fatalf("the logarithm of %v is %v, want %v", x, got, want)
		}
	}
}

// A time lies in the bucket of the nearest middle, by its logarithm in the
// logarithmic part.
func TestBucketOf(t *testing.T) {
	last := 0
	for d := int64(-resolution); d < 6_000_000; d += 1 + d/5000 {
		got := bucketOf(d)
		want := int(d+resolution+gapStep/2) / gapStep
		if d >= gapFrom {
			want = min(gapFine+int(math.Log(float64(d)/gapFrom)/math.Log(gapRatio)+0.5), gapBuckets-1)
		}
		if got != want || got < last {
			t.Fatalf("%d ms are in bucket %d, want %d", d, got, want)
		}
		last = got
	}
	if got := bucketOf(math.MaxInt64); got != gapBuckets-1 {
		t.Errorf("the longest time is in bucket %d", got)
	}
}

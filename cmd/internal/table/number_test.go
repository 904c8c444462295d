package table

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestCount(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 7: "7", 999: "999", 1000: "1,000", 2871004: "2,871,004", -1: "-1", -999: "-999", -123456: "-123,456",
		math.MaxInt64: "9,223,372,036,854,775,807", math.MinInt64: "-9,223,372,036,854,775,808",
	} {
		if got := Count(n); got != want {
			t.Errorf("Count(%d) = %s, want %s", n, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64().Draw(t, "n")
		if back, err := strconv.ParseInt(strings.ReplaceAll(Count(n), ",", ""), 10, 64); err != nil || back != n {
			t.Fatalf("Count(%d) = %s", n, Count(n))
		}
	})
}

func TestBytes(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 999: "999 B", 1000: "1.0 kB", 1049: "1.0 kB", 1050: "1.1 kB", 9949: "9.9 kB", 9950: "10 kB",
		412_000_000: "412 MB", 999_499: "999 kB", 999_500: "1.0 MB", 1_200_000_000: "1.2 GB",
		math.MaxInt64: "9.2 EB", -1500: "-1.5 kB", math.MinInt64: "-9.2 EB",
	} {
		if got := Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0ms", 999 * time.Microsecond: "0ms", 812 * time.Millisecond: "812ms", time.Second: "1.0s", 4290 * time.Millisecond: "4.2s",
		9999 * time.Millisecond: "9.9s", 10 * time.Second: "10s", 59900 * time.Millisecond: "59s", time.Minute: "1m00s", 185 * time.Second: "3m05s",
		time.Hour: "1h00m", 125 * time.Minute: "2h05m", 24 * time.Hour: "1d00h", 76 * time.Hour: "3d04h",
		-5 * time.Second: "-5.0s", math.MinInt64: "-106751d23h",
	} {
		if got := Duration(d); got != want {
			t.Errorf("Duration(%d) = %s, want %s", d, got, want)
		}
	}
}

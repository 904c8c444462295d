package analysis

import (
	"testing"
	"time"

	"github.com/smtplog/smtplog/reply/outcome"
)

func TestHours(t *testing.T) {
	begin := time.Date(2026, 11, 2, 8, 30, 0, 0, time.UTC)
	at := func(d time.Duration) outcome.Time { return outcome.Unix(begin.Add(d).UnixNano(), 0) }
	var h hours
	if h.has(at(0)) || !h.has(outcome.Time{}) {
		t.Error("no hours have one, or no time is in none of them")
	}
	h.add(outcome.Time{})
	h.add(at(0))
	for d, want := range map[time.Duration]bool{0: true, -90 * time.Minute: true, 89 * time.Minute: true, -91 * time.Minute: false, 90 * time.Minute: false} {
		if h.has(at(d)) != want {
			t.Errorf("%s from there: %v", d, !want)
		}
	}
	for i := range maxHours {
		h.add(at(time.Duration(2*i) * time.Hour))
	}
	if !h.has(at(-1000*time.Hour)) || len(h.list) > maxHours+3 {
		t.Errorf("%d hours of many", len(h.list))
	}
}

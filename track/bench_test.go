package track

import (
	"testing"

	"github.com/smtplog/smtplog/track/testworld"
)

// BenchmarkBuild puts a day's rows together.
func BenchmarkBuild(b *testing.B) {
	w := testworld.Play(testworld.Options{Seed: 1, Messages: 500})
	rows := trackingRecords(b, w)
	size := 0
	for _, rec := range rows {
		size += len(rec.Raw())
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		build(rows)
	}
}

// BenchmarkMayMatch passes over rows that do not match.
func BenchmarkMayMatch(b *testing.B) {
	w := testworld.Play(testworld.Options{Seed: 1, Messages: 500})
	rows := trackingRecords(b, w)
	size := 0
	for _, rec := range rows {
		size += len(rec.Raw())
	}
	n := ParseNeedle("<0123456789abcdef@mail.example.invalid>")
	var ids IDs
	ids.Add(&Event{MessageID: "<0123456789abcdef@mail.example.invalid>"})
	for name, match := range map[string]func([]byte) bool{"needle": n.MayMatch, "ids": ids.MayMatch} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				for _, rec := range rows {
					if match(rec.Raw()) {
						b.Fatal("matches")
					}
				}
			}
		})
	}
}

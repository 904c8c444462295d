package track

import (
	"bytes"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/track/testworld"
)

// A day is the rows of a busy day in the order of their times.
func day(b *testing.B) (rows []*logparse.Record, bytes int64) {
	w := testworld.Play(testworld.Options{Seed: 1, Messages: 2000, Span: 24 * time.Hour})
	rows = trackingRecords(b, w)
	slices.SortStableFunc(rows, func(x, y *logparse.Record) int { return x.Time.Compare(y.Time) })
	for _, rec := range rows {
		bytes += int64(len(rec.Raw()))
	}
	return rows, bytes
}

// report tells the cost of a row.
func report(b *testing.B, rows []*logparse.Record, bytes int64) {
	b.SetBytes(bytes)
	b.ReportAllocs()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(rows)), "ns/row")
}

// BenchmarkParse reads rows as events.
func BenchmarkParse(b *testing.B) {
	rows, bytes := day(b)
	var e Event
	for b.Loop() {
		for _, rec := range rows {
			Parse(rec, &e)
		}
	}
	report(b, rows, bytes)
}

// BenchmarkBuilder puts a day's rows together, an hour as a log.
func BenchmarkBuilder(b *testing.B) {
	rows, bytes := day(b)
	for name, opt := range map[string]*Options{"messages": nil, "verdicts": {VerdictsOnly: true}} {
		b.Run(name, func(b *testing.B) {
			messages := 0
			for b.Loop() {
				builder := NewBuilder(opt, func(*Message) { messages++ })
				for i, rec := range rows {
					if i%1000 == 0 {
						builder.Upcoming(rec.Time)
					}
					builder.Add(rec)
				}
				builder.Close()
			}
			report(b, rows, bytes)
			b.ReportMetric(float64(len(rows)*b.N)/float64(messages), "rows/message")
		})
	}
}

// BenchmarkLog reads a log of Exchange 2016 and puts its rows together.
func BenchmarkLog(b *testing.B) {
	w := testworld.Play(testworld.Options{Seed: 1, Messages: 2000, Span: 24 * time.Hour})
	var log bytes.Buffer
	for _, f := range w.Files {
		if f.Server == "EX1" && bytes.Contains(f.Data, []byte("#Log-type: Message Tracking Log")) {
			log.Write(f.Data)
		}
	}
	b.SetBytes(int64(log.Len()))
	b.ReportAllocs()
	for b.Loop() {
		builder := NewBuilder(&Options{VerdictsOnly: true}, func(*Message) {})
		r := logparse.NewReader(bytes.NewReader(log.Bytes()), "MSGTRK.LOG", nil)
		for {
			rec, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			builder.Add(rec)
		}
		builder.Close()
	}
}

// BenchmarkMayMatch passes over rows that do not match.
func BenchmarkMayMatch(b *testing.B) {
	rows, size := day(b)
	n := ParseNeedle("<0123456789abcdef@mail.example.invalid>")
	var ids IDs
	ids.Add(&Event{MessageID: "<0123456789abcdef@mail.example.invalid>"})
	for name, match := range map[string]func([]byte) bool{"needle": n.MayMatch, "ids": ids.MayMatch} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				for _, rec := range rows {
					if match(rec.Raw()) {
						b.Fatal("matches")
					}
				}
			}
			report(b, rows, size)
		})
	}
}

package session_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/logparse/testlog"
)

// BenchmarkBuilder reads a log and puts its records together to sessions, so
// many of them open at a time. BenchmarkReader of logparse tells what the
// reading alone costs.
func BenchmarkBuilder(b *testing.B) {
	for _, bench := range []struct {
		format logparse.Format
		open   int
	}{
		{logparse.ExchangeReceive, 1},
		{logparse.ExchangeReceive, 200},
		{logparse.ExchangeReceive, 40_000},
		{logparse.IISW3C, 200},
		{logparse.IISNCSA, 200},
	} {
		b.Run(fmt.Sprintf("%v/open=%d", bench.format, bench.open), func(b *testing.B) {
			opt := testlog.Options{Seed: 7, Format: bench.format, Hosts: bench.open, Connections: max(5000, bench.open)}
			if bench.open > 200 {
				opt.Spread, opt.Hold = time.Minute, 10*time.Minute
			}
			var log bytes.Buffer
			if err := testlog.Stream(&log, opt, nil, nil); err != nil {
				b.Fatal(err)
			}
			rows, sessions := 0, 0
			b.SetBytes(int64(log.Len()))
			b.ReportAllocs()
			for b.Loop() {
				rows, sessions = 0, 0
				builder := session.NewBuilder(&session.Options{Terse: true}, func(*session.Session) { sessions++ })
				r := logparse.NewReader(bytes.NewReader(log.Bytes()), "x.log", &logparse.Options{Format: bench.format})
				for {
					rec, err := r.Next()
					if err == io.EOF {
						break
					}
					if err != nil {
						b.Fatal(err)
					}
					builder.Add(rec)
					rows++
				}
				builder.Close()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows), "ns/row")
			b.ReportMetric(float64(sessions), "sessions")
		})
	}
}

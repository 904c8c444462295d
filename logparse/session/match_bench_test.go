package session

import (
	"fmt"
	"testing"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/testlog"
)

// BenchmarkBuilderWithoutIDs builds the sessions of IIS logs whose peers keep
// one, two or four connections open at the same time.
func BenchmarkBuilderWithoutIDs(b *testing.B) {
	for _, format := range []logparse.Format{logparse.IISW3C, logparse.IISNCSA} {
		for _, outbound := range []float64{0, 1} {
			for _, atOnce := range []int{1, 2, 4} {
				records := played(b, testlog.Options{Seed: 3, Format: format, Connections: 4000, Hosts: 400, AtOnce: atOnce, Outbound: outbound})
				direction := "in"
				if outbound > 0 {
					direction = "out"
				}
				b.Run(fmt.Sprintf("%v/%s/%d", format, direction, atOnce), func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						builder := NewBuilder(nil, func(*Session) {})
						for _, rec := range records {
							builder.Add(rec)
						}
						builder.Close()
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(records)), "ns/row")
				})
			}
		}
	}
}

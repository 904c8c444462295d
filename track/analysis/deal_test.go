package analysis

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/reply/outcome"
)

// Each builder is given its rows, and is told of all others, in order.
func TestDealing(t *testing.T) {
	const builders = 3
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 9))
		hosts := session.NewShares(builders, 30)
		d := dealing{hosts: hosts}
		var got, want [builders][]string
		for i := range builders {
			d.to = append(d.to, builder{
				add: func(rec *logparse.Record) { got[i] = append(got[i], fmt.Sprint("row ", rec.Pos.Line)) },
				pass: func(rec *logparse.Record, count int) {
					if count > 1 && rec.Time.IsZero() {
						t.Errorf("%d rows without a time are told together", count)
					}
					got[i] = append(got[i], slices.Repeat([]string{told(rec)}, count)...)
				},
			})
		}
		for line := range 300 {
			rec := &logparse.Record{Format: logparse.IISW3C, Pos: outcome.Position{File: "x.log", Line: int64(line)}}
			if line > 250 {
				rec.Pos.File = "y.log"
			}
			rec.Kind = logparse.KindCommand
			rec.Remote = fmt.Appendf(nil, "192.0.2.%d", rng.IntN(6))
			rec.Server = fmt.Appendf(nil, "EX%d", 1+rng.IntN(20)/19)
			if rng.IntN(8) > 0 {
				rec.Time = outcome.Unix(int64(line/40), 0)
			}
			if rng.IntN(40) == 0 {
				rec.Format = logparse.IISNCSA
			}
			of := hosts.Of(rec)
			for i := range builders {
				if i == of {
					want[i] = append(want[i], fmt.Sprint("row ", line))
				} else {
					want[i] = append(want[i], told(rec))
				}
			}
			d.row(rec)
		}
		d.tell()
		for i := range builders {
			if !slices.Equal(got[i], want[i]) {
				t.Fatalf("seed %d, builder %d:\n%q\nwant\n%q", seed, i, got[i], want[i])
			}
		}
	}
}

func told(rec *logparse.Record) string {
	return fmt.Sprintf("%s %v %v %s", rec.Pos.File, rec.Format, rec.Time, rec.Server)
}

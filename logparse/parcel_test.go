package logparse

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/smtplog/smtplog/reply/outcome"
)

// A parcelling gives rows to a Parcel, of which some are only passed, and checks
// that what comes out is what went in.
type parcelling struct {
	*rand.Rand
	p    Parcel
	want []*Record // of those that were passed only what is said of them
	pass []int     // how many there were; 0 for a row that was added
	rows int       // that came as they were
}

func (c *parcelling) row(t testing.TB, rec *Record) {
	w := rec.Clone()
	w.raw, w.layout = nil, nil
	if n := c.IntN(3); n > 0 {
		c.p.Pass(rec, n)
		c.want, c.pass = append(c.want, told(rec)), append(c.pass, n)
	} else {
		c.p.Add(rec)
		c.want, c.pass = append(c.want, w), append(c.pass, 0)
	}
	if c.IntN(50) == 0 || c.p.Full() {
		c.check(t, rec.Pos.File)
	}
}

// told returns what is said of a row that was passed.
func told(rec *Record) *Record {
	return &Record{Format: rec.Format, Time: rec.Time, Pos: outcome.Position{File: rec.Pos.File}, Event: Event{Server: append([]byte{}, rec.Server...)}}
}

func (c *parcelling) check(t testing.TB, file string) {
	t.Helper()
	i := 0
	check := func(got *Record, count int) {
		if i == len(c.want) {
			t.Fatal("too many rows")
		}
		if count != c.pass[i] || !reflect.DeepEqual(got, c.want[i]) {
			t.Fatalf("row %d, %d passed, want %d: -put +taken:\n%s", i, count, c.pass[i], cmp.Diff(c.want[i], got, cmp.AllowUnexported(Record{}, outcome.Time{}, layout{})))
		}
		i++
	}
	c.p.Each(func(rec *Record) {
		if len(rec.raw) > 0 {
			t.Fatalf("raw %q", rec.raw)
		}
		rec = rec.Clone()
		rec.raw = nil
		check(rec, 0)
	}, func(rec *Record, n int) { check(told(rec), n) })
	if i != len(c.want) {
		t.Fatalf("%d rows of %d", i, len(c.want))
	}
	c.rows += len(c.p.rows) - len(c.p.whole)
	c.want, c.pass = c.want[:0], c.pass[:0]
	c.p.Reset(file)
}

// checkParcel sends the rows of a log, and returns how many came as they usually
// do.
func checkParcel(t testing.TB, log []byte, opt Options, seed uint64) int {
	t.Helper()
	c := &parcelling{Rand: rand.New(rand.NewPCG(seed, 4))}
	c.p.Reset("x.log")
	for rec, err := range NewReader(bytes.NewReader(log), "x.log", &opt).Records() {
		if err == nil {
			c.row(t, rec)
		}
	}
	c.check(t, "")
	return c.rows
}

// What a Parcel is given comes out of it, in order.
func TestParcel(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for seed := range uint64(8) {
		rows := iisRows(seed, 30)
		if seed%2 == 1 {
			likePeers(rng, rows)
		}
		for format, log := range iisLogs(rows) {
			opt := Options{Format: format}
			if n := checkParcel(t, log, opt, seed); n < len(rows)/5 {
				t.Errorf("%v, seed %d: %d of %d rows fit", format, seed, n, len(rows))
			}
			for range 3 {
				checkParcel(t, spoil(rng, log), opt, seed)
			}
		}
	}
}

// Records that no reader makes come out too.
func TestParcelOfAnything(t *testing.T) {
	for seed := range uint64(200) {
		c := &parcelling{Rand: rand.New(rand.NewPCG(seed, 2))}
		m := &recordMaker{Rand: c.Rand}
		c.p.Reset("x.log")
		rec := new(Record)
		for i := range 100 {
			if rec.raw = m.text(1 + m.IntN(60)); m.oneIn(50) {
				rec.raw = m.text(65_530 + m.IntN(10))
			}
			m.belong(rec)
			m.fill(rec, i, int64(i))
			rec.Pos.File = "x.log"
			rec.connector, rec.conversation = rec.conversation, 0 // which tells the peers apart
			if m.oneIn(2) {
				rec.Session, rec.Sequence, rec.Data, rec.Context, rec.More = nil, -1, nil, nil, false // as of IIS
			}
			c.row(t, rec)
			m.useAgain()
		}
		c.check(t, "")
	}
}

// A Parcel is full before long rows take much memory.
func TestParcelFull(t *testing.T) {
	for _, text := range []string{"short", strings.Repeat("long ", 10_000), strings.Repeat("very long ", 10_000)} {
		var p Parcel
		p.Reset("x.log")
		rec := &Record{raw: []byte(text), Event: Event{Sequence: -1, Arg: []byte(text)}}
		n := 0
		for ; !p.Full(); n++ {
			p.Add(rec)
		}
		if most := max(parcelText/len(text)+1, 1); n > min(parcelRows, most) || n < min(parcelRows, most)/2 {
			t.Errorf("rows of %d bytes: %d of them", len(text), n)
		}
	}
}

func FuzzParcel(f *testing.F) {
	for seed := range uint64(3) {
		for format, log := range iisLogs(iisRows(seed, 3)) {
			f.Add(uint8(format), seed, log)
		}
	}
	f.Fuzz(func(t *testing.T, format uint8, seed uint64, log []byte) {
		checkParcel(t, log, Options{Format: IISW3C + Format(format%4), MaxLine: 4096}, seed)
	})
}

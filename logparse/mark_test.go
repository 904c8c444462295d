package logparse_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/testlog"
)

// reading is what came of a log, or of ranges of it.
type reading struct {
	items  []string
	counts logparse.Counts
	err    error
}

// read reads on, behind so many lines of the log. It calls each for every record
// before the Reader goes on.
func (g *reading) read(r *logparse.Reader, lines int64, each func(*logparse.Record)) {
	for {
		rec, err := r.Next()
		var bad *logparse.SyntaxError
		switch {
		case err == nil:
			each(rec)
			rec.Fill()
			rec.Pos.Line += lines
			g.items = append(g.items, wholly(rec))
		case errors.As(err, &bad):
			bad.Pos.Line += lines
			g.items = append(g.items, fmt.Sprintf("%v +%d %s", bad.Pos, bad.Pos.Offset, bad.Msg))
		default:
			g.counts.Add(r.Counts())
			g.err = err
			return
		}
	}
}

// wholly returns all that a record says.
func wholly(rec *logparse.Record) string {
	return fmt.Sprintf("%v +%d %d %v %v %#v %q %v", rec.Pos, rec.Pos.Offset, rec.Lines, rec.Format, rec.Time, rec.Event, rec.Raw(), slices.Collect(func(yield func(string) bool) {
		for name := range rec.Fields() {
			if !yield(name) {
				return
			}
		}
	}))
}

// checkRanges reads a log in one pass and in ranges, each from where its
// beginning says and, where that is not what the range in front of it leaves, from
// there, and compares what comes of it. It returns how many ranges were read from
// where the beginning says.
func checkRanges(t *testing.T, log []byte, opt logparse.Options, rng *rand.Rand, most int) (foreseen int) {
	t.Helper()
	var want, got reading
	whole := logparse.NewReader(bytes.NewReader(log), "x.log", &opt)
	want.read(whole, 0, func(*logparse.Record) {})
	mark, ok := logparse.HeadMark(log, "x.log", &opt)
	if !ok {
		return 0
	}
	ahead := mark
	place := mark.Beginning()
	var kept logparse.Kept
	var keptItems []string
	for from := 0; ; {
		// The range goes to the end of the line that the cut is in.
		to := min(from+1+rng.IntN(most), len(log))
		if i := bytes.IndexByte(log[max(to-1, 0):], '\n'); i >= 0 && to > 0 {
			to += i
		} else {
			to = len(log)
		}
		more := to < len(log)
		begin, lines := ahead.At(int64(from)), place.Line
		if place.Same(begin) && place.Offset > 0 {
			foreseen++
		} else {
			begin, lines = place, 0
		}
		start := int(begin.Offset)
		if place.Line == 0 {
			start, begin, lines = 0, mark.Beginning(), 0
		}
		r := logparse.NewRangeReader(bytes.NewReader(log[min(start, to):to]), "x.log", &opt, &begin, more)
		got.read(r, lines, func(rec *logparse.Record) {
			if rng.IntN(3) == 0 && kept.Keep(r, rec) {
				moved := *rec
				moved.Fill()
				moved.Pos.Line += 7
				keptItems = append(keptItems, wholly(&moved))
			}
		})
		if !more {
			break
		}
		if got.err != io.EOF {
			t.Fatalf("range to %d: %v", to, got.err)
		}
		if place, ok = r.Mark(); !ok {
			t.Fatal("no mark")
		}
		place.Line += lines
		from = to
	}
	if diff := cmp.Diff(want.items, got.items); diff != "" || want.counts != got.counts || want.err != got.err {
		t.Fatalf("ranges of up to %d bytes: %+v %+v, %v %v: -one pass +ranges:\n%s", most, want.counts, got.counts, want.err, got.err, diff)
	}
	var again []string
	ok = kept.Each(7, func(rec *logparse.Record) { again = append(again, wholly(rec)) })
	if diff := cmp.Diff(keptItems[:len(again)], again); diff != "" {
		t.Fatalf("-rows +the rows that were kept:\n%s", diff)
	}
	if ok != (len(again) == len(keptItems)) {
		t.Fatalf("%d rows of %d were read again, %v", len(again), len(keptItems), ok)
	}
	return foreseen
}

// A log that is read in ranges, wherever it is cut, gives what it gives in one
// pass.
func TestRanges(t *testing.T) {
	logs := oddLogs()
	for _, format := range []logparse.Format{logparse.ExchangeReceive, logparse.ExchangeSend} {
		var log bytes.Buffer
		if _, err := testlog.Generate(&log, testlog.Options{Seed: 4, Format: format, Connections: 20}); err != nil {
			t.Fatal(err)
		}
		logs[format.String()] = log.String()
	}
	for name, log := range logs {
		rng := rand.New(rand.NewPCG(uint64(len(log)), 2))
		foreseen := 0
		for _, most := range []int{1, 60, 400, 3000} {
			foreseen += checkRanges(t, []byte(log), logparse.Options{}, rng, most)
			foreseen += checkRanges(t, []byte(log), logparse.Options{MaxLine: 1024, Sparse: true}, rng, most)
		}
		if (name == "plain" || name == "exchange-send") && foreseen < 100 {
			t.Errorf("%s: %d ranges were read from where the beginning says", name, foreseen)
		}
	}
}

// Rows that are kept of one log are those whose columns are the same.
func TestKeptColumns(t *testing.T) {
	row := func(int) string { return "*,,note" }
	log := receiveHead + receiveRows(2, row) + "#Fields: date-time,session-id,connector-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\r\n" + receiveRows(2, row)
	r := logparse.NewReader(bytes.NewReader([]byte(log)), "x.log", nil)
	var kept logparse.Kept
	var took []bool
	for rec, err := range r.Records() {
		if err != nil {
			t.Fatal(err)
		}
		took = append(took, kept.Keep(r, rec))
	}
	if !slices.Equal(took, []bool{true, true, false, false}) || kept.Size() == 0 {
		t.Errorf("kept: %v, %d bytes", took, kept.Size())
	}
}

func FuzzRanges(f *testing.F) {
	for _, log := range oddLogs() {
		f.Add([]byte(log), uint8(logparse.FormatUnknown), uint64(1), uint16(100))
	}
	f.Fuzz(func(t *testing.T, log []byte, format uint8, seed uint64, most uint16) {
		if len(log) > 20_000 {
			return
		}
		opt := logparse.Options{MaxLine: 2000}
		if formats := logparse.Formats(); format > 0 {
			opt.Format = formats[int(format)%len(formats)]
		}
		checkRanges(t, log, opt, rand.New(rand.NewPCG(seed, 3)), 1+int(most)%2000)
	})
}

// A log may have become shorter when a range of it is read: what is left ends.
func TestRangeCutShort(t *testing.T) {
	const log = "#Log-type: SMTP Receive Protocol Log\r\n#Fields: date-time,session-id,sequence-number,remote-endpoint,event,data\r\n" +
		"2026-11-02T08:00:00.000Z,08DE000000000001,0,192.0.2.7:50000,+,\r\n"
	mark, ok := logparse.HeadMark([]byte(log), "x.log", nil)
	if !ok {
		t.Fatal("cannot be read from the middle")
	}
	beginning := mark.Beginning()
	for _, from := range []*logparse.Mark{&beginning, &mark, nil} {
		r := logparse.NewRangeReader(bytes.NewReader(nil), "x.log", nil, from, true)
		if rec, err := r.Next(); err != io.EOF || r.Counts() != (logparse.Counts{}) {
			t.Errorf("from %v: %v, %v, %+v", from, rec, err, r.Counts())
		}
	}
}

package query

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// randomRows makes rows of the table recipients with few different values and
// many nulls.
func randomRows(rng *rand.Rand, n int) []any {
	var rows []any
	text := func(of ...string) Value {
		if rng.IntN(4) == 0 {
			return Null
		}
		return StringOf(of[rng.IntN(len(of))])
	}
	for range n {
		row := cells{
			"to":     text("a@example.com", "B@example.net", "c@example.org", "no address", "x\x00y", "x", "x\x00", ""),
			"domain": text("example.com", "example.net", "Example.org", "EXAMPLE.COM", "日本.example"),
			"result": text("accepted", "rejected", "deferred"),
			"remote": text("10.0.0.1:25", "192.0.2.7", "[2001:db8::1]:25", "-"),
			"text":   text("550 5.1.1 User unknown", "no such user", "Ok", "ſpam K"),
		}
		if rng.IntN(4) > 0 {
			row["code"] = IntOf([]int64{250, 450, 550, 550, 1<<63 - 1, -1 << 63, 0}[rng.IntN(7)])
		}
		if rng.IntN(4) > 0 {
			row["score"] = realOf([]float64{0.1, 0.2, 1e300, -1e300, 1e-300, 3, 0, 0.7}[rng.IntN(8)])
		}
		if rng.IntN(4) > 0 {
			v := TimeOf(at("2026-11-01T08:00:00Z").Time())
			v.num += int64(rng.IntN(50)) * int64(time.Hour) / 4
			v.digits = uint8(3 * rng.IntN(3))
			row["time"] = v
		}
		if rng.IntN(4) > 0 {
			row["delay"] = SpanOf(time.Duration(rng.IntN(10)) * time.Second)
		}
		rows = append(rows, row)
	}
	return rows
}

func mustParse(t testing.TB, src string) *Query {
	t.Helper()
	q, err := ParseQuery(src, testTables, &Options{Now: testNow})
	if err != nil {
		t.Fatalf("%s", err.(*Error).Show(false))
	}
	return q
}

// The order of rows does not matter, except to take.
func TestOrderOfRows(t *testing.T) {
	queries := []string{
		"recipients | summarize count(), sum(code), sum(score), avg(score), avg(code), min(score), max(to), dcount(time), make_set(time), make_list(score), percentile(score, 50) by domain",
		"recipients | summarize arg_max(code, to, time), arg_min(score, *) by result",
		"recipients | summarize take_any(to, domain), take_any(text), min(time), max(time), percentile(time, 30)",
		"recipients | summarize count() by time, delay",
		"recipients | sort by domain",
		"recipients | sort by domain desc, code asc nulls last | project domain, code, to | take 7",
		"recipients | top 5 by code | project to, text, time",
		"recipients | distinct domain, bin(time, 1h)",
		"recipients | project x = tolower(domain), code | sort by x | summarize make_list(code) by x",
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for _, src := range queries {
		q := mustParse(t, src)
		for range 20 {
			rows := randomRows(rng, 1+rng.IntN(60))
			want := runOver(t, q, rows)
			rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
			if d := cmp.Diff(want, runOver(t, q, rows)); d != "" {
				t.Fatalf("%s\n%s", src, d)
			}
		}
	}
}

// Queries that say the same in two ways have the same result.
func TestEquivalent(t *testing.T) {
	conditions := []string{
		"code >= 450", "code == 550", "domain has 'example'", "to contains 'A'", "isnull(code)", "score < 0.5",
		"text startswith 'no'", "result in ('accepted', 'deferred')", "domain =~ 'example.com'", "time > datetime(2026-11-01T12:00:00Z)",
		"in_cidr(remote, '10.0.0.0/8')", "code + 1 > 451", "delay between (1s .. 4s)", "not(code == 550)", "text matches regex 'u.*n'",
	}
	var pairs [][2]string
	for i, a := range conditions {
		b := conditions[(i+4)%len(conditions)]
		pairs = append(pairs,
			[2]string{fmt.Sprintf("where %s | where %s", a, b), fmt.Sprintf("where %s and %s", a, b)},
			[2]string{fmt.Sprintf("where %s and %s", a, b), fmt.Sprintf("where %s and %s", b, a)},
			[2]string{fmt.Sprintf("where not(%s or %s)", a, b), fmt.Sprintf("where not(%s) and not(%s)", a, b)},
			[2]string{fmt.Sprintf("where not(%s and %s)", a, b), fmt.Sprintf("where !(%s) or !(%s)", b, a)},
			[2]string{fmt.Sprintf("extend x = %s | where x | project-away x", a), "where " + a},
			[2]string{fmt.Sprintf("where %s | count", a), fmt.Sprintf("summarize count = countif(%s)", a)},
			[2]string{fmt.Sprintf("where iff(%s, true, false)", a), "where " + a},
		)
	}
	pairs = append(pairs,
		[2]string{"distinct domain, code", "summarize by domain, code"},
		[2]string{"sort by code, to | take 4", "top 4 by code, to"},
		[2]string{"where code !in (550, 250)", "where code != 550 and code != 250"},
		[2]string{"where domain in~ ('EXAMPLE.com', 'x')", "where domain =~ 'example.COM' or domain =~ 'X'"},
		[2]string{"where domain !contains 'EX'", "where not(domain contains 'ex')"},
		[2]string{"where domain has_cs 'example'", "where domain matches regex @'(^|[^\\pL\\pN])example($|[^\\pL\\pN])'"},
		[2]string{"where domain endswith '.ORG'", "where tolower(domain) endswith_cs '.org'"},
		[2]string{"where code between (250 .. 550)", "where code >= 250 and code <= 550"},
		[2]string{"where 450 < code", "where code > 450"},
		[2]string{"where code < 450.5", "where toreal(code) < 450.5"},
		[2]string{"summarize n = count() by b = bin(time, 1d)", "summarize n = count() by b = startofday(time)"},
		[2]string{"summarize dcount(domain)", "where isnotnull(domain) | distinct domain | summarize dcount_domain = count()"},
	)
	rng := rand.New(rand.NewPCG(3, 4))
	for _, p := range pairs {
		a, b := mustParse(t, "recipients | "+p[0]), mustParse(t, "recipients | "+p[1])
		for range 5 {
			rows := randomRows(rng, 60)
			if d := cmp.Diff(runOver(t, a, rows), runOver(t, b, rows)); d != "" {
				t.Errorf("%s\n%s\n%s", p[0], p[1], d)
				break
			}
		}
	}
}

// Aggregates against the definitions, computed with big numbers and all values
// at hand.
func TestAggregatesAgainstDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	q := mustParse(t, "recipients | summarize sum(code), sum(score), percentile(code, 37), dcount(code), countif(code > 0), avg(delay)")
	for range 50 {
		rows := randomRows(rng, 1+rng.IntN(40))
		whole, span := new(big.Int), new(big.Int)
		real := new(big.Float).SetPrec(4000)
		var codes []int64
		reals, spans, positive := 0, int64(0), 0
		different := map[int64]bool{}
		for _, row := range rows {
			c := row.(cells)
			if v := c["code"]; !v.IsNull() {
				whole.Add(whole, big.NewInt(v.Int()))
				codes = append(codes, v.Int())
				different[v.Int()] = true
				if v.Int() > 0 {
					positive++
				}
			}
			if v := c["score"]; !v.IsNull() {
				real.Add(real, big.NewFloat(v.Real()))
				reals++
			}
			if v := c["delay"]; !v.IsNull() {
				span.Add(span, big.NewInt(int64(v.Span())))
				spans++
			}
		}
		want := make([]Value, 6)
		if len(codes) > 0 {
			if whole.IsInt64() {
				want[0] = IntOf(whole.Int64())
			}
			slices.Sort(codes)
			// The first with at least 37 % at or below it.
			for i, c := range codes {
				if 100*(i+1) >= 37*len(codes) {
					want[2] = IntOf(c)
					break
				}
			}
		}
		if reals > 0 {
			f, _ := real.Float64()
			want[1] = realOf(f)
		}
		want[3], want[4] = IntOf(int64(len(different))), IntOf(int64(positive))
		if spans > 0 {
			want[5] = SpanOf(time.Duration(span.Quo(span, big.NewInt(spans)).Int64()))
		}
		if d := cmp.Diff([]string{rowText(want)}, runOver(t, q, rows)); d != "" {
			t.Fatal(d)
		}
	}
}

// Sums are rounded once, however large or small what is added.
func TestRealSum(t *testing.T) {
	q := mustParse(t, "recipients | summarize sum(score)")
	for _, tt := range []struct {
		add  []float64
		want float64
	}{
		{[]float64{1e16, 1, 1e-16}, 10000000000000002},
		{[]float64{1e16, 1}, 1e16},
		{[]float64{-1e16, -1, -1e-16}, -10000000000000002},
		{[]float64{1e308, 1e308, -1e308, 1}, 1e308},
		{[]float64{1e308, 1, -1e308, 5e-324}, 1},
		{[]float64{0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1}, 1},
		{[]float64{1.5, -1.5}, 0},
	} {
		var rows []any
		for _, x := range tt.add {
			rows = append(rows, cells{"score": RealOf(x)})
		}
		want := []string{rowText([]Value{RealOf(tt.want)})}
		for range 10 {
			if d := cmp.Diff(want, runOver(t, q, rows)); d != "" {
				t.Errorf("%v\n%s", tt.add, d)
			}
			rand.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		}
	}
	rows := []any{cells{"score": RealOf(1e308)}, cells{"score": RealOf(1e308)}}
	if got := runOver(t, q, rows); got[0] != "∅" {
		t.Errorf("a sum that is not finite: %v", got)
	}
}

// sort against a stable sort with the order of values.
func TestSortAgainstDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, column := range []string{"to", "code", "score", "time", "delay"} {
		for _, order := range []string{"asc", "desc", "asc nulls last", "desc nulls first"} {
			q := mustParse(t, "recipients | sort by "+column+" "+order+" | project "+column)
			rows := randomRows(rng, 80)
			var values []Value
			for _, row := range rows {
				values = append(values, row.(cells)[column])
			}
			desc := strings.HasPrefix(order, "desc")
			nullsFirst := order == "asc" || strings.HasSuffix(order, "first")
			compare := orderOf(q.Columns()[0].Type)
			slices.SortStableFunc(values, func(a, b Value) int {
				switch {
				case a.IsNull() && b.IsNull():
					return 0
				case a.IsNull() || b.IsNull():
					if a.IsNull() == nullsFirst {
						return -1
					}
					return 1
				case desc:
					return compare(b, a)
				}
				return compare(a, b)
			})
			var want []string
			for _, v := range values {
				v.digits = 9
				want = append(want, rowText([]Value{v}))
			}
			var got []string
			r := q.Run(func(row []Value) error {
				v := row[0]
				v.digits = 9
				got = append(got, rowText([]Value{v}))
				return nil
			})
			for _, row := range rows {
				r.Add(row)
			}
			r.Finish()
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s %s\n%s", column, order, d)
			}
		}
	}
}

// What is written as a key is read back, and sorts as the values do.
func TestKeys(t *testing.T) {
	lists := []Value{ListOf(nil), ListOf([]string{""}), ListOf([]string{"", ""}), ListOf([]string{"a"}), ListOf([]string{"a", "\x00"}), ListOf([]string{"a\x00"}), ListOf([]string{"b"})}
	texts := []Value{StringOf(""), StringOf("\x00"), StringOf("\x00\x00"), StringOf("\x00\x01"), StringOf("\x01"), StringOf("a"), StringOf("a\x00"), StringOf("a\x00b"), StringOf("aa"), StringOf("\xff"), StringOf("\xff\xff")}
	reals := []Value{RealOf(-1e308), RealOf(-1), RealOf(-1e-308), RealOf(0), RealOf(5e-324), RealOf(1), RealOf(2.5)}
	wholes := []Value{IntOf(-1 << 63), IntOf(-1), IntOf(0), IntOf(1), IntOf(256), IntOf(1<<63 - 1)}
	bools := []Value{BoolOf(false), BoolOf(true)}
	for _, ordered := range [][]Value{lists, texts, reals, wholes, bools} {
		ordered = append([]Value{Null}, ordered...)
		typ := ordered[1].Type()
		for i, v := range ordered {
			key := string(appendKey(nil, v, true))
			back, rest := readKey(key+"rest", typ, true)
			if rest != "rest" || rowText([]Value{back}) != rowText([]Value{v}) {
				t.Errorf("%v comes back as %v and %q", v, back, rest)
			}
			for j, w := range ordered {
				want := min(max(i-j, -1), 1)
				if got := strings.Compare(key, string(appendKey(nil, w, true))); got != want {
					t.Errorf("%v and %v compare as %d", v, w, got)
				}
				if i == 0 || j == 0 {
					continue
				}
				if got := strings.Compare(string(appendSortKey(nil, v, true, false)), string(appendSortKey(nil, w, true, false))); got != -want {
					t.Errorf("desc: %v and %v compare as %d", v, w, got)
				}
			}
		}
	}
	first, last := string(appendSortKey(nil, Null, true, true)), string(appendSortKey(nil, Null, true, false))
	for _, v := range append(texts, wholes...) {
		for _, desc := range []bool{true, false} {
			if key := string(appendSortKey(nil, v, desc, true)); key <= first || key >= last {
				t.Errorf("null is not beside %v", v)
			}
		}
	}
}

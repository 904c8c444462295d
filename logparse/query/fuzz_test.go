package query

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

var quotedPart = regexp.MustCompile("`[^`]*`")

// forbidden are words of the program and of the grammar, which no message may
// have.
var forbidden = regexp.MustCompile(`(?i)\b(token|lexer|parser|grammar|participle|EOF|nil|struct|interface|float64|int64|uint8|int|bool|string|slice|struct|pointer|runtime|panic|regexp|gOr|ast|Ident)\b|%!|query\.|<|\*`)

func checkError(t *testing.T, src string, err error) {
	t.Helper()
	e, ok := err.(*Error)
	if !ok {
		t.Fatalf("%q: %T %v", src, err, err)
	}
	if e.Src != src || e.Pos < 0 || e.Pos > e.End || e.End > len(src) || e.Msg == "" {
		t.Fatalf("%q: %q at %d:%d", src, e.Msg, e.Pos, e.End)
	}
	if strings.ContainsAny(e.Error(), "\n\r\x1b") || !utf8.ValidString(e.Error()) {
		t.Fatalf("%q: %q", src, e.Error())
	}
	if bad := forbidden.FindString(quotedPart.ReplaceAllString(e.Error(), "")); bad != "" {
		t.Fatalf("%q: %q says %q", src, e.Error(), bad)
	}
	shown := e.Show(true)
	if lines := strings.Count(shown, "\n"); lines > 4 || strings.Count(shown, "\x1b") > 4 || !utf8.ValidString(shown) {
		t.Fatalf("%q: %q", src, shown)
	}
}

func addSeeds(f *testing.F) {
	for _, src := range examples() {
		f.Add(src)
	}
	for _, m := range mistakes {
		f.Add(m.query)
	}
	f.Add("recipients | where " + strings.Repeat("(", 200))
	f.Add("recipients | where " + strings.Repeat("not ", 2000) + "true")
	f.Add("recipients | where " + strings.Repeat("-", 5000) + "1 == 1")
	f.Add("recipients | where code == 1" + strings.Repeat(" + 1", 5000))
	f.Add("recipients" + strings.Repeat(" | where true", 2000))
	f.Add("recipients | where to" + strings.Repeat("[0]", 2000) + " == ''")
	f.Add("recipients | where to" + strings.Repeat(".a", 2000) + " == ''")
}

// Any text is a query or an error that a person can use, and what is a query runs.
func FuzzParse(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, src string) {
		opt := &Options{Now: testNow, MaxRows: 100, MaxGroups: 100, MaxBytes: 1 << 20}
		c, err := ParseCondition(src, tableOf(t, "recipients"), opt)
		if err != nil {
			checkError(t, src, err)
		} else {
			for _, row := range testRows["recipients"] {
				c.Match(row)
			}
		}
		q, err := ParseQuery(src, testTables, opt)
		if err != nil {
			checkError(t, src, err)
			return
		}
		checkRun(t, src, q, testRows[q.Table().Name])
	})
}

// checkRun runs a query and checks that values have the types of their columns.
func checkRun(t *testing.T, src string, q *Query, rows []any) {
	t.Helper()
	columns := q.Columns()
	r := q.Run(func(row []Value) error {
		if len(row) != len(columns) {
			t.Fatalf("%s: %d values in %d columns", src, len(row), len(columns))
		}
		for i, v := range row {
			if !v.IsNull() && v.Type() != columns[i].Type {
				t.Fatalf("%s: %s in a column of %s", src, v.Type(), columns[i].Type)
			}
		}
		return nil
	})
	for _, row := range rows {
		more, err := r.Add(row)
		if err != nil {
			checkError(t, src, err)
		}
		if !more {
			break
		}
	}
	if err := r.Finish(); err != nil {
		checkError(t, src, err)
	}
}

// Queries made at random, over rows made at random, run.
func FuzzRun(f *testing.F) {
	for i := range 40 {
		f.Add(uint64(i), uint64(i*i))
	}
	f.Fuzz(func(t *testing.T, seed, of uint64) {
		rng := rand.New(rand.NewPCG(seed, of))
		g := &generator{rng: rng, columns: map[Type][]string{String: {"to", "domain", "text", "result", "remote"}, Int: {"code"}, Real: {"score"}, DateTime: {"time"}, TimeSpan: {"delay"}}}
		src := "recipients"
		for range 1 + rng.IntN(4) {
			src += " | " + g.step()
		}
		rows := randomRows(rng, rng.IntN(30))
		q, err := ParseQuery(src, testTables, &Options{Now: testNow, MaxRows: 25, MaxGroups: 20, MaxBytes: 20000})
		if err != nil {
			t.Fatalf("%s", err.(*Error).Show(false))
		}
		checkRun(t, src, q, rows)
		for _, name := range q.Needs() {
			if q.Table().Column(name) == nil {
				t.Fatalf("%s: needs %s", src, name)
			}
		}
		// What is not needed is not looked at.
		for _, row := range rows {
			for name := range row.(cells) {
				if !slices.Contains(q.Needs(), name) {
					delete(row.(cells), name)
				}
			}
		}
		checkRun(t, src, q, rows)
	})
}

// generator writes queries that are right by their types.
type generator struct {
	rng     *rand.Rand
	columns map[Type][]string
	n       int
}

func (g *generator) one(of ...string) string { return of[g.rng.IntN(len(of))] }

func (g *generator) some() Type {
	for {
		t := []Type{String, Int, Real, Bool, DateTime, TimeSpan, List}[g.rng.IntN(7)]
		if len(g.columns[t]) > 0 {
			return t
		}
	}
}

func (g *generator) column(t Type) string { return g.one(g.columns[t]...) }

// keep makes what a step computes the only columns there are.
func (g *generator) keep(made map[Type][]string) { g.columns = made }

func (g *generator) step() string {
	switch g.rng.IntN(7) {
	case 0, 1:
		return "where " + g.expr(Bool, 3)
	case 2:
		g.n++
		t := []Type{String, Int, Real, Bool, DateTime, TimeSpan, List}[g.rng.IntN(7)]
		name := fmt.Sprintf("x%d", g.n)
		step := "extend " + name + " = " + g.expr(t, 3)
		g.columns[t] = append(slices.Clone(g.columns[t]), name)
		return step
	case 3:
		return g.one("sort by ", "top 7 by ") + g.column(g.some()) + g.one("", " asc", " desc", " asc nulls last", " nulls first")
	case 4:
		return g.one("take ", "limit ") + g.one("0", "3", "20")
	case 5:
		made := map[Type][]string{}
		step := "summarize "
		for i := range 1 + g.rng.IntN(3) {
			g.n++
			name := fmt.Sprintf("a%d", g.n)
			agg, t := g.aggregate()
			if i > 0 {
				step += ", "
			}
			step += name + " = " + agg
			made[t] = append(made[t], name)
		}
		for i := range g.rng.IntN(3) {
			g.n++
			name := fmt.Sprintf("k%d", g.n)
			t := g.some()
			step += []string{" by ", ", "}[min(i, 1)] + name + " = " + g.expr(t, 1)
			made[t] = append(made[t], name)
		}
		g.keep(made)
		return step
	}
	made := map[Type][]string{}
	step := g.one("project ", "distinct ")
	for i := range 1 + g.rng.IntN(3) {
		g.n++
		name := fmt.Sprintf("p%d", g.n)
		t := g.some()
		if i > 0 {
			step += ", "
		}
		step += name + " = " + g.expr(t, 2)
		made[t] = append(made[t], name)
	}
	g.keep(made)
	return step
}

func (g *generator) aggregate() (string, Type) {
	t := g.some()
	x := g.expr(t, 1)
	switch g.rng.IntN(6) {
	case 0:
		return "countif(" + g.expr(Bool, 2) + ")", Int
	case 1:
		return "dcount(" + x + ")", Int
	case 2:
		return g.one("make_set(", "make_list(") + x + g.one(")", ", 3)"), List
	case 3:
		return "take_any(" + x + ")", t
	case 4:
		if t != List {
			return g.one("min(", "max(", "arg_max(", "arg_min(") + x + ")", t
		}
	case 5:
		switch t {
		case Int, Real, TimeSpan:
			return g.one("sum("+x, "sumif("+x+", "+g.expr(Bool, 1), "percentile("+x+", 90") + ")", t
		}
	}
	return "count()", Int
}

func (g *generator) expr(t Type, depth int) string {
	leaf := depth == 0 || g.rng.IntN(4) == 0
	if leaf && len(g.columns[t]) > 0 && g.rng.IntN(3) > 0 {
		return g.column(t)
	}
	d := max(depth-1, 0)
	if depth > 0 && g.rng.IntN(8) == 0 {
		return fmt.Sprintf("iff(%s, %s, %s)", g.expr(Bool, d), g.expr(t, d), g.expr(t, d))
	}
	switch t {
	case String:
		if leaf {
			return g.one(`"example"`, `""`, `"A@b.example"`, `"x\0y"`, `"10.0.0.1"`, `"550 5.7.1 É"`)
		}
		s := func() string { return g.expr(String, d) }
		return g.one("tolower("+s()+")", "strcat("+s()+", "+g.expr(g.some(), 0)+")", "substring("+s()+", "+g.expr(Int, d)+", "+g.expr(Int, d)+")",
			"domain("+s()+")", "ip("+s()+")", "tostring("+g.expr(g.some(), d)+")", "replace_string("+s()+", "+s()+", "+s()+")",
			"extract(@'(\\w)(x)?', 2, "+s()+")", "trim('x', "+s()+")", g.expr(List, d)+"["+g.expr(Int, 0)+"]", "coalesce("+s()+", "+s()+")")
	case Int:
		if leaf {
			return g.one("0", "1", "550", "9223372036854775807")
		}
		i := func() string { return g.expr(Int, d) }
		return g.one("("+i()+g.one(" + ", " - ", " * ", " / ", " % ")+i()+")", "-("+i()+")", "strlen("+g.expr(String, d)+")",
			"toint("+g.expr(g.one2(String, Real), d)+")", "bin("+i()+", 7)", "hourofday("+g.expr(DateTime, d)+")", "abs("+i()+")", "array_length("+g.expr(List, d)+")")
	case Real:
		if leaf {
			return g.one("0.0", "1.5", "1e300", "0.1")
		}
		r := func() string { return g.expr(Real, d) }
		return g.one("("+r()+g.one(" + ", " - ", " * ", " / ", " % ")+r()+")", "toreal("+g.expr(Int, d)+")", "bin("+r()+", 0.5)", "round("+r()+", 2)", "("+g.expr(TimeSpan, d)+" / "+g.expr(TimeSpan, d)+")")
	case DateTime:
		if leaf {
			return g.one("datetime(2026-11-01)", "now()", "ago(1d)")
		}
		return g.one("bin("+g.expr(DateTime, d)+", 1d)", "("+g.expr(DateTime, d)+" + "+g.expr(TimeSpan, d)+")", "startofmonth("+g.expr(DateTime, d)+")", "todatetime("+g.expr(DateTime, d)+")")
	case TimeSpan:
		if leaf {
			return g.one("1d", "0s", "5ms", "100000d")
		}
		return g.one("("+g.expr(DateTime, d)+" - "+g.expr(DateTime, d)+")", "("+g.expr(TimeSpan, d)+" * "+g.expr(g.one2(Int, Real), d)+")", "bin("+g.expr(TimeSpan, d)+", 1m)")
	case List:
		return "split(" + g.expr(String, d) + ", " + g.one("'.'", "''", "'@'") + ")"
	}
	if leaf {
		return g.one("true", "false", "isnull("+g.expr(g.some(), 0)+")")
	}
	b := func() string { return g.expr(Bool, d) }
	t2 := []Type{String, Int, Real, DateTime, TimeSpan}[g.rng.IntN(5)]
	return g.one("("+b()+g.one(" and ", " or ")+b()+")", "not("+b()+")",
		"("+g.expr(t2, d)+g.one(" == ", " != ", " < ", " >= ")+g.expr(t2, d)+")",
		"("+g.expr(g.one2(String, List), d)+g.one(" has ", " !contains ", " startswith_cs ", " endswith ", " =~ ", " has_cs ")+g.expr(String, d)+")",
		g.expr(t2, d)+g.one(" in ", " !in ")+"("+g.expr(t2, d)+", "+g.expr(t2, d)+")",
		g.expr(t2, d)+" between ("+g.expr(t2, d)+" .. "+g.expr(t2, d)+")",
		"in_cidr("+g.expr(String, d)+", '10.0.0.0/8')", g.expr(String, d)+" matches regex '^[a-z]+'", "isempty("+g.expr(g.some(), d)+")")
}

func (g *generator) one2(a, b Type) Type {
	if g.rng.IntN(2) == 0 {
		return a
	}
	return b
}

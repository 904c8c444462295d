package query

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// An accumulator takes the values of a group that are not null, in any order:
// what it makes of them does not depend on it.
type accumulator interface {
	add(v Value, r *Run)
	result(out []Value)
}

// An aggregate is a function of summarize.
type aggregate struct {
	function
	make func(c *call, s *spec)
}

// A spec is one use of an aggregate in a query.
type spec struct {
	columns []variable // of the result, in slots one after the other
	slot    int        // the first of them
	name    string     // what the first column is called if the query does not say
	fresh   func() accumulator
	when    testFunc // countif and the like; nil: always
	arg     evalFunc // nil: a row counts as it is
	beside  []*node  // arg_max and the like: what is returned
}

// feed gives a row to the accumulator of its group.
func (s *spec) feed(acc accumulator, row any, slots []Value, r *Run) {
	if s.when != nil && s.when(row, slots) != yes {
		return
	}
	v := BoolOf(true)
	if s.arg != nil {
		if v = s.arg(row, slots); v.kind == 0 {
			return
		}
	}
	if s.beside == nil {
		acc.add(v, r)
		return
	}
	r.beside = r.beside[:0]
	for _, n := range s.beside {
		r.beside = appendKey(r.beside, n.eval(row, slots), true)
	}
	acc.add(v, r)
}

func one(typ Type) []variable { return []variable{{cell: &cell{typ: typ}}} }

// aggregates are all of them by name.
var aggregates = map[string]*aggregate{
	"count":      {make: makeCount},
	"countif":    {function{params: []Type{Bool}}, makeCount},
	"dcount":     {function{params: []Type{anything}}, makeDistinct},
	"dcountif":   {function{params: []Type{anything, Bool}}, makeDistinct},
	"sum":        {function{params: []Type{anything}}, makeSum},
	"sumif":      {function{params: []Type{anything, Bool}}, makeSum},
	"avg":        {function{params: []Type{anything}}, makeSum},
	"avgif":      {function{params: []Type{anything, Bool}}, makeSum},
	"min":        {function{params: []Type{anything}}, makeExtreme},
	"max":        {function{params: []Type{anything}}, makeExtreme},
	"percentile": {function{params: []Type{anything, Real}}, makePercentile},
	"make_set":   {function{params: []Type{anything, Int}, optional: 1}, makeCollection},
	"make_list":  {function{params: []Type{anything, Int}, optional: 1}, makeCollection},
	"arg_max":    {function{params: []Type{anything}, more: true}, makeArg},
	"arg_min":    {function{params: []Type{anything}, more: true}, makeArg},
	"take_any":   {function{params: []Type{anything}, more: true}, makeArg},
}

var aggregateNames = slices.Sorted(maps.Keys(aggregates))

// grouping is what is known while the columns of summarize are compiled.
type grouping struct {
	by    []*node
	out   *segment
	specs []*spec
}

// outside tells about a column that is neither aggregated nor a key.
func (g *grouping) outside(c *checker, a *ast) {
	name := strings.Join(a.parts, ".")
	if c.scope.find(strings.Join(a.parts, "_")) == nil {
		return // which is the mistake to tell
	}
	for _, by := range g.by {
		if by.name == strings.Join(a.parts, "_") {
			c.failAt(a, quoted(name)+" is a column of the result already, through `by`", "leave it out before `by`")
		}
	}
	c.failAt(a, quoted(name)+" has many values in a group", "write it after `by`, or choose one with "+quoted("take_any("+name+")")+" or "+quoted("max("+name+")"))
}

// aggregate compiles one use of an aggregate; its node reads the first column.
func (g *grouping) aggregate(c *checker, a *ast, name string, agg *aggregate) *node {
	if strings.HasPrefix(name, "count") && len(a.args) == 1 && a.args[0].kind == astStar {
		c.failAt(a.args[0], "`count` takes no `*`", "write `count()`")
	}
	call := &call{src: c.src, name: name, pos: a.pos, end: a.end, now: c.now, loc: c.loc}
	c.group = nil
	c.within = name
	for i, arg := range a.args {
		if arg.kind == astStar && i > 0 && agg.more {
			call.args = append(call.args, c.allBut(call.args[0], g.by)...)
			continue
		}
		call.args = append(call.args, c.expr(arg))
	}
	c.group, c.within = g, ""
	if len(agg.params) == 0 && len(call.args) > 0 {
		c.fail(a.args[0].pos, a.args[len(a.args)-1].end, "`count()` counts rows and takes no arguments", "values that are there count with "+quoted("countif(isnotnull("+c.src[a.args[0].pos:a.args[0].end]+"))")+", different ones with "+quoted("dcount("+c.src[a.args[0].pos:a.args[0].end]+")"))
	}
	c.checkArgs(&agg.function, call, a.pos+len(a.op))
	s := &spec{}
	agg.make(call, s)
	if s.name == "" {
		s.name = name + "_"
		if len(call.args) > 0 && name != "countif" {
			s.name = columnName(name + "_" + call.args[0].name)
		}
	}
	s.slot = g.out.slots
	for i := range s.columns {
		s.columns[i].cell.in, s.columns[i].cell.slot = g.out, g.out.add()
	}
	g.specs = append(g.specs, s)
	n := s.columns[0].cell.read()
	n.name = s.name
	return n
}

// allBut returns all columns but the one named first and the keys of the groups.
func (c *checker) allBut(first *node, by []*node) []*node {
	var nodes []*node
	for _, v := range c.scope.vars {
		taken := v.name == first.name
		for _, b := range by {
			taken = taken || v.name == b.name
		}
		if taken {
			continue
		}
		n := v.cell.read()
		n.name, n.pos, n.end = v.name, first.pos, first.end
		nodes = append(nodes, n)
	}
	return nodes
}

func makeCount(c *call, s *spec) {
	s.columns = one(Int)
	if len(c.args) == 1 {
		s.when = c.args[0].condition()
	}
	s.fresh = func() accumulator { return new(counter) }
}

// condition takes the second argument of sumif and the like.
func (s *spec) condition(c *call) {
	if strings.HasSuffix(c.name, "if") {
		s.when = c.args[1].condition()
	}
}

func makeDistinct(c *call, s *spec) {
	s.columns = one(Int)
	s.condition(c)
	s.arg = c.args[0].eval
	s.fresh = func() accumulator { return new(distinctCounter) }
}

func makeSum(c *call, s *spec) {
	x := c.args[0]
	s.condition(c)
	s.arg = x.eval
	avg := strings.HasPrefix(c.name, "avg")
	switch x.typ {
	case Int:
		s.columns = one(Int)
		if avg {
			s.columns = one(Real)
		}
		s.fresh = func() accumulator { return &wholeSum{kind: Int, avg: avg} }
	case TimeSpan:
		s.columns = one(TimeSpan)
		s.fresh = func() accumulator { return &wholeSum{kind: TimeSpan, avg: avg} }
	case Real:
		s.columns = one(Real)
		s.fresh = func() accumulator { return &realSum{avg: avg} }
	case Bool:
		c.fail(x, "`"+c.name+"` adds numbers, and "+c.text(x)+" is true or false", "write "+quoted("countif("+c.src[x.pos:x.end]+")"))
	default:
		c.fail(x, "`"+c.name+"` adds numbers, and "+c.text(x)+" is "+x.typ.a(), "")
	}
}

func makeExtreme(c *call, s *spec) {
	x := c.args[0]
	if x.typ == List || x.typ == Object {
		c.fail(x, c.text(x)+" is "+x.typ.a()+" and has no order", "")
	}
	s.columns = one(x.typ)
	s.arg = x.eval
	sign := 1
	if c.name == "min" {
		sign = -1
	}
	order := orderOf(x.typ)
	s.fresh = func() accumulator { return &extreme{order: order, sign: sign} }
}

func makePercentile(c *call, s *spec) {
	x, p := c.args[0], c.args[1]
	if !numeric(x.typ) && x.typ != TimeSpan && x.typ != DateTime {
		c.fail(x, "`percentile` ranks numbers, times and time spans, and "+c.text(x)+" is "+x.typ.a(), "")
	}
	if !p.constant || p.val.kind == 0 || p.val.Real() < 0 || p.val.Real() > 100 {
		c.fail(p, "a percentile is a number from 0 to 100", "write `percentile(duration_ms, 95)`")
	}
	s.columns = one(x.typ)
	s.arg = x.eval
	s.name = columnName("percentile_" + x.name + "_" + string(p.val.Append(nil)))
	typ, rank := x.typ, p.val.Real()
	s.fresh = func() accumulator { return &ranking{typ: typ, rank: rank} }
}

func makeCollection(c *call, s *spec) {
	x := c.args[0]
	limit := int64(-1)
	if len(c.args) == 2 {
		n := c.args[1]
		if !n.constant || n.val.kind == 0 || n.val.num < 1 {
			c.fail(n, "how many elements to keep is a number above zero", "")
		}
		limit = n.val.num
	}
	s.columns = one(List)
	s.arg = x.eval
	s.name = columnName(strings.TrimPrefix(c.name, "make_") + "_" + x.name)
	if typ := x.typ; c.name == "make_set" {
		s.fresh = func() accumulator { return &setCollector{typ: typ, limit: limit} }
	} else {
		s.fresh = func() accumulator { return &listCollector{typ: typ, limit: limit} }
	}
}

// makeArg: arg_max, arg_min and take_any return values that stand in one row.
func makeArg(c *call, s *spec) {
	sign := map[string]int{"arg_max": 1, "arg_min": -1}[c.name]
	if x := c.args[0]; sign != 0 && (x.typ == List || x.typ == Object) {
		c.fail(x, c.text(x)+" is "+x.typ.a()+" and has no order", "")
	}
	if sign != 0 || len(c.args) == 1 {
		s.arg = c.args[0].eval // a row without it does not count
	}
	s.beside = c.args
	for i, n := range c.args {
		name := n.name
		if name == "" {
			name = "column" + strconv.Itoa(i+1)
		}
		s.columns = append(s.columns, variable{name: name, cell: &cell{typ: n.typ}})
	}
	s.name = s.columns[0].name
	columns := s.columns
	s.fresh = func() accumulator { return &chosenRow{columns: columns, sign: sign} }
}

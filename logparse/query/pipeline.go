package query

import (
	"slices"
	"strconv"
)

// A sink takes the rows that a step lets through.
type sink interface {
	// push takes a row; false: no more are wanted.
	push(row any, slots []Value) bool
	// finish passes on what was held.
	finish()
}

// A stage makes the sink of a step for a run.
type stage func(r *Run, next sink) sink

// A pipeline compiles the steps of a query one after the other.
type pipeline struct {
	*checker
	q       *Query
	segment *segment // of the rows that the next step takes
}

func (q *Query) compile(steps []*step) {
	c := &checker{src: q.src, now: q.opt.Now, loc: q.opt.Location, scope: tableScope(q.table)}
	p := &pipeline{checker: c, q: q, segment: &segment{}}
	q.first = p.segment
	table := c.scope
	p.leading(steps)
	for i, s := range steps {
		if s.render != nil && i < len(steps)-1 {
			p.fail(steps[i+1].pos, steps[i+1].end, "nothing can follow `render`", "put `render` at the end")
		}
		p.step(s)
	}
	if len(p.scope.vars) == 0 {
		last := steps[len(steps)-1]
		p.fail(last.pos, last.end, "no column is left", "")
	}
	for _, v := range p.scope.vars {
		q.last = append(q.last, v.cell.read())
		q.columns = append(q.columns, ResultColumn{v.name, v.cell.typ, v.doc})
	}
	q.needs = usedColumns(table)
}

// leading joins the conditions that stand first.
func (p *pipeline) leading(steps []*step) {
	var conditions []*ast
	for _, s := range steps {
		if s.where == nil {
			break
		}
		conditions = append(conditions, s.where)
	}
	if len(conditions) > 0 {
		p.q.leading = compileCondition(p.src, chain("and", conditions), p.q.table, p.q.opt)
	}
}

func (p *pipeline) add(s stage) { p.q.stages = append(p.q.stages, s) }

func (p *pipeline) step(s *step) {
	switch s.name {
	case "where":
		test := p.condition(s.where).condition()
		p.add(func(_ *Run, next sink) sink { return &filter{test, next} })
	case "extend":
		p.extend(s)
	case "project":
		p.project(s)
	case "project-away":
		p.projectAway(s)
	case "take":
		n := s.n
		p.add(func(_ *Run, next sink) sink { return &limiter{n, next} })
	case "sort":
		p.sort(s, -1)
	case "top":
		p.sort(s, s.n)
	case "summarize":
		p.summarize(s)
	case "count":
		p.count(s)
	case "distinct":
		p.distinct(s)
	case "render":
		p.render(s)
	}
}

// compute returns the variable for an item: the cell of a column, or a new slot.
func (p *pipeline) compute(it *item) variable {
	if it.expr.kind == astName {
		// Not read, and so not needed, before something reads it.
		if v := p.variableOf(it.expr); v != nil {
			return *v
		}
	}
	n := p.expr(it.expr)
	c := &cell{typ: n.typ, in: p.segment, slot: p.segment.add()}
	slot, eval := c.slot, n.eval
	p.add(func(_ *Run, next sink) sink { return &computer{slot, eval, next} })
	return variable{n.name, "", c}
}

func (c *checker) variableOf(a *ast) *variable {
	name := a.parts[0]
	for _, part := range a.parts[1:] {
		name += "_" + part
	}
	return c.scope.find(name)
}

// defaultName names a column for which neither the query nor its expression has
// a name.
func defaultName(name string, s *scope) string {
	if name == "" {
		for i := 1; ; i++ {
			if name = "column" + strconv.Itoa(i); !s.has(name) {
				return name
			}
		}
	}
	if !s.has(name) {
		return name
	}
	for i := 1; ; i++ {
		if next := name + "_" + strconv.Itoa(i); !s.has(next) {
			return next
		}
	}
}

// named gives a variable its name in a scope that it is to be added to.
func (p *pipeline) named(v variable, it *item, s *scope) variable {
	if it.alias == "" && it.expr.kind != astName {
		v.name = defaultName(v.name, s)
		return v
	}
	if it.alias != "" {
		if v.name != it.alias && v.cell.column == nil {
			v.doc = ""
		}
		v.name = it.alias
	}
	if s.has(v.name) {
		p.fail(it.pos, it.end, "two columns would be called "+quoted(v.name), "give one another name: "+quoted("name = "+p.src[it.expr.pos:it.expr.end]))
	}
	return v
}

func (p *pipeline) extend(s *step) {
	next := p.scope.clone()
	p.beside = s.items
	for _, it := range s.items {
		v := p.compute(it)
		if it.alias != "" {
			v.name = it.alias
		} else if it.expr.kind != astName {
			v.name = defaultName(v.name, next)
		}
		// KQL: all items see the columns as they were before.
		next.set(v)
	}
	p.scope, p.beside = next, nil
}

func (p *pipeline) project(s *step) {
	next := &scope{}
	p.beside = s.items
	for _, it := range s.items {
		next.vars = append(next.vars, p.named(p.compute(it), it, next))
	}
	p.scope, p.beside = next, nil
}

func (p *pipeline) projectAway(s *step) {
	next := p.scope.clone()
	for _, n := range s.names {
		v := next.find(n.text)
		if v == nil {
			p.unknownName(&ast{kind: astName, parts: []string{n.text}, pos: n.pos, end: n.end}, n.text)
		}
		next.vars = slices.DeleteFunc(next.vars, func(o variable) bool { return o.name == v.name })
	}
	p.scope = next
}

// hold begins a new segment: rows are held here, and what is found in them later
// is filled from the cells of now.
func (p *pipeline) hold() (held []*cell) {
	p.segment = &segment{}
	made := map[*cell]*cell{}
	next := p.scope.clone()
	for i, v := range next.vars {
		c := made[v.cell]
		if c == nil {
			c = &cell{typ: v.cell.typ, in: p.segment, slot: -1, from: v.cell}
			made[v.cell] = c
			held = append(held, c)
		}
		next.vars[i].cell = c
	}
	p.scope = next
	return held
}

func (p *pipeline) sort(s *step, limit int64) {
	var keys []sortKey
	for _, k := range s.keys {
		n := p.expr(k.expr)
		if n.typ == Object {
			p.fail(n.pos, n.end, p.text(n.pos, n.end)+" is "+n.typ.a()+" and has no order", "")
		}
		keys = append(keys, sortKey{n.eval, k.desc, k.nullsFirst})
	}
	held := p.hold()
	segment := p.segment
	p.add(func(r *Run, next sink) sink {
		return &sorter{run: r, step: s, limit: limit, keys: keys, held: heldColumns(held), slots: segment.slots, next: next}
	})
}

// heldColumns returns what is asked for of cells that a step may hold.
func heldColumns(held []*cell) []heldColumn {
	var columns []heldColumn
	for _, c := range held {
		if c.slot >= 0 {
			columns = append(columns, heldColumn{c.from.reader().eval, c.slot, c.typ})
		}
	}
	return columns
}

func (p *pipeline) count(s *step) {
	out := &segment{}
	c := &cell{typ: Int, in: out, slot: out.add()}
	p.scope = &scope{vars: []variable{{"count", "", c}}}
	p.segment = out
	count := &spec{columns: []variable{{"count", "", c}}, fresh: func() accumulator { return new(counter) }}
	p.add(func(r *Run, next sink) sink {
		return &grouper{run: r, step: s, specs: []*spec{count}, slots: out.slots, next: next, limit: 1}
	})
}

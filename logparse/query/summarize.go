package query

import "strings"

// summarize compiles groups and what is counted in them.
func (p *pipeline) summarize(s *step) {
	if len(s.items) == 0 && len(s.by) == 0 {
		p.fail(s.pos, s.end, "`summarize` has nothing to do", "write `summarize count() by domain`")
	}
	out := &segment{}
	next := &scope{}
	keys := p.keys(s.by, out, next)
	g := &grouping{out: out}
	for i, it := range s.by {
		g.by = append(g.by, &node{name: next.vars[i].name, pos: it.pos, end: it.end})
	}

	var after []stage // what is computed of aggregates
	p.group, p.beside = g, s.items
	for _, it := range s.items {
		specs := len(g.specs)
		n := p.expr(it.expr)
		if len(g.specs) == specs {
			p.fail(it.expr.pos, it.expr.end, p.text(it.expr.pos, it.expr.end)+" is the same for all groups", "`summarize` takes aggregates such as `count()`, `sum(…)` or `max(…)`")
		}
		last := g.specs[len(g.specs)-1]
		if it.expr.kind == astCall && aggregates[strings.ToLower(it.expr.op)] != nil {
			p.addAggregate(it, last, next)
			continue
		}
		for _, used := range g.specs[specs:] {
			if len(used.columns) > 1 {
				p.fail(it.expr.pos, it.expr.end, "an aggregate that returns several columns stands for itself", "compute with its columns in `| extend` afterwards")
			}
		}
		c := &cell{typ: n.typ, in: out, slot: out.add()}
		slot, eval := c.slot, n.eval
		after = append(after, func(_ *Run, next sink) sink { return &computer{slot, eval, next} })
		next.vars = append(next.vars, p.named(variable{"", "", c}, it, next))
	}
	p.group, p.beside = nil, nil
	specs := g.specs
	limit := p.q.opt.MaxGroups
	p.add(func(r *Run, next sink) sink {
		return &grouper{run: r, step: s, keys: keys, specs: specs, slots: out.slots, next: next, limit: limit}
	})
	p.q.stages = append(p.q.stages, after...)
	p.scope, p.segment = next, out
}

// addAggregate adds the columns of an aggregate that stands for itself.
func (p *pipeline) addAggregate(it *item, s *spec, next *scope) {
	for i, v := range s.columns {
		if i > 0 {
			v.name = defaultName(v.name, next)
			next.vars = append(next.vars, v)
			continue
		}
		v.name = s.name
		next.vars = append(next.vars, p.named(v, it, next))
	}
}

// keys compiles what rows are grouped by.
func (p *pipeline) keys(items []*item, out *segment, next *scope) []groupKey {
	var keys []groupKey
	for _, it := range items {
		n := p.expr(it.expr)
		c := &cell{typ: n.typ, in: out, slot: out.add()}
		v := variable{n.name, "", c}
		if it.expr.kind == astName {
			if known := p.variableOf(it.expr); known != nil {
				v.doc = known.doc
			}
		}
		next.vars = append(next.vars, p.named(v, it, next))
		keys = append(keys, groupKey{n.eval, n.typ})
	}
	return keys
}

// distinct is summarize without aggregates.
func (p *pipeline) distinct(s *step) {
	items := s.items
	if items == nil {
		for _, v := range p.scope.vars {
			items = append(items, &item{expr: &ast{kind: astName, parts: []string{v.name}, pos: s.pos, end: s.end}, pos: s.pos, end: s.end})
		}
	}
	out := &segment{}
	next := &scope{}
	keys := p.keys(items, out, next)
	limit := p.q.opt.MaxRows
	p.add(func(r *Run, next sink) sink {
		return &grouper{run: r, step: s, keys: keys, slots: out.slots, next: next, limit: limit}
	})
	p.scope, p.segment = next, out
}

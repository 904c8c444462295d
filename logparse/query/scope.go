package query

import "strings"

// A segment is a part of the pipeline through which rows pass without being
// held: its steps keep what they compute in slots.
type segment struct{ slots int }

func (g *segment) add() int {
	g.slots++
	return g.slots - 1
}

// A cell is where a value is found: a column of the table, or a slot. Several
// variables may refer to one cell.
type cell struct {
	typ    Type
	column *Column  // of the table, or
	in     *segment // a slot of this segment,
	slot   int      // -1 as long as nobody asks for it
	from   *cell    // which is filled from this cell, if not nil
	used   bool     // of a column
}

// use marks the cell as needed, and those that it is filled from.
func (c *cell) use() {
	switch {
	case c.column != nil:
		c.used = true
	case c.slot < 0:
		c.slot = c.in.add()
		c.from.use()
	}
}

// read returns the node that reads the cell, which is needed then.
func (c *cell) read() *node {
	c.use()
	return c.reader()
}

func (c *cell) reader() *node {
	if c.column != nil {
		get := c.column.Get
		return &node{typ: c.typ, get: get, column: c.column, eval: func(row any, _ []Value) Value { return get(row) }}
	}
	slot := c.slot
	return &node{typ: c.typ, eval: func(_ any, s []Value) Value { return s[slot] }}
}

// A variable is a name that expressions may use at some point of the pipeline.
type variable struct {
	name string
	doc  string
	cell *cell
}

// A scope is what there is at some point of the pipeline, in order.
type scope struct {
	table string // its name, as long as the columns are its own
	vars  []variable
}

func tableScope(t *Table) *scope {
	s := &scope{table: t.Name}
	for i := range t.Columns {
		c := &t.Columns[i]
		s.vars = append(s.vars, variable{c.Name, c.Doc, &cell{typ: c.Type, column: c}})
	}
	return s
}

// find returns the variable with a name; its case matters only where two differ
// in nothing else.
func (s *scope) find(name string) *variable {
	var found *variable
	for i := range s.vars {
		v := &s.vars[i]
		if v.name == name {
			return v
		}
		if strings.EqualFold(v.name, name) && found == nil {
			found = v
		}
	}
	return found
}

func (s *scope) has(name string) bool {
	for _, v := range s.vars {
		if v.name == name {
			return true
		}
	}
	return false
}

// set adds a variable, in place of the one with its name if there is one.
func (s *scope) set(v variable) {
	for i := range s.vars {
		if s.vars[i].name == v.name {
			s.vars[i] = v
			return
		}
	}
	s.vars = append(s.vars, v)
}

func (s *scope) names() []string {
	var names []string
	for _, v := range s.vars {
		names = append(names, v.name)
	}
	return names
}

func (s *scope) clone() *scope {
	return &scope{s.table, append([]variable(nil), s.vars...)}
}

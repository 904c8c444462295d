package query

import (
	"strings"
	"time"
)

// Options are what a query cannot know. The zero value means the defaults.
type Options struct {
	Now      time.Time      // what now() and ago() go by; zero: the time of parsing
	Location *time.Location // of dates without a zone, of days and hours; nil: UTC

	MaxGroups int   // groups that summarize may make; 0: 1,000,000
	MaxRows   int   // rows that sort, top and distinct may hold; 0: 1,000,000
	MaxBytes  int64 // what all that is held may take, about; 0: 512 MiB
}

// The defaults of Options.
const (
	defaultGroups = 1_000_000
	defaultRows   = 1_000_000
	defaultBytes  = 512 << 20
)

func (o *Options) withDefaults() Options {
	var v Options
	if o != nil {
		v = *o
	}
	if v.Now.IsZero() {
		v.Now = time.Now()
	}
	if v.Location == nil {
		v.Location = time.UTC
	}
	if v.MaxGroups <= 0 {
		v.MaxGroups = defaultGroups
	}
	if v.MaxRows <= 0 {
		v.MaxRows = defaultRows
	}
	if v.MaxBytes <= 0 {
		v.MaxBytes = defaultBytes
	}
	return v
}

// A Condition is a boolean expression over the columns of a table. It may be used
// by several goroutines at once.
type Condition struct {
	test    testFunc
	columns []string
}

// ParseCondition compiles a condition on the rows of a table. An error is an
// *Error.
func ParseCondition(src string, t *Table, opt *Options) (c *Condition, err error) {
	o := opt.withDefaults()
	tokens, bad := scan(src)
	if bad != nil {
		return nil, bad
	}
	tree, bad := parse(src, tokens, conditionGrammar(), false)
	if bad != nil {
		return nil, bad
	}
	defer raised(&err)
	l := newLowerer(src, tokens, o.Location)
	return compileCondition(src, l.or(tree.Expr), t, o), nil
}

// raised returns an *Error that was raised as a panic.
func raised(err *error) {
	switch e := recover().(type) {
	case nil:
	case *Error:
		*err = e
	default:
		panic(e)
	}
}

func compileCondition(src string, a *ast, t *Table, o Options) *Condition {
	c := &checker{src: src, now: o.Now, loc: o.Location, scope: tableScope(t)}
	test := c.condition(a).condition()
	return &Condition{test: test, columns: usedColumns(c.scope)}
}

// usedColumns returns the columns of a table that were used, in its order.
func usedColumns(s *scope) []string {
	names := []string{}
	for _, v := range s.vars {
		if v.cell.used {
			names = append(names, v.name)
		}
	}
	return names
}

// Match reports whether the condition is true of a row. A condition that is null
// is not.
func (c *Condition) Match(row any) bool { return c.test(row, nil) == yes }

// Columns returns the columns that the condition needs.
func (c *Condition) Columns() []string { return c.columns }

// A Query is a pipeline over the rows of one table.
type Query struct {
	src     string
	opt     Options
	table   *Table
	needs   []string
	columns []ResultColumn
	render  *Render
	leading *Condition

	stages []stage
	first  *segment
	last   []*node // the values of the result
}

// A ResultColumn is a column of what a query returns.
type ResultColumn struct {
	Name string
	Type Type
	Doc  string // empty for what the query computes
}

// ParseQuery compiles a query over one of the tables. An error is an *Error.
func ParseQuery(src string, tables []Table, opt *Options) (q *Query, err error) {
	o := opt.withDefaults()
	tokens, bad := scan(src)
	if bad != nil {
		return nil, bad
	}
	tree, bad := parse(src, tokens, queryGrammar(), true)
	if bad != nil {
		return nil, bad
	}
	defer raised(&err)
	t := findTable(src, nameOf(tree.Table), tokens[0], tables)
	l := newLowerer(src, tokens, o.Location)
	var steps []*step
	for _, s := range tree.Steps {
		steps = append(steps, l.step(s))
	}
	made := &Query{src: src, opt: o, table: t}
	made.compile(steps)
	return made, nil
}

func findTable(src, name string, at token, tables []Table) *Table {
	var names []string
	for i := range tables {
		if strings.EqualFold(tables[i].Name, name) {
			return &tables[i]
		}
		names = append(names, tables[i].Name)
	}
	hint := "tables: " + strings.Join(names, ", ")
	if near := nearest(name, names); len(near) > 0 {
		hint = suggest(name, names, "") + " " + hint
	}
	panic(errorAt(src, at.pos, at.end, "no table "+quoted(name), hint))
}

// Table returns the table that the query reads.
func (q *Query) Table() *Table { return q.table }

// Needs returns the columns of the table that the query needs.
func (q *Query) Needs() []string { return q.needs }

// Columns returns the columns of the result.
func (q *Query) Columns() []ResultColumn { return q.columns }

// Render returns the chart that the query asks for, nil if it asks for none.
func (q *Query) Render() *Render { return q.render }

// Leading returns the condition that the query puts on rows of the table before
// it does anything else with them, nil if there is none. Rows of which it is not
// true need not be added to a Run.
func (q *Query) Leading() *Condition { return q.leading }

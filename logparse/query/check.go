package query

import (
	"regexp"
	"strings"
	"time"
)

// A checker makes nodes of a tree: it resolves names in a scope, checks types
// and compiles to closures on the way. What is wrong it raises as a panic with an
// *Error, which ParseQuery and ParseCondition return.
type checker struct {
	src   string
	now   time.Time
	loc   *time.Location
	scope *scope
	group *grouping // while the columns of summarize are compiled
	// within is the aggregate whose arguments are compiled.
	within string
	beside []*item // what the operator makes that is compiled
}

func (c *checker) fail(pos, end int, msg, hint string) { panic(errorAt(c.src, pos, end, msg, hint)) }

func (c *checker) failAt(a *ast, msg, hint string) { c.fail(a.pos, a.end, msg, hint) }

// text returns the piece of the query that a stands for, for a message.
func (c *checker) text(pos, end int) string { return quoted(c.src[pos:end]) }

// expr compiles an expression.
func (c *checker) expr(a *ast) *node {
	n := c.node(a)
	n.pos, n.end = a.pos, a.end
	return n
}

func (c *checker) node(a *ast) *node {
	switch a.kind {
	case astLiteral:
		return constantOf(a.val.kind, a.val)
	case astName:
		return c.name(a)
	case astCall:
		return c.call(a)
	case astSet:
		return c.set(a)
	case astIndex:
		return c.index(a)
	case astStar:
		c.failAt(a, "`*` has no meaning here", "`count()` counts rows")
	}
	switch a.op {
	case "and", "or":
		return c.junction(a)
	case "not":
		return c.not(a)
	case "+", "-", "*", "/", "%":
		if len(a.args) == 1 {
			return c.negative(a)
		}
		return c.arithmetic(a)
	case "==", "!=", "<", "<=", ">", ">=":
		return c.comparison(a)
	}
	return c.textOperator(a)
}

// condition compiles an expression that must be true or false.
func (c *checker) condition(a *ast) *node {
	n := c.expr(a)
	c.mustBeCondition(n)
	return n
}

func (c *checker) mustBeCondition(n *node) {
	if n.typ == Bool {
		return
	}
	hint := "compare it with something: " + c.text(n.pos, n.end) + " == …"
	if n.typ == List {
		hint = "ask for an element: " + c.text(n.pos, n.end) + " has …"
	}
	c.fail(n.pos, n.end, "a condition is expected here, but "+c.text(n.pos, n.end)+" is "+n.typ.a(), hint)
}

// name resolves a column, and the members of an Object.
func (c *checker) name(a *ast) *node {
	if c.group != nil {
		c.group.outside(c, a)
	}
	whole := strings.Join(a.parts, "_")
	if v := c.scope.find(whole); v != nil {
		n := v.cell.read()
		n.name = v.name
		return n
	}
	const mostParts = 8 // of the name of a column
	for i := min(len(a.parts)-1, mostParts); i > 0; i-- {
		v := c.scope.find(strings.Join(a.parts[:i], "_"))
		if v == nil || v.cell.typ != Object {
			continue
		}
		n := v.cell.read()
		n.name = v.name
		return c.field(n, strings.Join(a.parts[i:], "."))
	}
	c.unknownName(a, strings.Join(a.parts, "."))
	return nil
}

// textIsDue finds what text usually follows, at the end.
var textIsDue = regexp.MustCompile(`(?i)(?:[=!][=~]|\b(?:has|contains|startswith|endswith)(?:_cs)?) *$`)

func (c *checker) unknownName(a *ast, name string) {
	where := ""
	what := "columns here"
	if c.scope.table != "" {
		where = " in `" + c.scope.table + "`"
		what = "its columns"
	}
	msg := "no column " + quoted(name) + where
	if len(c.scope.vars) == 0 {
		c.failAt(a, "no column can be named here", "")
	}
	for _, it := range c.beside {
		if it.alias == name {
			c.failAt(a, quoted(name)+" is made by the same operator, which does not see it", "compute with it in `| extend …` afterwards")
		}
	}
	hint := ""
	switch strings.ToLower(name) {
	case "null", "nil", "none":
		c.failAt(a, quoted(name)+" is no value", "write `isnull(…)` or `isnotnull(…)`")
	case "yes", "no":
		hint = "write `true` or `false`"
	}
	if a.pos > 0 && c.src[a.pos-1] == '-' {
		hint = "a name with `-` in it is written `fields[\"cs-method\"]`"
	}
	if hint == "" && c.group != nil && len(nearest(name, c.scope.names())) == 0 && aggregates[strings.ToLower(name)] != nil {
		hint = "write " + quoted(name+"()")
	}
	if hint == "" {
		hint = suggest(name, c.scope.names(), what)
		if !strings.HasPrefix(hint, "did") && textIsDue.MatchString(c.src[:a.pos]) {
			// Windows takes double quotation marks off what programs are given.
			hint = "text stands in quotation marks; if it did, the shell took them: write " + quoted("'"+name+"'")
		}
	}
	c.failAt(a, msg, hint)
}

// field reads a named string of an Object.
func (c *checker) field(object *node, name string) *node {
	eval := object.eval
	return &node{typ: String, name: columnName(object.name + "_" + name), eval: func(row any, s []Value) Value {
		v := eval(row, s)
		if v.kind == 0 || v.object == nil {
			return Null
		}
		text, ok := v.object.Field(name)
		if !ok {
			return Null
		}
		return StringOf(text)
	}}
}

// columnName returns a name as columns have them.
func columnName(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return '_'
	}, s)
}

// index compiles list[0] and fields["name"].
func (c *checker) index(a *ast) *node {
	of, at := c.expr(a.args[0]), c.expr(a.args[1])
	switch of.typ {
	case Object:
		if at.typ != String || !at.constant {
			c.failAt(a.args[1], "the name of a field stands in quotation marks", "write "+quoted(c.src[of.pos:of.end]+`["name"]`))
		}
		return c.field(of, at.val.text)
	case List:
		if at.typ != Int {
			c.failAt(a.args[1], "the elements of a list have numbers, and "+c.text(at.pos, at.end)+" is "+at.typ.a(), "write "+quoted(c.src[of.pos:of.end]+"[0]")+" for the first")
		}
		list, number := of.eval, at.eval
		n := &node{typ: String, eval: func(row any, s []Value) Value {
			l, i := list(row, s), number(row, s)
			if l.kind == 0 || i.kind == 0 {
				return Null
			}
			k := i.num
			if k < 0 {
				k += int64(len(l.list))
			}
			if k < 0 || k >= int64(len(l.list)) {
				return Null
			}
			return StringOf(l.list[k])
		}}
		if of.name != "" && at.constant {
			n.name = columnName(of.name + "_" + string(at.val.Append(nil)))
		}
		return n.fold(of, at)
	}
	c.failAt(a, c.text(of.pos, of.end)+" is "+of.typ.a()+" and has no parts", "")
	return nil
}

// junction compiles and and or with any number of conditions.
func (c *checker) junction(a *ast) *node {
	var tests []testFunc
	var nodes []*node
	for _, arg := range a.args {
		n := c.condition(arg)
		nodes = append(nodes, n)
		tests = append(tests, n.condition())
	}
	decides, joined := no, yes // what ends it at once, and what it is if nothing does
	if a.op == "or" {
		decides, joined = yes, no
	}
	return testNode(junction(tests, decides, joined)).fold(nodes...)
}

func junction(tests []testFunc, decides, joined truth) testFunc {
	if len(tests) == 2 {
		first, second := tests[0], tests[1]
		return func(row any, s []Value) truth {
			t := first(row, s)
			if t == decides {
				return t
			}
			u := second(row, s)
			if u == decides || t == joined {
				return u
			}
			return t
		}
	}
	return func(row any, s []Value) truth {
		result := joined
		for _, test := range tests {
			switch t := test(row, s); t {
			case decides:
				return t
			case unknown:
				result = unknown
			}
		}
		return result
	}
}

func (c *checker) not(a *ast) *node {
	n := c.condition(a.args[0])
	test := n.condition()
	return testNode(func(row any, s []Value) truth { return test(row, s).negated() }).fold(n)
}

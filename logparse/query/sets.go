package query

// set compiles in, !in, in~, !in~, has_any, has_all, between and !between.
func (c *checker) set(a *ast) *node {
	switch a.op {
	case "between", "!between":
		return c.between(a)
	case "has_any", "has_all":
		return c.hasSet(a)
	}
	left := c.expr(a.args[0])
	nodes := []*node{left}
	if left.typ == List {
		c.fail(left.pos, left.end, c.text(left.pos, left.end)+" is a list", "write "+quoted("has_any")+" in place of "+quoted(a.op))
	}
	for _, m := range a.args[1:] {
		l, r := c.unify(left, c.expr(m), a.op)
		if l != left {
			// A number with a fraction among whole numbers, a date in quotation marks.
			left = l
			nodes[0] = l
		}
		if a.op == "in" || a.op == "!in" {
			c.mustOccur(left, r)
		}
		nodes = append(nodes, r)
	}
	if left.typ == Real {
		for i := range nodes {
			nodes[i] = nodes[i].real()
		}
	}
	for _, n := range nodes[1:] {
		if n.typ != left.typ {
			c.mismatch(nodes[0], n)
		}
	}
	ignoreCase := a.op == "in~" || a.op == "!in~"
	if ignoreCase && left.typ != String {
		c.fail(left.pos, left.end, "only text has upper and lower case, and "+c.text(left.pos, left.end)+" is "+left.typ.a(), "write `in`")
	}
	test := inSet(left, nodes[1:], ignoreCase)
	if a.op[0] == '!' {
		holds := test
		test = func(row any, s []Value) truth { return holds(row, s).negated() }
	}
	return testNode(test).fold(nodes...)
}

// fewMembers is how many members of a set are looked through one by one.
const fewMembers = 8

func inSet(left *node, members []*node, ignoreCase bool) testFunc {
	for _, m := range members {
		if !m.constant || m.val.kind == 0 {
			return inComputed(left, members, ignoreCase)
		}
	}
	switch {
	case left.typ == String && ignoreCase:
		set := foldSet{}
		for _, m := range members {
			set.add(m.val.text)
		}
		return textTest(left, set.has)
	case left.typ == String && len(members) <= fewMembers:
		var list []string
		for _, m := range members {
			list = append(list, m.val.text)
		}
		return textTest(left, func(s string) bool {
			for _, m := range list {
				if m == s {
					return true
				}
			}
			return false
		})
	case left.typ == String:
		set := map[string]bool{}
		for _, m := range members {
			set[m.val.text] = true
		}
		return textTest(left, func(s string) bool { return set[s] })
	}
	set := map[int64]bool{}
	for _, m := range members {
		set[m.val.number()] = true
	}
	eval := left.eval
	return func(row any, s []Value) truth {
		v := eval(row, s)
		if v.kind == 0 {
			return unknown
		}
		return truthOf(set[v.number()])
	}
}

// number returns what two values that are not text have in common if they are
// equal.
func (v Value) number() int64 {
	if v.kind == Real && v.Real() == 0 {
		return 0 // there are two zeros
	}
	return v.num
}

// inComputed compares with each member in turn. As in SQL, a member that is null
// leaves open whether it is the one.
func inComputed(left *node, members []*node, ignoreCase bool) testFunc {
	var tests []testFunc
	for _, m := range members {
		if ignoreCase {
			tests = append(tests, foldedEqual(left, m))
		} else {
			tests = append(tests, compare(left, m, signs["=="]))
		}
	}
	return junction(tests, yes, no)
}

// foldSet is a set of texts that ignores case.
type foldSet map[uint64][]string

func (f foldSet) add(s string) { h := foldHash(s); f[h] = append(f[h], s) }

func (f foldSet) has(s string) bool {
	for _, m := range f[foldHash(s)] {
		if foldEqual(m, s) {
			return true
		}
	}
	return false
}

// between compiles x between (a .. b), both of which belong to it. The end may be
// a time span after the beginning.
func (c *checker) between(a *ast) *node {
	x, from, to := c.expr(a.args[0]), c.expr(a.args[1]), c.expr(a.args[2])
	if x.typ == DateTime && to.typ == TimeSpan {
		_, from = c.unify(x, from, "between")
		to = c.add(from, to, a.args[2].pos, a.args[2].end)
	}
	low, f := c.unify(x, from, "between")
	high, t := c.unify(x, to, "between")
	test := junction([]testFunc{compare(low, f, signs[">="]), compare(high, t, signs["<="])}, no, yes)
	if a.op[0] == '!' {
		holds := test
		test = func(row any, s []Value) truth { return holds(row, s).negated() }
	}
	return testNode(test).fold(x, from, to)
}

// hasSet compiles has_any and has_all.
func (c *checker) hasSet(a *ast) *node {
	left := c.expr(a.args[0])
	c.mustHaveText(left, a.op)
	nodes := []*node{left}
	var tests []testFunc
	for _, m := range a.args[1:] {
		r := c.expr(m)
		nodes = append(nodes, r)
		tests = append(tests, c.textTest(left, r, textOperators["has"], a.op))
	}
	decides, joined := yes, no
	if a.op == "has_all" {
		decides, joined = no, yes
	}
	return testNode(junction(tests, decides, joined)).fold(nodes...)
}

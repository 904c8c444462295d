package query

import (
	"cmp"
	"slices"
	"strings"
)

// signs are which results of a comparison an operator wants: bit 0 less, bit 1
// equal, bit 2 greater.
var signs = map[string]uint8{"<": 1, "==": 2, "<=": 3, ">": 4, "!=": 5, ">=": 6}

func wanted(want uint8, order int) truth { return truth(want >> uint(order+1) & 1) }

// comparison compiles == != < <= > >=.
func (c *checker) comparison(a *ast) *node {
	l, r := c.expr(a.args[0]), c.expr(a.args[1])
	l, r = c.unify(l, r, a.op)
	if a.op == "==" || a.op == "!=" {
		c.mustOccur(l, r)
		c.mustOccur(r, l)
	}
	return testNode(compare(l, r, signs[a.op])).fold(l, r)
}

// unify gives both sides of an operator one type, or tells why they have none.
func (c *checker) unify(l, r *node, op string) (*node, *node) {
	switch {
	case l.typ == List || r.typ == List || l.typ == Object || r.typ == Object:
		n := l
		if l.typ != List && l.typ != Object {
			n = r
		}
		c.fail(n.pos, n.end, c.text(n.pos, n.end)+" is "+n.typ.a()+" and cannot be compared with `"+op+"`", "ask for an element: "+quoted(c.src[n.pos:n.end]+` has "…"`))
	case l.typ == r.typ:
		return l, r
	case numeric(l.typ) && numeric(r.typ):
		return l.real(), r.real()
	case l.typ == DateTime && r.typ == String && r.constant:
		return l, c.timeOf(r, l)
	case r.typ == DateTime && l.typ == String && l.constant:
		return c.timeOf(l, r), r
	}
	c.mismatch(l, r)
	return nil, nil
}

// mustOccur fails where a column is compared with a text that it never has: the
// answer would always be the same, and look like one about the logs.
func (c *checker) mustOccur(column, text *node) {
	if column.column == nil || column.column.Values == nil || !text.constant || text.val.kind != String {
		return
	}
	values := column.column.Values
	if slices.Contains(values, text.val.text) {
		return
	}
	near := nearest(text.val.text, values)
	if i := slices.IndexFunc(values, func(v string) bool { return strings.EqualFold(v, text.val.text) }); i >= 0 {
		near = values[i : i+1]
	}
	var hint string
	if len(near) > 0 {
		hint = "did you mean " + quoted(`"`+near[0]+`"`) + "? "
	}
	const fewValues = 10
	if last := len(values) - 1; last < fewValues {
		hint += "it is " + strings.Join(values[:last], ", ") + " or " + values[last]
	} else {
		hint += c.text(column.pos, column.end) + ": " + column.column.Doc
	}
	c.fail(text.pos, text.end, c.text(column.pos, column.end)+" is never "+quoted(`"`+text.val.text+`"`), hint)
}

// timeOf reads a constant text that stands where a time is due.
func (c *checker) timeOf(n, beside *node) *node {
	v, ok := parseTime(n.val.text, c.loc)
	if !ok {
		what := ""
		if beside != nil {
			what = c.text(beside.pos, beside.end) + " is a time, and "
		}
		c.fail(n.pos, n.end, what+c.text(n.pos, n.end)+" is no date", timeHint)
	}
	t := constantOf(DateTime, v)
	t.pos, t.end = n.pos, n.end
	return t
}

func (c *checker) mismatch(l, r *node) {
	msg := c.text(l.pos, l.end) + " is " + l.typ.a() + ", " + c.text(r.pos, r.end) + " is " + r.typ.a()
	// The side that is written down is the one to write otherwise.
	fixed, other := r, l
	if l.constant && !r.constant {
		fixed, other = l, r
	}
	written := c.src[fixed.pos:fixed.end]
	hint := "compare like with like, or convert with `tostring()`, `toint()` or `todatetime()`"
	switch {
	case numeric(other.typ) && fixed.typ == String && fixed.constant && isNumber(fixed.val.text):
		hint = "write " + quoted(fixed.val.text) + " without quotation marks"
	case other.typ == String && numeric(fixed.typ) && fixed.constant:
		hint = "put it in quotation marks: " + quoted(`"`+written+`"`)
	case other.typ == Bool:
		o := c.src[other.pos:other.end]
		hint = "write " + quoted(o) + " or " + quoted("not("+o+")")
	case other.typ == Int && fixed.typ == TimeSpan && fixed.constant && strings.HasSuffix(other.name, "_ms"):
		hint = quoted(c.src[other.pos:other.end]) + " counts milliseconds: write " + quoted(SpanOf(fixed.val.Span()).milliseconds())
	case numeric(other.typ) && fixed.typ == TimeSpan:
		hint = "divide the time span to have a number: `5m / 1s` is 300"
	case other.typ == DateTime && fixed.typ == TimeSpan:
		hint = "write " + quoted("ago("+written+")")
	case other.typ == DateTime:
		hint = timeHint
	case other.typ == TimeSpan:
		hint = "write a time span such as `30s` or `5m`"
	}
	c.fail(min(l.pos, r.pos), max(l.end, r.end), msg, hint)
}

func isNumber(s string) bool { return s != "" && digitsLen(s) == len(s) }

// compare compiles a comparison of two nodes of one type.
func compare(l, r *node, want uint8) testFunc {
	if l.constant && !r.constant {
		// 3 < x is x > 3.
		l, r, want = r, l, want&2|want>>2|want&1<<2
	}
	if r.constant && r.val.kind == 0 {
		return func(any, []Value) truth { return unknown }
	}
	switch {
	case l.typ == String && r.constant:
		return compareText(l, r.val.text, want)
	case counted(l.typ) && r.constant:
		return compareCount(l, r.val.num, want)
	}
	order := orderOf(l.typ)
	left, right := l.eval, r.eval
	return func(row any, s []Value) truth {
		a := left(row, s)
		if a.kind == 0 {
			return unknown
		}
		b := right(row, s)
		if b.kind == 0 {
			return unknown
		}
		return wanted(want, order(a, b))
	}
}

// orderOf returns how values of a type compare that are not null.
func orderOf(t Type) func(a, b Value) int {
	switch {
	case t == String:
		return func(a, b Value) int { return strings.Compare(a.text, b.text) }
	case t == Real:
		return func(a, b Value) int { return cmp.Compare(a.Real(), b.Real()) }
	}
	return func(a, b Value) int { return cmp.Compare(a.num, b.num) }
}

func compareText(n *node, text string, want uint8) testFunc {
	switch want {
	case 2:
		return textTest(n, func(s string) bool { return s == text })
	case 5:
		return textTest(n, func(s string) bool { return s != text })
	}
	return textTest(n, func(s string) bool { return wanted(want, strings.Compare(s, text)) == yes })
}

// textTest compiles a test of a text.
func textTest(n *node, holds func(string) bool) testFunc {
	if get := n.get; get != nil {
		return func(row any, _ []Value) truth {
			v := get(row)
			if v.kind == 0 {
				return unknown
			}
			return truthOf(holds(v.text))
		}
	}
	eval := n.eval
	return func(row any, s []Value) truth {
		v := eval(row, s)
		if v.kind == 0 {
			return unknown
		}
		return truthOf(holds(v.text))
	}
}

func compareCount(n *node, num int64, want uint8) testFunc {
	if get := n.get; get != nil {
		return func(row any, _ []Value) truth {
			v := get(row)
			if v.kind == 0 {
				return unknown
			}
			return wanted(want, cmp.Compare(v.num, num))
		}
	}
	eval := n.eval
	return func(row any, s []Value) truth {
		v := eval(row, s)
		if v.kind == 0 {
			return unknown
		}
		return wanted(want, cmp.Compare(v.num, num))
	}
}

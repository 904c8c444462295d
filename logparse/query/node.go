package query

// truth is the value of a condition: as in SQL, a comparison with null is
// neither true nor false, and only what is true is kept.
type truth uint8

const (
	no truth = iota
	yes
	unknown
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

func (t truth) negated() truth { return [...]truth{yes, no, unknown}[t] }

func (t truth) value() Value {
	if t == unknown {
		return Null
	}
	return BoolOf(t == yes)
}

// An evalFunc returns the value of an expression for a row of the table and the
// values that steps before computed from it. After summarize, sort and the like
// there is no row, only values.
type evalFunc func(row any, slots []Value) Value

// A testFunc is an evalFunc for a condition.
type testFunc func(row any, slots []Value) truth

// A node is an expression whose names are resolved and whose types are checked.
type node struct {
	typ      Type
	pos, end int
	name     string // what its column is called if the query does not say

	constant bool
	val      Value // of a constant

	get    func(row any) Value // of a column of the table itself
	column *Column             // that column
	eval   evalFunc
	test   testFunc // of a Bool
}

func constantOf(typ Type, v Value) *node {
	return &node{typ: typ, constant: true, val: v, eval: func(any, []Value) Value { return v }}
}

// condition returns the node as a test.
func (n *node) condition() testFunc {
	if n.test != nil {
		return n.test
	}
	if n.constant {
		t := n.val.truth()
		return func(any, []Value) truth { return t }
	}
	if get := n.get; get != nil {
		return func(row any, _ []Value) truth { return get(row).truth() }
	}
	eval := n.eval
	return func(row any, s []Value) truth { return eval(row, s).truth() }
}

func (v Value) truth() truth {
	if v.kind == 0 {
		return unknown
	}
	return truthOf(v.num != 0)
}

// testNode returns a Bool.
func testNode(test testFunc) *node {
	return &node{typ: Bool, test: test, eval: func(row any, s []Value) Value { return test(row, s).value() }}
}

// fold returns n as a constant if all it is made of are constants.
func (n *node) fold(of ...*node) *node {
	for _, o := range of {
		if !o.constant {
			return n
		}
	}
	folded := constantOf(n.typ, n.eval(nil, nil))
	folded.pos, folded.end, folded.name = n.pos, n.end, n.name
	return folded
}

// real returns the value of a number as a Real.
func (n *node) real() *node {
	if n.typ != Int {
		return n
	}
	eval := n.eval
	r := &node{typ: Real, pos: n.pos, end: n.end, name: n.name, eval: func(row any, s []Value) Value {
		v := eval(row, s)
		if v.kind == 0 {
			return v
		}
		return RealOf(float64(v.num))
	}}
	return r.fold(n)
}

func numeric(t Type) bool { return t == Int || t == Real }

// counted reports whether values of the type compare by their number.
func counted(t Type) bool { return t == Int || t == DateTime || t == TimeSpan || t == Bool }

// String returns the name of the type as the manual has it.
func (t Type) String() string {
	switch t {
	case String:
		return "text"
	case Int:
		return "whole number"
	case Real:
		return "number"
	case Bool:
		return "true/false"
	case DateTime:
		return "time"
	case TimeSpan:
		return "time span"
	case List:
		return "list"
	case Object:
		return "fields"
	}
	return "null"
}

// a returns the name of the type with its article.
func (t Type) a() string {
	if t == Object {
		return "a set of fields"
	}
	if t == String {
		return "text"
	}
	if t == Bool {
		return "true or false"
	}
	return "a " + t.String()
}

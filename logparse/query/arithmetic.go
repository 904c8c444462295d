package query

import (
	"math"
	"strconv"
	"time"
)

// multiply returns a*b, and whether it fits.
func multiply(a, b int64) (int64, bool) {
	if a == 0 || b == 0 {
		return 0, true
	}
	p := a * b
	return p, p/b == a && !(a == -1 && b == math.MinInt64) && !(b == -1 && a == math.MinInt64)
}

func plus(a, b int64) (int64, bool) {
	n := a + b
	return n, (n > a) == (b > 0)
}

func minus(a, b int64) (int64, bool) {
	n := a - b
	return n, (n < a) == (b > 0)
}

// wholeOf returns f without its fraction, and whether it fits.
func wholeOf(f float64) (int64, bool) {
	if !(f >= -1<<63 && f < 1<<63) {
		return 0, false
	}
	return int64(f), true
}

// realOf returns a Real, null for what is no number or not finite.
func realOf(f float64) Value {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return Null
	}
	return RealOf(f + 0) // there is one zero
}

// numberOf returns a number of a kind, null if it does not fit.
func numberOf(kind Type, n int64, ok bool) Value {
	if !ok {
		return Null
	}
	return Value{kind: kind, num: n}
}

func (v Value) milliseconds() string { return strconv.FormatInt(v.Span().Milliseconds(), 10) }

// binaryFunc computes a value of two that are not null.
type binaryFunc func(a, b Value) Value

// arithmetics are the operators by the types of their sides, with the type of
// the result. Whole numbers with numbers are turned into numbers before.
var arithmetics = map[string]map[[2]Type]struct {
	result Type
	f      binaryFunc
}{
	"+": {
		{Int, Int}:           {Int, func(a, b Value) Value { n, ok := plus(a.num, b.num); return numberOf(Int, n, ok) }},
		{Real, Real}:         {Real, func(a, b Value) Value { return realOf(a.Real() + b.Real()) }},
		{TimeSpan, TimeSpan}: {TimeSpan, func(a, b Value) Value { n, ok := plus(a.num, b.num); return numberOf(TimeSpan, n, ok) }},
		{DateTime, TimeSpan}: {DateTime, func(a, b Value) Value { n, ok := plus(a.num, b.num); return timeValue(n, a.digits, ok) }},
		{TimeSpan, DateTime}: {DateTime, func(a, b Value) Value { n, ok := plus(a.num, b.num); return timeValue(n, b.digits, ok) }},
	},
	"-": {
		{Int, Int}:           {Int, func(a, b Value) Value { n, ok := minus(a.num, b.num); return numberOf(Int, n, ok) }},
		{Real, Real}:         {Real, func(a, b Value) Value { return realOf(a.Real() - b.Real()) }},
		{TimeSpan, TimeSpan}: {TimeSpan, func(a, b Value) Value { n, ok := minus(a.num, b.num); return numberOf(TimeSpan, n, ok) }},
		{DateTime, TimeSpan}: {DateTime, func(a, b Value) Value { n, ok := minus(a.num, b.num); return timeValue(n, a.digits, ok) }},
		{DateTime, DateTime}: {TimeSpan, func(a, b Value) Value { n, ok := minus(a.num, b.num); return numberOf(TimeSpan, n, ok) }},
	},
	"*": {
		{Int, Int}:       {Int, func(a, b Value) Value { n, ok := multiply(a.num, b.num); return numberOf(Int, n, ok) }},
		{Real, Real}:     {Real, func(a, b Value) Value { return realOf(a.Real() * b.Real()) }},
		{TimeSpan, Int}:  {TimeSpan, func(a, b Value) Value { n, ok := multiply(a.num, b.num); return numberOf(TimeSpan, n, ok) }},
		{Int, TimeSpan}:  {TimeSpan, func(a, b Value) Value { n, ok := multiply(a.num, b.num); return numberOf(TimeSpan, n, ok) }},
		{TimeSpan, Real}: {TimeSpan, func(a, b Value) Value { n, ok := wholeOf(float64(a.num) * b.Real()); return numberOf(TimeSpan, n, ok) }},
		{Real, TimeSpan}: {TimeSpan, func(a, b Value) Value { n, ok := wholeOf(a.Real() * float64(b.num)); return numberOf(TimeSpan, n, ok) }},
	},
	"/": {
		{Int, Int}:           {Int, func(a, b Value) Value { return divideWhole(Int, a.num, b.num) }},
		{Real, Real}:         {Real, func(a, b Value) Value { return realOf(a.Real() / b.Real()) }},
		{TimeSpan, Int}:      {TimeSpan, func(a, b Value) Value { return divideWhole(TimeSpan, a.num, b.num) }},
		{TimeSpan, Real}:     {TimeSpan, func(a, b Value) Value { n, ok := wholeOf(float64(a.num) / b.Real()); return numberOf(TimeSpan, n, ok) }},
		{TimeSpan, TimeSpan}: {Real, func(a, b Value) Value { return realOf(float64(a.num) / float64(b.num)) }},
	},
	"%": {
		{Int, Int}:           {Int, func(a, b Value) Value { return remainder(Int, a.num, b.num) }},
		{Real, Real}:         {Real, func(a, b Value) Value { return realOf(math.Mod(a.Real(), b.Real())) }},
		{TimeSpan, TimeSpan}: {TimeSpan, func(a, b Value) Value { return remainder(TimeSpan, a.num, b.num) }},
	},
}

func divideWhole(kind Type, a, b int64) Value {
	if b == 0 || a == math.MinInt64 && b == -1 {
		return Null
	}
	return Value{kind: kind, num: a / b}
}

func remainder(kind Type, a, b int64) Value {
	if b == 0 {
		return Null
	}
	if b == -1 {
		return Value{kind: kind}
	}
	return Value{kind: kind, num: a % b}
}

// timeValue returns a DateTime with as many digits of the second as it needs, and
// at least digits.
func timeValue(ns int64, digits uint8, ok bool) Value {
	if !ok {
		return Null
	}
	return Value{kind: DateTime, num: ns, digits: max(digits, fractionDigits(ns))}
}

// fractionDigits returns 0, 3, 6 or 9.
func fractionDigits(ns int64) uint8 {
	switch {
	case ns%int64(time.Second) == 0:
		return 0
	case ns%int64(time.Millisecond) == 0:
		return 3
	case ns%int64(time.Microsecond) == 0:
		return 6
	}
	return 9
}

// arithmetic compiles + - * / %.
func (c *checker) arithmetic(a *ast) *node {
	l, r := c.expr(a.args[0]), c.expr(a.args[1])
	return c.compute(a.op, l, r, a.pos, a.end)
}

func (c *checker) add(l, r *node, pos, end int) *node {
	n := c.compute("+", l, r, pos, end)
	n.pos, n.end = pos, end
	return n
}

func (c *checker) compute(op string, l, r *node, pos, end int) *node {
	if numeric(l.typ) && numeric(r.typ) && l.typ != r.typ {
		l, r = l.real(), r.real()
	}
	if op == "-" || op == "+" {
		if l.typ == DateTime && r.typ == String && r.constant {
			r = c.timeOf(r, l)
		} else if op == "-" && r.typ == DateTime && l.typ == String && l.constant {
			l = c.timeOf(l, r)
		}
	}
	way, ok := arithmetics[op][[2]Type{l.typ, r.typ}]
	if !ok {
		c.cannotCompute(op, l, r, pos, end)
	}
	left, right, f := l.eval, r.eval, way.f
	n := &node{typ: way.result, eval: func(row any, s []Value) Value {
		x := left(row, s)
		if x.kind == 0 {
			return x
		}
		y := right(row, s)
		if y.kind == 0 {
			return y
		}
		return f(x, y)
	}}
	return n.fold(l, r)
}

func (c *checker) cannotCompute(op string, l, r *node, pos, end int) {
	hint := ""
	switch {
	case op == "+" && (l.typ == String || r.typ == String):
		hint = "text is joined with `strcat(…, …)`"
	case l.typ == String || r.typ == String:
		hint = "make a number of text with `toint(…)` or `toreal(…)`"
	case l.typ == DateTime || r.typ == DateTime:
		hint = "a time takes a time span, such as `1h`; two times can be subtracted"
	case l.typ == TimeSpan || r.typ == TimeSpan:
		hint = "divide a time span by another to have a number: `5m / 1s` is 300"
	}
	c.fail(pos, end, c.text(l.pos, l.end)+" is "+l.typ.a()+", "+c.text(r.pos, r.end)+" is "+r.typ.a()+": `"+op+"` cannot join them", hint)
}

// negative compiles -x.
func (c *checker) negative(a *ast) *node {
	n := c.expr(a.args[0])
	eval := n.eval
	switch n.typ {
	case Real:
		r := &node{typ: Real, eval: func(row any, s []Value) Value {
			v := eval(row, s)
			if v.kind == 0 {
				return v
			}
			return realOf(-v.Real())
		}}
		return r.fold(n)
	case Int, TimeSpan:
		r := &node{typ: n.typ, eval: func(row any, s []Value) Value {
			v := eval(row, s)
			if v.kind == 0 || v.num == math.MinInt64 {
				return Null
			}
			v.num = -v.num
			return v
		}}
		return r.fold(n)
	}
	c.failAt(a, c.text(n.pos, n.end)+" is "+n.typ.a()+" and has no sign", "")
	return nil
}

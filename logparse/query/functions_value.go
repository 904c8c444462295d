package query

import (
	"math"
	"strconv"
	"strings"
)

var valueFunctions = map[string]*function{
	"isnull":     {params: []Type{anything}, result: Bool, build: nullTest(func(v Value) bool { return v.kind == 0 })},
	"isnotnull":  {params: []Type{anything}, result: Bool, build: nullTest(func(v Value) bool { return v.kind != 0 })},
	"isempty":    {params: []Type{anything}, result: Bool, build: nullTest(empty)},
	"isnotempty": {params: []Type{anything}, result: Bool, build: nullTest(func(v Value) bool { return !empty(v) })},
	"iff":        {params: []Type{Bool, anything, anything}, build: buildCase},
	"case":       {params: []Type{anything, anything, anything}, more: true, build: buildCase},
	"coalesce":   {params: []Type{anything}, more: true, build: buildCoalesce},
	"tostring":   {params: []Type{anything}, result: String, build: plain1(toText)},
	"toint":      {params: []Type{anything}, result: Int, build: conversion(toInt)},
	"toreal":     {params: []Type{anything}, result: Real, build: conversion(toReal)},
	"tobool":     {params: []Type{anything}, result: Bool, build: conversion(toBool)},
	"abs":        {params: []Type{anything}, build: buildAbs},
	"round":      {params: []Type{Real, Int}, optional: 1, result: Real, build: buildRound},
}

func nullTest(holds func(Value) bool) func(*call) *node {
	return func(c *call) *node {
		if get := c.args[0].get; get != nil {
			return testNode(func(row any, _ []Value) truth { return truthOf(holds(get(row))) })
		}
		eval := c.args[0].eval
		return testNode(func(row any, s []Value) truth { return truthOf(holds(eval(row, s))) })
	}
}

func empty(v Value) bool {
	return v.kind == 0 || v.kind == String && v.text == "" || v.kind == List && len(v.list) == 0
}

// alike gives values that stand for each other one type.
func (c *call) alike(nodes []*node) Type {
	typ := nodes[0].typ
	for _, n := range nodes {
		if n.typ != typ && numeric(n.typ) && numeric(typ) {
			typ = Real
		}
	}
	for i, n := range nodes {
		if n.typ == typ {
			continue
		}
		if typ == Real && n.typ == Int {
			nodes[i] = n.real()
			continue
		}
		c.fail(n, "the values of `"+c.name+"` must be of one kind: "+c.text(nodes[0])+" is "+nodes[0].typ.a()+", "+c.text(n)+" is "+n.typ.a(), "convert with `tostring()`, `toint()` or `toreal()`")
	}
	return typ
}

// buildCase: case(condition, value, …, otherwise), of which iff is the shortest.
// A condition that is null is not true.
func buildCase(c *call) *node {
	if len(c.args)%2 == 0 {
		c.fail(c.args[len(c.args)-1], "`case` has pairs of a condition and a value, and one value at the end for all else", "write `case(condition, value, …, otherwise)`")
	}
	var tests []testFunc
	var values []*node
	for i, a := range c.args {
		if i%2 == 1 || i == len(c.args)-1 {
			values = append(values, a)
			continue
		}
		if a.typ != Bool {
			c.fail(a, "a condition is expected here, but "+c.text(a)+" is "+a.typ.a(), "")
		}
		tests = append(tests, a.condition())
	}
	typ := c.alike(values)
	var evals []evalFunc
	for _, v := range values {
		evals = append(evals, v.eval)
	}
	return &node{typ: typ, name: c.name, eval: func(row any, s []Value) Value {
		for i, test := range tests {
			if test(row, s) == yes {
				return evals[i](row, s)
			}
		}
		return evals[len(tests)](row, s)
	}}
}

// buildCoalesce: the first that is not null.
func buildCoalesce(c *call) *node {
	typ := c.alike(c.args)
	var evals []evalFunc
	for _, a := range c.args {
		evals = append(evals, a.eval)
	}
	return &node{typ: typ, eval: func(row any, s []Value) Value {
		for _, eval := range evals {
			if v := eval(row, s); v.kind != 0 {
				return v
			}
		}
		return Null
	}}
}

func toText(v Value) Value {
	if v.kind == String {
		return v
	}
	return StringOf(string(v.Append(nil)))
}

// conversion makes a function of text, a number or true/false.
func conversion(f func(Value) Value) func(*call) *node {
	return func(c *call) *node {
		switch c.args[0].typ {
		case String, Int, Real, Bool:
			return plain1(f)(c)
		case TimeSpan:
			c.fail(c.args[0], c.text(c.args[0])+" is a time span", "divide it by a unit: "+quoted(c.src[c.args[0].pos:c.args[0].end]+" / 1s"))
		}
		c.fail(c.args[0], c.text(c.args[0])+" is "+c.args[0].typ.a()+" and cannot be converted", "")
		return nil
	}
}

func toInt(v Value) Value {
	switch v.kind {
	case Int, Bool:
		return IntOf(v.num)
	case Real:
		n, ok := wholeOf(v.Real())
		return numberOf(Int, n, ok)
	}
	text := strings.TrimSpace(v.text)
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return IntOf(n)
	}
	return Null
}

func toReal(v Value) Value {
	switch v.kind {
	case Int, Bool:
		return RealOf(float64(v.num))
	case Real:
		return v
	}
	text := strings.TrimSpace(v.text)
	if len(text) > 400 || strings.ContainsAny(text, "xX_pP") {
		return Null
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return Null
	}
	return realOf(f)
}

func toBool(v Value) Value {
	switch v.kind {
	case Bool:
		return v
	case Int:
		return BoolOf(v.num != 0)
	case Real:
		return BoolOf(v.Real() != 0)
	}
	switch text := strings.TrimSpace(v.text); {
	case foldEqual(text, "true") || text == "1":
		return BoolOf(true)
	case foldEqual(text, "false") || text == "0":
		return BoolOf(false)
	}
	return Null
}

func buildAbs(c *call) *node {
	n := c.args[0]
	switch n.typ {
	case Int, TimeSpan:
		r := plain1(func(v Value) Value {
			if v.num == math.MinInt64 {
				return Null
			}
			v.num = max(v.num, -v.num)
			return v
		})(c)
		r.typ = n.typ
		return r
	case Real:
		r := plain1(func(v Value) Value { return realOf(math.Abs(v.Real())) })(c)
		r.typ = Real
		return r
	}
	c.fail(n, c.text(n)+" is "+n.typ.a()+" and has no sign", "")
	return nil
}

// buildRound: round(x[, digits]), halves away from zero.
func buildRound(c *call) *node {
	if len(c.args) == 1 {
		return plain1(func(v Value) Value { return realOf(math.Round(v.Real())) })(c)
	}
	return plain2(func(v, digits Value) Value {
		if digits.num < 0 || digits.num > 15 {
			return v
		}
		scale := math.Pow10(int(digits.num))
		if math.Abs(v.Real()) > 1e15 {
			return v
		}
		return realOf(math.Round(v.Real()*scale) / scale)
	})(c)
}

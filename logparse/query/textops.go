package query

import (
	"regexp"
	"strings"
)

// A textOperator looks for one text in another.
type textOperator struct {
	// prepare returns the test for a text that is known before.
	prepare func(needle string) func(string) bool
}

func ignoringCase(holds func(s, needle string) bool) textOperator {
	return textOperator{func(needle string) func(string) bool {
		needle = folded(needle)
		return func(s string) bool { return holds(s, needle) }
	}}
}

func mindingCase(holds func(s, needle string) bool) textOperator {
	return textOperator{func(needle string) func(string) bool {
		return func(s string) bool { return holds(s, needle) }
	}}
}

var textOperators = map[string]textOperator{
	"=~":            mindingCase(foldEqual),
	"has":           ignoringCase(foldHas),
	"contains":      ignoringCase(func(s, needle string) bool { at, _ := foldIndex(s, needle, 0); return at >= 0 }),
	"startswith":    ignoringCase(func(s, needle string) bool { return foldPrefix(s, needle) >= 0 }),
	"endswith":      ignoringCase(foldSuffix),
	"has_cs":        mindingCase(hasWord),
	"contains_cs":   mindingCase(strings.Contains),
	"startswith_cs": mindingCase(strings.HasPrefix),
	"endswith_cs":   mindingCase(strings.HasSuffix),
}

func foldHas(s, needle string) bool {
	for from := 0; ; {
		start, end := foldIndex(s, needle, from)
		if start < 0 {
			return false
		}
		if wordAt(s, start, end) {
			return true
		}
		from = start + 1
	}
}

func hasWord(s, needle string) bool {
	for from := 0; ; {
		i := strings.Index(s[from:], needle)
		if i < 0 {
			return false
		}
		start := from + i
		if wordAt(s, start, start+len(needle)) {
			return true
		}
		from = start + 1
	}
}

// foldSuffix tries the ends of s that can have the length: folding changes it
// only outside ASCII.
func foldSuffix(s, needle string) bool {
	if needle == "" {
		return true
	}
	for from := max(0, len(s)-2*len(needle)); from < len(s); {
		start, end := foldIndex(s, needle, from)
		if start < 0 {
			return false
		}
		if end == len(s) {
			return true
		}
		from = start + 1
	}
	return false
}

// textOperator compiles has, contains, =~ and the like, and matches regex.
func (c *checker) textOperator(a *ast) *node {
	l, r := c.expr(a.args[0]), c.expr(a.args[1])
	negated := false
	op := a.op
	switch {
	case op == "!~":
		op, negated = "=~", true
	case op[0] == '!':
		op, negated = op[1:], true
	}
	shown := a.op
	if shown == "matches" {
		shown = "matches regex"
	}
	c.mustHaveText(l, shown)
	operator := textOperators[op]
	if op == "matches" {
		re := c.pattern(r)
		operator = textOperator{func(string) func(string) bool { return re.MatchString }}
	}
	test := c.textTest(l, r, operator, shown)
	if negated {
		holds := test
		test = func(row any, s []Value) truth { return holds(row, s).negated() }
	}
	return testNode(test).fold(l, r)
}

func (c *checker) mustHaveText(n *node, op string) {
	if n.typ == String || n.typ == List || n.typ == Object {
		return
	}
	hint := "write `==`"
	if n.typ == DateTime || n.typ == TimeSpan {
		hint = "write `<`, `>` or `between (… .. …)`"
	} else if op != "=~" && op != "!~" {
		hint = "write `==`, or " + quoted("tostring("+c.src[n.pos:n.end]+") "+op+" …")
	}
	c.fail(n.pos, n.end, c.text(n.pos, n.end)+" is "+n.typ.a()+", and "+quoted(op)+" looks into text", hint)
}

// pattern compiles a regular expression, which must be known before.
func (c *checker) pattern(n *node) *regexp.Regexp {
	re, err := compilePattern(n)
	if err != "" {
		c.fail(n.pos, n.end, err, "the syntax is that of RE2; a verbatim text such as `@\"\\d+\"` needs no doubled backslashes")
	}
	return re
}

func compilePattern(n *node) (re *regexp.Regexp, problem string) {
	if n.typ != String || !n.constant || n.val.kind == 0 {
		return nil, "a regular expression is a text in quotation marks"
	}
	re, err := regexp.Compile(n.val.text)
	if err != nil {
		return nil, "this regular expression cannot be read: " + patternProblem(err)
	}
	return re, ""
}

// patternProblem returns what is wrong with a regular expression in its own
// words, without the name of the package that says so.
func patternProblem(err error) string {
	msg := strings.TrimPrefix(err.Error(), "error parsing regexp: ")
	if i := strings.Index(msg, ": `"); i >= 0 {
		msg = msg[:i] + " " + quoted(strings.TrimSuffix(msg[i+3:], "`"))
	}
	return msg
}

// textTest compiles a test of a text, or of whether one of the texts of a list
// or of fields passes it.
func (c *checker) textTest(l, r *node, operator textOperator, op string) testFunc {
	if r.typ != String {
		hint := ""
		if r.constant {
			hint = "put it in quotation marks: " + quoted(`"`+c.src[r.pos:r.end]+`"`)
		}
		c.fail(r.pos, r.end, quoted(op)+" looks for text, and "+c.text(r.pos, r.end)+" is "+r.typ.a(), hint)
	}
	if r.constant {
		if r.val.kind == 0 {
			return func(any, []Value) truth { return unknown }
		}
		holds := operator.prepare(r.val.text)
		switch l.typ {
		case List:
			return listTest(l.eval, holds)
		case Object:
			return objectTest(l.eval, holds)
		}
		return textTest(l, holds)
	}
	left, right := l.eval, r.eval
	return func(row any, s []Value) truth {
		needle := right(row, s)
		if needle.kind == 0 {
			return unknown
		}
		v := left(row, s)
		holds := operator.prepare(needle.text)
		switch v.kind {
		case String:
			return truthOf(holds(v.text))
		case List:
			return anyElement(v, holds)
		case Object:
			return anyField(v, holds)
		}
		return unknown
	}
}

// foldedEqual compiles =~ of two texts.
func foldedEqual(l, r *node) testFunc {
	left, right := l.eval, r.eval
	return func(row any, s []Value) truth {
		a, b := left(row, s), right(row, s)
		if a.kind == 0 || b.kind == 0 {
			return unknown
		}
		return truthOf(foldEqual(a.text, b.text))
	}
}

func listTest(eval evalFunc, holds func(string) bool) testFunc {
	return func(row any, s []Value) truth {
		v := eval(row, s)
		if v.kind == 0 {
			return unknown
		}
		return anyElement(v, holds)
	}
}

func anyElement(v Value, holds func(string) bool) truth {
	for _, e := range v.list {
		if holds(e) {
			return yes
		}
	}
	return no
}

func objectTest(eval evalFunc, holds func(string) bool) testFunc {
	return func(row any, s []Value) truth {
		v := eval(row, s)
		if v.kind == 0 {
			return unknown
		}
		return anyField(v, holds)
	}
}

func anyField(v Value, holds func(string) bool) truth {
	found := no
	if v.object != nil {
		v.object.Each(func(_, value string) bool {
			if holds(value) {
				found = yes
			}
			return found == no
		})
	}
	return found
}

package query

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// anything stands for a parameter of any type.
const anything Type = 0

// A function is a function of the language.
type function struct {
	params   []Type
	optional int  // how many of the last parameters may be left out
	more     bool // the last may be repeated
	result   Type // 0: build gives the node its type
	build    func(c *call) *node
}

// A call is a function with its arguments, which have the types of its
// parameters.
type call struct {
	src      string
	name     string
	pos, end int
	args     []*node
	now      time.Time
	loc      *time.Location
}

func (c *call) fail(n *node, msg, hint string) { panic(errorAt(c.src, n.pos, n.end, msg, hint)) }

func (c *call) text(n *node) string { return quoted(c.src[n.pos:n.end]) }

// functions are all of them by name. Those with one meaning and several names in
// KQL have them all.
var functions = func() map[string]*function {
	all := map[string]*function{}
	for _, set := range []map[string]*function{textFunctions, timeFunctions, valueFunctions, addressFunctions} {
		maps.Copy(all, set)
	}
	for name, as := range map[string]string{
		"iif": "iff", "tolong": "toint", "todouble": "toreal", "floor": "bin", "notnull": "isnotnull", "notempty": "isnotempty",
		"ipv4_is_in_range": "in_cidr", "ipv6_is_in_range": "in_cidr", "ipv4_is_private": "is_private", "datetime": "todatetime",
	} {
		all[name] = all[as]
	}
	return all
}()

var functionNames = slices.Sorted(maps.Keys(functions))

// foreignFunctions are functions of other languages, with what stands for them
// here.
var foreignFunctions = map[string]string{
	"lower": "tolower", "upper": "toupper", "len": "strlen", "length": "strlen", "concat": "strcat", "ifnull": "coalesce",
	"nvl": "coalesce", "if": "iff", "substr": "substring", "date_trunc": "bin", "extract_regex": "extract", "date": "startofday",
	"hour": "hourofday", "cidr": "in_cidr", "strftime": "format_datetime", "to_string": "tostring", "replace": "replace_string",
	"int": "toint", "long": "toint", "real": "toreal", "double": "toreal", "string": "tostring", "ipv4_is_match": "in_cidr",
	"date_format": "format_datetime", "trunc": "bin", "mx": "domain", "host": "domain", "user": "localpart",
	"median": "percentile", "stdev": "percentile", "count_distinct": "dcount", "mean": "avg", "average": "avg",
	"array_agg": "make_list", "list": "make_list", "group_concat": "make_set", "any": "take_any", "any_value": "take_any",
	"makeset": "make_set", "makelist": "make_list", "percentiles": "percentile", "quantile": "percentile",
	"argmax": "arg_max", "argmin": "arg_min", "count_if": "countif", "count_over_time": "count",
}

// call compiles a function, or an aggregate in summarize.
func (c *checker) call(a *ast) *node {
	name := strings.ToLower(a.op)
	nameEnd := a.pos + len(a.op)
	if agg := aggregates[name]; agg != nil {
		if c.within != "" {
			c.fail(a.pos, nameEnd, quoted(a.op)+" cannot stand within "+quoted(c.within), "use `| summarize` twice")
		}
		if c.group == nil {
			c.fail(a.pos, nameEnd, quoted(a.op)+" is for `summarize`", "write "+quoted("| summarize "+c.src[a.pos:min(a.end, a.pos+30)]))
		}
		return c.group.aggregate(c, a, name, agg)
	}
	f := functions[name]
	if f == nil {
		c.unknownFunction(a, name, nameEnd)
	}
	call := &call{src: c.src, name: name, pos: a.pos, end: a.end, now: c.now, loc: c.loc}
	for _, arg := range a.args {
		call.args = append(call.args, c.expr(arg))
	}
	c.checkArgs(f, call, nameEnd)
	n := f.build(call)
	if f.result != 0 {
		n.typ = f.result
	}
	if n.name == "" {
		n.name = name
		if len(call.args) > 0 && call.args[0].name != "" {
			n.name = columnName(name + "_" + call.args[0].name)
		}
	}
	if len(call.args) == 0 {
		return n
	}
	return n.fold(call.args...)
}

func (c *checker) unknownFunction(a *ast, name string, nameEnd int) {
	hint := ""
	if as := foreignFunctions[name]; as != "" {
		hint = "did you mean `" + as + "`?"
	} else {
		known := functionNames
		if c.group != nil {
			known = append(slices.Clone(known), aggregateNames...)
		}
		near := nearest(name, known)
		if len(near) > 0 {
			hint = suggest(name, known, "")
		} else if c.scope.find(name) != nil {
			hint = quoted(a.op) + " is a column: leave out the brackets"
		} else {
			hint = "the manual lists the functions"
		}
	}
	c.fail(a.pos, nameEnd, "no function "+quoted(a.op), hint)
}

// checkArgs checks how many arguments there are and their types, and converts
// those that have a type that may stand for the one due.
func (c *checker) checkArgs(f *function, call *call, nameEnd int) {
	n := len(call.args)
	least := len(f.params) - f.optional
	if n < least || n > len(f.params) && !f.more {
		count := strconv.Itoa(least)
		switch {
		case f.more:
			count = "at least " + count
		case f.optional > 0:
			count += " to " + strconv.Itoa(len(f.params))
		}
		if count == "0" {
			count = "no"
		}
		noun := " arguments"
		if strings.HasSuffix(count, "1") {
			noun = " argument"
		}
		c.fail(call.pos, call.end, "`"+call.name+"` takes "+count+noun+", not "+strconv.Itoa(n), "")
	}
	for i, arg := range call.args {
		due := f.params[min(i, len(f.params)-1)]
		switch {
		case due == anything || arg.typ == due:
		case due == Real && arg.typ == Int:
			call.args[i] = arg.real()
		case due == DateTime && arg.typ == String && arg.constant:
			call.args[i] = c.timeOf(arg, nil)
		default:
			hint := ""
			switch {
			case due == String && arg.typ != List && arg.typ != Object:
				hint = "write " + quoted("tostring("+c.src[arg.pos:arg.end]+")")
			case due == TimeSpan:
				hint = "write a time span such as `1d` or `30m`"
			case due == DateTime:
				hint = timeHint
			}
			c.fail(arg.pos, arg.end, "`"+call.name+"` takes "+due.a()+" here, and "+c.text(arg.pos, arg.end)+" is "+arg.typ.a(), hint)
		}
	}
}

// of1 makes a function of one value, null for null.
func of1(f func(c *call) func(a Value) Value) func(*call) *node {
	return func(c *call) *node {
		arg, f := c.args[0].eval, f(c)
		return &node{eval: func(row any, s []Value) Value {
			a := arg(row, s)
			if a.kind == 0 {
				return a
			}
			return f(a)
		}}
	}
}

// plain1 is of1 for a function that needs only its value.
func plain1(f func(a Value) Value) func(*call) *node {
	return of1(func(*call) func(Value) Value { return f })
}

// plain2 makes a function of two values, null if one is null.
func plain2(f binaryFunc) func(*call) *node {
	return func(c *call) *node {
		first, second := c.args[0].eval, c.args[1].eval
		return &node{eval: func(row any, s []Value) Value {
			a := first(row, s)
			if a.kind == 0 {
				return a
			}
			b := second(row, s)
			if b.kind == 0 {
				return b
			}
			return f(a, b)
		}}
	}
}

// plain3 makes a function of three values, null if one is null.
func plain3(f func(a, b, c Value) Value) func(*call) *node {
	return func(c *call) *node {
		first, second, third := c.args[0].eval, c.args[1].eval, c.args[2].eval
		return &node{eval: func(row any, s []Value) Value {
			a, b, c := first(row, s), second(row, s), third(row, s)
			if a.kind == 0 || b.kind == 0 || c.kind == 0 {
				return Null
			}
			return f(a, b, c)
		}}
	}
}

// constantText returns an argument that must be known before.
func (c *call) constantText(i int, what string) string {
	n := c.args[i]
	if !n.constant || n.val.kind != String {
		c.fail(n, what+" is a text in quotation marks", "")
	}
	return n.val.text
}

package query

import (
	"strings"
)

// value takes a token where a value is due, and reports whether one still is.
func (d *diagnosis) value(t token) (due bool, err *Error) {
	before := d.tokens[max(d.i-1, 0)]
	switch {
	case t.kind == kindAlias:
		if len(d.inner) > 0 || d.step == "where" || d.step == "sort" || d.step == "top" || d.step == "" {
			return false, d.assignment(d.tokens[d.i+1])
		}
		d.i++ // the "="
		return true, nil
	case t.kind == kindFunc:
		d.i++
		d.inner = append(d.inner, "call")
		if d.tokens[d.i+1].is(")") {
			d.i++
			d.inner = d.inner[:len(d.inner)-1]
			return false, nil
		}
		return true, nil
	case t.kind == kindName || t.kind == kindQuoted:
		next := d.tokens[d.i+1]
		if t.kind == kindQuoted && next.is("=") && (d.step == "project" || d.step == "extend" || d.step == "summarize" || d.step == "distinct") {
			d.i++
			return true, nil
		}
		lower := strings.ToLower(t.value)
		if hint := foreignWords[lower]; hint != "" && (lower == "case" || lower == "then") {
			return false, d.at(t, d.describe(t)+" does not belong here", hint)
		}
		return false, nil
	case t.kind == kindText || t.kind == kindInt || t.kind == kindReal || t.kind == kindSpan || t.kind == kindTime || t.kind == kindBool:
		return false, nil
	case t.is("("):
		d.inner = append(d.inner, "group")
		return true, nil
	case t.is("-") || t.is("+"):
		return true, nil
	case t.word("not") || t.is("!"):
		return true, nil
	case t.is("*") && before.is("(") && len(d.inner) > 0 && d.inner[len(d.inner)-1] == "call",
		t.is("*") && before.is(",") && len(d.inner) > 0 && d.inner[len(d.inner)-1] == "call":
		return false, nil
	}
	return false, d.noValue(t, before)
}

// noValue tells that a value is missing at t.
func (d *diagnosis) noValue(t, before token) *Error {
	what := "a column or a value is expected"
	switch {
	case before.kind == kindStep || before.kind == kindWord || before.kind == kindMark:
		what += " after " + d.describe(before)
	case d.i == 0:
		what += " first"
	}
	what += d.instead(t)
	hint := ""
	switch {
	case t.is("="):
		hint = "to compare, write `==`"
	case t.is("*"):
		hint = "leave out `project` to have all columns"
		if d.step != "project" {
			hint = ""
		}
	case t.is("[") || t.is(".") && before.is("."):
		hint = "names in quotation marks look like `['a name']`"
	case t.kind == kindWord && (t.value == "in" || strings.HasPrefix(t.value, "has") || t.value == "by" || t.value == "between") && before.kind != kindStep:
		hint = "a column with this name is written " + quoted("['"+t.value+"']")
	case before.word("in") || before.word("!in"):
		hint = "write `in (\"a\", \"b\")`"
	}
	return d.at(t, what, hint)
}

// assignment tells about a "=" where nothing can be named.
func (d *diagnosis) assignment(t token) *Error {
	return d.at(t, "`=` gives a name to a column, it does not compare", "to compare, write `==`")
}

// operator takes a token after a value, and reports whether the next value is
// due.
func (d *diagnosis) operator(t token) (due bool, err *Error) {
	in := ""
	if len(d.inner) > 0 {
		in = d.inner[len(d.inner)-1]
	}
	switch {
	case t.is(")") || t.is("]"):
		d.inner = d.inner[:len(d.inner)-1]
		return false, nil
	case t.is("["):
		d.inner = append(d.inner, "index")
		return true, nil
	case t.is(","):
		if in == "group" || in == "index" || in == "interval" {
			return false, d.at(t, "`,` does not belong in these brackets", map[string]string{"interval": "write `between (1 .. 5)`"}[in])
		}
		if in == "" && (d.step == "where" || d.step == "") {
			return false, d.at(t, "`,` does not belong in a condition", "write `and`")
		}
		if in == "" && (d.step == "take" || d.step == "count") {
			return false, d.unexpected(t)
		}
		return true, nil
	case t.is(".."):
		if in != "interval" {
			return false, d.at(t, "`..` belongs to `between`", "write `between (1 .. 5)`")
		}
		return true, nil
	case t.is("="):
		return false, d.assignment(t)
	case t.is("."):
		next := d.tokens[d.i+1]
		if next.kind != kindName && next.kind != kindQuoted {
			return false, d.at(next, "a name is expected after `.`"+d.instead(next), "")
		}
		d.i++
		return false, nil
	case t.is("(") || t.is(";") || t.is(":") || t.is("!"):
		return false, d.unexpected(t)
	case t.kind == kindMark:
		if d.step == "take" || d.step == "count" {
			return false, d.unexpected(t)
		}
		return true, nil
	case t.kind == kindWord:
		return d.wordOperator(t, in)
	case t.kind == kindName && (d.step == "sort" || d.step == "top") && in == "" && d.order(t):
		return false, nil
	}
	return false, d.unexpected(t)
}

// order takes the words after a key of sort and top.
func (d *diagnosis) order(t token) bool {
	before, next := d.tokens[d.i-1], d.tokens[d.i+1]
	switch strings.ToLower(t.value) {
	case "asc", "desc":
		return !strings.EqualFold(before.value, "asc") && !strings.EqualFold(before.value, "desc")
	case "nulls":
		if strings.EqualFold(next.value, "first") || strings.EqualFold(next.value, "last") {
			d.i++
			return true
		}
	}
	return false
}

func (d *diagnosis) wordOperator(t token, in string) (due bool, err *Error) {
	next := d.tokens[d.i+1]
	switch t.value {
	case "not":
		if next.word("in") || next.word("has") || next.word("contains") || next.word("between") || next.word("startswith") || next.word("endswith") {
			return false, d.at(t, "`not` does not belong here", "write `!"+next.value+"`")
		}
		return false, d.unexpected(t)
	case "by":
		if in != "" || d.step != "summarize" {
			return false, d.unexpected(t)
		}
	case "matches":
		if !strings.EqualFold(next.value, "regex") {
			return false, d.at(t, "`regex` is missing after `matches`", "write `matches regex \"…\"`")
		}
		d.i++
	case "in", "!in", "in~", "!in~", "has_any", "has_all":
		if !next.is("(") {
			return false, d.at(next, "`(` is missing after `"+t.value+"`", "write `"+t.value+" (\"a\", \"b\")`")
		}
		d.i++
		d.inner = append(d.inner, "call")
	case "between", "!between":
		if !next.is("(") {
			return false, d.at(next, "`(` is missing after `"+t.value+"`", "write `"+t.value+" (1 .. 5)`")
		}
		d.i++
		d.inner = append(d.inner, "interval")
	}
	return true, nil
}

// unexpected tells about a token after a value that cannot go on from it.
func (d *diagnosis) unexpected(t token) *Error {
	before := d.tokens[max(d.i-1, 0)]
	lower := strings.ToLower(t.value)
	hint := foreignWords[lower]
	switch {
	case hint != "":
	case t.kind == kindName || t.kind == kindFunc || t.kind == kindAlias:
		if stepNames[lower] != "" {
			return d.at(t, "`|` is missing before "+d.describe(t), "write "+quoted("| "+d.src[t.pos:t.end]))
		}
		if near := nearest(lower, infix); len(near) > 0 {
			hint = "did you mean `" + strings.Join(near, "` or `") + "`?"
		}
	case t.is("("):
		hint = "only functions have arguments"
	case t.is(";"):
		hint = "a query ends without a sign"
	case t.is(":"):
		hint = "to compare, write `==`; to look into a text, write `has`"
	}
	if hint == "" {
		switch d.step {
		case "take", "count":
			hint = "the next operator begins with `|`"
		case "where", "":
			hint = "conditions are joined with `and` and `or`"
		default:
			hint = "columns are separated by `,`, and the next operator begins with `|`"
		}
	}
	return d.at(t, d.describe(t)+" does not belong after "+d.describe(before), hint)
}

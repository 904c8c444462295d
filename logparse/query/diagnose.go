package query

import (
	"maps"
	"slices"
	"strings"

	"github.com/alecthomas/participle/v2/lexer"
)

// stepNames are the operators of a pipeline, with the name that they go by.
var stepNames = map[string]string{
	"where": "where", "filter": "where", "project": "project", "project-away": "project-away", "extend": "extend",
	"summarize": "summarize", "sort": "sort", "order": "sort", "top": "top", "take": "take", "limit": "take",
	"count": "count", "distinct": "distinct", "render": "render",
}

var stepList = slices.Sorted(maps.Keys(stepNames))

// foreignSteps are operators of other languages, with what stands for them here.
var foreignSteps = map[string]string{
	"select": "write `project`", "from": "a query begins with the table: `recipients | where …`",
	"group": "write `summarize count() by domain`", "orderby": "write `sort by`", "head": "write `take`",
	"tail": "write `sort by time desc | take 10`", "having": "write `where` after `summarize`", "stats": "write `summarize`",
	"uniq": "write `distinct`", "wc": "write `count`", "grep": "write `where text contains \"…\"`", "search": "write `where text contains \"…\"`",
	"eval": "write `extend`", "fields": "write `project`", "table": "write `project`", "dedup": "write `distinct`",
	"rename": "write `project new = old`", "project-rename": "write `project new = old`", "project-keep": "write `project`",
	"project-reorder": "write `project`", "sample": "write `take`", "chart": "write `render barchart`", "timechart": "write `render timechart`",
	"join": "tables cannot be joined here; export them for that", "union": "one query reads one table", "let": "names for parts of a query are made with `extend`",
	"mv-expand": "lists are not taken apart; ask for an element with `has`", "parse": "write `extend part = extract(\"…\", 1, text)`",
}

// foreignWords are words of other languages in an expression.
var foreignWords = map[string]string{
	"like": "write `contains`, `startswith`, `endswith` or `matches regex`", "ilike": "write `contains`, `startswith`, `endswith` or `matches regex`",
	"is": "write `isnull(…)` or `isnotnull(…)`", "rlike": "write `matches regex`", "regexp": "write `matches regex`", "regex": "write `matches regex`",
	"eq": "write `==`", "ne": "write `!=`", "gt": "write `>`", "lt": "write `<`", "ge": "write `>=`", "le": "write `<=`", "equals": "write `==`",
	"xor": "write `a != b`", "div": "write `/`", "mod": "write `%`", "as": "write the name before the value: `name = value`",
	"starts": "write `startswith`", "ends": "write `endswith`", "begins": "write `startswith`", "matchesregex": "write `matches regex`",
	"group": "write `| summarize … by …`", "order": "write `| sort by …`", "having": "write `| where …` after `| summarize …`",
	"asc": "only `sort by` and `top … by` have an order", "desc": "only `sort by` and `top … by` have an order",
	"case": "write `case(condition, value, …, otherwise)`", "then": "write `iff(condition, value, otherwise)`", "includes": "write `has` or `contains`",
	"notin": "write `!in`", "within": "write `between (… .. …)`",
}

// infix are the words between two values, for suggestions.
var infix = func() []string {
	words := []string{"asc", "desc", "matches", "regex", "nulls"}
	for w := range reserved {
		if w[0] != '!' {
			words = append(words, w)
		}
	}
	slices.Sort(words)
	return words
}()

// diagnosis goes over the tokens of a query that the parser did not take, as a
// reader does: it knows whether a value or an operator is due, and stops at the
// first token that is neither.
type diagnosis struct {
	src    string
	tokens []token
	i      int
	step   string
	inner  []string // what the open brackets belong to
}

// diagnose tells what is wrong with a query that does not parse. blamed is where
// the parser stopped, which may be later or earlier than the mistake.
func diagnose(src string, tokens []token, blamed int, pipeline bool) *Error {
	d := &diagnosis{src: src, tokens: tokens}
	if tokens[0].kind == lexer.EOF {
		if pipeline {
			return d.at(tokens[0], "the query is empty", "it begins with a table: `recipients | where result == \"rejected\"`")
		}
		return d.at(tokens[0], "the condition is empty", "write one such as `domain == \"example.com\"`")
	}
	if pipeline {
		if err := d.begin(); err != nil {
			return err
		}
	}
	if err := d.run(pipeline); err != nil {
		return err
	}
	for _, t := range tokens {
		if t.pos >= blamed {
			hint := ""
			if signs[t.value] != 0 || t.kind == kindWord {
				hint = "put what comes before it in brackets"
			}
			return d.at(t, d.describe(t)+" does not belong here", hint)
		}
	}
	return errorAt(src, len(src), len(src), "the query ends too early", "")
}

func (d *diagnosis) at(t token, msg, hint string) *Error {
	return errorAt(d.src, t.pos, t.end, msg, hint)
}

func (d *diagnosis) describe(t token) string {
	if t.kind == lexer.EOF {
		return "the end"
	}
	return quoted(d.src[t.pos:t.end])
}

// instead tells what there is in place of what is expected.
func (d *diagnosis) instead(t token) string {
	if t.kind == lexer.EOF {
		return ", but the query ends"
	}
	return ", not " + d.describe(t)
}

// begin checks the table and the first "|".
func (d *diagnosis) begin() *Error {
	t, next := d.tokens[0], d.tokens[min(1, len(d.tokens)-1)]
	lower := strings.ToLower(t.value)
	switch {
	case t.is("|") || stepNames[lower] != "" && !next.is("|"):
		return d.at(t, "a query begins with a table", "write it before the first `|`: `recipients | where …`")
	case foreignSteps[lower] != "" && !next.is("|"):
		return d.at(t, "a query begins with a table, not with "+d.describe(t), "write `recipients | where … | project …`")
	case t.kind != kindName && t.kind != kindQuoted:
		return d.at(t, "a query begins with a table, not with "+d.describe(t), "write `recipients | where …`")
	case next.kind == kindMark && !next.is("|"):
		return d.at(next, d.describe(next)+" does not belong after the table", "the operators follow, each after a `|`")
	case next.kind != lexer.EOF && !next.is("|"):
		hint := ""
		if stepNames[strings.ToLower(next.value)] != "" {
			hint = "write " + quoted("| "+d.src[next.pos:next.end])
		}
		return d.at(next, "`|` is missing before "+d.describe(next), hint)
	}
	d.i = 1
	return nil
}

// run checks the steps, or one condition.
func (d *diagnosis) run(pipeline bool) *Error {
	for {
		if pipeline {
			if d.tokens[d.i].kind == lexer.EOF {
				return nil
			}
			d.i++ // the "|"
			if err := d.head(); err != nil {
				return err
			}
		}
		if err := d.expressions(); err != nil || !pipeline {
			return err
		}
	}
}

// head checks the name of an operator and the words that come with it.
func (d *diagnosis) head() *Error {
	t := d.tokens[d.i]
	if t.kind == lexer.EOF || t.is("|") {
		return d.at(t, "an operator is missing after `|`", "such as `where`, `project`, `summarize`, `sort by`, `top` or `take`")
	}
	if t.kind != kindStep {
		return d.at(t, "an operator is expected after `|`, not "+d.describe(t), "such as `where`, `project`, `summarize`, `sort by`, `top` or `take`")
	}
	d.step = stepNames[t.value]
	if d.step == "" {
		hint := foreignSteps[t.value]
		if hint == "" {
			hint = suggest(t.value, stepList, "operators")
		}
		return d.at(t, "no operator "+quoted(t.value), hint)
	}
	d.i++
	next := d.tokens[d.i]
	switch d.step {
	case "sort":
		if !next.word("by") {
			return d.at(next, "`by` is missing after "+quoted(t.value), "write `"+t.value+" by time desc`")
		}
		d.i++
	case "take", "top":
		if next.kind != kindInt {
			return d.at(next, "a number of rows is expected after "+quoted(t.value)+d.instead(next), "write `"+t.value+" 10"+map[string]string{"top": " by n`", "take": "`"}[d.step])
		}
		d.i++
		if by := d.tokens[d.i]; d.step == "top" && !by.word("by") {
			return d.at(by, "`by` is missing after "+quoted(t.value+" "+next.value), "write `top "+next.value+" by n desc`")
		} else if d.step == "top" {
			d.i++
		}
	case "render":
		if next.kind != kindName {
			return d.at(next, "a kind of chart is expected after `render`"+d.instead(next), "write `render barchart` or `render timechart`")
		}
	case "distinct":
		if next.is("*") {
			d.i++
		}
	}
	return nil
}

// expressions goes over what comes after the name of the operator, up to the
// next "|".
func (d *diagnosis) expressions() *Error {
	if d.step == "render" {
		return d.renderOptions()
	}
	before := d.tokens[max(d.i-1, 0)]
	due := d.step != "take" && d.step != "count" && !before.is("*")
	if t := d.tokens[d.i]; d.step == "summarize" && t.word("by") {
		d.i++
	}
	for ; ; d.i++ {
		t := d.tokens[d.i]
		if (t.kind == lexer.EOF || t.is("|")) && !due {
			if t.is("|") && d.step == "" {
				return d.at(t, "this is a condition on rows: `|` has no place in it", "whole queries are for `smtplog query`")
			}
			return nil
		}
		var err *Error
		if due {
			due, err = d.value(t)
		} else {
			due, err = d.operator(t)
		}
		if err != nil {
			return err
		}
	}
}

func (d *diagnosis) renderOptions() *Error {
	t := d.tokens[d.i+1]
	switch {
	case t.kind == lexer.EOF:
		return nil
	case t.is("|"):
		return d.at(t, "nothing can follow `render`", "put `render` at the end")
	case strings.EqualFold(t.value, "with"):
		return d.at(t, "the options of `render` cannot be read", "write `with (title=\"…\", xcolumn=time, ycolumns=n, series=domain)`")
	}
	return d.at(t, d.describe(t)+" does not belong here", "write `render barchart` or `render barchart with (title=\"…\")`")
}

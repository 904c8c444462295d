package query

import (
	"strconv"
	"strings"
	"time"
)

// The tree of a query, as it is written: names are not yet resolved and types
// not yet checked.

type astKind uint8

const (
	astLiteral astKind = iota // val of typ
	astName                   // parts: a name and its members
	astCall                   // op(args)
	astOp                     // args[0] op args[1], op args[0], and and or with any number
	astSet                    // args[0] op (args[1:])
	astIndex                  // args[0][args[1]]
	astStar                   // *
)

type ast struct {
	kind     astKind
	op       string
	parts    []string
	val      Value
	args     []*ast
	pos, end int
}

// A step is one operator of a pipeline.
type step struct {
	name     string // canonical: limit is take
	pos, end int    // of the name
	where    *ast
	items    []*item // project, extend, summarize, distinct; nil: distinct *
	by       []*item
	keys     []*key
	names    []name
	n        int64
	render   *gRender
}

type item struct {
	alias    string
	pos, end int // of the alias, or of the expression
	expr     *ast
}

type key struct {
	expr       *ast
	desc       bool
	nullsFirst bool
}

type name struct {
	text     string
	pos, end int
}

// lowerer makes the tree of what the grammar found.
type lowerer struct {
	src    string
	tokens []token
	loc    *time.Location
	end    map[int]int // of tokens, by where they begin
}

func newLowerer(src string, tokens []token, loc *time.Location) *lowerer {
	l := &lowerer{src: src, tokens: tokens, loc: loc, end: make(map[int]int, len(tokens))}
	for _, t := range tokens {
		l.end[t.pos] = t.end
	}
	return l
}

func (l *lowerer) fail(pos, end int, msg, hint string) { panic(errorAt(l.src, pos, end, msg, hint)) }

func nameOf(token string) string {
	if strings.HasPrefix(token, "[") {
		return unquoteName(token)
	}
	return token
}

func (l *lowerer) step(g *gStep) *step {
	s := &step{pos: g.Pos.Offset, end: l.end[g.Pos.Offset]}
	s.name = stepNames[strings.ToLower(l.src[s.pos:s.end])]
	switch {
	case g.Where != nil:
		s.where = l.or(g.Where)
	case g.Project != nil:
		s.items = l.items(g.Project)
	case g.Away != nil:
		s.names = l.names(g.Away)
	case g.Extend != nil:
		s.items = l.items(g.Extend)
	case g.Summarize != nil:
		s.items, s.by = l.items(g.Summarize.Items), l.items(g.Summarize.By)
	case g.Sort != nil:
		s.keys = l.keys(g.Sort)
	case g.Top != nil:
		s.keys = l.keys(g.Top.Keys)
		s.n = l.amount(g.Top.N, s)
	case g.Take != "":
		s.n = l.amount(g.Take, s)
	case g.Distinct != nil:
		s.items = l.items(g.Distinct.Items)
	case g.Render != nil:
		s.render = g.Render
	}
	return s
}

func (l *lowerer) amount(text string, s *step) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		l.fail(s.pos, s.end, "this number of rows is too large", "")
	}
	return n
}

func (l *lowerer) items(list []*gItem) []*item {
	var items []*item
	for _, g := range list {
		it := &item{alias: nameOf(g.Alias), expr: l.or(g.Expr)}
		it.pos, it.end = it.expr.pos, it.expr.end
		if g.Alias != "" {
			it.pos, it.end = g.Pos.Offset, l.end[g.Pos.Offset]
		}
		items = append(items, it)
	}
	return items
}

func (l *lowerer) names(list []*gName) []name {
	var names []name
	for _, g := range list {
		names = append(names, name{nameOf(g.Name), g.Pos.Offset, l.end[g.Pos.Offset]})
	}
	return names
}

func (l *lowerer) keys(list []*gKey) []*key {
	var keys []*key
	for _, g := range list {
		k := &key{expr: l.or(g.Expr), desc: !strings.EqualFold(g.Order, "asc")}
		// KQL: nulls are the smallest.
		k.nullsFirst = !k.desc
		if g.Nulls != "" {
			k.nullsFirst = strings.EqualFold(g.Nulls, "first")
		}
		keys = append(keys, k)
	}
	return keys
}

// chain returns args joined by a word that takes any number of them.
func chain(op string, args []*ast) *ast {
	if len(args) == 1 {
		return args[0]
	}
	return &ast{kind: astOp, op: op, args: args, pos: args[0].pos, end: args[len(args)-1].end}
}

func (l *lowerer) or(g *gOr) *ast {
	args := []*ast{l.and(g.Left)}
	for _, r := range g.Rest {
		args = append(args, l.and(r))
	}
	return chain("or", args)
}

func (l *lowerer) and(g *gAnd) *ast {
	args := []*ast{l.not(g.Left)}
	for _, r := range g.Rest {
		args = append(args, l.not(r))
	}
	return chain("and", args)
}

func (l *lowerer) not(g *gNot) *ast {
	e := l.cmp(g.Cmp)
	if len(g.Nots) == 0 {
		return e
	}
	e = &ast{kind: astOp, op: "not", args: []*ast{e}, pos: g.Pos.Offset, end: e.end}
	if len(g.Nots)%2 == 0 {
		e = &ast{kind: astOp, op: "not", args: []*ast{e}, pos: g.Pos.Offset, end: e.end}
	}
	return e
}

func infixOf(op string, left, right *ast) *ast {
	return &ast{kind: astOp, op: op, args: []*ast{left, right}, pos: left.pos, end: right.end}
}

func (l *lowerer) cmp(g *gCmp) *ast {
	left := l.sum(g.Left)
	switch {
	case g.Sign != "":
		return infixOf(g.Sign, left, l.sum(g.Right))
	case g.Match != nil:
		return infixOf("matches", left, l.sum(g.Match))
	case g.Set != "":
		e := &ast{kind: astSet, op: g.Set, args: []*ast{left}, pos: left.pos}
		for _, m := range g.Members {
			e.args = append(e.args, l.sum(m))
		}
		e.end = e.args[len(e.args)-1].end
		return e
	case g.Between != "":
		e := &ast{kind: astSet, op: g.Between, args: []*ast{left, l.sum(g.Limits.From), l.sum(g.Limits.To)}, pos: left.pos}
		e.end = e.args[2].end
		return e
	}
	return left
}

func (l *lowerer) sum(g *gSum) *ast {
	e := l.product(g.Left)
	for _, t := range g.Rest {
		e = infixOf(t.Sign, e, l.product(t.Right))
	}
	return e
}

func (l *lowerer) product(g *gProduct) *ast {
	e := l.signed(g.Left)
	for _, f := range g.Rest {
		e = infixOf(f.Sign, e, l.signed(f.Right))
	}
	return e
}

func (l *lowerer) signed(g *gSigned) *ast {
	e := l.postfix(g.Value)
	minus := 0
	for _, s := range g.Signs {
		if s == "-" {
			minus++
		}
	}
	if minus > 0 {
		for range 2 - minus%2 {
			e = &ast{kind: astOp, op: "-", args: []*ast{e}, pos: g.Pos.Offset, end: e.end}
		}
	}
	return e
}

// before returns where the token before pos ends.
func (l *lowerer) before(pos int) int {
	for pos--; pos >= 0; pos-- {
		if end, ok := l.end[pos]; ok {
			return end
		}
	}
	return 0
}

func (l *lowerer) postfix(g *gPostfix) *ast {
	e := l.primary(g.Primary)
	for _, s := range g.Parts {
		end := l.before(s.EndPos.Offset)
		switch {
		case s.Index != nil:
			e = &ast{kind: astIndex, args: []*ast{e, l.or(s.Index)}, pos: e.pos, end: end}
		case e.kind == astName:
			e.parts, e.end = append(e.parts, nameOf(s.Member)), end
		default:
			member := &ast{kind: astLiteral, val: StringOf(nameOf(s.Member)), pos: e.end, end: end}
			e = &ast{kind: astIndex, args: []*ast{e, member}, pos: e.pos, end: end}
		}
	}
	return e
}

func (l *lowerer) primary(g *gPrimary) *ast {
	e := &ast{pos: g.Pos.Offset, end: l.before(g.EndPos.Offset)}
	ok := true
	switch {
	case g.Call != nil:
		e.kind, e.op = astCall, g.Call.Name
		for _, a := range g.Call.Args {
			if a.Star {
				e.args = append(e.args, &ast{kind: astStar, pos: a.Pos.Offset, end: a.Pos.Offset + 1})
			} else {
				e.args = append(e.args, l.or(a.Expr))
			}
		}
	case g.Name != "":
		e.kind, e.parts = astName, []string{nameOf(g.Name)}
	case g.Text != "":
		e.val = StringOf(unquote(g.Text))
	case g.Int != "":
		n, err := strconv.ParseInt(g.Int, 10, 64)
		e.val, ok = IntOf(n), err == nil
	case g.Real != "":
		f, err := strconv.ParseFloat(g.Real, 64)
		e.val, ok = RealOf(f), err == nil
	case g.Span != "":
		e.val, ok = parseSpan(g.Span)
	case g.Time != "":
		open := strings.IndexByte(g.Time, '(')
		e.val, ok = parseTime(g.Time[open+1:len(g.Time)-1], l.loc)
		if !ok {
			l.fail(e.pos, e.end, "this is no date", timeHint)
		}
	case g.Bool != "":
		e.val = BoolOf(strings.EqualFold(g.Bool, "true"))
	default:
		return l.or(g.Inner)
	}
	if !ok {
		l.fail(e.pos, e.end, "this number is too large", "")
	}
	return e
}

const timeHint = "write `datetime(2026-11-01)` or `datetime(2026-11-01T10:30:00Z)`"

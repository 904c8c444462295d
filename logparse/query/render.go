package query

import (
	"strings"
)

// A Render describes the chart that a query asks for. Its columns are columns of
// the result.
type Render struct {
	Kind   string   // "barchart" or "timechart"
	Title  string   // may be empty
	X      string   // what the bars are named after; the time of a timechart
	Y      []string // columns of numbers, at least one
	Series []string // columns that tell apart what shares an X; may be empty
}

// charts are the kinds, with those that look the same in a terminal.
var charts = map[string]string{"barchart": "barchart", "columnchart": "barchart", "timechart": "timechart", "linechart": "timechart"}

func (p *pipeline) render(s *step) {
	g := s.render
	kind := charts[strings.ToLower(g.Kind)]
	kindEnd := g.Pos.Offset + len(g.Kind)
	if kind == "" {
		p.fail(g.Pos.Offset, kindEnd, "no chart "+quoted(g.Kind), "charts: barchart, timechart")
	}
	r := &Render{Kind: kind}
	for _, o := range g.With {
		p.renderOption(r, o)
	}
	p.q.render = r
	for _, v := range p.scope.vars {
		if r.X == "" && (kind == "barchart" || v.cell.typ == DateTime) && !chosen(r, v.name) {
			r.X = v.name
		}
	}
	if r.X == "" {
		p.fail(g.Pos.Offset, kindEnd, "a timechart needs a column that is a time", "write `summarize n = count() by bin(time, 1h)` before it")
	}
	if len(r.Y) == 0 {
		for _, v := range p.scope.vars {
			if drawn(v.cell.typ) && !chosen(r, v.name) {
				r.Y = append(r.Y, v.name)
			}
		}
	}
	if len(r.Y) == 0 {
		p.fail(g.Pos.Offset, kindEnd, "there is no column of numbers to draw", "write `summarize n = count() by …` before it")
	}
	if len(r.Series) == 0 {
		for _, v := range p.scope.vars {
			if !chosen(r, v.name) && !drawn(v.cell.typ) {
				r.Series = append(r.Series, v.name)
			}
		}
	}
}

func drawn(t Type) bool { return t == Int || t == Real || t == TimeSpan }

// chosen reports whether a column has its place in the chart.
func chosen(r *Render, name string) bool {
	for _, list := range [][]string{{r.X}, r.Y, r.Series} {
		for _, n := range list {
			if n == name {
				return true
			}
		}
	}
	return false
}

func (p *pipeline) renderOption(r *Render, o *gOption) {
	pos, end := o.Pos.Offset, o.Pos.Offset+len(o.Name)
	var names []string
	for _, v := range o.Values {
		name := nameOf(v.Name)
		found := p.scope.find(name)
		if found == nil {
			at := v.Pos.Offset
			p.unknownName(&ast{kind: astName, parts: []string{name}, pos: at, end: at + len(v.Name)}, name)
		}
		names = append(names, found.name)
		if strings.EqualFold(o.Name, "ycolumns") && !drawn(found.cell.typ) {
			p.fail(v.Pos.Offset, v.Pos.Offset+len(v.Name), quoted(name)+" is "+found.cell.typ.a()+" and cannot be drawn", "")
		}
	}
	option := strings.ToLower(o.Name)
	switch {
	case option == "title" && o.Text != "":
		r.Title = unquote(o.Text)
	case option == "title":
		p.fail(pos, end, "a title stands in quotation marks", "")
	case o.Text != "":
		p.fail(pos, end, quoted(o.Name)+" is the name of a column, without quotation marks", "")
	case option == "xcolumn":
		r.X = names[0]
		if v := p.scope.find(r.X); r.Kind == "timechart" && v.cell.typ != DateTime {
			p.fail(pos, end, quoted(r.X)+" is "+v.cell.typ.a()+", and a timechart runs over time", "")
		}
	case option == "ycolumns":
		r.Y = names
	case option == "series":
		r.Series = names
	default:
		p.fail(pos, end, "no option "+quoted(o.Name), suggest(o.Name, []string{"title", "xcolumn", "ycolumns", "series"}, "options"))
	}
}

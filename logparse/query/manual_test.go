package query

import (
	"go/doc/comment"
	"strings"
	"testing"
)

// examples returns the indented lines of the manual; a line that begins with "|"
// belongs to the one before.
func examples() []string {
	var list []string
	for line := range strings.Lines(Manual()) {
		if !strings.HasPrefix(line, "\t") {
			continue
		}
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "|") {
			list[len(list)-1] += "\n" + line
			continue
		}
		list = append(list, line)
	}
	return list
}

// Each example of the manual is a query that finds something in the rows of these
// tests, or a condition that is true.
func TestManual(t *testing.T) {
	if n := len(examples()); n < 60 {
		t.Fatalf("%d examples", n)
	}
	for _, src := range examples() {
		first := strings.Fields(src)[0]
		if testRows[first] != nil {
			if len(ask(t, src)) == 0 {
				t.Errorf("%s\nfinds nothing", src)
			}
			continue
		}
		c, err := ParseCondition(src, &Table{Name: "nothing"}, &Options{Now: testNow})
		if err != nil {
			t.Errorf("%s", err.(*Error).Show(false))
			continue
		}
		if !c.Match(nil) {
			t.Errorf("%s\nis not true", src)
		}
	}
}

// Every function, aggregate and operator is in the manual.
func TestManualIsComplete(t *testing.T) {
	var names []string
	names = append(names, functionNames...)
	names = append(names, aggregateNames...)
	names = append(names, stepList...)
	for w := range reserved {
		names = append(names, strings.TrimPrefix(w, "!"))
	}
	for _, name := range names {
		switch name {
		case "datetime", "notnull", "notempty":
			continue // literals, and spellings of KQL that have another here
		}
		if !strings.Contains(Manual(), name) {
			t.Errorf("%s is not in the manual", name)
		}
	}
}

func TestManualIsTheDocumentation(t *testing.T) {
	var p comment.Parser
	d := p.Parse(Manual())
	headings := 0
	for _, block := range d.Content {
		if _, ok := block.(*comment.Heading); ok {
			headings++
		}
	}
	if headings < 10 || !strings.HasPrefix(Manual(), "The language ") || strings.Contains(Manual(), "[Table]") {
		t.Errorf("%d headings in %.60q", headings, Manual())
	}
}

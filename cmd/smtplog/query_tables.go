package main

import (
	"errors"
	"fmt"

	"github.com/smtplog/smtplog/cmd/internal/table"
	"github.com/smtplog/smtplog/cmd/internal/tables"
	"github.com/smtplog/smtplog/logparse/query"
)

// tableJSON is a line of query --tables --json.
type tableJSON struct {
	Table   string       `json:"table"`
	Doc     string       `json:"doc"`
	Columns []columnJSON `json:"columns"`
}

type columnJSON struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Doc  string `json:"doc"`
}

// listTables prints the tables that can be asked about.
func (a *app) listTables(f *queryFlags, args []string) error {
	if len(args) > 0 {
		return usageError{errors.New("--tables takes neither a QUERY nor a PATH")}
	}
	out, err := a.output(f.color)
	if err != nil {
		return err
	}
	for i, t := range tables.All() {
		if f.json {
			j := tableJSON{Table: t.Name, Doc: t.Doc}
			for _, c := range t.Columns {
				j.Columns = append(j.Columns, columnJSON{c.Name, typeName(c.Type), c.Doc})
			}
			if err := printJSON(a.stdout, &j); err != nil {
				return err
			}
			continue
		}
		if i > 0 {
			fmt.Fprintln(a.stdout)
		}
		fmt.Fprintf(a.stdout, "%s: %s\n", out.Bold(t.Name), t.Doc)
		list := table.New(table.Column{Title: "column"}, table.Column{Title: "type"}, table.Column{Title: "meaning", Flex: true, Min: 20})
		for _, c := range t.Columns {
			list.Add(c.Name, typeName(c.Type), c.Doc)
		}
		if err := list.Render(a.stdout, out); err != nil {
			return err
		}
	}
	return nil
}

// typeName is what KQL calls a type.
func typeName(t query.Type) string {
	switch t {
	case query.String:
		return "string"
	case query.Int:
		return "long"
	case query.Real:
		return "real"
	case query.Bool:
		return "bool"
	case query.DateTime:
		return "datetime"
	case query.TimeSpan:
		return "timespan"
	case query.List:
		return "list"
	}
	return "object"
}

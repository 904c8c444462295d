package main

import (
	"strings"
	"testing"

	"github.com/smtplog/smtplog/cmd/internal/tables"
	"github.com/smtplog/smtplog/logparse/query"
)

// TestManual checks that every query of the manual is one about the tables that
// there are.
func TestManual(t *testing.T) {
	n := 0
	for _, block := range strings.Split(query.Manual(), "\n\n") {
		src := ""
		for line := range strings.Lines(block) {
			part, isExample := strings.CutPrefix(line, "\t")
			switch {
			case !isExample:
			case strings.HasPrefix(part, "|"): // goes on
				src += part
				continue
			default:
				n += parses(t, src)
				src = part
				continue
			}
		}
		n += parses(t, src)
	}
	if n < 20 {
		t.Errorf("only %d queries", n)
	}
}

// parses parses a query, and counts it; what is no query about a table it
// passes over.
func parses(t *testing.T, src string) int {
	t.Helper()
	word, _, _ := strings.Cut(strings.TrimSpace(src), " ")
	if tables.Table(strings.TrimSpace(word)) == nil {
		return 0
	}
	if _, err := query.ParseQuery(src, tables.All(), nil); err != nil {
		t.Errorf("%s: %v", src, err)
	}
	return 1
}

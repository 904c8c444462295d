package query

import (
	_ "embed"
	"strings"
)

//go:embed doc.go
var docSource string

// Manual returns the manual of the language: the documentation of this package but
// for its first paragraph, which is for programs.
func Manual() string {
	_, text, _ := strings.Cut(docSource, "\n\n")
	text, _, _ = strings.Cut(text, "*/")
	return text
}

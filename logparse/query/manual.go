package query

import (
	_ "embed"
	"strings"
)

//go:embed doc.go
var docSource string

// Manual returns the manual of the language, the text of the documentation of
// this package.
func Manual() string {
	_, text, _ := strings.Cut(docSource, "/*\n")
	text, _, _ = strings.Cut(text, "*/")
	return text
}

package export

import (
	"io"
	"strconv"
	"strings"

	"github.com/smtplog/smtplog/cmd/internal/csvout"
	"github.com/smtplog/smtplog/logparse/query"
)

type csvSink struct {
	w     *csvout.Writer
	cells []string
}

// NewCSV returns a sink that writes CSV with a header. Cells are made harmless
// for spreadsheets; values that are null are empty, times and time spans are
// written as in JSON, lists with "; " between their elements, objects as JSON.
func NewCSV(w io.Writer, columns []Column) Sink {
	s := &csvSink{w: csvout.NewWriter(w), cells: make([]string, len(columns))}
	for i, c := range columns {
		s.cells[i] = c.Name
	}
	s.w.Write(s.cells...)
	return s
}

func (s *csvSink) Write(row []query.Value) error {
	for i, v := range row {
		s.cells[i] = cell(v)
	}
	s.w.Write(s.cells...)
	return nil // the first error comes back from Close
}

func (s *csvSink) Close() error { return s.w.Flush() }

// cell returns a value as text.
func cell(v query.Value) string {
	switch v.Type() {
	case query.String:
		return v.Text()
	case query.Int:
		return strconv.FormatInt(v.Int(), 10)
	case query.Real:
		if !finite(v.Real()) {
			return ""
		}
		return string(appendReal(nil, v.Real()))
	case query.Bool:
		return strconv.FormatBool(v.Bool())
	case query.DateTime:
		return v.Time().String()
	case query.TimeSpan:
		return strconv.FormatInt(milliseconds(v.Span()), 10)
	case query.List:
		return strings.Join(v.List(), "; ")
	case query.Object:
		return string(AppendJSON(nil, v))
	}
	return ""
}

package export

import (
	"io"
	"math"
	"strconv"

	"github.com/smtplog/smtplog/logparse/jsontext"
	"github.com/smtplog/smtplog/logparse/query"
)

type jsonSink struct {
	w       io.Writer
	columns []Column
	buf     []byte
}

// NewJSON returns a sink that writes a JSON object a line. Values that are null
// are left out; times are RFC 3339 in UTC with the precision of their log, time
// spans a number of milliseconds.
func NewJSON(w io.Writer, columns []Column) Sink { return &jsonSink{w: w, columns: columns} }

func (s *jsonSink) Write(row []query.Value) error {
	b := append(s.buf[:0], '{')
	first := true
	for i, v := range row {
		if v.IsNull() || v.Type() == query.Real && !finite(v.Real()) {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = jsontext.AppendString(b, s.columns[i].Name)
		b = append(b, ':')
		b = AppendJSON(b, v)
	}
	s.buf = append(b, '}', '\n')
	_, err := s.w.Write(s.buf)
	return err
}

func (s *jsonSink) Close() error { return nil }

func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }

// AppendJSON appends a value as JSON.
func AppendJSON(b []byte, v query.Value) []byte {
	switch v.Type() {
	case query.String:
		return jsontext.AppendString(b, v.Text())
	case query.Int:
		return strconv.AppendInt(b, v.Int(), 10)
	case query.Real:
		if f := v.Real(); finite(f) {
			return appendReal(b, f)
		}
	case query.Bool:
		return strconv.AppendBool(b, v.Bool())
	case query.DateTime:
		b = append(b, '"')
		return append(v.Time().Append(b), '"')
	case query.TimeSpan:
		return strconv.AppendInt(b, milliseconds(v.Span()), 10)
	case query.List:
		b = append(b, '[')
		for i, s := range v.List() {
			if i > 0 {
				b = append(b, ',')
			}
			b = jsontext.AppendString(b, s)
		}
		return append(b, ']')
	case query.Object:
		b = append(b, '{')
		first := true
		v.Object().Each(func(name, value string) bool {
			if !first {
				b = append(b, ',')
			}
			first = false
			b = append(jsontext.AppendString(b, name), ':')
			b = jsontext.AppendString(b, value)
			return true
		})
		return append(b, '}')
	}
	return append(b, "null"...)
}

// appendReal appends the shortest number that reads back as f, without an
// exponent where it can be done in few digits.
func appendReal(b []byte, f float64) []byte {
	format := byte('f')
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(b, f, format, -1, 64)
}

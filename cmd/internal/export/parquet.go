package export

import (
	"io"
	"slices"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"github.com/smtplog/smtplog/logparse/input"
	"github.com/smtplog/smtplog/logparse/query"
)

// Bounds that keep the memory of a Parquet file that is being written flat:
// a row group is held until it is written, compressed page by page.
const (
	rowGroup     = 20_000   // rows
	pageSize     = 32 << 10 // bytes of a column before they are encoded
	dictionary   = 64 << 10 // bytes of different values before they are written plainly
	writeBuffer  = 64 << 10
	rowsAtOnce   = 64
	valuesAtOnce = 4096 // values after which rows are handed on
)

// compression is shared: each encoder of its own would take 8 MiB.
var compression = &zstd.Codec{Level: zstd.SpeedFastest}

// A parquetSink writes rows as a Parquet file of optional columns: strings
// (UTF-8), INT64, DOUBLE, BOOLEAN, TIMESTAMP in microseconds adjusted to UTC,
// INT64 milliseconds for time spans, LIST of strings, and MAP of strings for
// objects.
type parquetSink struct {
	w       *parquet.GenericWriter[any]
	columns []Column
	rows    []parquet.Row
	values  []parquet.Value // of the rows
	ends    []int           // where each row ends in values
	text    []byte          // that the values refer to

	// Of one object.
	met          map[string]bool
	names, texts []parquet.Value
}

// orderedGroup is a group whose fields keep the order in which they are given;
// parquet.Group sorts them by name.
type orderedGroup struct {
	parquet.Group
	order []string
}

func (g *orderedGroup) Fields() []parquet.Field {
	fields := g.Group.Fields()
	slices.SortFunc(fields, func(a, b parquet.Field) int {
		return slices.Index(g.order, a.Name()) - slices.Index(g.order, b.Name())
	})
	return fields
}

// node returns the Parquet type of a column.
func node(t query.Type) parquet.Node {
	text := func() parquet.Node { return parquet.Encoded(parquet.String(), &parquet.RLEDictionary) }
	var n parquet.Node
	switch t {
	case query.Int, query.TimeSpan:
		n = parquet.Int(64)
	case query.Real:
		n = parquet.Leaf(parquet.DoubleType)
	case query.Bool:
		n = parquet.Leaf(parquet.BooleanType)
	case query.DateTime:
		// Nanoseconds are beyond what Spark reads.
		n = parquet.Timestamp(parquet.Microsecond)
	case query.List:
		n = parquet.List(text())
	case query.Object:
		n = parquet.Map(text(), text())
	default:
		n = text()
	}
	return parquet.Optional(n)
}

func newParquet(w io.Writer, columns []Column) *parquetSink {
	g := &orderedGroup{Group: parquet.Group{}}
	for _, c := range columns {
		g.Group[c.Name] = node(c.Type)
		g.order = append(g.order, c.Name)
	}
	return &parquetSink{
		columns: columns,
		met:     map[string]bool{},
		w: parquet.NewGenericWriter[any](w, parquet.NewSchema("smtplog", g),
			parquet.Compression(compression),
			parquet.MaxRowsPerRowGroup(rowGroup),
			parquet.PageBufferSize(pageSize),
			parquet.WriteBufferSize(writeBuffer),
			parquet.DictionaryMaxBytes(dictionary),
			parquet.CreatedBy("smtplog", "1", ""),
		),
	}
}

func (s *parquetSink) Write(row []query.Value) error {
	leaf := 0
	for i, v := range row {
		leaf = s.add(leaf, s.columns[i].Type, v)
	}
	s.ends = append(s.ends, len(s.values))
	if len(s.ends) >= rowsAtOnce || len(s.values) >= valuesAtOnce {
		return s.flush()
	}
	return nil
}

// add adds the values of a column, and returns the number of the next leaf.
//
// A definition level counts how many of the optional and repeated nodes down to
// the leaf are there; a repetition level of 1 goes on with a list.
func (s *parquetSink) add(leaf int, t query.Type, v query.Value) int {
	put := func(v parquet.Value, repetition, definition int) {
		s.values = append(s.values, v.Level(repetition, definition, leaf))
	}
	switch {
	case t == query.List:
		if v.IsNull() {
			put(parquet.NullValue(), 0, 0)
		} else if len(v.List()) == 0 {
			put(parquet.NullValue(), 0, 1)
		}
		for i, e := range v.List() {
			put(s.string(e), min(i, 1), 2)
		}
	case t == query.Object:
		return s.addObject(leaf, v)
	case v.IsNull():
		put(parquet.NullValue(), 0, 0)
	case t == query.Int:
		put(parquet.Int64Value(v.Int()), 0, 1)
	case t == query.Real:
		put(parquet.DoubleValue(v.Real()), 0, 1)
	case t == query.Bool:
		put(parquet.BooleanValue(v.Bool()), 0, 1)
	case t == query.DateTime:
		// Rounded down, before 1970 too.
		ns := v.Time().UnixNano()
		us := ns / 1000
		if ns%1000 < 0 {
			us--
		}
		put(parquet.Int64Value(us), 0, 1)
	case t == query.TimeSpan:
		put(parquet.Int64Value(milliseconds(v.Span())), 0, 1)
	default:
		put(s.string(v.Text()), 0, 1)
	}
	return leaf + 1
}

// addObject adds the names and values of an object, each name once: readers
// refuse maps that repeat a key.
func (s *parquetSink) addObject(leaf int, v query.Value) int {
	if v.IsNull() {
		s.values = append(s.values, parquet.NullValue().Level(0, 0, leaf), parquet.NullValue().Level(0, 0, leaf+1))
		return leaf + 2
	}
	s.names, s.texts = s.names[:0], s.texts[:0]
	clear(s.met)
	v.Object().Each(func(name, value string) bool {
		if !s.met[name] {
			key := s.string(name)
			s.met[string(key.ByteArray())] = true
			s.names, s.texts = append(s.names, key), append(s.texts, s.string(value))
		}
		return true
	})
	// A column after the other.
	for i, list := range [][]parquet.Value{s.names, s.texts} {
		for n, v := range list {
			s.values = append(s.values, v.Level(min(n, 1), 2, leaf+i))
		}
		if len(list) == 0 {
			s.values = append(s.values, parquet.NullValue().Level(0, 1, leaf+i))
		}
	}
	return leaf + 2
}

// string returns a text, of which it takes a copy: what it stands in is good
// only as long as its row.
func (s *parquetSink) string(text string) parquet.Value {
	if !utf8.ValidString(text) {
		text = input.Text([]byte(text))
	}
	at := len(s.text)
	s.text = append(s.text, text...)
	return parquet.ByteArrayValue(s.text[at:len(s.text):len(s.text)])
}

// flush hands the rows on.
func (s *parquetSink) flush() error {
	s.rows = s.rows[:0]
	start := 0
	for _, end := range s.ends {
		s.rows = append(s.rows, s.values[start:end:end])
		start = end
	}
	_, err := s.w.WriteRows(s.rows)
	s.values, s.ends, s.text = s.values[:0], s.ends[:0], s.text[:0]
	return err
}

func (s *parquetSink) Close() error {
	if err := s.flush(); err != nil {
		return err
	}
	return s.w.Close()
}

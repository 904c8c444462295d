package export

import (
	"encoding/binary"
	"errors"
	"math"
	"os"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/smtplog/smtplog/logparse/query"
	"github.com/smtplog/smtplog/reply/outcome"
)

// Bounds of the rows of a spool that are in memory.
const (
	spoolChunk = 16 << 10 // bytes of one queue before they are written
	spoolHeld  = 16 << 20 // bytes of all queues together
)

// A spool keeps rows in a temporary file until their place is known to get no
// more: logs that are read side by side would otherwise make a file of each few
// rows. The rows of a queue come back in the order in which they were added.
type spool struct {
	file   *os.File
	end    int64 // of the file
	queues []*queue
	held   int // bytes in memory
	enc    *zstd.Encoder
	packed []byte
}

// A queue is the rows of a spool that belong together.
type queue struct {
	rows   []byte // that are not written yet
	chunks []chunk
}

// A chunk is rows in the file, compressed.
type chunk struct {
	at   int64
	size int
}

// newSpool returns a spool with its file in dir.
func newSpool(dir string) (*spool, error) {
	file, err := createTemp(dir)
	if err != nil {
		return nil, err
	}
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		file.Close()
		os.Remove(file.Name())
		return nil, err
	}
	return &spool{file: file, enc: enc}, nil
}

func (s *spool) queue() *queue {
	q := &queue{}
	s.queues = append(s.queues, q)
	return q
}

// add adds a row to a queue. It keeps nothing of the row.
func (s *spool) add(q *queue, row []query.Value) error {
	before := len(q.rows)
	for _, v := range row {
		q.rows = appendValue(q.rows, v)
	}
	s.held += len(q.rows) - before
	if len(q.rows) >= spoolChunk {
		return s.write(q)
	}
	if s.held >= spoolHeld {
		for _, q := range s.queues {
			if err := s.write(q); err != nil {
				return err
			}
		}
	}
	return nil
}

// write writes the rows of a queue that are in memory to the file.
func (s *spool) write(q *queue) error {
	if len(q.rows) == 0 {
		return nil
	}
	s.packed = s.enc.EncodeAll(q.rows, s.packed[:0])
	if _, err := s.file.WriteAt(s.packed, s.end); err != nil {
		return err
	}
	q.chunks = append(q.chunks, chunk{s.end, len(s.packed)})
	s.end += int64(len(s.packed))
	s.held -= len(q.rows)
	q.rows = nil
	return nil
}

// each hands the rows of a queue, which have that many columns, to write.
func (s *spool) each(q *queue, columns int, write func([]query.Value) error) error {
	if err := s.write(q); err != nil {
		return err
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return err
	}
	defer dec.Close()
	row := make([]query.Value, columns)
	var packed, rows []byte
	for _, c := range q.chunks {
		packed = append(packed[:0], make([]byte, c.size)...)
		if _, err := s.file.ReadAt(packed, c.at); err != nil {
			return err
		}
		if rows, err = dec.DecodeAll(packed, rows[:0]); err != nil {
			return err
		}
		for rest := rows; len(rest) > 0; {
			for i := range row {
				if row[i], rest, err = takeValue(rest); err != nil {
					return err
				}
			}
			if err := write(row); err != nil {
				return err
			}
		}
	}
	return nil
}

// close removes the file.
func (s *spool) close() {
	s.file.Close()
	os.Remove(s.file.Name())
}

// appendValue appends a value: its type, 0 for null, and what it holds.
func appendValue(b []byte, v query.Value) []byte {
	b = append(b, byte(v.Type()))
	switch v.Type() {
	case query.String:
		b = appendText(b, v.Text())
	case query.Int, query.Bool:
		b = binary.AppendVarint(b, v.Int())
	case query.Real:
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v.Real()))
	case query.TimeSpan:
		b = binary.AppendVarint(b, int64(v.Span()))
	case query.DateTime:
		t := v.Time()
		b = append(binary.AppendVarint(b, t.UnixNano()), byte(t.Digits()))
	case query.List:
		b = binary.AppendUvarint(b, uint64(len(v.List())))
		for _, s := range v.List() {
			b = appendText(b, s)
		}
	case query.Object:
		n := uint64(0)
		v.Object().Each(func(string, string) bool { n++; return true })
		b = binary.AppendUvarint(b, n)
		v.Object().Each(func(name, value string) bool {
			b = appendText(appendText(b, name), value)
			return true
		})
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

var errSpool = errors.New("the temporary file was changed")

// takeValue takes a value off rows that appendValue wrote. What it refers to is
// its own.
func takeValue(b []byte) (v query.Value, rest []byte, err error) {
	r := valueReader{b: b}
	switch query.Type(r.byte()) {
	case 0:
	case query.String:
		v = query.StringOf(r.text())
	case query.Int:
		v = query.IntOf(r.varint())
	case query.Bool:
		v = query.BoolOf(r.varint() != 0)
	case query.Real:
		v = query.RealOf(r.real())
	case query.TimeSpan:
		v = query.SpanOf(time.Duration(r.varint()))
	case query.DateTime:
		ns := r.varint()
		v = query.TimeOf(outcome.Unix(ns, int(r.byte())))
	case query.List:
		list := make([]string, r.count())
		for i := range list {
			list[i] = r.text()
		}
		v = query.ListOf(list)
	case query.Object:
		pairs := make(pairs, r.count())
		for i := range pairs {
			pairs[i] = [2]string{r.text(), r.text()}
		}
		v = query.ObjectOf(pairs)
	default:
		r.bad = true
	}
	if r.bad {
		return query.Null, nil, errSpool
	}
	return v, r.b, nil
}

// A valueReader reads what appendValue wrote.
type valueReader struct {
	b   []byte
	bad bool // it is something else
}

func (r *valueReader) take(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.bad, r.b = true, nil
		return nil
	}
	taken := r.b[:n]
	r.b = r.b[n:]
	return taken
}

func (r *valueReader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *valueReader) varint() int64 {
	n, size := binary.Varint(r.b)
	if size <= 0 {
		size = -1
	}
	r.take(size)
	return n
}

func (r *valueReader) real() float64 {
	if b := r.take(8); b != nil {
		return math.Float64frombits(binary.LittleEndian.Uint64(b))
	}
	return 0
}

// count reads how many things follow, each of which takes a byte at least.
func (r *valueReader) count() int {
	n, size := binary.Uvarint(r.b)
	if size <= 0 {
		size = -1
	}
	r.take(size)
	if n > uint64(len(r.b)) {
		r.bad = true
		return 0
	}
	return int(n)
}

func (r *valueReader) text() string { return string(r.take(r.count())) }

// pairs are an Object.
type pairs [][2]string

func (p pairs) Field(name string) (string, bool) {
	for _, f := range p {
		if strings.EqualFold(f[0], name) {
			return f[1], true
		}
	}
	return "", false
}

func (p pairs) Each(yield func(name, value string) bool) {
	for _, f := range p {
		if !yield(f[0], f[1]) {
			return
		}
	}
}

package logparse

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// scannedLine is what a lineScanner says of a line.
type scannedLine struct {
	text    string
	offset  int64
	number  int64
	tooLong bool
}

func (l scannedLine) String() string {
	return fmt.Sprintf("line %d at %d: %.200q (too long: %v)", l.number, l.offset, l.text, l.tooLong)
}

// slowLines cuts a stream into lines in the plain way.
func slowLines(stream string, maxLine int) []scannedLine {
	var lines []scannedLine
	offset := 0
	for segment := range strings.SplitAfterSeq(stream, "\n") {
		text, ended := strings.CutSuffix(segment, "\n")
		stripped := strings.TrimLeft(text, "\x00")
		line := scannedLine{offset: int64(offset + len(text) - len(stripped)), number: int64(len(lines) + 1)}
		offset += len(segment)
		if stripped == "" && !ended {
			continue
		}
		if line.tooLong = len(stripped) > maxLine; line.tooLong {
			stripped = stripped[:maxLine]
		}
		line.text = strings.TrimRight(stripped, "\r\x00")
		lines = append(lines, line)
	}
	return lines
}

// scanLines reads all lines of a scanner. Between them it peeks where peeks
// says so, and checks that what it saw is what comes.
func scanLines(t testing.TB, s *lineScanner, peeks func() bool) []scannedLine {
	t.Helper()
	var lines []scannedLine
	for {
		peeked, seen := "", peeks()
		var more bool
		if seen {
			var line []byte
			line, more = s.peek()
			peeked = string(line)
		}
		line, ok := s.next()
		if seen && (more != ok || peeked != string(line)) {
			t.Fatalf("line %d: peek gave %.80q, %v; next %.80q, %v", s.number, peeked, more, line, ok)
		}
		if !ok {
			return lines
		}
		lines = append(lines, scannedLine{string(line), s.offset, s.number, s.tooLong})
	}
}

// chunkReader gives a stream in pieces of random size, now and then none.
type chunkReader struct {
	stream string
	random *rand.Rand
	most   int
}

func (r *chunkReader) Read(p []byte) (int, error) {
	if len(r.stream) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), r.random.IntN(r.most+1))], r.stream)
	r.stream = r.stream[n:]
	return n, nil
}

func checkLines(t testing.TB, stream string, maxLine int, random *rand.Rand) {
	t.Helper()
	want := slowLines(stream, maxLine)
	readers := map[string]io.Reader{
		"whole":     strings.NewReader(stream),
		"small":     &chunkReader{stream, random, 7},
		"large":     &chunkReader{stream, random, 100_000},
		"data, EOF": iotest.DataErrReader(strings.NewReader(stream)),
	}
	if len(stream) < 10_000 {
		readers["one byte"] = iotest.OneByteReader(strings.NewReader(stream))
	}
	for name, r := range readers {
		s := newLineScanner(r, maxLine)
		if random.IntN(2) == 0 {
			head := s.head()
			if !strings.HasPrefix(stream, string(head)) {
				t.Fatalf("%s: the head is no beginning of the stream", name)
			}
		}
		got := scanLines(t, s, func() bool { return random.IntN(2) == 0 })
		if s.err != io.EOF {
			t.Fatalf("%s: ended with %v", name, s.err)
		}
		if i := firstDifference(got, want); i >= 0 {
			t.Fatalf("%s, longest line %d: line %d of %d and %d differs: %v, want %v", name, maxLine,
				i+1, len(got), len(want), at(got, i), at(want, i))
		}
	}
}

func firstDifference(a, b []scannedLine) int {
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			return i
		}
	}
	return -1
}

func at(lines []scannedLine, i int) []scannedLine {
	if i < len(lines) {
		return lines[i : i+1]
	}
	return nil
}

func TestLines(t *testing.T) {
	for _, test := range []struct {
		stream string
		max    int
		want   []scannedLine
	}{
		{"", 10, nil},
		{"a", 10, []scannedLine{{"a", 0, 1, false}}},
		{"a\n", 10, []scannedLine{{"a", 0, 1, false}}},
		{"a\r\nb\r\n", 10, []scannedLine{{"a", 0, 1, false}, {"b", 3, 2, false}}},
		{"\n\r\nb", 10, []scannedLine{{"", 0, 1, false}, {"", 1, 2, false}, {"b", 3, 3, false}}},
		{"a\rb\n", 10, []scannedLine{{"a\rb", 0, 1, false}}},
		{"a\x00\x00\n\x00\x00b\r\n", 10, []scannedLine{{"a", 0, 1, false}, {"b", 6, 2, false}}},
		{"a\n\x00\x00\x00", 10, []scannedLine{{"a", 0, 1, false}}},
		{"\x00\x00\na", 10, []scannedLine{{"", 2, 1, false}, {"a", 3, 2, false}}},
		{"a\x00b\n", 10, []scannedLine{{"a\x00b", 0, 1, false}}},
		{"0123456789\nx", 10, []scannedLine{{"0123456789", 0, 1, false}, {"x", 11, 2, false}}},
		{"0123456789x\ny", 10, []scannedLine{{"0123456789", 0, 1, true}, {"y", 12, 2, false}}},
		{"0123456789x", 10, []scannedLine{{"0123456789", 0, 1, true}}},
	} {
		s := newLineScanner(strings.NewReader(test.stream), test.max)
		got := scanLines(t, s, func() bool { return false })
		if !slices.Equal(got, test.want) {
			t.Errorf("%q: %v, want %v", test.stream, got, test.want)
		}
		if want := slowLines(test.stream, test.max); !slices.Equal(want, test.want) {
			t.Errorf("%q: the model gives %v, want %v", test.stream, want, test.want)
		}
	}
}

func TestLinesOfAnyStream(t *testing.T) {
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 1))
		var b strings.Builder
		for b.Len() < random.IntN(5000) {
			switch random.IntN(8) {
			case 0:
				b.WriteString(strings.Repeat("\x00", random.IntN(30)))
			case 1:
				b.WriteByte('\r')
			case 2, 3, 4:
				b.WriteByte('\n')
			default:
				b.WriteString(strings.Repeat("x", random.IntN(40)))
			}
		}
		checkLines(t, b.String(), 1+random.IntN(40), random)
	}
}

// Lines about as long as the blocks that are read, and as the limit.
func TestLinesAcrossBlocks(t *testing.T) {
	for seed := range uint64(4) {
		random := rand.New(rand.NewPCG(seed, 2))
		var b strings.Builder
		for b.Len() < 3*blockSize {
			length := []int{10, 200, blockSize - 2, blockSize, 2*blockSize + 1}[random.IntN(5)] + random.IntN(4)
			b.WriteString(strings.Repeat("abcdefgh", length/8+1)[:length])
			b.WriteString([]string{"\n", "\r\n", "\x00\x00\n\x00"}[random.IntN(3)])
		}
		stream := b.String()
		checkLines(t, stream, blockSize+1, random)
		checkLines(t, stream, 100, random)
	}
}

func TestLinesReadError(t *testing.T) {
	broken := errors.New("disk broken")
	s := newLineScanner(io.MultiReader(strings.NewReader("a\nb"), iotest.ErrReader(broken)), 0)
	got := scanLines(t, s, func() bool { return true })
	want := []scannedLine{{"a", 0, 1, false}, {"b", 2, 2, false}}
	if !slices.Equal(got, want) || s.err != broken {
		t.Errorf("%v and %v, want %v and %v", got, s.err, want, broken)
	}
}

type stuckReader struct{}

func (stuckReader) Read([]byte) (int, error) { return 0, nil }

// TestLinesCancelled reads a stream that is given up in mid-line: the torn line
// is not counted.
func TestLinesCancelled(t *testing.T) {
	r := NewReader(io.MultiReader(strings.NewReader("one\ntwo\nthr"), iotest.ErrReader(context.Canceled)), "x.log", &Options{Format: IISW3C})
	var last error
	for _, err := range r.Records() {
		last = err
	}
	if n := r.Counts().Lines; n != 2 || !errors.Is(last, context.Canceled) {
		t.Errorf("%d lines, error %v", n, last)
	}
}

func TestLinesStuckReader(t *testing.T) {
	s := newLineScanner(io.MultiReader(strings.NewReader("a\nb"), stuckReader{}), 0)
	if got := scanLines(t, s, func() bool { return false }); len(got) != 2 || s.err != io.ErrNoProgress {
		t.Errorf("%v and %v, want two lines and %v", got, s.err, io.ErrNoProgress)
	}
}

// repeated is a stream of n times the same byte.
type repeated struct {
	b byte
	n int
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.n == 0 {
		return 0, io.EOF
	}
	p = p[:min(len(p), r.n)]
	for i := range p {
		p[i] = r.b
	}
	r.n -= len(p)
	return len(p), nil
}

func TestLinesMemory(t *testing.T) {
	const size = 4 << 20
	for _, fill := range []byte{'x', 0} {
		s := newLineScanner(io.MultiReader(&repeated{fill, size}, strings.NewReader("\nlast\n")), 1000)
		got := scanLines(t, s, func() bool { return true })
		if len(got) != 2 || got[1] != (scannedLine{"last", size + 1, 2, false}) || got[0].tooLong != (fill != 0) {
			t.Errorf("%q: lines %v", fill, got)
		}
		if cap(s.buf) > 1000+2*blockSize {
			t.Errorf("%q: holds %d bytes", fill, cap(s.buf))
		}
	}
}

// What detection sees must not hang on how the stream comes in.
func TestHeadHasTheLines(t *testing.T) {
	short := strings.Repeat("a line\n", 3*detectLines)
	long := strings.Repeat(strings.Repeat("x", 9999)+"\n", 3*detectLines)
	for _, stream := range []string{"", "no end", short, long} {
		for _, r := range []io.Reader{strings.NewReader(stream), iotest.HalfReader(strings.NewReader(stream)),
			&chunkReader{stream, rand.New(rand.NewPCG(1, 3)), 500}} {
			head := newLineScanner(r, 0).head()
			if !strings.HasPrefix(stream, string(head)) {
				t.Fatal("the head is no beginning of the stream")
			}
			if len(head) < min(len(stream), blockSize) && bytes.Count(head, []byte{'\n'}) < detectLines {
				t.Errorf("a head of %d bytes has %d lines", len(head), bytes.Count(head, []byte{'\n'}))
			}
		}
	}
}

func TestHeadByteOrderMark(t *testing.T) {
	s := newLineScanner(strings.NewReader("\ufeffa\n\ufeffb\n"), 0)
	if head := s.head(); string(head) != "a\n\ufeffb\n" {
		t.Errorf("head %q", head)
	}
	got := scanLines(t, s, func() bool { return false })
	want := []scannedLine{{"a", 3, 1, false}, {"\ufeffb", 5, 2, false}}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestLinesDoNotAllocate(t *testing.T) {
	s := newLineScanner(&repeatedLines{}, 0)
	s.head()
	if n := testing.AllocsPerRun(20000, func() {
		s.peek()
		s.next()
	}); n != 0 {
		t.Errorf("%v allocations per line", n)
	}
}

// repeatedLines is a stream of lines without an end.
type repeatedLines struct{ n int }

func (r *repeatedLines) Read(p []byte) (int, error) {
	for i := range p {
		r.n++
		p[i] = 'x'
		if r.n%97 == 0 {
			p[i] = '\n'
		}
	}
	return len(p), nil
}

func FuzzLines(f *testing.F) {
	f.Add("a\r\nb\n\x00\x00c", 3, uint64(1))
	f.Add("\x00\n\n\x00", 1, uint64(2))
	f.Add(strings.Repeat("long", 100), 17, uint64(3))
	f.Fuzz(func(t *testing.T, stream string, maxLine int, seed uint64) {
		if strings.HasPrefix(stream, "\ufeff") {
			t.Skip("the head takes the byte order mark away")
		}
		checkLines(t, stream, 1+int(uint(maxLine)%1000), rand.New(rand.NewPCG(seed, 4)))
	})
}

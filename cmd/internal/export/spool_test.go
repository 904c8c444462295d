package export

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/smtplog/smtplog/logparse/query"
)

// TestSpool checks that rows come back as they were, each queue in its order.
func TestSpool(t *testing.T) {
	dir := t.TempDir()
	s, err := newSpool(dir)
	if err != nil {
		t.Fatal(err)
	}
	a, b, none := s.queue(), s.queue(), s.queue()
	lines := func(rows [][]query.Value) []string {
		return strings.SplitAfter(string(written(t, NDJSON, all, rows)), "\n")
	}
	var want []string
	for i := range 3000 {
		row := slices.Clone(rows[i%len(rows)])
		row[1] = query.IntOf(int64(i))
		want = append(want, lines([][]query.Value{row})[0])
		q := a
		if i%3 == 0 {
			q = b
		}
		if err := s.add(q, row); err != nil {
			t.Fatal(err)
		}
	}
	if len(a.chunks) < 2 || len(a.rows) == 0 {
		t.Errorf("%d chunks written, %d bytes in memory: one way is not tried", len(a.chunks), len(a.rows))
	}
	read := func(q *queue) (got []string) {
		err := s.each(q, len(all), func(row []query.Value) error {
			got = append(got, lines([][]query.Value{row})[0])
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	inA, inB := read(a), read(b)
	for i, line := range want {
		from := &inA
		if i%3 == 0 {
			from = &inB
		}
		if len(*from) == 0 || (*from)[0] != line {
			t.Fatalf("row %d is missing or another: %q", i, line)
		}
		*from = (*from)[1:]
	}
	if rest := len(inA) + len(inB) + len(read(none)); rest > 0 {
		t.Errorf("%d rows too many", rest)
	}
	if s.held != 0 {
		t.Errorf("%d bytes held by nobody", s.held)
	}
	s.close()
	if left := names(t, dir); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// TestSpoolHeld checks that many queues together stay in bounds.
func TestSpoolHeld(t *testing.T) {
	s, err := newSpool(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	row := []query.Value{query.StringOf(strings.Repeat("x", spoolChunk*3/4))}
	written := false
	for range 2 * spoolHeld / spoolChunk {
		q := s.queue()
		if err := s.add(q, row); err != nil {
			t.Fatal(err)
		}
		written = written || s.end > 0
		if s.held > spoolHeld+spoolChunk {
			t.Fatalf("%d bytes held", s.held)
		}
	}
	if !written {
		t.Error("nothing was written")
	}
}

// TestSetSideBySide checks that logs whose rows come in turns make two files
// of each at most, and that parts of an earlier export do not stay beside them.
func TestSetSideBySide(t *testing.T) {
	for _, f := range []Format{Parquet, CSV, NDJSON} {
		dir := t.TempDir()
		const logs, rowsEach = maxOpen + 4, 30 // the first 4 are finished early
		export := func(logs, rowsEach int) *Set {
			s, err := NewSet(dir, f)
			if err != nil {
				t.Fatal(err)
			}
			for i := range rowsEach {
				for log := range logs {
					row := slices.Clone(rows[0])
					row[1] = query.IntOf(int64(i))
					if err := s.Write("hops", fmt.Sprintf("log%02d", log), all, time.Unix(0, 1), row); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := s.Commit(); err != nil {
				t.Fatal(err)
			}
			return s
		}
		s := export(logs, rowsEach)
		total := int64(0)
		for _, file := range s.files {
			total += file.Rows
		}
		if s.Files() != logs+4 || total != logs*rowsEach {
			t.Errorf("%s: %d rows in %d files", f, total, s.Files())
		}
		folder := filepath.Join(dir, "hops", "date=1970-01-01")
		export(1, 1)
		entries, err := os.ReadDir(folder)
		if err != nil || len(entries) != logs+3 {
			t.Errorf("%s: the second part of an earlier export stayed: %d files, %v", f, len(entries), err)
		}
		if left := names(t, dir); slices.ContainsFunc(left, func(n string) bool { return strings.Contains(n, ".tmp") }) {
			t.Errorf("%s: left behind: %q", f, left)
		}
	}
}

// FuzzSpoolValue checks that bytes which nobody wrote are refused or read as a
// value, without more memory than they have.
func FuzzSpoolValue(f *testing.F) {
	for _, row := range rows {
		for _, v := range row {
			f.Add(appendValue(nil, v))
		}
	}
	f.Add([]byte{byte(query.List), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		v, rest, err := takeValue(b)
		if err != nil {
			return
		}
		again, end, err := takeValue(append(appendValue(nil, v), rest...))
		if err != nil || string(end) != string(rest) || string(AppendJSON(nil, again)) != string(AppendJSON(nil, v)) {
			t.Errorf("%q read as %s, then as %s, %v", b, AppendJSON(nil, v), AppendJSON(nil, again), err)
		}
	})
}

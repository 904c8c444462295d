package export

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/smtplog/smtplog/logparse/query"
)

// maxOpen bounds the files of a Set that are being written at a time. When
// another one is needed, the one that was longest without a row is finished;
// rows that come for it later wait, and are a second part in the end.
const maxOpen = 16

// noDay is how Hive names the partition of rows without a value.
const noDay = "__HIVE_DEFAULT_PARTITION__"

// A Set is a folder of files, partitioned by day as Hive has it:
//
//	TABLE/date=2026-11-01/NAME.parquet
//
// and now and then a NAME-2.parquet beside it.
//
// None of them takes its place before Commit.
type Set struct {
	// Partial reports whether the rows for a day, which begins at that time, are
	// only a part of those that the logs have. They never replace a file, which
	// may hold them all. nil: no day is partial.
	Partial func(day time.Time) bool

	dir     string
	format  Format
	open    []*part // that which got a row last is the last
	parts   map[place]*part
	order   []*part // as they began
	later   *spool  // rows of files that are finished; nil for none
	files   []*File
	folders []string // that were made, those above before those below
}

// A place is where rows go.
type place struct {
	table, name string
	day         int64 // since 1970-01-01, noTime for none
}

const noTime = int64(-1) << 62

type part struct {
	place
	columns []Column
	file    *File  // nil when it is finished
	rest    *queue // rows that came after that, nil for none
	number  int    // of the files with that place so far
}

// NewSet returns a set of files of a format in the folder dir, which is made if
// it is not there.
func NewSet(dir string, f Format) (*Set, error) {
	s := &Set{dir: dir, format: f, parts: map[place]*part{}}
	return s, s.mkdir(dir)
}

// mkdir makes a folder and those above it.
func (s *Set) mkdir(path string) error {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		return nil
	}
	if err == nil {
		return fmt.Errorf("%s: is no folder", path)
	}
	if up := filepath.Dir(path); up != path {
		if err := s.mkdir(up); err != nil {
			return err
		}
	}
	if err := os.Mkdir(path, 0o777); err != nil {
		if info, again := os.Stat(path); again == nil && info.IsDir() {
			return nil // somebody else was faster
		}
		return err
	}
	s.folders = append(s.folders, path)
	return nil
}

// Write writes a row of a table to the file with that name for the day of the
// time, which is the zero Time for none.
func (s *Set) Write(table, name string, columns []Column, at time.Time, row []query.Value) error {
	to := place{table, name, noTime}
	if !at.IsZero() {
		to.day = at.Unix() / 86400
		if at.Unix()%86400 < 0 {
			to.day--
		}
	}
	p := s.parts[to]
	if p == nil {
		p = &part{place: to, columns: columns}
		s.parts[to] = p
		s.order = append(s.order, p)
		if err := s.begin(p); err != nil {
			return err
		}
	}
	if p.file == nil {
		return s.keep(p, row)
	}
	if n := len(s.open) - 1; s.open[n] != p {
		i := slices.Index(s.open, p)
		copy(s.open[i:], s.open[i+1:])
		s.open[n] = p
	}
	return p.file.Write(row)
}

// keep keeps a row for the second part.
func (s *Set) keep(p *part, row []query.Value) (err error) {
	if s.later == nil {
		if s.later, err = newSpool(s.dir); err != nil {
			return err
		}
	}
	if p.rest == nil {
		p.rest = s.later.queue()
	}
	return s.later.add(p.rest, row)
}

// path returns where the nth file of a part stands.
func (s *Set) path(p *part, n int) string {
	day := noDay
	if p.day != noTime {
		day = time.Unix(p.day*86400, 0).UTC().Format(time.DateOnly)
	}
	name := p.name
	if n > 1 {
		name += fmt.Sprintf("-%d", n)
	}
	return filepath.Join(s.dir, p.table, "date="+day, name+"."+string(s.format))
}

// begin opens the next file of a part.
func (s *Set) begin(p *part) error {
	if len(s.open) >= maxOpen {
		oldest := s.open[0]
		s.open = slices.Delete(s.open, 0, 1)
		if err := oldest.file.Finish(); err != nil {
			return err
		}
		oldest.file = nil
	}
	p.number++
	path := s.path(p, p.number)
	if s.Partial != nil && p.day != noTime && s.Partial(time.Unix(p.day*86400, 0).UTC()) {
		if _, err := os.Lstat(path); err == nil {
			return fmt.Errorf("%s is there already, and what was chosen is only a part of that day: "+
				"choose whole days, or write into another folder", path)
		}
	}
	if err := s.mkdir(filepath.Dir(path)); err != nil {
		return err
	}
	file, err := Create(path, s.format, p.columns)
	if err != nil {
		return err
	}
	p.file = file
	s.files = append(s.files, file)
	s.open = append(s.open, p)
	return nil
}

// Files returns how many files there are so far.
func (s *Set) Files() int { return len(s.files) }

// Commit finishes the files, and puts them in their places when all are whole.
// Further parts that an earlier set left in those places are removed.
func (s *Set) Commit() error {
	if err := s.finish(); err != nil {
		s.Discard()
		return err
	}
	for i, f := range s.files {
		if err := f.Commit(); err != nil {
			for _, rest := range s.files[i:] {
				rest.Discard()
			}
			return err
		}
	}
	for _, p := range s.order {
		for n := p.number + 1; os.Remove(s.path(p, n)) == nil; n++ {
		}
	}
	return nil
}

// finish finishes the files, those of the rows that were kept too.
func (s *Set) finish() error {
	for _, f := range s.files {
		if err := f.Finish(); err != nil {
			return err
		}
	}
	if s.later == nil {
		return nil
	}
	s.open = nil
	for _, p := range s.order {
		if p.rest == nil {
			continue
		}
		if err := s.begin(p); err != nil {
			return err
		}
		if err := s.later.each(p.rest, len(p.columns), p.file.Write); err != nil {
			return err
		}
		if err := p.file.Finish(); err != nil {
			return err
		}
		s.open = nil
	}
	s.later.close()
	s.later = nil
	return nil
}

// Discard removes what was written.
func (s *Set) Discard() {
	if s.later != nil {
		s.later.close()
		s.later = nil
	}
	for _, f := range s.files {
		f.Discard()
	}
	for _, folder := range slices.Backward(s.folders) {
		os.Remove(folder) // which fails where others have put something
	}
}

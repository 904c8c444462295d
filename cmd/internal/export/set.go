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
// another one is needed, the one that was longest without a row is finished; a
// row that comes for it later begins a further part.
const maxOpen = 16

// noDay is how Hive names the partition of rows without a value.
const noDay = "__HIVE_DEFAULT_PARTITION__"

// A Set is a folder of files, partitioned by day as Hive has it:
//
//	TABLE/date=2026-11-01/NAME.parquet
//
// None of them takes its place before Commit.
type Set struct {
	dir     string
	format  Format
	open    []*part // that which got a row last is the last
	parts   map[place]*part
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
	file   *File // nil when it is finished
	number int   // of the files with that place so far
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
		p = &part{place: to}
		s.parts[to] = p
	}
	if p.file == nil {
		if err := s.begin(p, columns); err != nil {
			return err
		}
	}
	if n := len(s.open) - 1; s.open[n] != p {
		i := slices.Index(s.open, p)
		copy(s.open[i:], s.open[i+1:])
		s.open[n] = p
	}
	return p.file.Write(row)
}

// begin opens the next file of a part.
func (s *Set) begin(p *part, columns []Column) error {
	if len(s.open) >= maxOpen {
		oldest := s.open[0]
		s.open = slices.Delete(s.open, 0, 1)
		if err := oldest.file.Finish(); err != nil {
			return err
		}
		oldest.file = nil
	}
	day := noDay
	if p.day != noTime {
		day = time.Unix(p.day*86400, 0).UTC().Format(time.DateOnly)
	}
	folder := filepath.Join(s.dir, p.table, "date="+day)
	if err := s.mkdir(folder); err != nil {
		return err
	}
	p.number++
	name := p.name
	if p.number > 1 {
		name += fmt.Sprintf("-%d", p.number)
	}
	file, err := Create(filepath.Join(folder, name+"."+string(s.format)), s.format, columns)
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
func (s *Set) Commit() error {
	for _, f := range s.files {
		if err := f.Finish(); err != nil {
			s.Discard()
			return err
		}
	}
	for i, f := range s.files {
		if err := f.Commit(); err != nil {
			for _, rest := range s.files[i:] {
				rest.Discard()
			}
			return err
		}
	}
	return nil
}

// Discard removes what was written.
func (s *Set) Discard() {
	for _, f := range s.files {
		f.Discard()
	}
	for _, folder := range slices.Backward(s.folders) {
		os.Remove(folder) // which fails where others have put something
	}
}

package export

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/smtplog/smtplog/logparse/query"
)

// A File is a file that comes into being only when it is whole: it is written
// beside its place under another name, and takes its place with Commit.
type File struct {
	Rows int64 // so far

	path string
	temp *os.File // nil when it is closed
	name string   // of temp
	buf  *bufio.Writer
	sink Sink
}

// Create begins a file of a format that will stand at path.
func Create(path string, f Format, columns []Column) (*File, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: there is something that is no file", path)
	}
	temp, err := createTemp(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("%s cannot be written: %w", path, err)
	}
	file := &File{path: path, temp: temp, name: temp.Name(), buf: bufio.NewWriterSize(temp, 64<<10)}
	file.sink = New(f, file.buf, columns)
	return file, nil
}

// createTemp makes a file in a folder under a name of its own. Its error is about
// the folder: nobody knows that name.
func createTemp(dir string) (*os.File, error) {
	// Programs that read whole folders pass over names that begin with a dot.
	name := filepath.Join(dir, ".smtplog-"+rand.Text()[:12]+".tmp")
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	var bad *os.PathError
	if errors.As(err, &bad) {
		return nil, fmt.Errorf("folder %s: %w", dir, bad.Err)
	}
	return file, err
}

// Path returns where the file will stand.
func (f *File) Path() string { return f.path }

// Write writes a row.
func (f *File) Write(row []query.Value) error {
	f.Rows++
	return f.sink.Write(row)
}

// Finish ends the writing; the file does not take its place yet. It holds no
// memory any more.
func (f *File) Finish() error {
	if f.temp == nil {
		return nil
	}
	err := f.sink.Close()
	err = errors.Join(err, f.buf.Flush(), f.temp.Close())
	f.temp, f.sink, f.buf = nil, nil, nil
	return err
}

// Commit finishes the file and puts it in its place, where it replaces what was
// there before.
func (f *File) Commit() error {
	err := f.Finish()
	if err == nil {
		err = os.Rename(f.name, f.path)
	}
	if err != nil {
		os.Remove(f.name)
	}
	return err
}

// Discard removes what was written.
func (f *File) Discard() {
	if f.temp != nil {
		f.temp.Close()
		f.temp, f.sink, f.buf = nil, nil, nil
	}
	os.Remove(f.name)
}

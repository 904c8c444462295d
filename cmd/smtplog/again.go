package main

import (
	"io"
	"os"

	"github.com/smtplog/smtplog/logparse/input"
)

// plainFiles reads rows of plain files again. It keeps one of them open.
type plainFiles struct {
	sources map[string]*input.Source
	open    *os.File
	name    string // of the source that is open
}

func newPlainFiles(sources []*input.Source) *plainFiles {
	p := &plainFiles{sources: map[string]*input.Source{}}
	for _, s := range sources {
		if s.Plain {
			p.sources[s.Name] = s
		}
	}
	return p
}

// of returns what reads the file of that name, nil if it is no plain one.
func (p *plainFiles) of(name string) io.ReaderAt {
	if s := p.sources[name]; s != nil {
		return plainFile{p, s}
	}
	return nil
}

func (p *plainFiles) close() {
	if p.open != nil {
		p.open.Close()
		p.open = nil
	}
}

type plainFile struct {
	files  *plainFiles
	source *input.Source
}

// ReadAt opens the file only here: many files are never read again.
func (f plainFile) ReadAt(b []byte, off int64) (int, error) {
	p := f.files
	if p.open == nil || p.name != f.source.Name {
		p.close()
		file, err := f.source.OpenFile()
		if err != nil {
			return 0, err
		}
		p.open, p.name = file, f.source.Name
	}
	return p.open.ReadAt(b, off)
}

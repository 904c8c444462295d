package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/smtplog/smtplog/cmd/internal/export"
	"github.com/smtplog/smtplog/cmd/internal/tables"
	"github.com/smtplog/smtplog/reply/outcome"
	"github.com/smtplog/smtplog/track/analysis"
)

// An exporter writes the rows of tables.
type exporter interface {
	write(t *tableRows, row any) error
	commit() error
	discard() // what was not committed
	done() string
}

// A fileExport writes one table into one file.
type fileExport struct{ file *export.File }

func newFileExport(path string, format export.Format, table string) (*fileExport, error) {
	file, err := export.Create(path, format, newTableRows(tables.Table(table)).columns)
	return &fileExport{file}, err
}

func (e *fileExport) write(t *tableRows, row any) error { return e.file.Write(t.of(row)) }
func (e *fileExport) commit() error                     { return e.file.Commit() }
func (e *fileExport) discard()                          { e.file.Discard() }

func (e *fileExport) done() string {
	return fmt.Sprintf("%s written to %s", plural(e.file.Rows, "row"), e.file.Path())
}

// A folderExport writes a file for each table, log and day.
type folderExport struct {
	dir       string
	set       *export.Set
	names     map[string]string // of the logs' files
	rows      int64
	committed bool
}

func newFolderExport(dir string, format export.Format, logs *analysis.Logs, window analysis.Options) (*folderExport, error) {
	set, err := export.NewSet(dir, format)
	if err != nil {
		return nil, err
	}
	set.Partial = func(day time.Time) bool { return cuts(&window, day) }
	e := &folderExport{dir: dir, set: set, names: map[string]string{}}
	host, err := os.Hostname()
	if err != nil {
		host = "" // then only paths tell machines apart
	}
	for _, log := range logs.All() {
		e.names[log.Source.Name] = exportName(host, log.Source.Name, log.First)
	}
	return e, nil
}

// cuts reports whether a window holds only a part of the day that begins at day.
func cuts(window *analysis.Options, day time.Time) bool {
	next := day.AddDate(0, 0, 1)
	within := func(t time.Time) bool { return !t.IsZero() && t.After(day) && t.Before(next) }
	return within(window.Since) || within(window.Until)
}

// maxLogName bounds how much of a log's name stands in the name of an exported
// file.
const maxLogName = 60

// exportName names what comes from a log: its own name, and a hash that tells
// it from logs of the same name on this and other machines, and from those that
// will have its name and path later.
func exportName(host, file string, first outcome.Time) string {
	path, err := filepath.Abs(file)
	if err != nil {
		path = file
	}
	sum := sha256.Sum256([]byte(host + "\x00" + path + "\x00" + first.String()))
	base := file[strings.LastIndexAny(file, `/\!`)+1:]
	base = strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '-', r == '.':
			return r
		}
		return '_'
	}, base)
	// Engines pass over files whose names begin with a dot or an underscore.
	base = strings.TrimLeft(base, "._")
	if len(base) > maxLogName {
		base = base[:maxLogName]
	}
	if base == "" || base == "-" {
		base = "log"
	}
	return base + "-" + hex.EncodeToString(sum[:6])
}

func (e *folderExport) write(t *tableRows, row any) error {
	values := t.of(row)
	var at time.Time
	if v := values[t.time]; !v.IsNull() {
		at = v.Time().Time()
	}
	e.rows++
	return e.set.Write(t.table.Name, e.names[tables.LogOf(row)], t.columns, at, values)
}

func (e *folderExport) commit() error {
	e.committed = true
	return e.set.Commit()
}

func (e *folderExport) discard() {
	if !e.committed {
		e.set.Discard()
	}
}

func (e *folderExport) done() string {
	return fmt.Sprintf("%s written to %s in %s", plural(e.rows, "row"), plural(int64(e.set.Files()), "file"), e.dir)
}

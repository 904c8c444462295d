// Package export writes rows of [query.Value] to files that other programs read:
// JSON lines, CSV and Parquet. Files are written whole or not at all.
package export

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/smtplog/smtplog/logparse/query"
)

// A Column names the values of rows.
type Column struct {
	Name string
	Type query.Type
}

// Format is a format of files.
type Format string

// The formats, which are also the endings of the files' names.
const (
	Parquet Format = "parquet"
	CSV     Format = "csv"
	NDJSON  Format = "ndjson" // JSON, one object a line
)

// ParseFormat returns the format of that name.
func ParseFormat(name string) (Format, error) {
	switch f := Format(strings.ToLower(name)); f {
	case Parquet, CSV, NDJSON:
		return f, nil
	}
	return "", fmt.Errorf("unknown format %q; the formats are parquet, csv and ndjson", name)
}

// FormatOf returns the format that a file's name asks for.
func FormatOf(path string) (Format, error) {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".parquet":
		return Parquet, nil
	case ".csv":
		return CSV, nil
	case ".ndjson", ".jsonl":
		return NDJSON, nil
	}
	return "", fmt.Errorf("the name %q has none of the endings .parquet, .csv and .ndjson, which say what to write", filepath.Base(path))
}

// A Sink takes rows.
type Sink interface {
	// Write writes a row, which has a value for each column. It keeps nothing
	// of it.
	Write(row []query.Value) error
	// Close writes what is left. It does not close what the Sink writes to.
	Close() error
}

// New returns a sink that writes to w.
func New(f Format, w io.Writer, columns []Column) Sink {
	switch f {
	case CSV:
		return NewCSV(w, columns)
	case NDJSON:
		return NewJSON(w, columns)
	}
	return newParquet(w, columns)
}

// milliseconds returns a time span as all formats have it.
func milliseconds(d time.Duration) int64 { return d.Round(time.Millisecond).Milliseconds() }

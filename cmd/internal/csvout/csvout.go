// Package csvout writes CSV (RFC 4180) from text that may be hostile: opened in
// a spreadsheet, no cell becomes a formula.
//
// Rows end with a line feed alone, which spreadsheets read as well as CRLF and
// which line-based tools need. There is no byte order mark. No row has a line
// break within it.
package csvout

import (
	"bufio"
	"encoding/csv"
	"io"
)

// A Writer writes rows. What goes wrong is returned by [Writer.Flush]; after
// that, nothing more is written.
type Writer struct {
	buf *bufio.Writer
	csv *csv.Writer
	row []string
}

// NewWriter returns a writer to w. The first row written should be the header.
func NewWriter(w io.Writer) *Writer {
	buf := bufio.NewWriter(w)
	return &Writer{buf: buf, csv: csv.NewWriter(buf)}
}

// Write writes a row, with every cell made safe by [Cell].
func (w *Writer) Write(cells ...string) {
	w.row = w.row[:0]
	for i, cell := range cells {
		if i == 0 {
			w.row = append(w.row, firstCell(cell))
		} else {
			w.row = append(w.row, Cell(cell))
		}
	}
	if len(w.row) == 1 && w.row[0] == "" {
		// encoding/csv would write an empty line, which readers pass over.
		w.csv.Flush()
		w.buf.WriteString("\"\"\n")
		return
	}
	w.csv.Write(w.row) // its error stays in the buffer: see Flush
}

// Flush writes what is buffered, and returns the first error there was.
func (w *Writer) Flush() error {
	w.csv.Flush()
	return w.buf.Flush()
}

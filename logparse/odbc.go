package logparse

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/smtplog/smtplog/reply/outcome"
)

// odbcUsual are the columns of the ODBC table in the order of IIS's
// logtemp.sql, which creates it.
var odbcUsual = strings.Fields(`ClientHost Username LogTime Service Machine ServerIP ProcessingTime
	BytesRecvd BytesSent ServiceStatus Win32Status Operation Target Parameters`)

var odbcColumns = map[string]iisColumn{
	"clienthost": iisClient, "username": iisUser, "logtime": iisTime, "service": iisSite, "machine": iisServer,
	"serverip": iisLocal, "processingtime": iisElapsed, "bytesrecvd": iisReceived, "bytessent": iisSent,
	"servicestatus": iisStatus, "win32status": iisWin32, "operation": iisMethod, "target": iisOther,
	"parameters": iisQuery,
}

// An odbcReader reads exports of the table to which IIS logs over ODBC: CSV,
// separated by commas, semicolons or tabs, with or without a row of column
// names. Times are local, as the database client shaped them.
type odbcReader struct {
	lines *lineScanner
	row   iisRow
	order DateOrder
	loc   *time.Location

	layout    *layout
	columns   []iisColumn
	named     string // what named the columns, for messages
	separator byte   // 0 while it is not known

	clock []byte // the time of the row before as it stands
	at    outcome.Time

	swapped   []byte // scratch for rows that commas do not separate
	unescaped []byte // scratch for values with quotes
}

func newODBC(lines *lineScanner, opt *Options, found Detection) rowReader {
	o := &odbcReader{lines: lines, order: opt.DateOrder, loc: opt.Location}
	if o.order == AnyOrder {
		o.order = found.Order
	}
	switch {
	case len(opt.Fields) > 0:
		o.setColumns(opt.Fields, 0, "--fields names")
	case len(found.Fields) > 0:
		o.setColumns(found.Fields, 0, "the first rows have")
	default:
		o.setColumns(odbcUsual, 0, "the table has")
	}
	return o
}

func (o *odbcReader) next(rec *Record) (lineClass, string) {
	line, class, msg := takeLine(o.lines)
	if class != lineRecord {
		return class, msg
	}
	if msg = o.read(line, rec); msg == "" {
		return lineRecord, ""
	}
	if o.header(line) {
		return lineHeader, ""
	}
	return lineMalformed, msg
}

// read reads a record, or says what is wrong with it.
func (o *odbcReader) read(line []byte, rec *Record) string {
	if o.separator == 0 {
		for _, separator := range []byte(",;\t") {
			o.setColumns(o.layout.names, separator, o.named)
			if o.read(line, rec) == "" {
				return ""
			}
		}
		o.setColumns(o.layout.names, 0, o.named)
		return fmt.Sprintf("neither names of columns nor the %d columns that %s", len(o.columns), o.named)
	}
	n, msg := o.split(line)
	if msg != "" {
		return msg
	}
	if n != len(o.columns) {
		return fmt.Sprintf("%d columns where %s %d", n, o.named, len(o.columns))
	}
	if rec.Time, msg = o.time(); msg != "" {
		return msg
	}
	o.row.event(&rec.Event)
	rec.raw, rec.layout = line, o.layout
	return ""
}

// header reports whether line is a row of column names, which it then takes
// in, or the line that sqlcmd draws below one.
func (o *odbcReader) header(line []byte) bool {
	if len(bytes.Trim(line, "-,;\t ")) == 0 {
		return true
	}
	for _, separator := range []byte(",;\t") {
		var names []string
		known := 0
		odbcSplitter(separator)(line, func(value []byte) bool {
			name := string(trimBlanks(value))
			if _, ok := odbcColumns[strings.ToLower(name)]; ok {
				known++
			}
			names = append(names, name)
			return len(names) <= iisMaxColumns
		})
		if known >= 3 && len(names) <= iisMaxColumns {
			o.setColumns(names, separator, "the row of names has")
			return true
		}
	}
	return false
}

func (o *odbcReader) setColumns(names []string, separator byte, named string) {
	o.layout = &layout{names: names, split: odbcSplitter(separator)}
	o.separator = separator
	o.named = named
	o.columns = iisColumnsOf(names, odbcColumns)
	o.row.val = [iisColumns][]byte{}
}

// split takes a row apart and returns the number of its columns, or what is
// wrong with it.
func (o *odbcReader) split(line []byte) (n int, msg string) {
	row := line
	if o.separator != ',' {
		o.swapped = append(o.swapped[:0], line...)
		row = o.swapped
		swapCommas(row, o.separator)
	}
	o.unescaped = o.unescaped[:0]
	for pos := 0; pos >= 0; n++ {
		value, escaped, next := csvNext(row, pos)
		if next == csvOpen {
			return 0, "a quote is not closed"
		}
		pos = next
		if n >= len(o.columns) {
			continue
		}
		if escaped {
			start := len(o.unescaped)
			o.unescaped = csvUnescape(o.unescaped, value)
			value = o.unescaped[start:]
		}
		if o.separator != ',' {
			swapCommas(value, o.separator)
		}
		if value = trimBlanks(value); string(value) == "NULL" {
			value = value[:0]
		}
		o.row.val[o.columns[n]] = value
	}
	return n, ""
}

// odbcSplitter returns a function that takes apart rows with that separator.
func odbcSplitter(separator byte) func([]byte, func([]byte) bool) {
	if separator == ',' {
		return splitCSV
	}
	return func(row []byte, yield func([]byte) bool) {
		row = bytes.Clone(row)
		swapCommas(row, separator)
		splitCSV(row, func(value []byte) bool {
			swapCommas(value, separator)
			return yield(value)
		})
	}
}

// swapCommas makes b's separators commas and its commas separators, so that
// what reads CSV reads the row; done again it gives back what was there.
func swapCommas(b []byte, separator byte) {
	for i, c := range b {
		switch c {
		case separator:
			b[i] = ','
		case ',':
			b[i] = separator
		}
	}
}

// time returns the moment of the row, or what is wrong with it.
func (o *odbcReader) time() (outcome.Time, string) {
	v := o.row.val[iisTime]
	if v == nil {
		return outcome.Time{}, ""
	}
	if len(v) > 0 && string(v) == string(o.clock) {
		return o.at, ""
	}
	t, ok := parseCulture(v, o.order, o.loc)
	if !ok {
		return outcome.Time{}, fmt.Sprintf("%q is no date and time", clip(v))
	}
	o.clock, o.at = append(o.clock[:0], v...), t
	return t, ""
}

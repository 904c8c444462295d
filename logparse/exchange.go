package logparse

import (
	"bytes"
	"fmt"
	"strings"
)

// exchangeRows reads the logs of Exchange 2007 and later that share the header
// of "#" lines: protocol logs, message tracking, connectivity and agent logs.
type exchangeRows struct {
	csvRow
	log     *exchangeLog // what the rows are of; nil for a log that is not read
	logType string       // the value of #Log-type, when log is nil
	columns *columnList  // as a header or the caller named them; nil: by their number
	short   shortRows
	known   *knownRows  // of a protocol log
	last    knownRow    // that quick read
	sparse  bool        // quick leaves to fill what Options.Sparse says
	steps   *knownSteps // of a tracking log
	places  valuePlaces // for quickReordered
}

func newExchange(lines *lineScanner, opt *Options, found Detection) rowReader {
	return newExchangeRows(lines, opt, found)
}

func newExchangeRows(lines *lineScanner, opt *Options, found Detection) rowReader {
	r := &exchangeRows{csvRow: csvRow{lines: lines}, log: exchangeLogOf(found.Format), sparse: opt.Sparse}
	names := opt.Fields
	if len(names) == 0 {
		names = found.Fields
	}
	if len(names) > 0 {
		r.columns = newColumnList(names, r.log.wanted)
		r.columns.given = true
	}
	r.short = r.shorten()
	return r
}

func (r *exchangeRows) next(rec *Record) (lineClass, string) {
	line, class, msg := takeLine(r.lines)
	if class != lineRecord {
		return class, msg
	}
	if line[0] == '#' {
		r.header(line[1:])
		return lineHeader, ""
	}
	if r.log == nil {
		if r.header(line) {
			return lineHeader, ""
		}
		return lineMalformed, fmt.Sprintf("a row of another log, %s", excerpt([]byte(r.logType)))
	}
	if r.split(line) {
		if !r.join(r.isRow, func() bool { return r.fits(r.count) && r.row(rec) == "" }) {
			return lineMalformed, unclosed
		}
		return lineRecord, ""
	}
	msg = r.row(rec)
	switch {
	case msg == "":
		return lineRecord, ""
	case rec.Time.IsZero() && (r.header(line) || r.headerRow()):
		return lineHeader, ""
	}
	return lineMalformed, msg
}

// row reads the row that was split. It returns what is wrong with it, "" for
// nothing, and leaves rec without a time if that is the time.
func (r *exchangeRows) row(rec *Record) string {
	columns := r.columnsOf(r.count)
	at, ok := parseISO(r.value(columns.at[atTime]))
	if !ok {
		return r.noTime(columns)
	}
	rec.Format, rec.Time, rec.raw, rec.layout = r.log.format, at, r.raw, &columns.layout
	switch r.log.format {
	case Tracking:
		return r.tracking(rec, columns)
	case Connectivity:
		return r.connectivity(rec, columns)
	case Agent:
		return r.agent(rec, columns)
	}
	return r.protocol(rec, columns)
}

// header reads a line of the header, which may have lost its "#". It reports
// whether it is one.
//
// QUIRK: web pages and chat programs take the "#" off the lines; a spreadsheet
// adds commas to them.
func (r *exchangeRows) header(line []byte) bool {
	key, value, ok := bytes.Cut(line, []byte{':'})
	if !ok {
		return false
	}
	key, value = bytes.TrimSpace(key), bytes.Trim(value, ", \t")
	switch {
	case equalFoldASCII(key, "FIELDS"):
		r.setFields(value)
	case equalFoldASCII(key, "LOG-TYPE"):
		r.setLogType(value)
	case equalFoldASCII(key, "SOFTWARE"), equalFoldASCII(key, "VERSION"), equalFoldASCII(key, "DATE"):
	default:
		return false
	}
	return true
}

func (r *exchangeRows) setFields(list []byte) {
	if r.log == nil {
		return
	}
	var names []string
	splitCSV(list, func(name []byte) bool {
		names = append(names, string(bytes.TrimSpace(name)))
		return len(names) < maxValues
	})
	r.columns = r.log.named(names)
	r.short = r.shorten()
}

func (r *exchangeRows) setLogType(logType []byte) {
	old := r.log
	r.log, r.logType = nil, string(logType)
	for _, l := range exchangeLogs {
		if strings.EqualFold(l.logType, r.logType) {
			r.log = l
		}
	}
	// The two protocol logs have the same columns.
	if r.log == nil || old == nil || &r.log.wanted[0] != &old.wanted[0] {
		r.columns = nil
	}
	r.short = r.shorten()
}

// headerRow reads the row as one that names the columns, and reports whether
// it is one.
//
// QUIRK: Exchange 2013 and later put a row of bare names in front of
// "#Software" in some of their logs.
func (r *exchangeRows) headerRow() bool {
	for i := range r.values {
		if strings.EqualFold(string(bytes.TrimSpace(r.value(i))), r.log.wanted[atTime]) {
			r.setFields(r.raw)
			return true
		}
	}
	return false
}

// columnsOf returns the list for a row of that many columns.
func (r *exchangeRows) columnsOf(count int) *columnList {
	c := r.columns
	switch {
	case c != nil && len(c.names) == count:
		return c
	case c == nil:
		if known := r.log.known(count); known != nil {
			return known
		}
		// The end of the row is missing, or it has columns of a later version.
		return r.log.lists[len(r.log.lists)-1]
	case c.given, c.known && count < len(c.names):
		// The end of the row is missing.
		return c
	}
	// QUIRK: headers with more names than any row has columns exist (Exchange
	// 2016 tracking, 49 names for 30 columns). A number of columns that some
	// version writes is trusted.
	if known := r.log.known(count); known != nil {
		return known
	}
	return c
}

// fits reports whether a row of that many columns can be a whole one.
func (r *exchangeRows) fits(count int) bool {
	return r.columns != nil && len(r.columns.names) == count || r.log.known(count) != nil
}

// isRow reports whether the line begins a row of its own or a header.
func (r *exchangeRows) isRow(line []byte) bool {
	if bytes.HasPrefix(line, []byte{'#'}) {
		return true
	}
	at := 0
	if r.columns != nil {
		at = r.columns.at[atTime]
	}
	_, ok := parseISO(csvColumn(line, at))
	return ok
}

// wrongCount is what is wrong with a row whose columns are not those named.
func (r *exchangeRows) wrongCount(columns *columnList) string {
	if r.columns == nil {
		return fmt.Sprintf("%d columns, which no version of the %s has", r.count, r.log.logType)
	}
	if r.columns.given {
		return fmt.Sprintf("%d columns where %d are named", r.count, len(columns.names))
	}
	return fmt.Sprintf("%d columns where #Fields names %d", r.count, len(columns.names))
}

// noTime is what is wrong with a row that has no time.
func (r *exchangeRows) noTime(columns *columnList) string {
	name := r.log.wanted[atTime]
	switch i := columns.at[atTime]; {
	case i < 0:
		return fmt.Sprintf("#Fields names no %s", name)
	case i >= r.count:
		return r.wrongCount(columns)
	default:
		return fmt.Sprintf("%s %s is no time", name, excerpt(r.value(i)))
	}
}

// whole reports whether the row has all its columns and no other ones; what a
// spreadsheet adds, empty ones at the end, does not count.
func (r *exchangeRows) whole(columns *columnList) bool {
	n := len(columns.names)
	if r.count == n || r.count > n && columns.given {
		return true
	}
	if r.count < n || r.count > maxValues {
		return false
	}
	for i := n; i < r.count; i++ {
		if r.value(i) != nil {
			return false
		}
	}
	return true
}

// excerpt quotes text of a log for a message, cut to what a message can hold.
func excerpt(b []byte) string {
	const most = 40
	if len(b) > most {
		return fmt.Sprintf("%q…", b[:most])
	}
	return fmt.Sprintf("%q", b)
}

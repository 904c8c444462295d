package logparse

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/smtplog/smtplog/reply/outcome"
)

// w3cUsual are the columns of the SMTP service's log with all of them chosen,
// in the order in which the service writes them.
var w3cUsual = strings.Fields(`date time c-ip cs-username s-sitename s-computername s-ip s-port cs-method
	cs-uri-stem cs-uri-query sc-status sc-win32-status sc-bytes cs-bytes time-taken cs-version cs-host
	cs(User-Agent) cs(Cookie) cs(Referer)`)

var w3cColumns = map[string]iisColumn{
	"date": iisDate, "time": iisTime, "c-ip": iisClient, "cs-username": iisUser, "s-sitename": iisSite,
	"s-computername": iisServer, "s-ip": iisLocal, "s-port": iisPort, "cs-method": iisMethod,
	"cs-uri-query": iisQuery, "sc-status": iisStatus, "sc-win32-status": iisWin32, "sc-bytes": iisSent,
	"cs-bytes": iisReceived, "time-taken": iisElapsed,
}

// A w3cReader reads W3C Extended logs of the IIS SMTP service
// (https://www.w3.org/TR/WD-logfile): Exchange 2000/2003 and Windows 2000 to
// Server 2019.
//
// The columns are those of the last #Fields line. Before the first one they are
// those of Options.Fields, or what the look of the rows says. Times are UTC.
// Without a date column the day is that of the last #Date line and goes on when
// the time starts again; without a time column too, each row has the time of
// the #Date line, when the service began to write; with a date alone, the
// beginning of the day. With neither a date nor a #Date line there is no time.
type w3cReader struct {
	lines *lineScanner
	row   iisRow

	layout  *layout
	columns []iisColumn // of each column of the layout
	named   string      // what named the columns, for messages
	guessed bool        // they were named by their look

	day   dayCache
	began int64 // the last #Date in seconds, 0 for none
	last  int64 // the latest time, for rows without a date

	short w3cShort
}

func newW3C(lines *lineScanner, opt *Options, found Detection) rowReader {
	w := &w3cReader{lines: lines}
	switch {
	case len(opt.Fields) > 0:
		w.setColumns(opt.Fields, "--fields names")
	case len(found.Fields) > 0:
		w.setColumns(found.Fields, "the first rows have")
	}
	return w
}

func (w *w3cReader) next(rec *Record) (lineClass, string) {
	line, class, msg := takeLine(w.lines)
	if class != lineRecord {
		return class, msg
	}
	if w.header(line) {
		return lineHeader, ""
	}
	row := trimBlanksRight(line)
	n := w.split(row)
	if n > len(w.columns) && n <= iisMaxColumns && (w.layout == nil || w.guessed) && w.guess(row) {
		n = w.split(row)
	}
	switch {
	case w.layout == nil:
		return lineMalformed, "no #Fields line says what the columns are, nor does their look"
	case n != len(w.columns):
		return lineMalformed, fmt.Sprintf("%d columns where %s %d", n, w.named, len(w.columns))
	}
	if rec.Time, msg = w.time(); msg != "" {
		return lineMalformed, msg
	}
	w.row.event(&rec.Event)
	rec.raw, rec.layout = line, w.layout
	return lineRecord, ""
}

// header takes in a "#" line. It reports whether line is one. The "#" may be
// gone, as it is when a log went through Markdown.
//
// QUIRK: the lines are written again at each start of the service, in the
// middle of the file too, and may name other columns then.
func (w *w3cReader) header(line []byte) bool {
	if line[0] >= '0' && line[0] <= '9' {
		return false // as nearly all rows
	}
	line, marked := bytes.CutPrefix(line, []byte{'#'})
	key, value, found := bytes.Cut(line, []byte{':'})
	key, value = trimBlanks(key), trimBlanks(value)
	switch {
	case !found:
		return marked
	case equalFoldASCII(key, "FIELDS"):
		if names := strings.Fields(string(value)); len(names) > 0 {
			w.setColumns(names, "#Fields names")
		}
	case equalFoldASCII(key, "DATE"):
		date, clock, _ := bytes.Cut(value, []byte{' '})
		day, ok1 := w.day.seconds(date, isoDate)
		sec, ok2 := clockSeconds(trimBlanks(clock))
		if ok1 && ok2 {
			w.began = day + sec
			w.last = w.began
		}
	case !equalFoldASCII(key, "SOFTWARE") && !equalFoldASCII(key, "VERSION"):
		return marked
	}
	return true
}

// setColumns makes names the columns of the rows to come.
func (w *w3cReader) setColumns(names []string, named string) {
	w.layout = &layout{names: names, split: splitBlanks, separator: ' '}
	w.named = named
	w.guessed = false
	w.columns = iisColumnsOf(names, w3cColumns)
	w.row.val, w.row.spans = [iisColumns][]byte{}, iisSpans{}
	w.short.begin(w.columns)
}

// guess names the columns of a log without #Fields by the look of a row. Names
// once guessed give way only to more: a row with less was cut short.
func (w *w3cReader) guess(row []byte) bool {
	names := w3cNames(bytes.Split(row, []byte{' '}))
	if names == nil {
		return false
	}
	w.setColumns(names, "the rows before have")
	w.guessed = true
	return true
}

// split takes a row apart and returns the number of its columns. One blank
// stands between two columns.
func (w *w3cReader) split(row []byte) int {
	n, start := 0, 0
	for i, c := range row {
		if c == ' ' {
			if n < len(w.columns) {
				w.row.val[w.columns[n]] = row[start:i]
			}
			n++
			start = i + 1
		}
	}
	if n < len(w.columns) {
		w.row.val[w.columns[n]] = row[start:]
	}
	return n + 1
}

// splitBlanks calls yield for each value of a row.
func splitBlanks(row []byte, yield func(value []byte) bool) {
	row = trimBlanksRight(row)
	for {
		value, rest, more := bytes.Cut(row, []byte{' '})
		if !yield(value) || !more {
			return
		}
		row = rest
	}
}

// time returns the moment of the row, or what is wrong with it.
func (w *w3cReader) time() (outcome.Time, string) {
	date, clock := w.row.val[iisDate], w.row.val[iisTime]
	var sec int64
	if clock != nil {
		var ok bool
		if sec, ok = clockSeconds(clock); !ok {
			return outcome.Time{}, fmt.Sprintf("%q is no time", clip(clock))
		}
	}
	var day int64
	if date != nil {
		var ok bool
		if day, ok = w.day.seconds(date, isoDate); !ok {
			return outcome.Time{}, fmt.Sprintf("%q is no date", clip(date))
		}
	}
	return w.moment(date != nil, day, clock != nil, sec), ""
}

// moment returns the time of a row with or without a date and a time of day.
func (w *w3cReader) moment(dated bool, day int64, timed bool, sec int64) outcome.Time {
	switch {
	case dated:
		return outcome.Unix((day+sec)*1e9, 0)
	case w.began == 0:
		return outcome.Time{}
	case !timed:
		return outcome.Unix(w.began*1e9, 0)
	}
	return outcome.Unix(w.onDay(sec)*1e9, 0)
}

// onDay returns the moment of a time of day in a log without dates: the first
// one that is not more than an hour earlier than the latest row. Rows are
// written when their command is done, so a few seconds back are no new day.
func (w *w3cReader) onDay(sec int64) int64 {
	const day, slack = 86400, 3600
	earliest := w.last - slack
	t := earliest - earliest%day + sec
	if t < earliest {
		t += day
	}
	w.last = max(w.last, t)
	return t
}

package logparse

import "bytes"

// w3cShort is how a row is read the short way: what is to be done with its
// columns up to the last one that says something, and what earlier rows had in
// columns that are mostly the same. It follows from the columns and holds
// nothing that a row depends on.
type w3cShort struct {
	steps  []w3cStep // nil: all rows go the long way
	counts iisCounts // of the row, -1 for a column that the log does not have
	dated  bool      // there is a date
	timed  bool      // and a time of day

	date  dateClock
	clock minuteClock

	behind int    // columns behind those of the steps
	tail   []byte // how an earlier row ended, from the blank before them on
	ended  bool   // there was one

	isUsual bool // the columns are the usual ones
	usual   w3cUsualRows
}

// A w3cStep reads one column, or a run of those that are mostly the same from
// one row to the next.
type w3cStep struct {
	kind   w3cStepKind
	column iisColumn
	run    *w3cRun
}

type w3cStepKind uint8

const (
	w3cText w3cStepKind = iota
	w3cNumber
	w3cDate
	w3cTime
	w3cSteady
)

// w3cStepOf says how each column is read.
var w3cStepOf = [iisColumns]w3cStepKind{
	iisOther: w3cSteady, iisSite: w3cSteady, iisServer: w3cSteady, iisLocal: w3cSteady, iisPort: w3cSteady,
	iisDate: w3cDate, iisTime: w3cTime,
	iisStatus: w3cNumber, iisWin32: w3cNumber, iisSent: w3cNumber, iisReceived: w3cNumber, iisElapsed: w3cNumber,
}

// A w3cRun is what neighbouring columns held in two earlier rows, one of which
// may be of a connection that came in and one of a connection of ours.
type w3cRun struct {
	columns []iisColumn
	seen    [2]w3cSeen
	oldest  int
}

type w3cSeen struct {
	text   []byte // the columns with the blanks between them, empty for none
	values []w3cPlace
}

// A w3cPlace is where a column that says something lies in a run.
type w3cPlace struct {
	column     iisColumn
	start, end int
}

const (
	// maxSeen bounds what is kept of earlier rows, in bytes.
	maxSeen = 256
	// maxSteps bounds the columns of the rows that go the short way.
	maxSteps = 64
)

// newW3CShort returns how rows with these columns are read the short way.
func newW3CShort(columns []iisColumn) w3cShort {
	s := w3cShort{counts: noCounts}
	last := -1
	var has [iisColumns]bool
	for i, c := range columns {
		has[c] = true
		if c != iisOther {
			last = i
		}
	}
	if last < 0 || len(columns) > maxSteps || !has[iisUser] {
		return s // without cs-username, what the columns look like counts
	}
	s.dated, s.timed = has[iisDate], has[iisTime]
	s.behind = len(columns) - last - 1
	s.isUsual = isW3CUsual(columns)
	var run *w3cRun
	for _, c := range columns[:last+1] {
		kind := w3cStepOf[c]
		switch {
		case kind != w3cSteady:
			s.steps = append(s.steps, w3cStep{kind: kind, column: c})
			run = nil
			continue
		case run == nil:
			run = &w3cRun{}
			s.steps = append(s.steps, w3cStep{kind: kind, run: run})
		}
		run.columns = append(run.columns, c)
	}
	return s
}

// quick implements quickRowReader: for rows with all columns that the last
// #Fields line names.
func (w *w3cReader) quick(rec *Record) bool {
	if w.short.steps == nil {
		return false
	}
	block, n, size := w.lines.whole()
	switch {
	case n == 0:
		return false
	case w.short.isUsual:
		if !w.quickUsual(rec, block[:n]) {
			return false
		}
	case !w.quickRow(rec, block[:n]):
		return false
	}
	w.lines.take(size)
	return true
}

// quickRow fills in rec from a row. It assumes that dates and times have their
// usual length, that counters are numbers or "-", that the last column that is
// read is not empty, and that the columns behind it are as many as they should
// be. It leaves what could be a header or a blank line to the long way too.
func (w *w3cReader) quickRow(rec *Record, line []byte) bool {
	if line[0]-'0' > 9 && !w3cRowAnyway(line) {
		return false
	}
	s, val := &w.short, &w.row.val
	var day, sec int64
	i := 0
	for k := range s.steps {
		step := &s.steps[k]
		if k > 0 {
			// Each step ends at a blank or at the end of the line.
			if i == len(line) {
				return false
			}
			i++
		}
		ok := true
		switch step.kind {
		case w3cText:
			end := indexFrom(line, i, ' ')
			val[step.column] = line[i:end]
			i = end
			continue
		case w3cSteady:
			if i = step.run.read(line, i, val); i < 0 {
				return false
			}
			continue
		case w3cNumber:
			s.counts[step.column], i, ok = quickNumber(line, i)
		case w3cDate:
			if len(line)-i < len("2006-10-09") {
				return false
			}
			day, ok = s.date.seconds(line[i:])
			i += len("2006-10-09")
		case w3cTime:
			if len(line)-i < len("05:00:15") {
				return false
			}
			sec, ok = s.clock.seconds(line[i:])
			i += len("05:00:15")
		}
		if !ok || i < len(line) && line[i] != ' ' {
			return false
		}
	}
	// The blanks at the end of a row are no part of it.
	if line[i-1] <= ' ' || !(s.ended && string(line[i:]) == string(s.tail)) && !s.newTail(line[i:]) {
		return false
	}
	rec.Format, rec.Time = IISW3C, w.moment(s.dated, day, s.timed, sec)
	rec.raw, rec.layout = line, w.layout
	w.row.quickEvent(&rec.Event, &s.counts)
	return true
}

// w3cRowAnyway reports whether a line that does not begin with a digit is a row
// for certain, and neither blank nor what header takes in.
func w3cRowAnyway(line []byte) bool {
	if line[0] <= ' ' || line[0] == '#' || line[0] >= 0x80 {
		return false
	}
	key, _, found := bytes.Cut(line, []byte{':'})
	if !found {
		return true
	}
	key = trimBlanks(key)
	return !equalFoldASCII(key, "FIELDS") && !equalFoldASCII(key, "DATE") &&
		!equalFoldASCII(key, "SOFTWARE") && !equalFoldASCII(key, "VERSION")
}

// newTail keeps what follows the columns that are read. It reports whether it
// is as many columns as it should be.
func (s *w3cShort) newTail(tail []byte) bool {
	if bytes.Count(trimBlanksRight(tail), []byte{' '}) != s.behind {
		return false
	}
	if len(tail) <= maxSeen {
		s.tail, s.ended = append(s.tail[:0], tail...), true
	}
	return true
}

// read reads the columns of the run, which begin at i, and returns where they
// end, -1 when the row has fewer.
func (r *w3cRun) read(line []byte, i int, val *[iisColumns][]byte) int {
	for k := range r.seen {
		seen := &r.seen[k]
		end := i + len(seen.text)
		if end == i || end > len(line) || end < len(line) && line[end] != ' ' || string(line[i:end]) != string(seen.text) {
			continue
		}
		for _, v := range seen.values {
			val[v.column] = line[i+v.start : i+v.end]
		}
		return end
	}
	return r.split(line, i, val)
}

// split is read for a row that is like none of the earlier ones.
func (r *w3cRun) split(line []byte, start int, val *[iisColumns][]byte) int {
	seen := &r.seen[r.oldest]
	seen.text, seen.values = seen.text[:0], seen.values[:0]
	i := start
	for k, c := range r.columns {
		if k > 0 {
			if i == len(line) {
				return -1
			}
			i++
		}
		end := indexFrom(line, i, ' ')
		if c != iisOther {
			val[c] = line[i:end]
			seen.values = append(seen.values, w3cPlace{c, i - start, end - start})
		}
		i = end
	}
	if i-start <= maxSeen {
		seen.text = append(seen.text, line[start:i]...)
		r.oldest = 1 - r.oldest
	}
	return i
}

package logparse

import (
	"bytes"
	"slices"

	"github.com/smtplog/smtplog/reply/outcome"
)

// w3cShort is how a row is read the short way: what its columns say, and what
// earlier rows had in them. It follows from the columns and holds nothing that a
// row depends on.
type w3cShort struct {
	steps []*w3cStep // none: all rows go the long way
	run   iisRun     // the columns of the front, if they stand together
	dated bool       // there is a date
	timed bool       // and a time of day
	whole bool       // and they stand together

	isUsual bool // the columns are the usual ones

	stamp  iisStamp
	date   dateClock
	clock  minuteClock
	fronts *iisFronts

	counts  [2 * iisCounts]int64 // of the row, in the order in which they stand in it; the last is -1
	countAt [iisColumns]uint8    // the place of a column's
}

// w3cMaxColumns bounds the columns of the rows that go the short way.
const w3cMaxColumns = 64

// begin makes s the way for rows with these columns.
func (s *w3cShort) begin(columns []iisColumn) {
	*s = w3cShort{fronts: s.fronts}
	if s.fronts == nil {
		s.fronts = newIISFronts()
	}
	// Without cs-username, what the columns look like counts.
	if len(columns) > w3cMaxColumns || !slices.Contains(columns, iisUser) {
		return
	}
	s.dated, s.timed = slices.Contains(columns, iisDate), slices.Contains(columns, iisTime)
	s.steps = w3cStepsOf(columns)
	s.isUsual = isW3CUsual(s.steps)
	last := len(s.counts) - 1
	s.counts[last] = -1
	for i := range s.countAt {
		s.countAt[i] = uint8(last)
	}
	for _, step := range s.steps {
		switch step.reads {
		case w3cStamp:
			s.whole = true
		case w3cFront:
			copy(s.run[:], step.columns)
		case w3cCounts:
			for i, c := range step.columns {
				s.countAt[c] = uint8(step.first + i)
			}
		}
	}
	s.fronts.begin(s.run)
}

// count returns the number that the row has in the column.
func (s *w3cShort) count(c iisColumn) int64 { return s.counts[s.countAt[c]&(2*iisCounts-1)] }

// quick implements quickRowReader: for rows with all columns that the last
// #Fields line names, but for long ones and the last ones of a block. It assumes
// that no value has a byte below the blank, that dates and times have their usual
// length, and that the last column is not empty. It leaves what could be a header
// or a blank line to the long way too.
func (w *w3cReader) quick(rec *Record) bool {
	s, lines := &w.short, w.lines
	if len(s.steps) == 0 || len(lines.buf)-lines.start < len(iisWindow{}) || lines.start == lines.end {
		return false
	}
	// What is behind lines.end is left from before: no row reaches there.
	b := (*iisWindow)(lines.buf[lines.start:])
	if s.isUsual && w.quickUsual(rec, b) {
		return true
	}
	if b[0]-'0' > 9 && !w3cRowAnyway(lines.buf[lines.start:lines.end]) {
		return false
	}
	found := w3cFound{query: -1}
	end := w.find(b, &found)
	if end <= 0 || b[end-1] == ' ' {
		return false // the blanks at the end of a row are no part of it
	}
	size := end + lineEndAt(b[:], end)
	if size == end || size > min(lines.max, lines.end-lines.start) {
		return false
	}
	lines.take(size)

	kind := KindCommand
	if front := found.front; front == nil {
		kind = w.row.begin(&rec.Event, b[:])
		rec.Format, rec.layout, rec.connector = IISW3C, w.layout, 0
	} else if kind = front.kind; rec.connector != front.number {
		rec.beginFront(front, IISW3C, w.layout)
	}
	rec.Time = outcome.Unix(found.at, 0)
	if !s.whole {
		rec.Time = w.moment(s.dated, found.day, s.timed, found.sec)
	}
	rec.raw = b[:end]
	rec.Win32, rec.BytesOut, rec.BytesIn, rec.Elapsed = s.count(iisWin32), s.count(iisSent), s.count(iisReceived), s.count(iisElapsed)
	var text []byte
	if found.query >= 0 {
		text, _ = w.row.said(b, found.query, kind)
	}
	rec.saysHere(kind, found.verb, found.method.in(b[:]), text, s.count(iisStatus))
	return true
}

// quickUsual is quick for rows with the usual columns, of the minute of a row
// before and with the same behind time-taken, whose cs-method is one of the common
// verbs or "-", and whose cs-uri-stem is "-".
func (w *w3cReader) quickUsual(rec *Record, b *iisWindow) bool {
	s, lines := &w.short, w.lines
	tens, ones := b[17]-'0', b[18]-'0'
	if (word(b[0:])^s.stamp.words[0])|(word(b[8:])^s.stamp.words[1]) != 0 ||
		b[16] != ':' || tens > 5 || ones > 9 || b[19] != ' ' {
		return false
	}
	i := len("2006-10-09 05:00:15 ")
	f := s.fronts.at((*[iisFrontMax]byte)(b[i : i+iisFrontMax]))
	if f == nil {
		if f, _ = w.newFront(b, i, w3cUsualFront); f == nil {
			return false
		}
	}
	i += int(f.size)
	verb, name := VerbNone, b[i:i+4]
	switch {
	case b[i-1] != ' ':
		return false
	case string(b[i+4:i+7]) == " - ":
		if verb = verbOfFour(name); verb == VerbNone {
			return false
		}
		i += len("RCPT - ")
	case string(name) == "- - ":
		name = nil
		i += len("- - ")
	default:
		return false
	}
	kind := f.kind
	text, i := w.row.said(b, i, kind)
	i = usualCounts(b, i, &s.counts)
	tail := &s.steps[w3cUsualTail].known
	if i >= iisLongest || b[i] != ' ' || !tail.begins((*[knownMax]byte)(b[i+1:])) || tail.size == 0 {
		return false
	}
	i += int(tail.size)
	size := i + 1
	if b[i] == '\r' {
		size++
	}
	if size > min(lines.max, lines.end-lines.start) || b[size-1] != '\n' || b[i-1] == ' ' {
		return false
	}
	lines.take(size)

	if rec.connector != f.number {
		rec.beginFront(f, IISW3C, w.layout)
	}
	rec.Time = outcome.Unix(s.stamp.minute+(int64(tens)*10+int64(ones))*1e9, 0)
	rec.raw = b[:i]
	rec.Win32, rec.BytesOut, rec.BytesIn, rec.Elapsed = s.counts[1], s.counts[2], s.counts[3], s.counts[4]
	rec.saysHere(kind, verb, name, text, s.counts[0])
	return true
}

// usualCounts is countsAt for sc-status, sc-win32-status, sc-bytes, cs-bytes and
// time-taken, with a blank in front of the first at i, but for those that are very
// long together. There is a date in front of them, where any number ends.
func usualCounts(b *iisWindow, i int, to *[2 * iisCounts]int64) int {
	const mask = iisLongest - 1
	start, k := i, 0
	j := i & mask
	switch {
	case string(b[j:j+len(" 250 0 ")]) == " 250 0 ":
		to[0], to[1], k = 250, 0, 2
		i += len(" 250 0")
	case string(b[j:j+len(" 0 0 ")]) == " 0 0 ":
		to[0], to[1], k = 0, 0, 2
		i += len(" 0 0")
	}
	for ; k < 5; k++ {
		n := int64(b[(i+1)&mask] - '0')
		if b[i&mask] != ' ' {
			return iisLongest
		}
		i += 2
		if n > 9 {
			if b[(i-1)&mask] != '-' {
				return iisLongest
			}
			to[k] = -1
			continue
		}
		for {
			c := b[i&mask] - '0'
			if c > 9 {
				break
			}
			n = n*10 + int64(c)
			i++
		}
		to[k] = n
	}
	if i-start > 2*4+18 { // the other four have two bytes at least
		return iisLongest
	}
	return i
}

// w3cRowAnyway reports whether the line that b begins with, which does not begin
// with a digit, is a row for certain, and neither blank nor what header takes in.
func w3cRowAnyway(b []byte) bool {
	switch b[0] {
	case 'D', 'F', 'S', 'V', 'd', 'f', 's', 'v':
	default:
		return b[0] > ' ' && b[0] != '#' && b[0] < 0x80
	}
	line, _, _ := bytes.Cut(b, []byte{'\n'})
	key, _, found := bytes.Cut(line, []byte{':'})
	if !found {
		return true
	}
	key = trimBlanks(key)
	return !equalFoldASCII(key, "FIELDS") && !equalFoldASCII(key, "DATE") &&
		!equalFoldASCII(key, "SOFTWARE") && !equalFoldASCII(key, "VERSION")
}

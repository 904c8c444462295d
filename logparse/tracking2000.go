package logparse

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/smtplog/smtplog/reply/outcome"
)

// tracking2000Names are the columns of the tracking log of Exchange 2000 and
// 2003 (KB Q246965).
//
// QUIRK: both write a 21st column, "-", that their header does not name.
var tracking2000Names = strings.Split("Date,Time,client-ip,Client-hostname,Partner-Name,Server-hostname,server-IP,"+
	"Recipient-Address,Event-ID,MSGID,Priority,Recipient-Report-Status,total-bytes,Number-Recipients,Origination-Time,"+
	"Encryption,service-Version,Linked-MSGID,Message-Subject,Sender-Address", ",")

// tracking2000Rows reads the tracking log of Exchange 2000 and 2003: columns
// between tabs, no quotes, "-" for what is empty.
type tracking2000Rows struct {
	tabRow
	*tracking2000List
}

// tracking2000List is a list of columns, and the places of those that are used.
type tracking2000List struct {
	layout
	date, time, event, server int
}

func newTracking2000(lines *lineScanner, opt *Options, found Detection) rowReader {
	names := tracking2000Names
	switch {
	case len(opt.Fields) > 0:
		names = opt.Fields
	case len(found.Fields) > 0:
		names = found.Fields
	}
	return &tracking2000Rows{tabRow{lines: lines}, newTracking2000List(names)}
}

func newTracking2000List(names []string) *tracking2000List {
	index := func(name string) int {
		return slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
	}
	return &tracking2000List{layout{names: names, split: splitTabs, separator: '\t'}, index("Date"), index("Time"), index("Event-ID"), index("Server-hostname")}
}

func (r *tracking2000Rows) next(rec *Record) (lineClass, string) {
	line, class, msg := takeLine(r.lines)
	if class != lineRecord {
		return class, msg
	}
	if line[0] == '#' {
		r.header(bytes.TrimLeft(line[1:], " "))
		return lineHeader, ""
	}
	r.split(line)
	at, ok := tracking2000Time(r.value(r.date), r.value(r.time))
	switch {
	case ok:
	case r.header(line) || isTracking2000Title(line):
		return lineHeader, ""
	case r.time >= r.count || r.date >= r.count:
		return lineMalformed, r.wrongCount()
	default:
		return lineMalformed, fmt.Sprintf("date %s and time %s are no time", excerpt(r.value(r.date)), excerpt(r.value(r.time)))
	}
	// A row that was cut short has lost its sender, if not more.
	if r.count < len(r.names) {
		return lineMalformed, r.wrongCount()
	}
	event := r.value(r.event)
	if _, ok := digits(event, len(event)); r.event >= 0 && (!ok || len(event) == 0) {
		return lineMalformed, fmt.Sprintf("Event-ID %s is no number", excerpt(event))
	}
	rec.Kind, rec.Time, rec.Server = KindTracking, at, present(r.value(r.server))
	rec.raw, rec.layout = line, &r.layout
	return lineRecord, ""
}

func (r *tracking2000Rows) wrongCount() string {
	return fmt.Sprintf("%d columns where the header names %d", r.count, len(r.names))
}

// header reads a line that names the columns, and reports whether it is one.
func (r *tracking2000Rows) header(line []byte) bool {
	var names []string
	splitTabs(line, func(name []byte) bool {
		names = append(names, string(bytes.TrimSpace(name)))
		return len(names) < maxValues
	})
	for len(names) > 0 && names[len(names)-1] == "" {
		names = names[:len(names)-1]
	}
	list := newTracking2000List(names)
	if list.date < 0 || list.time < 0 {
		return false
	}
	r.tracking2000List = list
	return true
}

// isTracking2000Title recognises the first lines of the header without their
// "#".
func isTracking2000Title(line []byte) bool {
	return bytes.HasPrefix(line, []byte("Message Tracking Log File")) || bytes.HasPrefix(line, []byte("Exchange System Attendant"))
}

// tracking2000Time reads the columns Date, "2026-1-9", and Time, "7:2:15 GMT".
func tracking2000Time(date, clock []byte) (outcome.Time, bool) {
	s := timeText{bytes.Trim(date, " ")}
	year, month, day, ok := s.date('-')
	if !ok || len(s.b) > 0 {
		return outcome.Time{}, false
	}
	s.b = bytes.Trim(clock, " ")
	c, ok := s.clock(':')
	if !ok {
		return outcome.Time{}, false
	}
	return s.finish(year, month, day, c, nil)
}

package logparse

import (
	"bytes"
	"fmt"

	"github.com/smtplog/smtplog/reply/outcome"
)

// tracking5Names are the columns of the tracking log of Exchange 4.0 to 5.5
// (KB Q173280); the log itself does not name them. The last two repeat for
// each recipient.
var tracking5Names = []string{"Message-ID", "Event", "Date-Time", "Gateway-Name", "Partner-Name", "Remote-ID", "Originator",
	"Priority", "Length", "Seconds", "Cost", "Subject-ID", "Recipients", "Recipient-Name", "Report-Status"}

const (
	tracking5Columns = 13 // in the first line of a record

	// maxRecipients is how many recipient lines one record can have.
	maxRecipients = 10_000
)

// tracking5Rows reads the tracking log of Exchange 4.0 to 5.5: a line of 13
// columns between tabs, of which the last says how many recipients follow, and
// a line for each recipient.
type tracking5Rows struct {
	tabRow
	joined []byte // the record, its lines joined with "\n"
	layout *layout
}

func newTracking5(lines *lineScanner, _ *Options, _ Detection) rowReader {
	return &tracking5Rows{tabRow: tabRow{lines: lines}, layout: tracking5Layout(1)}
}

// tracking5Layout names the columns of a record with that many recipients.
func tracking5Layout(recipients int) *layout {
	names := tracking5Names
	for range recipients - 1 {
		names = append(names, tracking5Names[tracking5Columns:]...)
	}
	return &layout{names: names, split: splitTracking5}
}

// splitTracking5 yields the columns of the first line of a record, then name
// and status of each recipient; what follows a status on its line is a part of
// it.
func splitTracking5(row []byte, yield func(value []byte) bool) {
	first, row, more := bytes.Cut(row, []byte{'\n'})
	stopped := false
	splitTabs(first, func(value []byte) bool {
		stopped = !yield(value)
		return !stopped
	})
	for more && !stopped {
		var line []byte
		line, row, more = bytes.Cut(row, []byte{'\n'})
		name, status, _ := bytes.Cut(line, []byte{'\t'})
		stopped = !yield(name) || !yield(status)
	}
}

func (r *tracking5Rows) next(rec *Record) (lineClass, string) {
	line, class, msg := takeLine(r.lines)
	if class != lineRecord {
		return class, msg
	}
	at, ok := r.begins(line)
	switch {
	case !ok && line[0] == '#':
		return lineHeader, ""
	case !ok && r.count <= 2:
		return lineMalformed, "a recipient that the record before it does not count"
	case !ok:
		return lineMalformed, fmt.Sprintf("event %s at %s is no event at a time", excerpt(r.value(1)), excerpt(r.value(2)))
	case r.count < tracking5Columns:
		return lineMalformed, fmt.Sprintf("%d columns where a record begins with %d", r.count, tracking5Columns)
	}
	number := bytes.TrimSpace(r.value(tracking5Columns - 1))
	recipients, ok := digits(number, len(number))
	if !ok || len(number) == 0 || len(number) > 9 {
		return lineMalformed, fmt.Sprintf("number of recipients %s is no number", excerpt(number))
	}
	recipients = r.recipients(line, min(recipients, maxRecipients))
	if named := (len(r.layout.names) - tracking5Columns) / 2; recipients > named {
		r.layout = tracking5Layout(max(recipients, 2*named))
	}
	rec.Kind, rec.Time = KindTracking, at
	rec.raw, rec.layout = r.joined, r.layout
	return lineRecord, ""
}

// recipients takes up to n recipient lines that follow the line and returns
// how many there were. A number that is too high ends at the next record.
func (r *tracking5Rows) recipients(line []byte, n int) (taken int) {
	// Looking at the next line may move the bytes of this one.
	r.joined = append(r.joined[:0], line...)
	for ; taken < n; taken++ {
		next, ok := r.lines.peek()
		if !ok || isBlank(next) || len(r.joined)+len(next) > r.lines.max {
			return taken
		}
		if _, begins := r.begins(next); begins {
			return taken
		}
		next, _ = r.lines.next()
		r.joined = append(append(r.joined, '\n'), next...)
	}
	return taken
}

// begins splits a line and reports whether it has the shape of a record's
// first one: a number and a time behind the message's id.
func (r *tracking5Rows) begins(line []byte) (at outcome.Time, ok bool) {
	r.split(line)
	event := bytes.TrimSpace(r.value(1))
	if _, ok := digits(event, len(event)); !ok || len(event) == 0 {
		return at, false
	}
	return tracking5Time(r.value(2))
}

// tracking5Time reads "1996.7.1 18:32:9", which is UTC.
func tracking5Time(b []byte) (outcome.Time, bool) {
	s := timeText{bytes.Trim(b, " ")}
	year, month, day, ok := s.date('.')
	if !ok || !s.blanks() {
		return outcome.Time{}, false
	}
	c, ok := s.clock(':')
	if !ok {
		return outcome.Time{}, false
	}
	return s.finish(year, month, day, c, nil)
}

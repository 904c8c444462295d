package logparse

import (
	"time"

	"github.com/smtplog/smtplog/reply/outcome"
)

// imsStampText is the stamp of an earlier line, "11/2/00 9:05:" and " AM : "
// with the seconds in between, and when its minute began.
type imsStampText struct {
	before, behind []byte // empty for none yet
	minute         int64  // Unix seconds

	// The stamp of the line that follows the last one, which was looked at
	// already: where the line is, 0 for none, when it was written, and where its
	// text begins.
	next     int64
	nextAt   outcome.Time
	nextText int
}

// read returns the time of a line that was written in the same minute, and
// where its text begins, 0 for any other line.
func (s *imsStampText) read(line []byte) (at outcome.Time, text int) {
	n := len(s.before)
	text = n + 2 + len(s.behind)
	if n == 0 || len(line) < text || string(line[:n]) != string(s.before) || string(line[n+2:text]) != string(s.behind) {
		return outcome.Time{}, 0
	}
	tens, ones := line[n]-'0', line[n+1]-'0'
	if tens > 5 || ones > 9 {
		return outcome.Time{}, 0
	}
	return outcome.Unix((s.minute+int64(tens)*10+int64(ones))*1e9, 0), text
}

// learn keeps the stamp of a line, whose text begins at the given place, if it
// is one of those that read can compare others with.
func (s *imsStampText) learn(line []byte, at outcome.Time, text int) {
	s.before = s.before[:0]
	seconds := skipBlanks(line, indexFrom(line, 0, ' '))
	for range 2 { // the hours and the minutes
		_, width := imsNumber(line[seconds:])
		if seconds += width + 1; width == 0 || seconds >= text || line[seconds-1] != ':' && line[seconds-1] != '.' {
			return
		}
	}
	if seconds+2 >= text || line[text-1] != ' ' {
		return
	}
	tens, ones := line[seconds]-'0', line[seconds+1]-'0'
	if tens > 5 || ones > 9 {
		return
	}
	s.before = append(s.before, line[:seconds]...)
	s.behind = append(s.behind[:0], line[seconds+2:text]...)
	s.minute = at.UnixNano()/1e9 - int64(tens)*10 - int64(ones)
}

// quick implements quickRowReader: for records of one line in logs whose times
// are UTC or taken for it. It assumes that the line and the next one, unless
// that is empty, begin with stamps that are written alike, and that no blank or
// quote stands in front.
func (r *imsRows) quick(rec *Record) bool {
	if r.clock.loc != nil && r.clock.loc != time.UTC {
		return false
	}
	block, n, size := r.lines.whole()
	if n == 0 || block[0]-'0' > 9 {
		return false
	}
	line := block[:n]
	s := &r.short
	offset := r.lines.base + int64(r.lines.start)
	at, text := s.nextAt, s.nextText
	if offset != s.next {
		at, text = s.read(line)
	}
	if text == 0 {
		if at, text = r.clock.read(line); text == 0 {
			return false
		}
		s.learn(line, at, text)
	}
	s.next = 0
	behind := r.lines.buf[r.lines.start+size : r.lines.end]
	if len(behind) < 2 || behind[0] != '\n' && (behind[0] != '\r' || behind[1] != '\n') {
		nextAt, nextText := s.read(behind)
		if nextText == 0 || nextText > r.lines.max {
			return false // it may go on with the record
		}
		s.next, s.nextAt, s.nextText = offset+int64(size), nextAt, nextText
	}
	r.begun = true
	rec.Format, rec.Time = IMS, at
	rec.raw, rec.layout = line, imsLayout
	rec.Event = Event{Sequence: -1, Elapsed: -1, Win32: -1, BytesIn: -1, BytesOut: -1}
	r.event(&rec.Event, line, len(line), text)
	r.lines.take(size)
	return true
}

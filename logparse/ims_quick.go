package logparse

import (
	"bytes"
	"encoding/binary"
	"time"

	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// imsStampText is the stamp of the line that was looked at last,
// "11/2/00 9:05:01 AM : ", with which others are compared.
type imsStampText struct {
	at    outcome.Time
	n     int  // its length, 0 for none
	ahead bool // it is that of the line that comes next

	// Its first 16 bytes and its last 16, and what of them stays the same for a
	// minute.
	words, lasting [4]uint64

	seconds int   // where the seconds stand, 0 where they are not known
	minute  int64 // when their minute began, in Unix seconds
}

// Stamps of which the words are all.
const minStampText, maxStampText = 16, 32

// same reports whether b begins with the stamp, or with one of the same minute,
// which then is the stamp.
func (s *imsStampText) same(b []byte) bool {
	n := s.n
	if n < minStampText || len(b) < n {
		return false
	}
	words := &s.words
	first, second := binary.LittleEndian.Uint64(b)^words[0], binary.LittleEndian.Uint64(b[8:])^words[1]
	last := b[n-16 : n]
	third, fourth := binary.LittleEndian.Uint64(last)^words[2], binary.LittleEndian.Uint64(last[8:])^words[3]
	if first|second|third|fourth == 0 {
		return true
	}
	lasting := &s.lasting
	return first&lasting[0]|second&lasting[1]|third&lasting[2]|fourth&lasting[3] == 0 && s.tick(b)
}

// tick takes the seconds of b for those of the stamp. It reports false if they
// are none.
func (s *imsStampText) tick(b []byte) bool {
	tens, ones := b[s.seconds]-'0', b[s.seconds+1]-'0'
	if tens > 5 || ones > 9 {
		return false
	}
	s.at = outcome.Unix((s.minute+int64(tens)*10+int64(ones))*1e9, 0)
	s.keep(b)
	return true
}

// keep takes the words of the stamp that b begins with.
func (s *imsStampText) keep(b []byte) {
	for i, from := range [...]int{0, 8, s.n - 16, s.n - 8} {
		s.words[i] = binary.LittleEndian.Uint64(b[from:])
	}
}

// learn takes the stamp of a line, which was written at the given time and has n
// bytes. With steady, the times of a minute follow from when it began.
func (s *imsStampText) learn(line []byte, at outcome.Time, n int, steady bool) {
	s.n, s.at = 0, at
	if n < minStampText || n > maxStampText || line[n-1] != ' ' {
		return
	}
	s.n, s.seconds = n, 0
	if i := imsSeconds(line[:n]); i > 0 && steady {
		s.seconds = i
		s.minute = at.UnixNano()/1e9 - int64(line[i]-'0')*10 - int64(line[i+1]-'0')
	}
	s.keep(line)
	var mask [maxStampText]byte
	for i := range mask {
		if s.seconds == 0 || i != s.seconds && i != s.seconds+1 {
			mask[i] = 0xff
		}
	}
	for i, from := range [...]int{0, 8, n - 16, n - 8} {
		s.lasting[i] = binary.LittleEndian.Uint64(mask[from:])
	}
}

// imsSeconds returns where in a stamp its seconds stand, 0 unless they are two
// digits below 60.
func imsSeconds(stamp []byte) int {
	i := skipBlanks(stamp, indexFrom(stamp, 0, ' '))
	for range 2 { // the hours and the minutes
		_, width := imsNumber(stamp[i:])
		if i += width + 1; width == 0 || i >= len(stamp) || stamp[i-1] != ':' && stamp[i-1] != '.' {
			return 0
		}
	}
	if i+2 >= len(stamp) || stamp[i]-'0' > 5 || stamp[i+1]-'0' > 9 {
		return 0
	}
	return i
}

// quick implements quickRowReader. It assumes that the record and what tells
// where it ends are in the buffer, and that no line is padded or too long.
func (r *imsRows) quick(rec *Record) bool {
	l, s := r.lines, &r.short
	block := l.buf[l.start:l.end]
	if !s.ahead && !r.look(block) {
		return false
	}
	at, text := s.at, s.n
	s.ahead, rec.echo = false, 0
	if r.raw != nil {
		if r.twin(rec, block, at, text) {
			return true
		}
		r.raw = nil
	}
	n, size := l.wholeLine(block, text)
	if size == 0 {
		return false
	}
	record, lines := block[:n], int64(1)
	if behind := block[size:]; s.same(behind) {
		s.ahead = true
	} else if !emptyLine(behind) {
		if record, lines, size = r.fold(block, n, size); lines == 0 {
			return false
		}
	}
	e := &rec.Event
	if rec.layout != imsLayout {
		r.clear(rec)
	}
	rec.Time, rec.raw = at, record
	if !r.usual(e, record[text:], n-text) {
		r.clear(rec)
		r.event(e, record, n, text)
	} else if e.Kind == KindRaw && s.ahead && lines == 1 {
		r.expectTwin(rec, block[text+len("<<< IO: |"):n])
		// Of the same second, it is as good as both.
		if r.sparse && r.raw != nil && s.at == at && r.twin(rec, block[size:], at, text) {
			rec.echo = uint32(size)
		}
	}
	l.start += size
	l.number += lines
	return true
}

// clear makes rec a record of the IMS of which nothing is known. Those that were
// one before have no values that usual does not fill in.
func (r *imsRows) clear(rec *Record) {
	rec.Format, rec.layout = IMS, imsLayout
	rec.Event = Event{Sequence: -1, Elapsed: -1, Win32: -1, BytesIn: -1, BytesOut: -1}
}

// expectTwin keeps a raw line, if what it says is sure to be the same without
// "IO: |".
func (r *imsRows) expectTwin(rec *Record, text []byte) {
	if rec.Code != 0 || rec.Verb != VerbOther && rec.Verb != VerbNone {
		r.raw = text
	}
}

// twin is quick for the parsed twin of the raw line in front, if that is all that
// the block begins with: it says the same, and rec is still that of the raw line.
// Its stamp has n bytes.
func (r *imsRows) twin(rec *Record, block []byte, at outcome.Time, n int) bool {
	begin := n + len("<<< ")
	end := begin + len(r.raw)
	if end+2 > len(block) || string(block[n:begin]) != "<<< " || string(block[begin:end]) != string(r.raw) {
		return false
	}
	size := end + 1
	if block[end] == '\r' {
		size++
	}
	if block[size-1] != '\n' || !r.short.same(block[size:]) {
		return false
	}
	r.short.ahead = true
	if rec.Kind = KindCommand; rec.Code != 0 {
		rec.Kind = KindReply
	}
	rec.Time, rec.raw = at, block[:end]
	r.raw = nil
	r.lines.start += size
	r.lines.number++
	return true
}

// look finds the stamp that the block begins with. It reports false when there
// is none that others can be compared with.
func (r *imsRows) look(block []byte) bool {
	s := &r.short
	if s.same(block) {
		return true
	}
	if len(block) == 0 || block[0]-'0' > 9 {
		return false
	}
	n, size := r.lines.wholeLine(block, 0)
	if size == 0 {
		return false
	}
	at, text := r.clock.read(block[:n])
	if text == 0 {
		return false
	}
	r.begun = true
	s.learn(block, at, text, r.clock.loc == nil || r.clock.loc == time.UTC)
	if s.n > r.lines.max {
		s.n = 0 // lines are cut in front of where others end
	}
	return s.n > 0
}

// wholeLine returns the length of the line that b begins with, which does not
// end in front of from, and how many bytes it takes with its end: 0 unless its
// end is there, nothing else stands in front of that and it is not too long.
// Lines of one byte are not worth the trouble.
func (s *lineScanner) wholeLine(b []byte, from int) (n, size int) {
	i := bytes.IndexByte(b[from:], '\n')
	n = from + i
	if i < 0 || n < 2 || n > s.max {
		return 0, 0
	}
	size = n + 1
	last := b[n-1]
	if last == '\r' {
		n--
		last = b[n-1]
	}
	if last == '\r' || last == 0 {
		return 0, 0
	}
	return n, size
}

// emptyLine reports whether b begins with the end of a line.
func emptyLine(b []byte) bool {
	return len(b) >= 2 && (b[0] == '\n' || b[0] == '\r' && b[1] == '\n')
}

// usual fills in all of e that may be another in the next record, from a line of
// the conversation, as nearly all are. whole is the record behind its stamp, and
// the first line of it has n bytes. It reports false where it takes more to say
// what the line is.
func (r *imsRows) usual(e *Event, whole []byte, n int) bool {
	if n <= len("<<< ") || r.data || r.direction == reply.DirectionUnknown {
		return false
	}
	last := whole[n-1]
	received := string(whole[:4]) == "<<< "
	if !received && string(whole[:4]) != ">>> " || last == ' ' || last == '\t' {
		return false
	}
	whole, n = whole[4:], n-4
	raw := n >= 5 && string(whole[:5]) == "IO: |"
	if raw {
		if whole, n = whole[5:], n-5; !received {
			return false
		}
	}
	if received == (r.direction == outcome.Inbound) {
		e.setCommand(whole[:n])
		e.Code, e.Enhanced, e.More, e.Text = 0, reply.Enhanced{}, false, nil
	} else {
		code, more, enhanced := reply.ParseCodes(whole[:n])
		switch {
		case code == 0:
			return false
		case code == 354:
			whole = whole[:n] // what follows is the message
			r.data = !received
			fallthrough
		case n == len(whole):
			e.Kind, e.Text = KindReply, whole
			e.Code, e.Enhanced, e.More = code, enhanced, more
		default:
			e.Code, e.Enhanced, e.More = 0, reply.Enhanced{}, false
			e.setReply(whole)
		}
		e.Verb, e.VerbText, e.Arg = VerbNone, nil, nil
	}
	if raw {
		e.Kind = KindRaw
	}
	e.Direction, e.Remote = r.direction, nil
	if len(r.remote) > 0 {
		e.Remote = r.remote
	}
	return true
}

// fold joins the lines of the record that the block begins with, whose first is
// n bytes long, size with its end. It returns the record, how many lines it has
// and their size with their ends; no lines when it is not for the short way.
func (r *imsRows) fold(block []byte, n, size int) (record []byte, lines int64, _ int) {
	record = append(r.record.text[:0], block[:n]...)
	r.record.text = record
	for lines = 1; ; lines++ {
		rest := block[size:]
		if r.short.same(rest) {
			r.short.ahead = true
			return record, lines, size
		}
		if emptyLine(rest) {
			return record, lines, size
		}
		n, width := r.lines.wholeLine(rest, 0)
		line := rest[:n]
		switch {
		case width == 0 || rest[0] == 0 || len(record)+1+n > maxRecordText:
			return nil, 0, 0
		case allBlanks(line) || !beginsWithCode(line) && r.starts(line):
			return record, lines, size
		}
		record = append(append(record, '\n'), line...)
		r.record.text = record
		size += width
	}
}

// beginsWithCode reports whether a line that follows another begins with the code
// of a reply, as nearly all do. It has no stamp then: whatever the locale, there
// are no blanks between the numbers of a date without a dot.
func beginsWithCode(line []byte) bool {
	return len(line) > 4 && line[0]-'0' <= 9 && line[2]-'0' <= 9 &&
		(line[3] == ' ' || line[3] == '-' && line[4]-'0' > 9)
}

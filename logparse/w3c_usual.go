package logparse

import (
	"encoding/binary"
	"slices"

	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// w3cUsualRows is what is known of the rows of a log with the usual columns: all
// of them, in the order in which the service writes them. Nearly all logs are
// like that.
type w3cUsualRows struct {
	first, last uint64           // "2006-10-09 05:00" of a row, 0 for none yet
	minute      int64            // when that minute began, in nanoseconds
	tail        knownBytes       // the end of a row from the blank behind time-taken on, with the line's end
	tailText    [w3cTailMax]byte // the same
	tailRow     int              // how long it is without the line's end
	fronts      *w3cFronts
}

// A w3cFront is the part of rows from c-ip to the blank behind s-port, and what
// it says.
type w3cFront struct {
	words, masks [w3cFrontMax / 8]uint64 // its bytes, then zeros; the bits that belong to it
	size         uint8
	number       uint64 // Record.connector; 0: there is none

	text                              []byte // a copy, to which these refer
	remote, helo, site, server, local []byte
	kind                              Kind // KindReply or KindCommand
	direction                         outcome.Direction
}

// w3cFronts holds fronts of late rows of one log.
type w3cFronts struct {
	log  *ahead        // nil where it is not read in chunks
	list [256]w3cFront // by their hash
}

// goOn lets u go on with what is known of the rows of another part of the log.
// Nothing is known of the rows of another log: numbers tell logs apart.
func (u *w3cUsualRows) goOn(fronts *w3cFronts, log *ahead) {
	if fronts.log != log {
		fronts.log = log
		for i := range fronts.list {
			fronts.list[i].number = 0
		}
	}
	u.fronts = fronts
}

const (
	// w3cFrontMax is the length of the longest front that is kept, in bytes.
	w3cFrontMax = 96
	// w3cWindow is how much of the buffer quickUsual looks at: any place in a row
	// of less than w3cLongest bytes, and what may be looked at behind it.
	w3cWindow  = w3cLongest + knownMax
	w3cLongest = 256
	// w3cTailMax is the length of the longest end that is kept, in bytes.
	w3cTailMax = 32
	// stampLen is the length of the date and the time with the blanks behind them.
	stampLen = len("2006-10-09 05:00:15 ")
)

// isW3CUsual reports whether the columns are the usual ones.
func isW3CUsual(columns []iisColumn) bool {
	return slices.Equal(columns, w3cUsualColumns)
}

var w3cUsualColumns = iisColumnsOf(w3cUsual, w3cColumns)

// quickUsual is quick for rows with the usual columns that have the minute and
// the end of a row before and a front that is known, but for the last rows of a
// block. It assumes also that cs-method is one of the common verbs, or "-" in
// front of a reply, and that cs-uri-stem is "-".
//
// A place in a row of w3cLongest bytes or more may be taken for another one, but
// then the row is found too long in the end.
func (w *w3cReader) quickUsual(rec *Record) bool {
	lines, u := w.lines, &w.short.usual
	tail := &u.tail
	start := lines.start
	if u.fronts == nil || lines.end-start < w3cWindow {
		return false
	}
	b := (*[w3cWindow]byte)(lines.buf[start : start+w3cWindow])
	tens, ones := b[17]-'0', b[18]-'0'
	if (binary.LittleEndian.Uint64(b[0:])^u.first)|(binary.LittleEndian.Uint64(b[8:])^u.last) != 0 ||
		b[16] != ':' || tens > 5 || ones > 9 || b[19] != ' ' {
		return false
	}
	front := (*[w3cFrontMax]byte)(b[stampLen:])
	f := &u.fronts.list[hashFront(front)]
	if f.number == 0 || !f.begins(front) {
		return false
	}
	i := stampLen + int(f.size)
	verb, name := VerbNone, b[i:i+4]
	switch {
	case string(b[i+4:i+7]) == " - ":
		if verb = verbOfFour(name); verb == VerbNone {
			return false
		}
		i += len("RCPT - ")
	case f.kind == KindReply && string(name) == "- - ":
		name = nil
		i += len("- - ")
	default:
		return false
	}
	text, i := w.row.said(b[:], i, f.kind)
	var counts [5]int64 // sc-status, sc-win32-status, sc-bytes, cs-bytes, time-taken
	if i = usualCounts(b, i, &counts); i >= w3cLongest || !tail.begins((*[knownMax]byte)(b[i&(w3cLongest-1):])) {
		return false
	}
	size := i + int(tail.size)
	if size > lines.max || tail.size == 0 {
		return false
	}
	lines.take(size)

	if rec.connector != f.number {
		rec.beginFront(f)
	}
	rec.Time = outcome.Unix(u.minute+(int64(tens)*10+int64(ones))*1e9, 0)
	rec.raw, rec.layout = b[:i+u.tailRow], w.layout
	rec.Verb, rec.VerbText, rec.Arg, rec.Text = verb, name, text, nil
	rec.Code, rec.Enhanced = 0, reply.Enhanced{}
	if status := counts[0]; status >= 200 && status <= 599 {
		rec.Code = reply.Code(status)
	}
	rec.Win32, rec.BytesOut, rec.BytesIn, rec.Elapsed = counts[1], counts[2], counts[3], counts[4]
	if f.kind == KindReply {
		rec.Arg = nil
		rec.replied(text)
	}
	return true
}

// usualCounts reads five numbers, or "-" as -1, with a blank in front of each, of
// which the first is at i, and returns where the last of them ends. It is
// w3cLongest for anything else, and where one may be so long that it is none.
func usualCounts(b *[w3cWindow]byte, i int, to *[5]int64) int {
	const mask = w3cLongest - 1
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
	for ; k < len(to); k++ {
		n := int64(b[(i+1)&mask] - '0')
		if b[i&mask] != ' ' {
			return w3cLongest
		}
		i += 2
		if n > 9 {
			if b[(i-1)&mask] != '-' {
				return w3cLongest
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
		return w3cLongest
	}
	return i
}

// begins reports whether b begins with the front.
func (f *w3cFront) begins(b *[w3cFrontMax]byte) bool {
	w, m := &f.words, &f.masks
	return (binary.LittleEndian.Uint64(b[0:])^w[0])&m[0]|(binary.LittleEndian.Uint64(b[8:])^w[1])&m[1]|
		(binary.LittleEndian.Uint64(b[16:])^w[2])&m[2]|(binary.LittleEndian.Uint64(b[24:])^w[3])&m[3]|
		(binary.LittleEndian.Uint64(b[32:])^w[4])&m[4]|(binary.LittleEndian.Uint64(b[40:])^w[5])&m[5]|
		(binary.LittleEndian.Uint64(b[48:])^w[6])&m[6]|(binary.LittleEndian.Uint64(b[56:])^w[7])&m[7] == 0 &&
		(f.size <= 64 || (binary.LittleEndian.Uint64(b[64:])^w[8])&m[8]|(binary.LittleEndian.Uint64(b[72:])^w[9])&m[9]|
			(binary.LittleEndian.Uint64(b[80:])^w[10])&m[10]|(binary.LittleEndian.Uint64(b[88:])^w[11])&m[11] == 0)
}

// hashFront returns the place of fronts that begin with b.
func hashFront(b *[w3cFrontMax]byte) int {
	odd := binary.LittleEndian.Uint64(b[8:]) ^ binary.LittleEndian.Uint64(b[24:])
	h := binary.LittleEndian.Uint64(b[0:]) ^ binary.LittleEndian.Uint64(b[16:]) ^ binary.LittleEndian.Uint64(b[32:])
	h = (h ^ odd*0x9e37_79b9_7f4a_7c15) * 0xff51_afd7_ed55_8ccd
	return int(h >> 56)
}

// beginFront fills in what the rows with the front have in common. As long as the
// record has its number, it need not be done again.
func (rec *Record) beginFront(f *w3cFront) {
	rec.Format = IISW3C
	rec.Kind, rec.Direction = f.kind, f.direction
	rec.Session, rec.Sequence, rec.Data, rec.Context, rec.More = nil, -1, nil, nil, false
	rec.Remote, rec.Helo, rec.Connector, rec.Server, rec.Local = f.remote, f.helo, f.site, f.server, f.local
	rec.connector = f.number
}

// meet keeps the minute, the end and the front of a row that went another way.
func (u *w3cUsualRows) meet(rec *Record, b []byte, start, size int, spans *iisSpans) {
	at := spans[iisClient].begin
	if at+w3cFrontMax > len(b) {
		return
	}
	u.first, u.last = binary.LittleEndian.Uint64(b[start:]), binary.LittleEndian.Uint64(b[start+8:])
	u.minute = rec.Time.UnixNano() - (int64(b[start+17]-'0')*10+int64(b[start+18]-'0'))*1e9
	if tail := b[spans[iisElapsed].end : start+size]; len(tail) <= w3cTailMax && string(tail) != string(u.tailText[:u.tail.size]) {
		copy(u.tailText[:], tail)
		u.tail.set(tail)
		u.tailRow = len(rec.raw) - (spans[iisElapsed].end - start)
	}
	if u.fronts == nil {
		u.fronts = new(w3cFronts)
	}
	front := (*[w3cFrontMax]byte)(b[at : at+w3cFrontMax])
	f := &u.fronts.list[hashFront(front)]
	width := spans[iisPort].end + 1 - at
	if width > w3cFrontMax || f.number != 0 && f.begins(front) {
		return
	}
	text := append(f.text[:0], front[:width]...)
	in := func(c iisColumn) []byte { return present(text[spans[c].begin-at : spans[c].end-at]) }
	f.text, f.size, f.number = text, uint8(width), lastNumber.Add(1)
	f.remote, f.helo, f.site, f.server, f.local = in(iisClient), nil, in(iisSite), in(iisServer), in(iisLocal)
	f.kind, f.direction = KindCommand, rec.Direction
	if rec.Kind == KindReply {
		f.kind = KindReply
	}
	if f.direction == outcome.Inbound {
		f.helo = in(iisUser)
	}
	f.words, f.masks = [len(f.words)]uint64{}, [len(f.masks)]uint64{}
	for k := 0; 8*k < width; k++ {
		f.masks[k] = lowBytes(width - 8*k)
		f.words[k] = binary.LittleEndian.Uint64(front[8*k:]) & f.masks[k]
	}
}

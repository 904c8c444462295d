package logparse

import (
	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// msiisKnown is what is known of the rows of a log whose times are UTC or taken
// for it.
type msiisKnown struct {
	stamp  knownBytes // "8/18/06, 13:17:" of a row, empty for none yet
	minute int64      // when that minute began, in nanoseconds
	places [2]msiisPlaces
	oldest int
}

// msiisPlaces is the part of rows from the comma in front of Service to the blank
// behind ServerIP.
type msiisPlaces struct {
	known               knownBytes // empty for none yet
	text                []byte     // a copy, to which these refer
	site, server, local []byte
	number              uint64 // of Record.connector
}

// quickKnown is quick for rows that have the minute of the row before and the
// Service, Machine and ServerIP of a late one, but for the last rows of a block.
// It assumes also that Operation is one of the common verbs, or "-" in front of a
// reply, and that Target is "-".
func (m *msiisReader) quickKnown(rec *Record) bool {
	lines, k := m.lines, &m.known
	b, start := lines.buf[:lines.end], lines.start
	if k.stamp.size == 0 || start == len(b) || b[start] <= ' ' || b[start] >= 0x80 {
		return false
	}
	client := commaFrom(b, start)
	user := client + len(", ")
	userEnd := commaFrom(b, user)
	i := userEnd + len(", ")
	if i+4*knownMax > len(b) || string(b[client:user]) != ", " || string(b[userEnd:i]) != ", " ||
		!k.stamp.begins((*[knownMax]byte)(b[i:i+knownMax])) {
		return false
	}
	i += int(k.stamp.size)
	tens, ones := b[i]-'0', b[i+1]-'0'
	i += len("37")
	p := k.placesAt((*[knownMax]byte)(b[i : i+knownMax]))
	if p == nil || tens > 5 || ones > 9 {
		return false
	}
	i += int(p.known.size)
	var counts [5]int64 // ProcessingTime, BytesRecvd, BytesSent, ServiceStatus, Win32Status
	for n := range counts {
		if counts[n], i = countAt(b, i); i < 0 || i+2 > len(b) || string(b[i:i+2]) != ", " {
			return false
		}
		i += len(", ")
	}
	if i+len("RCPT, -, ") > len(b) {
		return false
	}
	verb, name := VerbNone, b[i:i+4]
	switch {
	case string(b[i+4:i+9]) == ", -, ":
		if verb = verbOfFour(name); verb == VerbNone {
			return false
		}
		i += len("RCPT, -, ")
	case string(b[i:i+6]) == "-, -, ":
		name = nil
		i += len("-, -, ")
	default:
		return false
	}
	end := valueEnd(b, i)
	width := lineEndAt(b, end)
	if size := end + width - start; width == 0 || size > lines.max || end == i || b[end-1] != ',' {
		return false
	}
	lines.take(end + width - start)

	if rec.connector != p.number {
		rec.Format, rec.layout = IISMSIIS, msiisLayout
		rec.Session, rec.Sequence, rec.Data, rec.Context, rec.More = nil, -1, nil, nil, false
		rec.Connector, rec.Server, rec.Local = p.site, p.server, p.local
		rec.connector = p.number
	}
	rec.Time = outcome.Unix(k.minute+(int64(tens)*10+int64(ones))*1e9, 0)
	rec.raw = b[start:end]
	rec.Remote = present(b[start:client])
	rec.Elapsed, rec.BytesIn, rec.BytesOut, rec.Win32 = counts[0], counts[1], counts[2], counts[4]
	rec.Verb, rec.VerbText = verb, name
	rec.Code, rec.Enhanced = 0, reply.Enhanced{}
	if status := counts[3]; status >= 200 && status <= 599 {
		rec.Code = reply.Code(status)
	}
	rec.Kind, rec.Direction = quickSide(verb, b[user:userEnd])
	m.row.quickText(&rec.Event, present(b[user:userEnd]), present(b[i:end-1]))
	return true
}

// placesAt returns what is known of the places that b begins with, nil if they are
// not known.
func (k *msiisKnown) placesAt(b *[knownMax]byte) *msiisPlaces {
	for i := range k.places {
		p := &k.places[i]
		if p.number != 0 && p.known.begins(b) && p.known.beginsOn(b) && (p.known.size <= beginsMax || p.known.goesOn(b)) {
			return p
		}
	}
	return nil
}

// meet keeps the minute and the places of a row that went another way.
func (k *msiisKnown) meet(at outcome.Time, b []byte, spans *iisSpans) {
	clock, from := spans[iisTime], spans[iisDate].begin
	seconds := clock.end - len("37")
	if clock.end-clock.begin != len("13:17:37") || seconds-from > 32 {
		return
	}
	k.stamp.set(b[from:seconds])
	k.minute = at.UnixNano() - (int64(b[seconds]-'0')*10+int64(b[seconds+1]-'0'))*1e9
	begin, width := clock.end, spans[iisLocal].end+len(", ")-clock.end
	if width > knownMax || begin+knownMax > len(b) || k.placesAt((*[knownMax]byte)(b[begin:begin+knownMax])) != nil {
		return
	}
	p := &k.places[k.oldest]
	k.oldest = 1 - k.oldest
	p.text, p.number = append(p.text[:0], b[begin:begin+width]...), lastNumber.Add(1)
	p.known.set(p.text)
	in := func(c iisColumn) []byte { return present(p.text[spans[c].begin-begin : spans[c].end-begin]) }
	p.site, p.server, p.local = in(iisSite), in(iisServer), in(iisLocal)
}

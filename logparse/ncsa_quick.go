package logparse

import (
	"encoding/binary"

	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// ncsaShort is the time of an earlier row.
type ncsaShort struct {
	// "02/Jan/2006:15:", "04:05 -07" and "05 -0700", the seconds of which are not
	// looked at; 0 for none yet.
	words  [4]uint64
	minute int64 // when that minute began, in seconds UTC
}

// quick implements quickRowReader. It assumes that there is no blank in the name
// that the client gave, nor in the verb or behind it but for those that IIS
// writes, so that the first time in brackets is the last one too:
//
//	host - user [dd/Mon/yyyy:hh:mm:ss +hhmm] "VERB -?query SMTP" status bytes
//
// Nor may there be a byte below the blank, or a blank at the end.
func (r *ncsaReader) quick(rec *Record) bool {
	lines := r.lines
	b, start := lines.buf[:lines.end], lines.start
	if start == len(b) || b[start] <= ' ' || b[start] >= 0x80 {
		return false // a blank line or a byte order mark
	}
	host := valueEnd(b, start)
	user := host + len(" - ")
	userEnd := valueEnd(b, user)
	date := userEnd + len(" [")
	verb := date + ncsaDateLen + len(`] "`)
	if verb+8 > len(b) || string(b[host:user]) != " - " || b[user] == '[' ||
		string(b[userEnd:date]) != " [" || string(b[verb-3:verb]) != `] "` {
		return false
	}
	sec, ok := r.quickTime((*[ncsaDateLen]byte)(b[date : date+ncsaDateLen]))
	if !ok {
		return false
	}
	name := b[verb : verb+4]
	said, i := VerbNone, verb+4
	if b[i] == ' ' {
		said = verbOfFour(name)
	}
	if said == VerbNone {
		i = valueEnd(b, verb)
		name = present(b[verb:i])
		said = iisVerb(name)
	}
	kind, direction := quickSide(said, b[user:userEnd])
	var text []byte
	switch {
	case i+len(" -?") > len(b) || string(b[i:i+2]) != " -":
		return false
	case b[i+2] == '?':
		text, i = r.row.said(b, i+3, kind)
	default:
		i += len(" -")
	}
	status := i + len(` SMTP" `)
	if status > len(b) || string(b[i:status]) != ` SMTP" ` {
		return false
	}
	code, i := countAt(b, status)
	if i < 0 || i >= len(b) || b[i] != ' ' {
		return false
	}
	sent, end := countAt(b, i+1)
	if end < 0 {
		return false
	}
	width := lineEndAt(b, end)
	if size := end + width - start; width == 0 || size > lines.max {
		return false
	}
	lines.take(end + width - start)

	rec.Format, rec.Time = IISNCSA, outcome.Unix(sec*1e9, 0)
	rec.raw, rec.layout = b[start:end], ncsaLayout
	rec.Session, rec.Sequence, rec.Data, rec.Context = nil, -1, nil, nil
	rec.Connector, rec.Server, rec.Local = nil, nil, nil
	rec.Remote = present(b[start:host])
	rec.Elapsed, rec.Win32, rec.BytesIn, rec.BytesOut = -1, -1, -1, sent
	rec.Kind, rec.Direction, rec.Verb, rec.VerbText = kind, direction, said, name
	rec.Code, rec.Enhanced, rec.More = 0, reply.Enhanced{}, false
	if code >= 200 && code <= 599 {
		rec.Code = reply.Code(code)
	}
	rec.Helo, rec.Arg, rec.Text = nil, text, nil
	switch {
	case kind == KindReply:
		rec.Arg = nil
		rec.replied(text)
	case direction == outcome.Inbound:
		rec.Helo = present(b[user:userEnd])
	}
	return true
}

// quickTime is time; it keeps the last minute in its zone.
func (r *ncsaReader) quickTime(b *[ncsaDateLen]byte) (sec int64, ok bool) {
	const tail, head = 0xffff_ffff_0000_ffff, 0xffff_ffff_ffff_0000 // all but the seconds
	s := &r.short
	words := [4]uint64{binary.LittleEndian.Uint64(b[0:]), binary.LittleEndian.Uint64(b[8:]),
		binary.LittleEndian.Uint64(b[16:]) & tail, binary.LittleEndian.Uint64(b[18:]) & head}
	tens, ones := b[18]-'0', b[19]-'0'
	within := int64(tens)*10 + int64(ones)
	if words == s.words && tens <= 5 && ones <= 9 {
		return s.minute + within, true
	}
	sec, ok = r.time(b[:])
	if !ok || b[2] != '/' || b[6] != '/' || b[11] != ':' {
		return 0, false
	}
	s.words, s.minute = words, sec-within
	return sec, true
}

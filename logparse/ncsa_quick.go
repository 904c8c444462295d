package logparse

import "github.com/smtplog/smtplog/reply/outcome"

// ncsaShort is what is known of earlier rows.
type ncsaShort struct {
	stamp  iisStamp // with the quote of the request
	fronts *iisFronts
	counts [iisCounts]int64
}

// quick implements quickRowReader. It assumes that there is no blank in the name
// that the client gave, nor in the verb or behind it but for those that IIS
// writes, so that the first time in brackets is the last one too:
//
//	host - user [dd/Mon/yyyy:hh:mm:ss +hhmm] "VERB -?query SMTP" status bytes
//
// Nor may there be a byte below the blank, or a blank at the end. It leaves long
// rows and the last ones of a block to the long way too.
func (r *ncsaReader) quick(rec *Record) bool {
	s, lines := &r.short, r.lines
	if len(lines.buf)-lines.start < len(iisWindow{}) || lines.start == lines.end {
		return false
	}
	// What is behind lines.end is left from before: no row reaches there.
	b := (*iisWindow)(lines.buf[lines.start:])
	if b[0] <= ' ' || b[0] >= 0x80 {
		return false // a blank line or a byte order mark
	}
	f := s.fronts.at((*[iisFrontMax]byte)(b[:iisFrontMax]))
	if f == nil {
		if f = r.newFront(b); f == nil {
			return false
		}
	}
	i := int(f.size)
	ns, ok := s.stamp.at((*[iisStampMax]byte)(b[i : i+iisStampMax]))
	if !ok {
		if ns, ok = r.newStamp(b[i : i+iisStampMax]); !ok {
			return false
		}
	}
	i += ncsaDateLen + len(`] "`)
	begin := i
	verb, i := methodAt(b, i, ' ')
	name := present(b[begin:i])
	var text []byte
	switch {
	case i >= iisLongest || b[i] != ' ' || b[i+1] != '-':
		return false
	case b[i+2] == '?':
		text, i = r.row.said(b, i+3, f.kind)
	default:
		i += len(" -")
	}
	if i >= iisLongest || string(b[i:i+7]) != ` SMTP" ` {
		return false
	}
	i = countsAt(b, i+7, 2, &s.counts)
	if i >= iisLongest {
		return false
	}
	size := i + lineEndAt(b[:], i)
	if size == i || size > min(lines.max, lines.end-lines.start) {
		return false
	}
	lines.take(size)

	if rec.connector != f.number {
		rec.beginFront(f, IISNCSA, ncsaLayout)
	}
	rec.Time = outcome.Unix(ns, 0)
	rec.raw = b[:i]
	rec.BytesOut = s.counts[1]
	rec.saysHere(f.kind, verb, name, text, s.counts[0])
	return true
}

// newFront returns the front of the row that b begins with: all up to the bracket
// of the time. It returns nil if there is none or it is too long.
func (r *ncsaReader) newFront(b *iisWindow) *iisFront {
	host := valueEnd(b[:iisFrontMax], 0)
	user := host + len(" - ")
	end := valueEnd(b[:iisFrontMax], user)
	size := end + len(" [")
	if size > iisFrontMax || string(b[host:user]) != " - " || string(b[end:size]) != " [" {
		return nil
	}
	f := r.short.fronts.add((*[iisFrontMax]byte)(b[:iisFrontMax]), size, nil)
	f.fill(&[iisColumns]iisPart{iisClient: {0, uint8(host)}, iisUser: {uint8(user), uint8(end)}})
	return f
}

// newStamp returns the moment of the time that b begins with, and keeps it.
func (r *ncsaReader) newStamp(b []byte) (ns int64, ok bool) {
	sec, ok := r.time(b[:ncsaDateLen])
	size := ncsaDateLen + len(`] "`)
	if !ok || b[2] != '/' || b[6] != '/' || b[11] != ':' || string(b[ncsaDateLen:size]) != `] "` {
		return 0, false
	}
	at := outcome.Unix(sec*1e9, 0)
	r.short.stamp.set(b[:size], len("02/Jan/2006:15:04:"), at)
	return at.UnixNano(), true
}

package logparse

import "github.com/smtplog/smtplog/reply/outcome"

// ncsaShort is what earlier rows had in the columns of the short way.
type ncsaShort struct {
	date     [11]byte // "11/Oct/2006"
	zone     [6]byte  // " -0600"
	midnight int64    // when that day began in that zone
	clock    minuteClock
}

// quick implements quickRowReader. It assumes that there is no blank in the name
// that the client gave, nor in the verb or behind it but for those that IIS
// writes, so that the first time in brackets is the last one too:
//
//	host ident user [dd/Mon/yyyy:hh:mm:ss +hhmm] "VERB -?query SMTP" status bytes
//
// Nor may there be a byte below the blank, or a blank at the end.
func (r *ncsaReader) quick(rec *Record) bool {
	lines, spans := r.lines, &r.row.spans
	b, start := lines.buf[:lines.end], lines.start
	if start == len(b) || b[start] <= ' ' || b[start] >= 0x80 {
		return false // a blank line or a byte order mark
	}
	host := valueEnd(b, start)
	ident := valueEnd(b, host+1)
	user := valueEnd(b, ident+1)
	date := user + len(" [")
	verb := date + ncsaDateLen + len(`] "`)
	if verb > len(b) || b[host] != ' ' || b[ident] != ' ' || b[ident+1] == '[' ||
		string(b[user:date]) != " [" || string(b[verb-3:verb]) != `] "` {
		return false
	}
	sec, ok := r.quickTime(b[date : date+ncsaDateLen])
	if !ok {
		return false
	}
	verbEnd := valueEnd(b, verb)
	i := verbEnd + len(" -")
	if i >= len(b) || string(b[verbEnd:i]) != " -" {
		return false
	}
	query := i
	if b[i] == '?' {
		query++
		i = valueEnd(b, query)
	}
	status := i + len(` SMTP" `)
	if status > len(b) || string(b[i:status]) != ` SMTP" ` {
		return false
	}
	statusEnd := valueEnd(b, status)
	end := valueEnd(b, statusEnd+1)
	width := lineEndAt(b, end)
	size := end + width - start
	if width == 0 || size > lines.max || b[statusEnd] != ' ' || !ncsaCount(b[status:statusEnd]) || !ncsaCount(b[statusEnd+1:end]) {
		return false
	}
	lines.take(size)
	spans[iisClient], spans[iisUser] = iisSpan{start, host}, iisSpan{ident + 1, user}
	spans[iisMethod], spans[iisQuery] = iisSpan{verb, verbEnd}, iisSpan{query, i}
	spans[iisStatus], spans[iisSent] = iisSpan{status, statusEnd}, iisSpan{statusEnd + 1, end}
	rec.Format, rec.Time = IISNCSA, outcome.Unix(sec*1e9, 0)
	rec.raw, rec.layout = b[start:end], ncsaLayout
	r.row.quickEvent(&rec.Event, b)
	return true
}

// quickTime is time for b of ncsaDateLen bytes; it keeps the last day, minute
// and zone.
func (r *ncsaReader) quickTime(b []byte) (sec int64, ok bool) {
	s := &r.short
	date, zone := [11]byte(b), [6]byte(b[20:])
	if date != s.date || zone != s.zone {
		at, ok := r.time(b)
		if !ok || b[2] != '/' || b[6] != '/' || b[11] != ':' {
			return 0, false
		}
		clock, _ := clockSeconds(b[12:20])
		s.date, s.zone, s.midnight = date, zone, at-clock
		return at, true
	}
	clock, ok := s.clock.seconds(b[12:])
	return s.midnight + clock, ok && b[11] == ':'
}

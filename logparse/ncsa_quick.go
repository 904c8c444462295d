package logparse

import "github.com/smtplog/smtplog/reply/outcome"

// ncsaShort is what earlier rows had in the columns of the short way.
type ncsaShort struct {
	date     [11]byte // "11/Oct/2006"
	zone     [6]byte  // " -0600"
	midnight int64    // when that day began in that zone
	clock    minuteClock
}

// quick implements quickRowReader.
func (r *ncsaReader) quick(rec *Record) bool {
	block, n, size := r.lines.whole()
	if n == 0 || !r.quickRow(rec, block[:n]) {
		return false
	}
	r.lines.take(size)
	return true
}

// quickRow fills in rec from a row. It assumes that there is no blank in the
// name that the client gave, nor in the verb or behind it but for those that
// IIS writes, so that the first time in brackets is the last one too:
//
//	host ident user [dd/Mon/yyyy:hh:mm:ss +hhmm] "VERB -?query SMTP" status bytes
func (r *ncsaReader) quickRow(rec *Record, line []byte) bool {
	host := indexFrom(line, 0, ' ')
	if host == 0 || line[0] <= ' ' || line[0] >= 0x80 {
		return false // a blank line or a byte order mark
	}
	ident := indexFrom(line, host+1, ' ')
	user := indexFrom(line, ident+1, ' ')
	date := user + 2
	if len(line) < date+ncsaDateLen+len(`] "`) || line[ident+1] == '[' || line[user+1] != '[' {
		return false
	}
	sec, ok := r.quickTime(line[date : date+ncsaDateLen])
	i := date + ncsaDateLen
	if !ok || string(line[i:i+3]) != `] "` {
		return false
	}
	verb := i + 3
	verbEnd := indexFrom(line, verb, ' ')
	if len(line)-verbEnd <= len(` -`) || string(line[verbEnd:verbEnd+2]) != ` -` {
		return false
	}
	val := &r.row.val
	val[iisQuery] = nil
	i = verbEnd + 2
	if line[i] == '?' {
		query := i + 1
		i = indexFrom(line, query, ' ')
		val[iisQuery] = line[query:i]
	}
	if len(line)-i < len(` SMTP" `) || string(line[i:i+7]) != ` SMTP" ` {
		return false
	}
	counts := noCounts
	if counts[iisStatus], i, ok = quickNumber(line, i+7); !ok || i == len(line) || line[i] != ' ' {
		return false
	}
	if counts[iisSent], i, ok = quickNumber(line, i+1); !ok || i < len(line) {
		return false
	}
	val[iisClient], val[iisUser], val[iisMethod] = line[:host], line[ident+1:user], line[verb:verbEnd]
	rec.Format, rec.Time = IISNCSA, outcome.Unix(sec*1e9, 0)
	rec.raw, rec.layout = line, ncsaLayout
	r.row.quickEvent(&rec.Event, &counts)
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

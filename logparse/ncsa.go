package logparse

import (
	"bytes"
	"fmt"

	"github.com/smtplog/smtplog/reply/outcome"
)

// ncsaLayout has the names of the Common Logfile Format
// (https://www.w3.org/Daemon/User/Config/Logging.html).
var ncsaLayout = &layout{
	names: []string{"remotehost", "rfc931", "authuser", "date", "request", "status", "bytes"},
	split: func(row []byte, yield func(value []byte) bool) {
		f, _ := splitNCSA(row)
		for _, value := range [...][]byte{f.host, f.ident, f.user, f.date, f.request, f.status, f.bytes} {
			if !yield(value) {
				return
			}
		}
	},
}

// An ncsaReader reads the NCSA Common Log File Format:
//
//	192.0.2.7 - mail.example.org [11/Oct/2006:13:16:41 -0600] "MAIL -?+FROM:<a@example.org> SMTP" 250 46
//
// Times are local, with their offset from UTC. The log names neither the server
// nor the virtual server, nor does it say how long a command took.
type ncsaReader struct {
	lines *lineScanner
	row   iisRow
	day   dayCache
	short ncsaShort
}

func newNCSA(lines *lineScanner, _ *Options, _ Detection) rowReader {
	return &ncsaReader{lines: lines, short: ncsaShort{fronts: newIISFronts()}}
}

func (r *ncsaReader) next(rec *Record) (lineClass, string) {
	line, class, msg := takeLine(r.lines)
	if class != lineRecord {
		return class, msg
	}
	f, msg := splitNCSA(line)
	if msg != "" {
		return lineMalformed, msg
	}
	sec, ok := r.time(f.date)
	if !ok {
		return lineMalformed, fmt.Sprintf("%q is no time", f.date)
	}
	verb, query, ok := splitNCSARequest(f.request)
	if !ok {
		return lineMalformed, "the request does not end in SMTP"
	}
	rec.Time = outcome.Unix(sec*1e9, 0)
	v := &r.row.val
	v[iisClient], v[iisUser], v[iisMethod], v[iisQuery] = f.host, f.user, verb, query
	v[iisStatus], v[iisSent] = f.status, f.bytes
	r.row.event(&rec.Event)
	rec.raw, rec.layout = line, ncsaLayout
	return lineRecord, ""
}

// ncsaFields are the columns of a row, without brackets and quotes.
type ncsaFields struct{ host, ident, user, date, request, status, bytes []byte }

// splitNCSA takes a row apart, or says what is wrong with it.
func splitNCSA(row []byte) (f ncsaFields, msg string) {
	row = trimBlanksRight(row)
	var ok1, ok2 bool
	f.host, row, ok1 = bytes.Cut(row, []byte{' '})
	f.ident, row, ok2 = bytes.Cut(row, []byte{' '})
	if !ok1 || !ok2 || len(f.host) == 0 {
		return f, "no address in front"
	}
	// The name is what the client chose to send, blanks, brackets and all. The
	// request behind the time has "+" for blanks, so the last time counts.
	at := -1
	for i := 0; ; {
		if ncsaDateAt(row[i:]) {
			at = i
		}
		n := bytes.Index(row[i:], []byte(" ["))
		if n < 0 {
			break
		}
		i += n + 1
	}
	if at < 0 {
		return f, `no time in brackets before the request: [dd/Mon/yyyy:hh:mm:ss +hhmm] "`
	}
	if at > 0 {
		f.user = row[:at-1]
	}
	f.date = row[at+1 : at+1+ncsaDateLen]
	row = row[at+ncsaDateLen+len(`[] "`):]

	// QUIRK: quotes in a reply's text are not escaped, so the one that closes
	// the request is the last of the row.
	end := bytes.LastIndexByte(row, '"')
	if end < 0 {
		return f, "no quote behind the request"
	}
	f.request = row[:end]
	f.status, f.bytes, ok1 = bytes.Cut(trimBlanks(row[end+1:]), []byte{' '})
	if !ok1 || !ncsaCount(f.status) || !ncsaCount(f.bytes) {
		return f, "no status and bytes behind the request"
	}
	return f, ""
}

const ncsaDateLen = len("11/Oct/2006:13:16:41 -0600")

// ncsaDateAt reports whether b begins with a time in brackets and the quote of
// the request.
func ncsaDateAt(b []byte) bool {
	return len(b) > ncsaDateLen+4 && b[0] == '[' && b[3] == '/' && b[7] == '/' && b[12] == ':' &&
		string(b[1+ncsaDateLen:1+ncsaDateLen+3]) == `] "`
}

// ncsaCount reports whether b is a number or "-".
func ncsaCount(b []byte) bool { return iisNumber(b) >= 0 || string(b) == "-" }

// splitNCSARequest takes "VERB stem?query SMTP" or "VERB stem SMTP" apart. ok
// is false when it does not end in SMTP. query is nil when there is none.
func splitNCSARequest(b []byte) (verb, query []byte, ok bool) {
	b, ok = bytes.CutSuffix(b, []byte(" SMTP"))
	if !ok {
		return nil, nil, false
	}
	// The stem is always "-". The verb may be anything that a client sent.
	if i := bytes.Index(b, []byte(" -?")); i >= 0 {
		return b[:i], b[i+3:], true
	}
	if verb, ok := bytes.CutSuffix(b, []byte(" -")); ok {
		return verb, nil, true
	}
	verb, rest, _ := bytes.Cut(b, []byte{' '})
	_, query, _ = bytes.Cut(rest, []byte{'?'})
	return verb, query, true
}

// time returns the seconds UTC of "11/Oct/2006:13:16:41 -0600".
func (r *ncsaReader) time(b []byte) (sec int64, ok bool) {
	day, ok1 := r.day.seconds(b[:11], ncsaDate)
	clock, ok2 := clockSeconds(b[12:20])
	hours, ok3 := digits(b[22:], 2)
	minutes, ok4 := digits(b[24:], 2)
	if !ok1 || !ok2 || !ok3 || !ok4 || b[20] != ' ' || hours > 14 || minutes > 59 {
		return 0, false
	}
	offset := int64(hours*3600 + minutes*60)
	switch b[21] {
	case '+':
	case '-':
		offset = -offset
	default:
		return 0, false
	}
	return day + clock - offset, true
}

// ncsaDate reads "11/Oct/2006".
func ncsaDate(b []byte) (year, month, day int, ok bool) {
	day, ok1 := digits(b, 2)
	year, ok2 := digits(b[7:], 4)
	const months = "JanFebMarAprMayJunJulAugSepOctNovDec"
	i := bytes.Index([]byte(months), b[3:6])
	return year, i/3 + 1, day, ok1 && ok2 && i >= 0 && i%3 == 0
}

package logparse

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// w3cUsualRows is what earlier rows of a log with the usual columns had in
// common: all columns, in the order in which the service writes them. Nearly
// all logs are like that.
type w3cUsualRows struct {
	front, back uint64 // "2006-10-09 05:00" of an earlier row, 0 for none yet
	minute      int64  // when that minute began
	places      [2]w3cPlaces
	oldest      int
}

// w3cPlaces is the part of a row from s-sitename to the blank behind s-port.
type w3cPlaces struct {
	text                []byte // empty for none yet
	server, local, port int    // where these columns begin
	accepted            bool   // it is of a connection that came in, see iisRow.accepted
}

// w3cShortestRow is less than what the columns of any row take that goes this
// way.
const w3cShortestRow = 64

// isW3CUsual reports whether the columns are the usual ones.
func isW3CUsual(columns []iisColumn) bool {
	return slices.Equal(columns, w3cUsualColumns)
}

var w3cUsualColumns = iisColumnsOf(w3cUsual, w3cColumns)

// quickUsual is quickRow for rows with the usual columns. It assumes also that
// cs-uri-stem is "-".
func (w *w3cReader) quickUsual(rec *Record, line []byte) bool {
	s := &w.short
	if len(line) < w3cShortestRow || line[19] != ' ' {
		return false
	}
	at, ok := s.usualTime(line)
	if !ok {
		return false
	}
	i := len("2006-10-09 05:00:15 ")
	end := indexFrom(line, i, ' ')
	if end == len(line) {
		return false
	}
	client := line[i:end]
	i = end + 1
	n := bytes.IndexByte(line[i:], ' ')
	if n < 0 {
		return false
	}
	user := line[i : i+n]
	i += n + 1

	p := s.usual.placesOf(line[i:])
	if p == nil {
		return false
	}
	here := line[i : i+len(p.text)]
	i += len(here)

	if end = indexFrom(line, i, ' '); end == len(line) {
		return false
	}
	name := line[i:end]
	i = end + 1
	if len(line)-i < 2 || line[i] != '-' || line[i+1] != ' ' {
		return false
	}
	i += 2
	if n = bytes.IndexByte(line[i:], ' '); n < 0 {
		return false
	}
	query := iisPresent(line[i : i+n])
	i += n + 1
	var counts [5]int64 // sc-status, sc-win32-status, sc-bytes, cs-bytes, time-taken
	if i = quickNumbers(line, i, &counts); i < 0 {
		return false
	}
	if !(s.ended && string(line[i:]) == string(s.tail)) && !s.newTail(line[i:]) {
		return false
	}

	rec.Format, rec.Time = IISW3C, at
	rec.raw, rec.layout = line, w.layout
	rec.Session, rec.Sequence, rec.Data, rec.Context = nil, -1, nil, nil
	rec.Connector, rec.Server, rec.Local = iisPresent(here[:p.server-1]), iisPresent(here[p.server:p.local-1]), iisPresent(here[p.local:p.port-1])
	rec.Remote = iisPresent(client)
	rec.Win32, rec.BytesOut, rec.BytesIn, rec.Elapsed = counts[1], counts[2], counts[3], counts[4]
	rec.VerbText = iisPresent(name)
	rec.Verb = quickVerb(rec.VerbText)
	rec.Code, rec.Enhanced, rec.More = 0, reply.Enhanced{}, false
	if status := counts[0]; status >= 200 && status <= 599 {
		rec.Code = reply.Code(status)
	}
	rec.Helo, rec.Arg, rec.Text = nil, nil, nil
	switch {
	case !p.accepted && string(user) == iisOutboundResponse:
		rec.Kind, rec.Direction = KindReply, outcome.Outbound
		w.row.replyText(&rec.Event, query)
		return true
	case !p.accepted && string(user) == iisOutboundCommand:
		rec.Kind, rec.Direction = KindCommand, outcome.Outbound
	default:
		rec.Kind, rec.Direction = KindCommand, outcome.Inbound
		if rec.Verb == VerbNone {
			rec.Kind = KindInfo
		}
		rec.Helo = iisPresent(user)
	}
	rec.Arg = w.row.argument(query)
	return true
}

// iisPresent returns what is in a column, nil for nothing.
func iisPresent(v []byte) []byte {
	if len(v) == 0 || len(v) == 1 && v[0] == '-' {
		return nil
	}
	return v
}

// usualTime reads "2006-10-09 05:00:15" and keeps the minute.
func (s *w3cShort) usualTime(line []byte) (outcome.Time, bool) {
	u := &s.usual
	front, back := binary.LittleEndian.Uint64(line), binary.LittleEndian.Uint64(line[8:])
	tens, ones := line[17]-'0', line[18]-'0'
	if front == u.front && back == u.back && line[16] == ':' && tens <= 5 && ones <= 9 {
		return outcome.Unix((u.minute+int64(tens)*10+int64(ones))*1e9, 0), true
	}
	day, ok1 := s.date.seconds(line)
	sec, ok2 := s.clock.seconds(line[11:])
	if !ok1 || !ok2 || line[10] != ' ' {
		return outcome.Time{}, false
	}
	u.front, u.back, u.minute = front, back, day+sec-int64(tens)*10-int64(ones)
	return outcome.Unix((day+sec)*1e9, 0), true
}

// placesOf returns where the columns lie that rest begins with, nil if it has
// fewer or they are too long.
func (u *w3cUsualRows) placesOf(rest []byte) *w3cPlaces {
	for k := range u.places {
		p := &u.places[k]
		if n := len(p.text); n > 0 && n <= len(rest) && string(rest[:n]) == string(p.text) {
			return p
		}
	}
	p := w3cPlaces{text: u.places[u.oldest].text[:0]}
	p.server = indexFrom(rest, 0, ' ') + 1
	p.local = indexFrom(rest, min(p.server, len(rest)), ' ') + 1
	p.port = indexFrom(rest, min(p.local, len(rest)), ' ') + 1
	end := indexFrom(rest, min(p.port, len(rest)), ' ') + 1
	if end > len(rest) || end > maxSeen {
		return nil
	}
	p.text = append(p.text, rest[:end]...)
	p.accepted = string(rest[p.port:end-1]) == "0" && iisPresent(rest[p.local:p.port-1]) != nil
	u.places[u.oldest] = p
	u.oldest = 1 - u.oldest
	return &u.places[1-u.oldest]
}

// quickNumbers reads numbers with one blank between two, of which each may be
// "-", and returns where the last of them ends: at a blank or at the end of
// the row. It is -1 for anything else.
func quickNumbers(row []byte, i int, to *[5]int64) int {
	for k := range to {
		if k > 0 {
			if i >= len(row) || row[i] != ' ' {
				return -1
			}
			i++
		}
		n, start := int64(0), i
		for ; i < len(row); i++ {
			c := row[i] - '0'
			if c > 9 {
				break
			}
			n = n*10 + int64(c)
		}
		switch {
		case i-start > 18:
			return -1
		case i > start:
		case i == len(row) || row[i] != '-':
			return -1
		default:
			n = -1
			i++
		}
		to[k] = n
	}
	if i < len(row) && row[i] != ' ' {
		return -1
	}
	return i
}

package logparse

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// shortRows is what the short way knows of the rows that come.
type shortRows struct {
	read    func(r *exchangeRows, rec *Record, line []byte) bool // nil: all rows go the long way
	columns *columnList                                          // of the rows of a protocol log
	clock   isoClock

	// The connector-id of a row that went the short way, with the comma
	// behind it, and the length of the server's name in front of its "\".
	connector []byte
	server    int
}

// shorten returns how rows are read from now on, with the log and the columns
// that are now known. Nothing that was kept of earlier rows stays, but room.
func (r *exchangeRows) shorten() shortRows {
	s := shortRows{connector: r.short.connector[:0]}
	if r.log == nil {
		return s
	}
	switch r.log.format {
	case ExchangeReceive, ExchangeSend:
		// Only rows with the nine columns in their order go the short way.
		if c := r.columnsOf(len(protocolWanted)); len(c.names) == len(protocolWanted) && c.at == protocolAt {
			s.read, s.columns = (*exchangeRows).quickProtocol, c
		}
	}
	return s
}

var protocolAt = newColumnList(protocolWanted, protocolWanted).at

// quick implements quickRowReader: for rows on one line, with a time of the
// usual form in front and none but the usual columns.
func (r *exchangeRows) quick(rec *Record) bool {
	if r.short.read == nil {
		return false
	}
	line, size := r.lines.whole()
	if len(line) == 0 || !r.short.read(r, rec, line) {
		return false
	}
	r.lines.take(size)
	return true
}

// quickProtocol fills in rec from a row of a protocol log:
//
//	date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context
//
// It assumes that no column before data begins with a quote; that the
// sequence-number has one to four digits and the event is one of the five, with
// nothing around it; and that the row has these nine columns and no more. A row
// that is not so is left to the long way, and some fields of rec are then set.
func (r *exchangeRows) quickProtocol(rec *Record, line []byte) bool {
	s := &r.short
	at, ok := s.clock.read(line)
	if !ok {
		return false
	}
	i := isoLen + 1

	// The connector-id is nearly always that of the row before.
	connector := line[i:]
	if n := len(s.connector); n > 0 && len(connector) >= n && string(connector[:n]) == string(s.connector) {
		connector = connector[:n-1]
	} else if connector = s.newConnector(connector); connector == nil {
		return false
	}
	i += len(connector) + 1

	end := plainValue(line, i)
	if end < 0 {
		return false
	}
	session := line[i:end]
	i = end + 1

	number := int64(0)
	for end = i; end < len(line) && line[end]-'0' <= 9; end++ {
		number = number*10 + int64(line[end]-'0')
	}
	if end == i || end > i+4 || end == len(line) || line[end] != ',' {
		return false
	}
	i = end + 1

	if end = plainValue(line, i); end < 0 {
		return false
	}
	local := line[i:end]
	i = end + 1
	if end = plainValue(line, i); end < 0 {
		return false
	}
	remote := line[i:end]
	i = end + 1

	if i+1 >= len(line) || line[i+1] != ',' {
		return false
	}
	direction, sent, received := outcome.Inbound, KindReply, KindCommand
	if r.log.format == ExchangeSend {
		direction, sent, received = outcome.Outbound, KindCommand, KindReply
	}
	var kind Kind
	switch line[i] {
	case '>':
		kind = sent
	case '<':
		kind = received
	case '*':
		kind = KindInfo
	case '+':
		kind = KindConnect
	case '-':
		kind = KindDisconnect
	default:
		return false
	}

	data, context, ok := r.quickTail(line, i+2)
	if !ok {
		return false
	}

	rec.Format, rec.Time = r.log.format, at
	rec.raw, rec.layout = line, &s.columns.layout
	rec.Kind, rec.Direction = kind, direction
	rec.Session, rec.Sequence = present(session), number
	rec.Connector, rec.Server = present(connector), nil
	if s.server > 0 && direction == outcome.Inbound {
		rec.Server = connector[:s.server]
	}
	rec.Local, rec.Remote = present(local), present(remote)
	rec.Data, rec.Context = data, context
	rec.Helo = nil
	rec.Elapsed, rec.Win32, rec.BytesIn, rec.BytesOut = -1, -1, -1, -1
	rec.Verb, rec.VerbText, rec.Arg = VerbNone, nil, nil
	rec.Code, rec.Enhanced, rec.More, rec.Text = 0, reply.Enhanced{}, false, nil
	switch kind {
	case KindCommand:
		verb, name, arg := SplitCommand(data)
		rec.Verb, rec.VerbText, rec.Arg = verb, some(name), some(arg)
	case KindReply:
		rec.Text = data
		if reply, ok := reply.ParseLine(data); ok {
			rec.Code, rec.Enhanced, rec.More = reply.Code, reply.Enhanced, reply.More
		}
	}
	return true
}

// newConnector returns the connector-id that rest begins with and keeps it, nil
// if the short way cannot read it.
func (s *shortRows) newConnector(rest []byte) []byte {
	end := plainValue(rest, 0)
	if end < 0 {
		return nil
	}
	s.connector = append(s.connector[:0], rest[:end+1]...)
	s.server = max(bytes.IndexByte(rest[:end], '\\'), 0)
	if name := rest[:s.server]; s.server > 0 && (len(bytes.TrimSpace(name)) != s.server || name[0] == '-') {
		s.connector = s.connector[:0]
		return nil
	}
	return rest[:end]
}

// quickTail returns the data and the context of a row, which begin at i. It
// fails if they are not the last two columns.
func (r *exchangeRows) quickTail(line []byte, i int) (data, context []byte, ok bool) {
	if i < len(line) && line[i] == '"' {
		r.unescaped = r.unescaped[:0]
		var escaped bool
		if data, escaped, i = csvQuoted(line, i); i < 0 {
			return nil, nil, false
		}
		if escaped {
			data = r.unescape(data)
		}
	} else {
		n := bytes.IndexByte(line[i:], ',')
		if n < 0 {
			return nil, nil, false
		}
		data = line[i : i+n]
		i += n + 1
	}
	if i == len(line) {
		return some(data), nil, true
	}
	if line[i] == '"' {
		var escaped bool
		if context, escaped, i = csvQuoted(line, i); i != csvEnd {
			return nil, nil, false
		}
		if escaped {
			context = r.unescape(context)
		}
	} else if context = line[i:]; bytes.IndexByte(context, ',') >= 0 {
		return nil, nil, false
	}
	return some(data), trimContext(context), true
}

// plainValue returns where the value that begins at i ends, which is before a
// comma. It is -1 for a value with a quote in front and for the last of a row.
func plainValue(row []byte, i int) int {
	if i < len(row) && row[i] == '"' {
		return -1
	}
	const each = 0x0101_0101_0101_0101
	for ; i+8 <= len(row); i += 8 {
		x := binary.LittleEndian.Uint64(row[i:]) ^ ','*each
		// The lowest byte of x that is zero has its top bit set here.
		if zero := (x - each) &^ x & (0x80 * each); zero != 0 {
			return i + bits.TrailingZeros64(zero)/8
		}
	}
	for ; i < len(row); i++ {
		if row[i] == ',' {
			return i
		}
	}
	return -1
}

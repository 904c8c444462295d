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
	// read reads the line of n bytes that the block begins with, nil: all
	// rows go the long way.
	read  func(r *exchangeRows, rec *Record, block []byte, n int) bool
	clock isoClock

	// What the rows have, of tracking logs as long as their number of columns
	// stays the same.
	format  Format
	columns *columnList

	direction outcome.Direction // of a protocol log
	kinds     *[256]Kind        // by the event

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
	s.format = r.log.format
	switch s.format {
	case ExchangeReceive:
		s.direction, s.kinds = outcome.Inbound, &receiveKinds
	case ExchangeSend:
		s.direction, s.kinds = outcome.Outbound, &sendKinds
	default:
		s.read = (*exchangeRows).quickTracking
		return s
	}
	if r.usualColumns(&s, len(protocolWanted)) {
		s.read = (*exchangeRows).quickProtocol
	}
	return s
}

// usualColumns reports whether rows of that many columns have the usual ones in
// their usual places, and keeps their list.
func (r *exchangeRows) usualColumns(s *shortRows, count int) bool {
	if s.columns != nil && len(s.columns.names) == count {
		return true
	}
	c := r.columnsOf(count)
	if len(c.names) != count || c.at != r.log.lists[0].at {
		return false
	}
	s.columns = c
	return true
}

// quick implements quickRowReader: for rows on one line, with a time of the
// usual form in front and none but the usual columns.
func (r *exchangeRows) quick(rec *Record) bool {
	if r.short.read == nil {
		return false
	}
	block, n, size := r.lines.whole()
	if n == 0 || !r.short.read(r, rec, block, n) {
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
func (r *exchangeRows) quickProtocol(rec *Record, block []byte, n int) bool {
	s := &r.short
	line := block[:n]
	at, ok := s.clock.read(line)
	if !ok {
		return false
	}
	rec.Time = at

	// The connector-id is nearly always that of the row before.
	rest := line[isoLen+1:]
	width := len(s.connector) - 1
	if width < 0 || len(rest) <= width || string(rest[:width+1]) != string(s.connector) {
		if width = s.newConnector(rest); width < 0 {
			return false
		}
	}
	rec.Connector, rec.Server = present(rest[:width]), nil
	if s.server > 0 {
		rec.Server = rest[:s.server]
	}

	from := isoLen + 1 + width + 1
	end1, end2, end3, end4 := fourValues(block, from, n)
	if end4 < 0 {
		return false
	}
	rec.Session, rec.Local, rec.Remote = present(line[from:end1]), present(line[end2+1:end3]), present(line[end3+1:end4])
	if line[from] == '"' || line[end2+1] == '"' || line[end3+1] == '"' {
		return false
	}
	if rec.Sequence, ok = fewDigits(line[:end2], end2-end1-1); !ok {
		return false
	}

	i := end4 + 3
	if i >= n || line[i-1] != ',' {
		return false
	}
	kind := s.kinds[line[i-2]]
	if kind == KindNone {
		return false
	}
	rec.Kind, rec.Direction = kind, s.direction

	data, context := line[i:], []byte(nil)
	quoted := data[0] == '"'
	if !quoted {
		width := bytes.IndexByte(data, ',')
		if width < 0 {
			return false
		}
		// Most rows have no context: nothing is behind the comma.
		data, context = data[:width], data[width+1:]
		quoted = len(context) > 0 && (context[0] == '"' || bytes.IndexByte(context, ',') >= 0)
	}
	if quoted {
		if data, context, ok = r.quickTail(line, i); !ok {
			return false
		}
	}
	data = some(data)
	rec.Data, rec.Context = data, trimContext(context)

	rec.Format, rec.raw, rec.layout = s.format, line, &s.columns.layout
	rec.Helo = nil
	rec.Elapsed, rec.Win32, rec.BytesIn, rec.BytesOut = -1, -1, -1, -1
	rec.Verb, rec.VerbText, rec.Arg = VerbNone, nil, nil
	rec.Text, rec.Code, rec.More, rec.Enhanced = nil, 0, false, reply.Enhanced{}
	switch kind {
	case KindCommand:
		verb, name, arg := SplitCommand(data)
		rec.Verb, rec.VerbText, rec.Arg = verb, some(name), some(arg)
	case KindReply:
		rec.Text = data
		rec.Code, rec.More, rec.Enhanced = reply.ParseCodes(data)
	}
	return true
}

// fewDigits reads the number of n digits, 1 to 4, that b ends with. b is four
// bytes long at least.
func fewDigits(b []byte, n int) (v int64, ok bool) {
	if n < 1 || n > 4 {
		return 0, false
	}
	x := binary.LittleEndian.Uint32(b[len(b)-4:]) ^ 0x3030_3030
	x &= ^uint32(0) << (8 * (4 - n)) // what is in front of the number
	if (x|(x+0x7676_7676))&0x8080_8080 != 0 {
		return 0, false
	}
	// Two pairs of digits, then both of them.
	x = (x*10 + x>>8) & 0x00ff_00ff
	return int64((x*100 + x>>16) & 0xffff), true
}

// newConnector returns the length of the connector-id that rest begins with
// and keeps it, -1 if the short way cannot read it.
func (s *shortRows) newConnector(rest []byte) int {
	width := bytes.IndexByte(rest, ',')
	if width < 0 || rest[0] == '"' {
		return -1
	}
	server := 0
	if s.direction == outcome.Inbound {
		server = max(bytes.IndexByte(rest[:width], '\\'), 0)
	}
	if name := rest[:server]; server > 0 && (len(bytes.TrimSpace(name)) != server || present(name) == nil) {
		return -1
	}
	s.connector, s.server = append(s.connector[:0], rest[:width+1]...), server
	return width
}

// quickTail returns the data, which begins at i, and the context of a row. It
// fails if they are not the last two columns.
func (r *exchangeRows) quickTail(line []byte, i int) (data, context []byte, ok bool) {
	r.unescaped = scratch(r.unescaped, r.keep)
	if data, i = r.quickValue(line, i); i < 0 {
		return nil, nil, false
	}
	context, i = r.quickValue(line, i)
	return data, context, i == csvEnd
}

// quickValue is csvNext, and unescapes the value.
func (r *exchangeRows) quickValue(line []byte, i int) (value []byte, next int) {
	value, escaped, next := csvNext(line, i)
	if escaped {
		value = r.unescape(value)
	}
	return value, next
}

// fourValues returns where four values end, of which the first begins at from,
// each at a comma; the last is -1 if there are fewer. The row is the first n
// bytes of block.
func fourValues(block []byte, from, n int) (end1, end2, end3, end4 int) {
	if from+64 <= len(block) {
		set := commasOf((*[64]byte)(block[from:]))
		end1 = from + bits.TrailingZeros64(set)
		set &= set - 1
		end2 = from + bits.TrailingZeros64(set)
		set &= set - 1
		end3 = from + bits.TrailingZeros64(set)
		set &= set - 1
		end4 = from + bits.TrailingZeros64(set)
		if set != 0 && end4 < n {
			return end1, end2, end3, end4
		}
	}
	var ends [4]int
	for i := range ends {
		width := bytes.IndexByte(block[from:n], ',')
		if width < 0 {
			return 0, 0, 0, -1
		}
		ends[i] = from + width
		from = ends[i] + 1
	}
	return ends[0], ends[1], ends[2], ends[3]
}

// commasOf returns the set of the bytes that are commas.
func commasOf(b *[64]byte) uint64 {
	return commas8(b[0:8]) | commas8(b[8:16])<<8 | commas8(b[16:24])<<16 | commas8(b[24:32])<<24 |
		commas8(b[32:40])<<32 | commas8(b[40:48])<<40 | commas8(b[48:56])<<48 | commas8(b[56:64])<<56
}

// commas8 is commasOf for eight bytes.
func commas8(b []byte) uint64 {
	const each = 0x0101_0101_0101_0101
	x := binary.LittleEndian.Uint64(b) ^ ','*each
	// The top bit of each byte that is not zero, then of each that is.
	x |= x&(0x7f*each) + 0x7f*each
	x = ^x & (0x80 * each)
	// The product brings the eight bits together in the top byte.
	return x * 0x0002_0408_1020_4081 >> 56
}

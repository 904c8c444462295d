package logparse

import (
	"bytes"
	"encoding/binary"
	"math/bits"

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

	mail, rcpt uint64 // what rows with the two begin with, from the event on

	// The connector-id of the row before, of a protocol log; nil if there is none.
	connector *knownConnector
}

// shorten returns how rows are read from now on, with the log and the columns
// that are now known. Nothing that was kept of earlier rows holds for them.
func (r *exchangeRows) shorten() shortRows {
	var s shortRows
	if r.known != nil {
		r.known.forget()
	}
	if r.steps != nil {
		r.steps.columns = nil
	}
	if r.log == nil {
		return s
	}
	s.format = r.log.format
	switch s.format {
	case ExchangeReceive:
		s.direction, s.kinds = outcome.Inbound, &receiveKinds
		s.mail, s.rcpt = word([]byte("<,MAIL F")), word([]byte("<,RCPT T"))
	case ExchangeSend:
		s.direction, s.kinds = outcome.Outbound, &sendKinds
		s.mail, s.rcpt = word([]byte(">,MAIL F")), word([]byte(">,RCPT T"))
	default:
		s.read = (*exchangeRows).quickTracking
		return s
	}
	if r.usualColumns(&s, len(protocolWanted)) {
		s.read = (*exchangeRows).quickProtocol
	} else if r.reordered(&s) {
		s.read = (*exchangeRows).quickReordered
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

// quickOther is quick for rows on one line, with a time of the usual form in
// front and none but the usual columns.
func (r *exchangeRows) quickOther(rec *Record) bool {
	if r.short.read == nil {
		return false
	}
	rec.sparse = false
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
// It assumes that no column before data begins with a quote; that the event is
// one of the five, with nothing around it; and that the row has these nine columns
// and no more. A row that is not so is left to the long way, and some fields of rec
// are then set.
func (r *exchangeRows) quickProtocol(rec *Record, block []byte, n int) bool {
	s := &r.short
	line := block[:n]
	if line[0] == '"' {
		return r.quickReordered(rec, block, n)
	}
	at, ok := s.clock.read(line)
	if !ok {
		return false
	}
	rest := line[isoLen+1:]
	if len(rest) > 0 && rest[0] == '"' {
		return r.quickReordered(rec, block, n)
	}
	if s.connector == nil || !bytes.HasPrefix(rest, s.connector.text) {
		if r.known == nil {
			r.known = newKnownRows()
		}
		if s.connector = r.known.connector(rest, s.direction); s.connector == nil {
			return false
		}
	}
	from := isoLen + 1 + len(s.connector.text)
	end1, end2, end3, end4 := fourValues(block, from, n)
	if end4 < 0 {
		return false
	}
	if line[from] == '"' || line[end1+1] == '"' || line[end2+1] == '"' || line[end3+1] == '"' {
		return false
	}
	i := end4 + 3
	if i >= n || line[i-1] != ',' {
		return false
	}
	rec.Sequence = sequence(line[end1+1 : end2])
	kind := s.kinds[line[i-2]]
	if kind == KindNone {
		return false
	}
	rec.Kind = kind

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
	rec.Time, rec.Context, rec.raw = at, trimContext(context), line
	rec.says(some(data))
	var k *knownSession
	if size := end4 + 1 - end2; end1-from == idLen && size <= knownMax {
		var ends [knownMax]byte
		copy(ends[:], line[end2:end4+1])
		k = r.known.session(s.connector, (*[idLen]byte)(line[from:]), &ends, size, end3-end2)
	}
	if k != nil {
		if rec.connector != s.connector.number {
			r.beginConnector(rec)
		}
		r.beginSession(rec, k)
		rec.conversation = k.number
	} else {
		r.beginConnector(rec)
		rec.conversation, rec.shared = 0, 0
		rec.Session, rec.Local, rec.Remote = present(line[from:end1]), present(line[end2+1:end3]), present(line[end3+1:end4])
	}
	return true
}

// quickTail returns the data, which begins at i, and the context of a row. It
// fails if they are not the last two columns.
func (r *exchangeRows) quickTail(line []byte, i int) (data, context []byte, ok bool) {
	r.unescaped = r.unescaped[:0]
	if data, i = r.quickNext(line, i); i < 0 {
		return nil, nil, false
	}
	context, i = r.quickNext(line, i)
	return data, context, i == csvEnd
}

// quickNext is csvNext, and unescapes the value.
func (r *exchangeRows) quickNext(line []byte, i int) (value []byte, next int) {
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
		set := bytesOf((*[64]byte)(block[from:]), ','*each)
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

// bytesOf returns the set of the bytes that each byte of the word is.
func bytesOf(b *[64]byte, word uint64) uint64 {
	return bytesOf8(b[0:8], word) | bytesOf8(b[8:16], word)<<8 | bytesOf8(b[16:24], word)<<16 | bytesOf8(b[24:32], word)<<24 |
		bytesOf8(b[32:40], word)<<32 | bytesOf8(b[40:48], word)<<40 | bytesOf8(b[48:56], word)<<48 | bytesOf8(b[56:64], word)<<56
}

// bytesOf8 is bytesOf for eight bytes.
func bytesOf8(b []byte, word uint64) uint64 {
	x := binary.LittleEndian.Uint64(b) ^ word
	// The top bit of each byte that is not zero, then of each that is.
	x |= x&(0x7f*each) + 0x7f*each
	x = ^x & (0x80 * each)
	// The product brings the eight bits together in the top byte.
	return x * 0x0002_0408_1020_4081 >> 56
}

package logparse

import (
	"math"

	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// A Parcel takes rows of one log of IIS to another goroutine: of some it has all
// that they say, but not how, of the others only that they were there, and when.
type Parcel struct {
	rows   []parcelRow
	text   []byte // of rows and ends
	ends   []parcelEnds
	whole  []*Record // rows that do not fit
	size   int       // of these, in bytes
	passed []passedRows

	late [512]uint16 // where a peer's ends may be
	rec  Record      // that is handed out
	note Record      // of what was passed
}

// A parcelRow is a row without what it shares with others. It holds no pointers,
// for the garbage collector would follow each of them.
type parcelRow struct {
	time            outcome.Time
	line, offset    int64
	elapsed, win32  int32
	in, out         int32
	at              uint32 // where its text begins
	name, arg, text uint16 // bytes of VerbText, Arg and Text, which follow one another
	ends            uint16 // or which of the whole ones it is
	has             parcelValues
	kind            Kind
	verb            Verb
	code            reply.Code
	enhanced        reply.Enhanced
}

// parcelValues says which values a row has, and if it is a whole one.
type parcelValues uint8

const (
	hasName parcelValues = 1 << iota
	hasArg
	hasText
	isWhole
)

// parcelEnds is what all rows of a peer say.
type parcelEnds struct {
	peer                                   uint64
	format                                 Format
	direction                              outcome.Direction
	server, connector, local, remote, helo []byte
}

// passedRows are rows of the same time and of one server's log, without other rows
// between them.
type passedRows struct {
	time  outcome.Time
	row   int // what is behind them
	count int
	ends  uint16 // with their Server and Format
}

// What is in a Parcel is bounded in rows and in bytes of their texts.
const (
	parcelRows = 1024
	parcelText = 256 << 10
)

// Full reports whether the Parcel should be sent off.
func (p *Parcel) Full() bool {
	return len(p.rows)+len(p.passed) >= parcelRows || len(p.text)+p.size >= parcelText
}

// Reset empties the Parcel for rows of a log.
func (p *Parcel) Reset(name string) {
	clear(p.whole)
	p.rows, p.text, p.ends, p.whole, p.passed = p.rows[:0], p.text[:0], p.ends[:0], p.whole[:0], p.passed[:0]
	p.size = 0
	p.rec.reset(outcome.Position{File: name}, 0)
	p.note.reset(outcome.Position{File: name}, 0)
}

// Add adds a copy of a row of IIS.
func (p *Parcel) Add(rec *Record) {
	ends := p.endsOf(rec)
	p.rows = append(p.rows, parcelRow{
		time: rec.Time, line: rec.Pos.Line, offset: rec.Pos.Offset,
		elapsed: int32(rec.Elapsed), win32: int32(rec.Win32), in: int32(rec.BytesIn), out: int32(rec.BytesOut),
		at: uint32(len(p.text)), name: uint16(len(rec.VerbText)), arg: uint16(len(rec.Arg)), text: uint16(len(rec.Text)),
		ends: ends, kind: rec.Kind, verb: rec.Verb, code: rec.Code, enhanced: rec.Enhanced,
	})
	row := &p.rows[len(p.rows)-1]
	if !row.holds(rec) {
		row.has, row.ends = isWhole, uint16(len(p.whole))
		c := rec.Clone()
		c.raw, c.layout = nil, nil
		p.whole = append(p.whole, c)
		p.size += len(rec.raw)
		return
	}
	if rec.VerbText != nil {
		row.has |= hasName
		p.text = append(p.text, rec.VerbText...)
	}
	if rec.Arg != nil {
		row.has |= hasArg
		p.text = append(p.text, rec.Arg...)
	}
	if rec.Text != nil {
		row.has |= hasText
		p.text = append(p.text, rec.Text...)
	}
}

// holds reports whether all that the record says fits.
func (row *parcelRow) holds(rec *Record) bool {
	return int64(row.elapsed) == rec.Elapsed && int64(row.win32) == rec.Win32 && int64(row.in) == rec.BytesIn && int64(row.out) == rec.BytesOut &&
		len(rec.VerbText)|len(rec.Arg)|len(rec.Text) <= math.MaxUint16 &&
		rec.Lines == 1 && !rec.More && rec.Sequence == -1 && rec.Session == nil && rec.Data == nil && rec.Context == nil
}

// Pass adds that so many rows of IIS were there, of which rec says the Format, the
// Time and the Server.
func (p *Parcel) Pass(rec *Record, count int) {
	ends := 0
	if n := len(p.passed); n > 0 {
		ends = int(p.passed[n-1].ends)
	}
	if ends == len(p.ends) || p.ends[ends].format != rec.Format || !sameValue(p.ends[ends].server, rec.Server) {
		ends = len(p.ends)
		p.ends = append(p.ends, parcelEnds{format: rec.Format, server: p.copy(rec.Server)})
	}
	p.passed = append(p.passed, passedRows{rec.Time, len(p.rows), count, uint16(ends)})
}

// endsOf returns the number of the record's ends.
func (p *Parcel) endsOf(rec *Record) uint16 {
	peer := rec.Peer()
	slot := peer
	if peer == 0 {
		for _, c := range rec.Remote {
			slot = slot*31 + uint64(c)
		}
	}
	late := &p.late[slot%uint64(len(p.late))]
	if int(*late) < len(p.ends) {
		if e := &p.ends[*late]; e.peer == peer && (peer != 0 || e.are(rec)) {
			return *late
		}
	}
	*late = uint16(len(p.ends))
	p.ends = append(p.ends, parcelEnds{peer, rec.Format, rec.Direction,
		p.copy(rec.Server), p.copy(rec.Connector), p.copy(rec.Local), p.copy(rec.Remote), p.copy(rec.Helo)})
	return *late
}

// are reports whether the record has these ends.
func (e *parcelEnds) are(rec *Record) bool {
	return e.format == rec.Format && e.direction == rec.Direction && sameValue(e.server, rec.Server) && sameValue(e.connector, rec.Connector) &&
		sameValue(e.local, rec.Local) && sameValue(e.remote, rec.Remote) && sameValue(e.helo, rec.Helo)
}

// copy returns a copy of s that is good as long as the Parcel is not reset.
func (p *Parcel) copy(s []byte) []byte {
	if s == nil {
		return nil
	}
	n := len(p.text)
	p.text = append(p.text, s...)
	return p.text[n:len(p.text):len(p.text)]
}

// Each calls add for each row, and pass for what Pass was called with, in order.
// The records have their file. They are good until the next one, as those of a
// [Reader], and have no Raw and no columns.
func (p *Parcel) Each(add func(*Record), pass func(rec *Record, count int)) {
	passed := p.passed
	for i := 0; ; i++ {
		for len(passed) > 0 && passed[0].row == i {
			e := &p.ends[passed[0].ends]
			p.note.Format, p.note.Server, p.note.Time = e.format, e.server, passed[0].time
			pass(&p.note, passed[0].count)
			passed = passed[1:]
		}
		if i == len(p.rows) {
			return
		}
		if row := &p.rows[i]; row.has == isWhole {
			add(p.whole[row.ends])
		} else {
			add(p.record(row))
		}
	}
}

// record returns the record of a row.
func (p *Parcel) record(row *parcelRow) *Record {
	rec, e := &p.rec, &p.ends[row.ends]
	if rec.connector != e.peer || e.peer == 0 {
		rec.Format, rec.Direction, rec.connector = e.format, e.direction, e.peer
		rec.Server, rec.Connector, rec.Local, rec.Remote, rec.Helo = e.server, e.connector, e.local, e.remote, e.helo
	}
	rec.Pos.Line, rec.Pos.Offset, rec.Time = row.line, row.offset, row.time
	rec.Elapsed, rec.Win32, rec.BytesIn, rec.BytesOut = int64(row.elapsed), int64(row.win32), int64(row.in), int64(row.out)
	rec.Kind, rec.Verb, rec.Code, rec.Enhanced = row.kind, row.verb, row.code, row.enhanced
	text := p.text[row.at:]
	rec.VerbText, text = row.value(hasName, text, row.name)
	rec.Arg, text = row.value(hasArg, text, row.arg)
	rec.Text, _ = row.value(hasText, text, row.text)
	return rec
}

// value returns the first n bytes of text, which are a value of the row if it has
// that, and what is behind them.
func (row *parcelRow) value(is parcelValues, text []byte, n uint16) (value, rest []byte) {
	if row.has&is != 0 {
		value = text[:n:n]
	}
	return value, text[n:]
}

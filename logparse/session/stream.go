package session

import (
	"encoding/binary"
	"math"
	"strings"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply/outcome"
)

// A place is where logs that belong together lie: one format in one folder.
type place struct {
	format logparse.Format
	folder string
}

// A stream is the log of one server, over all its files. Its clock says how far
// the log has come.
type stream struct {
	place  place
	file   string // of the record before
	number uint32 // of that file
	server name
	index  uint32 // in Builder.logs
	clock  int64  // Unix nanoseconds, 0 before the first time
	begun  int64  // the first time
	sweep  int64  // when to look for silent sessions next
}

// A name is compared with that of every row: with few steps where it has not
// more than 16 bytes.
type name struct {
	text        string
	first, last uint64 // its first and last 8 bytes; its only ones, with blanks behind them
}

func newName(text []byte) name {
	n := name{text: string(text)}
	short := append(append(make([]byte, 0, 8), text...), "        "...)
	n.first = binary.LittleEndian.Uint64(short)
	if len(text) >= 8 {
		n.last = binary.LittleEndian.Uint64(text[len(text)-8:])
	}
	return n
}

func (n *name) is(b []byte) bool {
	width := len(b)
	switch {
	case width != len(n.text):
		return false
	case width < 8 && cap(b) >= 8:
		return (binary.LittleEndian.Uint64(b[:8])^n.first)<<(64-8*width) == 0
	case width >= 8 && width <= 16:
		return binary.LittleEndian.Uint64(b) == n.first && binary.LittleEndian.Uint64(b[width-8:]) == n.last
	}
	return string(b) == n.text
}

// movesOn moves the clock to t, where sessions are silent for that long. It
// reports false, and does nothing, where more is to be done ([Builder.tick]).
func (s *stream) movesOn(t outcome.Time, silence int64) bool {
	now := t.UnixNano()
	if now >= s.sweep || now <= s.clock-silence || t.IsZero() {
		return false
	}
	s.clock = max(s.clock, now)
	return true
}

// stream returns the log that the record belongs to, and makes it the recent one.
func (b *Builder) stream(rec *logparse.Record) *stream {
	s := b.streamAt(place{rec.Format, Folder(rec.Pos.File)}, rec.Server)
	s.file, s.number = rec.Pos.File, b.fileNumber(rec.Pos.File)
	b.recent = s
	return s
}

// streamAt returns the log of a server.
func (b *Builder) streamAt(p place, server []byte) *stream {
	servers := b.streams[p]
	if servers == nil {
		servers = map[string]*stream{}
		b.streams[p] = servers
	}
	s := servers[string(server)]
	if s == nil {
		server = server[:min(len(server), maxServerName)]
		if len(servers) >= maxServers {
			server = nil
		}
		if s = servers[string(server)]; s == nil {
			s = &stream{place: p, server: newName(server), index: uint32(len(b.logs)), sweep: math.MinInt64}
			b.logs = append(b.logs, s)
			servers[string(server)] = s
		}
	}
	return s
}

// fileNumber returns the index of a file in Builder.files.
func (b *Builder) fileNumber(name string) uint32 {
	if s := b.recent; s != nil && s.file == name {
		return s.number
	}
	n, ok := b.numbers[name]
	if !ok {
		n = uint32(len(b.files))
		b.files = append(b.files, name)
		b.numbers[name] = n
	}
	return n
}

// Folder returns the folder of a path as given, of Windows or not, or the
// archive that holds it. A session is in the logs of one format and folder.
func Folder(path string) string {
	return path[:strings.LastIndexAny(path, `/\!`)+1]
}

// tick moves the log's clock. A time that lies as far behind it as a session may
// be silent means that the log went back: another server's or another worker's
// file, or a clock that was set. Every now and then tick frees the sessions that
// were silent for too long.
func (b *Builder) tick(s *stream, rec *logparse.Record) {
	if rec.Time.IsZero() {
		return
	}
	now := rec.Time.UnixNano()
	if b.part != nil && s.clock != 0 && now <= s.clock-int64(backward) {
		b.part.lost = true
	}
	switch {
	case s.clock == 0:
		s.clock, s.begun = now, now
		s.sweep = now + int64(SilenceWithoutID)
	case now <= s.clock-silenceOf(rec.Format):
		b.sweepBack() // by the time that the log came to
		s.clock = now
		s.sweep = now + int64(SilenceWithoutID)
	case now > s.clock:
		s.clock = now
	default:
		return
	}
	if !rec.Format.HasSessionID() {
		b.matcher.advance(s.index, outcome.Unix(s.clock, 0))
	}
	if s.clock >= s.sweep && b.sweep() {
		s.sweep = s.clock + int64(SilenceWithoutID)
	}
}

// sweep finishes the sessions that were silent for too long. The number of
// records since the last time pays for looking at every open session, whatever
// the times are; sweep reports false while there are too few.
func (b *Builder) sweep() bool {
	if 4*(b.order-b.swept) < uint64(b.opened) {
		return false
	}
	b.swept = b.order
	b.finishAll(b.all(b.silent))
	return true
}

// sweepBack is sweep where a log goes back. Whether there are enough records since
// the last time must not hang on how many sessions are open, which is another
// number where the log was read in parts.
func (b *Builder) sweepBack() {
	if b.sweptBack > 0 && b.order-b.sweptBack < sweepBackEvery {
		return
	}
	b.sweptBack = b.order
	b.finishAll(b.all(b.silent))
}

const sweepBackEvery = 512

// silent reports whether the log has gone on without the session for so long
// that its end is missing.
func (b *Builder) silent(c *course) bool {
	return c.endDigits != 0 && b.logs[c.stream].clock-c.end >= silenceOf(c.format)
}

// silenceOf returns SilenceWithID or SilenceWithoutID, in nanoseconds.
func silenceOf(f logparse.Format) int64 {
	if f.HasSessionID() {
		return int64(SilenceWithID)
	}
	return int64(SilenceWithoutID)
}

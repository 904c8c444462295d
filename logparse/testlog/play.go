package testlog

import (
	"bufio"
	"container/heap"
	"fmt"
	"slices"
	"time"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply/outcome"
)

// A connection is a session while it is played.
type connection struct {
	s          *Session
	host       *host
	lane       int // which of the host's connections open at once
	helo       string
	port       int
	start, end int64
	steps      []exchange
	rows       []rowRef // in order of time
	next       int      // the row to be written
	sequence   int      // Exchange's sequence number
	bytesIn    int64    // counters of the row before (IIS)
	bytesOut   int64
}

// A rowRef is one row to be written about an exchange.
type rowRef struct {
	at   int64
	step int32
	part int32 // what the row says, by the format
}

// A format plans the rows of a connection and writes them.
type format interface {
	header(b []byte) []byte
	plan(c *connection) // fills c.rows, in any order
	row(b []byte, c *connection, r rowRef) []byte
}

// A stage plays connections and writes their rows in the order of time.
type stage struct {
	opt     Options
	out     *bufio.Writer
	format  format
	row     func(line int64, session int)
	done    func(*Session)
	hosts   []*host
	open    connections
	started int
	line    int64
	buf     []byte
}

func newStage(opt Options, out *bufio.Writer, row func(int64, int), done func(*Session)) *stage {
	st := &stage{opt: opt, out: out, row: row, done: done}
	for i := range opt.Hosts {
		st.hosts = append(st.hosts, newHost(i, &opt))
	}
	switch opt.Format {
	case logparse.ExchangeReceive, logparse.ExchangeSend:
		st.format = &exchangeLog{opt: &st.opt}
	default:
		st.format = newIISLog(&st.opt)
	}
	return st
}

// play runs the connections: each host has as many lanes as it keeps
// connections open at once, and in each lane one follows the other.
func (st *stage) play() error {
	if err := st.write(st.format.header(nil), -1); err != nil {
		return err
	}
	rng := newRand(st.opt.Seed, 3, 0)
	for lane := range st.opt.AtOnce {
		for _, h := range st.hosts {
			if st.started < st.opt.Connections {
				hostRng := newRand(st.opt.Seed, 4, uint64(h.number))
				at := int64(hostRng.Float64() * float64(st.opt.Spread.Microseconds()))
				if lane > 0 {
					at += around(rng, second, 1)
				}
				st.begin(&connection{host: h, lane: lane}, at)
			}
		}
	}
	for len(st.open) > 0 {
		c := st.open[0]
		if c.next < len(c.rows) {
			st.buf = st.format.row(st.buf[:0], c, c.rows[c.next])
			if err := st.write(st.buf, c.s.Number); err != nil {
				return err
			}
			c.next++
			c.s.Rows++
		}
		if c.next < len(c.rows) {
			heap.Fix(&st.open, 0)
			continue
		}
		heap.Pop(&st.open)
		st.done(c.s)
		if st.started < st.opt.Connections {
			st.begin(c, c.end+around(rng, 3*second, 1.2))
		}
	}
	return nil
}

// begin plays the next connection of c's lane.
func (st *stage) begin(c *connection, at int64) {
	n := st.started
	st.started++
	c.s = &Session{Number: n, Direction: c.host.direction, Host: c.host.address}
	c.helo = c.host.heloName(c.lane, st.opt.SameHelo)
	if c.host.direction == outcome.Outbound {
		c.helo = ourName
	}
	c.port = 1024 + (n*7)%60000
	c.start, c.next, c.sequence, c.bytesIn, c.bytesOut = at, 0, 0, 0, 0
	c.converse(&st.opt)
	c.rows = c.rows[:0]
	st.format.plan(c)
	slices.SortStableFunc(c.rows, func(a, b rowRef) int { return int(min(max(a.at-b.at, -1), 1)) })
	c.s.Start, c.s.End = st.time(c.start), st.time(c.end)
	heap.Push(&st.open, c)
}

func (st *stage) time(at int64) time.Time { return clock(&st.opt, at) }

// clock returns the moment at microseconds after the start of the log.
func clock(opt *Options, at int64) time.Time {
	return opt.Start.Add(time.Duration(at) * time.Microsecond)
}

// write writes whole lines; session is -1 for a header.
func (st *stage) write(b []byte, session int) error {
	for _, x := range b {
		if x == '\n' {
			st.line++
		}
	}
	if session >= 0 {
		st.row(st.line, session)
	}
	if _, err := st.out.Write(b); err != nil {
		return fmt.Errorf("writing a log: %w", err)
	}
	return nil
}

// connections is a heap by the time of the next row, then by number.
type connections []*connection

func (h connections) Len() int { return len(h) }
func (h connections) Less(i, j int) bool {
	if a, b := h[i].due(), h[j].due(); a != b {
		return a < b
	}
	return h[i].s.Number < h[j].s.Number
}
func (h connections) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *connections) Push(x any)   { *h = append(*h, x.(*connection)) }
func (h *connections) Pop() any {
	old := *h
	c := old[len(old)-1]
	*h = old[:len(old)-1]
	return c
}

// due returns the time of the next row; a connection that leaves no row is due
// at its end.
func (c *connection) due() int64 {
	if c.next < len(c.rows) {
		return c.rows[c.next].at
	}
	return c.end
}

package track

import (
	"cmp"
	"hash/maphash"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// Bounds of what a Builder holds.
const (
	// DefaultWindow is how long after its last row a message that is not
	// complete may get another one: Exchange gives up after two days.
	DefaultWindow = 72 * time.Hour

	// DefaultSettled is the same for a message whose recipients all have their
	// final verdicts.
	DefaultSettled = time.Hour

	// MaxRows is how many rows of unfinished messages are held. When there are
	// more, the messages that have been silent longest are handed out.
	MaxRows = 1_000_000

	// DefaultMemory is what unfinished messages may hold together, in bytes. When
	// they hold more, those that have been silent longest are handed out.
	DefaultMemory = 512 << 20

	// maxMemory bounds what may be asked for: one cluster, which may be all of
	// it, has offsets of 32 bits.
	maxMemory = 3 << 30

	// MaxTransactions is how many transactions of sessions are held for the
	// join.
	MaxTransactions = 300_000
)

// Options say how messages are put together. A nil *Options is the zero value.
type Options struct {
	Window  time.Duration // 0 is DefaultWindow
	Settled time.Duration // 0 is DefaultSettled
	Memory  int64         // that unfinished messages may hold, in bytes; 0 is DefaultMemory

	// Keep, where it is not nil, says which rows count. The Event is good until
	// it returns. What the other rows show of servers and their logs counts.
	Keep func(*Event) bool

	// VerdictsOnly leaves out of the messages what counting them does not need:
	// Hops, Sessions and Related, of the recipients ExpandedInto, RedirectedTo
	// and, unless they failed or were put off, what the reply means. Such a
	// Message is good only until emit returns; its strings stay good.
	VerdictsOnly bool

	// Classifier gives each failure its reason; nil is the built-in one.
	Classifier *reply.Classifier
}

// A Builder puts the rows of tracking logs together to messages.
type Builder struct {
	opt     Options
	emit    func(*Message)
	window  time.Duration
	settled time.Duration
	maxRows int
	maxHeld int64

	event Event
	row   quickRow
	packing
	clusters *clusters
	servers  *servers
	coverage Coverage
	joins    *joins

	file     string // of the row before
	clock    int64  // how far its log has come
	upcoming int64  // what the other logs begin with, or later
	told     bool   // upcoming is known
	swept    int64  // watermark of the last sweep
	since    int    // rows since then
	due      []*cluster
	events   events
	judge    *judge
	grouping grouping
	over     []*Message // that are being handed out
	spare    []*Message // to be used again

	number uint64 // of messages so far
	capped int64
	cut    int64
	loose  int64
}

// NewBuilder returns a Builder that calls emit for each message when it is
// over. The message is emit's to keep, unless there are to be
// [Options.VerdictsOnly].
func NewBuilder(opt *Options, emit func(*Message)) *Builder {
	b := &Builder{
		emit: emit, window: DefaultWindow, settled: DefaultSettled, maxRows: MaxRows, maxHeld: DefaultMemory, swept: math.MinInt64,
		packing: packing{common: newCommon(), origins: newOrigins(), seed: maphash.MakeSeed()}, clusters: newClusters(), servers: newServers(), joins: newJoins(),
	}
	if opt != nil {
		b.opt = *opt
		b.verdictsOnly = opt.VerdictsOnly
	}
	if b.opt.Window > 0 {
		b.window = b.opt.Window
	}
	if b.opt.Settled > 0 {
		b.settled = b.opt.Settled
	}
	if b.opt.Memory > 0 {
		b.maxHeld = min(b.opt.Memory, maxMemory)
	}
	b.settled = min(b.settled, b.window)
	b.judge = newJudge(b)
	b.grouping.short = &b.clusters.short
	return b
}

// Add takes a row. Records that are no rows of tracking logs or message traces
// are passed over. Rows may come in any order.
func (b *Builder) Add(rec *logparse.Record) {
	if b.opt.Keep == nil && b.quick(rec) {
		b.limit()
		return
	}
	e := &b.event
	if b.opt.Keep == nil {
		if !e.split(rec, false) {
			return
		}
		e.readHead()
	} else if !Parse(rec, e) {
		return
	}
	b.coverage.Add(e)
	b.servers.note(e)
	b.tick(rec)
	if b.opt.Keep != nil && !b.opt.Keep(e) {
		return
	}
	if b.opt.VerdictsOnly {
		// Latency trees, which follow the time of origination, are not asked for.
		info, _, _ := strings.Cut(e.raw[colMessageInfo], ";")
		e.fill(colMessageInfo, info)
		if s := e.SourceContext; s != "" && !contextCounts(e.EventID) && !isMailbox(s) {
			e.fill(colSourceContext, string(b.appendDigest(nil, []byte(s))))
		}
	}
	b.add(e)
	b.limit()
}

// limit makes room where too much is held.
func (b *Builder) limit() {
	if b.clusters.rows > b.maxRows || b.clusters.held() > b.maxHeld {
		b.makeRoom()
	}
}

// Skip takes a row whose message is not wanted: it only shows that its server's
// log covers the time. The row is not taken apart.
func (b *Builder) Skip(rec *logparse.Record) {
	if rec.Kind != logparse.KindTracking || !tracked(rec.Format) || len(rec.Server) == 0 {
		return
	}
	b.coverage.skip(rec)
	b.servers.skip(rec)
	b.tick(rec)
}

// add puts the row into the cluster of its message.
func (b *Builder) add(e *Event) {
	c := b.clusters.find(e)
	if c == nil {
		b.loose++
		return
	}
	b.clusters.pack(c, e, b.common)
	if !e.Time.IsZero() {
		b.clusters.hasten(c, later(e.Time.UnixNano(), b.settled))
	}
}

// Upcoming says that all rows of logs that have not been begun yet are at t or
// later; the zero Time says that there are no more logs. Whoever reads logs in
// the order of their first times calls it at the beginning of each log with
// the first time of the next one. Without it no message is over before Close,
// but for [MaxRows].
func (b *Builder) Upcoming(t outcome.Time) {
	b.told, b.upcoming = true, math.MaxInt64
	if !t.IsZero() {
		b.upcoming = t.UnixNano()
	}
}

// tick moves the clock of the log that is being read. Every now and then it
// hands out the messages that no further row can belong to.
func (b *Builder) tick(rec *logparse.Record) {
	b.since++
	if rec.Time.IsZero() {
		return
	}
	now := rec.Time.UnixNano()
	if b.file != rec.Pos.File {
		b.file, b.clock = rec.Pos.File, now
	}
	b.clock = max(b.clock, now)
	if !b.told {
		return
	}
	// The rows since the last sweep pay for looking at every cluster.
	mark := min(b.clock, b.upcoming)
	if mark >= later(b.swept, b.settled/4) && b.since >= len(b.clusters.open)/4 {
		b.swept, b.since = mark, 0
		b.sweep(mark)
	}
}

// sweep hands out what is over when all rows before mark have been read.
func (b *Builder) sweep(mark int64) {
	over := b.over[:0]
	due := b.due[:0]
	for i := range b.clusters.open {
		open := &b.clusters.open[i]
		if open.recheck >= mark {
			continue
		}
		c := b.clusters.at(open.number)
		// What is one message is not over until all of its rows are old enough.
		if ready := later(c.last, b.settled); !c.mixed && ready >= mark {
			open.recheck = ready
			continue
		}
		due = append(due, c)
	}
	for _, c := range due {
		over = b.finish(c, mark, EndedCut, over)
	}
	clear(due)
	b.due = due
	b.joins.forget(mark - int64(b.window))
	b.handOut(over)
}

// finish takes the messages of a cluster that are over at mark, and appends
// them; the rows of the others stay.
func (b *Builder) finish(c *cluster, mark int64, ended Ended, over []*Message) []*Message {
	groups := b.split(c)
	var left []*group
	recheck := int64(math.MaxInt64)
	for i := range groups {
		g := &groups[i]
		m := b.message(g)
		if m == nil {
			if ready := later(g.last(), b.settled); ready >= mark {
				left = append(left, g)
				recheck = min(recheck, ready)
			}
			continue
		}
		m.Ended = EndedComplete
		ready := later(g.last(), b.settled)
		if !m.complete() {
			m.Ended = ended
			ready = later(g.last(), b.window)
		}
		if ready >= mark {
			left = append(left, g)
			recheck = min(recheck, ready)
			b.reuse(m)
			continue
		}
		if m.Ended == EndedCut {
			b.cut++
		}
		over = append(over, m)
	}
	if len(left) == len(groups) && len(groups) > 0 {
		b.clusters.open[c.place].recheck = recheck
		return over
	}
	b.clusters.remove(c)
	for _, g := range left {
		for _, e := range g.events {
			b.add(e)
		}
	}
	for _, g := range left {
		if c := b.clusters.find(g.events[0]); c != nil {
			b.clusters.open[c.place].recheck = recheck
		}
	}
	return over
}

// all is the mark at which every message is over.
const all = math.MaxInt64

// last returns the time of the group's last event.
func (g *group) last() int64 {
	last := int64(math.MinInt64)
	for _, e := range g.events {
		if !e.Time.IsZero() {
			last = max(last, e.Time.UnixNano())
		}
	}
	return last
}

// later returns t plus d, a time before all.
func later(t int64, d time.Duration) int64 {
	if t >= all-int64(d) {
		return all - 1
	}
	return t + int64(d)
}

// makeRoom hands out the messages that have been silent longest, until a
// quarter of the room is free.
func (b *Builder) makeRoom() {
	b.capped++
	over := b.over[:0]
	for _, c := range b.clusters.sorted(longestSilent) {
		if b.clusters.rows <= b.maxRows*3/4 && b.clusters.held() <= b.maxHeld*3/4 {
			break
		}
		over = b.finish(c, all, EndedCapped, over)
	}
	b.handOut(over)
}

// Close hands out the messages that are left.
func (b *Builder) Close() {
	list := b.clusters.sorted(func(x, y *cluster) int { return cmp.Or(cmp.Compare(x.first, y.first), cmp.Compare(x.order, y.order)) })
	over := b.over[:0]
	batch := closeBatch
	b.clusters.close()
	for i, c := range list {
		over = b.finish(c, all, EndedOpen, over)
		list[i] = nil // its memory is free
		if len(over) >= batch && i+1 < len(list) {
			over = b.handOutBefore(list[i+1].first, over)
			batch = 2*len(over) + closeBatch
		}
	}
	b.handOut(over)
}

// closeBatch is how many messages Close puts together before it looks which of
// them come before all that are left.
const closeBatch = 100

// handOut hands out the messages in their order.
func (b *Builder) handOut(over []*Message) { b.over = b.handOutBefore(all, over) }

// handOutBefore hands out the messages that end before t, in their order, and
// returns the others.
func (b *Builder) handOutBefore(t int64, over []*Message) []*Message {
	slices.SortFunc(over, compareMessages)
	n := 0
	for ; n < len(over) && over[n].Last.UnixNano() < t; n++ {
		m := over[n]
		b.number++
		m.number = b.number
		b.emit(m)
		b.reuse(m)
	}
	left := over[:copy(over, over[n:])]
	clear(over[len(left):])
	return left
}

// classify says what a status or reply means.
func (b *Builder) classify(text string) reply.Classification {
	if b.opt.Classifier != nil {
		return b.opt.Classifier.Classify(text, reply.Outbound)
	}
	return reply.Classify(text, reply.Outbound)
}

// Capped returns how often a bound was reached: messages were handed out early
// ([MaxRows]), or transactions were left out of the join ([MaxTransactions]).
func (b *Builder) Capped() int64 { return b.capped + b.joins.dropped }

// Cut returns how many messages without a final verdict were handed out
// because their window was over.
func (b *Builder) Cut() int64 { return b.cut }

// Unassigned returns how many rows bear no id of a message: notices of the
// store about items that are no mail.
func (b *Builder) Unassigned() int64 { return b.loose }

// Coverage returns which server's log covers which times, as far as rows were
// added.
func (b *Builder) Coverage() *Coverage { return &b.coverage }

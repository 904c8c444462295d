package track

import (
	"hash/maphash"
	"math"
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
	// HasSender, Subject, Bytes, Directionality, Servers, Formats, Hops, Sessions
	// and Related; of the recipients ExpandedInto, RedirectedTo and, unless they
	// failed or were put off, what the reply means, and of those that have the
	// message all but Address, Status and At. Such a Message is good only until emit
	// returns; its strings stay good.
	VerdictsOnly bool

	// OneLog says that all rows are of one file, so that none is the second copy
	// of another.
	OneLog bool

	// Jobs is how many goroutines work at a time on messages that are over, where
	// only verdicts are wanted and there are many of them. With fewer than two it
	// is the one that calls. What emit is called with, and in what order, is the
	// same; it is called by the caller's goroutine.
	Jobs int

	// Near, where it is not nil, says whether something at that time may concern a
	// message that counts. Of more than [MaxTransactions] transactions, those at
	// other times are left out first.
	Near func(outcome.Time) bool

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
	own      *assembler
	others   []*assembler // that work beside it
	over     []*Message   // that are being handed out
	room     []*Message   // of a batch
	ends     []uint64     // see sort
	ordered  []*Message

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
		b.clusters.oneLog = opt.OneLog
		b.verdictsOnly, b.clusters.brief, b.row.brief = opt.VerdictsOnly, opt.VerdictsOnly, opt.VerdictsOnly
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
	b.joins.near = b.opt.Near
	b.settled = min(b.settled, b.window)
	b.own = newAssembler(b, &b.packing, &b.clusters.short)
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
		b.brief(e)
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

// classify says what a status or reply means.
func (b *Builder) classify(text string) reply.Classification {
	if b.opt.Classifier != nil {
		return b.opt.Classifier.Classify(text, reply.Outbound)
	}
	return reply.Classify(text, reply.Outbound)
}

// Capped returns how many messages were handed out early since a bound was
// reached: [MaxRows], or [Options.Memory].
func (b *Builder) Capped() int64 { return b.capped }

// Unjoined returns how many transactions were left out of the join, for there
// were [MaxTransactions] others; of those that are not [Options.Near] none counts.
func (b *Builder) Unjoined() int64 { return b.joins.dropped }

// Cut returns how many messages without a final verdict were handed out
// because their window was over.
func (b *Builder) Cut() int64 { return b.cut }

// Unassigned returns how many rows bear no id of a message: notices of the
// store about items that are no mail.
func (b *Builder) Unassigned() int64 { return b.loose }

// Coverage returns which server's log covers which times, as far as rows were
// added.
func (b *Builder) Coverage() *Coverage { return &b.coverage }

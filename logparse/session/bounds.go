package session

import (
	"cmp"
	"slices"
	"time"
)

// Bounds of what one session may hold.
const (
	// SilenceWithID is how long the log may go on without an event of a session
	// before the session counts as cut, for logs with session ids.
	SilenceWithID = time.Hour
	// SilenceWithoutID is the same for logs without session ids.
	SilenceWithoutID = 10 * time.Minute

	// MaxSteps bounds the recipients, transactions and failures of one session.
	// A session that reaches it is split: it is cut, and what follows counts as
	// a new one ([Builder.Capped]).
	MaxSteps = 100_000

	// MaxOpen bounds the sessions that are open at once, of logs with session
	// ids and of those that hold one after the other. When there are more, those
	// longest without an event are cut ([Builder.Capped]).
	MaxOpen = 100_000

	// DefaultMemory bounds what the open sessions hold together, in bytes.
	DefaultMemory = 512 << 20

	maxSession    = 64 << 20 // bytes that a session may hold before it is split
	maxQueue      = 10_000   // commands of one session that wait for a reply
	maxServers    = 10_000   // of one place that are told apart
	maxServerName = 256      // bytes
	maxReplyText  = 64 << 10

	// Transcripts of all open sessions may take a half of Options.Memory, and one
	// of them a part of that when it is handed out. Where their texts can be read
	// again, they are kept in another part.
	transcriptsShare = 2
	transcriptShare  = 8
	textsShare       = 32

	maxRowColumns = 256 // lists of columns whose rows are read again

	// What is kept for use by the next sessions.
	maxFree     = 128
	maxFreeSize = 64 << 10 // bytes that the session held

	// About what things take beside their texts.
	stateSize      = 800
	looseSize      = 448
	stepSize       = 256
	pendingSize    = 24
	transcriptSize = 80   // a step
	clusterSize    = 1400 // with its place in tables
	hypothesisSize = 512
	connSize       = 408
	memberSize     = 440
	crowdSize      = 640
	slotSize       = 24
	nodeSize       = 64
	rowSize        = 576 // that waits
)

// Capped returns how often a bound was reached: a session was split at
// [MaxSteps] or cut because more than [MaxOpen] were open or they held more than
// Options.Memory, or the rows of a host had to be dealt out before its sessions
// were over.
func (b *Builder) Capped() int64 { return b.capped + b.matcher.capped }

// shed cuts the half of the open sessions that has been without an event for
// longest.
func (b *Builder) shed() {
	if b.part != nil {
		b.part.lost = true
		return
	}
	list := b.all(nil)
	if b.overfull() {
		list = b.appendMatched(list)
		slices.SortStableFunc(list, func(x, y opened) int { return cmp.Compare(x.order, y.order) })
	}
	b.cutting = true
	for _, o := range list[:(len(list)+1)/2] {
		switch {
		case o.cluster != nil:
			b.matcher.cut(o.cluster)
		case o.st == nil:
			b.cut(b.expand(o.brief))
		default:
			b.cut(o.st)
		}
	}
	b.cutting = false
	b.matcher.shrink()
}

// overfull reports whether the open sessions hold more than they may.
func (b *Builder) overfull() bool { return b.held+b.matcher.holds() > b.maxHeld }

// appendMatched appends to the list what the matcher has open, in the order of the
// last rows: a crowd once for each of its connections, other clusters once.
func (b *Builder) appendMatched(list []opened) []opened {
	for _, clock := range b.matcher.ordered {
		last := uint64(0) // rows that wait have no session yet: a cluster's is no earlier than that of the one before
		for id := clock.idle.front; id != 0; id = clock.idle.links[id].next {
			c := clock.idle.links[id].cluster
			if w := c.crowd; w != nil && w.open > 0 {
				for i := w.oldest; i >= 0; i = w.members[i].newer {
					list = append(list, opened{order: lastOrder(w.members[i].slot), cluster: c})
				}
				last = max(last, lastOrder(w.members[w.newest].slot))
				continue
			}
			if c.lone.open {
				last = max(last, lastOrder(c.lone.slot))
			}
			for _, s := range c.slots {
				last = max(last, lastOrder(s.slot))
			}
			list = append(list, opened{order: last, cluster: c})
		}
	}
	return list
}

// lastOrder returns the number of the last record of a slot's session, 0 for none.
func lastOrder(sl *slot) uint64 {
	switch o := sl.owner.(type) {
	case *loose:
		return o.order
	case *state:
		return o.order
	}
	return 0
}

// cut ends a session because a bound was reached.
func (b *Builder) cut(st *state) {
	b.capped++
	st.cutOff = true
	b.finish(st)
}

// full reports whether the session holds as much as one may.
func (st *state) full() bool {
	return st.steps >= MaxSteps || st.bytes >= maxSession
}

// hold counts n more bytes to what the session holds.
func (st *state) hold(b *Builder, n int) {
	st.bytes += int32(n)
	if st.listed {
		b.held += n
	}
}

// step counts one more step.
func (st *state) step(b *Builder) {
	st.steps++
	st.hold(b, stepSize)
}

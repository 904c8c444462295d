package session

import "time"

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
	stepSize       = 256
	pendingSize    = 24
	transcriptSize = 80 // a step
)

// Capped returns how often a bound was reached: a session was split at
// [MaxSteps] or cut because more than [MaxOpen] were open, or the rows of a
// host had to be dealt out before its sessions were over.
func (b *Builder) Capped() int64 { return b.capped + b.matcher.capped }

// shed cuts the half of the open sessions that has been without an event for
// longest.
func (b *Builder) shed() {
	if b.part != nil {
		b.part.lost = true
		return
	}
	list := b.all(nil)
	for _, o := range list[:(len(list)+1)/2] {
		if o.st == nil {
			o.st = b.expand(o.brief)
		}
		b.cut(o.st)
	}
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

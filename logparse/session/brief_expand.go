package session

import (
	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply"
)

// expand makes a state of a brief, which takes its place. What the state would
// know beside, were it made at the session's beginning, does not count any more
// or is left out of terse sessions.
func (b *Builder) expand(h handle) *state {
	br := b.briefs.at(h)
	st := b.named(br, false)
	b.place(st)
	b.index.replace(b.seeds.ofKey(&st.key), h, st.handle())
	b.opened++ // which freeBrief undoes
	st.hold(b, stateSize+len(st.id)+2*len(st.remote)+stepSize*(len(st.recipients)+len(st.refusals))+len(st.words))
	b.freeBrief(h, br)
	return st
}

// named returns a state that knows what the brief knows, but has no place. With
// peerOnly the session is over, and its id and our end are left out.
func (b *Builder) named(br *brief, peerOnly bool) *state {
	st := b.asState(br)
	st.key = br.key
	var local string
	if peerOnly {
		b.said = br.appendRemote(b.said[:0])
		st.remote = string(b.said)
	} else {
		st.id, st.remote, local = br.texts(b)
	}
	b.setEndsOf(st, br, local)
	return st
}

// asState returns a state that knows of the conversation what the brief knows.
func (b *Builder) asState(br *brief) *state {
	st := b.newState()
	st.course, st.settled, st.notes = br.course, br.settled, *b.notesOf(br)
	st.replied = br.accepting > 0
	if br.partial != 0 {
		st.partial = takeLast(&b.partials)
		*st.partial = verdict{code: reply.Code(br.partial), class: reply.OK, text: st.words.add(nil)}
	}
	br.expandQueue(st, br.expandWords(st))
	return st
}

// setEndsOf gives st the ends of the brief.
func (b *Builder) setEndsOf(st *state, br *brief, local string) {
	n := &b.names[br.names]
	if e := b.ends; e.server != n.server || e.connector != n.connector || e.local != local {
		b.ends = &ends{n.server, n.connector, local}
	}
	st.ends = b.ends
}

// expandQueue gives st the commands that wait. name is that of the one that is
// not known.
func (br *brief) expandQueue(st *state, name text) {
	recipient := int32(br.recipients) - br.rcpts(0)
	for i := range br.waiting {
		command := uint8(br.queue >> (8 * i))
		p := pending{verb: logparse.Verb(command & verbBits), transaction: -1, recipient: -1}
		if command&ofTransaction != 0 {
			p.transaction = int32(len(st.transactions) - 1)
		}
		switch p.verb {
		case logparse.VerbBDAT:
			p.last = command&lastChunk != 0
		case logparse.VerbOther:
			p.name = name
		case logparse.VerbRCPT:
			for range br.many(i) {
				p.recipient = recipient
				recipient++
				st.queue.add(p)
			}
			continue
		}
		st.queue.add(p)
	}
}

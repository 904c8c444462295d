package track

import (
	"bytes"
	"encoding/binary"
	"time"

	"github.com/smtplog/smtplog/reply/outcome"
)

// Most messages tell one of a few stories: a leader's step, and steps of
// followers, in the same order. What a look at all rows said of the first one
// holds for the others: they differ in their ids, addresses and times only, on
// which the verdict does not depend where each row is later than the one before
// and the first one is not too long ago.

// Bounds of the stories that are known.
const (
	maxStory   = 8   // followers
	maxStories = 256 // by a hash
)

// A plainStory is one that a plain message told.
type plainStory struct {
	version uint32 // of the servers then, plus one; 0: there is none
	decided uint8  // the number of the row since which all recipients have it
	steps   storySteps
}

// storySteps are the steps of a story.
type storySteps struct {
	origin    uint16 // of the leader
	proxied   bool   // what it has of flags that count
	count     uint8  // of the followers
	followers [maxStory]uint16
}

// A storyTeller goes over the rows of a message and knows stories.
type storyTeller struct {
	stories [maxStories]plainStory
	steps   storySteps
	at      [1 + maxStory]int64 // Unix milliseconds of the rows
	place   uint64              // of the story

	origination outcome.Time
}

// read reads rows, the first of them as r. It reports whether they may tell a story.
func (s *storyTeller) read(r *briefRow, u *packedRows, n int, steps []briefStep, minute *plainMinute) bool {
	if n > 1+maxStory || u.data[0] < quickMark {
		return false
	}
	u.brief(r, steps)
	s.origination = outcome.Time{}
	if r.flags&(briefStatus|briefContext) != 0 || r.flags&briefInfo != 0 && !s.originates(minute, r.info) {
		return false
	}
	s.at[0] = r.at
	s.steps = storySteps{origin: r.number, proxied: r.flags&briefProxied != 0, count: uint8(n - 1)}
	const spread = 0x9e37_79b9_7f4a_7c15
	hash := uint64(r.number) * spread
	for i := range n - 1 {
		if u.data[u.at] < followMark {
			return false
		}
		head := u.next(followHead)
		number := stepOf(head)
		flags := steps[number].flags
		at := r.at + int64(binary.LittleEndian.Uint32(head[2:]))
		if at <= s.at[i] {
			return false
		}
		if flags&briefDigest != 0 {
			u.next(8)
		}
		switch {
		case flags&briefInfoTime != 0:
			s.begun(outcome.Unix((r.at-u.varint())*int64(time.Millisecond), 3))
		case flags&(1<<spanInfo) != 0:
			if !s.originates(minute, u.bytes()) {
				return false
			}
		}
		if flags&briefContext != 0 && len(steps[number].context) == 0 {
			return false
		}
		s.at[1+i], s.steps.followers[i] = at, number
		hash = (hash ^ uint64(number)) * spread
	}
	s.place = hash >> 56
	return s.at[n-1]-r.at < hopTime.Milliseconds()
}

// originates takes in the message-info of a row.
func (s *storyTeller) originates(minute *plainMinute, info []byte) bool {
	at, ok := minute.originates(info)
	if ok {
		s.begun(at)
	}
	return ok
}

// begun notes that the message began at that time or before.
func (s *storyTeller) begun(at outcome.Time) {
	if s.origination.IsZero() || at.Before(s.origination) {
		s.origination = at
	}
}

// story returns the message of rows that tell a known story; nil if they do not.
// If they may tell a new one it returns that, to be filled in.
func (j *plainJudge) story(u *packedRows, n int) (*Message, *plainStory) {
	s := &j.teller
	var r briefRow
	if !s.read(&r, u, n, j.a.packing.origins.brief, &j.plainMinute) {
		return nil, nil
	}
	if quoted(r.messageID) || quoted(r.sender) || bytes.IndexByte(r.recipients, '"') >= 0 {
		return nil, nil
	}
	story := &s.stories[s.place]
	if story.version != j.a.b.servers.version+1 || story.steps != s.steps {
		return nil, story
	}
	j.m = j.a.newMessage()
	j.keys = j.keys[:0]
	to := plainRow{recipients: r.recipients}
	if !j.address(&to) || to.to == 0 {
		j.a.reuse(j.m)
		return nil, nil
	}
	at := outcome.Unix(s.at[story.decided]*int64(time.Millisecond), 3)
	for i := range j.m.Recipients {
		j.m.Recipients[i].At = at
	}
	j.messageID, j.networkID, j.sender, j.origination = r.messageID, r.networkID, r.sender, s.origination
	first := plainRow{at: r.at, line: r.line, offset: r.offset, file: r.file}
	return j.finish(&first, s.at[n-1]), nil
}

// learn fills in the story of the message that was judged.
func (j *plainJudge) learn(story *plainStory) {
	s := &j.teller
	decided := j.m.Recipients[0].At.UnixNano() / int64(time.Millisecond)
	*story = plainStory{version: j.a.b.servers.version + 1, steps: s.steps}
	for s.at[story.decided] != decided {
		story.decided++
	}
}

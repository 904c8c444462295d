package analysis

import (
	"cmp"
	"hash/maphash"
	"slices"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/smtplog/smtplog/reply/outcome"
	"github.com/smtplog/smtplog/track"
)

// Messages counts what message tracking says.
type Messages struct {
	Total      int64
	Status     map[track.Status]int64
	Recipients map[track.Status]int64
	Holes      int64 // messages whose trail leads to a log that is missing
	Failures   *outcome.Summary
	Failed     int64 // recipients behind the failures
	Latency    Latency
	Senders    *Top
	Receivers  *Top  // recipients, by messages delivered to them
	Cut        int64 // messages without a verdict that were silent for too long
	Capped     int64 // handed out early for want of room

	status, recipients tally[track.Status]
}

func newMessages(keys []outcome.Key, loc *time.Location) *Messages {
	return &Messages{
		Failures: outcome.NewSummary(keys, loc),
		Latency:  newLatency(),
		Senders:  &Top{}, Receivers: &Top{},
	}
}

// add counts a message.
func (m *Messages) add(msg *track.Message) {
	m.Total++
	m.status.add(msg.Status)
	if len(msg.Holes) > 0 {
		m.Holes++
	}
	if msg.Sender != "" {
		m.Senders.add(msg.Sender)
	}
	for i := range msg.Recipients {
		r := &msg.Recipients[i]
		m.recipients.add(r.Status)
		if r.Status == track.Delivered {
			m.Receivers.add(r.Address)
		}
	}
	if msg.HasLatency {
		m.Latency.add(msg.Latency)
	}
	for o := range msg.Outcomes {
		// A message counts as a session does: its outcomes come one after the other.
		o.Session = uint64(m.Total)
		m.Failures.Add(o)
		m.Failed++
	}
}

// end is called when all messages are counted.
func (m *Messages) end(t *track.Builder) {
	m.Status, m.Recipients = m.status.all(), m.recipients.all()
	m.Cut, m.Capped = t.Cut(), t.Capped()
}

// Latency is how long messages took, from submission to the last delivery.
type Latency struct{ h *hdrhistogram.Histogram }

// maxLatency bounds what is told apart; a longer latency counts as this.
const maxLatency = 30 * 24 * time.Hour

func newLatency() Latency {
	return Latency{hdrhistogram.New(1, maxLatency.Milliseconds(), 2)}
}

func (l Latency) add(d time.Duration) {
	// The value is within the histogram's bounds, so there is no error.
	_ = l.h.RecordValue(min(max(d.Milliseconds(), 1), maxLatency.Milliseconds()))
}

// Count returns how many messages have a latency.
func (l Latency) Count() int64 { return l.h.TotalCount() }

// Percentile returns the latency that the given share of the messages stayed
// within, 0 to 100, to two significant digits.
func (l Latency) Percentile(share float64) time.Duration {
	return time.Duration(l.h.ValueAtQuantile(share)) * time.Millisecond
}

// Max returns the longest latency, to two significant digits.
func (l Latency) Max() time.Duration { return time.Duration(l.h.Max()) * time.Millisecond }

// Bounds of the names that a Top counts, which strangers choose: how many, and
// the bytes of one.
const (
	maxTop  = 200_000
	maxName = 255
)

// A Top counts names. The zero Top has none.
type Top struct {
	slots   []topSlot       // a power of two, at most two thirds of them taken
	names   []string        // by their places
	texts   strings.Builder // of the names; never grows: what is full is left to them
	seed    maphash.Seed
	Dropped int64 // occurrences of names beyond the first maxTop
}

// A topSlot counts a name, which its hash stands for: most names are looked up
// among very many others, and what is not touched costs no time.
type topSlot struct {
	hash  uint64
	count uint32 // it stays at the highest number
	place uint32 // in names, plus one; 0 where the slot is free
}

// Room at the beginning: for names, and bytes of names that share one piece of
// memory.
const (
	topNames = 1 << 10
	topRoom  = 16 << 10
)

func (t *Top) add(name string) {
	if len(name) > maxName {
		name = strings.ToValidUTF8(name[:maxName], "") + "…"
	}
	if t.slots == nil {
		t.slots, t.seed = make([]topSlot, topNames), maphash.MakeSeed()
	}
	hash := maphash.String(t.seed, name)
	s := t.slot(hash)
	if s.place != 0 {
		s.count = max(s.count, s.count+1)
		return
	}
	if len(t.names) >= maxTop {
		t.Dropped++
		return
	}
	if len(t.names) == cap(t.names) {
		t.names = slices.Grow(t.names, len(t.names)+topNames) // append would make it longer by a quarter, again and again
	}
	t.names = append(t.names, t.keep(name))
	*s = topSlot{hash, 1, uint32(len(t.names))}
	if 3*len(t.names) >= 2*len(t.slots) {
		t.widen()
	}
}

// slot returns the slot of the hash, or the free one where it would be.
func (t *Top) slot(hash uint64) *topSlot {
	mask := len(t.slots) - 1
	i := int(hash) & mask
	for t.slots[i].place != 0 && t.slots[i].hash != hash {
		i = (i + 1) & mask
	}
	return &t.slots[i]
}

// widen doubles the slots.
func (t *Top) widen() {
	old := t.slots
	t.slots = make([]topSlot, 2*len(old))
	for _, s := range old {
		if s.place != 0 {
			*t.slot(s.hash) = s
		}
	}
}

// keep returns a copy of the name, which may be part of a whole message.
func (t *Top) keep(name string) string {
	b := &t.texts
	if b.Len()+len(name) > b.Cap() {
		*b = strings.Builder{}
		b.Grow(max(len(name), topRoom))
	}
	b.WriteString(name)
	return b.String()[b.Len()-len(name):]
}

// A Count is how often a name came.
type Count struct {
	Name  string
	Count int64
}

// Most returns the n names that came most often, then by name; all for n below
// 1.
func (t *Top) Most(n int) []Count {
	if n < 1 || n > len(t.names) {
		n = len(t.names)
	}
	least := t.least(n)
	var list []Count
	for _, s := range t.slots {
		if s.place != 0 && s.count >= least {
			list = append(list, Count{t.names[s.place-1], int64(s.count)})
		}
	}
	slices.SortFunc(list, func(a, b Count) int { return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Name, b.Name)) })
	return list[:n]
}

// least returns how often the n-th of the names came that came most often.
func (t *Top) least(n int) uint32 {
	if n == len(t.names) {
		return 0
	}
	counts := make([]uint32, 0, len(t.names))
	for _, s := range t.slots {
		if s.place != 0 {
			counts = append(counts, s.count)
		}
	}
	slices.Sort(counts)
	return counts[len(counts)-n]
}

package analysis

import (
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
